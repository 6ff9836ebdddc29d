"""Open the parts of a mail that contain another mail in an encoded form.

S/MIME is opened by asn1crypto, Outlook's formats by :mod:`tkit.mail.outlook`. What is opened is again a mail, or a MIME
part with its headers, and is read as one. What cannot be opened is said, never left out in silence.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import NamedTuple

from asn1crypto import cms

from tkit.mail import outlook
from tkit.mail.parts import Leaf, holds_message
from tkit.mail.transfer import ENCODINGS, decoded

MAX_DEPTH = 8
"""Containers inside one another that are opened."""

MAX_BYTES = 100 * 2**20
"""Bytes of a container's content; a larger one is not opened."""

ENCRYPTED = "encrypted"
_TOO_LARGE = "larger than 100 MiB when opened"
_DAMAGED = "damaged"

_SMIME = "S/MIME"
_PGP_BEGIN = b"-----BEGIN PGP MESSAGE-----"
_PGP_BLOCK = re.compile(b"^" + _PGP_BEGIN, re.MULTILINE)
_SEALED = {
    "application/pgp-encrypted": f"PGP: {ENCRYPTED}",
    "application/x-microsoft-rpmsg-message": f"Microsoft RMS: {ENCRYPTED}",
}
_MAY_BE_NAMED = ("application/octet-stream", "application/x-msdownload", "application/binary", "application/unknown")


class Container(NamedTuple):
    """A kind of container.

    Attributes
    ----------
    name : str
        What it is called in messages to the user.
    open : callable
        Returns the mail inside, None if it contains none. Raises :class:`UnreadError`, or anything else if it is damaged.
    """

    name: str
    open: Callable[[bytes], bytes | None]


class UnreadError(Exception):
    """A container that cannot be looked into, and why."""


def _open_message(content: bytes) -> bytes:
    return content


def _open_smime(content: bytes) -> bytes | None:
    """Open a CMS message (RFC 5652): what is signed or compressed."""
    info = cms.ContentInfo.load(content)
    kind = info["content_type"].native
    if kind == "signed_data":
        inner = info["content"]["encap_content_info"]["content"]
        signed = bytes(inner) if inner else b""
        return signed or None  # certificates alone, or a signature beside what it signs
    if kind == "compressed_data":
        compressed = bytes(info["content"]["encap_content_info"]["content"])
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(compressed, MAX_BYTES)
        if unpacker.unconsumed_tail:
            raise UnreadError(_TOO_LARGE)
        return unpacked
    raise UnreadError(ENCRYPTED if "envelop" in str(kind) or "encrypt" in str(kind) else _DAMAGED)


MESSAGE = Container("message/rfc822", _open_message)
_CMS = Container(_SMIME, _open_smime)
_TNEF = Container("TNEF", outlook.tnef_mail)
MSG = Container("Outlook .msg", outlook.msg_mail)
_BY_TYPE = {
    "application/pkcs7-mime": _CMS,
    "application/x-pkcs7-mime": _CMS,
    "application/ms-tnef": _TNEF,
    "application/vnd.ms-tnef": _TNEF,
    "application/vnd.ms-outlook": MSG,
}
_BY_NAME = ((".p7m", _CMS), ("winmail.dat", _TNEF), ("win.dat", _TNEF), (".msg", MSG))

WORDS = (
    *(b"html", b"message/", b"pkcs7-mime", b"ms-tnef", b"ms-outlook", b"encrypted", b"rpmsg", b"begin pgp message"),
    *(ending.encode() for ending, _ in _BY_NAME),
)
"""A mail without any of these, in lower case, has no HTML and no container."""


def container_of(leaf: Leaf) -> Container | None:
    """Return what kind of container a part is, None if it is none."""
    if holds_message(leaf.content_type):
        return MESSAGE if leaf.encoding in ENCODINGS else None
    kind = _BY_TYPE.get(leaf.content_type)
    if kind is None and leaf.name and leaf.content_type in _MAY_BE_NAMED:
        name = leaf.name.lower()
        kind = next((container for ending, container in _BY_NAME if name.endswith(ending)), None)
    return kind


def opened(kind: Container, leaf: Leaf, lines: bytes, depth: int) -> bytes | None:
    """Return the mail in a container, None if it contains none.

    Parameters
    ----------
    kind : Container
    leaf : Leaf
        The container.
    lines : bytes
        The mail that it is in.
    depth : int
        The number of containers around it.

    Raises
    ------
    UnreadError
        If it cannot be looked into.
    """
    if depth >= MAX_DEPTH:
        raise UnreadError("too many containers inside one another")
    try:
        return kind.open(decoded(lines[leaf.start : leaf.end], leaf.encoding))
    except UnreadError:
        raise
    except (outlook.NotOutlookError, *outlook.DAMAGE) as error:
        raise UnreadError(str(error) if isinstance(error, outlook.NotOutlookError) else _DAMAGED) from None


def why_closed(leaf: Leaf, lines: bytes) -> str:
    """Return why a part that is no container cannot be looked into, ``""`` if it can."""
    if leaf.content_type in _SEALED:
        return _SEALED[leaf.content_type]
    is_text = leaf.content_type == "text/plain" and leaf.encoding != "base64"
    if is_text and lines.find(_PGP_BEGIN, leaf.start, leaf.end) >= 0 and _PGP_BLOCK.search(lines, leaf.start, leaf.end):
        return f"PGP: {ENCRYPTED}"
    return ""
