"""Take references out of an HTML text: where each is written, and what is written there instead.

Which place in the text a reference comes from is found by marks: every start tag that may hold a reference gets an
attribute of its own, the marked text is read by :mod:`tkit.html.reading`, and each reference tells the mark of its element,
wherever the tree moved or copied it.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tkit.html.carriers import LOADING, SHEET_USES, attributes_of
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.css import css_urls
from tkit.html.reading import RemoteReference, read_document, srcset_candidates
from tkit.html.source import Attribute, Comment, Decoded, Tag, tokens
from tkit.html.style import dimension, parse_style
from tkit.mail.edit import Edit
from tkit.url import clean

INERT = "data:,"
"""The URL that stands in a style sheet for one that was taken out: empty, no server, and the rule stays a rule."""

_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_PICTURES = ("img", "image", "amp-img")
_CSS_TEXT = re.compile(
    r"/\*[\s\S]*?(?:\*/|\Z)"
    r"|\"((?:[^\"\\\n\r\f]|\\[\s\S])*+)\""
    r"|'((?:[^'\\\n\r\f]|\\[\s\S])*+)'"
    r"|\([ \t\n\r\f]*+((?:[^\s\"'()\\]|\\(?:[0-9A-Fa-f]{1,6}[ \t\n\r\f]?|[^\n\r\f]))++)"
)


WHOLE = -1
"""Stands for every URL of an attribute, where they are not told apart."""


class Place(NamedTuple):
    """Where a reference is written: a start tag, one of its attributes (``""``: its style sheet), and which URL there."""

    tag: int
    attribute: str
    number: int


class Load(NamedTuple):
    """What a reference loads, and how it is written."""

    carrier: str
    url: str
    resolved_url: str


class Places(NamedTuple):
    """The tags of a text, and the place of each remote reference; None for one whose place is not known."""

    tags: Sequence[Tag]
    of: Sequence[Place | None]


def tags_of(text: str) -> list[Tag]:
    """Return the start tags of a text, those in its conditional comments too, in order."""
    return list(_tags(text, 0, len(text), 0))


def _tags(text: str, start: int, end: int, comments: int) -> Iterator[Tag]:
    for token in tokens(text, start, end):
        if isinstance(token, Tag):
            yield token
        elif isinstance(token, Comment) and comments < MAX_NESTED:
            inner = inner_start(text, token.start, token.end)
            if inner is not None:
                yield from _tags(text, inner, token.end, comments + 1)


def places(text: str, loads: Sequence[Load]) -> Places | None:
    """Find where the remote references of a text are written.

    Parameters
    ----------
    text : str
        The HTML.
    loads : sequence of Load
        What it loads, in order.

    Returns
    -------
    Places or None
        None where the text does not load this. Where marks would change what it loads, every reference has the
        first place that has its carrier's attribute and its URL, and that no reference before it has.
    """
    tags = tags_of(text)
    mark = "data-tkit-"
    lowered = text.lower()
    while mark in lowered:  # the mail's own
        mark += "x-"
    marked = []
    position = 0
    for number, tag in enumerate(tags):
        if tag.name == "style" or any(attribute.name in LOADING for attribute in tag.attributes):
            marked += [text[position : tag.name_end], f" {mark}{number}"]
            position = tag.name_end
    marked.append(text[position:])
    remote = _remote("".join(marked))
    if [_load(reference) for reference in remote] == list(loads):
        return Places(tags, _by_mark(text, tags, remote, mark))
    remote = _remote(text)
    return Places(tags, _by_url(text, tags, remote)) if [_load(reference) for reference in remote] == list(loads) else None


def resolved_urls(text: str) -> list[str]:
    """Return what a text loads from servers, in order."""
    return [reference.resolved_url for reference in _remote(text)]


def _remote(text: str) -> list[RemoteReference]:
    return [reference for reference in read_document(text).references if not reference.local]


def _load(reference: RemoteReference) -> Load:
    return Load(reference.carrier, reference.url, reference.resolved_url)


def _by_mark(text: str, tags: Sequence[Tag], references: Sequence[RemoteReference], mark: str) -> list[Place | None]:
    turns = _Turns(text, tags)
    positions = []
    for reference in references:
        numbers = [int(name[len(mark) :]) for name in reference.attributes if name.startswith(mark)]
        places = [(number, name) for number in numbers for name in attributes_of(reference.carrier)]
        exact = (turns.take(number, name, reference) for number, name in places)
        # A value that the tree decodes in another way: the attribute as a whole.
        whole = (Place(number, name, WHOLE) for number, name in places if _has(tags[number], name))
        positions.append(next(filter(None, exact), None) or next(whole, None))
    return positions


class _Turns:
    """Which URL of an attribute comes next: an element that the tree copies names its URLs in the same order once more."""

    def __init__(self, text: str, tags: Sequence[Tag]) -> None:
        self._text = text
        self._tags = tags
        self._urls: dict[tuple[int, str, str], list[str]] = {}
        self._next: dict[tuple[int, str, str], int] = defaultdict(int)

    def take(self, number: int, name: str, reference: RemoteReference) -> Place | None:
        """Return the place of a reference in an attribute, from the URL behind the one taken last; None if it is not there."""
        key = (number, name, reference.carrier)
        if key not in self._urls:
            self._urls[key] = _urls(self._text, self._tags[number], name, reference.carrier)
        urls = self._urls[key]
        for turn in (*range(self._next[key], len(urls)), *range(self._next[key])):
            if urls[turn] == reference.url:
                self._next[key] = (turn + 1) % len(urls)
                return Place(number, name, turn)
        return None


def _has(tag: Tag, name: str) -> bool:
    return tag.attribute(name) is not None if name else tag.raw_end > tag.end


def _by_url(text: str, tags: Sequence[Tag], references: Sequence[RemoteReference]) -> list[Place | None]:
    """Find places without marks: the first with the carrier's attribute and the URL that is not taken."""
    free: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for number, tag in enumerate(tags):
        names = dict.fromkeys(attribute.name for attribute in tag.attributes if attribute.name in LOADING)
        for name in (*names, *([""] if tag.name == "style" else [])):
            for turn, url in enumerate(_urls(text, tag, name)):
                free[name, url].append(Place(number, name, turn))
    for waiting in free.values():
        waiting.reverse()
    places = []
    for reference in references:
        keys = [(name, reference.url) for name in attributes_of(reference.carrier)]
        places.append(next((free[key].pop() for key in keys if free.get(key)), None))
    return places


def _urls(text: str, tag: Tag, name: str, carrier: str = "") -> list[str]:
    """Return the URLs that an attribute (or the tag's style sheet) holds, as :mod:`tkit.html.reading` gives them.

    ``""`` stands for those of a style sheet that are not for the carrier.
    """
    if not name:
        use = SHEET_USES.get(carrier)
        return [clean(found.url) if use in (None, found.use) else "" for found in css_urls(text[tag.end : tag.raw_end])]
    attribute = tag.attribute(name)
    if attribute is None or name == "content":  # whose URL is a part of a value that makes no sense without it
        return []
    value = Decoded(text, attribute.value_start, attribute.value_end).text
    if name == "style":
        return [clean(found.url) for found in css_urls(value)]
    if name == "srcset":
        return [clean(url) for url, _ in srcset_candidates(value)]
    return [clean(value)]


def removal(text: str, found: Places, gone: Collection[Place], replace: bool = False) -> list[Edit]:
    """Return the edits that take references out of a text and leave all others.

    Parameters
    ----------
    text : str
        The HTML.
    found : Places
        See :func:`places`.
    gone : collection of Place
        What is to go; of a ``srcset`` or a style sheet any of the URLs.
    replace : bool
        Give pictures an inert inline one; else the element stays without any.

    Returns
    -------
    list of Edit
        In the order of the text.
    """
    wanted: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for place in gone:
        wanted[place.tag][place.attribute].add(place.number)
    return sorted(edit for number, names in wanted.items() for edit in _Tag(text, found.tags[number], replace).without(names))


class _Tag:
    """The edits of one start tag."""

    def __init__(self, text: str, tag: Tag, replace: bool) -> None:
        self._text = text
        self._tag = tag
        self._replace = replace

    def without(self, names: Mapping[str, Collection[int]]) -> Iterator[Edit]:
        """Return the edits that take URLs out of attributes, each named with the numbers of its URLs."""
        for name, numbers in names.items():
            attribute = self._tag.attribute(name)
            if attribute is None:
                yield from self._sheet(numbers)
            elif (spans := self._spans(attribute, numbers)) is not None:
                for start, end in spans:
                    yield Edit(start, end, INERT if name == "style" else "", " " if attribute.quote else ",")
            else:
                text = self._instead(attribute)
                yield Edit(attribute.start, attribute.end, text)
                if not text.startswith(f"{name}="):  # a second attribute of this name would come into force
                    others = [other for other in self._tag.attributes if other.name == name and other != attribute]
                    yield from (Edit(other.start, other.end, "") for other in others)
        alternative = self._tag.attribute("alt")
        if "src" in names and self._tag.name in _PICTURES and not self._replace and alternative and self._value("alt"):
            # Without a picture, clients show the text in its place, and the lines move.
            yield Edit(alternative.start, alternative.end, 'alt=""')

    def _value(self, name: str) -> str:
        attribute = self._tag.attribute(name)
        return Decoded(self._text, attribute.value_start, attribute.value_end).text if attribute else ""

    def _instead(self, attribute: Attribute) -> str:
        """Return what stands in the place of an attribute that is taken out as a whole."""
        name, tag = attribute.name, self._tag.name
        if name == "poster" or (name in ("href", "xlink:href") and tag in ("image", "feimage", "use")):
            # Without href, xlink:href would be read; without a poster, a video shows its player's own.
            return f'{name}="{blank_gif(1, 1)}"'
        if name == "src" and tag == "script":
            return 'src=""'  # without it, what stands in the element would run
        if name != "src" or tag not in (*_PICTURES, "input"):
            return ""
        width, height = self._size()
        if self._replace:
            return f'src="{blank_gif(*_natural(width, height))}"'
        # A picture without a source has the size that is declared; where none is, a pixel takes a pixel.
        missing = [side for side, given in (("width", width), ("height", height)) if not given and tag != "input"]
        return " ".join(f'{side}="1"' for side in missing)

    def _size(self) -> tuple[str, str]:
        """Return what is declared as the picture's width and height, by style or attribute; ``""`` where nothing is."""
        written = self._value("style")
        style = parse_style(written)
        sides = []
        for name, pixels in (("width", style.width), ("height", style.height)):
            styled = f"{pixels:g}" if pixels >= 0 else "?" if re.search(rf"(?<![-\w]){name}\s*:", written) else ""
            sides.append(styled or self._value(name).strip())
        return sides[0], sides[1]

    def _spans(self, attribute: Attribute, numbers: Collection[int]) -> list[tuple[int, int]] | None:
        """Return where some URLs of a ``srcset`` or ``style`` are written; None where the attribute is to go as a whole."""
        if attribute.name not in ("style", "srcset"):
            return None
        value = Decoded(self._text, attribute.value_start, attribute.value_end)
        styled = attribute.name == "style"
        spans = _css_spans(value.text) if styled else _srcset_spans(value.text)
        if spans is None or not set(numbers) <= set(range(len(spans))) or (not styled and len(numbers) == len(spans)):
            return None
        return [(value.written(spans[number][0]), value.written(spans[number][1])) for number in sorted(numbers)]

    def _sheet(self, numbers: Collection[int]) -> Iterator[Edit]:
        tag = self._tag
        sheet = self._text[tag.end : tag.raw_end]
        spans = _css_spans(sheet)
        if spans is None or not set(numbers) <= set(range(len(spans))):
            yield Edit(tag.end, tag.raw_end, "")
            return
        for number in sorted(numbers):
            start, end = spans[number]
            yield Edit(tag.end + start, tag.end + end, INERT)


def _css_spans(text: str) -> list[tuple[int, int]] | None:
    """Return where each URL of a style sheet is written; None where they are not found for certain.

    Every string and every word in parentheses gets a name of its own, and the sheet read again tells which of them
    are the URLs.
    """
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for found in _CSS_TEXT.finditer(text):
        if found.lastindex and not found[found.lastindex].startswith("#"):  # the document itself: loads nothing
            start, end = found.span(found.lastindex)
            pieces += [text[position:start], f"tkit{len(spans)}."]
            spans.append((start, end))
            position = end
    before, after = css_urls(text), css_urls("".join([*pieces, text[position:]]))
    if [url.use for url in before] != [url.use for url in after]:
        return None
    names = [re.fullmatch(r"tkit(\d+)\.", url.url) for url in after]
    return [spans[int(name[1])] for name in names if name] if all(names) else None


def _srcset_spans(text: str) -> list[tuple[int, int]] | None:
    """Return where each candidate of a ``srcset`` is written, up to the next; None where they are not found for certain."""
    starts = []
    position = 0
    candidates = srcset_candidates(text)
    for url, _ in candidates:
        position = text.find(url, position)
        if position < 0:
            return None
        starts.append(position)
        position += len(url)
    named = text
    for number in range(len(starts) - 1, -1, -1):
        start, url = starts[number], candidates[number][0]
        named = f"{named[:start]}tkit{number}.{named[start + len(url) :]}"
    if srcset_candidates(named) != [(f"tkit{number}.", candidate[1]) for number, candidate in enumerate(candidates)]:
        return None
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _natural(width: str, height: str) -> tuple[int, int]:
    """Return the inert picture's own size: what is declared; of one declared side, a line along it; else a pixel."""
    sides = []
    for given in (width, height):
        pixels = dimension(given)
        sides.append(min(int(pixels), 9999) if pixels >= 1 else 1000 if given and pixels < 0 else 1)
    return sides[0], sides[1]


def blank_gif(width: int, height: int) -> str:
    """Return a ``data:`` URL of a transparent GIF of any size up to 65,535 pixels a side, in 42 bytes.

    Source: GIF89a, sections 18 to 23: the logical screen has the size, the one frame is a pixel.

    >>> blank_gif(1, 1)
    'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
    """
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return "data:image/gif;base64," + b2a_base64(_GIF[:6] + size + _GIF[10:], newline=False).decode("ascii")
