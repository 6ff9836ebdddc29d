"""HTML to remote references: every place that makes a client load something, as it is written.

References are read from the HTML5 tree that browsers build. It is lexbor's (fast) or html5lib's through BeautifulSoup
(readable). :mod:`tkit.html.soup` makes the second look like the first, so that one reader serves both. A text whose tree would
take minutes is read tag by tag, by :mod:`tkit.html.tags`: no reference is lost, but nothing is known of the elements around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from tkit.html.ancestry import Ancestors, Ancestry
from tkit.html.carriers import (
    ANIMATIONS,
    DOCUMENTS,
    MARKS,
    PRELOADED,
    SHEET,
    SHEETS,
    SRC,
    WRITTEN_OUT,
    Carrier,
    ways_of,
)
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.cost import tree_takes_long
from tkit.html.css import CustomProperties, may_load, may_use_properties
from tkit.html.hints import comment_may_load, without_space_behind_body
from tkit.html.loads import NO_NAMES, Load, fitting, loads_of
from tkit.html.nested import MAX_DOCUMENTS, DataText, data_text, is_shadow
from tkit.html.reference import Document, RemoteReference
from tkit.html.trees import Backend, all_nodes, candidates, soup_nodes, tag_nodes
from tkit.mail import Message
from tkit.url import clean, resolve
from tkit.url.parsing import resolve_absolute

_OTHER_MARKS = (MARKS | {"style"}) - {"src"}
_NESTED = DOCUMENTS | SHEETS | {"meta-refresh"}
_LINKS = frozenset(("a", "area"))


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
            soup_nodes if backend == "soup" else candidates if properties is None else all_nodes
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
        self._url_properties = properties.of_urls() if properties else NO_NAMES

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
            self._nodes_of = tag_nodes
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
                self._walk(tag_nodes(fragment.html), Ancestors(), around)
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

    def _written(self, tag: str, attributes: Mapping[str, str | None], node: Any, svg: bool | None) -> list[Load]:
        """Return everything that an element loads, in the order of :data:`tkit.html.carriers.CARRIERS`."""
        src = attributes.get("src")
        if src and tag in SRC and _OTHER_MARKS.isdisjoint(attributes) and not svg:  # most of them
            return [(SRC[tag], src, "")]
        if tag in ANIMATIONS:
            attributes = {name.lower(): value for name, value in attributes.items()}
        loads: list[Load] = []
        for names, rows in ways_of(tag, svg):
            text = None if names else node.text()
            for name in names:
                if text := attributes.get(name):
                    break
            if text and (row := fitting(rows, attributes)):
                loads += self._loads(row, text)
        return loads

    def _loads(self, row: Carrier, text: str) -> Iterable[Load]:
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
        loads: Iterable[Load],
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
