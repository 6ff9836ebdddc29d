"""The two HTML backends give the same facts; what may differ is said in benchmarks/backends.py."""

import runpy
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT
from selectolax.lexbor import LexborHTMLParser

from tkit.html import Document, read_document
from tkit.html.soup import SoupNode, SoupParser

SCRIPT = ROOT / "benchmarks" / "backends.py"
differences: Callable[[Document, Document], Counter[str]] = runpy.run_path(str(SCRIPT))["differences"]


def found_by(html: str) -> Counter[str]:
    return differences(read_document(html), read_document(html, backend="soup"))


def nodes(html: str) -> list[SoupNode]:
    return list(SoupParser(html).root.traverse())


def node(html: str, tag: str) -> SoupNode:
    return next(one for one in nodes(html) if one.tag == tag)


def test_traverse_gives_elements_and_comments_in_document_order() -> None:
    html = "<!--1--><p>2<b>3</b><!--4--></p><template><i>5</i></template><u>6</u>"
    assert [one.tag for one in nodes(html)[1:]] == [
        *("-comment", "html", "head", "body", "p", "b", "-comment", "template", "u")
    ]


def test_attributes() -> None:
    image = node("<IMG SRC=a CLASS='b  c' ALT='' hidden REL='d e'>", "img")
    assert image.attributes == {"src": "a", "class": "b  c", "alt": "", "hidden": "", "rel": "d e"}
    assert node("<svg><image xlink:href=a />", "image").attributes == {"xlink:href": "a"}
    assert node("<!--x-->", "-comment").attributes == {}


def test_kinds_of_nodes() -> None:
    paragraph = node("<p><!--a--><b>c</b> \n</p>", "p")
    comment, bold = node("<p><!--a-->", "-comment"), node("<p><b>c</b>", "b")
    assert (paragraph.is_element_node, paragraph.is_comment_node, paragraph.is_text_node) == (True, False, False)
    assert (comment.is_element_node, comment.is_comment_node, comment.is_text_node) == (False, True, False)
    assert comment.comment_content == "a"
    assert bold.text() == "c"


def test_siblings_and_parents() -> None:
    bold = node("<p>x<b></b> \n</p>", "b")
    before, after, parent = bold.prev, bold.next, bold.parent
    assert before is not None
    assert (before.tag, before.is_text_node, before.is_empty_text_node, before.prev) == ("-text", True, False, None)
    assert after is not None
    assert (after.is_text_node, after.is_empty_text_node, after.next) == (True, True, None)
    assert parent is not None
    assert parent.tag == "p"
    assert node("<p>", "html").parent is None


def test_a_node_keeps_its_identity() -> None:
    parser = SoupParser("<p><b></b><i></i></p>")
    first = [one.mem_id for one in parser.root.traverse()]
    assert first == [one.mem_id for one in parser.root.traverse()]
    assert len(set(first)) == len(first)
    bold, italic = (next(one for one in parser.root.traverse() if one.tag == tag) for tag in "bi")
    assert bold.parent is not None
    assert italic.parent is not None
    assert bold.parent.mem_id == italic.parent.mem_id


def test_style_text_is_given_whole() -> None:
    text = "<!-- p{x:url('a')} --> </p>"
    assert node(f"<style>{text}</style>", "style").text() == text


@pytest.mark.parametrize("html", ["http://a.example/x", "a.html", "", "C:\\a"])
def test_no_warning_of_beautiful_soup_comes_through(html: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SoupParser(html).root.mem_id


PROPERTIES = (
    "tag",
    "attributes",
    "is_element_node",
    "is_comment_node",
    "is_text_node",
    "is_empty_text_node",
    "comment_content",
)


def facts(one: Any) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in PROPERTIES if name != "comment_content" or one.is_comment_node)


# Attributes with values, closed elements, no formatting element across a block: here the two trees are the same.
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["src", "class", "alt", "xlink:href"]), st.text("ab &\n", min_size=1, max_size=5), max_size=3
)


def element(tag: str, attributes: dict[str, str], children: list[str]) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{''.join(children)}</{tag}>"


TREES = st.recursive(
    st.text("x \n\xa0", max_size=3) | st.text("ab ", max_size=4).map(lambda text: f"<!--{text}-->"),
    lambda inner: st.builds(
        element, st.sampled_from(["div", "section", "SPAN", "svg"]), ATTRIBUTES, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TREES)
def test_both_trees_look_the_same(tree: str) -> None:
    html = f"<!doctype html><html><head></head><body><main>{tree}</main></body></html>"
    soup = [one for one in nodes(html) if one.tag != "[document]"]
    lexbor = list(LexborHTMLParser(html).root.traverse())
    assert [facts(one) for one in soup] == [facts(one) for one in lexbor]
    for one, other in zip(soup, lexbor, strict=True):
        for side in ("prev", "next"):
            beside, beside_other = getattr(one, side), getattr(other, side)
            assert (beside and facts(beside)) == (beside_other and facts(beside_other))


MARKS = st.sampled_from(
    [
        *("<img src=http://a.example/1>", "<img src=cid:2 width=1>", "<img srcset='3 1x, 4 2x'>", "<input type=image src=5>"),
        *(
            "<p style='background:url(6)'>x</p>",
            "<style>p{x:url(7)}</style>",
            "<link rel=icon href=8>",
            "<video poster=9></video>",
        ),
        *(
            "<a href=10>x</a>",
            "<svg><image href=11 /></svg>",
            "<v:fill src=12 />",
            "<!-- x -->",
            "<!--[if mso]><img src=13><![endif]-->",
        ),
        *("<div hidden><img src=14></div>", "<ul><li><img src=15><li><img src=16></ul>", "text", " ", "<br>", "<hr>"),
        *("<table background=17><tr><td><img src=18></table>", "<table><img src=19></table>", "<object data=20></object>"),
        *("<template><img src=21></template>", "<noscript><img src=22></noscript>", "<textarea><img src=23></textarea>"),
        *("<base href=http://b.example/>", "<meta http-equiv=refresh content='0;url=24'>", "<IMG\nSRC='25&amp;x'\tALT>"),
    ]
)


@given(st.lists(MARKS, max_size=12).map("".join))
def test_both_backends_give_the_same_facts(html: str) -> None:
    assert found_by(f"<body>{html}") == Counter()


@given(
    st.lists(
        st.sampled_from(["<", ">", "<p>", "<img src=a", "'", '"', "<!--", "-->", "<a href=b>", "</a>", "\0", "&#1;", "x "])
    ).map("".join)
)
def test_any_text_is_read(html: str) -> None:
    document = read_document(html, backend="soup")
    assert all(found.url for found in document.references)


def test_html5lib_keeps_no_formatting_element_open_past_white_space_in_a_cell() -> None:
    # After the paragraph the FONT is still to be reopened, which white space does (HTML Standard, section 13.2.6.4.7).
    html = "<table><td><p><font></p> <img src=a>"
    assert read_document(html).references[0].ancestry.parent == "font"
    assert found_by("<table><td><p><font></p> <table><td><img src=a>") == Counter(ancestry=1)


def test_both_backends_agree_on_real_mails(corpus_html: Sequence[str]) -> None:
    found = [found_by(html) for html in corpus_html]
    totals = Counter[str]()
    documents = Counter[str]()
    for one in found:
        totals += one
        documents += Counter(one.keys())
    # What html5lib reopens otherwise: a formatting element around a reference, a copy of a link (and what counts links).
    assert set(totals) <= {"ancestry", "links", "order", "marks"}
    assert max(documents.values(), default=0) <= 0.05 * len(found)
