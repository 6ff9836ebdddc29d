from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pandas as pd
import pytest

from tkit.campaigns import compare
from tkit.campaigns.evidence import EVIDENCE
from tkit.campaigns.mailings import COLUMNS
from tkit.features import extract
from tkit.mail import Message

TEXT = "spring has come and with it a garden full of seeds bulbs tools and pots that we send to your door within two days"
OTHER_TEXT = "our last word on autumn storms roof tiles gutters and all that a house needs before the first frost comes again"
NAMES = ("anna", "berta", "cem", "dora", "emil", "fritz")
START = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)


def mail(
    references: str,
    to: str = "anna",
    minutes: float = 0,
    subject: str = "Spring sale",
    sender: str = "news@shop.example",
    text: str = TEXT,
    number: str = "",
    head: str = "",
) -> Message:
    """One copy, delivered so many minutes after the first; every mail has a Message-ID of its own unless one is given."""
    date = format_datetime(START + timedelta(minutes=minutes))
    raw = (
        f"Received: from out.example by in.example for <{to}@reader.example>; {date}\n"
        f"From: Shop <{sender}>\nTo: {to}@reader.example\nSubject: {subject}\nDate: {date}\n"
        f"Message-ID: <{number or f'{to}{minutes}{abs(hash((references, sender, subject)))}'}@shop.example>\n{head}"
        f"Content-Type: text/html; charset=utf-8\n\n<html><body><h1>Hello</h1><p>{text}</p>{references}</body></html>"
    )
    return Message.from_bytes(raw.encode())


def picture(url: str, size: str = "width=200 height=80") -> str:
    return f"<img src='{url}' {size}>"


def pixel(url: str) -> str:
    return picture(url, "width=1 height=1")


def evidence(table: pd.DataFrame, messages: Sequence[Message]) -> list[list[str]]:
    """The evidence of each message's references, in order."""
    return [table.loc[table["message_sha256"] == message.message_sha256, "evidence"].tolist() for message in messages]


LOGO = picture("http://img.shop.example/logo.png")


def test_a_token_for_each_recipient() -> None:
    copies = [
        mail(LOGO + pixel(f"http://t.shop.example/open?u={number}f31c{number}"), name, number)
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["identical", "recipient"]] * 6
    assert table["campaign"].nunique() == 1
    own = table[table["evidence"] == "recipient"]
    for name, value in {"copies": 6, "recipients": 6, "present": 6, "values": 6, "tokens": 1, "token_length": 6}.items():
        assert (own[name] == value).all(), name
    assert (own["url_messages"] == 1).all()
    assert (table.loc[table["evidence"] == "identical", "url_recipients"] == 6).all()


def test_columns_types_and_keys_are_those_of_the_features() -> None:
    messages = [mail(LOGO + "<img src=cid:x><img src='http://b.example/b.gif'>", name) for name in NAMES[:2]]
    table, features = compare(messages), extract(messages)
    assert table.dtypes.astype(str).to_dict() == dict(COLUMNS)
    key = ["message_sha256", "part", "index"]
    pd.testing.assert_frame_equal(table[key], features[key])
    assert set(table["evidence"]) <= set(EVIDENCE)


def test_nothing_to_compare() -> None:
    table = compare([])
    assert table.dtypes.astype(str).to_dict() == dict(COLUMNS)
    assert len(table) == 0
    assert len(compare([Message.from_bytes(b"Subject: x\n\nno html")])) == 0


def test_a_single_copy_tells_nothing() -> None:
    only = mail(LOGO + pixel("http://t.shop.example/open?u=81f3"))
    table = compare([only, only])
    assert evidence(table, [only]) == [["none", "none"]]
    assert table["copies"].tolist() == [1, 1]


def test_copies_of_different_lengths_are_aligned_by_what_they_are() -> None:
    offer = picture("http://ads.example/offer.jpg", "width=300 height=250")
    copies = [
        mail((offer if number % 2 else "") + LOGO + pixel(f"http://t.shop.example/o/{number}7c4a{number}9.gif"), name)
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["identical", "recipient"], ["identical", "identical", "recipient"]] * 3
    offers = table[table["url_messages"].eq(3)]
    assert offers["present"].tolist() == [3, 3, 3]
    assert offers["copies"].tolist() == [6, 6, 6]


def test_what_one_copy_alone_has() -> None:
    copies = [mail(LOGO, name) for name in NAMES[:3]] + [mail(LOGO + picture("http://ads.example/x.jpg"), "dora")]
    table = compare(copies)
    assert evidence(table, copies)[3] == ["identical", "alone"]
    assert table["present"].tolist()[-1] == 1


def test_variants_of_an_ab_test_are_not_individual() -> None:
    copies = [
        mail(
            picture(f"http://img.shop.example/hero-{'20240501' if number % 2 else '20240502'}.jpg")
            + pixel(f"http://t.shop.example/open?v={'b' if number % 2 else 'a'}&u=9{number}d04e{number}"),
            name,
        )
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["variant", "recipient"]] * 6
    assert table.loc[table["evidence"] == "variant", "values"].tolist() == [2] * 6


def test_variants_told_apart_by_words() -> None:
    copies = [
        mail(picture(f"http://img.shop.example/{color}.jpg"), name) for color, name in zip(("red", "blue"), NAMES, strict=False)
    ]
    assert evidence(compare(copies), copies) == [["variant"], ["variant"]]


def test_another_size_is_another_picture() -> None:
    copies = [
        mail(picture(f"http://img.shop.example/i/{number}83b0{number}4.jpg", f"width={300 + number} height=200"), name)
        for number, name in enumerate(NAMES)
    ]
    assert evidence(compare(copies), copies) == [["variant"]] * 6


def test_cache_busters_are_left_out() -> None:
    copies = [
        mail(picture(f"http://img.shop.example/clock.gif?cb=48{number}1{number}7"), name) for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["identical"]] * 6
    assert table["busted"].all()
    assert not table["signed"].any()


def test_a_cache_buster_beside_a_token() -> None:
    copies = [
        mail(pixel(f"http://t.shop.example/open?u=5{number}ce{number}a&ts=17149824{number}0"), name)
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["recipient"]] * 6
    assert table["tokens"].tolist() == [1] * 6
    assert table["busted"].all()


def test_a_number_that_links_have_too_is_no_cache_buster() -> None:
    copies = [
        mail(
            f"<a href='http://shop.example/go/48{number}1{number}7'>go</a>"
            + pixel(f"http://t.shop.example/o.gif?t=48{number}1{number}7"),
            name,
        )
        for number, name in enumerate(NAMES)
    ]
    assert evidence(compare(copies), copies) == [["recipient"]] * 6


def test_signed_urls_are_one_picture() -> None:
    copies = [
        mail(
            picture(f"https://store.example/a.png?Expires=17150{number}1000&Signature=kQ{number}x7&Key-Pair-Id=APK")
            + picture(f"https://store.example/b.png?X-Amz-Date=2024050{number}&X-Amz-Signature=ab{number}93f"),
            name,
        )
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["identical", "identical"]] * 6
    assert table["signed"].all()


def test_several_copies_to_one_recipient_with_its_own_token() -> None:
    copies = [
        mail(pixel(f"http://t.shop.example/o/{ident}/{number}88.gif"), name, number)
        for number, (name, ident) in enumerate((("anna", "40122"), ("anna", "40122"), ("berta", "51973"), ("berta", "51973")))
    ]
    table = compare(copies)
    assert evidence(table, copies) == [["recipient"]] * 4
    assert table["present"].tolist() == [4] * 4
    assert table["present_recipients"].tolist() == [2] * 4


def test_several_copies_to_one_recipient_tell_of_copies_only() -> None:
    copies = [mail(pixel(f"http://t.shop.example/o/{number}c41d8{number}e.gif"), "anna", number) for number in range(4)]
    assert evidence(compare(copies), copies) == [["copy"]] * 4


def test_pictures_that_some_copies_to_one_recipient_share_are_variants() -> None:
    copies = [mail(picture(f"http://img.shop.example/i/{number // 2}c41d8e.jpg", ""), "anna", number) for number in range(4)]
    assert evidence(compare(copies), copies) == [["variant"]] * 4


def test_two_short_numbers_are_not_enough() -> None:
    copies = [mail(picture(f"http://img.shop.example/p{number}.jpg"), name) for number, name in ((271, "anna"), (284, "berta"))]
    assert evidence(compare(copies), copies) == [["mixed"], ["mixed"]]


def test_a_forward_does_not_count_as_a_copy() -> None:
    pixels = [pixel(f"http://t.shop.example/open?u=7{number}3a9{number}") for number in range(3)]
    copies = [mail(LOGO + pixels[number], name, number) for number, name in enumerate(NAMES[:3])]
    forward = mail(LOGO + pixels[0], "emil", 300, "Fwd: Spring sale", "anna@reader.example")
    table = compare([*copies, forward])
    assert evidence(table, [*copies, forward]) == [["identical", "recipient"]] * 4
    assert set(table["copies"]) == {3}
    assert set(table["forwards"]) == {1}


def test_a_mail_delivered_twice_is_one_copy() -> None:
    html = LOGO + pixel("http://t.shop.example/open?u=7a3a94")
    copies = [mail(html, "anna", number="one"), mail(html, "berta", 1, number="one")]
    table = compare(copies)
    assert set(table["copies"]) == {1}
    assert set(table["forwards"]) == {1}
    assert set(table["evidence"]) == {"none"}


def test_issues_of_a_series_are_mailings_of_their_own() -> None:
    day = 24 * 60
    issues = [
        mail(
            LOGO + pixel(f"http://t.shop.example/open?m=88{number}3{number}1"),
            "anna",
            number * 7 * day,
            "Weekly offers",
            text=text,
        )
        for number, text in enumerate((TEXT, OTHER_TEXT, TEXT + " once more"))
    ]
    table = compare(issues)
    assert table["campaign"].nunique() == 3
    assert evidence(table, issues) == [["none", "mailing"]] * 3
    assert table["mailings"].tolist() == [3] * 6
    assert table["url_mailings"].tolist() == [3, 1] * 3


def test_the_same_mail_a_week_later_is_the_next_mailing() -> None:
    copies = [
        mail(pixel(f"http://t.shop.example/o/{number}c41d8{number}e.gif"), "anna", number * 7 * 24 * 60) for number in range(3)
    ]
    table = compare(copies)
    assert table["campaign"].nunique() == 3
    assert evidence(table, copies) == [["mailing"]] * 3


def test_forged_senders_and_rotating_servers() -> None:
    copies = [
        mail(
            picture(f"http://{name}-deals.test/top.jpg") + pixel(f"http://{name}-deals.test/x/k{number}e3x{number}ld"),
            name,
            subject=f"For you {name}",
            sender=f"office@{name}-deals.test",
        )
        for number, name in enumerate(NAMES)
    ]
    table = compare(copies)
    assert table["campaign"].nunique() == 1
    assert evidence(table, copies) == [["variant", "recipient"]] * 6


def test_a_token_in_the_host() -> None:
    copies = [mail(pixel(f"http://u{number}91c7{number}.t.example/o.gif"), name) for number, name in enumerate(NAMES)]
    assert evidence(compare(copies), copies) == [["recipient"]] * 6


def test_mails_that_are_no_copies() -> None:
    messages = [mail(LOGO, "anna"), mail(LOGO, "berta", text=OTHER_TEXT, subject="Autumn", sender="news@roofs.example")]
    table = compare(messages)
    assert table["campaign"].nunique() == 2
    assert evidence(table, messages) == [["none"], ["none"]]
    assert table["url_mailings"].tolist() == [2, 2]


def test_order_does_not_matter() -> None:
    copies = [
        mail(LOGO + pixel(f"http://t.shop.example/open?u={number}f31c{number}"), name, number)
        for number, name in enumerate(NAMES)
    ]
    forward, backward = compare(copies), compare(copies[::-1])
    key = ["message_sha256", "index"]
    pd.testing.assert_frame_equal(forward.sort_values(key, ignore_index=True), backward.sort_values(key, ignore_index=True))


def test_recipients_are_those_of_delivery() -> None:
    copies = [
        mail(
            pixel(f"http://t.shop.example/o/{number}c41d8{number}e.gif"),
            "list",
            number,
            head=f"X-Original-To: {name}@home.example\n",
        )
        for number, name in enumerate(NAMES[:3])
    ]
    table = compare(copies)
    assert set(table["recipients"]) == {3}
    assert set(table["evidence"]) == {"recipient"}


@pytest.mark.parametrize("head", [b"", b"From: \nReceived: ;;;\nDate: soon\n", b"Received: x; Fri, 99 Foo 2024\n"])
def test_bad_mail_never_raises(head: bytes) -> None:
    raw = head + b"Content-Type: text/html\n\n<img src='http://a.example/\xff?%%=&&'><img src='//'>"
    table = compare([Message.from_bytes(raw), Message.from_bytes(raw + b"<p>")])
    assert len(table) == len(extract([Message.from_bytes(raw), Message.from_bytes(raw + b"<p>")]))


def test_hostile_mail_is_compared_in_bounds() -> None:
    references = "".join(f"<img src='http://h{number}.example/{number}'>" for number in range(3000))
    messages = [mail(references, name, subject="x" * 100_000, text="<" * 50_000) for name in NAMES[:2]]
    table = compare(messages)
    assert len(table) == 6000
    # behind the two thousandth reference nothing is aligned, and there is no evidence
    assert table["evidence"].value_counts().to_dict() == {"identical": 4000, "none": 2000}
