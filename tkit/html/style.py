"""Size and visibility in a declaration list: the few properties that make trackers invisible."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

ABSENT = -1.0
"""The value of a length that is missing or not in absolute units."""

_LENGTH = re.compile(r"\+?(\d+(?:\.\d+)?|\.\d+)(px|pt|in|cm|mm|pc|em|rem|ex|ch|)\Z", re.ASCII)
# CSS Values and Units Level 4, section 6.2; font-relative lengths at the usual 16 px.
_PIXELS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "pc": 16.0,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "ch": 8.0,
}
_ATTRIBUTE = re.compile(r"[ \t\n\f\r]*\+?(\d+(?:\.\d+)?)([ \t]*%)?", re.ASCII)
# Every declaration that hides has one of these, or a comment inside it. Most styles have none.
_HINTS = ("none", "hidden", "collapse", "mso-hide", "opacity", "clip", "absolute", "fixed", "/*")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)


class Style(NamedTuple):
    """Lengths in CSS pixels, :data:`ABSENT` if missing; ``hides`` as :func:`hides` returns it; the number of properties."""

    width: float
    height: float
    max_width: float
    max_height: float
    hides: str
    properties: int


@lru_cache(maxsize=1 << 14)
def dimension(value: str | None) -> float:
    """Return a ``width`` or ``height`` attribute in pixels; :data:`ABSENT` if it is missing, a percentage or not a number.

    Source: HTML Standard, "rules for parsing dimension values": trailing garbage (``1px``) is ignored.

    >>> dimension("1px"), dimension(" 600 "), dimension("100%"), dimension("auto"), dimension(None)
    (1.0, 600.0, -1.0, -1.0, -1.0)
    """
    number = _ATTRIBUTE.match(value) if value else None
    if not number or number[2]:
        return ABSENT
    return min(float(number[1]), 1e6)


@lru_cache(maxsize=1 << 14)
def parse_style(text: str) -> Style:
    """Read a ``style`` attribute. The last declaration of a property counts, unless an earlier is ``!important``.

    >>> parse_style("width:1px; HEIGHT: 0.75pt ;display:none!important")
    Style(width=1.0, height=1.0, max_width=-1.0, max_height=-1.0, hides='display', properties=3)
    """
    declared: dict[str, str] = {}
    important: set[str] = set()
    if "/*" in text:
        text = _COMMENT.sub("", text)
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if not colon:
            continue
        name = name.strip().lower()
        value = value.strip().lower()
        if "!" in value:
            value, _, flag = value.partition("!")
            value = value.strip()
            if flag.strip() == "important":
                important.add(name)
        elif name in important:
            continue
        declared[name] = value
    return Style(
        _length(declared.get("width")),
        _length(declared.get("height")),
        _length(declared.get("max-width")),
        _length(declared.get("max-height")),
        _hiding(declared),
        len(declared),
    )


def hides(style: str, hidden: bool = False) -> str:
    """Return how an element's own style or ``hidden`` attribute makes its content invisible; ``""`` if it does not.

    One of ``"display"``, ``"visibility"``, ``"hidden"`` (the attribute), ``"mso-hide"``, ``"opacity"``,
    ``"clipped"`` (no height or width, and overflow hidden), ``"off-screen"`` (moved far outside the page).
    """
    return (_hides(style) if style else "") or ("hidden" if hidden else "")


@lru_cache(maxsize=1 << 14)
def _hides(style: str) -> str:
    return parse_style(style).hides if any(map(style.lower().__contains__, _HINTS)) else ""


def _length(value: str | None) -> float:
    length = _LENGTH.match(value) if value else None
    return min(float(length[1]) * _PIXELS[length[2]], 1e6) if length else ABSENT


def _hiding(declared: dict[str, str]) -> str:
    if declared.get("display") == "none":
        return "display"
    if declared.get("visibility") in ("hidden", "collapse"):
        return "visibility"
    if declared.get("mso-hide") == "all":
        return "mso-hide"
    if _length(declared.get("opacity")) == 0:
        return "opacity"
    return _moving(declared)


def _moving(declared: dict[str, str]) -> str:
    if declared.get("overflow") in ("hidden", "clip") and any(
        0 <= _length(declared.get(name)) <= 1 for name in ("height", "max-height", "width", "max-width")
    ):
        return "clipped"
    if declared.get("position") in ("absolute", "fixed") and any(
        _OFF_SCREEN.match(declared.get(name, "")) for name in ("left", "top", "right", "bottom")
    ):
        return "off-screen"
    return ""


_OFF_SCREEN = re.compile(r"-\d{3,}", re.ASCII)
