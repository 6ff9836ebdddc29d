"""Tests of tkit.manipulate.copies: rows of manipulated copies."""

from collections import Counter

import pandas as pd

from tkit.detectors.facts import with_facts
from tkit.features import feature_names
from tkit.mail import Message
from tkit.manipulate.copies import DRAWN, SIZED, Asked, manipulated_features, manipulated_rows
from tkit.manipulate.mails import COMBINED, HARMLESS

MAIL = (
    b"From: a@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    b"--x\nContent-Type: text/html\n\n<p>Hello</p><img src='http://t.example/o/b81e2c7f.gif' width=1 height=1>\n"
    b"--x\nContent-Type: text/html\n\n<a href='http://click.shop.example/l/1'>Buy</a>"
    b"<img src='http://t.example/open?id=b81e2c7f' width=1 height=1><img src='http://c.example/a.png' width=90>\n--x--\n"
)


def labels(sha256: str, **more: object) -> pd.DataFrame:
    table = {"message_sha256": sha256, "part": [0, 1, 1], "index": [0, 1, 2], "label": ["U", "T", "C"], "confidence": 3}
    return pd.DataFrame(table | {"source": "gold"} | more)


def test_rows_keep_the_originals_key() -> None:
    message = Message.from_bytes(MAIL)
    rows = manipulated_features(message, [Asked(1, 2, ("top-of-body",)), Asked(0, 0, ("no-size", "jpg"))])
    assert rows[["message_sha256", "part", "index", "manipulation"]].values.tolist() == [
        [message.message_sha256, 1, 2, "top-of-body"],
        [message.message_sha256, 0, 0, "no-size+jpg"],
    ]
    assert rows["references_before"].tolist() == [0, 0]
    assert rows["extension_photo"].tolist() == [0, 1]
    assert rows["sides_given"].tolist() == [1, 0]
    assert rows["html_parts"].tolist() == [2, 2]
    assert message.html_parts[1].count("c.example") == 1


def test_what_cannot_be_done_has_no_row() -> None:
    rows = manipulated_features(Message.from_bytes(MAIL), [Asked(0, 0, ("link-redirect",))])  # no link in that part
    assert len(rows) == 0
    assert "manipulation" in rows


def test_facts_are_those_of_the_edited_mail() -> None:
    def read(messages: list[Message]) -> pd.DataFrame:
        return pd.concat(with_facts(messages), ignore_index=True)

    rows = manipulated_features(Message.from_bytes(MAIL), [Asked(1, 1, ("no-size",))], read)  # type: ignore[arg-type]
    assert rows["tag"].tolist() == ['<img src="http://t.example/open?id=b81e2c7f">']


def test_trackers_in_some_ways_and_good_pictures_in_harmless_ones() -> None:
    message = Message.from_bytes(MAIL)
    rows = manipulated_rows({message.message_sha256: message}, labels(message.message_sha256))
    by_reference = {index: list(found) for index, found in rows.groupby("index")["manipulation"]}
    assert set(by_reference) == {1, 2}  # U is not manipulated
    sizes = Counter(name.count("+") + 1 for name in by_reference[2])
    assert sizes == dict(enumerate(DRAWN[False], 1))
    sizes = Counter(name.count("+") + 1 for name in by_reference[1])
    singles, pairs = DRAWN[True]
    assert (sizes[1], sizes[3]) == (singles, SIZED[1])
    assert max(pairs, SIZED[0]) <= sizes[2] <= pairs + SIZED[0]  # a pair may be drawn both ways
    for index, possible in ((1, COMBINED), (2, HARMLESS)):
        names = [tuple(name.split("+")) for name in by_reference[index]]
        assert all(set(name) <= set(possible) for name in names)
        assert len(set(names)) == len(names)
    assert [*rows.columns[4:]] == feature_names("message")


def test_the_same_pairs_whatever_else_is_labelled() -> None:
    message = Message.from_bytes(MAIL)
    messages = {message.message_sha256: message}
    table = labels(message.message_sha256)
    both, one = manipulated_rows(messages, table), manipulated_rows(messages, table[table["label"] == "T"])
    pd.testing.assert_frame_equal(both[both["index"] == 1].reset_index(drop=True), one)


def test_members_guesses_and_missing_messages_give_none() -> None:
    message = Message.from_bytes(MAIL)
    messages = {message.message_sha256: message}
    assert len(manipulated_rows(messages, labels(message.message_sha256, source="member"))) == 0
    assert len(manipulated_rows(messages, labels(message.message_sha256, confidence=1))) == 0
    assert len(manipulated_rows({}, labels(message.message_sha256))) == 0
