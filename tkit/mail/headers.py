"""Find the header fields of a mail, also those of a mail that does not begin with them or has other lines among them.

Every part of tkit reads headers by :func:`message_head` and :func:`part_head`: the check whether a file is a mail, the
reader of MIME parts, and :class:`tkit.mail.Message`. They read as tolerant mail programs do:

- What stands before the first field is passed over: a byte order mark, the byte count of ``.emlx``, ``+OK`` of POP3,
  quoted or repeated mbox lines, a line of a log.
- A line that is no field is passed over if a field follows before the first empty line, as in Thunderbird (jsmime),
  postal-mime and Rspamd, for which only the empty line ends the headers. If none follows, the line is the beginning of the
  body, as in the standard library: the empty line is missing. So is markup before a field that mails do not have, such as
  a style sheet's ``color:red``.
- Blanks may stand before the colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

HEADER_LINES = 50
"""A file without a known header field in this number of lines is not a mail."""

SEPARATOR_BYTES = 3 * 1_008 + 1_000
"""Bytes from the beginning of an mbox's ``From `` line that say whether it parts two mails."""

HEAD_BYTES = 2**16
"""Bytes that are searched for a field behind a line that is none."""

MBOX_LINE = rb"From (?![ \t]*+:)"
"""The beginning of an mbox's ``From `` line. ``From :`` is a field with a blank before its colon."""

_MARK = b"\xef\xbb\xbf"
_KNOWN_NAMES = (
    rb"(?:From|To|Cc|Bcc|Subject|Date|Sender|Reply-To|Message-ID|In-Reply-To|References|Received(?:-SPF)?|"
    rb"Return-Path|MIME-Version|Content-[a-z-]+|Resent-[a-z-]+|List-[a-z-]+|Delivered-To|Envelope-To|Apparently-To|"
    rb"Delivery-Date|Errors-To|Return-Receipt-To|Disposition-Notification-To|Precedence|Importance|Priority|"
    rb"Status|Organization|User-Agent|Authentication-Results|DKIM-Signature|DomainKey-Signature|ARC-[a-z-]+|"
    rb"X-[!-9;-~]+)[ \t]*:"
)
_KNOWN_FIELD = re.compile(_KNOWN_NAMES, re.IGNORECASE)
_LATER_KNOWN_FIELD = re.compile(rb"[\r\n]" + _KNOWN_NAMES, re.IGNORECASE)
# The characters of a token (RFC 9110, section 5.6.2): narrower than RFC 5322, which allows the brackets of markup.
_PLAIN_FIELD = rb"(?:[A-Za-z0-9!#$%&'*+.^_`|~-]++[ \t]*+:)"
_LATER_FIELD = re.compile(rb"[\r\n]" + _PLAIN_FIELD)
_FIELD = rb"[\x21-\x39\x3b-\x7e]*+[ \t]*+:|From "
# A line that begins with white space continues the line before it (RFC 5322, section 2.2.3).
_HEADER = re.compile(_FIELD + rb"|[\t ]")
_END_OF_HEADERS = re.compile(rb"\n(?![\t ])(?!" + _FIELD + rb")")
_HEADERS = re.compile(rb"(?:(?:" + _FIELD + rb"|[\t ])[^\r\n]*(?:\r\n|\r|\n|\Z))*+")
_MBOX_LINES = re.compile(rb"(?:" + MBOX_LINE + rb"[^\r\n]*+(?:\r\n|\r|\n|\Z))*+")
# Some programs write the line twice, or quote the one that they found.
_SEPARATOR_LINE = re.compile(MBOX_LINE + rb"[^\r\n]{0,998}+\r*+\n(?:>*+" + MBOX_LINE + rb"[^\r\n]{0,998}+\r*+\n){0,2}+")
_DATED_LINE = re.compile(rb"From [^\r\n]{0,900}?[0-9]:[0-9]{2}\b[^\r\n]{0,50}?\b[0-9]{4}\b")
_FIELD_HERE = re.compile(_PLAIN_FIELD)
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD_LINES = re.compile(
    rb"(?:\A|(?<=[\r\n]))([\x21-\x39\x3b-\x7e]++)[ \t]*+:([^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+)*+)(?:\r\n|\r|\n|\Z)"
)
_EMPTY_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(\r\n|\r|\n)")


class Head(NamedTuple):
    """Where the headers of a mail or of a part are.

    Attributes
    ----------
    start, end : int
        The first field, and the end of the last one.
    body : int
        The beginning of the body: behind the empty line, or at a line that is no field if the empty line is missing.
    other_body : int
        What Thunderbird takes for the beginning of the body: behind the next empty line. Equal to ``body`` if that is sure.
    """

    start: int
    end: int
    body: int
    other_body: int


class Field(NamedTuple):
    """One header field and where its lines are.

    Attributes
    ----------
    start, end : int
        The first byte of its name, and the end of its last line with the line end.
    name : bytes
        As written, without the colon and the blanks before it.
    value : bytes
        As written, folds included.
    """

    start: int
    end: int
    name: bytes
    value: bytes


def header_fields(block: bytes) -> Iterator[Field]:
    r"""Yield the fields of a header block, whatever ends its lines; lines that are no field are passed over.

    Parameters
    ----------
    block : bytes
        The bytes of a mail between :attr:`Head.start` and :attr:`Head.end`.

    Examples
    --------
    >>> [field.value for field in header_fields(b"A: 1\r\n 2\r\nno field\r\nB : 3\r\n")]
    [b' 1\r\n 2', b' 3']
    """
    for found in _FIELD_LINES.finditer(block):
        yield Field(found.start(), found.end(), found[1], found[2])


def known_field(raw: bytes, position: int = 0) -> int | None:
    """Return where the first field that mails have begins, None if there is none in the first lines.

    Parameters
    ----------
    raw : bytes
        The mail.
    position : int
        The beginning of a line.
    """
    if raw.startswith(_MARK, position):
        position += len(_MARK)
    if _KNOWN_FIELD.match(raw, position):
        return position
    found = _LATER_KNOWN_FIELD.search(raw, position, position + HEAD_BYTES)
    if found is None or raw.count(b"\n", position, found.end()) >= HEADER_LINES:
        return None
    return found.start() + 1


def is_mbox_separator(raw: bytes | bytearray, position: int, after_empty_line: bool) -> bool:
    """Return whether a line that begins with ``From `` parts two mails of an mbox.

    It does if a field that mails have follows it, as in Thunderbird. With a time of day and a year, as all programs write
    them, any field will do, or an empty line before it.

    Parameters
    ----------
    raw : bytes
        The mbox.
    position : int
        The beginning of the line.
    after_empty_line : bool
        Whether the line before it is empty.
    """
    line = _SEPARATOR_LINE.match(raw, position)
    if line is None:
        return False
    if _KNOWN_FIELD.match(raw, line.end()):
        return True
    return _DATED_LINE.match(raw, position) is not None and (after_empty_line or _FIELD_HERE.match(raw, line.end()) is not None)


def message_head(raw: bytes, position: int = 0, limit: int | None = None) -> Head:
    r"""Find the headers of a mail.

    Parameters
    ----------
    raw : bytes
        The mail, or one that contains it.
    position, limit : int
        Its beginning and end; by default those of ``raw``.

    Examples
    --------
    >>> raw = b"+OK 90 octets\nSubject: Hi\nno field\nX-A : b\n\nBody"
    >>> head = message_head(raw)
    >>> raw[head.start : head.end], raw[head.body :]
    (b'Subject: Hi\nno field\nX-A : b\n', b'Body')
    """
    limit = len(raw) if limit is None else limit
    if raw.startswith(_MARK, position):
        position += len(_MARK)
    if raw.startswith(b"From ", position) and (lines := _MBOX_LINES.match(raw, position, limit)):
        position = lines.end()
    head = part_head(raw, position, limit)
    if _KNOWN_FIELD.match(raw, head.start, head.end) or _LATER_KNOWN_FIELD.search(raw, head.start, head.end):
        return head
    first = known_field(raw, position)
    return head if first is None or first >= limit else part_head(raw, first, limit)


def part_head(raw: bytes, position: int, limit: int) -> Head:
    """Find the headers of a MIME part between two positions; see :func:`message_head`."""
    start = position
    end = _fields_end(raw, position, limit)
    empty = _LINE_END.match(raw, end, limit)
    if empty or end >= limit:
        body = empty.end() if empty else end
        return Head(start, end, body, body)
    ahead = _Ahead(raw, end, min(limit, end + HEAD_BYTES))
    while (field := ahead.field_after(end)) is not None:
        if end == start:
            start = field
        end = _fields_end(raw, field, limit)
        if end >= ahead.stop:  # the empty line, or the end of what was searched
            empty = _LINE_END.match(raw, end, limit)
            body = empty.end() if empty else end
            return Head(start, end, body, body)
    return Head(start, end, end, ahead.body if ahead.body is not None else end)


class _Ahead:
    """The fields that follow a line that is none, up to the first empty line."""

    def __init__(self, raw: bytes, position: int, limit: int) -> None:
        self._raw = raw
        empty = _EMPTY_LINE.search(raw, position, limit)
        self.stop = empty.start() if empty else limit
        self.body = empty.end() if empty else None
        self._last_known = -1
        for found in _LATER_KNOWN_FIELD.finditer(raw, position, self.stop):
            self._last_known = found.start()

    def field_after(self, position: int) -> int | None:
        """Return the next field behind a line that is none; None if that line is the beginning of the body."""
        found = _LATER_FIELD.search(self._raw, position, self.stop)
        if found is None:
            return None
        if position >= self._last_known and self._raw.find(b"<", position, found.start()) >= 0:
            return None
        return found.start() + 1


def _fields_end(raw: bytes, position: int, limit: int) -> int:
    """Return where the first line begins, at or after a position, that is not a field."""
    if not _HEADER.match(raw, position, limit):
        return position
    last_line_end = _END_OF_HEADERS.search(raw, position, limit)
    end = last_line_end.end() if last_line_end else limit
    if raw.find(b"\r", position, end) < 0 or not _LONE_RETURN.search(raw, position, end):
        return end
    headers = _HEADERS.match(raw, position, limit)  # knows every line end, but is much slower
    return headers.end() if headers else position
