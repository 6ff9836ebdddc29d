"""Character references in attributes, as the tokenizer of the HTML Standard decodes them (section 13.2.5.72 and on)."""

from html.entities import html5

import pytest

from tkit.html import read_document
from tkit.html.source import Decoded

# Names that also count without a semicolon; before "=", a letter or a digit they do not, in an attribute.
LEGACY = sorted(name for name in html5 if not name.endswith(";"))


def read(value: str, backend: str = "lexbor") -> str:
    (found,) = read_document(f'<img alt="{value}" src=http://a.example/>', backend=backend).references  # type: ignore[arg-type]
    return found.attributes["alt"]


@pytest.mark.parametrize(
    ("written", "decoded"),
    [
        ("?a=1&copyx=2", "?a=1&copyx=2"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&copy1", "?a=1&copy1"),
        ("?a=1&copys=2", "?a=1&copys=2"),  # the beginning of copysr; is no name either
        ("?a=1&copy;x", "?a=1\xa9x"),
        ("?a=1&copy-2", "?a=1\xa9-2"),
        ("?a=1&copy", "?a=1\xa9"),
        ("?a=1&notit;", "?a=1&notit;"),
        ("?a=1&notin;", "?a=1\u2209"),
        ("?a=1&amp;copyx", "?a=1&copyx"),
        ("&#65;&#x42;&#X43=", "ABC="),
        ("&#17;|&#x14|&#xFFFE;", "\x11|\x14|\ufffe"),
        ("&#128;|&#0;|&#xD800;|&#x110000;", "\u20ac|\ufffd|\ufffd|\ufffd"),
        ("&#;&#x;&;&", "&#;&#x;&;&"),
    ],
)
def test_references_in_attributes(written: str, decoded: str) -> None:
    assert Decoded(written, 0, len(written)).text == decoded
    assert read(written) == decoded
    assert read(written, "soup") == decoded


def test_every_name_without_a_semicolon_is_left_before_what_may_go_on() -> None:
    assert len(LEGACY) == 106
    for name in LEGACY:
        for behind in "=aZ7":
            written = f"?a=1&{name}{behind}"
            assert Decoded(written, 0, len(written)).text == read(written) == written
        assert read(f"&{name}/") == html5[name] + "/"
