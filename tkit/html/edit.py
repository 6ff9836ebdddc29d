"""Take references out of an HTML text."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from tkit.html.carriers import SRCSETS
from tkit.html.css import css_urls
from tkit.html.places import Place, Places
from tkit.html.reading import srcset_candidates
from tkit.html.source import Attribute, Decoded, Tag
from tkit.html.style import dimension, parse_style
from tkit.mail.edit import Edit

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


def removal(text: str, places: Places, gone: Collection[Place], replace: bool = False) -> list[Edit]:
    """Return the edits that take references out of a text and leave all others.

    Parameters
    ----------
    text : str
        The HTML.
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
    numbers: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for place in gone:
        numbers[place.tag][place.attribute].add(place.number)
    return sorted(edit for tag, names in numbers.items() for edit in _TagEdits(text, places.tags[tag], replace).without(names))


class _TagEdits:
    """The edits of one start tag."""

    def __init__(self, text: str, tag: Tag, replace: bool) -> None:
        self._text = text
        self._tag = tag
        self._replace = replace

    def without(self, names: Mapping[str, Collection[int]]) -> Iterator[Edit]:
        """Yield the edits that take URLs out of attributes, each named with the numbers of its URLs."""
        for name, numbers in names.items():
            attribute = self._tag.attribute(name)
            spans = self._spans(attribute, numbers) if attribute else None
            if attribute is None:
                yield from self._sheet(numbers)
            elif spans is None:
                yield from self._whole(attribute)
            else:
                inert = INERT if name == "style" else ""
                yield from (Edit(start, end, inert, " " if attribute.quote else ",") for start, end in spans)
        if "src" in names:
            yield from self._without_alternative()

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

    def _spans(self, attribute: Attribute, numbers: Collection[int]) -> list[tuple[int, int]] | None:
        """Return where some URLs of a ``srcset`` or ``style`` are written; None if the attribute must go as a whole."""
        value = Decoded(self._text, attribute.value_start, attribute.value_end)
        if attribute.name == "style":
            spans = _chosen(_css_spans(value.text), numbers)
        elif attribute.name in SRCSETS:
            spans = _chosen(_srcset_spans(value.text), numbers, all_of_them=False)
        else:
            return None
        return spans and [(value.written(start), value.written(end)) for start, end in spans]

    def _sheet(self, numbers: Collection[int]) -> Iterator[Edit]:
        tag = self._tag
        spans = _chosen(_css_spans(self._text[tag.end : tag.raw_end]), numbers)
        if spans is None:
            yield Edit(tag.end, tag.raw_end, "")
        else:
            yield from (Edit(tag.end + start, tag.end + end, INERT) for start, end in spans)


_Spans = list[tuple[int, int]]


def _chosen(spans: _Spans | None, numbers: Collection[int], all_of_them: bool = True) -> _Spans | None:
    """Return the spans of some numbers; None if a number has none, or if all are chosen and not all may be."""
    if spans is None or not set(numbers) <= set(range(len(spans))) or (len(numbers) == len(spans) and not all_of_them):
        return None
    return [spans[number] for number in sorted(numbers)]


def _css_spans(text: str) -> _Spans | None:
    """Return where each URL of a style sheet is written; None if this is not certain.

    Every string and every word in parentheses is replaced by a name of its own. Reading the sheet again shows which of them
    are URLs.
    """
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for match in _CSS_TEXT.finditer(text):
        if match.lastindex and not match[match.lastindex].startswith("#"):  # the document itself: loads nothing
            start, end = match.span(match.lastindex)
            pieces += [text[position:start], f"tkit{len(spans)}."]
            spans.append((start, end))
            position = end
    before, after = css_urls(text), css_urls("".join([*pieces, text[position:]]))
    if [url.use for url in before] != [url.use for url in after]:
        return None
    names = [re.fullmatch(r"tkit(\d+)\.", url.url) for url in after]
    return [spans[int(name[1])] for name in names if name] if all(names) else None


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
