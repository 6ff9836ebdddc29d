import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tkit.html.style import ABSENT, Style, dimension, hides, parse_style

NOTHING = Style(ABSENT, ABSENT, ABSENT, ABSENT, "", 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", 1.0),
        ("0", 0.0),
        ("600", 600.0),
        ("1px", 1.0),
        ("1.5px", 1.5),
        ("100.0%", ABSENT),
        ("1.px", 1.0),
        ("1 px", 1.0),
        (" \t\n\f\r1", 1.0),
        ("1.5", 1.5),
        ("1.", 1.0),
        ("01", 1.0),
        ("1;", 1.0),
        ("99999999999", 1e6),
        ("9" * 400, 1e6),
        ("100%", ABSENT),
        ("1.5%", ABSENT),
        ("", ABSENT),
        (None, ABSENT),
        ("auto", ABSENT),
        ("-1", ABSENT),
        (".5", ABSENT),
        ("px1", ABSENT),
        ("\u0661", ABSENT),  # a digit, but not an ASCII one
        ("\xa01", ABSENT),
    ],
)
def test_dimension(value: str | None, expected: float) -> None:
    assert dimension(value) == expected


@pytest.mark.parametrize(
    ("length", "pixels"),
    [
        ("1px", 1.0),
        ("1PX", 1.0),
        ("1", 1.0),  # the quirks mode that mails without a doctype are shown in
        ("0", 0.0),
        ("+2px", 2.0),
        (".5px", 0.5),
        ("1.5px", 1.5),
        ("100.0%", ABSENT),
        ("1.px", ABSENT),
        ("3pt", 4.0),
        ("1in", 96.0),
        ("2.54cm", 96.0),
        ("25.4mm", 96.0),
        ("1pc", 16.0),
        ("2em", 32.0),
        ("2rem", 32.0),
        ("2ex", 16.0),
        ("2ch", 16.0),
        ("1px !important", 1.0),
        ("1px!IMPORTANT", 1.0),
        ("99999999px", 1e6),
        ("100%", ABSENT),
        ("1 px", ABSENT),
        ("-1px", ABSENT),
        ("auto", ABSENT),
        ("calc(1px)", ABSENT),
        ("1vw", ABSENT),
        ("1pxx", ABSENT),
        ("1\u0131n", ABSENT),  # LATIN SMALL LETTER DOTLESS I
        ("\u0661px", ABSENT),
        ("", ABSENT),
    ],
)
@pytest.mark.parametrize("name", ["width", "height", "max-width", "max-height"])
def test_lengths(name: str, length: str, pixels: float) -> None:
    assert getattr(parse_style(f"{name}:{length}"), name.replace("-", "_")) == pytest.approx(pixels)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NOTHING),
        (";;;", NOTHING),
        ("width", NOTHING),
        ("width:1px;height:2px", NOTHING._replace(width=1.0, height=2.0, properties=2)),
        (" WIDTH : 1px ; Height:2PX ", NOTHING._replace(width=1.0, height=2.0, properties=2)),
        ("width:1px;width:2px", NOTHING._replace(width=2.0, properties=1)),
        ("width:1px!important;width:2px", NOTHING._replace(width=1.0, properties=1)),
        ("width:1px!important;width:2px!important", NOTHING._replace(width=2.0, properties=1)),
        ("width:1px;width:auto", NOTHING._replace(properties=1)),
        ("/*width:1px*/height:2px", NOTHING._replace(height=2.0, properties=1)),
        ("height:2px/*;width:1px", NOTHING._replace(height=2.0, properties=1)),  # never closed
        ("background:url(data:image/gif;base64,R0);width:1px", NOTHING._replace(width=1.0, properties=2)),
        ("min-width:1px;line-height:2px", NOTHING._replace(properties=2)),
    ],
)
def test_parse_style(text: str, expected: Style) -> None:
    assert parse_style(text) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("display:none", "display"),
        ("DISPLAY : NONE", "display"),
        ("display:none!important;display:block", "display"),
        ("display:none;display:block", ""),
        ("display:block", ""),
        ("visibility:hidden", "visibility"),
        ("visibility:collapse", "visibility"),
        ("visibility:visible", ""),
        ("mso-hide:all", "mso-hide"),
        ("opacity:0", "opacity"),
        ("opacity:0.0", "opacity"),
        ("opacity:0.01", ""),
        ("max-height:0;overflow:hidden", "clipped"),
        ("overflow:hidden;width:1px", "clipped"),
        ("height:0px;overflow:clip", "clipped"),
        ("max-width:0;overflow:hidden", "clipped"),
        ("overflow:hidden;width:2px", ""),
        ("overflow:visible;height:0", ""),
        ("max-height:0", ""),
        ("position:absolute;left:-9999px", "off-screen"),
        ("position:fixed;top:-100px", "off-screen"),
        ("position:absolute;left:-99px", ""),
        ("left:-9999px", ""),
        ("display:none;visibility:hidden;opacity:0", "display"),
        ("", ""),
    ],
)
def test_hides(style: str, expected: str) -> None:
    assert hides(style) == expected
    assert parse_style(style).hides == expected
    assert hides(style, hidden=True) == (expected or "hidden")


@given(st.text(st.sampled_from("width:;1px !important/*display none-.\u0131\u0661%\n")) | st.text())
@example("width:1\u0131n")
def test_any_style_is_read(text: str) -> None:
    style = parse_style(text)
    for length in style[:4]:
        assert length == ABSENT or 0 <= length <= 1e6
    assert style.properties <= text.count(":")


@given(st.text(st.sampled_from("0123456789.%+ px\n-e\u0661")) | st.text())
def test_any_attribute_is_a_length_or_absent(value: str) -> None:
    length = dimension(value)
    assert length == ABSENT or 0 <= length <= 1e6


@given(st.floats(0, 1e6, allow_nan=False).map(lambda number: round(number, 3)))
def test_a_written_number_is_read_back(number: float) -> None:
    written = f"{number:.3f}"
    assert math.isclose(dimension(written), number)
    assert math.isclose(parse_style(f"a:b;width:{written}px;").width, number)
