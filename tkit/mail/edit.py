"""Edit the text of a mail's HTML parts in place, in their own charset and transfer encoding.

Only the bytes around an edit are rewritten: in an unencoded part those of the edit itself, in quoted-printable and
base64 the lines that it touches. Everything else in the mail keeps its bytes.
"""

from __future__ import annotations

import codecs
import re
from binascii import b2a_base64
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from tkit.mail.charset import Decoding
from tkit.mail.message import Message, mbox_line_length, with_line_feeds
from tkit.mail.parts import Leaf
from tkit.mail.transfer import decode_quoted_printable, decoded

_LINE_WIDTH = 76  # RFC 2045, sections 6.7 and 6.8
_BLOCK = 1024  # bytes that are decoded at once on the way to an edit
_VALID_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]++|[ \t\r\n]++)*+(?:=[ \t\r\n]*+){0,2}\Z")
_WORD = re.compile(rb"[A-Za-z0-9+/=]+")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_LINE_END = re.compile(rb"\r?\n")
_QUOTED_TOKEN = re.compile(rb"=[0-9A-Fa-f]{2}|=[ \t]*\r?\n|(?P<space>[ \t]+(?=\r?\n|\Z))|[\s\S]")
# Bytes that quoted-printable writes as they are.
_LITERAL = frozenset(range(33, 127)) - {ord("=")} | {ord(" "), ord("\t")}


class Edit(NamedTuple):
    """One change of a text: the characters from ``start`` to ``end`` become ``text``.

    ``pad`` can be appended to ``text`` without changing its meaning. In base64 it keeps the groups of three bytes after
    the edit as they are.
    """

    start: int
    end: int
    text: str
    pad: str = " "


class HtmlSource:
    """One HTML part of a mail and its position in the mail's bytes.

    Attributes
    ----------
    leaf : Leaf
        The MIME part.
    text : str
        Its decoded text. Positions of edits count its characters.
    container : str
        The container that it is in, and in which it cannot be edited; ``""`` if it is in the mail itself.
    """

    def __init__(self, leaf: Leaf, body: bytes, text: str, decoding: Decoding, container: str = "") -> None:
        self.leaf = leaf
        self.text = text
        self.container = container
        self._body = body
        self._content = decoded(body, leaf.encoding)
        self._decoding = decoding

    def rewritten(self, edits: Sequence[Edit]) -> bytes | None:
        """Return the part's body with its text changed, transfer-encoded as it was.

        Parameters
        ----------
        edits : sequence of Edit
            In the order of the text, not overlapping.

        Returns
        -------
        bytes or None
            None if an edit begins or ends at bytes that are invalid in the charset and do not map to single
            characters, if the charset cannot encode the edit, or if the part is in a container.
        """
        if self.container:
            return None
        offsets = self._offsets([position for edit in edits for position in edit[:2]])
        if offsets is None:
            return None
        splices = []
        for number, edit in enumerate(edits):
            try:
                text, pad = edit.text.encode(self._decoding.codec), edit.pad.encode(self._decoding.codec)
            except UnicodeEncodeError:
                return None
            splices.append(_Splice(offsets[2 * number], offsets[2 * number + 1], text, pad))
        if self.leaf.encoding == "base64":
            return _base64_spliced(self._body, self._content, splices)
        if self.leaf.encoding == "quoted-printable":
            return _quoted_spliced(self._body, self._content, splices)
        return _spliced(self._body, splices)

    def _offsets(self, positions: list[int]) -> list[int] | None:
        """Return the byte offsets of ascending text positions; None if one of them has no offset."""
        codec, errors, mark = self._decoding
        content = self._content
        if len(self.text) == len(content) - mark:  # every character has at least one byte, so here each has exactly one
            return [position + mark for position in positions]
        decoder = codecs.getincrementaldecoder(codec)(errors)
        offsets: list[int] = []
        offset, count = mark, 0  # bytes read, characters decoded from them
        for position in positions:
            while count < position and offset < len(content):
                state = decoder.getstate()
                piece = decoder.decode(content[offset : offset + _BLOCK])
                if count + len(piece) < position:
                    count += len(piece)
                    offset += _BLOCK
                    continue
                decoder.setstate(state)
                before = count
                while count < position and offset < len(content):
                    before = count
                    piece = decoder.decode(content[offset : offset + 1])
                    count += len(piece)
                    offset += 1
                if count > position > before and position == count - 1 and content[offset - 1] < 0x80:
                    # A truncated character became U+FFFD when this byte showed that it was truncated.
                    decoder.reset()
                    offset, count = offset - 1, position
            if count != position:
                return None
            offsets.append(min(offset, len(content)))
        return offsets


def html_sources(raw: bytes, message: Message) -> list[HtmlSource]:
    """Return the HTML parts of a mail with their positions in its bytes, one for each of ``message.html_parts``.

    Parameters
    ----------
    raw : bytes
        The mail.
    message : Message
        The same mail, read by :meth:`Message.from_bytes`.
    """
    start = mbox_line_length(raw)
    lines = with_line_feeds(raw[start:])
    return [
        HtmlSource(
            part.leaf._replace(start=start + part.leaf.start, end=start + part.leaf.end),
            b"" if part.container else lines[part.leaf.start : part.leaf.end],
            part.decoded.text,
            part.decoded.decoding,
            part.container,
        )
        for part in message._parts
    ]


class _Splice(NamedTuple):
    """An edit in bytes."""

    start: int
    end: int
    text: bytes
    pad: bytes


def _spliced(content: bytes, splices: Sequence[_Splice], start: int = 0, end: int | None = None) -> bytes:
    """Return the content from ``start`` to ``end`` with the splices applied."""
    pieces = []
    for splice in splices:
        pieces += [content[start : splice.start], splice.text]
        start = splice.end
    return b"".join([*pieces, content[start : len(content) if end is None else end]])


def _line_end(body: bytes) -> bytes:
    first = _LINE_END.search(body)
    return first[0] if first else b"\n"


def _wrapped(digits: bytes, width: int, line_end: bytes) -> bytes:
    return line_end.join(digits[start : start + width] for start in range(0, len(digits), width))


def _base64_spliced(body: bytes, content: bytes, splices: Sequence[_Splice]) -> bytes:
    """Rewrite the lines that contain an edit's digits; if the body is not valid base64, all of it."""
    line_end = _line_end(body)
    words = [(word.start(), word.end()) for word in _WORD.finditer(body)]
    counts = [0, *accumulate(end - start for start, end in words)]  # digits before each word
    if not _VALID_BASE64.match(body) or counts[-1] % 4:
        ending = line_end if body.endswith(b"\n") else b""
        return _wrapped(b2a_base64(_spliced(content, splices), newline=False), _LINE_WIDTH, line_end) + ending
    pieces = []
    done = 0  # bytes of the body
    for first, last, group in _grouped(splices, counts, 3, 4):
        start, end = 3 * counts[first] // 4, min(3 * counts[last + 1] // 4, len(content))
        text = _spliced(content, group, start, end)
        if last + 2 < len(counts):
            final = group[-1]
            pads = next(n for n in range(3) if (len(text) + n * len(final.pad)) % 3 == 0)
            padded = final._replace(text=final.text + pads * final.pad)
            text = _spliced(content, [*group[:-1], padded], start, end)
        width = max(words[first][1] - words[first][0], 4)
        pieces += [body[done : words[first][0]], _wrapped(b2a_base64(text, newline=False), width, line_end)]
        done = words[last][1]
    return b"".join([*pieces, body[done:]])


def _grouped(
    splices: Sequence[_Splice], counts: list[int], content: int = 1, written: int = 1
) -> Iterator[tuple[int, int, list[_Splice]]]:
    """Yield the first line, the last line and the edits of each group of edits that share lines.

    ``counts`` are the characters written before each line, and in all. Every ``content`` bytes are written as
    ``written`` characters. If these go over a line end, both lines belong to the group.
    """
    group: list[_Splice] = []
    first = last = -1
    final = len(counts) - 2
    for splice in splices:
        begins = min(bisect_right(counts, splice.start // content * written) - 1, final)
        ends = min(bisect_right(counts, max(splice.start, splice.end - 1) // content * written) - 1, final)
        while counts[begins] % written:
            begins -= 1
        while counts[ends + 1] % written:
            ends += 1
        if group and begins > last:
            yield first, last, group
            group = []
        if not group:
            first = begins
        last = max(ends, last)
        group.append(splice)
    if group:
        yield first, last, group


def _quoted_spliced(body: bytes, content: bytes, splices: Sequence[_Splice]) -> bytes | None:
    """Rewrite the lines that an edit touches; the rest of these lines keeps its spelling."""
    lines = [(line.start(), line.end()) for line in _LINE.finditer(body)]
    counts = [0, *accumulate(len(decode_quoted_printable(body[start:end])) for start, end in lines)]
    if counts[-1] != len(content):
        return None
    line_end = _line_end(body)
    pieces = []
    done = 0
    for first, last, group in _grouped(splices, counts):
        start, end = lines[first][0], lines[last][1]
        out = _QuotedWriter(line_end)
        if not _write_lines(out, body[start:end], group, counts[first], counts[last + 1]):
            return None
        pieces += [body[done:start], out.text()]
        done = end
    return b"".join([*pieces, body[done:]])


def _write_lines(out: _QuotedWriter, lines: bytes, splices: Sequence[_Splice], position: int, end: int) -> bool:
    """Apply splices to whole lines that encode the content from ``position`` to ``end``; False if they do not fit it."""
    waiting = list(reversed(splices))
    inside = False
    for match in _QUOTED_TOKEN.finditer(lines):
        token = match[0]
        length = 0 if match["space"] or (len(token) > 1 and token.endswith(b"\n")) else 1
        while waiting and waiting[-1].start == position and length and not inside:
            out.fresh(waiting[-1].text)
            inside = waiting[-1].end > position
            if not inside:
                waiting.pop()
        if not inside:
            out.kept(token)
        position += length
        if inside and position == waiting[-1].end:
            waiting.pop()
            inside = False
    for splice in reversed(waiting):
        out.fresh(splice.text)
    return position == end and not inside


class _QuotedWriter:
    """Writes quoted-printable; a line that has become too long gets soft line breaks."""

    def __init__(self, line_end: bytes) -> None:
        self._line_end = line_end
        self._pieces: list[bytes] = []
        self._line = 0
        self._changed = False

    def kept(self, token: bytes) -> None:
        """Write a token of the old text; the line breaks of lines that an edit joined or cut stay where they are."""
        if token.endswith(b"\n"):
            self._line = 0
            self._changed = False
            self._pieces.append(token)
        elif self._changed:
            self._write(token)
        else:
            self._line += len(token)
            self._pieces.append(token)

    def fresh(self, content: bytes) -> None:
        """Write new content; white space at its end is escaped, because a line end after it would void it."""
        self._changed = True
        for byte in content[:-1]:
            self._write(bytes((byte,)) if byte in _LITERAL else b"=%02X" % byte)
        for byte in content[-1:]:
            self._write(bytes((byte,)) if byte in _LITERAL and byte > 32 else b"=%02X" % byte)

    def text(self) -> bytes:
        """Return all that was written."""
        return b"".join(self._pieces)

    def _write(self, token: bytes) -> None:
        if self._line + len(token) > _LINE_WIDTH - 1:
            self._pieces.append(b"=" + self._line_end)
            self._line = 0
        self._line += len(token)
        self._pieces.append(token)
