"""HTML to remote references: every place that makes a client load something, as it is written.

References are read from the HTML5 tree that browsers build. It is lexbor's (fast) or html5lib's through BeautifulSoup
(readable). :mod:`tkit.html.soup` makes the second look like the first, so that one reader serves both. A text whose tree would
take minutes is read tag by tag, by :mod:`tkit.html.tags`: no reference is lost, but nothing is known of the elements around it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, NamedTuple

from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser

from tkit.errors import TkitError
from tkit.html.ancestry import Ancestors, Ancestry
from tkit.html.carriers import MARKS, SELECTOR, SHEET_USES, SRC, Carrier, Value, ways_of
from tkit.html.conditional import MAX_NESTED, inner_start
from tkit.html.cost import tree_takes_long
from tkit.html.css import css_urls, may_load
from tkit.html.hints import comment_may_load, conditional_comments_may_load, css_may_load, without_space_behind_body
from tkit.html.tags import TagParser
from tkit.mail import Message
from tkit.url import clean, resolve
from tkit.url.parsing import resolve_absolute

Backend = Literal["lexbor", "soup"]
_Load = tuple[str, str, str]  # carrier, URL, descriptor

_OTHER_MARKS = (MARKS | {"style"}) - {"src"}
# Only the last character of a run of white space separates the time from the URL, so that no run is searched twice.
_REFRESH = re.compile(r"[\s\d.]*(?:[;,]\s*+|\s(?!\s))(?:url\s*=\s*)?[\"']?([^\"'\s][^\"']*)", re.IGNORECASE)
_SHEET_CARRIERS = {use: name for name, use in SHEET_USES.items()}
_LINKS = frozenset(("a", "area"))
_SRCSET_URL = re.compile(r"[ \t\n\f\r,]*([^ \t\n\f\r]+)")
_SRCSET_DESCRIPTOR = re.compile(r"((?:\([^)]*\)?|[^,(])*),?")
# The elements that may load by CSS.
_STYLED = r'[style*="("],[style*="\\"],style'
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
    """

    references: list[RemoteReference]
    links: list[str]
    as_tags: bool = False


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


class _Reader:
    """Walks one document, and the documents inside its conditional comments, in order."""

    def __init__(self, backend: Backend) -> None:
        self._nodes_of: Callable[[str], Iterable[Any]] = _candidates if backend == "lexbor" else _soup_nodes
        self._drafts: list[_Draft] = []
        self._links: list[str] = []
        self._base = ""
        self._has_base = False
        self._as_tags = False
        self._marks = 0
        self._comments = 0

    def document(self, part: int, start: int) -> Document:
        resolved_urls = self._resolved([draft.url for draft in self._drafts])
        repeats: dict[str, int] = defaultdict(int)
        for resolved_url in resolved_urls:
            repeats[resolved_url] += 1
        repeats[""] = 0
        references = [
            draft.reference(part, index, resolved_url, self._marks, repeats[resolved_url])
            for index, (draft, resolved_url) in enumerate(zip(self._drafts, resolved_urls, strict=True), start)
        ]
        return Document(references, self._resolved(self._links), self._as_tags)

    def _resolved(self, urls: list[str]) -> list[str]:
        base = self._base
        return [resolve(url, base) for url in urls] if base else list(map(resolve_absolute, urls))

    def read(self, html: str, around: Ancestry | None = None) -> None:
        """Collect from one HTML text; ``around`` is the ancestry of the conditional comment that it was in."""
        conditional = around is not None
        ancestors = Ancestors()
        html = without_space_behind_body(html)
        if tree_takes_long(html):
            self._nodes_of = _tag_nodes
            self._as_tags = True
        for node in self._nodes_of(html):
            tag = node.tag
            attributes = node.attributes
            if tag in _LINKS:
                if "href" in attributes:
                    self._links.append(clean(attributes["href"] or ""))
                    self._marks += 1
                if "style" not in attributes and "background" not in attributes:
                    continue
            elif tag == "-comment":
                self._comment(node, ancestors)
                continue
            elif tag != "style" and MARKS.isdisjoint(attributes):
                style = attributes.get("style")
                if not (style and may_load(style)):
                    continue
            tag = tag.lower()  # lexbor keeps the case of SVG's feImage
            if tag == "base":
                # HTML Standard, section 4.2.3: the first base element with a href, whatever it holds.
                if not self._has_base and "href" in attributes:
                    self._has_base = True
                    self._base = resolve(clean(attributes["href"] or ""))
                continue
            if loads := _written(tag, attributes, node):
                self._add(node, tag, attributes, loads, ancestors.of(node), conditional, around)

    def _comment(self, node: Any, ancestors: Ancestors) -> None:
        comment = node.comment_content or ""
        start = inner_start(comment)
        if start is None:
            return
        inner = comment[start:]
        if self._comments < MAX_NESTED and comment_may_load(inner):
            self._comments += 1
            # The closing <![endif] becomes an empty comment at the end of the inner tree.
            self.read(inner, ancestors.of(node))
            self._comments -= 1

    def _add(
        self,
        node: Any,
        tag: str,
        attributes: Mapping[str, str | None],
        loads: list[_Load],
        ancestry: Ancestry,
        conditional: bool,
        around: Ancestry | None,
    ) -> None:
        if around is not None:
            ancestry = around.around(ancestry)
        values: Mapping[str, str] = (
            {name: value or "" for name, value in attributes.items()} if None in attributes.values() else attributes  # type: ignore[assignment]
        )
        before, after = node.prev, node.next
        text_before = before is not None and before.is_text_node and not before.is_empty_text_node
        text_after = after is not None and after.is_text_node and not after.is_empty_text_node
        for carrier, url, descriptor in loads:
            url = clean(url)  # noqa: PLW2901
            if url:
                order = self._marks
                draft = _Draft(carrier, url, tag, values, ancestry, order, text_before, text_after, conditional, descriptor)
                self._drafts.append(draft)
                self._marks += 1


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


def _written(tag: str, attributes: Mapping[str, str | None], node: Any) -> list[_Load]:
    """Return everything that an element loads, in the order of :data:`tkit.html.carriers.CARRIERS`."""
    src = attributes.get("src")
    if src and tag in SRC and _OTHER_MARKS.isdisjoint(attributes):  # most of them
        return [(SRC[tag], src, "")]
    loads: list[_Load] = []
    for names, rows in ways_of(tag):
        text = None if names else node.text()
        for name in names:
            if text := attributes.get(name):
                break
        if text and (row := _fitting(rows, attributes)):
            loads += _LOADS_OF[row.value](row.name, text)
    return loads


def _fitting(rows: Sequence[Carrier], attributes: Mapping[str, str | None]) -> Carrier | None:
    """Return the first row whose conditions the attributes meet."""
    for row in rows:
        if not row.when or all(_has_word(attributes.get(name) or "", name, words) for name, words in row.when):
            return row
    return None


def _has_word(value: str, name: str, words: Sequence[str]) -> bool:
    value = value.lower()
    return not set(value.split()).isdisjoint(words) if name == "rel" else value.strip() in words


def _in_href(carrier: str, text: str) -> Iterable[_Load]:
    return () if text.lstrip().startswith("#") else ((carrier, text, ""),)


def _in_css(carrier: str, text: str) -> Iterable[_Load]:
    return [(carrier, url, "") for url, _ in css_urls(text)]


def _in_refresh(carrier: str, text: str) -> Iterable[_Load]:
    refresh = _REFRESH.match(text)
    return ((carrier, refresh[1], ""),) if refresh else ()


@lru_cache(maxsize=256)
def _in_sheet(_: str, text: str) -> Iterable[_Load]:
    return tuple((_SHEET_CARRIERS[use], url, "") for url, use in css_urls(text))


_LOADS_OF: Mapping[Value, Callable[[str, str], Iterable[_Load]]] = {
    "url": lambda carrier, text: ((carrier, text, ""),),
    "href": _in_href,
    "srcset": lambda carrier, text: [(carrier, url, descriptor) for url, descriptor in srcset_candidates(text)],
    "css": _in_css,
    "refresh": _in_refresh,
    **dict.fromkeys(("sheet value", "sheet import", "sheet font"), _in_sheet),
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
