import pytest

from tkit.campaigns import compare
from tkit.campaigns.mailings import COLUMNS
from tkit.features import FEATURES, extract
from tkit.labels.sources import SOURCES
from tkit.labels.weak import evidence_rows, votes
from tkit.mail import Message


def test_every_source_declares_columns_that_exist_and_says_when_it_votes() -> None:
    known = {feature.name for feature in FEATURES} | set(COLUMNS)
    assert len({source.name for source in SOURCES}) == len(SOURCES)
    for source in SOURCES:
        assert source.uses, source.name
        assert set(source.uses) <= known, source.name
        assert source.meaning.endswith("."), source.name


REFERENCES = [
    ("<img src='http://t.example/8f31c2a97b' width=1 height=1>", "T"),
    ("<img src='http://t.example/open.php?u=71' style='display:none'>", "T"),
    ("<img src='http://u1.sendgrid.net/wf/open?upn=8f31c2a97b'>", "T"),
    ("<img src='http://a.example/images/spacer.gif' width=1 height=20>", "S"),
    ("<img src='http://a.example/hr.gif' width=600 height=2>", "S"),
    ("<img src='http://a.example/images/team.jpg' width=300 height=200>", "C"),
    ("<link rel=stylesheet href='https://fonts.example/css?family=Sans'>", "C"),
    ("<img src='http://a.example/x7f31' alt='Our new shop'>", "C"),
    ("<img src='http://a.example/x7f31'>", ""),
]


@pytest.mark.parametrize(("html", "says"), REFERENCES)
def test_votes_on_typical_references(html: str, says: str) -> None:
    raw = f"From: a@s0.example\nTo: r@reader.example\nSubject: 0\nContent-Type: text/html\n\n{html}"
    messages = [Message.from_bytes(raw.encode())]
    cast = votes(evidence_rows(extract(messages), compare(messages))).iloc[0]
    labels = {source.says for source in SOURCES if cast[source.name]}
    assert labels == (set(says) if says else set())
