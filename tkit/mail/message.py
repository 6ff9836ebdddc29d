"""One mail: bytes in, its HTML parts and the few header facts that detection needs out.

The parts are those that the standard library finds, read by :mod:`tkit.mail.parts`. Bad mail never raises: what was
wrong is kept in :attr:`Message.defects`.
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

from tkit.mail.charset import decode_text
from tkit.mail.parts import TOO_NESTED, is_too_nested, leaves
from tkit.mail.transfer import decoded, defects_of

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

# A line that begins with white space goes on with the field before it (RFC 5322, section 2.2.3).
_END_OF_FIELD = re.compile(r"\n(?![ \t])")
_LONGEST_SUBJECT = 10_000  # characters; the standard library's time grows with the square of the encoded words
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@[A-Za-z0-9.\-]{1,253}")
_FROM_ANGLE = re.compile(r"<[^<>]*@([^<>@\s]+)>")
_FROM_BARE = re.compile(r"@([^\s<>@\"',;()]+)")
_RECEIVED_FOR = re.compile(r"\bfor\s+<?(" + _ADDRESS.pattern + r")>?", re.IGNORECASE)
# The slash comes first, because the engine finds a character that stands as written fast.
_HTML_TYPE = re.compile(rb"/(?<=text/)(?:x-amp-)?html", re.IGNORECASE)


class Message:
    r"""One mail, as far as the detection of trackers needs it.

    Attributes
    ----------
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
        self, raw: bytes, html_parts: tuple[str, ...] = (), content_types: tuple[str, ...] = (), defects: tuple[str, ...] = ()
    ) -> None:
        self.html_parts = html_parts
        self.content_types = content_types
        self._raw = raw
        self._text_defects = defects

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
        lines = _with_line_feeds(raw)
        if not _may_hold_html(lines):
            return cls(raw)
        defects: list[str] = []
        found = leaves(lines)
        parts = [leaf for leaf in found if leaf.content_type in HTML_TYPES]
        parts.sort(key=lambda leaf: HTML_TYPES.index(leaf.content_type))
        texts = tuple(
            decode_text(decoded(lines[leaf.start : leaf.end], leaf.encoding), leaf.charset, number, defects)
            for number, leaf in enumerate(parts)
        )
        return cls(raw, texts, tuple(leaf.content_type for leaf in found), tuple(defects))

    # What most mails are never asked for is made when it is.

    @cached_property
    def message_sha256(self) -> str:
        """SHA-256 of the raw bytes without a leading mbox ``From `` line, in hex."""
        return hashlib.sha256(self._raw).hexdigest()

    @cached_property
    def _header_block(self) -> bytes:
        """What stands above the first empty line, the whole mail where there is none."""
        lines = _with_line_feeds(self._raw)
        end = _EMPTY_LINE.search(lines)
        return lines[: end.start() + 1] if end else lines

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """Every header: its name in lower case, its values unfolded, in order, encoded words as they stand."""
        return {name: [_unfolded(value) for value in values] for name, values in self._fields.items()}

    @property
    def header_names(self) -> Collection[str]:
        """The name of every header, once, in lower case; cheaper than :attr:`headers`."""
        return self._fields.keys()

    def header_count(self, name: str) -> int:
        """Return how often a header stands in the mail."""
        return len(self._fields.get(name, ()))

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
        """Return the first value of a header, ``""`` where it is absent."""
        values = self._fields.get(name)
        return _unfolded(values[0]) if values else ""

    @cached_property
    def defects(self) -> tuple[str, ...]:
        """What was wrong, structure first, then headers; each once, however often it occurs.

        The first reading has the standard library go through the whole mail, which takes some ten times as long as
        :meth:`from_bytes`.
        """
        lines = _with_line_feeds(self._raw)
        found = list(_structural_defects(lines))
        if lines is not self._raw:
            found.append("lines: ended by a lone carriage return")
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
        for names, pattern in ((RECIPIENT_HEADERS, _ADDRESS), (("received",), _RECEIVED_FOR)):
            for name in names:
                for value in self._fields.get(name, ()):
                    for address in pattern.findall(_unfolded(value)):
                        found[address.lower().rstrip(".")] = None
        return tuple(found)

    @cached_property
    def subject(self) -> str:
        """The beginning of the subject with its encoded words decoded (RFC 2047), as far as they can be."""
        text = self.header("subject")[:_LONGEST_SUBJECT]
        if "=?" not in text:
            return text
        try:
            return str(email.header.make_header(email.header.decode_header(text)))
        except (ValueError, LookupError, email.errors.MessageError):
            return text


def _with_line_feeds(raw: bytes) -> bytes:
    """Return a mail whose lines are ended by lone carriage returns with line feeds, any other as it is."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw and b"\r" in raw else raw


@lru_cache(maxsize=1 << 12)
def _field_name(written: str) -> str:
    """Return a field's name in lower case; ``""`` for what stands before a colon and is none."""
    name = written.rstrip(" \t")
    return name.lower() if name.split() == [name] else ""


def _unfolded(value: str) -> str:
    """Return a field's value in one line (RFC 5322, section 2.2.3)."""
    return (_FOLD.sub(" ", value) if "\n" in value else value).strip(" \t\r")


def _may_hold_html(raw: bytes) -> bool:
    """Return whether any part can be HTML; the usual spelling first, which is found fastest."""
    return b"text/html" in raw or _HTML_TYPE.search(raw) is not None


def _structural_defects(raw: bytes) -> Iterator[str]:
    """Return what is wrong with a mail's MIME tree, in the words of the standard library, and with its transfer encodings."""
    if b"\0" in raw:
        yield "bytes: NUL in it"
    if is_too_nested(raw):
        yield TOO_NESTED
    waiting = []
    with suppress(RecursionError):  # only what is nested too deeply has the standard library raise it
        waiting.append(email.message_from_bytes(raw))
    while waiting:  # without recursion: hostile nesting must not exhaust the stack
        node = waiting.pop()
        yield from (f"MIME: {type(defect).__name__}" for defect in node.defects)
        payload = _payload(node)
        if node.is_multipart() and isinstance(payload, list):
            waiting.extend(child for child in reversed(payload) if isinstance(child, email.message.Message))
    for leaf in leaves(raw):
        if leaf.content_type in HTML_TYPES:
            yield from defects_of(raw[leaf.start : leaf.end], leaf.encoding)


def _payload(node: email.message.Message) -> object:
    """Return a part's payload; the standard library raises where the charset is a tuple (RFC 2231) or unknown."""
    try:
        return node.get_payload()
    except (TypeError, LookupError, ValueError):
        return None
