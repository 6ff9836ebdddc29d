"""Read a file that is not an archive: a single mail or an mbox.

A file that starts with ``From `` is an mbox. A ``From `` line parts two mails where a header field follows it, with or
without an empty line before (:func:`tkit.mail.headers.is_mbox_separator`); "From our family" in a body does not. An empty
line before it belongs to the mbox and not to the mail. Quoted lines (``>From ``, in "mboxrd" also ``>>From ``) are kept as
written, and ``Content-Length`` (as in "mboxcl") is not believed: programs that change a mail leave it wrong. If no line
parts the file, it is a single mail, and all bytes after its ``From `` lines are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tkit.corpus.raw import Peeked, Problem, RawMessage, archive_kind, why_no_mail
from tkit.mail.headers import MBOX_LINE, SEPARATOR_BYTES, is_mbox_separator
from tkit.mail.outlook import OLE_MAGIC

MAX_MESSAGE_BYTES = 100 * 2**20
"""A larger mail is skipped with a Problem and never read whole. The limits of mail servers are far lower."""

_BLOCK_BYTES = 2**20

FROM_LINE = re.compile(MBOX_LINE + rb"[^\r\n]*(?:\r*\n|\r|\Z)")
MBOX_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:\r?\n)*" + MBOX_LINE)
_MARK = b"\xef\xbb\xbf"
_SEPARATOR = b"\nFrom "
TOO_LARGE = "larger than the {} bytes that a mail may have: skipped; remove its attachments, or leave it out"


def read_mails(stream: Peeked, where: str, size: int | None, problems: list[Problem]) -> Iterator[RawMessage]:
    """Read a file that is not an archive: a single mail or an mbox."""
    kind = archive_kind(stream.head)
    if kind:
        problems.append(Problem(where, f"an archive ({kind}) in an archive is not opened: unpack it first"))
    elif MBOX_START.match(stream.head):
        yield from _read_mbox(stream, where, problems)
    elif (what := why_no_mail(stream.head)) and not stream.head.startswith(OLE_MAGIC):
        problems.append(Problem(where, what))
    elif size is not None and size > MAX_MESSAGE_BYTES:
        problems.append(Problem(where, TOO_LARGE.format(MAX_MESSAGE_BYTES)))
    else:
        raw = stream.read(MAX_MESSAGE_BYTES + 1)
        if len(raw) > MAX_MESSAGE_BYTES:
            problems.append(Problem(where, TOO_LARGE.format(MAX_MESSAGE_BYTES)))
        elif raw.startswith(OLE_MAGIC) and (what := why_no_mail(raw)):  # its directory may stand at the end of the file
            problems.append(Problem(where, what))
        else:
            yield RawMessage(where, raw)


def _read_mbox(stream: Peeked, where: str, problems: list[Problem]) -> Iterator[RawMessage]:
    for number, (piece, is_last) in enumerate(split_mbox(stream), 1):
        single = is_last and number == 1
        label = where if single else f"{where}#{number}"
        if piece is None:
            problems.append(Problem(label, TOO_LARGE.format(MAX_MESSAGE_BYTES)))
            continue
        start = 0
        while line := FROM_LINE.match(piece, start):
            start = line.end()
        raw = piece[start:]
        if is_last and not single:
            raw = _without_blank_line(raw)
        if what := why_no_mail(raw):
            problems.append(Problem(label, what))
        else:
            yield RawMessage(label, raw)


def _without_blank_line(raw: bytes) -> bytes:
    for blank_line in (b"\r\n", b"\n"):
        if raw.endswith(b"\n" + blank_line):
            return raw[: -len(blank_line)]
    return raw


def split_mbox(stream: Peeked) -> Iterator[tuple[bytes | None, bool]]:
    """Split an mbox before its ``From `` lines.

    Yields for each mail its bytes and whether it is the last. The bytes begin with the ``From `` line and do not contain
    the blank line after the mail, except for the last mail; they are None if the mail is too large.
    """
    if stream.is_whole and _SEPARATOR not in stream.head:
        yield stream.head, True
        return
    pending = bytearray(stream.read(_BLOCK_BYTES)).removeprefix(_MARK).lstrip(b"\r\n")
    position = 0  # where the search for the next line goes on
    first_lines = pending.find(b"\n") + 1  # the end of the "From " lines that the mail begins with
    too_large = is_whole = False
    while True:
        start = 0
        while (line_end := pending.find(_SEPARATOR, position)) >= 0:
            line = line_end + 1
            if line + SEPARATOR_BYTES > len(pending) and not is_whole:
                break
            position = line
            if line == first_lines:
                first_lines = pending.find(b"\n", line) + 1
                continue
            end = _before_blank_line(pending, line_end)
            if not is_mbox_separator(pending, line, end < line):
                continue
            too_large = too_large or end - start > MAX_MESSAGE_BYTES
            yield None if too_large else bytes(pending[start:end]), False
            start = line
            first_lines = pending.find(b"\n", line) + 1
            too_large = False
        kept = line_end if line_end >= 0 else max(start, len(pending) - len(_SEPARATOR) + 1)
        if is_whole:
            break
        if kept - start > MAX_MESSAGE_BYTES:
            too_large = True
            # What is kept may begin with the blank line before a separator.
            start = kept - 2
        del pending[:start]
        first_lines -= start
        position = kept - start
        block = stream.read(_BLOCK_BYTES)
        is_whole = not block
        pending += block
    yield None if too_large else bytes(pending[start:]), True


def _before_blank_line(mbox: bytearray, line_end: int) -> int:
    """Return the end of the mail before a separator: without the blank line before it, if there is one."""
    if mbox[line_end - 1 : line_end] == b"\n":
        return line_end
    if mbox[line_end - 2 : line_end] == b"\n\r":
        return line_end - 1
    return line_end + 1
