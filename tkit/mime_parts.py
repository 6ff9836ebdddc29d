"""Where the parts of a mail stand in its bytes.

The boundaries are read as the standard library's ``email.feedparser`` reads them, but by position, without recursion
and without copying a body; parsers that give a tree of decoded parts cannot say which bytes a part came from.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import NamedTuple

MAX_NESTING = 128
"""Multiparts and forwarded messages inside one another; what stands deeper is not taken apart."""

_HEADERS = re.compile(rb"(?:(?:From |[\x21-\x39\x3b-\x7e]*:|[\t ])[^\r\n]*(?:\r\n|\r|\n|\Z))*+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\r|\n|\Z)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';]+)", re.IGNORECASE)
_GUARDED = frozenset(("multipart/signed", "multipart/encrypted"))


class Leaf(NamedTuple):
    """One part of a mail that holds no other part.

    Attributes
    ----------
    content_type, charset, encoding : str
        From its headers, lower case; ``""`` for what is not given.
    start, end : int
        Its body's place in the mail's bytes.
    guard : str
        The content type of the signed or encrypted multipart around it, ``""`` where there is none.
    """

    content_type: str
    charset: str
    encoding: str
    start: int
    end: int
    guard: str


class _Open(NamedTuple):
    boundary: bytes
    digest: bool
    guard: str


class _Boundary(NamedTuple):
    start: int
    end: int
    level: int
    closing: bool


class _Head(NamedTuple):
    content_type: str
    charset: str
    encoding: str
    boundary: bytes


def leaves(raw: bytes) -> list[Leaf]:
    r"""Give the leaves of a mail's MIME tree in their order.

    Parameters
    ----------
    raw : bytes
        The mail, with or without its mbox ``From `` line. Never raises, whatever the bytes are.

    Examples
    --------
    >>> raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHi\n--x\nContent-Type: text/html\n\n<p>Hi\n--x--\n"
    >>> [(leaf.content_type, raw[leaf.start : leaf.end]) for leaf in leaves(raw)]
    [('text/plain', b'Hi'), ('text/html', b'<p>Hi')]
    """
    return _Walker(raw).walk()


class _Walker:
    """One pass over one mail, its open multiparts on a stack."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._stack: list[_Open] = []
        self._found: list[Leaf] = []
        self._lines: list[_Boundary | None] = []  # of each open multipart the next boundary line, as last looked for
        self._nesting = 0  # forwarded messages around the entity since the last boundary

    def walk(self) -> list[Leaf]:
        position = 0
        default = "text/plain"
        while position >= 0:
            at, default = self._entity(position, default)
            hit = self._boundary(at)
            while hit and hit.closing:
                self._close(hit.level)
                hit = self._boundary(hit.end)
            if hit is None:
                break
            self._close(hit.level + 1)
            opened = self._stack[hit.level]
            position = self._past(hit.end, hit.level)
            default = "message/rfc822" if opened.digest else "text/plain"
            self._nesting = 0
        return self._found

    def _entity(self, position: int, default: str) -> tuple[int, str]:
        """Read an entity's headers, and those of the message that it forwards; give where to look for a boundary."""
        raw = self._raw
        while True:
            stop = self._boundary(position)
            limit = stop.start if stop else len(raw)
            headers = _HEADERS.match(raw, position, limit)
            head_end = headers.end() if headers else position
            blank = _LINE_END.match(raw, head_end, limit)
            body = blank.end() if blank else head_end
            head = _read_head(raw[position:head_end], default)
            if head.content_type.startswith("message/") and head.content_type != "message/delivery-status":
                self._nesting += 1
                if self._nesting <= MAX_NESTING:
                    position, default = body, "text/plain"
                    continue
            if head.content_type.startswith("multipart/") and head.boundary and len(self._stack) < MAX_NESTING:
                guard = self._guard() or (head.content_type if head.content_type in _GUARDED else "")
                self._lines.append(_Boundary(-1, -1, len(self._stack), False))
                self._stack.append(_Open(head.boundary, head.content_type == "multipart/digest", guard))
            else:
                self._found.append(
                    Leaf(
                        head.content_type,
                        head.charset,
                        head.encoding,
                        body,
                        max(body, self._without_line_end(limit)) if stop else limit,
                        self._guard(),
                    )
                )
            return body, default

    def _guard(self) -> str:
        return self._stack[-1].guard if self._stack else ""

    def _close(self, level: int) -> None:
        del self._stack[level:]
        del self._lines[level:]

    def _boundary(self, position: int) -> _Boundary | None:
        """Give the first boundary line of an open multipart at or after a position."""
        first: _Boundary | None = None
        for level in range(len(self._stack)):
            line = self._lines[level]
            if line is not None and line.start < position:
                # What is behind the line of an outer multipart is no business of this one.
                line = self._line(position, first.start if first else len(self._raw), level)
                if line is not None or first is None:
                    self._lines[level] = line
            if line is not None and (first is None or line.start <= first.start):
                first = line
        return first

    def _line(self, position: int, limit: int, level: int) -> _Boundary | None:
        """Give the first line of one boundary; of equal boundaries inside one another the innermost has it."""
        raw = self._raw
        dashed = b"--" + self._stack[level].boundary
        start = raw.find(dashed, position, limit + len(dashed))
        while start >= 0:
            rest = _LINE_REST.match(raw, start + len(dashed))
            if rest and (start == 0 or raw[start - 1] in b"\r\n"):
                return _Boundary(start, rest.end(), level, rest[1] is not None)
            start = raw.find(dashed, start + 1, limit + len(dashed))
        return None

    def _past(self, position: int, level: int) -> int:
        """Give where the boundary lines end that directly follow one: between two of them stands no part."""
        while (line := self._line(position, position, level)) is not None:
            position = line.end
        return position

    def _without_line_end(self, position: int) -> int:
        """Give a position without the line end before it, which belongs to the boundary (RFC 2046, section 5.1.1)."""
        if self._raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1 if self._raw[position - 1 : position] in (b"\n", b"\r") else position


def _read_head(block: bytes, default: str) -> _Head:
    if b"content-" not in block.lower():
        return _Head(default, "", "", b"")
    message = message_from_bytes(block)
    message.set_default_type(default)
    declared = str(message.get("content-type", ""))
    charset = _CHARSET.search(declared)
    try:
        boundary = message.get_boundary() or ""
    except (TypeError, LookupError, ValueError):  # a parameter of RFC 2231 with a charset that nobody knows
        boundary = ""
    return _Head(
        message.get_content_type(),
        charset[1].lower() if charset else "",
        str(message.get("content-transfer-encoding", "")).strip().lower(),
        boundary.encode("ascii", "surrogateescape") if boundary.isascii() else boundary.encode("utf-8", "surrogateescape"),
    )
