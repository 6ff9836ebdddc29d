"""Where the references of an HTML text are written.

A tree says what an element is, not where its text came from. So every start tag that may have a reference gets an attribute
of its own as a mark, the marked text is read by :mod:`tkit.html.reading`, and each reference has the mark of its start tag,
wherever the tree moved or copied its element.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from itertools import chain
from typing import NamedTuple

from tkit.html.carriers import LOADING, NESTING, SHEET_USES, WRITTEN_OUT, Carrier, attributes_of, ways_of
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.css import css_urls
from tkit.html.loads import fitting, loads_of
from tkit.html.nested import MAX_DOCUMENTS, data_text, with_text
from tkit.html.reading import read_document
from tkit.html.reference import Document, RemoteReference
from tkit.html.source import Comment, Decoded, Tag, tokens
from tkit.url import clean

WHOLE = -1
"""The number that stands for every URL of an attribute, if they cannot be told apart."""

SHEET_TAG = -1
"""The number of the start tag that stands for a style sheet in a ``data:`` URL."""


class Place(NamedTuple):
    """Where a reference is written.

    Attributes
    ----------
    tag : int
        Number of the start tag.
    attribute : str
        The attribute; ``""`` for the style sheet behind the tag.
    number : int
        Number of the URL there.
    inner : Place or None
        The place in the document or style sheet that is written there, if the reference is in one.
    """

    tag: int
    attribute: str
    number: int
    inner: Place | None = None


class Load(NamedTuple):
    """The carrier and the URLs of a reference."""

    carrier: str
    url: str
    resolved_url: str


class Source:
    """An HTML text with its start tags, and the texts of the documents in their attributes.

    Attributes
    ----------
    text : str
    tags : sequence of Tag
    inner : mapping of (int, str) to Source
        The documents by number of the start tag and attribute.
    """

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.tags = tags_of(text)
        self.inner: dict[tuple[int, str], Source] = {}
        for number, tag in enumerate(self.tags):
            for name in NESTING.get(tag.name, ()) if depth < MAX_DOCUMENTS else ():
                inner = document_in(self.value(number, name), name)
                if inner is not None:
                    self.inner[number, name] = Source(inner, depth + 1)

    def value(self, number: int, name: str) -> str:
        """Return the value of a start tag's attribute; ``""`` without one."""
        attribute = self.tags[number].attribute(name)
        return Decoded(self.text, attribute.value_start, attribute.value_end).text if attribute else ""

    def row(self, number: int, name: str) -> Carrier | None:
        """Return the carrier that an attribute of a start tag is."""
        tag = self.tags[number]
        attributes = {attribute.name: self.value(number, attribute.name) for attribute in tag.attributes}
        return next((fitting(rows, attributes) for names, rows in ways_of(tag.name) if name in names), None)

    def texts(self) -> Iterator[str]:
        """Yield its text and those of the documents in it."""
        yield self.text
        for inner in self.inner.values():
            yield from inner.texts()

    def marked(self, mark: str) -> str:
        """Return the text with an attribute, named by a mark and a number, in each start tag that may have a reference."""
        pieces = []
        position = 0
        for number, tag in enumerate(self.tags):
            if tag.name == "style" or any(attribute.name in LOADING for attribute in tag.attributes):
                pieces += [self.text[position : tag.name_end], f" {mark}{number}"]
                position = tag.name_end
            for name in NESTING.get(tag.name, ()):
                attribute, inner = tag.attribute(name), self.inner.get((number, name))
                if attribute and inner:
                    value = document_value(self.value(number, name), name, inner.marked(f"{mark}{number}-{name}-"))
                    pieces += [self.text[position : attribute.start], attribute_text(name, value)]
                    position = attribute.end
        return "".join([*pieces, self.text[position:]])


class Places(NamedTuple):
    """A text, the place of each remote reference (None if it is not known), and the custom properties that are URLs."""

    source: Source
    of: Sequence[Place | None]
    properties: frozenset[str]

    @property
    def tags(self) -> Sequence[Tag]:
        """The start tags of the text."""
        return self.source.tags


def document_in(value: str, name: str) -> str | None:
    """Return the HTML of the document that is written in an attribute; None if there is none."""
    if name in _WRITTEN_OUT:
        return value or None
    data = data_text(clean(value)) if "data:" in value.lower() else None
    return data.text if data and data.is_document else None


def document_value(value: str, name: str, text: str) -> str:
    """Return the value of an attribute with another document in it."""
    return text if name in _WRITTEN_OUT else with_text(clean(value), text)


def attribute_text(name: str, value: str) -> str:
    """Return an attribute as it is written in HTML."""
    return f'{name}="{escape(value)}"'


_WRITTEN_OUT = frozenset(name for carrier in WRITTEN_OUT for name in attributes_of(carrier))


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
    source = Source(text)
    mark = unused_attribute("\n".join(source.texts()))
    document = read_document(source.marked(mark))
    remote = _remote(document)
    if [_load(reference) for reference in remote] == list(loads):
        return Places(source, _by_mark(source, remote, mark, document.properties), document.properties)
    document = read_document(text)
    remote = _remote(document)
    if [_load(reference) for reference in remote] == list(loads):
        return Places(source, _by_url(source, remote, document.properties), document.properties)
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
    return [reference.resolved_url for reference in _remote(read_document(text))]


def _remote(document: Document) -> list[RemoteReference]:
    return [reference for reference in document.references if not reference.local]


def _load(reference: RemoteReference) -> Load:
    return Load(reference.carrier, reference.url, reference.resolved_url)


def _by_mark(
    source: Source, references: Sequence[RemoteReference], mark: str, properties: frozenset[str]
) -> list[Place | None]:
    finder = _Finder(source, properties)
    return [
        finder.place(reference, [name[len(mark) :] for name in reference.attributes if name.startswith(mark)])
        for reference in references
    ]


class _Finder:
    """Finds references in their start tags: an element that the tree copies gives the URLs of an attribute again, in order."""

    def __init__(self, source: Source, properties: frozenset[str]) -> None:
        self._source = source
        self._properties = properties
        self._urls: dict[tuple[str, str], list[tuple[str, Place]]] = {}
        self._next = defaultdict[tuple[str, str], int](int)

    def place(self, reference: RemoteReference, paths: Sequence[str]) -> Place | None:
        """Return where a reference is written in one of some tags, each named by its mark; None if it is not there."""
        for path in paths:
            found = self._turn(path, reference)
            if found:
                return _within(path, found)
        # The tree decodes the value in another way: the attribute as a whole.
        for path in paths:
            source, number = _at(self._source, path)
            for name in attributes_of(reference.carrier):
                if _has(source.tags[number], name):
                    return _within(path, Place(number, name, WHOLE))
        return None

    def _turn(self, path: str, reference: RemoteReference) -> Place | None:
        """Return which URL of a start tag the reference is, searched from behind the one found last."""
        key = (path, reference.carrier)
        if key not in self._urls:
            source, number = _at(self._source, path)
            self._urls[key] = list(_urls(source, number, reference.carrier, self._properties))
        urls = self._urls[key]
        first = self._next[key]
        for turn in chain(range(first, len(urls)), range(first)):
            url, place = urls[turn]
            if url == reference.url:
                self._next[key] = (turn + 1) % len(urls)
                return place
        return None


def _at(source: Source, path: str) -> tuple[Source, int]:
    """Return the document and the number in it of the start tag with a mark, such as ``3-srcdoc-0``."""
    number, _, rest = path.partition("-")
    if not rest:
        return source, int(number)
    name, _, rest = rest.partition("-")
    return _at(source.inner[int(number), name], rest)


def _within(path: str, place: Place) -> Place:
    """Return a place in the document of a start tag as one in the text."""
    *outer, _ = path.split("-")
    for number, name in zip(outer[-2::-2], outer[::-2], strict=True):
        place = Place(int(number), name, 0, place)
    return place


def _has(tag: Tag, name: str) -> bool:
    return tag.attribute(name) is not None if name else tag.raw_end > tag.end


def _by_url(source: Source, references: Sequence[RemoteReference], properties: frozenset[str]) -> list[Place | None]:
    """Find places without marks: the first free one of the carrier and the URL."""
    carriers = dict.fromkeys(reference.carrier for reference in references)
    free: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for carrier in carriers:
        for place, url in _every(source, carrier, properties):
            free[carrier, url].append(place)
    for same_url in free.values():
        same_url.reverse()
    keys = [(reference.carrier, reference.url) for reference in references]
    return [free[key].pop() if free.get(key) else None for key in keys]


def _every(source: Source, carrier: str, properties: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """Yield each place of a carrier in a text, and its URL."""
    for number, tag in enumerate(source.tags):
        for url, place in _urls(source, number, carrier, properties):
            yield place, url
        for name in NESTING.get(tag.name, ()):
            if inner := source.inner.get((number, name)):
                for place, url in _every(inner, carrier, properties):
                    yield Place(number, name, 0, place), url


def _urls(source: Source, number: int, carrier: str, properties: frozenset[str]) -> Iterator[tuple[str, Place]]:
    """Yield the URLs that a start tag loads by a carrier, as :mod:`tkit.html.reading` returns them, and their places."""
    tag = source.tags[number]
    if carrier in SHEET_USES:
        if tag.name == "style":
            yield from _sheet_urls(source.text[tag.end : tag.raw_end], carrier, Place(number, "", 0), properties)
        elif sheet := data_text(clean(source.value(number, "href"))):
            for url, place in _sheet_urls(sheet.text, carrier, Place(SHEET_TAG, "", 0), properties):
                yield url, Place(number, "href", 0, place)
        return
    for name in attributes_of(carrier):
        row = source.row(number, name)
        if row and row.name == carrier and row.value != "refresh":  # whose value makes no sense without the URL
            for turn, (_, url, _) in enumerate(loads_of(row, source.value(number, name), properties)):
                yield clean(url), Place(number, name, turn)


def _sheet_urls(
    text: str, carrier: str, place: Place, properties: frozenset[str], depth: int = 0
) -> Iterator[tuple[str, Place]]:
    """Yield the URLs of a style sheet, and of those in its ``data:`` URLs, that a carrier loads."""
    for turn, (url, use) in enumerate(css_urls(text, properties)):
        own = place._replace(number=turn)
        if use == SHEET_USES[carrier]:
            yield clean(url), own
        if use == "import" and depth < MAX_DOCUMENTS and (sheet := data_text(clean(url))):
            for inner_url, inner in _sheet_urls(sheet.text, carrier, Place(SHEET_TAG, "", 0), properties, depth + 1):
                yield inner_url, own._replace(inner=inner)
