"""What is known of a place in a message's HTML that makes a client load something, and of the document that it is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tkit.html.ancestry import Ancestry

LoadedBy = Literal["any", "outlook", "noscript"]

LOADED_BY: Mapping[LoadedBy, str] = {
    "any": "every program that loads remote content, or all but Outlook for Windows",
    "outlook": "at most Outlook for Windows: it is inside a conditional comment, which all others skip",
    "noscript": "only programs that run no scripts, as most mail programs: it is inside a noscript element",
}
"""The programs that load a reference, each with its meaning: a report that only Outlook sends is not one that Gmail sends."""


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
