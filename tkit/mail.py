"""One mail: bytes in, its HTML parts and the few header facts that detection needs out.

The MIME tree comes from ``fast-mail-parser`` where it gives what the standard library gives, and from
the standard library where it does not; :func:`_fast_parse` says when. Bad mail never raises: what was wrong is
kept in :attr:`Message.defects`.
"""

from __future__ import annotations

import codecs
import email
import email.header
import email.utils
import hashlib
import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator, Mapping
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import fast_mail_parser
import webencodings

HTML_TYPES = ("text/html", "text/x-amp-html")
"""Content types that a mail client renders as HTML. AMP parts are numbered after the ordinary ones."""

_RECIPIENT_HEADERS = (
    "to",
    "cc",
    "bcc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "apparently-to",
    "x-rcpt-to",
    "resent-to",
)
# Encodings in which ASCII bytes do not all stand for themselves, so an all-ASCII part still needs its codec.
_NOT_ASCII_BASED = frozenset({"utf-16le", "utf-16be", "iso-2022-jp"})

# A line that begins with white space goes on with the field before it (RFC 5322, section 2.2.3).
_END_OF_FIELD = re.compile(r"\n(?![ \t])")
_FOLD = re.compile(r"\r?\n[ \t]+")
_ANNOUNCED = re.compile(rb"\n(?i:content-type):\s{0,64}(?i:text/(?:html|x-amp-html))")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@[A-Za-z0-9.\-]{1,253}")
_FROM_ANGLE = re.compile(r"<[^<>]*@([^<>@\s]+)>")
_FROM_BARE = re.compile(r"@([^\s<>@\"',;()]+)")
_RECEIVED_FOR = re.compile(r"\bfor\s+<?(" + _ADDRESS.pattern + r")>?", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_BASE64_RUN = re.compile(rb"([^=]*)(=*)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BROKEN_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n)")
_MOST_MULTIPARTS = 10_000
_EIGHT_BIT = re.compile(rb"[\x80-\xff]+")
_SPACES = (b" ", b"\t")
_SPACE_AT_LINE_END = re.compile(rb"[ \t]+(?=\r?\n|\Z)")


class HtmlPart(NamedTuple):
    """A transfer-decoded part that a client renders as HTML."""

    content_type: str
    charset: str
    encoding: str
    content: bytes


class _Charset(NamedTuple):
    name: str
    codec: str


_UTF_8 = _Charset("utf-8", "utf-8")
_WINDOWS_1252 = _Charset("windows-1252", "cp1252")


class Message:
    r"""One mail, as far as the detection of trackers needs it.

    Attributes
    ----------
    message_sha256 : str
        SHA-256 of the raw bytes without a leading mbox ``From `` line, in hex.
    html_parts : tuple of str
        The decoded text of every ``text/html`` part in MIME order (attachments and parts of forwarded messages
        too), then that of every AMP part.
    content_types : tuple of str
        The content types of the MIME tree's leaves, lower case; empty where the mail has no HTML.
    defects : tuple of str
        What was wrong with the mail, ``"<where>: <what>"``; empty for a sound one.

    Examples
    --------
    >>> message = Message.from_bytes(b"From: A <a@News.Example>\nContent-Type: text/html\n\n<p>Hi")
    >>> message.from_domain, message.html_parts
    ('news.example', ('<p>Hi',))
    """

    def __init__(
        self,
        message_sha256: str,
        header_block: bytes,
        html_parts: tuple[str, ...],
        content_types: tuple[str, ...],
        defects: tuple[str, ...],
        unchecked: bytes = b"",
    ) -> None:
        self.message_sha256 = message_sha256
        self.html_parts = html_parts
        self.content_types = content_types
        self._header_block = header_block
        self._text_defects = defects
        self._unchecked = unchecked

    @classmethod
    def from_bytes(cls, raw: bytes) -> Message:
        """Read one mail.

        Parameters
        ----------
        raw : bytes
            The mail as it was received, with or without its mbox ``From `` line.

        Returns
        -------
        Message
            Never raises, whatever the bytes are.
        """
        if raw.startswith(b"From "):
            raw = raw[raw.find(b"\n") + 1 :] if b"\n" in raw else b""
        digest = hashlib.sha256(raw).hexdigest()
        defects: list[str] = []
        if b"\n" not in raw and b"\r" in raw:
            defects.append("lines: ended by a lone carriage return")
            raw = raw.replace(b"\r", b"\n")
        header_block = _header_block(raw)
        if not _may_hold_html(raw):
            return cls(digest, header_block, (), (), tuple(defects), raw)
        fast = _fast_parse(raw)
        parts, types = fast if fast is not None else _standard_parse(raw, defects)
        parts.sort(key=lambda part: HTML_TYPES.index(part.content_type))
        texts = tuple(_decode_text(part, number, defects) for number, part in enumerate(parts))
        return cls(digest, header_block, texts, tuple(types), tuple(defects), b"" if fast is None else raw)

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """Every header: its name in lower case, its values unfolded, in order, encoded words as they stand."""
        return {name: [_unfolded(value) for value in values] for name, values in self._fields.items()}

    @cached_property
    def header_counts(self) -> Mapping[str, int]:
        """How often each header stands in the mail, by its name in lower case; cheaper than :attr:`headers`."""
        return {name: len(values) for name, values in self._fields.items()}

    @cached_property
    def _fields(self) -> dict[str, list[str]]:
        """The values as they stand, by name: most are never asked for, so none is unfolded yet."""
        block = self._header_block
        text = block.decode("ascii") if block.isascii() else block.decode("utf-8", "replace")
        found: dict[str, list[str]] = {}
        for field in _END_OF_FIELD.split(text):
            written, colon, value = field.partition(":")
            if colon and (name := _field_name(written)):
                if name in found:
                    found[name].append(value)
                else:
                    found[name] = [value]
        return found

    @cached_property
    def header_text(self) -> str:
        """The header block as it stands, for a search in all headers at once."""
        return self._header_block.decode("latin-1")

    def header(self, name: str) -> str:
        """Give the first value of a header, ``""`` where it is absent."""
        values = self._fields.get(name)
        return _unfolded(values[0]) if values else ""

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """What was wrong, structure first, then headers; each once, however often it occurs.

        The fast parser tells nothing of what it mended: the first reading of a mail that it took has the standard
        library go through the whole mail, which takes some ten times as long as :meth:`from_bytes`.
        """
        found: list[str] = []
        if self._unchecked:
            _standard_parse(self._unchecked, found)
            self._unchecked = b""
        found += self._text_defects
        if not self.header("from"):
            found.append("From: absent")
        elif not self.from_domain:
            found.append("From: no domain in it")
        if self.header("date") and self.date is None:
            found.append("Date: unreadable")
        if len(self._fields.get("from", ())) > 1:
            found.append("From: more than one")
        return tuple(dict.fromkeys(found))

    @cached_property
    def date(self) -> datetime | None:
        """The Date header as an aware UTC time; None where it is absent or unreadable."""
        text = self.header("date")
        if not text:
            return None
        try:
            date = email.utils.parsedate_to_datetime(text)
            return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None

    @cached_property
    def from_domain(self) -> str:
        """The domain of the first From header's last address, lower case; ``""`` where there is none."""
        text = self.header("from")
        found = _FROM_ANGLE.findall(text) or _FROM_BARE.findall(text)
        return found[-1].strip(".").lower() if found else ""

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Every address that the mail was sent to, lower case, by header order and without repeats."""
        found: dict[str, None] = {}
        for names, pattern in ((_RECIPIENT_HEADERS, _ADDRESS), (("received",), _RECEIVED_FOR)):
            for name in names:
                for value in self._fields.get(name, ()):
                    for address in pattern.findall(_unfolded(value)):
                        found[address.lower().rstrip(".")] = None
        return tuple(found)

    @cached_property
    def subject(self) -> str:
        """The subject with its encoded words decoded (RFC 2047), as far as they can be."""
        text = self.header("subject")
        if "=?" not in text:
            return text
        try:
            return str(email.header.make_header(email.header.decode_header(text)))
        except (ValueError, LookupError, email.errors.MessageError):
            return text


def _header_block(raw: bytes) -> bytes:
    """Give what stands above the first empty line, the whole mail where there is none.

    Both line ends are looked for, the mail's own first, so that the other search ends where the headers do.
    """
    usual, other = b"\n\n", b"\n\r\n"
    if raw[: raw.find(b"\n") + 1].endswith(b"\r\n"):
        usual, other = other, usual
    end = raw.find(usual) + 1 or len(raw)
    return raw[: raw.find(other, 0, end) + 1 or end]


@lru_cache(maxsize=1 << 12)
def _field_name(written: str) -> str:
    """Give a field's name in lower case; ``""`` for what stands before a colon and is none."""
    name = written.rstrip(" \t")
    return name.lower() if name.split() == [name] else ""


def _unfolded(value: str) -> str:
    """Give a field's value in one line (RFC 5322, section 2.2.3)."""
    return (_FOLD.sub(" ", value) if "\n" in value else value).strip(" \t\r")


def _may_hold_html(raw: bytes) -> bool:
    """Tell whether any part can be HTML; the usual spelling first, because lower case of a whole mail costs."""
    if b"html" in raw:
        return True
    lowered = raw.lower()
    return b"html" in lowered or b"message/" in lowered


def is_too_nested(raw: bytes) -> bool:
    """Tell whether a mail may hold more multiparts inside one another than ``fast-mail-parser`` can be given.

    It takes a step of the stack for each, and a mail of a hundred thousand of them ends the process.
    """
    # A short mail has no room for so many, and is not searched.
    return len(raw) > _MOST_MULTIPARTS * 10 and raw.lower().count(b"multipart/") > _MOST_MULTIPARTS


def _fast_parse(raw: bytes) -> tuple[list[HtmlPart], list[str]] | None:
    """Parse with ``fast-mail-parser``; None where the standard library must have the word.

    On public mail it differs from the standard library in three ways that matter, each of which is recognised
    here: it refuses broken base64; it drops raw 8-bit bytes inside quoted-printable; and under broken boundaries it
    finds fewer or other parts. What remains changes no reference: white space before line ends, which RFC 2045
    section 6.7 wants dropped, and a doubled ``=`` in broken quoted-printable.
    """
    if is_too_nested(raw):
        return None
    parsed = _parse_tree(raw)
    if parsed is None or len(_ANNOUNCED.findall(raw)) > len(parsed[0]):
        return None
    if raw.isascii() or all(part.encoding != "quoted-printable" for part in parsed[0]):
        return parsed
    # Written as escapes, the raw bytes are kept.
    escaped = _parse_tree(_EIGHT_BIT.sub(lambda run: b"=" + run[0].hex("=").encode(), raw))
    if escaped is None or escaped[1] != parsed[1]:
        return None
    parts = [own if own.encoding != "quoted-printable" else kept for own, kept in zip(parsed[0], escaped[0], strict=True)]
    return parts, parsed[1]


def _parse_tree(raw: bytes) -> tuple[list[HtmlPart], list[str]] | None:
    try:
        root = fast_mail_parser.parse_email_tree(raw, mode="lazy")
        parts: list[HtmlPart] = []
        types: list[str] = []
        _walk(root, parts, types)
    except (fast_mail_parser.ParseError, ValueError):
        return None
    return parts, types


def _walk(node: Any, parts: list[HtmlPart], types: list[str]) -> None:
    children = node.children
    if children:
        for child in children:
            _walk(child, parts, types)
        return
    content_type = node.content_type.lower()
    types.append(content_type)
    if content_type in HTML_TYPES:
        headers = node.headers
        charset = _charset_of(_field(headers, "Content-Type"))
        encoding = _field(headers, "Content-Transfer-Encoding").strip().lower()
        parts.append(HtmlPart(content_type, charset, encoding, node.content or b""))


def _field(headers: Mapping[str, list[str]], usual_name: str) -> str:
    values = headers.get(usual_name)
    if values is None:
        lowered = usual_name.lower()
        values = next((values for name, values in headers.items() if name.lower() == lowered), [""])
    return values[0]


@lru_cache(maxsize=1024)
def _charset_of(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*[\"']?\s*([^\s\"';]+)", content_type, re.IGNORECASE)
    return found.group(1).lower() if found else ""


def _standard_parse(raw: bytes, defects: list[str]) -> tuple[list[HtmlPart], list[str]]:
    """Parse with the standard library, decoding broken transfer encodings as mail clients do."""
    parts: list[HtmlPart] = []
    types: list[str] = []
    if b"\0" in raw:
        defects.append("bytes: NUL in it")
    try:
        root = email.message_from_bytes(raw)
    except RecursionError:
        defects.append("MIME: nested too deeply to be read")
        return parts, types
    for node in _standard_walk(root, defects):
        content_type = node.get_content_type()
        types.append(content_type)
        defects.extend(f"MIME: {type(defect).__name__}" for defect in node.defects)
        if content_type in HTML_TYPES:
            encoding = str(node.get("content-transfer-encoding", "")).strip().lower()
            content = _decode_body(node, encoding, defects)
            parts.append(HtmlPart(content_type, _charset_of(str(node.get("content-type", ""))), encoding, content))
    return parts, types


def _standard_walk(root: email.message.Message, defects: list[str]) -> Iterator[email.message.Message]:
    """Give the leaves in MIME order, without recursion: hostile nesting must not exhaust the stack."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        payload = _payload(node)
        if node.is_multipart() and isinstance(payload, list):
            defects.extend(f"MIME: {type(defect).__name__}" for defect in node.defects)
            waiting.extend(child for child in reversed(payload) if isinstance(child, email.message.Message))
        else:
            yield node


def _decode_body(node: email.message.Message, encoding: str, defects: list[str]) -> bytes:
    if encoding in ("base64", "quoted-printable"):
        del node["content-transfer-encoding"]  # without it, the bytes are given as they stand
    body = _payload(node, decode=True)
    content = body if isinstance(body, bytes) else b""
    if encoding == "base64":
        return decode_base64(content, defects)
    if encoding == "quoted-printable":
        return decode_quoted_printable(content, defects)
    return content


def _payload(node: email.message.Message, decode: bool = False) -> object:
    """Give a part's payload; the standard library raises where the charset is a tuple (RFC 2231) or unknown."""
    try:
        return node.get_payload(decode=True) if decode else node.get_payload()
    except (TypeError, LookupError, ValueError):
        bare = copy(node)
        del bare["content-type"]
        return bare.get_payload(decode=True) if decode else bare.get_payload()


def decode_base64(data: bytes, defects: list[str]) -> bytes:
    r"""Decode base64 with foreign characters, inner padding or a cut end, as far as it goes.

    >>> decode_base64(b"PGI+SG!k8L2I+\nQ", [])
    b'<b>Hi</b>'
    """
    sound = True
    out = []
    for run, padding in _BASE64_RUN.findall(b"".join(data.split())):
        digits = _NOT_BASE64.sub(b"", run)
        sound &= len(digits) == len(run) and (len(digits) + len(padding)) % 4 == 0
        if len(digits) % 4 == 1:
            digits = digits[:-1]
        out.append(a2b_base64(digits + b"=" * (-len(digits) % 4)))
    if not sound:
        defects.append("base64: characters outside the alphabet or a cut end")
    return b"".join(out)


def decode_quoted_printable(data: bytes, defects: list[str]) -> bytes:
    r"""Decode quoted-printable; what is no escape stands for itself.

    Source: RFC 2045, section 6.7; white space before a line end is dropped by its rule 3.

    >>> decode_quoted_printable(b"a=3Db= \nc==3Dd=zz  \n", [])
    b'a=bc==d=zz\n'
    """
    if not data.isascii():
        defects.append("quoted-printable: raw 8-bit bytes")
    if _BROKEN_ESCAPE.search(data):
        defects.append("quoted-printable: broken escape")
        data = data.replace(b"==", b"=3D=")  # of two equals signs the codec would drop one
    if data.endswith(_SPACES) or any(space + end in data for space in _SPACES for end in (b"\n", b"\r\n")):
        data = _SPACE_AT_LINE_END.sub(b"", data)
    return a2b_qp(data)


@lru_cache(maxsize=512)
def _codec(label: str) -> _Charset | None:
    """Give the charset of a label by the WHATWG Encoding Standard, None where browsers know no such charset."""
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return None
    return _Charset(encoding.name, encoding.codec_info.name)


def _decode_text(part: HtmlPart, number: int, defects: list[str]) -> str:
    """Decode a part's bytes by byte order mark or declared charset; by :func:`_decode_guessed` without a known one.

    The declared charset is read by its WHATWG label, as browsers do (``iso-8859-1`` is windows-1252), and what is
    not in it becomes U+FFFD, so that URLs come out as browsers ask for them. A part that calls itself ASCII and
    holds 8-bit bytes is wrong by its own word and counts as one without a charset.
    """
    content = part.content
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    declared = _codec(part.charset) if part.charset else None
    if part.charset and declared is None:
        defects.append(f"html part {number}: unknown charset")
    if content.isascii() and (declared is None or declared.name not in _NOT_ASCII_BASED):
        return content.decode("ascii")
    if declared is None:
        text, sound = _decode_guessed(content)
    elif part.charset in ("us-ascii", "ascii"):
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
    """Give C1 controls for the bytes that Python leaves out of Windows' charsets and the Encoding Standard does not."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(byte) if byte < 0xA0 else "\ufffd" for byte in bad), error.end


_C1 = "tkit.c1"
codecs.register_error(_C1, _keep_c1)
