"""Tests of tkit.html.carriers: one row a way to write a reference, and what is derived from the rows."""

import pytest

from tkit.html import read_document
from tkit.html.carriers import (
    CARRIERS,
    COARSE_CARRIER,
    COMMENT_ATTRIBUTES,
    COMMENT_HINTS,
    LOADING,
    MARKS,
    SELECTOR,
    SRC,
    TAG_HINT,
    Carrier,
    attributes_of,
    request_type,
    ways_of,
)
from tkit.html.hints import html_may_load

URL = "http://a.example/x"


def text_of(row: Carrier) -> str:
    """Write an element as a row says."""
    tag = row.tags[0].replace("*", "img") if row.tags else "td"
    words = "".join(f" {name}={allowed[0]}" for name, allowed in row.when)
    value = {
        "css": f"background:url({URL})",
        "refresh": f"0;url={URL}",
        "sheet value": f"<style>p{{background:url({URL})}}</style>",
        "sheet import": f"<style>@import '{URL}';</style>",
        "sheet font": f"<style>@font-face{{src:url({URL})}}</style>",
    }.get(row.value, URL)
    if not row.attributes:
        return value
    element = f'<{tag}{words} {row.attributes[-1]}="{value}">'
    inside = {"td": f"<table><tr>{element}</table>", "image": f"<svg>{element}</svg>", "use": f"<svg>{element}</svg>"}
    return inside.get(tag, f"<frameset>{element}</frameset>" if tag == "frame" else element)


@pytest.mark.parametrize("backend", ["lexbor", "soup"])
@pytest.mark.parametrize("row", CARRIERS, ids=lambda row: row.written)
def test_every_row_is_read_as_it_says(row: Carrier, backend) -> None:
    html = text_of(row)
    assert [(one.carrier, one.resolved_url) for one in read_document(html, backend=backend).references] == [(row.name, URL)]
    assert html_may_load(html)


@pytest.mark.parametrize("row", CARRIERS, ids=lambda row: row.written)
def test_every_row_is_read_in_a_conditional_comment(row: Carrier) -> None:
    html = f"<!--[if mso]>{text_of(row)}<![endif]-->"
    assert [(one.carrier, one.conditional) for one in read_document(html).references] == [(row.name, True)]


def test_rows_of_one_name_say_the_same() -> None:
    for name in {row.name for row in CARRIERS}:
        assert len({(row.request, row.coarse, row.kind) for row in CARRIERS if row.name == name}) == 1


def test_what_is_derived() -> None:
    others = {"poster", "data", "lowsrc", "dynsrc", "xlink:href", "http-equiv"}
    assert others | {"src", "href", "srcset", "background"} <= MARKS
    assert "content" not in MARKS
    assert {"content", "style"} <= LOADING
    assert SELECTOR.startswith("[src],[href],[background],[srcset],img,")
    assert [bool(TAG_HINT.search(tag)) for tag in (b"<p><feimage", b"<video ", b"<table>")] == [True, True, False]
    assert {"src", "href", "poster", "refresh"} <= set(COMMENT_HINTS)
    assert set(COMMENT_ATTRIBUTES) == {"background", "data"}
    assert COARSE_CARRIER["css-import"] == COARSE_CARRIER["font-face"] == "css-sheet"


def test_attributes_that_may_be_edited() -> None:
    assert attributes_of("svg-image") == ("href", "xlink:href")
    assert attributes_of("style-element") == ("",)


def test_types_of_requests() -> None:
    assert [request_type(name) for name in ("img-src", "css-import", "object-data", "meta-refresh", "unheard-of")] == [
        *("image", "stylesheet", "object", "other", "image")
    ]


def test_the_ways_of_a_tag() -> None:
    assert [names for names, _ in ways_of("link")][:1] == [("href",)]
    assert [(names, [row.name for row in rows]) for names, rows in ways_of("img")][:2] == [
        (("src",), ["img-src"]),
        (("srcset",), ["img-srcset"]),
    ]
    assert [row.name for row in dict(ways_of("v:fill"))["src",]] == ["vml-src"]
    assert (SRC["img"], SRC["source"]) == ("img-src", "media-src")
    assert "input" not in SRC


def test_the_first_relation_of_the_table_counts() -> None:
    html = f"<link rel='preload stylesheet' href={URL}>"
    assert [one.carrier for one in read_document(html).references] == ["link-stylesheet"]
