"""Tests of tkit.detectors.facts."""

import pytest

from tkit.detectors.facts import FACTS, fact, facts_of, with_facts
from tkit.errors import TkitError
from tkit.features import extract, feature_names
from tkit.html.source import start_tag
from tkit.mail import Message


def mail(html: str, sender: str = "a@news.example") -> Message:
    return Message.from_bytes(f"From: {sender}\nContent-Type: text/html; charset=utf-8\n\n{html}".encode())


PROXIED = "https://ci3.googleusercontent.com/proxy/A#https://t.example/o"


def test_rows_hold_every_fact_beside_the_features() -> None:
    message = mail(f'<img SRC="{PROXIED}" Alt="1 &lt; 2"><img src=cid:x><p style="background:url(http://b.example/)">x')
    (rows,) = with_facts([message])
    assert set(FACTS) <= set(rows)
    assert rows["original_url"].tolist() == ["https://t.example/o", "http://b.example/"]
    assert rows["tag"].tolist() == [
        f'<img src="{PROXIED}" alt="1 < 2">',
        '<p style="background:url(http://b.example/)">',
    ]
    assert rows["written_attributes"][0] == {"src": PROXIED, "alt": "1 < 2"}
    assert rows["from_domain"].tolist() == ["news.example"] * 2
    features = feature_names("message")
    assert rows[features].equals(extract([message])[features])


def test_no_fact_has_the_name_of_a_feature() -> None:
    assert not set(FACTS) & set(feature_names("message"))


def test_messages_stay_whole_and_those_without_html_have_no_rows() -> None:
    plain = Message.from_bytes(b"From: a@b.example\n\nhello")
    messages = [plain, *(mail(f"<img src=http://t.example/{n}><img src=http://t.example/x>") for n in range(300))]
    frames = list(with_facts(messages))
    assert [len(frame) for frame in frames] == [512, 88]
    assert not set(frames[0]["message_sha256"]) & set(frames[1]["message_sha256"])
    assert list(with_facts([plain])) == []


def test_a_tag_is_written_anew() -> None:
    assert start_tag("img", {}) == "<img>"
    assert start_tag("img", {"hidden": ""}) == '<img hidden="">'


def test_a_missing_fact_says_where_to_get_it() -> None:
    with pytest.raises(TkitError, match="mine: rows have no column tag: it reads the mails"):
        fact(extract([mail("<img src=http://t.example/>")]), "tag", "mine")


def test_a_detector_without_facts_reads_features_alone() -> None:
    assert facts_of(object()) == ()
