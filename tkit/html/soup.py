"""The second, readable HTML backend: html5lib's tree through BeautifulSoup, seen as lexbor's tree is seen.

The nodes have only what :mod:`tkit.html.reading` uses, under the names of ``selectolax``. So one reader serves both, and a
difference between them is a difference between the parsers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from bs4 import BeautifulSoup, Comment, NavigableString, Tag
from bs4.element import Doctype, PageElement

_SPACE = " \t\n\f\r"


class SoupNode:
    """One node of the soup; attributes are named and mean the same as those of ``selectolax.lexbor.LexborNode``."""

    __slots__ = ("_element",)

    def __init__(self, element: PageElement) -> None:
        self._element = element

    @property
    def mem_id(self) -> int:
        """A number that identifies the node within its tree."""
        return id(self._element)

    @property
    def tag(self) -> str:
        """The tag's name; ``-comment``, ``-doctype`` or ``-text`` for other nodes, as in lexbor."""
        if isinstance(self._element, Tag):
            return str(self._element.name)
        if isinstance(self._element, Comment):
            return "-comment"
        return "-doctype" if isinstance(self._element, Doctype) else "-text"

    @property
    def attributes(self) -> dict[str, str | None]:
        """The attributes as written."""
        if not isinstance(self._element, Tag):
            return {}
        return {str(name): str(value) for name, value in self._element.attrs.items()}

    @property
    def parent(self) -> SoupNode | None:
        """The parent element; None above the root element."""
        above = self._element.parent
        return None if above is None or isinstance(above, BeautifulSoup) else SoupNode(above)

    @property
    def prev(self) -> SoupNode | None:
        """The sibling before."""
        sibling = self._element.previous_sibling
        return None if sibling is None else SoupNode(sibling)

    @property
    def next(self) -> SoupNode | None:
        """The sibling after."""
        sibling = self._element.next_sibling
        return None if sibling is None else SoupNode(sibling)

    @property
    def is_element_node(self) -> bool:
        """Whether it is an element."""
        return isinstance(self._element, Tag)

    @property
    def is_comment_node(self) -> bool:
        """Whether it is a comment."""
        return isinstance(self._element, Comment)

    @property
    def is_text_node(self) -> bool:
        """Whether it is text."""
        return isinstance(self._element, NavigableString) and not isinstance(self._element, Comment | Doctype)

    @property
    def is_empty_text_node(self) -> bool:
        """Whether it is text of ASCII white space only."""
        return self.is_text_node and not str(self._element).strip(_SPACE)

    @property
    def comment_content(self) -> str:
        """The text of a comment without the white space around it, as in lexbor."""
        return str(self._element).strip()

    def text(self) -> str:
        """Return the text directly in an element, including style sheets."""
        return "".join(map(str, self._element.contents)) if isinstance(self._element, Tag) else str(self._element)

    def traverse(self) -> Iterator[SoupNode]:
        """Yield the node, and the elements and comments below it, in document order.

        The content of a ``template`` is inert and left out.
        """
        waiting = [self._element]
        while waiting:
            element = waiting.pop()
            if isinstance(element, Tag | Comment):
                yield SoupNode(element)
            if isinstance(element, Tag) and element.name != "template":
                waiting.extend(reversed(element.contents))


class SoupParser:
    """Parses with html5lib through BeautifulSoup."""

    def __init__(self, html: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # BeautifulSoup's advice on input that looks like a path or a URL
            self._soup = BeautifulSoup(html, "html5lib", multi_valued_attributes=None)

    @property
    def root(self) -> SoupNode:
        """The whole document."""
        return SoupNode(self._soup)
