"""Where the references of an HTML text are written.

A tree says what an element is, not where its text came from. So every start tag that may have a reference gets an attribute
of its own as a mark, the marked text is read by :mod:`tkit.html.reading`, and each reference has the mark of its start tag,
wherever the tree moved or copied its element.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from tkit.html.carriers import LOADING, SHEET_USES, SRCSETS, attributes_of
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.css import css_urls
from tkit.html.reading import RemoteReference, read_document, srcset_candidates
from tkit.html.source import Comment, Decoded, Tag, tokens
from tkit.url import clean

WHOLE = -1
"""The number that stands for every URL of an attribute, if they cannot be told apart."""


class Place(NamedTuple):
    """Where a reference is written: number of the start tag, attribute (``""``: its style sheet), number of the URL there."""

    tag: int
    attribute: str
    number: int


class Load(NamedTuple):
    """The carrier and the URLs of a reference."""

    carrier: str
    url: str
    resolved_url: str


class Places(NamedTuple):
    """The start tags of a text, and the place of each remote reference; None if it is not known."""

    tags: Sequence[Tag]
    of: Sequence[Place | None]


def tags_of(text: str) -> list[Tag]:
    """Return the start tags of a text in order, also those in its conditional comments."""
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
        Its remote references, in order.

    Returns
    -------
    Places or None
        None if the text does not load this. If marks would change what it loads, each reference gets the first place with its
        carrier's attribute and its URL that no reference before it has.
    """
    tags = tags_of(text)
    mark = unused_attribute(text)
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
    if [_load(reference) for reference in remote] == list(loads):
        return Places(tags, _by_url(text, tags, remote))
    return None


def unused_attribute(text: str) -> str:
    """Return the beginning of an attribute's name that no attribute of a text has."""
    lowered = text.lower()
    mark = "data-tkit-"
    while mark in lowered:
        mark += "x-"
    return mark


def resolved_urls(text: str) -> list[str]:
    """Return the resolved URLs of a text's remote references, in order."""
    return [reference.resolved_url for reference in _remote(text)]


def _remote(text: str) -> list[RemoteReference]:
    return [reference for reference in read_document(text).references if not reference.local]


def _load(reference: RemoteReference) -> Load:
    return Load(reference.carrier, reference.url, reference.resolved_url)


def _by_mark(text: str, tags: Sequence[Tag], references: Sequence[RemoteReference], mark: str) -> list[Place | None]:
    finder = _Finder(text, tags)
    return [
        finder.place(reference, [int(name[len(mark) :]) for name in reference.attributes if name.startswith(mark)])
        for reference in references
    ]


class _Finder:
    """Finds references in their start tags: an element that the tree copies gives the URLs of an attribute again, in order."""

    def __init__(self, text: str, tags: Sequence[Tag]) -> None:
        self._text = text
        self._tags = tags
        self._urls: dict[tuple[int, str, str], list[str]] = {}
        self._next = defaultdict[tuple[int, str, str], int](int)

    def place(self, reference: RemoteReference, numbers: Sequence[int]) -> Place | None:
        """Return where a reference is written in one of some tags; None if it is not there."""
        attributes = [(number, name) for number in numbers for name in attributes_of(reference.carrier)]
        for number, name in attributes:
            turn = self._turn(number, name, reference)
            if turn is not None:
                return Place(number, name, turn)
        # The tree decodes the value in another way: the attribute as a whole.
        return next((Place(number, name, WHOLE) for number, name in attributes if _has(self._tags[number], name)), None)

    def _turn(self, number: int, name: str, reference: RemoteReference) -> int | None:
        """Return which URL of an attribute the reference is, searched from behind the one found last."""
        key = (number, name, reference.carrier)
        if key not in self._urls:
            self._urls[key] = _urls(self._text, self._tags[number], name, reference.carrier)
        urls = self._urls[key]
        first = self._next[key]
        for turn in chain(range(first, len(urls)), range(first)):
            if urls[turn] == reference.url:
                self._next[key] = (turn + 1) % len(urls)
                return turn
        return None


def _has(tag: Tag, name: str) -> bool:
    return tag.attribute(name) is not None if name else tag.raw_end > tag.end


def _by_url(text: str, tags: Sequence[Tag], references: Sequence[RemoteReference]) -> list[Place | None]:
    """Find places without marks: the first free one with the carrier's attribute and the URL."""
    free: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for number, tag in enumerate(tags):
        names = dict.fromkeys(attribute.name for attribute in tag.attributes if attribute.name in LOADING)
        for name in (*names, *([""] if tag.name == "style" else [])):
            for turn, url in enumerate(_urls(text, tag, name)):
                free[name, url].append(Place(number, name, turn))
    for same_url in free.values():
        same_url.reverse()
    places = []
    for reference in references:
        keys = [(name, reference.url) for name in attributes_of(reference.carrier)]
        places.append(next((free[key].pop() for key in keys if free.get(key)), None))
    return places


def _urls(text: str, tag: Tag, name: str, carrier: str = "") -> list[str]:
    """Return the URLs of an attribute or the tag's style sheet, as :mod:`tkit.html.reading` returns them.

    The URLs of a style sheet that another carrier loads are ``""``.
    """
    if not name:
        use = SHEET_USES.get(carrier)
        return [clean(url) if use in (None, own) else "" for url, own in css_urls(text[tag.end : tag.raw_end])]
    attribute = tag.attribute(name)
    if attribute is None or name == "content":  # a refresh, whose value makes no sense without the URL
        return []
    value = Decoded(text, attribute.value_start, attribute.value_end).text
    if name == "style":
        return [clean(url) for url, _ in css_urls(value)]
    if name in SRCSETS:
        return [clean(url) for url, _ in srcset_candidates(value)]
    return [clean(value)]
