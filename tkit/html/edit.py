"""Take references out of an HTML text."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from tkit.html.css import css_urls
from tkit.html.loads import srcset_candidates
from tkit.html.nested import data_text, with_text
from tkit.html.places import Place, Places, Source, attribute_text, document_value
from tkit.html.source import Attribute, Decoded
from tkit.html.style import dimension, parse_style
from tkit.mail.edit import Edit
from tkit.url import clean

INERT = "data:,"
"""The URL that replaces one in a style sheet: it is empty and needs no server, and the rule stays valid."""

_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_PICTURES = ("img", "image", "amp-img")
_CSS_TEXT = re.compile(
    r"/\*[\s\S]*?(?:\*/|\Z)"
    r"|\"((?:[^\"\\\n\r\f]|\\[\s\S])*+)\""
    r"|'((?:[^'\\\n\r\f]|\\[\s\S])*+)'"
    r"|\([ \t\n\r\f]*+((?:[^\s\"'()\\]|\\(?:[0-9A-Fa-f]{1,6}[ \t\n\r\f]?|[^\n\r\f]))++)"
)


def removal(places: Places, gone: Collection[Place], replace: bool = False) -> list[Edit]:
    """Return the edits that take references out of a text and leave all others.

    Parameters
    ----------
    places : Places
        See :func:`tkit.html.places.places`.
    gone : collection of Place
        What is taken out; of a ``srcset`` or a style sheet any of the URLs.
    replace : bool
        Give pictures an inert inline one; otherwise the element stays without any.

    Returns
    -------
    list of Edit
        In the order of the text.
    """
    return sorted(_Edits(places.source, places.properties, replace).without(gone))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text after edits in its order."""
    pieces = []
    position = 0
    for edit in edits:
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*pieces, text[position:]])


class _Edits:
    """The edits of one document."""

    def __init__(self, source: Source, properties: frozenset[str], replace: bool) -> None:
        self._source = source
        self._properties = properties
        self._replace = replace

    def without(self, gone: Iterable[Place]) -> Iterator[Edit]:
        """Yield the edits that take out what is written at some places."""
        attributes: dict[int, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
        for place in gone:
            attributes[place.tag][place.attribute].append(place)
        for number, names in attributes.items():
            yield from _TagEdits(self._source, number, self._properties, self._replace).without(names)

    def text(self, gone: Iterable[Place]) -> str:
        """Return the document without what is written at some places."""
        return edited(self._source.text, sorted(self.without(gone)))


class _TagEdits:
    """The edits of one start tag."""

    def __init__(self, source: Source, number: int, properties: frozenset[str], replace: bool) -> None:
        self._source = source
        self._text = source.text
        self._number = number
        self._tag = source.tags[number]
        self._properties = properties
        self._replace = replace

    def without(self, names: Mapping[str, Collection[Place]]) -> Iterator[Edit]:
        """Yield the edits that take places out of attributes."""
        for name, places in names.items():
            attribute = self._tag.attribute(name)
            if attribute is None:
                yield from self._sheet(places)
            elif all(place.inner for place in places):
                value = self._nested_value(name, [place.inner for place in places if place.inner])
                yield Edit(attribute.start, attribute.end, attribute_text(name, value))
            else:
                spans = self._spans(attribute, {place.number for place in places})
                if spans is None:
                    yield from self._whole(attribute)
                else:
                    pad = " " if attribute.quote else ","
                    yield from (Edit(start, end, inert, pad) for start, end, inert in spans)
        if "src" in names and not any(place.inner for place in names["src"]):
            yield from self._without_alternative()

    def _nested_value(self, name: str, gone: Collection[Place]) -> str:
        """Return an attribute's value with places taken out of the document or style sheet in it."""
        value = self._value(name)
        inner = self._source.inner.get((self._number, name))
        if inner is None:
            return _sheet_url(clean(value), gone, self._properties)
        return document_value(value, name, _Edits(inner, self._properties, self._replace).text(gone))

    def _whole(self, attribute: Attribute) -> Iterator[Edit]:
        """Yield the edits that take out an attribute as a whole."""
        replacement = self._replacement(attribute)
        yield Edit(attribute.start, attribute.end, replacement)
        if not replacement.startswith(f"{attribute.name}="):  # a second attribute of this name would come into force
            for other in self._tag.attributes:
                if other.name == attribute.name and other != attribute:
                    yield Edit(other.start, other.end, "")

    def _without_alternative(self) -> Iterator[Edit]:
        """Empty the text of a picture that is gone: clients would show it in its place, and the lines would move."""
        alternative = self._tag.attribute("alt")
        if alternative and self._value("alt") and self._tag.name in _PICTURES and not self._replace:
            yield Edit(alternative.start, alternative.end, 'alt=""')

    def _value(self, name: str) -> str:
        attribute = self._tag.attribute(name)
        return Decoded(self._text, attribute.value_start, attribute.value_end).text if attribute else ""

    def _replacement(self, attribute: Attribute) -> str:
        """Return what is written instead of an attribute that is taken out as a whole."""
        name, tag = attribute.name, self._tag.name
        if name == "poster" or (name in ("href", "xlink:href") and tag in ("image", "feimage", "use")):
            # Without href, xlink:href would be read. Without a poster, a video shows its player's own.
            return f'{name}="{blank_gif(1, 1)}"'
        if name == "src" and tag == "script":
            return 'src=""'  # without src, the script in the element would run
        if name != "src" or tag not in (*_PICTURES, "input"):
            return ""
        width, height = self._size()
        if self._replace:
            return f'src="{blank_gif(*_natural(width, height))}"'
        # A picture without a source has its declared size. If a side has none, one pixel stands for the tracker's own.
        missing = [side for side, length in (("width", width), ("height", height)) if not length and tag != "input"]
        return " ".join(f'{side}="1"' for side in missing)

    def _size(self) -> tuple[str, str]:
        """Return the picture's width and height as declared by style or attribute; ``""`` for a side without one."""
        written = self._value("style")
        style = parse_style(written)
        sides = []
        for name, pixels in (("width", style.width), ("height", style.height)):
            styled = f"{pixels:g}" if pixels >= 0 else "?" if re.search(rf"(?<![-\w]){name}\s*:", written) else ""
            sides.append(styled or self._value(name).strip())
        return sides[0], sides[1]

    def _spans(self, attribute: Attribute, numbers: Collection[int]) -> list[tuple[int, int, str]] | None:
        """Return where some URLs of an attribute are written, and what replaces them; None if it must go as a whole."""
        row = self._source.row(self._number, attribute.name)
        value = Decoded(self._text, attribute.value_start, attribute.value_end)
        inert = INERT
        if row and row.value == "css":
            spans = _chosen(_css_spans(value.text, self._properties), numbers)
        elif row and row.value == "list":
            spans = _chosen(_list_spans(value.text), numbers)
        elif row and row.value == "srcset":
            spans = _chosen(_srcset_spans(value.text), numbers, all_of_them=False)
            inert = ""
        else:
            return None
        return None if spans is None else [(value.written(start), value.written(end), inert) for start, end in spans]

    def _sheet(self, gone: Collection[Place]) -> Iterator[Edit]:
        tag = self._tag
        edits = _sheet_edits(self._text[tag.end : tag.raw_end], gone, self._properties)
        if edits is None:
            yield Edit(tag.end, tag.raw_end, "")
        else:
            yield from (Edit(tag.end + edit.start, tag.end + edit.end, edit.text) for edit in edits)


def _sheet_edits(text: str, gone: Collection[Place], properties: frozenset[str]) -> list[Edit] | None:
    """Return the edits that take places out of a style sheet; None if it is not certain where they are."""
    inner: dict[int, list[Place]] = defaultdict(list)
    for place in gone:
        inner[place.number] += [place.inner] if place.inner else []
    spans = _css_spans(text, properties)
    if spans is None or not set(inner) <= set(range(len(spans))):
        return None
    urls = [clean(url) for url, _ in css_urls(text, properties)]
    return [
        Edit(*spans[number], _sheet_url(urls[number], places, properties) if places else INERT)
        for number, places in sorted(inner.items())
    ]


def _sheet_url(url: str, gone: Collection[Place], properties: frozenset[str]) -> str:
    """Return the ``data:`` URL of a style sheet with places taken out."""
    data = data_text(url)
    text = data.text if data else ""
    edits = _sheet_edits(text, gone, properties)
    return with_text(url, "" if edits is None else edited(text, edits))


_Spans = list[tuple[int, int]]


def _chosen(spans: _Spans | None, numbers: Collection[int], all_of_them: bool = True) -> _Spans | None:
    """Return the spans of some numbers; None if a number has none, or if all are chosen and not all may be."""
    if spans is None or not set(numbers) <= set(range(len(spans))) or (len(numbers) == len(spans) and not all_of_them):
        return None
    return [spans[number] for number in sorted(numbers)]


def _css_spans(text: str, properties: frozenset[str]) -> _Spans | None:
    """Return where each URL of a style sheet is written; None if this is not certain.

    Every string and every word in parentheses is replaced by a name of its own. Reading the sheet again shows which of them
    are URLs.
    """
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for match in _CSS_TEXT.finditer(text):
        # Not the document itself, which loads nothing, nor the name of a property.
        if match.lastindex and not match[match.lastindex].startswith(("#", "--")):
            start, end = match.span(match.lastindex)
            pieces += [text[position:start], f"tkit{len(spans)}."]
            spans.append((start, end))
            position = end
    before, after = css_urls(text, properties), css_urls("".join([*pieces, text[position:]]), properties)
    if [url.use for url in before] != [url.use for url in after]:
        return None
    names = [re.fullmatch(r"tkit(\d+)\.", url.url) for url in after]
    return [spans[int(name[1])] for name in names if name] if all(names) else None


def _list_spans(text: str) -> _Spans:
    """Return where each URL of a list of values is written."""
    spans = []
    position = 0
    for value in text.split(";"):
        start = position + len(value) - len(value.lstrip())
        if value.strip() and not value.lstrip().startswith("#"):
            spans.append((start, start + len(value.strip())))
        position += len(value) + 1
    return spans


def _srcset_spans(text: str) -> _Spans | None:
    """Return where each candidate of a ``srcset`` is written, up to the next; None if this is not certain."""
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
    """Return the inert picture's own size: the declared one; a line if only one side is declared; otherwise a pixel."""
    sides = []
    for length in (width, height):
        pixels = dimension(length)
        sides.append(min(int(pixels), 9999) if pixels >= 1 else 1000 if length and pixels < 0 else 1)
    return sides[0], sides[1]


def blank_gif(width: int, height: int) -> str:
    """Return a ``data:`` URL of a transparent GIF of any size up to 65,535 pixels a side, in 42 bytes.

    Source: GIF89a, sections 18 to 23: the logical screen has the size, the one frame is a pixel.

    >>> blank_gif(1, 1)
    'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
    """
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return "data:image/gif;base64," + b2a_base64(_GIF[:6] + size + _GIF[10:], newline=False).decode("ascii")
