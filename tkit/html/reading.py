"""HTML to remote references: every place that makes a client load something, as it is written.

References are read from the HTML5 tree that browsers build. It is lexbor's (fast) or html5lib's through BeautifulSoup
(readable). :mod:`tkit.html.soup` makes the second look like the first, so that one reader serves both. A text whose tree would
take minutes is read tag by tag, by :mod:`tkit.html.tags`: no reference is lost, but nothing is known of the elements around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, NamedTuple

from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser

from tkit.errors import TkitError
from tkit.html.ancestry import Ancestors, Ancestry
from tkit.html.carriers import (
    ANIMATIONS,
    DOCUMENTS,
    MARKS,
    PRELOADED,
    SELECTOR,
    SHEET,
    SHEET_USES,
    SHEETS,
    SRC,
    WRITTEN_OUT,
    Carrier,
    Value,
    ways_of,
)
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.cost import tree_takes_long
from tkit.html.css import CustomProperties, css_urls, may_load, may_use_properties
from tkit.html.hints import comment_may_load, conditional_comments_may_load, css_may_load, without_space_behind_body
from tkit.html.nested import MAX_DOCUMENTS, DataText, data_text, is_shadow
from tkit.html.tags import TagParser
from tkit.mail import Message
from tkit.url import clean, resolve
from tkit.url.parsing import resolve_absolute

Backend = Literal["lexbor", "soup"]
LoadedBy = Literal["any", "outlook", "noscript"]

LOADED_BY: Mapping[LoadedBy, str] = {
    "any": "every program that loads remote content, or all but Outlook for Windows",
    "outlook": "at most Outlook for Windows: it is inside a conditional comment, which all others skip",
    "noscript": "only programs that run no scripts, as most mail programs: it is inside a noscript element",
}
"""The programs that load a reference, each with its meaning: a report that only Outlook sends is not one that Gmail sends."""

_Load = tuple[str, str, str]  # carrier, URL, descriptor

_OTHER_MARKS = (MARKS | {"style"}) - {"src"}
_NESTED = DOCUMENTS | SHEETS | {"meta-refresh"}
# Only the last character of a run of white space separates the time from the URL, so that no run is searched twice.
_REFRESH = re.compile(r"[\s\d.]*(?:[;,]\s*+|\s(?!\s))(?:url\s*=\s*)?[\"']?([^\"'\s][^\"']*)", re.IGNORECASE)
_SHEET_CARRIERS = {use: name for name, use in SHEET_USES.items()}
_LINKS = frozenset(("a", "area"))
_SRCSET_URL = re.compile(r"[ \t\n\f\r,]*([^ \t\n\f\r]+)")
_SRCSET_DESCRIPTOR = re.compile(r"((?:\([^)]*\)?|[^,(])*),?")
# The elements that may load by CSS.
_STYLED = r'[style*="("],[style*="\\"],style'
_NO_NAMES: frozenset[str] = frozenset()
# One for all documents: making one costs as much as using it.
_SELECTOR: Any = LexborCSSSelector()  # type: ignore[no-untyped-call]


class RemoteReference(NamedTuple):
    """One place in a message's HTML that makes a client load something.

    Attributes
    ----------
    part : int
        Number of the HTML part, from 0, see :attr:`tkit.mail.Message.html_parts`.
    index : int
        Number of the reference in the message, from 0, in document order.
    carrier : str
        How it is written, see :mod:`tkit.html.carriers`.
    url : str
        As written: HTML entities and CSS escapes decoded, edges stripped, inner tabs and line ends removed.
    resolved_url : str
        The URL that a browser would request; ``""`` for a local reference.
    local : bool
        True if it needs no server: ``cid:``, ``data:``, a relative URL without a base, an unparsable one.
    element : str
        Tag of the element, lower case.
    attributes : mapping of str to str
        The element's attributes as written, names in lower case; ``""`` for one without a value.
    ancestry : Ancestry
        The elements around it.
    order, marks : int
        Its number among the document's links and references, from 0, and their total.
    text_before, text_after : bool
        Whether there is text right before or after the element, under the same parent.
    conditional : bool
        True inside an MSO conditional comment, which only Outlook's Word engine reads.
    descriptor : str
        The descriptor of a ``srcset`` candidate, such as ``"2x"``; otherwise ``""``.
    repeats : int
        Number of references of the document with this ``resolved_url``, itself included; 0 for a local one.
    """

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody needs here
    carrier: str
    url: str
    resolved_url: str
    local: bool
    element: str
    attributes: Mapping[str, str]
    ancestry: Ancestry
    order: int
    marks: int
    text_before: bool
    text_after: bool
    conditional: bool
    descriptor: str
    repeats: int

    @property
    def loaded_by(self) -> LoadedBy:
        """The programs that load it, one of :data:`LOADED_BY`."""
        return "outlook" if self.conditional else "noscript" if self.ancestry.noscript else "any"


class Document(NamedTuple):
    """What one HTML part loads and links to.

    Attributes
    ----------
    references : list of RemoteReference
        In document order.
    links : list of str
        The resolved URLs of its links in order, ``""`` for ``mailto:`` and the like.
    as_tags : bool
        True if its tree would take too long, so that it was read tag by tag, see :mod:`tkit.html.tags`.
    properties : frozenset of str
        The custom properties in which a string is a URL, see :class:`tkit.html.css.CustomProperties`.
    """

    references: list[RemoteReference]
    links: list[str]
    as_tags: bool = False
    properties: frozenset[str] = frozenset()


def references(message: Message, backend: Backend = "lexbor") -> list[RemoteReference]:
    r"""Return every reference of a message, remote and local, in document order over all its HTML parts.

    Examples
    --------
    >>> message = Message.from_bytes(b"Content-Type: text/html\n\n<img src='http://a.example/o?id=1' width=1>")
    >>> [(reference.carrier, reference.resolved_url, reference.local) for reference in references(message)]
    [('img-src', 'http://a.example/o?id=1', False)]
    """
    return [reference for document in read_message(message, backend) for reference in document.references]


def read_message(message: Message, backend: Backend = "lexbor") -> list[Document]:
    """Read every HTML part of a message; the references are numbered across all parts."""
    documents: list[Document] = []
    start = 0
    for part, html in enumerate(message.html_parts):
        document = read_document(html, part, start, backend)
        start += len(document.references)
        documents.append(document)
    return documents


def read_document(html: str, part: int = 0, start: int = 0, backend: Backend = "lexbor") -> Document:
    """Read one HTML text.

    Parameters
    ----------
    html : str
        The decoded text of an HTML part; no text raises an error.
    part : int
        The part's number, kept in each reference.
    start : int
        The index of the first reference.
    backend : {"lexbor", "soup"}
        The HTML5 parser.

    Returns
    -------
    Document
    """
    reader = _Reader(backend)
    reader.read(html)
    if reader.may_use_properties:
        properties = CustomProperties()
        _Reader(backend, properties).read(html)
        reader = _Reader(backend, properties)
        reader.read(html)
    return reader.document(part, start)


@dataclass(slots=True)
class _Draft:
    """A reference before its document is read to the end."""

    carrier: str
    url: str
    element: str
    attributes: Mapping[str, str]
    ancestry: Ancestry
    order: int
    text_before: bool
    text_after: bool
    conditional: bool
    descriptor: str

    def reference(self, part: int, index: int, resolved_url: str, marks: int, repeats: int) -> RemoteReference:
        # Keywords would cost a twentieth of the time in which a mail is read.
        return RemoteReference._make(
            (
                part,
                index,
                self.carrier,
                self.url,
                resolved_url,
                not resolved_url,
                self.element,
                self.attributes,
                self.ancestry,
                self.order,
                marks,
                self.text_before,
                self.text_after,
                self.conditional,
                self.descriptor,
                repeats,
            )
        )


class _Inner(NamedTuple):
    """A document inside another: its drafts, its links, and its base; the one around it if the base is None."""

    drafts: range
    links: range
    base: str | None


class _Reader:
    """Walks one document, and those inside it, in order.

    These are conditional comments, shadow trees, the documents of frames and the style sheets of ``data:`` URLs. All but the
    frames' have the base of the document.
    """

    def __init__(self, backend: Backend, properties: CustomProperties | None = None) -> None:
        self._nodes_of: Callable[[str], Iterable[Any]] = (
            _soup_nodes if backend == "soup" else _candidates if properties is None else _all_nodes
        )
        self._drafts: list[_Draft] = []
        self._links: list[str] = []
        self._inner: list[_Inner] = []
        self._base: str | None = None
        self._base_around = ""
        self._first_base: tuple[str, int] | None = None  # and the number of drafts before it
        self._as_tags = False
        self._marks = 0
        self._comments = 0
        self._documents = 0
        self._shadows = 0
        self.may_use_properties = False
        """Whether a custom property may be a URL: then all of them must be known."""
        self._properties = properties
        self._url_properties = properties.of_urls() if properties else _NO_NAMES

    def document(self, part: int, start: int) -> Document:
        resolved_urls = self._resolved([draft.url for draft in self._drafts], [inner.drafts for inner in self._inner])
        found: Iterable[tuple[_Draft, str]] = zip(self._drafts, resolved_urls, strict=True)
        if self._first_base and self._first_base[0] != (self._base or ""):
            found = list(self._with_preloaded(found, *self._first_base))
            resolved_urls = [resolved_url for _, resolved_url in found]
        repeats: dict[str, int] = defaultdict(int)
        for resolved_url in resolved_urls:
            repeats[resolved_url] += 1
        repeats[""] = 0
        references = [
            draft.reference(part, index, resolved_url, self._marks, repeats[resolved_url])
            for index, (draft, resolved_url) in enumerate(found, start)
        ]
        links = self._resolved(self._links, [inner.links for inner in self._inner])
        return Document(references, links, self._as_tags, self._url_properties)

    def _resolved(self, urls: list[str], inner: list[range]) -> list[str]:
        resolved = _resolved(urls, self._base or "")
        for numbers, own in zip(reversed(inner), reversed(self._inner), strict=True):
            # A document ends before the one around it does: read backwards, those around others come first.
            if own.base is not None:
                resolved[numbers.start : numbers.stop] = _resolved(urls[numbers.start : numbers.stop], own.base)
        return resolved

    def _with_preloaded(self, found: Iterable[tuple[_Draft, str]], base: str, first: int) -> Iterator[tuple[_Draft, str]]:
        """Yield references, and after each what Chromium asks for before it knows that a base does not count."""
        inner = {number for own in self._inner for number in own.drafts}
        for number, (draft, resolved_url) in enumerate(found):
            yield draft, resolved_url
            if number >= first and number not in inner and draft.carrier in PRELOADED and not resolve(draft.url):
                preloaded = resolve(draft.url, base)
                if preloaded and preloaded != resolved_url:
                    yield draft, preloaded

    def read(self, html: str, around: Ancestry | None = None) -> None:
        """Collect from one HTML text; ``around`` is the ancestry of the element or comment that it was in."""
        html = without_space_behind_body(html)
        if tree_takes_long(html):
            self._nodes_of = _tag_nodes
            self._as_tags = True
        self._walk(self._nodes_of(html), Ancestors(), around)

    def _walk(self, nodes: Iterable[Any], ancestors: Ancestors, around: Ancestry | None, in_svg: bool = False) -> None:
        read: Collection[int] = ()
        every_style = self._properties is not None
        for node in nodes:
            if read and node.mem_id in read:
                continue
            tag = node.tag
            attributes = node.attributes
            if tag in _LINKS:
                if "href" in attributes:
                    self._links.append(clean(attributes["href"] or ""))
                    self._marks += 1
                if not in_svg and "style" not in attributes and "background" not in attributes:
                    continue
            elif tag == "-comment":
                self._comment(node, ancestors, around)
                continue
            elif tag == "svg" and not in_svg and not self._as_tags:
                inside = list(node.traverse())
                read = {one.mem_id for one in inside}
                self._walk(inside, ancestors, around, in_svg=True)
                continue
            elif tag == "template":
                if not self._as_tags and is_shadow(attributes):
                    self._shadow(node, ancestors, around)
            elif tag != "style" and MARKS.isdisjoint(attributes):
                style = attributes.get("style")
                if not (style and (every_style or may_load(style))):
                    continue
            tag = tag.lower()  # lexbor keeps the case of SVG's feImage
            language = ancestors.language(node) if in_svg or (tag == "base" and not self._as_tags) else "html"
            if tag == "base":
                if "href" in attributes:
                    self._set_base(clean(attributes["href"] or ""), language == "html")
                continue
            if loads := self._written(tag, attributes, node, None if self._as_tags else language == "svg"):
                self._add(node, tag, attributes, loads, ancestors, around)

    def _set_base(self, url: str, is_html: bool) -> None:
        if self._comments:
            return
        base = resolve(url, self._base_around)
        if self._first_base is None and not self._documents and not self._shadows:
            self._first_base = base, len(self._drafts)
        # HTML Standard, section 4.2.3: the first base element with a href that is in the document, whatever it holds.
        if self._base is None and is_html and not self._shadows:
            self._base = base

    def _comment(self, node: Any, ancestors: Ancestors, around: Ancestry | None) -> None:
        comment = node.comment_content or ""
        start = inner_start(comment)
        if start is None:
            return
        inner = comment[start:]
        if self._comments < MAX_NESTED and comment_may_load(inner):
            self._comments += 1
            # The closing <![endif] becomes an empty comment at the end of the inner tree.
            self.read(inner, _within(around, ancestors.of(node)))
            self._comments -= 1

    def _shadow(self, template: Any, ancestors: Ancestors, around: Ancestry | None) -> None:
        """Collect from a shadow tree."""
        around = _within(around, ancestors.of(template))
        self._shadows += 1
        for fragment in template.template_fragments():
            if self._shadows <= MAX_DOCUMENTS:
                self._walk(fragment.traverse(), Ancestors(), around)
            else:  # calls should not go deeper, and no reference may be lost
                self._as_tags = True
                self._walk(_tag_nodes(fragment.html), Ancestors(), around)
        self._shadows -= 1

    def _document(self, html: str, around: Ancestry, base: str | None) -> None:
        """Collect from the document of a frame; its base is that of the document around it if `base` is None."""
        outer = self._base, self._base_around, self._shadows
        self._base_around = (self._base or self._base_around) if base is None else base
        self._base, self._shadows = None, 0
        with self._inside(base):
            self.read(html, around)
        self._base, self._base_around, self._shadows = outer

    @contextmanager
    def _inside(self, base: str | None) -> Iterator[None]:
        """Note what is collected meanwhile as of another document, with this base if it names none."""
        drafts, links = len(self._drafts), len(self._links)
        self._documents += 1
        yield
        self._documents -= 1
        own = base if self._base is None else self._base
        self._inner.append(_Inner(range(drafts, len(self._drafts)), range(links, len(self._links)), own))

    def _written(self, tag: str, attributes: Mapping[str, str | None], node: Any, svg: bool | None) -> list[_Load]:
        """Return everything that an element loads, in the order of :data:`tkit.html.carriers.CARRIERS`."""
        src = attributes.get("src")
        if src and tag in SRC and _OTHER_MARKS.isdisjoint(attributes) and not svg:  # most of them
            return [(SRC[tag], src, "")]
        if tag in ANIMATIONS:
            attributes = {name.lower(): value for name, value in attributes.items()}
        loads: list[_Load] = []
        for names, rows in ways_of(tag, svg):
            text = None if names else node.text()
            for name in names:
                if text := attributes.get(name):
                    break
            if text and (row := fitting(rows, attributes)):
                loads += self._loads(row, text)
        return loads

    def _loads(self, row: Carrier, text: str) -> Iterable[_Load]:
        if row.value == "css" or row.value.startswith("sheet "):
            self.may_use_properties = self.may_use_properties or may_use_properties(text)
            if self._properties is not None:
                self._properties.add(text)
        return loads_of(row, text, self._url_properties)

    def _add(
        self,
        node: Any,
        tag: str,
        attributes: Mapping[str, str | None],
        loads: Iterable[_Load],
        ancestors: Ancestors,
        around: Ancestry | None,
    ) -> None:
        ancestry = _within(around, ancestors.of(node))
        values: Mapping[str, str] = (
            {name: value or "" for name, value in attributes.items()} if None in attributes.values() else attributes  # type: ignore[assignment]
        )
        before, after = node.prev, node.next
        text_before = before is not None and before.is_text_node and not before.is_empty_text_node
        text_after = after is not None and after.is_text_node and not after.is_empty_text_node
        conditional = self._comments > 0
        for carrier, url, descriptor in loads:
            if carrier in WRITTEN_OUT:
                if self._documents < MAX_DOCUMENTS:
                    self._document(url, _within(around, ancestors.inside(node)), None)
                continue
            url = clean(url)  # noqa: PLW2901
            if url:
                order = self._marks
                draft = _Draft(carrier, url, tag, values, ancestry, order, text_before, text_after, conditional, descriptor)
                self._drafts.append(draft)
                self._marks += 1
                if carrier in _NESTED and (data := self._data(carrier, url)):
                    if carrier in SHEETS:
                        self._documents += 1
                        self._add(node, tag, attributes, self._loads(SHEET, data.text), ancestors, around)
                        self._documents -= 1
                    elif data.is_document:
                        self._document(data.text, _within(around, ancestors.inside(node)), "")

    def _data(self, carrier: str, url: str) -> DataText | None:
        """Return the document or style sheet that a ``data:`` URL is; None for another URL."""
        # A mail itself is not replaced by a data: URL.
        too_deep = self._documents >= MAX_DOCUMENTS or (carrier == "meta-refresh" and not self._documents)
        return None if too_deep else data_text(url)


def _within(around: Ancestry | None, ancestry: Ancestry) -> Ancestry:
    return ancestry if around is None else around.around(ancestry)


def _resolved(urls: list[str], base: str) -> list[str]:
    return [resolve(url, base) for url in urls] if base else list(map(resolve_absolute, urls))


def _candidates(html: str) -> Iterable[Any]:
    """Return nodes of a text's tree in document order; every link, base and reference is among them.

    The parser finds elements by their attributes several times as fast as a loop over all elements. It cannot find
    conditional comments.
    """
    root = LexborHTMLParser(html).root
    if conditional_comments_may_load(html):
        return _nodes(root)
    elements: list[Any] = _SELECTOR.find(f":is({SELECTOR},{_STYLED})" if css_may_load(html) else f":is({SELECTOR})", root)
    return elements


def _soup_nodes(html: str) -> Iterable[Any]:
    try:
        from tkit.html.soup import SoupParser  # noqa: PLC0415  html5lib takes a while to import, and is an extra
    except ImportError as error:
        raise TkitError(f"the backend soup needs {error.name}: pip install 'tkit[soup]', or take lexbor") from None
    return _nodes(SoupParser(html).root)


def _tag_nodes(html: str) -> Iterable[Any]:
    return TagParser(html).root.traverse()


def _all_nodes(html: str) -> Iterable[Any]:
    return _nodes(LexborHTMLParser(html).root)


def _nodes(root: Any) -> Iterator[Any]:
    """Return the elements and comments of a tree in document order, also those beside the html element."""
    before = []
    node = root.prev
    while node is not None:
        before.append(node)
        node = node.prev
    after = []
    node = root.next
    while node is not None:
        after.append(node)
        node = node.next
    return chain(reversed(before), root.traverse(), after)


def fitting(rows: Sequence[Carrier], attributes: Mapping[str, str | None]) -> Carrier | None:
    """Return the first row whose conditions the attributes meet."""
    for row in rows:
        if not row.when or all(_has_word(attributes.get(name) or "", name, words) for name, words in row.when):
            return row
    return None


def _has_word(value: str, name: str, words: Sequence[str]) -> bool:
    value = value.lower()
    return not set(value.split()).isdisjoint(words) if name == "rel" else value.strip() in words


def loads_of(row: Carrier, text: str, properties: frozenset[str] = _NO_NAMES) -> Iterable[_Load]:
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


def _in_href(carrier: str, text: str, _: frozenset[str]) -> Iterable[_Load]:
    return () if text.lstrip().startswith("#") else ((carrier, text, ""),)


def _in_list(carrier: str, text: str, properties: frozenset[str]) -> Iterable[_Load]:
    return [load for value in text.split(";") for load in _in_href(carrier, value, properties)]


def _in_css(carrier: str, text: str, properties: frozenset[str]) -> Iterable[_Load]:
    return [(carrier, url, "") for url, _ in css_urls(text, properties)]


def _in_refresh(carrier: str, text: str, _: frozenset[str]) -> Iterable[_Load]:
    refresh = _REFRESH.match(text)
    return ((carrier, refresh[1], ""),) if refresh else ()


@lru_cache(maxsize=256)
def _in_sheet(_: str, text: str, properties: frozenset[str]) -> Iterable[_Load]:
    return tuple((_SHEET_CARRIERS[use], url, "") for url, use in css_urls(text, properties))


_LOADS_OF: Mapping[Value, Callable[[str, str, frozenset[str]], Iterable[_Load]]] = {
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
