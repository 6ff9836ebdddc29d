"""Documents and style sheets inside another: those of ``data:`` URLs, and the shadow trees of templates."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from tkit.mail.charset import decode_text

MAX_DOCUMENTS = 16
"""How deep documents are read inside one another. A document is shorter than the attribute that it is written in, so that the
work is at most this many times the length of the mail."""

_BASE64 = re.compile(r";[ ]*base64[ ]*\Z", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\f\r]+")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)
_XML = re.compile(r"(?:text/xml|application/xml|[^/]+/[^/]+\+xml)\Z")
# XML closes an element in its start tag. HTML does so for few of them, and not for a style.
_CLOSED = re.compile(r"<([A-Za-z][^\s/<>]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)(?<=/)>")


class DataText(NamedTuple):
    """The text of a ``data:`` URL, and its media type in lower case."""

    text: str
    media_type: str

    @property
    def is_document(self) -> bool:
        """Whether a browser shows it as a document that loads something: HTML or XML, such as SVG."""
        return self.media_type == "text/html" or bool(_XML.match(self.media_type))


def data_text(url: str) -> DataText | None:
    """Return the text of a ``data:`` URL; None if it has none, is another URL or its base64 is broken.

    The text of XML is returned with end tags for all elements, so that it can be read as HTML.

    Source: Fetch Standard, "data: URL processor".

    >>> data_text("data:text/css;base64,cHt9"), data_text("data:,a%20b#c")
    (DataText(text='p{}', media_type='text/css'), DataText(text='a b', media_type='text/plain'))
    """
    if url[:5].lower() != "data:":
        return None
    head, comma, body = url[5:].partition("#")[0].partition(",")
    if not comma:
        return None
    head = head.strip(" \t\n\f\r")
    octets = unquote_to_bytes(body.encode("utf-8", "surrogatepass"))
    encoded = _BASE64.search(head)
    if encoded:
        written = _SPACE.sub("", octets.decode("latin-1")).rstrip("=")
        try:
            octets = a2b_base64(written + "=" * (-len(written) % 4), strict_mode=True) if written else b""
        except (Error, ValueError):
            return None
        head = head[: encoded.start()]
    media_type = head.partition(";")[0].strip().lower() or "text/plain"
    charset = _CHARSET.search(head)
    text = decode_text(octets, charset[1].lower() if charset else "").text
    if _XML.match(media_type):
        text = _CLOSED.sub(lambda tag: f"<{tag[1]}{tag[2][:-1]}></{tag[1]}>", text)
    return DataText(text, media_type)


def with_text(url: str, text: str) -> str:
    """Return a ``data:`` URL with another text, in base64 and UTF-8, which need no escapes wherever it is written.

    >>> with_text("data:text/css,p%7B%7D#x", "p{}")
    'data:text/css;charset=utf-8;base64,cHt9'
    """
    media_type = url[5:].partition(",")[0].partition(";")[0].strip()
    content = b2a_base64(text.encode("utf-8", "surrogatepass"), newline=False).decode("ascii")
    return f"data:{media_type};charset=utf-8;base64,{content}"


def is_shadow(template: Mapping[str, str | None]) -> bool:
    """Return whether a ``template`` with these attributes may be a shadow tree, which loads what is in it.

    Where no shadow tree may be, as in a link, Chromium still asks for its pictures. Firefox and Thunderbird make one whatever
    the mode is.

    >>> is_shadow({"shadowrootmode": "open"}), is_shadow({"shadowrootmode": "other"}), is_shadow({})
    (True, True, False)
    """
    return "shadowrootmode" in template
