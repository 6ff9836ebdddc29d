"""Receipts that a mail asks for by its header fields, and the mail without these fields.

Three things are told apart:

- A **read** receipt says that the recipient opened the mail. The recipient's mail program sends it (RFC 8098).
- A **delivery** receipt says that a server put the mail into the mailbox. Servers send it; today it is asked for in the SMTP
  envelope (RFC 3461), which no mail shows, and formerly by header fields. It says nothing about reading.
- **Either** one: ``Return-Receipt-To`` asked old Sendmail servers for a delivery receipt, and some mail programs answer it
  when the mail is read. It counts and is dropped like a read request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from tkit.mail.content import parameter, without_comments
from tkit.mail.headers import Field, Head, header_fields, message_head
from tkit.mail.message import Message, mbox_line_length, with_line_feeds
from tkit.mail.outlook import OLE_MAGIC

ReceiptKind = Literal["read", "either", "delivery"]

RECEIPT_HEADERS: dict[str, ReceiptKind] = {
    "Disposition-Notification-To": "read",  # RFC 8098
    "X-Confirm-Reading-To": "read",  # Pegasus Mail
    "X-PMRQC": "read",  # Pegasus Mail: 1, or an address
    "Read-Receipt-To": "read",
    "Return-Receipt-To": "either",  # Sendmail before version 8; Eudora, Exchange, Pegasus Mail
    "Return-Receipt-Requested": "either",
    "Delivery-Receipt-To": "delivery",  # PMDF
    "Notice-Requested-Upon-Delivery-To": "delivery",  # qmail
    "Generate-Delivery-Report": "delivery",  # RFC 2156
}
"""The fields that ask for a receipt. The sources of those without an RFC are the mail programs that write or drop them."""

OPTIONS_HEADER = "Disposition-Notification-Options"
"""It asks for nothing itself, and is dropped with the fields that do."""

# Their value need not be an address: the receipt then goes to the sender.
_FLAGS = frozenset({"X-PMRQC", "Return-Receipt-Requested", "Generate-Delivery-Report"})
_OFF = frozenset({"0", "no", "false"})
_WRITTEN = {name.lower(): name for name in RECEIPT_HEADERS}
_DROPPED = {name.lower() for name, kind in RECEIPT_HEADERS.items() if kind != "delivery"} | {OPTIONS_HEADER.lower()}
_REPORTS: dict[str, Literal["read", "delivery"]] = {"disposition-notification": "read", "delivery-status": "delivery"}
_ONE_BY_ONE = 16  # if the fields do not go together, this many are tried one after the other
_LONGEST_VALUE = 10_000  # characters
_LINE_ENDS = re.compile(r"[\r\n]+")
_ROUTE = re.compile(r"<\s*@[^<>:]*:")  # RFC 5322, section 4.4
_PARTS = re.compile(r"[,;]")
_ANGLE = re.compile(r"<[^<>@]*@\s*([^<>@\s]+)")
_BARE = re.compile(r"@\s*([^\s<>@\"'()]+)")


class ReceiptRequest(NamedTuple):
    """One field that asks for a receipt.

    Attributes
    ----------
    header : str
        A name of :data:`RECEIPT_HEADERS`.
    kind : {"read", "either", "delivery"}
        What is asked for.
    domains : tuple of str
        The domains of the addresses that are to receive it, lower case, once each; empty if it names no address, so that
        nobody can send a receipt.
    """

    header: str
    kind: ReceiptKind
    domains: tuple[str, ...]


def receipt_requests(message: Message) -> tuple[ReceiptRequest, ...]:
    r"""Return what receipts a mail asks for, one for each field, in their order.

    Examples
    --------
    >>> mail = b"From: a@b.example\nDISPOSITION-Notification-To: \"A\"\n <a@c.example>\nX-pmrqc: 1\n\n"
    >>> for request in receipt_requests(Message.from_bytes(mail)):
    ...     print(*request)
    Disposition-Notification-To read ('c.example',)
    X-PMRQC read ('b.example',)
    """
    found = []
    for field in header_fields(message.header_text.encode("latin-1")):
        name = _WRITTEN.get(field.name.decode("ascii").lower())
        if name is not None:
            domains = _receivers(field.value.decode("latin-1"), message.from_domain if name in _FLAGS else "")
            found.append(ReceiptRequest(name, RECEIPT_HEADERS[name], domains))
    return tuple(found)


def read_receipt_domains(message: Message) -> tuple[str, ...]:
    """Return the domains that are to receive a read receipt of a mail, in order, once each; empty if it asks for none."""
    asked = (request.domains for request in receipt_requests(message) if request.kind != "delivery")
    return tuple(dict.fromkeys(domain for domains in asked for domain in domains))


def receipt_sent(message: Message) -> Literal["read", "delivery", ""]:
    r"""Return what kind of receipt a mail itself is, ``""`` if it is none (``multipart/report``, RFC 6522).

    >>> head = b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n"
    >>> receipt_sent(Message.from_bytes(head))
    'read'
    """
    value = message.header("content-type")
    if "multipart/report" not in value.lower():
        return ""
    return _REPORTS.get(parameter(value, "report-type").strip().lower(), "")


def asks_for_read_receipt(name: str) -> bool:
    """Return whether :func:`without_receipt_requests` drops fields of a name, in whatever case."""
    return name.strip(" \t").lower() in _DROPPED


class WithoutRequests(NamedTuple):
    """A mail without the fields that ask for a read receipt.

    Attributes
    ----------
    raw : bytes
        The mail; exactly the input if nothing was dropped.
    dropped : tuple of str
        The names of the dropped fields, as written, in their order.
    left : tuple of str
        The names of those that had to stay, because the mail would be read differently without them.
    """

    raw: bytes
    dropped: tuple[str, ...]
    left: tuple[str, ...]


def without_receipt_requests(raw: bytes) -> WithoutRequests:
    r"""Drop the fields that ask for a read receipt, with their folded lines; every other byte stays.

    Parameters
    ----------
    raw : bytes
        The mail, with or without its mbox ``From `` line. No input raises.

    Examples
    --------
    >>> without_receipt_requests(b"To: a@b.example\r\nReturn-Receipt-To:\r\n c@d.example\r\nSubject: Hi\r\n\r\nHi").raw
    b'To: a@b.example\r\nSubject: Hi\r\n\r\nHi'
    """
    start = mbox_line_length(raw)
    mail = raw[start:]
    lines = with_line_feeds(mail)  # of the same length
    head = message_head(lines)
    block = lines[head.start : head.end]
    fields = [field for field in header_fields(block) if asks_for_read_receipt(field.name.decode("ascii"))]
    if not fields or mail.startswith(OLE_MAGIC):
        return WithoutRequests(raw, (), _names(fields))
    gone = fields if _goes(lines, head, _spans(block, fields, head.start)) else []
    if not gone:
        for field in fields[:_ONE_BY_ONE]:
            if _goes(lines, head, _spans(block, [*gone, field], head.start)):
                gone.append(field)
    left = [field for field in fields if field not in gone]
    return WithoutRequests(raw[:start] + _without(mail, _spans(block, gone, head.start)), _names(gone), _names(left))


def _names(fields: Iterable[Field]) -> tuple[str, ...]:
    return tuple(field.name.decode("ascii") for field in fields)


def _goes(lines: bytes, head: Head, spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether a mail without some of its header lines has the same other header lines and the same body."""
    kept = _without(lines, spans)
    after = message_head(kept)
    expected = _without(lines[: head.end], spans)[head.start :]
    return kept[after.start : after.end] == expected and kept[after.body :] == lines[head.body :]


def _spans(block: bytes, fields: Iterable[Field], offset: int) -> list[tuple[int, int]]:
    """Return the bytes to drop of each field of a block, which begins at ``offset``.

    Behind a lone carriage return, which not every program takes for a line end, the field goes with the line end before
    it instead of its own, so that the next line does not become a part of the line before.
    """
    spans: list[tuple[int, int]] = []
    for field in fields:
        start, end = field.start, field.end
        free = start > (spans[-1][1] - offset if spans else 0)  # the line end before it does not go with another field
        if free and block[start - 1 : start] == b"\r":
            start, end = start - 1, start + len(block[start:end].rstrip(b"\r\n"))
        spans.append((offset + start, offset + end))
    return spans


def _without(content: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    pieces, position = [], 0
    for begin, end in spans:
        pieces.append(content[position:begin])
        position = end
    return b"".join([*pieces, content[position:]])


def _receivers(value: str, sender: str) -> tuple[str, ...]:
    """Return the domains of a value's addresses; the sender's if it has none but asks."""
    text = _LINE_ENDS.sub("", value[:_LONGEST_VALUE])
    domains = dict.fromkeys(_domains(without_comments(text)))
    if not domains and sender and text.strip().lower() not in _OFF:
        return (sender,)
    return tuple(domains)


def _domains(text: str) -> Iterator[str]:
    """Yield the domain of each address in a list of mailboxes and groups (RFC 5322, section 3.4)."""
    for part in _PARTS.split(_ROUTE.sub("<", text)):
        for domain in _ANGLE.findall(part) or _BARE.findall(part):
            if cleaned := domain.strip(".[]").lower():
                yield cleaned
