"""Read one mail: the text of its HTML parts and the header values that detection needs.

The parts are the same that the standard library finds, but :mod:`tkit.mail.parts` reads them. Bad mail never raises:
:attr:`Message.defects` says what is wrong with it.
"""

from __future__ import annotations

import email
import email.header
import email.utils
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from tkit.mail.charset import DecodedText, decode_text
from tkit.mail.containers import MSG, WORDS, Container, UnreadError, container_of, opened, why_closed
from tkit.mail.content import read_content
from tkit.mail.emlx import split_emlx
from tkit.mail.headers import MBOX_LINE, message_head
from tkit.mail.outlook import OLE_MAGIC
from tkit.mail.parts import Leaf, Walk
from tkit.mail.transfer import UNKNOWN, decoded, defects_of, is_known

HTML_TYPES = ("text/html", "text/x-amp-html")
"""Content types that a mail client renders as HTML. AMP parts are numbered after the ordinary ones."""

RECIPIENT_HEADERS = (
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
"""Headers whose addresses count as recipients."""

# A line that begins with white space continues the field before it (RFC 5322, section 2.2.3).
_END_OF_FIELD = re.compile(r"\n(?![ \t])")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LONGEST_SUBJECT = 10_000  # characters; the standard library's time grows with the square of the encoded words
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@[A-Za-z0-9.\-]{1,253}")
_MBOX_LINE = re.compile(MBOX_LINE)
_FROM_ANGLE = re.compile(r"<[^<>]*@([^<>@\s]+)>")
_FROM_BARE = re.compile(r"@([^\s<>@\"',;()]+)")
_RECEIVED_FOR = re.compile(r"\bfor\s+<?(" + _ADDRESS.pattern + r")>?", re.IGNORECASE)


class HtmlPart(NamedTuple):
    """One HTML part.

    Attributes
    ----------
    leaf : Leaf
        Its position in the mail's bytes without an mbox ``From `` line, lines ended as :func:`with_line_feeds` ends them.
    decoded : DecodedText
        Its text and how its bytes were decoded.
    container : str
        The container that it is in, ``""`` if its bytes are in the mail itself. Its position is then that in the container.
    """

    leaf: Leaf
    decoded: DecodedText
    container: str = ""


class Message:
    r"""One mail: what the detection of trackers needs of it.

    Attributes
    ----------
    html_parts : tuple of str
        The decoded text of every ``text/html`` part in MIME order, including attachments and parts of forwarded
        messages and of containers (:mod:`tkit.mail.containers`), then that of every AMP part.
    content_types : tuple of str
        The content types of the MIME tree's leaves, lower case; empty if the mail has no HTML.
    unread : tuple of str
        What could not be looked into, ``"<where>: <what>"``, such as ``"S/MIME: encrypted"``; empty if all was read.
    where : str
        Where it was found, as :class:`tkit.corpus.RawMessage` says it; ``""`` if unknown.
    defects : tuple of str
        What is wrong with the mail, in the same form, `unread` first; empty if nothing is.

    Examples
    --------
    >>> message = Message.from_bytes(b"From: A <a@News.Example>\nContent-Type: text/html\n\n<p>Hi")
    >>> message.from_domain, message.html_parts
    ('news.example', ('<p>Hi',))
    """

    def __init__(
        self,
        raw: bytes,
        lines: bytes,
        parts: tuple[HtmlPart, ...] = (),
        content_types: tuple[str, ...] = (),
        unread: tuple[str, ...] = (),
        where: str = "",
    ) -> None:
        self.html_parts = tuple([part.decoded.text for part in parts])
        self.content_types = content_types
        self.unread = unread
        self.where = where
        self._raw = raw
        self._lines = lines  # the mail in it, with line feeds
        self._parts = parts  # tkit.mail.edit changes the mail by them

    @classmethod
    def from_bytes(cls, raw: bytes, where: str = "") -> Message:
        """Read one mail.

        Parameters
        ----------
        raw : bytes
            The mail as it was received, with or without its mbox ``From `` line.
        where : str
            Where it was found, for messages to the user.

        Returns
        -------
        Message
            Never raises, for any input.
        """
        raw = raw[mbox_line_length(raw) :]
        reader = _Reader()
        if raw.startswith(OLE_MAGIC):
            lines = reader.from_msg(raw)
        else:
            emlx = split_emlx(raw)
            lines = with_line_feeds(raw if emlx is None else raw[: -len(emlx.after) or None])
            if _may_hold_html(lines):
                reader.read(lines)
        reader.parts.sort(key=lambda part: HTML_TYPES.index(part.leaf.content_type))
        return cls(raw, lines, tuple(reader.parts), tuple(reader.content_types), tuple(dict.fromkeys(reader.unread)), where)

    # Everything below is computed when it is first read: most mails never need it.

    @cached_property
    def message_sha256(self) -> str:
        """SHA-256 of the raw bytes without a leading mbox ``From `` line, in hex."""
        return hashlib.sha256(self._raw).hexdigest()

    @cached_property
    def _header_block(self) -> bytes:
        """The bytes of the header fields, with what stands between them."""
        head = message_head(self._lines)
        return self._lines[head.start : head.end]

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """Every header: its name in lower case; its values in order, unfolded, with encoded words not decoded."""
        return {name: [_unfolded(value) for value in values] for name, values in self._fields.items()}

    @property
    def header_names(self) -> Collection[str]:
        """The name of every header, once each, in lower case; cheaper than :attr:`headers`."""
        return self._fields.keys()

    def header_count(self, name: str) -> int:
        """Return how often a header occurs in the mail."""
        return len(self._fields.get(name, ()))

    @cached_property
    def _fields(self) -> dict[str, list[str]]:
        """The values by name, not yet unfolded, because most are never read."""
        block = self._header_block
        text = block.decode("ascii") if block.isascii() else block.decode("utf-8", "replace")
        fields: dict[str, list[str]] = {}
        for field in _END_OF_FIELD.split(text):
            written, colon, value = field.partition(":")
            if colon and (name := _field_name(written)):
                if name in fields:
                    fields[name].append(value)
                else:
                    fields[name] = [value]
        return fields

    @cached_property
    def header_text(self) -> str:
        """The header block as written, for a search in all headers at once."""
        return self._header_block.decode("latin-1")

    def header(self, name: str) -> str:
        """Return the first value of a header, ``""`` if it is absent."""
        values = self._fields.get(name)
        return _unfolded(values[0]) if values else ""

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the mail: structure first, then headers; each defect once, even if it occurs often.

        The first access parses the whole mail with the standard library, which takes about ten times as long as
        :meth:`from_bytes`.
        """
        defects = [*self.unread, *_structural_defects(self._lines)]
        if b"\r" in self._raw and b"\n" not in self._raw:
            defects.append("lines: end with a lone carriage return")
        for number, part in enumerate(self._parts):
            defects += [f"html part {number}: {defect}" for defect in part.decoded.defects]
        if not self.header("from"):
            defects.append("From: missing")
        elif not self.from_domain:
            defects.append("From: contains no domain")
        if self.header("date") and self.date is None:
            defects.append("Date: unreadable")
        if self.header_count("from") > 1:
            defects.append("From: more than one")
        return tuple(dict.fromkeys(defects))

    @cached_property
    def date(self) -> datetime | None:
        """The Date header as an aware UTC time; None if it is absent or unreadable."""
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
        """The domain of the first From header's last address, lower case; ``""`` if it has none."""
        text = self.header("from")
        domains = _FROM_ANGLE.findall(text) or _FROM_BARE.findall(text)
        return domains[-1].strip(".").lower() if domains else ""

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Every address that the mail was sent to, lower case, in the order of :data:`RECIPIENT_HEADERS`, once each."""
        addresses: dict[str, None] = {}
        for names, pattern in ((RECIPIENT_HEADERS, _ADDRESS), (("received",), _RECEIVED_FOR)):
            for name in names:
                for value in self._fields.get(name, ()):
                    for address in pattern.findall(_unfolded(value)):
                        addresses[address.lower().rstrip(".")] = None
        return tuple(addresses)

    @cached_property
    def subject(self) -> str:
        """The beginning of the subject; encoded words are decoded (RFC 2047), or kept if one of them is broken."""
        text = self.header("subject")[:_LONGEST_SUBJECT]
        if "=?" not in text:
            return text
        try:
            return str(email.header.make_header(email.header.decode_header(text)))
        except (ValueError, LookupError, email.errors.MessageError):
            return text


def mbox_line_length(raw: bytes) -> int:
    """Return the length of the mbox ``From `` line at the start of a mail, 0 if it has none."""
    if not _MBOX_LINE.match(raw):
        return 0
    return raw.find(b"\n") + 1 or raw.find(b"\r") + 1 or len(raw)


def with_line_feeds(raw: bytes) -> bytes:
    """Return a mail whose lines end with lone carriage returns with line feeds instead, any other mail unchanged."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw and b"\r" in raw else raw


@lru_cache(maxsize=1 << 12)
def _field_name(written: str) -> str:
    """Return the field name before a colon in lower case; ``""`` if it is not a valid one."""
    name = written.rstrip(" \t")
    return name.lower() if name.split() == [name] else ""


def _unfolded(value: str) -> str:
    """Return a field's value on one line (RFC 5322, section 2.2.3)."""
    return (_FOLD.sub(" ", value) if "\n" in value else value).strip(" \t\r")


def _may_hold_html(raw: bytes) -> bool:
    """Return whether any part can be HTML or a container. The usual spelling is tried first, because it is found fastest."""
    if b"text/html" in raw:
        return True
    lowered = raw.lower()
    return any(word in lowered for word in WORDS)


class _Reader:
    """Collects the HTML parts of a mail and of the containers in it."""

    def __init__(self) -> None:
        self.parts: list[HtmlPart] = []
        self.content_types: list[str] = []
        self.unread: list[str] = []

    def from_msg(self, raw: bytes) -> bytes:
        """Read an Outlook ``.msg`` file; return the mail in it."""
        leaf = Leaf("application/vnd.ms-outlook", "", "", 0, len(raw), "")
        return self._open(MSG, leaf, raw, "", 0)

    def read(self, lines: bytes, container: str = "", depth: int = 0) -> None:
        """Read a mail.

        Parameters
        ----------
        lines : bytes
            The mail.
        container : str
            The outermost container that it is in.
        depth : int
            The number of containers around it.
        """
        walk = Walk(lines)
        self.unread += walk.unread
        for leaf in walk.leaves:
            kind = container_of(leaf)
            if kind is not None:
                self._open(kind, leaf, lines, container, depth)
                continue
            self.content_types.append(leaf.content_type)
            why = why_closed(leaf, lines)
            if leaf.content_type in HTML_TYPES:
                body = decoded(lines[leaf.start : leaf.end], leaf.encoding)
                self.parts.append(HtmlPart(leaf, decode_text(body, leaf.charset), container))
                why = why or ("" if is_known(leaf.encoding) else UNKNOWN)
            if why:
                self.unread.append(why)

    def _open(self, kind: Container, leaf: Leaf, lines: bytes, container: str, depth: int) -> bytes:
        """Read a container and return the mail in it, ``b""`` if there is none."""
        try:
            inner = opened(kind, leaf, lines, depth)
        except UnreadError as error:
            self.unread.append(f"{kind.name}: {error}")
            inner = None
        if inner is None:
            self.content_types.append(leaf.content_type)
            return b""
        inner = with_line_feeds(inner)
        self.read(inner, container or kind.name, depth + 1)
        return inner


class _Part(email.message.Message):
    """A part whose boundary tkit reads: the standard library's time grows with the square of a value's length."""

    def get_boundary(self, failobj: Any = None) -> Any:
        """Return the likeliest reading of the boundary."""
        written = next((value for name, value in self.raw_items() if name.lower() == "content-type"), "")
        boundaries = read_content(b"Content-Type: " + written.encode("ascii", "surrogateescape"), "").boundaries
        return boundaries[0].decode("ascii", "surrogateescape") if boundaries else failobj


def _structural_defects(raw: bytes) -> Iterator[str]:
    """Yield what is wrong with a mail's MIME tree, by the standard library's names, and with its transfer encodings."""
    if b"\0" in raw:
        yield "bytes: contain NUL"
    waiting = []
    with suppress(RecursionError):  # raised only for a mail that is nested too deeply
        waiting.append(email.message_from_bytes(raw, _Part))
    while waiting:  # without recursion: hostile nesting must not exhaust the stack
        node = waiting.pop()
        yield from (f"MIME: {type(defect).__name__}" for defect in node.defects)
        payload = node.get_payload() if node.is_multipart() else None
        if isinstance(payload, list):
            waiting.extend(child for child in reversed(payload) if isinstance(child, _Part))
    for leaf in Walk(raw).leaves:
        if leaf.content_type in HTML_TYPES:
            yield from defects_of(raw[leaf.start : leaf.end], leaf.encoding)
