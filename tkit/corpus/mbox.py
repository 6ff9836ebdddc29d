"""Read a file that is not an archive: a single mail or an mbox.

A file that starts with ``From `` is an mbox. A mail ends where a blank line is followed by a line that starts with
``From `` (RFC 4155 and the variant "mboxrd"). That blank line belongs to the mbox and not to the mail, and ``>From `` is
kept as written. If the file has only one ``From `` line, it is a single mail, and all bytes after that line are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tkit.corpus.raw import Peeked, Problem, RawMessage, archive_kind, why_no_mail

MAX_MESSAGE_BYTES = 100 * 2**20
"""A larger mail is skipped with a Problem and never read whole. The limits of mail servers are far lower."""

_BLOCK_BYTES = 2**20

FROM_LINE = re.compile(rb"From [^\r\n]*(?:\r*\n|\r|\Z)")
MBOX_START = re.compile(rb"(?:\r?\n)*From ")
_TOO_LARGE = "larger than the {} bytes that a mail may have: skipped; remove its attachments, or leave it out"


def read_mails(stream: Peeked, where: str, size: int | None, problems: list[Problem]) -> Iterator[RawMessage]:
    """Read a file that is not an archive: a single mail or an mbox."""
    kind = archive_kind(stream.head)
    if kind:
        problems.append(Problem(where, f"an archive ({kind}) in an archive is not opened: unpack it first"))
    elif MBOX_START.match(stream.head):
        yield from _read_mbox(stream, where, problems)
    elif what := why_no_mail(stream.head):
        problems.append(Problem(where, what))
    elif size is not None and size > MAX_MESSAGE_BYTES:
        problems.append(Problem(where, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
    else:
        raw = stream.read(MAX_MESSAGE_BYTES + 1)
        if len(raw) > MAX_MESSAGE_BYTES:
            problems.append(Problem(where, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
        else:
            yield RawMessage(where, raw)


def _read_mbox(stream: Peeked, where: str, problems: list[Problem]) -> Iterator[RawMessage]:
    for number, (piece, is_last) in enumerate(split_mbox(stream), 1):
        single = is_last and number == 1
        label = where if single else f"{where}#{number}"
        if piece is None:
            problems.append(Problem(label, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
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
    separator = b"\nFrom "
    if stream.is_whole and separator not in stream.head:
        yield stream.head, True
        return
    pending = bytearray(stream.read(_BLOCK_BYTES).lstrip(b"\r\n"))
    searched = 0
    too_large = False
    while True:
        start = 0
        while (line_end := pending.find(separator, searched)) >= 0:
            searched = line_end + 1
            if pending[line_end - 1 : line_end] == b"\n":
                end = line_end
            elif pending[line_end - 2 : line_end] == b"\n\r":
                end = line_end - 1
            else:
                continue
            too_large = too_large or end - start > MAX_MESSAGE_BYTES
            yield None if too_large else bytes(pending[start:end]), False
            start = line_end + 1
            too_large = False
        del pending[:start]
        if len(pending) > MAX_MESSAGE_BYTES:
            too_large = True
            # This block may end with the blank line and the beginning of a separator.
            del pending[: -len(separator) - 2]
        searched = max(0, len(pending) - len(separator) + 1)
        block = stream.read(_BLOCK_BYTES)
        if not block:
            break
        pending += block
    yield None if too_large else bytes(pending), True
