"""Turn what Outlook and Exchange write into MIME: TNEF (``winmail.dat``) and ``.msg`` files.

TNEF's properties are decoded by tnefparse, ``.msg`` files by extract-msg, HTML inside RTF by compressed_rtf and RTFDE.
"""

from __future__ import annotations

import logging
import re
import struct
from base64 import encodebytes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from tkit.mail.headers import message_head

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a ``.msg`` file, and of other OLE files."""

DAMAGE = (Exception,)
"""What the libraries raise for damaged input: they document no type for it."""

_MSG_STREAM = "__properties_version1.0".encode("utf-16-le")
_TNEF_MAGIC = struct.pack("<I", 0x223E9F78)
_TNEF_ATTRIBUTE = struct.Struct("<BHHI")  # level, name, type, length (MS-OXTNEF, section 2.1.3.1)
_ATTACHMENT_LEVEL = 2
_MESSAGE_PROPERTIES, _NEW_ATTACHMENT, _FILE_NAME, _FILE, _FILE_PROPERTIES = 0x9003, 0x9002, 0x8010, 0x800F, 0x9005
_OBJECT_BYTES = 64  # at the start of an embedded object, before its own TNEF
# Property identifiers (MS-OXPROPS)
_HTML, _RTF, _DATA, _LONG_NAME, _MIME_TAG = 0x1013, 0x1009, 0x3701, 0x3707, 0x370E
_MAX_RTF = 4 * 2**20  # bytes; RTFDE reads about 100 kB a second
_BOUNDARY = b"=_tkit_outlook_item"
_OWN_FIELD = re.compile(rb"(?:content-[a-z-]+|mime-version)[ \t]*:", re.IGNORECASE)
_FIELD = re.compile(rb"[^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+(?:\r?\n|\Z)")
_HTML_NAME = re.compile(r".*\.x?html?", re.IGNORECASE | re.DOTALL)

for _library in ("tnefparse", "extract_msg", "RTFDE", "compressed_rtf", "oletools"):
    logging.getLogger(_library).addHandler(logging.NullHandler())  # what is wrong with a mail is a defect, not a log line


class NotOutlookError(Exception):
    """Bytes that are not what their name or type says, or that cannot be looked into; and why."""


class Attachment(NamedTuple):
    """An attachment: its file name, its content type (``""`` if unknown) and its bytes."""

    name: str
    content_type: str
    content: bytes


def is_msg(raw: bytes) -> bool:
    """Return whether an OLE file is an Outlook ``.msg``."""
    return raw.startswith(OLE_MAGIC) and _MSG_STREAM in raw


def item_mail(headers: bytes, html: bytes | str | None, attachments: Iterable[Attachment]) -> bytes:
    """Return an item as a MIME message.

    Parameters
    ----------
    headers : bytes
        The header fields that it came with; those of MIME are left out.
    html : bytes or str or None
        Its HTML body.
    attachments : iterable of Attachment
        HTML files and mails are kept, everything else is left out.
    """
    head = message_head(headers)
    fields = _FIELD.findall(headers[head.start : head.end])
    kept = b"".join(field.rstrip(b"\r\n") + b"\n" for field in fields if field.strip() and not _OWN_FIELD.match(field))
    parts = []
    if isinstance(html, str):
        parts.append((b"text/html; charset=utf-8", html.encode("utf-8", "replace")))
    elif html:
        parts.append((b"text/html", html))
    for name, content_type, content in attachments:
        if content_type == "message/rfc822" or name.lower().endswith(".eml"):
            parts.append((b"message/rfc822", content))
        elif content_type == "text/html" or _HTML_NAME.fullmatch(name):
            parts.append((b"text/html", content))
    body = b"".join(
        b"--%s\nContent-Type: %s\nContent-Transfer-Encoding: base64\n\n%s" % (_BOUNDARY, kind, encodebytes(content))
        for kind, content in parts
    )
    return kept + b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="%s"\n\n%s--%s--\n' % (
        _BOUNDARY,
        body,
        _BOUNDARY,
    )


def html_in_rtf(rtf: bytes) -> bytes | None:
    """Return the HTML that an RTF body encapsulates (MS-OXRTFEX), None if it encapsulates none.

    Raises
    ------
    NotOutlookError
        If it is too large to be read.
    """
    if b"\\fromhtml" not in rtf:
        return None
    if len(rtf) > _MAX_RTF:
        raise NotOutlookError("RTF body larger than 4 MiB")
    from RTFDE.deencapsulate import DeEncapsulator  # noqa: PLC0415  few mails need it, and it takes long to import

    reader = DeEncapsulator(rtf[: rtf.rfind(b"}") + 1])
    reader.deencapsulate()
    html = reader.html
    return html if isinstance(html, bytes) else str(html).encode("utf-8", "replace")


def uncompressed_rtf(compressed: bytes) -> bytes:
    """Return the RTF of a property that is compressed (MS-OXRTFCP)."""
    from compressed_rtf import decompress  # noqa: PLC0415

    return bytes(decompress(compressed))


def tnef_mail(content: bytes) -> bytes:
    """Return the mail in TNEF.

    Raises
    ------
    NotOutlookError
        If the bytes are not TNEF, or end in the middle.
    """
    from tnefparse.mapi import decode_mapi  # noqa: PLC0415

    if not content.startswith(_TNEF_MAGIC):
        raise NotOutlookError("not TNEF")
    html: bytes | str | None = None
    attachments: list[Attachment] = []
    name, kind, data = "", "", b""
    for level, attribute, value in _tnef_attributes(content):
        if level != _ATTACHMENT_LEVEL:
            if attribute == _MESSAGE_PROPERTIES:
                html = html or _body({prop.name: prop.data for prop in decode_mapi(value)})
        elif attribute == _NEW_ATTACHMENT:
            attachments.append(Attachment(name, kind, data))
            name, kind, data = "", "", b""
        elif attribute == _FILE_NAME:
            name = name or _text(value)
        elif attribute == _FILE:
            data = value
        elif attribute == _FILE_PROPERTIES:
            properties = {prop.name: prop.data for prop in decode_mapi(value)}
            name = _text(properties.get(_LONG_NAME)) or name
            kind = _text(properties.get(_MIME_TAG)).lower() or kind
            inner = _bytes(properties.get(_DATA))
            start = inner.find(_TNEF_MAGIC, 0, _OBJECT_BYTES)
            if start >= 0:
                kind, data = "message/rfc822", tnef_mail(inner[start:])
    return item_mail(b"", html, [*attachments, Attachment(name, kind, data)])


def _tnef_attributes(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield level, name and value of every attribute."""
    position = 6  # the magic number and a key
    while position < len(content) and content[position : position + 1].strip(b"\0\r\n"):
        if position + _TNEF_ATTRIBUTE.size > len(content):
            raise NotOutlookError("truncated")
        level, name, _, length = _TNEF_ATTRIBUTE.unpack_from(content, position)
        start = position + _TNEF_ATTRIBUTE.size
        if start + length > len(content):
            raise NotOutlookError("truncated")
        yield level, name, content[start : start + length]
        position = start + length + 2  # a checksum


def _body(properties: dict[int, Any]) -> bytes | str | None:
    """Return the HTML of an item's properties."""
    html = properties.get(_HTML)
    if html:
        return html if isinstance(html, str) else _bytes(html)
    compressed = _bytes(properties.get(_RTF))
    return html_in_rtf(uncompressed_rtf(compressed)) if compressed else None


def _bytes(value: object) -> bytes:
    if isinstance(value, list | tuple):
        value = value[0] if value else b""
    return value.encode("latin-1", "replace") if isinstance(value, str) else bytes(value) if isinstance(value, bytes) else b""


def _text(value: object) -> str:
    return _bytes(value).rstrip(b"\0").decode("latin-1")


def msg_mail(content: bytes) -> bytes:
    """Return the mail in a ``.msg`` file.

    Raises
    ------
    NotOutlookError
        If the file is not a ``.msg``.
    """
    if not is_msg(content):
        raise NotOutlookError("not a .msg file")
    import extract_msg  # noqa: PLC0415  takes long to import
    from extract_msg.enums import ErrorBehavior  # noqa: PLC0415

    with extract_msg.openMsg(content, errorBehavior=ErrorBehavior.SUPPRESS_ALL, strict=False) as item:
        return _msg_item(item)


def _msg_item(item: Any) -> bytes:
    html = item.getStream("__substg1.0_10130102") or item.getStringStream("__substg1.0_1013")
    if not html:
        compressed = item.getStream("__substg1.0_10090102")
        html = html_in_rtf(uncompressed_rtf(compressed)) if compressed else None
    headers = item.getStringStream("__substg1.0_007D") or _headers_of(item)
    attachments = []
    for attachment in item.attachments:
        data = attachment.data
        if isinstance(data, bytes):
            kind = attachment.getStringStream("__substg1.0_370E") or ""
            attachments.append(Attachment(attachment.name or "", kind.lower(), data))
        elif hasattr(data, "getStringStream"):  # a mail in the mail
            attachments.append(Attachment("", "message/rfc822", _msg_item(data)))
    return item_mail(headers.encode("utf-8", "replace"), html, attachments)


def _headers_of(item: Any) -> str:
    """Return the fields that detection needs of an item that never was on the way, such as a draft or one from Exchange."""
    fields: list[str] = []
    for name, tag in (("From", "5D01"), ("From", "0C1F"), ("To", "0E04"), ("Subject", "0037")):
        value = item.getStringStream(f"__substg1.0_{tag}")
        if value and not any(field.startswith(f"{name}:") for field in fields):
            fields.append(f"{name}: {' '.join(value.split())}")
    with suppress(*DAMAGE):
        fields.append(f"Date: {item.date:%a, %d %b %Y %H:%M:%S %z}")
    return "".join(f"{field}\n" for field in fields)
