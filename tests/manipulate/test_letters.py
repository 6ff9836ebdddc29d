"""Tests of tkit.manipulate.letters: labelled pictures placed into letters."""

import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.features import feature_names
from tkit.html import RemoteReference, references
from tkit.mail import Message
from tkit.manipulate.letters import PICTURE_FORMS, TRACKER_FORMS, Letter, letter_of, letter_rows, picture_name, placed

MAIL = (
    b"From: Shop <news@shop.example>\nTo: ann@reader.example\nMessage-ID: <b81e2c7f@shop.example>\nList-Id: <x.shop.example>\n"
    b"Content-Type: text/html\n\n<p>Hello</p><a href='https://click.shop.example/l/1'>"
    b"<img src='https://c.shop.example/a.png' width=90 height=30 alt=Shop></a>"
    b"<img src='https://t.example/o/b81e2c7f.gif' width=2 height=2><img src='https://c.shop.example/s.gif' width=1 height=9>"
)
REPLY = (
    b"Received: from a.example\nReceived: from b.example\nReceived: from c.example\nReceived: from d.example\n"
    b"From: Bob <bob@friend.example>\nTo: list@lists.example\nSubject: [talk] Re: Lunch\nIn-Reply-To: <1@lists.example>\n"
    b"List-Id: <talk.lists.example>\nUser-Agent: Mutt\n\n"
    b"Ann wrote:\n> Shall we meet?\n> At one?\nYes, gladly.\nSee https://friend.example/map?a=1&b=2\n-- \nBob\n"
    b"_______________________________________________\ntalk mailing list\n"
)
WRITTEN = (
    b"From: Bob <bob@friend.example>\nTo: ann@reader.example\nReferences: <1@reader.example>\nContent-Type: text/html\n\n"
    b"<html><body><p>Yes</p><p>Bob</p><blockquote>Shall we?</blockquote></body></html>"
)


def picture(index: int) -> RemoteReference:
    return list(references(Message.from_bytes(MAIL)))[index]


def letter(raw: bytes = REPLY) -> Letter:
    found = letter_of(raw)
    assert found is not None
    return found


def labels(sha256: str, **more: object) -> pd.DataFrame:
    table = {"message_sha256": sha256, "part": 0, "index": [0, 1, 2], "label": ["C", "T", "S"], "confidence": 3}
    return pd.DataFrame(table | {"source": "gold", "component": [7, 8, 9]} | more)


def test_a_reply_is_a_letter_without_what_its_list_added() -> None:
    assert letter() == Letter(
        "friend.example",
        (
            ("received", "from a.example"),
            ("received", "from b.example"),
            ("received", "from c.example"),
            ("subject", "Re: Lunch"),
            ("in-reply-to", "<1@lists.example>"),
            ("user-agent", "Mutt"),
        ),
        ("Yes, gladly.", "See https://friend.example/map?a=1&b=2", "-- ", "Bob"),
        ("Shall we meet?", "At one?"),
    )


def test_html_of_its_own_is_kept() -> None:
    found = letter(WRITTEN)
    assert found.lines == ()
    assert found.html[found.quoted :].startswith("<blockquote>")


@pytest.mark.parametrize(
    "raw",
    [
        REPLY.replace(b"In-Reply-To", b"X-Nothing"),
        REPLY.replace(b"> Shall we meet?\n", b""),
        REPLY.replace(b"From: Bob <bob@friend.example>\n", b""),
        REPLY.replace(b"Yes, gladly.\n", b"Yes\n" * 90),
        REPLY.replace(b"User-Agent: Mutt", b"Content-Type: application/pdf"),
        WRITTEN.replace(b"<p>Yes", b"<img src='https://a.example/1.png'><p>Yes"),
        WRITTEN.replace(b"blockquote", b"div"),
        b"",
    ],
    ids=["no reply", "quotes one line", "no sender", "too long", "no text", "own picture", "html without quote", "empty"],
)
def test_what_is_no_letter(raw: bytes) -> None:
    assert letter_of(raw) is None


@given(st.binary(max_size=200), st.sampled_from([b"", b"In-Reply-To: <a>\nFrom: a@b.example\n"]))
def test_any_bytes_are_a_letter_or_none(raw: bytes, head: bytes) -> None:
    found = letter_of(head + raw)
    assert found is None or found.sender == "b.example"


@pytest.mark.parametrize("raw", [REPLY, WRITTEN])
@pytest.mark.parametrize("form", TRACKER_FORMS)
def test_a_tracker_is_the_only_reference_of_its_letter(raw: bytes, form: str) -> None:
    source = Message.from_bytes(MAIL)
    for seed in range(20):
        made = Message.from_bytes(placed(letter(raw), source, picture(1), form, random.Random(seed), tracker=True))
        (found,) = references(made)
        assert found.element == "img"
        assert found.ancestry.link is None
        assert (made.from_domain, made.header("to"), made.header("message-id")) == (
            "shop.example",
            "ann@reader.example",
            "<b81e2c7f@shop.example>",
        )
        assert "list-id" not in made.header_names
        assert made.header("received") == letter(raw).headers[0][1] or "received" not in made.header_names


def test_as_written_keeps_the_tag_and_the_link_of_a_picture() -> None:
    source = Message.from_bytes(MAIL)
    made = Message.from_bytes(placed(letter(), source, picture(0), "as-written", random.Random(0), tracker=False))
    (found,) = references(made)
    assert dict(found.attributes) == {"src": "https://c.shop.example/a.png", "width": "90", "height": "30", "alt": "Shop"}
    assert found.ancestry.link == "https://click.shop.example/l/1"


def test_urls_in_the_text_are_links() -> None:
    source = Message.from_bytes(MAIL)
    made = Message.from_bytes(placed(letter(), source, picture(1), "receipt", random.Random(0), tracker=True))
    assert '<a href="https://friend.example/map?a=1&amp;b=2">' in made.html_parts[0]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://a.example/t/open.aspx?u=8", "https://a.example/t/logo.png?u=8"),
        ("https://a.example/t/4f1c", "https://a.example/t/4f1c/logo.png"),
        ("https://a.example/t/", "https://a.example/t/logo.png"),
        ("https://a.example", "https://a.example/logo.png"),
        ("https://a.example/o#top", "https://a.example/logo.png"),
    ],
)
def test_picture_names(url: str, named: str) -> None:
    assert picture_name(url, "logo", "png") == named


def test_rows_carry_key_label_and_component_of_the_picture() -> None:
    message = Message.from_bytes(MAIL)
    rows = letter_rows({message.message_sha256: message}, labels(message.message_sha256), [MAIL, REPLY, WRITTEN])
    assert rows[["index", "manipulation", "label", "component"]].values.tolist() == [
        *([0, f"letter+{form}", "C", 7] for form in PICTURE_FORMS),
        *([1, f"letter+{form}", "T", 8] for form in TRACKER_FORMS),
        [2, "letter+as-written", "S", 9],
    ]
    assert list(rows.columns) == [
        *("message_sha256", "part", "index", "manipulation"),
        *feature_names("message"),
        *("label", "component"),
    ]
    assert set(rows["message_sha256"]) == {message.message_sha256}
    assert set(rows["references"]) == {1}
    assert set(rows["bulk_headers"]) == {0}


def test_the_same_rows_whatever_else_is_labelled() -> None:
    message = Message.from_bytes(MAIL)
    messages, table = {message.message_sha256: message}, labels(message.message_sha256)
    every = letter_rows(messages, table, [REPLY, WRITTEN])
    one = letter_rows(messages, table[table["label"] == "T"], [REPLY, WRITTEN])
    pd.testing.assert_frame_equal(every[every["label"] == "T"].reset_index(drop=True), one)


def test_letters_of_labelled_senders_are_not_used() -> None:
    message = Message.from_bytes(MAIL)
    own = REPLY.replace(b"friend.example", b"shop.example")
    assert len(letter_rows({message.message_sha256: message}, labels(message.message_sha256), [own])) == 0


def test_members_guesses_undecided_and_missing_messages_give_none() -> None:
    message = Message.from_bytes(MAIL)
    messages, sha256 = {message.message_sha256: message}, message.message_sha256
    for table in (labels(sha256, source="member"), labels(sha256, confidence=1), labels(sha256, label="U")):
        assert len(letter_rows(messages, table, [REPLY])) == 0
    assert len(letter_rows({}, labels(sha256), [REPLY])) == 0
    assert list(letter_rows({}, labels(sha256), [])) == list(letter_rows(messages, labels(sha256), [REPLY]))
