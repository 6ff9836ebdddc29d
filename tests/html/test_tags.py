"""HTML read as tags alone."""

from collections import Counter

import pytest
from paths import ROOT

from tkit.corpus import read_raw
from tkit.html import read_document, reading, references
from tkit.html.ancestry import Ancestry
from tkit.html.tags import TagParser
from tkit.mail import Message

SAMPLE = ROOT / "data" / "sample"


@pytest.fixture
def as_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "tree_takes_long", lambda text: True)


def test_tags_comments_and_their_texts() -> None:
    nodes = list(TagParser("<P ID=a id=b><!-- c --></p><style>d</style><image src=e>&lt;<image href=f>").root.traverse())
    assert [(node.tag, node.attributes) for node in nodes] == [
        ("p", {"id": "a"}),
        ("-comment", {}),
        ("style", {}),
        ("img", {"src": "e"}),
        ("image", {"href": "f"}),
    ]
    assert nodes[1].comment_content == "c"
    assert nodes[2].text() == "d"
    assert (TagParser("").root.tag, TagParser("").root.comment_content, TagParser("").root.text()) == ("-root", "", "")


@pytest.mark.usefixtures("as_tags")
def test_everything_that_loads_is_found() -> None:
    document = read_document(
        "<base href='http://a.example/'><a href=link><img src='1?a&amp;b' alt=x></a><div hidden><td background=2>"
        "<p style='background: url(3)'><style>p { background: url(4) }</style><!--[if mso]><v:fill src=5><![endif]-->"
    )
    assert [(found.carrier, found.resolved_url, found.conditional) for found in document.references] == [
        ("img-src", "http://a.example/1?a&b", False),
        ("background-attr", "http://a.example/2", False),
        ("style-attr", "http://a.example/3", False),
        ("style-element", "http://a.example/4", False),
        ("vml-src", "http://a.example/5", True),
    ]
    assert document.links == ["http://a.example/link"]
    assert {found.ancestry for found in document.references} == {Ancestry(0, "", "", None, 0)}
    assert dict(document.references[0].attributes) == {"src": "1?a&b", "alt": "x"}


def test_no_reference_of_the_sample_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [Message.from_bytes(raw.raw) for raw in read_raw([str(SAMPLE)], problems=[])]
    as_tree = [Counter((found.carrier, found.resolved_url) for found in references(message)) for message in messages]
    monkeypatch.setattr(reading, "tree_takes_long", lambda text: True)
    as_tags = [Counter((found.carrier, found.resolved_url) for found in references(message)) for message in messages]
    assert sum(map(Counter.total, as_tree)) > 200
    assert [tree - tags for tree, tags in zip(as_tree, as_tags, strict=True)] == [Counter()] * len(messages)
