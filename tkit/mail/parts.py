"""Where the parts of a mail stand in its bytes.

The boundaries are read as the standard library's ``email.feedparser`` reads them, but by position, without recursion
and without copying a body; parsers that give a tree of decoded parts cannot say which bytes a part came from.
"""

from __future__ import annotations

import re
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

MAX_NESTING = 128
"""Multiparts and forwarded messages inside one another; what stands deeper is not taken apart."""
TOO_NESTED = "MIME: nested too deeply to be read"
"""What is said of a mail that holds such."""

_HEADERS = re.compile(rb"(?:(?:From |[\x21-\x39\x3b-\x7e]*:|[\t ])[^\r\n]*(?:\r\n|\r|\n|\Z))*+")
_HEADER = re.compile(rb"From |[\x21-\x39\x3b-\x7e]*+:|[\t ]")
_END_OF_HEADERS = re.compile(rb"\n(?![\t ])(?![\x21-\x39\x3b-\x7e]*+:|From )")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\r|\n|\Z)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';]+)", re.IGNORECASE)
_VALUE = re.compile(rb"[ \t]*+([^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+)")
# Characters of a boundary that stand for themselves wherever a parameter's value can stand.
_BOUNDARY = re.compile(rb";[ \t\r\n]*+boundary=\"?([A-Za-z0-9()+_,\-./:=?$#@!&~^{}|\[\]]+)", re.IGNORECASE)
_ONE_LINE = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x7f]*")
_ON_NO_LINE = b"\n"  # for a boundary that the standard library finds on no line
_STAND_IN = b"\x01"
_LONGEST_FIELD = 102_400
"""Bytes of a field that are read, as many as Postfix lets through; the standard library's time grows with the square."""
_SHORT_HEAD = 256
_LONGEST_CACHED = 1_000
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
    dashed: bytes  # its boundary as a line begins with it
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
    boundary: bytes | None


def leaves(raw: bytes) -> list[Leaf]:
    r"""Return the leaves of a mail's MIME tree in their order.

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


def is_too_nested(raw: bytes) -> bool:
    """Return whether a mail holds parts deeper than :data:`MAX_NESTING`, which :func:`leaves` does not take apart."""
    walker = _Walker(raw)
    walker.walk()
    return walker.too_nested


class _Walker:
    """One pass over one mail, its open multiparts on a stack."""

    def __init__(self, raw: bytes) -> None:
        self.too_nested = False
        self._raw = raw
        self._stack: list[_Open] = []
        self._found: list[Leaf] = []
        self._lines: list[_Boundary | None] = []  # of each open multipart the next boundary line, as last looked for
        self._clear: list[int] = []  # of each open multipart, where no boundary line of it stands before
        self._opened: Leaf | None = None  # the multipart just opened, which is a leaf where no part follows
        self._nesting = 0  # forwarded messages around the entity since the last boundary

    def walk(self) -> list[Leaf]:
        position = 0
        default = "text/plain"
        while True:
            at, default = self._entity(position, default)
            hit = self._boundary(at)
            if self._opened and (hit is None or hit.closing or hit.level < len(self._stack) - 1):
                self._found.append(self._opened)
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
            head_end = _head_end(raw, position, limit)
            blank = _LINE_END.match(raw, head_end, limit)
            body = blank.end() if blank else head_end
            # The heads of parts are short and few in form; those of mails are long, and no two are the same.
            read = _read_short_head if head_end - position < _SHORT_HEAD else _read_head
            head = read(raw[position:head_end], default)
            if head.content_type.startswith("message/") and head.content_type != "message/delivery-status":
                self._nesting += 1
                if self._nesting <= MAX_NESTING:
                    position, default = body, "text/plain"
                    continue
                self.too_nested = True
            end = max(body, self._without_line_end(limit)) if self._stack else limit
            leaf = Leaf(head.content_type, head.charset, head.encoding, body, end, self._guard())
            is_multipart = head.boundary is not None and head.content_type.startswith("multipart/")
            self.too_nested |= is_multipart and len(self._stack) == MAX_NESTING
            if head.boundary is not None and is_multipart and len(self._stack) < MAX_NESTING:
                self._opened = leaf
                guard = leaf.guard or (head.content_type if head.content_type in _GUARDED else "")
                self._lines.append(_Boundary(-1, -1, len(self._stack), False))
                self._clear.append(body)
                self._stack.append(_Open(b"--" + head.boundary, head.content_type == "multipart/digest", guard))
            else:
                self._opened = None
                self._found.append(leaf)
            return body, default

    def _guard(self) -> str:
        return self._stack[-1].guard if self._stack else ""

    def _close(self, level: int) -> None:
        del self._stack[level:]
        del self._lines[level:]
        del self._clear[level:]

    def _boundary(self, position: int) -> _Boundary | None:
        """Return the first boundary line of an open multipart at or after a position."""
        first: _Boundary | None = None
        for level in range(len(self._stack)):
            line = self._lines[level]
            if line is not None and line.start < position:
                # What is behind the line of an outer multipart is no business of this one, and nothing is searched twice.
                limit = first.start if first else len(self._raw)
                line = self._line(max(position, self._clear[level]), limit, level)
                if line is not None or first is None:
                    self._lines[level] = line
                else:
                    self._clear[level] = max(limit, self._clear[level])
            if line is not None and (first is None or line.start < first.start):
                first = line
        return first

    def _line(self, position: int, limit: int, level: int) -> _Boundary | None:
        """Return the first line of one boundary."""
        raw = self._raw
        dashed = self._stack[level].dashed
        if dashed.endswith(_ON_NO_LINE):
            return None
        start = raw.find(dashed, position, limit + len(dashed))
        while start >= 0:
            rest = _LINE_REST.match(raw, start + len(dashed))
            if rest and (start == 0 or raw[start - 1] in b"\r\n"):
                return _Boundary(start, rest.end(), level, rest[1] is not None)
            # One look a line: in a line of dashes, a short boundary stands at every place.
            line_end = _LINE_END.search(raw, start, limit)
            start = raw.find(dashed, line_end.end(), limit + len(dashed)) if line_end else -1
        return None

    def _past(self, position: int, level: int) -> int:
        """Return where the boundary lines end that directly follow one: between two of them stands no part."""
        while (line := self._line(position, position, level)) is not None:
            position = line.end
        return position

    def _without_line_end(self, position: int) -> int:
        """Return a position without the line end before it, which belongs to the boundary (RFC 2046, section 5.1.1)."""
        if self._raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1 if self._raw[position - 1 : position] in (b"\n", b"\r") else position


def _head_end(raw: bytes, position: int, limit: int) -> int:
    """Return where the first line begins, at or after a position, that is no header."""
    if not _HEADER.match(raw, position, limit):
        return position
    found = _END_OF_HEADERS.search(raw, position, limit)
    end = found.end() if found else limit
    if raw.find(b"\r", position, end) < 0 or not _LONE_RETURN.search(raw, position, end):
        return end
    headers = _HEADERS.match(raw, position, limit)  # in a way that is slower by much, other line ends
    return headers.end() if headers else position


def _read_head(block: bytes, default: str) -> _Head:
    """Read what the headers say of an entity, each field by its first value, as the standard library does."""
    lowered = block.lower()
    if b"content-" not in lowered:
        return _Head(default, "", "", None)
    declared = _first_value(block, lowered, b"content-type:")
    encoding = _first_value(block, lowered, b"content-transfer-encoding:") or b""
    plain = declared is not None and declared.isascii() and _STAND_IN not in declared
    named = _BOUNDARY.search(declared) if declared is not None and plain else None
    if declared is None or named is None:
        return _declared_head(declared, encoding, default)
    # No two mails have the same boundary, and nothing that is read depends on which it is: without it, a few hundred
    # forms of the field remain, and each is read once.
    form = declared[: named.start(1)] + _STAND_IN + declared[named.end(1) :]
    head = _declared_head(form, encoding, default)
    if head.boundary != _STAND_IN or _STAND_IN.decode() in head.charset or b"charset" in named[1].lower():
        return _declared_head(declared, encoding, default)
    return _Head(head.content_type, head.charset, head.encoding, named[1])


_read_short_head = lru_cache(maxsize=1 << 12)(_read_head)


def _first_value(block: bytes, lowered: bytes, name: bytes) -> bytes | None:
    """Return a field's first value as it stands, folds in it; None where the field is absent."""
    at = lowered.find(name)
    while at > 0 and lowered[at - 1] not in b"\r\n":
        at = lowered.find(name, at + 1)
    found = _VALUE.match(block, at + len(name)) if at >= 0 else None
    return found[1][:_LONGEST_FIELD] if found else None


def _declared_head(declared: bytes | None, encoding: bytes, default: str) -> _Head:
    short = len(declared or b"") + len(encoding) < _LONGEST_CACHED
    return (_cached_head if short else _standard_head)(declared, encoding, default)


def _standard_head(declared: bytes | None, encoding: bytes, default: str) -> _Head:
    """Have the standard library read the values of Content-Type and Content-Transfer-Encoding."""
    message = Message()
    message.set_default_type(default)
    message["Content-Transfer-Encoding"] = encoding.decode("ascii", "surrogateescape")
    if declared is not None:
        message["Content-Type"] = declared.decode("ascii", "surrogateescape")
    charset = _CHARSET.search(str(message.get("content-type", "")))
    try:
        boundary = message.get_boundary()
    except (TypeError, LookupError, ValueError):  # a parameter of RFC 2231 with a charset that nobody knows
        boundary = None
    return _Head(
        message.get_content_type(),
        charset[1].lower() if charset else "",
        str(message.get("content-transfer-encoding", "")).strip().lower(),
        None if boundary is None else boundary.encode("ascii") if _ONE_LINE.fullmatch(boundary) else _ON_NO_LINE,
    )


_cached_head = lru_cache(maxsize=1 << 12)(_standard_head)
