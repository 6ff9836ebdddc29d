"""Tests of tkit.manipulate.mailings: copies of one made mail, and their features worked out by hand."""

import pandas as pd
import pytest

from tkit.campaigns import compare_copies
from tkit.features import KEY
from tkit.features.campaign import CAMPAIGN_FEATURES
from tkit.html import references
from tkit.mail import Message
from tkit.manipulate.mailings import COUNTS, Sent, as_mailings, known_copies, sent

PIXEL = "http://t.esp.example/wf/open.php?upn=b81e2c7f90"
TEXT = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")
MAIL = Message.from_bytes(
    (
        "From: news@shop.example\nTo: anna@reader.example\nMessage-ID: <1>\nContent-Type: text/html\n\n"
        f"<p>{TEXT}</p><a href='http://www.shop.example/'><img src='http://img.shop.example/logo.png' width=90></a>"
        "<img src='http://img.shop.example/map/77aa01bc22.png' width=300 height=200>"
        f"<p>Bye</p><img src='{PIXEL}' width=1 height=1>"
    ).encode()
)
MAP, TRACKER = (0, 1), (0, 2)


def mailing(*names: str, individual: tuple[tuple[int, int], ...] = (MAP, TRACKER), count: int = 3) -> Sent:
    found = sent(MAIL, individual, TRACKER, names, count)
    assert found is not None
    return found


def urls(found: Sent) -> list[list[str]]:
    """The URLs of each reference, one per copy."""
    return [list(column) for column in zip(*[[one.slot.url for one in copy.references] for copy in found.copies], strict=True)]


def test_each_recipient_has_own_tokens_and_the_rest_is_shared() -> None:
    found = mailing()
    logo, map_, pixel = urls(found)
    assert set(logo) == {"http://img.shop.example/logo.png"}
    assert (len(set(map_)), len(set(pixel))) == (3, 3)
    assert pixel[0] == PIXEL  # the first copy is the mail itself
    assert found.own
    compared = compare_copies(found.copies)
    assert compared["evidence"].tolist() == ["identical", "recipient", "recipient"] * 3


def test_all_copies_are_disguised_in_the_same_way() -> None:
    found = mailing("ordinary-size", "jpg")
    sizes = {copy.references[2].slot.size for copy in found.copies}
    assert len(sizes) == 1
    assert sizes != {"1x1"}
    assert all(url.startswith("http://t.esp.example/wf/open.jpg?upn=") for url in urls(found)[2])
    assert compare_copies(found.copies)["evidence"].tolist() == ["identical", "recipient", "recipient"] * 3


def test_the_name_of_a_header_picture_is_the_recipients() -> None:
    found = mailing("header-picture")
    assert len(set(urls(found)[2])) == 3
    assert compare_copies(found.copies)["evidence"].iloc[2] == "recipient"


def test_the_disguised_reference_may_move() -> None:
    found = mailing("top-of-body")
    assert found.index == 0
    assert next(reference.url for reference in references(found.message)) == PIXEL


def test_a_tracker_without_a_token_of_its_own() -> None:
    found = mailing(individual=(MAP,))
    assert set(urls(found)[2]) == {PIXEL}
    assert not found.own


def test_what_cannot_be_disguised() -> None:
    assert sent(MAIL, (TRACKER,), (0, 7), ("jpg",)) is None
    assert sent(MAIL, (TRACKER,), (0, 2), ("link-redirect",)) is not None
    no_link = Message.from_bytes(b"From: a@a.example\nContent-Type: text/html\n\n<img src='http://b.example/o/1234567'>")
    assert sent(no_link, ((0, 0),), (0, 0), ("link-redirect",)) is None


def rows(label: str, size: int = 400, **features: float) -> pd.DataFrame:
    """Rows of one label with a token of ten characters."""
    values: dict[str, object] = dict.fromkeys(CAMPAIGN_FEATURES, -1.0)
    values |= {"copies_known": 1.0, "recipients_known": 1.0, "url_messages_known": 1.0, "url_recipients_known": 1.0}
    values |= {"url_mailings_known": 1.0, "longest_mixed_word": 10.0, "longest_decimal": 2.0, "mixed_words": 1.0}
    table = pd.DataFrame(values | {"message_sha256": [f"{number:x}" for number in range(size)], **features})
    return table.assign(part=0, index=0, label=label)


@pytest.mark.parametrize("count", COUNTS)
def test_a_token_differs_and_a_shared_picture_does_not(count: int) -> None:
    table = rows("P")
    own = as_mailings(table, table["label"], count)
    assert (own["copies_known"] == count).all()
    assert (own["copies_urls_share"] == 1).all()
    assert (own["copies_token_length"] == 10).all()
    assert (own["own_of_recipient"] + own["own_of_copy"] == 1).all()
    assert (own["url_messages_known"] == 1).all()
    table = rows("C")
    shared = as_mailings(table, table["label"], count)
    same = (shared["copies_urls_share"] == 0) & (shared["url_messages_known"] == count)
    assert 0.8 < same.mean() < 1  # some have two versions, other servers, or are in some copies only
    assert (shared.loc[same, ["own_of_recipient", "own_of_copy", "copies_tokens"]] == 0).all(axis=None)


def test_a_short_token_says_little_in_two_copies() -> None:
    table = rows("P", longest_mixed_word=5.0)
    assert (as_mailings(table, table["label"], 2)[["own_of_recipient", "own_of_copy"]] == 0).all(axis=None)
    assert as_mailings(table, table["label"], 3)[["own_of_recipient", "own_of_copy"]].sum(axis=1).eq(1).all()


def test_trackers_without_a_token_are_everybodys() -> None:
    table = rows("T")
    own = as_mailings(table, table["label"], 3)["copies_urls_share"]
    assert 0.8 < (own == 1).mean() < 1
    table = rows("T", longest_mixed_word=0.0)
    assert (as_mailings(table, table["label"], 3)["copies_urls_share"] == 0).all()


def test_the_references_in_each_number_of_copies_and_the_disguised_ones_in_one() -> None:
    gold = pd.concat([rows("T", 4), rows("U", 1).assign(message_sha256="u")], ignore_index=True)
    disguised = pd.concat(
        [rows("T", 3).assign(manipulation="jpg"), rows("T", 2).assign(manipulation="letter+receipt")], ignore_index=True
    )
    found = known_copies(gold, disguised.drop(columns="label"))
    counted = found.groupby(["manipulation", "copies_known"]).size()
    assert counted.to_dict() == {**{("copies", count): 4 for count in COUNTS}, **{("jpg", count): 1 for count in COUNTS}}
    assert "u" not in set(found["message_sha256"])
    assert set(KEY) < set(found)
