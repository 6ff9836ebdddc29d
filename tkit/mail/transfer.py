"""Decode the transfer encodings of MIME parts (RFC 2045), broken ones as mail clients do."""

from __future__ import annotations

import binascii
import re
from binascii import a2b_base64, a2b_qp
from email.message import Message
from typing import Final

from tkit.mail.headers import known_field

UNKNOWN = "transfer encoding: not known"
"""The defect of a part whose transfer encoding cannot be decoded."""

_WHITE: Final = b" \t\n\r\x0b\x0c"
_BASE64_RUN = re.compile(rb"([^=]*)(=*)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BROKEN_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+\r?\n)")
_SPACES = b" \t"
_AFTER_SPACE = re.compile(rb"\n(?:(?<=[ \t]\n)|(?<=[ \t]\r\n))")
_UUENCODE = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})
ENCODINGS = frozenset({"base64", "quoted-printable"}) | _UUENCODE
"""The transfer encodings that are decoded."""

_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "utf-8"})


def decoded(body: bytes, encoding: str) -> bytes:
    """Decode a part's body.

    Parameters
    ----------
    body : bytes
        As written in the mail.
    encoding : str
        The value of ``Content-Transfer-Encoding`` in lower case. With an unknown one, the body is returned as it is.

    Returns
    -------
    bytes
        Never raises, for any input.
    """
    if encoding == "base64":
        return decode_base64(body)
    if encoding == "quoted-printable":
        return decode_quoted_printable(body)
    if encoding in _UUENCODE:
        return _decode_uuencode(body, encoding)
    return body


def is_known(encoding: str) -> bool:
    """Return whether a transfer encoding can be decoded, or changes nothing."""
    return encoding in ENCODINGS or encoding in _IDENTITY


def is_encoded_message(raw: bytes, start: int, end: int, encoding: str) -> bool:
    """Return whether a mail inside a mail is encoded: some programs declare an encoding that they do not apply.

    Parameters
    ----------
    raw : bytes
        The outer mail.
    start, end : int
        Where the inner mail is.
    encoding : str
        Its declared transfer encoding in lower case.
    """
    if encoding == "quoted-printable":
        return raw.find(b"=", start, end) >= 0 and _BROKEN_ESCAPE.search(raw, start, end) is None
    if encoding == "base64" or encoding in _UUENCODE:
        first = known_field(raw, start)
        return first is None or first >= end
    return False


def defects_of(body: bytes, encoding: str) -> list[str]:
    """Return what is wrong with a part's transfer encoding."""
    defects = []
    if not is_known(encoding):
        defects.append(UNKNOWN)
    if encoding == "base64":
        runs = _BASE64_RUN.findall(body.translate(None, _WHITE))
        if any(_NOT_BASE64.search(run) or (len(run) + len(padding)) % 4 for run, padding in runs):
            defects.append("base64: characters outside the alphabet, or truncated")
    elif encoding == "quoted-printable":
        if not body.isascii():
            defects.append("quoted-printable: raw 8-bit bytes")
        if _BROKEN_ESCAPE.search(body):
            defects.append("quoted-printable: broken escape")
    return defects


def decode_base64(data: bytes) -> bytes:
    r"""Decode base64, even with foreign characters, padding inside or a truncated end.

    >>> decode_base64(b"PGI+SG!k8L2I+\nQ")
    b'<b>Hi</b>'
    """
    data = data.translate(None, _WHITE)
    try:
        return a2b_base64(data, strict_mode=True)
    except binascii.Error:
        return b"".join(_decode_run(_NOT_BASE64.sub(b"", run)) for run, _ in _BASE64_RUN.findall(data))


def _decode_run(digits: bytes) -> bytes:
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return a2b_base64(digits + b"=" * (-len(digits) % 4))


def decode_quoted_printable(data: bytes) -> bytes:
    r"""Decode quoted-printable; a broken escape is kept as it is.

    Source: RFC 2045, section 6.7; white space before a line end is dropped by its rule 3.

    >>> decode_quoted_printable(b"a=3Db= \nc==3Dd=zz  \n")
    b'a=bc==d=zz\n'
    """
    data = data.replace(b"==", b"=3D=")  # the codec would drop one of two equals signs
    if _AFTER_SPACE.search(data):
        for end in (b"\r\n", b"\n"):
            for space in (b" ", b"\t"):
                data = end.join([piece.rstrip(_SPACES) for piece in data.split(space + end)])
    return a2b_qp(data.rstrip(_SPACES))


def _decode_uuencode(body: bytes, encoding: str) -> bytes:
    part = Message()
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(body.decode("ascii", "surrogateescape"))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else body
