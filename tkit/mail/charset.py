"""The charset of a text part: declared, marked, named in the HTML, or guessed."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

import webencodings

# Encodings in which ASCII bytes do not all stand for themselves, so an all-ASCII part still needs its codec.
_NOT_ASCII_BASED = frozenset({"utf-16le", "utf-16be", "iso-2022-jp"})

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)


class _Charset(NamedTuple):
    name: str
    codec: str


_UTF_8 = _Charset("utf-8", "utf-8")

_WINDOWS_1252 = _Charset("windows-1252", "cp1252")


@lru_cache(maxsize=512)
def _codec(label: str) -> _Charset | None:
    """Return the charset of a label by the WHATWG Encoding Standard, None where browsers know no such charset."""
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return None
    return _Charset(encoding.name, encoding.codec_info.name)


def decode_text(content: bytes, charset: str, number: int, defects: list[str]) -> str:
    """Decode a part's bytes by byte order mark or declared charset; by :func:`_decode_guessed` without a known one.

    The declared charset is read by its WHATWG label, as browsers do (``iso-8859-1`` is windows-1252), and what is
    not in it becomes U+FFFD, so that URLs come out as browsers ask for them. A part that calls itself ASCII and
    holds 8-bit bytes is wrong by its own word and counts as one without a charset.
    """
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    declared = _codec(charset) if charset else None
    if charset and declared is None:
        defects.append(f"html part {number}: unknown charset")
    if content.isascii() and (declared is None or declared.name not in _NOT_ASCII_BASED):
        return content.decode("ascii")
    if declared is None:
        text, sound = _decode_guessed(content)
    elif charset in ("us-ascii", "ascii"):
        text, sound = _decode_guessed(content)[0], False
    else:
        text, sound = _decode(content, declared)
    if not sound:
        defects.append(f"html part {number}: not in its declared charset")
    return text


def _decode_guessed(content: bytes) -> tuple[str, bool]:
    """Decode by ``<meta charset>``, else UTF-8, else windows-1252, and tell whether the meta element told the truth."""
    meta = _META_CHARSET.search(content[:2048])
    announced = _codec(meta.group(1).decode("ascii").lower()) if meta else None
    if announced is not None and announced.name.startswith("utf-16"):
        announced = _UTF_8  # the HTML Standard, "change the encoding", step 2
    for charset in (announced, _UTF_8):
        text, sound = _decode(content, charset) if charset else ("", False)
        if sound:
            return text, announced in (None, charset)
    wrong = announced if announced not in (None, _UTF_8) else _WINDOWS_1252
    return _decode(content, wrong)[0], announced is None


def _decode(content: bytes, charset: _Charset) -> tuple[str, bool]:
    """Decode by a charset as the WHATWG Encoding Standard does, and tell whether all bytes are in it."""
    try:
        return content.decode(charset.codec), True
    except UnicodeDecodeError:
        return content.decode(charset.codec, _C1 if charset.name.startswith("windows-") else "replace"), False


def _keep_c1(error: UnicodeError) -> tuple[str, int]:
    """Return C1 controls for the bytes that Python leaves out of Windows' charsets and the Encoding Standard does not."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(byte) if byte < 0xA0 else "\ufffd" for byte in bad), error.end


_C1 = "tkit.c1"
codecs.register_error(_C1, _keep_c1)
