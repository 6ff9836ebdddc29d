"""The nodes of an HTML text that a reader visits, by any of three parsers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal

from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser

from tkit.errors import TkitError
from tkit.html.carriers import SELECTOR
from tkit.html.hints import conditional_comments_may_load, css_may_load
from tkit.html.tags import TagParser

Backend = Literal["lexbor", "soup"]

# The elements that may load by CSS.
_STYLED = r'[style*="("],[style*="\\"],style'
# One for all documents: making one costs as much as using it.
_SELECTOR: Any = LexborCSSSelector()  # type: ignore[no-untyped-call]


def candidates(html: str) -> Iterable[Any]:
    """Return nodes of a text's tree in document order; every link, base and reference is among them.

    The parser finds elements by their attributes several times as fast as a loop over all elements. It cannot find
    conditional comments.
    """
    root = LexborHTMLParser(html).root
    if conditional_comments_may_load(html):
        return _nodes(root)
    elements: list[Any] = _SELECTOR.find(f":is({SELECTOR},{_STYLED})" if css_may_load(html) else f":is({SELECTOR})", root)
    return elements


def soup_nodes(html: str) -> Iterable[Any]:
    """Return the nodes of html5lib's tree.

    Raises
    ------
    TkitError
        If it is not installed.
    """
    try:
        from tkit.html.soup import SoupParser  # noqa: PLC0415  html5lib takes a while to import, and is an extra
    except ImportError as error:
        raise TkitError(f"the backend soup needs {error.name}: pip install 'tkit[soup]', or take lexbor") from None
    return _nodes(SoupParser(html).root)


def tag_nodes(html: str) -> Iterable[Any]:
    """Return a text's tags and comments, for a text whose tree would take too long."""
    return TagParser(html).root.traverse()


def all_nodes(html: str) -> Iterable[Any]:
    """Return every node of lexbor's tree."""
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
