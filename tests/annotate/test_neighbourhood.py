"""Tests of tkit.annotate.neighbourhood."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("anywidget", reason="needs anywidget: pip install 'tkit[notebooks]'")

from tkit.annotate.neighbourhood import AROUND, Neighbourhood, neighbourhood, visible
from tkit.html import references
from tkit.mail import Message


def mail(html: str, headers: str = "From: N <n@news.example>\nSubject: Hi\nDate: Tue, 3 Jun 2025 10:00:00 +0000\n") -> bytes:
    return f"{headers}Content-Type: text/html; charset=utf-8\n\n{html}".encode()


def around(html: str, place: int = 0) -> Neighbourhood:
    message = Message.from_bytes(mail(html))
    found = references(message)
    return neighbourhood(message.html_parts[0], found[place], found)


@pytest.mark.parametrize(
    ("html", "place", "expected"),
    [
        ("<p>a<img src='http://t.example/o'>b", 0, ("<p>a", "<img src='http://t.example/o'>", "b")),
        ("<IMG SRC=http://t.example/?a=1&amp;b=2 width=1>", 0, ("", "<IMG SRC=http://t.example/?a=1&amp;b=2 width=1>", "")),
        # The same URL in a link is not the picture; a longer URL is another one.
        (
            "<a href=http://t.example/o>x</a><img src=http://t.example/o.gif><img src=http://t.example/o>",
            1,
            ("<a href=http://t.example/o>x</a><img src=http://t.example/o.gif>", "<img src=http://t.example/o>", ""),
        ),
        (
            "<img src=http://t.example/o><img src=http://t.example/o id=2>",
            1,
            ("<img src=http://t.example/o>", "<img src=http://t.example/o id=2>", ""),
        ),
        (
            "<style>p { background: url(http://t.example/o) }</style>",
            0,
            ("<style>p { background: url(", "http://t.example/o", ") }</style>"),
        ),
        # Broken in the source, so written anew.
        ("<p>x<img src='http:/\n/t.example/o' alt=y>", 0, ("", '<img src="http:/\n/t.example/o" alt="y">', "")),
        ("<p>a  \n\n  b<img src='http://t.example/o'>", 0, ("<p>a\nb", "<img src='http://t.example/o'>", "")),
    ],
)
def test_neighbourhood(html: str, place: int, expected: tuple[str, str, str]) -> None:
    assert around(html, place) == Neighbourhood(*expected)


def test_no_more_than_the_neighbourhood() -> None:
    found = around(f"{'x' * 5000}<img src=http://t.example/o alt='{'y' * 9000}'>{'z' * 5000}")
    assert found.before == "x" * AROUND
    assert found.element.startswith("<img src=http://t.example/o alt='yyy")
    assert len(found.element) == 4000
    assert found.after == "z" * AROUND


def test_nothing_hides() -> None:
    assert visible("\u202egpj.exe\u200b\0\x1b[31m\ud800\n\tä✓") == "⟨U+202E⟩gpj.exe⟨U+200B⟩⟨U+0000⟩⟨U+001B⟩[31m⟨U+D800⟩\n\tä✓"


@settings(max_examples=50)
@given(
    st.lists(
        st.sampled_from(["<img src='http://t.example/", "&amp;", "'", ">", "\n", "a", "<style>", "url(http://t.example/b", ")"])
    )
)
def test_any_html_has_neighbourhoods(pieces: list[str]) -> None:
    message = Message.from_bytes(mail("".join(pieces)))
    found = references(message)
    for reference in found:
        assert neighbourhood(message.html_parts[0], reference, found).element
