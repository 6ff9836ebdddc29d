"""What senders do to a tracker so that it is not recognised: edits of the mail's HTML, then the real extraction.

Each manipulation rewrites one reference of a real document as its sender could have written it, so that every
feature follows from the edited mail itself. Some change the element, some the URL; any number can be combined.
Mailspring's own tracker drops its size, others declare 2x2, and forged sizes are common (Hu et al., IEEE S&P 2019).
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from selectolax.lexbor import LexborHTMLParser

from tkit.errors import TkitError
from tkit.features import extract
from tkit.html import Document, RemoteReference, read_document, read_message
from tkit.mail import Message
from tkit.url import host_of, registrable_domain, resolve, unwrap

ORDINARY_SIZE = (120, 60)
"""Width and height, in pixels, that a disguised tracker declares."""

_ALT = "Our latest news"
_NEUTRAL = ("media", "banner", "header", "season", "picture", "main", "site", "top")
_NEUTRAL_PARAMETERS = ("v", "w", "q", "t")
_PIECE = 4  # characters of each part of a split token
_SHORT = 6
_LEAST_TO_SPLIT = 8
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}\Z")
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
"""Carriers that are attributes of an element which can be edited."""


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
    """A document being edited; the node is found anew by its marker, since moving it makes another node."""

    tree: LexborHTMLParser
    marker: str
    reference: RemoteReference
    url: str
    sender: str
    links: Sequence[str]

    @property
    def node(self) -> Any:
        return self.tree.css_first(f"[{self.marker}]")

    @property
    def is_picture(self) -> bool:
        return self.node.tag in ("img", "image", "input")

    def link(self) -> str:
        """Give the link whose host most of the mail's links have, the first of them; ``""`` without any."""
        hosts = Counter(map(host_of, self.links))
        most = max(hosts, key=lambda host: hosts[host], default="")
        return next((link for link in self.links if host_of(link) == most), "")


# -- of the element ---------------------------------------------------------------------------------------------


def _bare(edit: _Edit) -> None:
    """Take away what the element itself says of its size and visibility."""
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
    width, height = ORDINARY_SIZE
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
    node.attrs["alt"] = _ALT
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
    """Put the first such element of an HTML text in a node's place."""
    node.insert_before(LexborHTMLParser(html).body.css_first(tag))
    node.decompose()


# -- of the URL -------------------------------------------------------------------------------------------------


class _Parts(NamedTuple):
    origin: str
    path: str
    query: str

    def url(self) -> str:
        return f"{self.origin}{self.path}{'?' + self.query if self.query else ''}"


def _parts(url: str) -> _Parts:
    start = url.find("/", url.find("//") + 2)
    path, _, query = url[start:].partition("#")[0].partition("?")
    return _Parts(url[:start], path, query)


def _is_identifier(token: str, least: int = _SHORT + 1) -> bool:
    """Tell whether a token may name a recipient: long enough, and with a digit or longer than words are."""
    return len(token) >= least and (any(map(str.isdigit, token)) or len(token) > 20)


def _shortened(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:_SHORT] if _is_identifier(token) else token


def sender_domain(url: str, sender: str) -> str:
    """Serve it from the sender's own domain.

    >>> sender_domain("https://t.esp.example/o?id=7", "shop.example")
    'https://www.shop.example/o?id=7'
    """
    return f"{url[: url.find('//')]}//www.{sender}{url[url.find('/', url.find('//') + 2) :]}"


def neutral_words(url: str) -> str:
    """Give the path and the query's parameters names that say nothing; identifiers and extensions stay.

    >>> neutral_words("https://a.example/wf/open.php?upn=b81e2c7&u=")
    'https://a.example/media/banner.php?v=b81e2c7&w='
    """
    origin, path, query = _parts(url)
    words: Iterator[str] = (_NEUTRAL[number % len(_NEUTRAL)] for number in range(len(path)))

    def neutral(token: re.Match[str]) -> str:
        text = token[0]
        return text if any(map(str.isdigit, text)) or len(text) > 20 else next(words)

    extension = _EXTENSION.search(path)
    stem = path[: extension.start()] if extension else path
    path = _TOKEN.sub(neutral, stem) + (extension[0] if extension else "")
    fields = query.split("&") if query else []
    named = [
        f"{_NEUTRAL_PARAMETERS[number % len(_NEUTRAL_PARAMETERS)]}={value}" if equals else name
        for number, (name, equals, value) in enumerate(field.partition("=") for field in fields)
    ]
    return _Parts(origin, path, "&".join(named)).url()


def short_token(url: str) -> str:
    """Put six hexadecimal digits in the place of every longer identifier.

    >>> short_token("https://a.example/o/b81e2c7f.gif?id=22"), len(short_token("https://a.example/o/b81e2c7f"))
    ('https://a.example/o/23fe7a.gif?id=22', 26)
    """
    origin, path, query = _parts(url)
    path, query = (_TOKEN.sub(lambda token: _shortened(token[0]), text) for text in (path, query))
    return _Parts(origin, path, query).url()


def split_token(url: str) -> str:
    """Cut every identifier into directories of four characters; those of the query move into the path.

    >>> split_token("https://a.example/wf/open?upn=b81e2c7f&v=2"), split_token("https://a.example/o/b81e2c7f.gif")
    ('https://a.example/wf/b81e/2c7f/open?v=2', 'https://a.example/o/b81e/2c7f.gif')
    """
    origin, path, query = _parts(url)
    fields = query.split("&") if query else []
    long = [any(_is_identifier(token, _LEAST_TO_SPLIT) for token in _TOKEN.findall(field)) for field in fields]
    path = _TOKEN.sub(lambda token: _pieces(token[0]) if _is_identifier(token[0], _LEAST_TO_SPLIT) else token[0], path)
    moved = [token for field, is_long in zip(fields, long, strict=True) if is_long for token in _TOKEN.findall(field)]
    directories = "".join(f"{_pieces(token)}/" for token in moved if _is_identifier(token, _LEAST_TO_SPLIT))
    place = path.rfind("/") + 1
    path = path[:place] + directories + path[place:]
    return _Parts(origin, path, "&".join(field for field, is_long in zip(fields, long, strict=True) if not is_long)).url()


def _pieces(token: str) -> str:
    return "/".join(token[start : start + _PIECE] for start in range(0, len(token), _PIECE))


def jpg(url: str) -> str:
    """Let the path end as a photograph's does.

    >>> jpg("https://a.example/o/open.php?id=7"), jpg("https://a.example/b81e2c"), jpg("https://a.example/t/")
    ('https://a.example/o/open.jpg?id=7', 'https://a.example/b81e2c.jpg', 'https://a.example/t/image.jpg')
    """
    origin, path, query = _parts(url)
    path = _EXTENSION.sub("", path)
    return _Parts(origin, f"{path}image.jpg" if path.endswith("/") else f"{path}.jpg", query).url()


def link_redirect(url: str, link: str) -> str:
    """Hide it behind a redirect on the host of the mail's links, under the same first directory.

    >>> link_redirect("https://t.esp.example/o?id=7", "https://click.shop.example/ls/click?upn=b81e2c")
    'https://click.shop.example/ls/qvrHwcTfMEOfGdQxInvBbf'
    """
    origin, path, _ = _parts(link if link.find("/", link.find("//") + 2) >= 0 else f"{link}/")
    first = path.split("/")[1] if path.count("/") > 1 else "r"
    number = int.from_bytes(hashlib.sha256(url.encode()).digest()[:17])
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    token = ""
    for _ in range(22):
        number, digit = divmod(number, 62)
        token += alphabet[digit]
    return f"{origin}/{first}/{token}"


def _rewrite(edit: _Edit, url: str) -> bool:
    """Write another URL where the reference's stands."""
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


def _of_url(function: Callable[[str], str]) -> Callable[[_Edit], bool]:
    return lambda edit: _rewrite(edit, function(edit.url))


def _to_sender(edit: _Edit) -> bool:
    domain = edit.sender or registrable_domain(host_of(edit.link()))
    return bool(domain) and _rewrite(edit, sender_domain(edit.url, domain))


def _behind_redirect(edit: _Edit) -> bool:
    link = edit.link()
    return bool(link) and _rewrite(edit, link_redirect(edit.url, link))


MANIPULATIONS: Mapping[str, Callable[[_Edit], bool]] = {
    "ordinary-size": _ordinary_size,
    "no-size": _no_size,
    "top-of-body": _top_of_body,
    "alt-and-link": _alt_and_link,
    "sender-domain": _to_sender,
    "neutral-words": _of_url(neutral_words),
    "short-token": _of_url(short_token),
    "split-token": _of_url(split_token),
    "jpg": _of_url(jpg),
    "link-redirect": _behind_redirect,
    "css-background": _css_background,
}
"""What can be done, by name, in the order in which several are done; docs/manipulations.md describes each."""

HARMLESS = ("ordinary-size", "no-size", "top-of-body", "alt-and-link", "sender-domain", "neutral-words", "jpg", "css-background")
"""Those that leave a good picture a good picture: what has no identifier before has none behind."""

PAIRS = tuple(pair for pair in combinations(MANIPULATIONS, 2) if pair != ("ordinary-size", "no-size"))
"""Every two that can be done together."""


def manipulate(
    html: str, reference: RemoteReference, names: Sequence[str], sender: str = "", document: Document | None = None
) -> Edited | None:
    """Manipulate one reference of a document.

    Parameters
    ----------
    html : str
        The document, as it was read.
    reference : RemoteReference
        One of its references, as :func:`tkit.html.read_document` gives it.
    names : sequence of str
        Of :data:`MANIPULATIONS`; they are done in its order. Empty for the document as its tree is written anew.
    sender : str
        Registrable domain of the mail's sender.
    document : Document, optional
        What reading ``html`` gave, where the caller has it.

    Returns
    -------
    Edited or None
        None where the reference is not an element's own (a style sheet's, or inside a conditional comment), or where
        one of the manipulations cannot be done to it.

    Raises
    ------
    TkitError
        For a name that is no manipulation.

    Examples
    --------
    >>> from tkit.html import read_document
    >>> html = "<p>Hello</p><img src='http://t.example/open?id=b81e2c' width=1 height=1>"
    >>> edited = manipulate(html, read_document(html).references[0], ["no-size", "neutral-words"])
    >>> edited.reference.url, dict(edited.reference.attributes)
    ('http://t.example/media?v=b81e2c', {'src': 'http://t.example/media?v=b81e2c'})
    """
    for name in names:
        if name not in MANIPULATIONS:
            raise TkitError(f"no manipulation {name!r}: take some of {', '.join(MANIPULATIONS)}")
    if reference.local or reference.conditional or reference.carrier not in _ELEMENTS:
        return None
    if document is None:
        document = read_document(html, reference.part)
    tree = LexborHTMLParser(html)
    node = _find(tree, document, reference)
    if node is None:
        return None
    marker = "data-edited"
    while marker in html:
        marker += "-"
    node.attrs[marker] = ""
    links = [link for link in document.links if link]
    edit = _Edit(tree, marker, reference, unwrap(reference.resolved_url), sender, links)
    if names and edit.url != reference.url and not _rewrite(edit, edit.url):
        return None
    if not all(MANIPULATIONS[name](edit) for name in MANIPULATIONS if name in names):
        return None
    return _read_back(html, edit, reference.part, document.references[0].index)


def _find(tree: LexborHTMLParser, document: Document, reference: RemoteReference) -> Any:
    """Give the node of a reference: of the elements written alike, the one with as many before it."""
    alike = (reference.element, reference.attributes, reference.carrier, reference.url)
    before = 0
    for other in document.references:
        if other.index == reference.index:
            break
        before += not other.conditional and (other.element, other.attributes, other.carrier, other.url) == alike
    for node in tree.root.traverse() if tree.root is not None else ():
        if node.tag == reference.element and {name: value or "" for name, value in node.attributes.items()} == alike[1]:
            if before == 0:
                return node
            before -= 1
    return None


def _read_back(html: str, edit: _Edit, part: int, start: int) -> Edited | None:
    """Write the tree, and find the marked element's reference in what was written."""
    written = edit.tree.html or ""
    doctype = _DOCTYPE.match(html)
    if doctype:
        written = written.replace("<!DOCTYPE html>", doctype[1], 1)  # the tree keeps no public identifier
    wanted = resolve(edit.url)
    for found in read_document(written, part, start).references:
        if edit.marker in found.attributes and unwrap(found.resolved_url) == wanted:
            facts = {name: value for name, value in found.attributes.items() if name != edit.marker}
            return Edited(written.replace(f' {edit.marker}=""', ""), found._replace(attributes=facts))
    return None


class Asked(NamedTuple):
    """A reference of a message to manipulate, and how."""

    part: int
    index: int
    names: tuple[str, ...]


def manipulated_features(message: Message, asked: Iterable[Asked]) -> pd.DataFrame:
    """Give the features of manipulated copies of a message's references.

    Parameters
    ----------
    message : Message
    asked : iterable of Asked

    Returns
    -------
    DataFrame
        Columns of :func:`tkit.features.extract` and ``manipulation`` (the names, joined by ``+``), one row for each that
        could be done; ``index`` is that of the reference before the edit.
    """
    documents = {document.references[0].part: document for document in read_message(message) if document.references}
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    copies: list[Message] = []
    done: list[tuple[str, int, int, str, int]] = []
    for part, index, names in asked:
        document, html = documents[part], message.html_parts[part]
        edited = manipulate(html, document.references[index - document.references[0].index], names, sender, document)
        if edited is not None:
            copied = copy.copy(message)
            # Only the edited part is extracted: no feature looks beyond its own document and the headers.
            copied.html_parts = ("",) * part + (edited.html,) + ("",) * (len(message.html_parts) - part - 1)
            copied.message_sha256 = str(len(copies))
            copies.append(copied)
            first = edited.reference.index - document.references[0].index
            done.append((copied.message_sha256, part, first, "+".join(names), index))
    rows = extract(copies)
    keys = pd.DataFrame(done, columns=["message_sha256", "part", "index", "manipulation", "_before"])
    keys = keys.astype({"message_sha256": "str", "manipulation": "str", "part": np.int32, "index": np.int32, "_before": np.int32})
    found = keys.merge(rows, on=["message_sha256", "part", "index"], validate="one_to_one")
    found["index"] = found.pop("_before")
    return found.assign(message_sha256=message.message_sha256)
