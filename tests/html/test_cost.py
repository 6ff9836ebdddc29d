"""Texts whose tree would take time that grows with the square of their length."""

import pytest

from tkit.html import cost, read_message, references
from tkit.html.cost import tree_takes_long
from tkit.mail import Message

MANY = 40_000
IMAGE = "<img src=http://a.example/x>"
FONTS = "".join(f"<font size={number}>" for number in range(MANY))
NAMES = " ".join(f"a{number}" for number in range(MANY))
HOSTILE = {
    "nested": "<div>" * MANY,
    "lists": "<ul><li>" * MANY,
    "end tags of what is not open": "<span>" * MANY + "</div>" * MANY,
    "end tags of what is protected": "<div><marquee></div></marquee>" * MANY,
    "end tags of formatting": "<b><div></b>" * MANY,
    "end tags in comments": "<div><!--</div>-->" * MANY,
    "end tags in attributes": "<div><br title='</div>'>" * MANY,
    "end tags in style sheets": "<div><style></div></style>" * MANY,
    "formatting opened again": f"<p>{FONTS}</p>" + "<p>x" * MANY,
    "attributes": f"<p {NAMES}>",
    "attributes around a quoted angle": f"<p x='>' {NAMES}>",
    "attributes around quotes in names": f"<p x\"y='>' {NAMES}>",
}
ORDINARY = {
    "paragraphs": "<p>Hello <b>you</b></p>" * MANY,
    "paragraphs left open": "<p>Hello<br>" * MANY,
    "cells left open": "<table><tr>" + "<td>1<tr>" * MANY + "</table>",
    "cells with formatting left open": "<table>" + "<tr><td><font color=red>1</td></tr>" * MANY + "</table>",
    "items left open": "<ul>" + "<li>1" * MANY + "</ul>",
    "links left open": "<a href=x>1" * MANY,
    "one bold a paragraph left open": "<p><b>x" * 4_000 + " " * 100_000,
    "picture in the text": f"<img src='data:image/png;base64,{'A' * 200_000}'>",
    "text": "a < b > c " * MANY,
    "tag without an end": "<p " + "a " * MANY,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_told(name: str) -> None:
    assert tree_takes_long(HOSTILE[name])


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_texts_are_not(name: str) -> None:
    assert not tree_takes_long(ORDINARY[name])


def test_no_text_is_taken_for_one_with_as_many_tags_as_a_short_one_may_have() -> None:
    html = "<div>" * (cost.SHORT // 5)
    assert not tree_takes_long(html)
    assert not tree_takes_long(html + " " * 5)
    assert tree_takes_long(html + "<div>" * 5)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reference_of_a_hostile_text_is_lost(name: str) -> None:
    html = f"{IMAGE}{HOSTILE[name]}{IMAGE}"
    message = Message.from_bytes(b"From: a@b.example\nContent-Type: text/html\n\n" + html.encode())
    assert [found.resolved_url for found in references(message)] == ["http://a.example/x"] * 2
    assert [document.as_tags for document in read_message(message)] == [True]


@pytest.mark.parametrize("html", ["<div>" * 400_000, f"<p {' '.join(f'a{number}' for number in range(300_000))}>"])
def test_ever_deeper_and_longer(html: str) -> None:
    message = Message.from_bytes(f"From: a@b.example\nContent-Type: text/html\n\n{html}{IMAGE}".encode())
    assert len(references(message)) == 1
