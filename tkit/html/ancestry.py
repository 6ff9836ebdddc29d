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
    """

    depth: int
    parent: str
    hidden_by: str
    link: str | None
    tables: int

    def around(self, inner: Ancestry) -> Ancestry:
        """Join this, the ancestry of a conditional comment, with the ancestry of an element inside the comment."""
        return Ancestry(
            min(self.depth + inner.depth, _MAX_DEPTH),
            inner.parent,
            inner.hidden_by or self.hidden_by,
            inner.link if inner.link is not None else self.link,
            self.tables + inner.tables,
        )


_Above = tuple[int, str, str, str | None, int]  # the fields of an Ancestry, which most elements do not need as one
_ROOT: _Above = (0, "", "", None, 0)


class Ancestors:
    """The ancestries of one tree's elements, each computed once."""

    def __init__(self) -> None:
        self._above: dict[int, _Above] = {}
        self._known: dict[int, Ancestry] = {}

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
        depth, tag, hidden_by, link, tables = nearest
        for identity, element in reversed(unknown):
            tag = element.tag
            attributes = element.attributes
            if depth < _MAX_DEPTH:
                depth += 1
            if tag == "table":
                tables += 1
            elif tag == "a" and "href" in attributes:
                link = clean(attributes["href"] or "")
            if "style" in attributes or "hidden" in attributes:
                hidden_by = hides(attributes.get("style") or "", "hidden" in attributes) or hidden_by
            above[identity] = depth, tag, hidden_by, link, tables
        return depth, tag, hidden_by, link, tables
