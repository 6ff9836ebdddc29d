"""The elements around a reference: how deep it is nested, what hides it, the link around it."""

from __future__ import annotations

from typing import Any, NamedTuple

from tkit.html.style import hides
from tkit.url import clean

_MAX_DEPTH = 512  # Chromium nests no deeper


class Ancestry(NamedTuple):
    """What is known from the elements around a reference.

    Attributes
    ----------
    depth : int
        Number of ancestor elements, at most 512.
    parent : str
        Tag of the parent element, ``""`` at the root.
    hidden_by : str
        How the nearest hiding ancestor hides, see :func:`tkit.html.style.hides`; ``""`` if none does.
    link : str or None
        The ``href`` of the nearest link around it, as written; None if there is none.
    tables : int
        Number of ``table`` elements around it.
    noscript : bool
        Whether a ``noscript`` element is around it.
    """

    depth: int
    parent: str
    hidden_by: str
    link: str | None
    tables: int
    noscript: bool = False

    def around(self, inner: Ancestry) -> Ancestry:
        """Join this, the ancestry of a conditional comment, with the ancestry of an element inside the comment."""
        return Ancestry(
            min(self.depth + inner.depth, _MAX_DEPTH),
            inner.parent,
            inner.hidden_by or self.hidden_by,
            inner.link if inner.link is not None else self.link,
            self.tables + inner.tables,
            self.noscript or inner.noscript,
        )


_Above = tuple[int, str, str, str | None, int, bool]  # the fields of an Ancestry, which most elements do not need as one
_ROOT: _Above = (0, "", "", None, 0, False)

# The elements of SVG and MathML that HTML may be in (HTML Standard, section 13.2.6.5).
_OF_HTML = frozenset(("foreignobject", "desc", "title", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"))


class Ancestors:
    """The ancestries of one tree's elements, each computed once."""

    def __init__(self) -> None:
        self._above: dict[int, _Above] = {}
        self._known: dict[int, Ancestry] = {}
        self._languages: dict[int, str] = {}

    def of(self, node: Any) -> Ancestry:
        """Return the ancestry of a node."""
        parent = node.parent
        if parent is None:
            return Ancestry(*_ROOT)
        identity = parent.mem_id
        ancestry = self._known.get(identity)
        if ancestry is None:
            ancestry = self._known[identity] = Ancestry(*self._below(parent))
        return ancestry

    def inside(self, node: Any) -> Ancestry:
        """Return the ancestry of what is in a node: of its children, or of the document that it shows."""
        return Ancestry(*self._below(node))

    def language(self, node: Any) -> str:
        """Return the language of an element: ``"svg"``, ``"math"`` or ``"html"``."""
        tag = node.tag.lower()
        return tag if tag in ("svg", "math") else self._language_in(node.parent)

    def _language_in(self, element: Any) -> str:
        """Return the language of an element's children."""
        known = self._languages
        unknown = []
        language = "html"
        while element is not None and element.is_element_node:
            identity = element.mem_id
            if identity in known:
                language = known[identity]
                break
            unknown.append(identity)
            tag = element.tag.lower()
            if tag in ("svg", "math"):
                language = tag
                break
            if tag in _OF_HTML:
                break
            element = element.parent
        known.update(dict.fromkeys(unknown, language))
        return language

    def _below(self, element: Any) -> _Above:
        """Return the ancestry of an element's children. It is a loop because hostile mail nests deeper than calls may."""
        above = self._above
        unknown = []
        nearest: _Above = _ROOT
        while element is not None and element.is_element_node:
            identity = element.mem_id
            if identity in above:
                nearest = above[identity]
                break
            unknown.append((identity, element))
            element = element.parent
        depth, tag, hidden_by, link, tables, noscript = nearest
        for identity, element in reversed(unknown):
            tag = element.tag
            attributes = element.attributes
            if depth < _MAX_DEPTH:
                depth += 1
            if tag == "table":
                tables += 1
            elif tag == "a" and "href" in attributes:
                link = clean(attributes["href"] or "")
            elif tag == "noscript":
                noscript = True
            if "style" in attributes or "hidden" in attributes:
                hidden_by = hides(attributes.get("style") or "", "hidden" in attributes) or hidden_by
            above[identity] = depth, tag, hidden_by, link, tables, noscript
        return depth, tag, hidden_by, link, tables, noscript
