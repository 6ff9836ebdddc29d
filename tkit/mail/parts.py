"""Find the parts of a mail in its bytes.

Boundaries are read as the standard library's ``email.feedparser`` reads them, but by position, without recursion and
without copying a body. Parsers that return a tree of decoded parts cannot say which bytes a part came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

MAX_NESTING = 128
"""Levels of multiparts and of forwarded messages that are read; a deeper one counts as one part."""
TOO_NESTED = "MIME: nested too deeply to be read"
"""The defect of a mail with a deeper part."""

_HEADERS = re.compile(rb"(?:(?:From |[\x21-\x39\x3b-\x7e]*:|[\t ])[^\r\n]*(?:\r\n|\r|\n|\Z))*+")
_HEADER = re.compile(rb"From |[\x21-\x39\x3b-\x7e]*+:|[\t ]")
_END_OF_HEADERS = re.compile(rb"\n(?![\t ])(?![\x21-\x39\x3b-\x7e]*+:|From )")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\r|\n|\Z)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';]+)", re.IGNORECASE)
_VALUE = re.compile(rb"[ \t]*+([^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+)")
# The characters of a boundary mean themselves in every form of a parameter's value.
_BOUNDARY = re.compile(rb";[ \t\r\n]*+boundary=\"?([A-Za-z0-9()+_,\-./:=?$#@!&~^{}|\[\]]+)", re.IGNORECASE)
_ONE_LINE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x7f]*")
_ON_NO_LINE = b"\n"  # for a boundary that the standard library finds on no line
_STAND_IN = b"\x01"  # for the boundary of a cached Content-Type
_LONGEST_FIELD = 102_400
"""Bytes of a field that are read, the limit of Postfix; the standard library's time grows with the square of the length."""
_SHORT_HEAD = 256  # bytes of a head that is worth caching
_LONGEST_CACHED = 1_000  # bytes of a field's value
_GUARDED = frozenset(("multipart/signed", "multipart/encrypted"))


class Leaf(NamedTuple):
    """One part of a mail that contains no other part.

    Attributes
    ----------
    content_type, charset, encoding : str
        From its headers, lower case; ``""`` if absent.
    start, end : int
        Position of its body in the mail's bytes.
    guard : str
        The content type of the signed or encrypted multipart around it, ``""`` if there is none.
    """

    content_type: str
    charset: str
    encoding: str
    start: int
    end: int
    guard: str


class _Boundary(NamedTuple):
    """One boundary line."""

    start: int
    end: int
    level: int  # of its multipart
    closing: bool


@dataclass(slots=True)
class _Level:
    """An open multipart, and how far the search for its next boundary line has come."""

    dashed: bytes  # its boundary with the two dashes before it
    is_digest: bool
    guard: str
    next: _Boundary | None  # the line found last, which may lie behind the reader; None if no more follows
    searched: int  # no boundary line of it begins before this position


class _Head(NamedTuple):
    """The values of an entity's headers."""

    content_type: str
    charset: str
    encoding: str
    boundary: bytes | None


def leaves(raw: bytes) -> list[Leaf]:
    r"""Return the leaves of a mail's MIME tree in their order.

    Parameters
    ----------
    raw : bytes
        The mail, with or without its mbox ``From `` line. Never raises, for any input.

    Examples
    --------
    >>> raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHi\n--x\nContent-Type: text/html\n\n<p>Hi\n--x--\n"
    >>> [(leaf.content_type, raw[leaf.start : leaf.end]) for leaf in leaves(raw)]
    [('text/plain', b'Hi'), ('text/html', b'<p>Hi')]
    """
    return _Walker(raw).walk()


def is_too_nested(raw: bytes) -> bool:
    """Return whether a mail has parts deeper than :data:`MAX_NESTING`, which :func:`leaves` does not take apart."""
    walker = _Walker(raw)
    walker.walk()
    return walker.too_nested


class _Walker:
    """One pass over one mail with a stack of its open multiparts."""

    def __init__(self, raw: bytes) -> None:
        self.too_nested = False
        self._raw = raw
        self._stack: list[_Level] = []
        self._leaves: list[Leaf] = []
        self._opened: Leaf | None = None  # the multipart just opened, which is a leaf if no part follows
        self._nesting = 0  # forwarded messages around the entity since the last boundary

    def walk(self) -> list[Leaf]:
        position = 0
        default = "text/plain"
        while True:
            body, default = self._entity(position, default)
            line = self._boundary(body)
            if self._opened and (line is None or line.closing or line.level < len(self._stack) - 1):
                self._leaves.append(self._opened)
            while line and line.closing:
                del self._stack[line.level :]
                line = self._boundary(line.end)
            if line is None:
                break
            del self._stack[line.level + 1 :]
            level = self._stack[line.level]
            position = self._past(line.end, line.level)
            default = "message/rfc822" if level.is_digest else "text/plain"
            self._nesting = 0
        return self._leaves

    def _entity(self, position: int, default: str) -> tuple[int, str]:
        """Read an entity's headers, and those of the message that it forwards; return where its body begins."""
        raw = self._raw
        while True:
            stop = self._boundary(position)
            limit = stop.start if stop else len(raw)
            head_end = _head_end(raw, position, limit)
            blank = _LINE_END.match(raw, head_end, limit)
            body = blank.end() if blank else head_end
            # Heads of parts are short and often the same; heads of mails are long, and no two are the same.
            read = _read_short_head if head_end - position < _SHORT_HEAD else _read_head
            head = read(raw[position:head_end], default)
            if head.content_type.startswith("message/") and head.content_type != "message/delivery-status":
                self._nesting += 1
                if self._nesting <= MAX_NESTING:
                    position, default = body, "text/plain"
                    continue
                self.too_nested = True
            end = max(body, self._without_line_end(limit)) if self._stack else limit
            guard = self._stack[-1].guard if self._stack else ""
            leaf = Leaf(head.content_type, head.charset, head.encoding, body, end, guard)
            is_multipart = head.boundary is not None and head.content_type.startswith("multipart/")
            self.too_nested |= is_multipart and len(self._stack) == MAX_NESTING
            if head.boundary is not None and is_multipart and len(self._stack) < MAX_NESTING:
                self._opened = leaf
                guard = guard or (head.content_type if head.content_type in _GUARDED else "")
                before = _Boundary(-1, -1, len(self._stack), False)
                is_digest = head.content_type == "multipart/digest"
                self._stack.append(_Level(b"--" + head.boundary, is_digest, guard, before, body))
            else:
                self._opened = None
                self._leaves.append(leaf)
            return body, default

    def _boundary(self, position: int) -> _Boundary | None:
        """Return the first boundary line of an open multipart at or after a position."""
        first: _Boundary | None = None
        for number, level in enumerate(self._stack):
            line = level.next
            if line is not None and line.start < position:
                # Lines behind that of an outer multipart do not count, and no byte is searched twice.
                limit = first.start if first else len(self._raw)
                line = self._line(max(position, level.searched), limit, number)
                if line is not None or first is None:
                    level.next = line
                else:
                    level.searched = max(limit, level.searched)
            if line is not None and (first is None or line.start < first.start):
                first = line
        return first

    def _line(self, position: int, limit: int, level: int) -> _Boundary | None:
        """Return the next boundary line of one multipart."""
        raw = self._raw
        dashed = self._stack[level].dashed
        if dashed.endswith(_ON_NO_LINE):
            return None
        start = raw.find(dashed, position, limit + len(dashed))
        while start >= 0:
            rest = _LINE_REST.match(raw, start + len(dashed))
            if rest and (start == 0 or raw[start - 1] in b"\r\n"):
                return _Boundary(start, rest.end(), level, rest[1] is not None)
            # One attempt per line: in a line of dashes, a short boundary matches at every position.
            line_end = _LINE_END.search(raw, start, limit)
            start = raw.find(dashed, line_end.end(), limit + len(dashed)) if line_end else -1
        return None

    def _past(self, position: int, level: int) -> int:
        """Return the end of the boundary lines that directly follow one; there is no part between two of them."""
        while (line := self._line(position, position, level)) is not None:
            position = line.end
        return position

    def _without_line_end(self, position: int) -> int:
        """Return a position without the line end before it, which belongs to the boundary (RFC 2046, section 5.1.1)."""
        if self._raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1 if self._raw[position - 1 : position] in (b"\n", b"\r") else position


def _head_end(raw: bytes, position: int, limit: int) -> int:
    """Return where the first line begins, at or after a position, that is not a header."""
    if not _HEADER.match(raw, position, limit):
        return position
    last_line_end = _END_OF_HEADERS.search(raw, position, limit)
    end = last_line_end.end() if last_line_end else limit
    if raw.find(b"\r", position, end) < 0 or not _LONE_RETURN.search(raw, position, end):
        return end
    headers = _HEADERS.match(raw, position, limit)  # knows every line end, but is much slower
    return headers.end() if headers else position


def _read_head(block: bytes, default: str) -> _Head:
    """Read an entity's headers; the first value of a field counts, as in the standard library."""
    lowered = block.lower()
    if b"content-" not in lowered:
        return _Head(default, "", "", None)
    declared = _first_value(block, lowered, b"content-type:")
    encoding = _first_value(block, lowered, b"content-transfer-encoding:") or b""
    plain = declared is not None and declared.isascii() and _STAND_IN not in declared
    named = _BOUNDARY.search(declared) if declared is not None and plain else None
    if declared is None or named is None:
        return _declared_head(declared, encoding, default)
    # No two mails have the same boundary, and the other values do not depend on it. Without it, a few hundred different
    # values of the field remain, and each is parsed once.
    without_boundary = declared[: named.start(1)] + _STAND_IN + declared[named.end(1) :]
    head = _declared_head(without_boundary, encoding, default)
    if head.boundary != _STAND_IN or _STAND_IN.decode() in head.charset or b"charset" in named[1].lower():
        return _declared_head(declared, encoding, default)
    return _Head(head.content_type, head.charset, head.encoding, named[1])


_read_short_head = lru_cache(maxsize=1 << 12)(_read_head)


def _first_value(block: bytes, lowered: bytes, name: bytes) -> bytes | None:
    """Return a field's first value as written, folds included; None if the field is absent."""
    start = lowered.find(name)
    while start > 0 and lowered[start - 1] not in b"\r\n":
        start = lowered.find(name, start + 1)
    value = _VALUE.match(block, start + len(name)) if start >= 0 else None
    return value[1][:_LONGEST_FIELD] if value else None


def _declared_head(declared: bytes | None, encoding: bytes, default: str) -> _Head:
    short = len(declared or b"") + len(encoding) < _LONGEST_CACHED
    return (_cached_head if short else _standard_head)(declared, encoding, default)


def _standard_head(declared: bytes | None, encoding: bytes, default: str) -> _Head:
    """Parse the values of Content-Type and Content-Transfer-Encoding with the standard library."""
    message = Message()
    message.set_default_type(default)
    message["Content-Transfer-Encoding"] = encoding.decode("ascii", "surrogateescape")
    if declared is not None:
        message["Content-Type"] = declared.decode("ascii", "surrogateescape")
    charset = _CHARSET.search(str(message.get("content-type", "")))
    try:
        boundary = message.get_boundary()
    except (TypeError, LookupError, ValueError):  # a parameter of RFC 2231 with an unknown charset
        boundary = None
    return _Head(
        message.get_content_type(),
        charset[1].lower() if charset else "",
        str(message.get("content-transfer-encoding", "")).strip().lower(),
        None if boundary is None else boundary.encode("ascii") if _ONE_LINE.fullmatch(boundary) else _ON_NO_LINE,
    )


_cached_head = lru_cache(maxsize=1 << 12)(_standard_head)
