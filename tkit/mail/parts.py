"""Find the parts of a mail in its bytes.

Boundaries are read as the standard library's ``email.feedparser`` reads them, but by position, without recursion and
without copying a body. Parsers that return a tree of decoded parts cannot say which bytes a part came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tkit.mail.content import read_content, read_short_content
from tkit.mail.headers import message_head, part_head
from tkit.mail.transfer import is_encoded_message

MAX_NESTING = 128
"""Levels of multiparts and of forwarded messages that are read; a deeper one counts as one part."""
TOO_NESTED = "MIME: nested too deeply to be read"
"""What is said of a mail with a deeper part."""

NO_BOUNDARY = "MIME: the boundary of a multipart is on no line"
"""What is said of a mail with a multipart that names HTML and has no parts."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_HTML_TYPE = re.compile(rb"content-type[ \t]*+:[^\r\n]*html", re.IGNORECASE)
_MORE = re.compile(rb"\s*+\S")
_LINE_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\r|\n|\Z)")
_SHORT_HEAD = 256  # bytes of a head that is worth caching
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
    name : str
        The file name of an attachment of the main type ``application``, ``""`` if it has none.
    """

    content_type: str
    charset: str
    encoding: str
    start: int
    end: int
    guard: str
    name: str = ""


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
    return Walk(raw).leaves


def holds_message(content_type: str) -> bool:
    """Return whether a part of a type is a mail, as the standard library has it: of ``message/``, all but reports."""
    return content_type.startswith("message/") and content_type != "message/delivery-status"


class Walk:
    """One pass over one mail with a stack of its open multiparts.

    Attributes
    ----------
    leaves : list of Leaf
        See :func:`leaves`.
    unread : list of str
        Why some of them are not taken apart: they are nested too deeply, or their boundary is on no line.
    """

    def __init__(self, raw: bytes) -> None:
        self.leaves: list[Leaf] = []
        self.unread: list[str] = []
        self._raw = raw
        self._stack: list[_Level] = []
        self._opened: Leaf | None = None  # the multipart just opened, which is a leaf if no part follows
        self._nesting = 0  # forwarded messages around the entity since the last boundary
        self._walk()

    def _walk(self) -> None:
        position = 0
        default = "text/plain"
        is_message = True
        while True:
            body, default = self._entity(position, default, is_message)
            line = self._boundary(body)
            if self._opened and (line is None or line.closing or line.level < len(self._stack) - 1):
                self._add_whole(self._opened)
            while line and line.closing:
                del self._stack[line.level :]
                line = self._boundary(line.end)
            if line is None:
                return
            del self._stack[line.level + 1 :]
            level = self._stack[line.level]
            position = self._past(line.end, line.level)
            default = "message/rfc822" if level.is_digest else "text/plain"
            is_message = False
            self._nesting = 0

    def _add_whole(self, leaf: Leaf) -> None:
        """Add a leaf that may be a multipart without parts."""
        self.leaves.append(leaf)
        if leaf.content_type.startswith("multipart/") and _HTML_TYPE.search(self._raw, leaf.start, leaf.end):
            self.unread.append(NO_BOUNDARY)

    def _entity(self, position: int, default: str, is_message: bool) -> tuple[int, str]:
        """Read an entity's headers, and those of the message that it forwards; return where its body begins."""
        raw = self._raw
        while True:
            stop = self._boundary(position)
            limit = stop.start if stop else len(raw)
            fields = (message_head if is_message else part_head)(raw, position, limit)
            # Heads of parts are short and often the same; heads of mails are long, and no two are the same.
            read = read_short_content if fields.end - fields.start < _SHORT_HEAD else read_content
            head = read(raw[fields.start : fields.end], default)
            body = fields.body
            if head.encoding == "base64" and _MORE.match(raw, fields.other_body, limit):
                body = fields.other_body  # a line that is no field would be decoded with the rest
            end = max(body, self._without_line_end(limit)) if self._stack else limit
            guard = self._stack[-1].guard if self._stack else ""
            leaf = Leaf(head.content_type, head.charset, head.encoding, body, end, guard, head.name)
            if holds_message(head.content_type) and not is_encoded_message(raw, body, end, head.encoding):
                self._nesting += 1
                if self._nesting <= MAX_NESTING:
                    position, default, is_message = body, "text/plain", True
                    continue
                self.unread.append(TOO_NESTED)
            is_multipart = bool(head.boundaries) and head.content_type.startswith("multipart/")
            if is_multipart and len(self._stack) == MAX_NESTING:
                self._opened = None
                self.unread.append(TOO_NESTED)
                self.leaves.append(leaf)
            elif is_multipart:
                self._opened = leaf
                guard = guard or (head.content_type if head.content_type in _GUARDED else "")
                before = _Boundary(-1, -1, len(self._stack), False)
                is_digest = head.content_type == "multipart/digest"
                boundary = self._boundary_in_use(head.boundaries, body)
                self._stack.append(_Level(b"--" + boundary, is_digest, guard, before, body))
            else:
                self._opened = None
                self._add_whole(leaf)
            return body, default

    def _boundary_in_use(self, readings: tuple[bytes, ...], position: int) -> bytes:
        """Return the reading of a boundary that a line after a position has."""
        if len(readings) == 1:
            return readings[0]
        longest_first = sorted(readings, key=len, reverse=True)
        written = b"|".join(re.escape(reading) for reading in longest_first)
        found = re.compile(rb"(?:\A|(?<=[\r\n]))--(" + written + rb")(?:--)?[ \t]*(?:\r|\n|\Z)").search(self._raw, position)
        return found[1] if found else readings[0]

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
