"""How senders disguise a tracker: edits of the mail's HTML.

Each manipulation rewrites one reference of a real document as its sender could have written it, so that every feature is
computed from the edited mail itself. Some change the element, some the URL; any number can be combined.
Mailspring's own tracker drops its size, others declare 2x2, and forged sizes are common (Hu et al., IEEE S&P 2019).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

from selectolax.lexbor import LexborHTMLParser

from tkit.errors import TkitError
from tkit.html import Document, RemoteReference, read_document
from tkit.html.places import Load, places, unused_attribute
from tkit.html.source import Tag
from tkit.manipulate.urls import header_picture, jpg, link_redirect, neutral_words, sender_domain, short_token, split_token
from tkit.url import host_of, registrable_domain, resolve, unwrap

_T = TypeVar("_T")
# A sender's choices are drawn by the tracker's URL, so that no detector can learn the disguise itself.
_SIZES = ((120, 60), (600, 200), (88, 31), (300, 250), (48, 48), (560, 120), (180, 40), (32, 32), (200, 150), (640, 360))
_ALTS = ("News", "Logo", "Shop now", "Our latest news", "Follow us", "View in browser", "Banner", "Autumn offers are here", "")
_HEADER_SIZE = (600, 200)
_HEADER_ALTS = tuple(filter(None, _ALTS))
_SHORT_LENGTHS = (4, 5, 6, 7, 8)
_PIECE_LENGTHS = (2, 3, 4, 5, 6)
_REDIRECT_LENGTHS = (10, 16, 20, 22, 27, 32, 40)

_DOCTYPE = re.compile(r"\s*(<!doctype[^>]*>)", re.IGNORECASE)
_SEMICOLON = re.compile(r";(?![^(]*\))")  # not one inside url(...)
_SHOWING = frozenset(
    (
        "width",
        "height",
        "max-width",
        "max-height",
        "min-width",
        "min-height",
        "display",
        "visibility",
        "opacity",
        "position",
        "left",
        "right",
        "top",
        "bottom",
        "overflow",
        "clip",
        "clip-path",
        "transform",
        "text-indent",
        "font-size",
        "line-height",
        "mso-hide",
    )
)
"""Properties that say how large a picture is or whether it is seen."""
_ELEMENTS = frozenset(("img-src", "input-image", "img-srcset", "style-attr", "background-attr"))
"""Carriers that are attributes of an element and can be edited."""


class Edited(NamedTuple):
    """A document with one reference manipulated.

    Attributes
    ----------
    html : str
        The whole document after the edit.
    reference : RemoteReference
        The edited reference, numbered as in the edited document.
    """

    html: str
    reference: RemoteReference


@dataclass
class _Edit:
    """A document being edited. The node is found by its marker each time, because moving it makes a new node."""

    tree: LexborHTMLParser
    marker: str
    reference: RemoteReference
    url: str
    sender: str
    links: Sequence[str]
    drawn_by: str

    def drawn(self, what: str, options: Sequence[_T]) -> _T:
        """Return one of the options, always the same for the same reference."""
        digest = hashlib.sha256(f"{what} {self.drawn_by}".encode("utf-8", "replace")).digest()
        return options[int.from_bytes(digest[:4]) % len(options)]

    @property
    def node(self) -> Any:
        return self.tree.css_first(f"[{self.marker}]")

    @property
    def is_picture(self) -> bool:
        return self.node.tag in ("img", "image", "input")

    def link(self) -> str:
        """Return the first link with the commonest host of the mail's links; ``""`` without links."""
        hosts = Counter(map(host_of, self.links))
        most = max(hosts, key=lambda host: hosts[host], default="")
        return next((link for link in self.links if host_of(link) == most), "")


# -- of the element ---------------------------------------------------------------------------------------------


def _bare(edit: _Edit) -> None:
    """Remove the element's own declarations of size and visibility."""
    node = edit.node
    for name in ("width", "height", "hidden"):
        if name in node.attrs:
            del node.attrs[name]
    style = node.attributes.get("style")
    if style is not None:
        kept = [part for part in _SEMICOLON.split(style) if part.partition(":")[0].strip().lower() not in _SHOWING]
        text = ";".join(part for part in kept if part.strip())
        if text:
            node.attrs["style"] = text
        else:
            del node.attrs["style"]


def _ordinary_size(edit: _Edit) -> bool:
    _bare(edit)
    width, height = edit.drawn("size", _SIZES)
    node = edit.node
    if edit.is_picture:
        node.attrs["width"], node.attrs["height"] = str(width), str(height)
    else:
        style = node.attributes.get("style") or ""
        node.attrs["style"] = ";".join(filter(None, (style, f"width:{width}px;height:{height}px")))
    return True


def _no_size(edit: _Edit) -> bool:
    _bare(edit)
    return True


def _top_of_body(edit: _Edit) -> bool:
    node, body = edit.node, edit.tree.body
    if body is None or not edit.is_picture or body.first_child is None:
        return False
    first = body.first_child
    if first.mem_id == node.mem_id:
        return True
    first.insert_before(node)  # a copy
    node.decompose()
    return True


def _alt_and_link(edit: _Edit) -> bool:
    if not edit.is_picture:
        return False
    node = edit.node
    node.attrs["alt"] = edit.drawn("alt", _ALTS)
    if edit.reference.ancestry.link is not None:
        return True
    href = edit.link() or (f"https://www.{edit.sender}/" if edit.sender else "")
    if href:
        _replace(node, f'<a href="{escape(href)}">{node.html}</a>', "a")
    return True


def _css_background(edit: _Edit) -> bool:
    if not edit.is_picture:
        return False
    node = edit.node
    size = ""
    for side in ("width", "height"):
        value = (node.attributes.get(side) or "").strip()
        if value.isdigit():
            size += f";{side}:{value}px"
    style = f"display:inline-block{size};background-image:url('{edit.url.replace(chr(39), '%27')}')"
    _replace(node, f'<span style="{escape(style)}" {edit.marker}=""></span>', "span")
    return True


def _replace(node: Any, html: str, tag: str) -> None:
    """Replace a node by the first element with a tag in an HTML text."""
    node.insert_before(_parsed(html, tag))
    node.decompose()


def _parsed(html: str, tag: str) -> Any:
    return LexborHTMLParser(html).css_first(tag)


# -- of the URL -------------------------------------------------------------------------------------------------


def _rewrite(edit: _Edit, url: str) -> bool:
    """Replace the reference's URL."""
    carrier, node = edit.reference.carrier, edit.node
    if node.tag in ("img", "image", "input"):
        node.attrs["src"] = url
    elif carrier == "background-attr":
        node.attrs["background"] = url
    else:
        style = node.attributes.get("style") or ""
        written = edit.url if edit.url in style else edit.reference.url
        if written not in style:
            return False
        node.attrs["style"] = style.replace(written, url.replace("'", "%27").replace(")", "%29"))
    edit.url = url
    return True


def _neutral(edit: _Edit) -> bool:
    return _rewrite(edit, neutral_words(edit.url, edit.drawn("word", range(8))))


def _short(edit: _Edit) -> bool:
    return _rewrite(edit, short_token(edit.url, edit.drawn("short", _SHORT_LENGTHS)))


def _split(edit: _Edit) -> bool:
    return _rewrite(edit, split_token(edit.url, edit.drawn("piece", _PIECE_LENGTHS)))


def _photo(edit: _Edit) -> bool:
    return _rewrite(edit, jpg(edit.url))


def _to_sender(edit: _Edit) -> bool:
    domain = edit.sender or registrable_domain(host_of(edit.link()))
    return bool(domain) and _rewrite(edit, sender_domain(edit.url, domain))


def _behind_redirect(edit: _Edit) -> bool:
    link = edit.link()
    return bool(link) and _rewrite(edit, link_redirect(edit.url, link, edit.drawn("redirect", _REDIRECT_LENGTHS)))


def _header(edit: _Edit) -> bool:
    domain, link, body = edit.sender or registrable_domain(host_of(edit.link())), edit.link(), edit.tree.body
    if not (domain and edit.is_picture) or body is None or body.first_child is None:
        return False
    edit.url = header_picture(edit.url, domain)
    width, height = _HEADER_SIZE
    size = f'width="{width}" height="{height}" alt="{escape(edit.drawn("alt", _HEADER_ALTS))}"'
    picture = f'<img src="{edit.url}" {size} {edit.marker}="">'
    html = f'<a href="{escape(link or f"https://www.{domain}/")}">{picture}</a>'
    node = edit.node
    body.first_child.insert_before(_parsed(html, "a"))
    node.decompose()
    return True


MANIPULATIONS: Mapping[str, Callable[[_Edit], bool]] = {
    "ordinary-size": _ordinary_size,
    "no-size": _no_size,
    "top-of-body": _top_of_body,
    "alt-and-link": _alt_and_link,
    "sender-domain": _to_sender,
    "neutral-words": _neutral,
    "short-token": _short,
    "split-token": _split,
    "jpg": _photo,
    "link-redirect": _behind_redirect,
    "css-background": _css_background,
    "header-picture": _header,
}
"""The manipulations by name, in the order in which several are done; docs/manipulations.md describes each."""

WHOLE = ("header-picture",)
"""Those that write the element and its URL anew, in another place. A sender's own header pictures are written in exactly that
way, so one mail cannot tell which of them is a tracker, and nothing can be learnt from such copies."""

COMBINED = tuple(name for name in MANIPULATIONS if name not in WHOLE)
"""Those that are combined, and drawn for copies to train on."""

HARMLESS = (
    "ordinary-size",
    "no-size",
    "top-of-body",
    "alt-and-link",
    "sender-domain",
    "neutral-words",
    "jpg",
    "css-background",
)
"""Those after which a good picture is still a good one: they add no identifier."""

PAIRS = tuple(pair for pair in combinations(COMBINED, 2) if pair != ("ordinary-size", "no-size"))
"""All pairs that can be done together."""

TRIPLES = tuple(
    triple
    for triple in combinations(("ordinary-size", "alt-and-link", "sender-domain", "neutral-words", "short-token", "jpg"), 3)
    if "ordinary-size" in triple
)
"""Three at once: an ordinary size, and two of the edits that make a picture look like content."""


def manipulate(
    html: str,
    reference: RemoteReference,
    names: Sequence[str],
    sender: str = "",
    document: Document | None = None,
    drawn_by: str = "",
    url: str = "",
) -> Edited | None:
    """Manipulate one reference of a document.

    Parameters
    ----------
    html : str
        The document, as it was read.
    reference : RemoteReference
        One of its references, as :func:`tkit.html.read_document` returns it.
    names : sequence of str
        Of :data:`MANIPULATIONS`; they are done in its order. If empty, the document is only parsed and written.
    sender : str
        Registrable domain of the mail's sender.
    document : Document, optional
        ``html`` as read, if the caller has it.
    drawn_by : str
        The text by which sizes, texts and lengths are drawn; by default the reference's own URL. One text for all copies of a
        mailing gives its tracker the same size in all of them, as one template does.
    url : str
        What the reference requests instead, before the manipulations: in the copy of another recipient.

    Returns
    -------
    Edited or None
        None if the reference is in a style sheet, a conditional comment or a shadow tree, or if one of the manipulations
        cannot be done to it.

    Raises
    ------
    TkitError
        For an unknown name.

    Examples
    --------
    >>> from tkit.html.reading import read_document
    >>> html = "<p>Hello</p><img src='http://t.example/open?id=b81e2c' width=1 height=1>"
    >>> edited = manipulate(html, read_document(html).references[0], ["no-size", "neutral-words"])
    >>> edited.reference.url, dict(edited.reference.attributes)
    ('http://t.example/season?t=b81e2c', {'src': 'http://t.example/season?t=b81e2c'})
    """
    for name in names:
        if name not in MANIPULATIONS:
            raise TkitError(f"unknown manipulation {name!r}: choose from {', '.join(MANIPULATIONS)}")
    if reference.local or reference.conditional or reference.carrier not in _ELEMENTS:
        return None
    if document is None:
        document = read_document(html, reference.part)
    tag = _start_tag(html, document, reference)
    if tag is None:
        return None
    marker = f"{unused_attribute(html)}edited"
    tree = LexborHTMLParser(f'{html[: tag.name_end]} {marker}=""{html[tag.name_end :]}')
    links = [link for link in document.links if link]
    edit = _Edit(tree, marker, reference, unwrap(reference.resolved_url), sender, links, drawn_by or reference.resolved_url)
    wanted = url or edit.url
    if edit.node is None or ((names or url) and wanted != reference.url and not _rewrite(edit, wanted)):
        return None
    if not all(MANIPULATIONS[name](edit) for name in MANIPULATIONS if name in names):
        return None
    return _read_back(html, edit, reference.part, document.references[0].index)


def _start_tag(html: str, document: Document, reference: RemoteReference) -> Tag | None:
    """Return the start tag in which a reference is written; None if it is not known."""
    remote = [other for other in document.references if not other.local]
    found = _places(html, tuple(Load(other.carrier, other.url, other.resolved_url) for other in remote))
    place = found.of[[other.index for other in remote].index(reference.index)] if found else None
    return found.tags[place.tag] if found and place and not place.inner else None


_places = lru_cache(maxsize=1)(places)  # the references of a document are manipulated one after the other


def _read_back(html: str, edit: _Edit, part: int, start: int) -> Edited | None:
    """Write the tree as HTML, and find the marked element's reference in it."""
    written = edit.tree.html or ""
    doctype = _DOCTYPE.match(html)
    if doctype:
        written = written.replace("<!DOCTYPE html>", doctype[1], 1)  # the tree keeps no public identifier
    wanted = resolve(edit.url)
    for reference in read_document(written, part, start).references:
        if edit.marker in reference.attributes and unwrap(reference.resolved_url) == wanted:
            attributes = {name: value for name, value in reference.attributes.items() if name != edit.marker}
            return Edited(written.replace(f' {edit.marker}=""', ""), reference._replace(attributes=attributes))
    return None
