"""What the value of an attribute, or the text of an element, loads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from tkit.html.carriers import SHEET_USES, Carrier, Value
from tkit.html.css import css_urls

Load = tuple[str, str, str]
"""A carrier, a URL as written, and the descriptor of a ``srcset`` candidate."""

NO_NAMES: frozenset[str] = frozenset()
"""No custom property is a URL: the usual case."""

# Only the last character of a run of white space separates the time from the URL, so that no run is searched twice.
_REFRESH = re.compile(r"[\s\d.]*(?:[;,]\s*+|\s(?!\s))(?:url\s*=\s*)?[\"']?([^\"'\s][^\"']*)", re.IGNORECASE)
_SHEET_CARRIERS = {use: name for name, use in SHEET_USES.items()}
_SRCSET_URL = re.compile(r"[ \t\n\f\r,]*([^ \t\n\f\r]+)")
_SRCSET_DESCRIPTOR = re.compile(r"((?:\([^)]*\)?|[^,(])*),?")


def fitting(rows: Sequence[Carrier], attributes: Mapping[str, str | None]) -> Carrier | None:
    """Return the first row whose conditions the attributes meet."""
    for row in rows:
        if not row.when or all(_has_word(attributes.get(name) or "", name, words) for name, words in row.when):
            return row
    return None


def _has_word(value: str, name: str, words: Sequence[str]) -> bool:
    value = value.lower()
    return not set(value.split()).isdisjoint(words) if name == "rel" else value.strip() in words


def loads_of(row: Carrier, text: str, properties: frozenset[str] = NO_NAMES) -> Iterable[Load]:
    """Return the carrier, the URL and the descriptor of everything that a carrier's value loads.

    Parameters
    ----------
    row : Carrier
        The carrier that fits.
    text : str
        The value of its attribute, or the text of its element.
    properties : frozenset of str
        The custom properties in which a string is a URL.
    """
    return _LOADS_OF[row.value](row.name, text, properties)


def _in_href(carrier: str, text: str, _: frozenset[str]) -> Iterable[Load]:
    return () if text.lstrip().startswith("#") else ((carrier, text, ""),)


def _in_list(carrier: str, text: str, properties: frozenset[str]) -> Iterable[Load]:
    return [load for value in text.split(";") for load in _in_href(carrier, value, properties)]


def _in_css(carrier: str, text: str, properties: frozenset[str]) -> Iterable[Load]:
    return [(carrier, url, "") for url, _ in css_urls(text, properties)]


def _in_refresh(carrier: str, text: str, _: frozenset[str]) -> Iterable[Load]:
    refresh = _REFRESH.match(text)
    return ((carrier, refresh[1], ""),) if refresh else ()


@lru_cache(maxsize=256)
def _in_sheet(_: str, text: str, properties: frozenset[str]) -> Iterable[Load]:
    return tuple((_SHEET_CARRIERS[use], url, "") for url, use in css_urls(text, properties))


_LOADS_OF: Mapping[Value, Callable[[str, str, frozenset[str]], Iterable[Load]]] = {
    "url": lambda carrier, text, _: ((carrier, text, ""),),
    "document": lambda carrier, text, _: ((carrier, text, ""),),
    "href": _in_href,
    "srcset": lambda carrier, text, _: [(carrier, url, descriptor) for url, descriptor in srcset_candidates(text)],
    "css": _in_css,
    "list": _in_list,
    "refresh": _in_refresh,
    "sheet value": _in_sheet,
    "sheet import": _in_sheet,
    "sheet font": _in_sheet,
}
"""What a carrier's value loads, by how its URLs are read."""


def srcset_candidates(text: str) -> list[tuple[str, str]]:
    """Return the (URL, descriptor) candidates of a ``srcset`` attribute.

    Source: HTML Standard, "parse a srcset attribute".

    >>> srcset_candidates("a,b.png 1x, data:image/gif;base64,R0 2x,, c.png")
    [('a,b.png', '1x'), ('data:image/gif;base64,R0', '2x'), ('c.png', '')]
    """
    candidates = []
    position = 0
    while match := _SRCSET_URL.match(text, position):
        url = match[1]
        position = match.end()
        if url.endswith(","):
            url, descriptor = url.rstrip(","), ""
        else:
            rest = _SRCSET_DESCRIPTOR.match(text, position)
            descriptor = rest[1].strip() if rest else ""
            position = rest.end() if rest else len(text)
        if url:
            candidates.append((url, descriptor))
    return candidates
