"""Decode the bytes of a text part: by its byte order mark, its declared charset, its ``<meta charset>``, or a guess.

Charsets are read by their WHATWG labels, as browsers read them (``iso-8859-1`` is windows-1252), so that URLs come out as
browsers request them.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

import webencodings

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_META_BYTES = 2048  # of a part, that are searched for a <meta charset>

# Encodings in which an ASCII byte can mean something else, so that a part of ASCII bytes alone still needs its codec.
_NOT_ASCII_BASED = frozenset({"utf-16le", "utf-16be", "iso-2022-jp"})

_KEEP_C1 = "tkit.c1"
"""Name of the error handler for Windows charsets, see :func:`_keep_c1`."""


class _Charset(NamedTuple):
    name: str  # in the WHATWG Encoding Standard
    codec: str  # in Python


_UTF_8 = _Charset("utf-8", "utf-8")
_WINDOWS_1252 = _Charset("windows-1252", "cp1252")


class Decoding(NamedTuple):
    """How bytes were decoded.

    Attributes
    ----------
    codec, errors : str
        Python's name of the codec, and the error handler; ``"strict"`` if every byte is valid in the codec.
    mark : int
        Length of the byte order mark, which is no part of the text.
    """

    codec: str
    errors: str
    mark: int = 0


class DecodedText(NamedTuple):
    """The text of a part.

    Attributes
    ----------
    text : str
    decoding : Decoding
        How its bytes became the text: ``content[mark:].decode(codec, errors) == text``.
    defects : tuple of str
        What is wrong with its charset.
    """

    text: str
    decoding: Decoding
    defects: tuple[str, ...]


def decode_text(content: bytes, label: str) -> DecodedText:
    r"""Decode a part by its byte order mark or declared charset; guess if neither is known.

    Bytes that are invalid in the charset become U+FFFD. A part that is declared as ASCII and contains 8-bit bytes is
    treated as one without a charset.

    Parameters
    ----------
    content : bytes
        Its body without the transfer encoding.
    label : str
        The declared charset in lower case, ``""`` if there is none.

    Examples
    --------
    >>> decode_text(b"caf\xe9", "iso-8859-1")
    DecodedText(text='café', decoding=Decoding(codec='cp1252', errors='strict', mark=0), defects=())
    """
    for mark, codec in _MARKS:
        if content.startswith(mark):
            decoding = Decoding(codec, "replace", len(mark))
            return DecodedText(content[len(mark) :].decode(codec, "replace"), decoding, ())
    declared = _charset(label) if label else None
    defects = ("unknown charset",) if label and declared is None else ()
    if content.isascii() and (declared is None or declared.name not in _NOT_ASCII_BASED):
        return DecodedText(content.decode("ascii"), Decoding((declared or _UTF_8).codec, "strict"), defects)
    if declared is None:
        text, decoding, is_as_declared = _guess(content)
    elif label in ("us-ascii", "ascii"):
        text, decoding, _ = _guess(content)
        is_as_declared = False
    else:
        text, decoding = _decode(content, declared)
        is_as_declared = decoding.errors == "strict"
    return DecodedText(text, decoding, defects if is_as_declared else (*defects, "not in its declared charset"))


@lru_cache(maxsize=512)
def _charset(label: str) -> _Charset | None:
    """Return the charset of a label by the WHATWG Encoding Standard, None if browsers know no such charset."""
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return None
    return _Charset(encoding.name, encoding.codec_info.name)


def _guess(content: bytes) -> tuple[str, Decoding, bool]:
    """Decode by ``<meta charset>``, else UTF-8, else windows-1252; also return whether a meta element named the right one."""
    meta = _META_CHARSET.search(content[:_META_BYTES])
    announced = _charset(meta.group(1).decode("ascii").lower()) if meta else None
    if announced is not None and announced.name.startswith("utf-16"):
        announced = _UTF_8  # the HTML Standard, "change the encoding", step 2
    for charset in filter(None, (announced, _UTF_8)):
        text, decoding = _decode(content, charset)
        if decoding.errors == "strict":
            return text, decoding, announced in (None, charset)
    fallback = announced if announced not in (None, _UTF_8) else _WINDOWS_1252
    return *_decode(content, fallback), announced is None


def _decode(content: bytes, charset: _Charset) -> tuple[str, Decoding]:
    """Decode by a charset as the WHATWG Encoding Standard does."""
    try:
        return content.decode(charset.codec), Decoding(charset.codec, "strict")
    except UnicodeDecodeError:
        errors = _KEEP_C1 if charset.name.startswith("windows-") else "replace"
        return content.decode(charset.codec, errors), Decoding(charset.codec, errors)


def _keep_c1(error: UnicodeError) -> tuple[str, int]:
    """Return C1 controls for bytes that the Encoding Standard decodes to them and Python's Windows codecs refuse."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    invalid = error.object[error.start : error.end]
    return "".join(chr(byte) if byte < 0xA0 else "\ufffd" for byte in invalid), error.end


codecs.register_error(_KEEP_C1, _keep_c1)
