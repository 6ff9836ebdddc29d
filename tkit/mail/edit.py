"""Change the text of a mail's HTML parts where they stand, in their own charset and transfer encoding.

Only the bytes that a change needs are written anew: in an unencoded part those of the edit, in quoted-printable and
base64 the lines around it. Everything else of the mail stays byte for byte.
"""

from __future__ import annotations

import codecs
import re
from binascii import b2a_base64
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import webencodings

from tkit.mail.message import HTML_TYPES, Message
from tkit.mail.parts import Leaf, leaves
from tkit.mail.transfer import decode_quoted_printable, decoded

_LINE_WIDTH = 76  # RFC 2045, sections 6.7 and 6.8
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_NAMED_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_SOUND_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]++|[ \t\r\n]++)*+(?:=[ \t\r\n]*+){0,2}\Z")
_WORD = re.compile(rb"[A-Za-z0-9+/=]+")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_LINE_END = re.compile(rb"\r?\n")
_QUOTED = re.compile(rb"=[0-9A-Fa-f]{2}|=[ \t]*\r?\n|(?P<space>[ \t]+(?=\r?\n|\Z))|[\s\S]")
_LITERAL = frozenset(range(33, 127)) - {ord("=")} | {ord(" "), ord("\t")}


class Edit(NamedTuple):
    """One change of a text: what stands from ``start`` to ``end`` becomes ``text``.

    ``pad`` may be added to the end of ``text`` without changing what it means, so that in base64 the groups of
    three bytes behind it stay as they are.
    """

    start: int
    end: int
    text: str
    pad: str = " "


class _Decoding(NamedTuple):
    """How a part's bytes become its text."""

    codec: str
    errors: str
    mark: int  # length of the byte order mark


class HtmlSource:
    """One HTML part of a mail and its place there.

    Attributes
    ----------
    leaf : Leaf
        The MIME part.
    text : str
        Its decoded text; positions of edits count its characters.
    """

    def __init__(self, leaf: Leaf, body: bytes, content: bytes, decoding: _Decoding, text: str) -> None:
        self.leaf = leaf
        self.text = text
        self._body = body
        self._content = content
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
            None where the text's characters cannot be told apart in the bytes (broken charset at an edit's edge),
            or the charset cannot write an edit.
        """
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
        """Return the byte offsets of text positions that go up; None where one has none."""
        codec, errors, mark = self._decoding
        content = self._content
        if len(self.text) == len(content) - mark:  # no character has fewer bytes than one, so each has one
            return [position + mark for position in positions]
        decoder = codecs.getincrementaldecoder(codec)(errors)
        found: list[int] = []
        at, count = mark, 0
        for position in positions:
            while count < position and at < len(content):
                state = decoder.getstate()
                piece = decoder.decode(content[at : at + 1024])
                if count + len(piece) < position:
                    count += len(piece)
                    at += 1024
                    continue
                decoder.setstate(state)
                before = count
                while count < position and at < len(content):
                    before = count
                    piece = decoder.decode(content[at : at + 1])
                    count += len(piece)
                    at += 1
                if count > position > before and position == count - 1 and content[at - 1] < 0x80:
                    # A cut character became U+FFFD when this byte showed that it was cut.
                    decoder.reset()
                    at, count = at - 1, position
            if count != position:
                return None
            found.append(min(at, len(content)))
        return found


def html_sources(raw: bytes, message: Message) -> list[HtmlSource | None]:
    """Find the HTML parts of a message in its bytes.

    Parameters
    ----------
    raw : bytes
        The mail.
    message : Message
        The same, read.

    Returns
    -------
    list of HtmlSource or None
        One for each of ``message.html_parts``; None where it is not told which charset gives its text.
    """
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    found = [leaf for leaf in leaves(raw) if leaf.content_type in HTML_TYPES]
    found.sort(key=lambda leaf: HTML_TYPES.index(leaf.content_type))
    return [_source(raw, leaf, text) for leaf, text in zip(found, message.html_parts, strict=True)]


def _source(raw: bytes, leaf: Leaf, text: str) -> HtmlSource | None:
    body = raw[leaf.start : leaf.end]
    content = decoded(body, leaf.encoding)
    for decoding in _decodings(content, leaf.charset):
        try:
            own = content[decoding.mark :].decode(decoding.codec, decoding.errors)
        except UnicodeDecodeError:
            continue
        if own == text:
            return HtmlSource(leaf, body, content, decoding, own)
    return None


def _decodings(content: bytes, declared: str) -> Iterator[_Decoding]:
    """Return every way in which :mod:`tkit.mail.message` may have decoded a part; which one it was, its text tells."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            yield _Decoding(codec, "replace", len(mark))
            return
    labels = [declared, *(label.decode("ascii") for label in _NAMED_CHARSET.findall(content[:4096])), "utf-8", "windows-1252"]
    for errors in ("strict", "tkit.c1", "replace"):
        for label in labels:
            encoding = webencodings.lookup(label)
            if encoding is not None and encoding.name not in ("replacement", "x-user-defined"):
                yield _Decoding(encoding.codec_info.name, errors, 0)


class _Splice(NamedTuple):
    """An edit in bytes."""

    start: int
    end: int
    text: bytes
    pad: bytes


def _spliced(content: bytes, splices: Sequence[_Splice], start: int = 0, end: int | None = None) -> bytes:
    """Return the content from ``start`` to ``end`` with the splices in it carried out."""
    pieces = []
    for splice in splices:
        pieces += [content[start : splice.start], splice.text]
        start = splice.end
    return b"".join([*pieces, content[start : len(content) if end is None else end]])


def _line_end(body: bytes) -> bytes:
    found = _LINE_END.search(body)
    return found[0] if found else b"\n"


def _wrapped(digits: bytes, width: int, line_end: bytes) -> bytes:
    return line_end.join(digits[start : start + width] for start in range(0, len(digits), width))


def _base64_spliced(body: bytes, content: bytes, splices: Sequence[_Splice]) -> bytes:
    """Write the lines anew that hold an edit's digits; a body that is no sound base64 as a whole."""
    line_end = _line_end(body)
    words = [(word.start(), word.end()) for word in _WORD.finditer(body)]
    counts = [0, *accumulate(end - start for start, end in words)]  # digits before each word
    if not _SOUND_BASE64.match(body) or counts[-1] % 4:
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
    """Put edits together whose lines are the same, with the first and last of these lines.

    ``counts`` holds what is written before each line and at the end; ``content`` bytes are written as ``written``
    characters, which may stand on two lines: then both are taken.
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
    """Write the lines anew that an edit touches; what stands beside it in them keeps its own spelling."""
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
    """Carry out splices in whole lines, which hold the content from ``position`` to ``end``; False where they do not."""
    waiting = list(reversed(splices))
    inside = False
    for found in _QUOTED.finditer(lines):
        token = found[0]
        length = 0 if found["space"] or (len(token) > 1 and token.endswith(b"\n")) else 1
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
    """Writes quoted-printable; a line that became too long is broken softly."""

    def __init__(self, line_end: bytes) -> None:
        self._line_end = line_end
        self._pieces: list[bytes] = []
        self._line = 0
        self._changed = False

    def kept(self, token: bytes) -> None:
        """Write what stood there; line breaks of lines that an edit joined or cut stay where they are."""
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
        """Write new content; its last byte must not be white space that a line end then makes void."""
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
