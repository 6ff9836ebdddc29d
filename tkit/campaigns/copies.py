"""What is kept of a mail for the comparison with its copies: its URLs and what identifies its mailing, but no text."""

from __future__ import annotations

import email.utils
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

import numpy as np

from tkit.campaigns.alignment import Slot
from tkit.campaigns.similarity import Mail, sketch, subject_template
from tkit.campaigns.variation import stable
from tkit.html import read_message
from tkit.mail import Message
from tkit.url import registrable_domain, unwrap

_DELIVERY = ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to")
_TOKEN = re.compile(r"[A-Za-z0-9]{4,}")
_MAX_KEPT_LINKS = 500


class Reference(NamedTuple):
    """A remote reference of a copy: its key, its slot in the alignment, and what was removed from its URL."""

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, which is not needed here
    slot: Slot
    signed: bool
    busted: bool


@dataclass(frozen=True)
class Copy:
    """What is kept of a mail until all mails have been read.

    Attributes
    ----------
    message_sha256 : str
    message_id : str
        The Message-ID header: copies with the same one are one copy, delivered or forwarded twice.
    mail : Mail
        What decides its mailing.
    references : tuple
        Its remote references.
    """

    message_sha256: str
    message_id: str
    mail: Mail
    references: tuple[Reference, ...]


def copy_of(message: Message) -> Copy | None:
    """Return what the comparison needs of a message, None if it has no remote reference."""
    documents = read_message(message)
    remote = [reference for document in documents for reference in document.references if not reference.local]
    if not remote:
        return None
    urls = [unwrap(reference.resolved_url) for reference in remote]
    links = [link for document in documents for link in document.links][:_MAX_KEPT_LINKS]
    urls_with = Counter(token for url in {*urls, *links} for token in set(_TOKEN.findall(url)))
    shared = frozenset(token for token, count in urls_with.items() if count > 1)
    references = []
    for reference, url in zip(remote, urls, strict=True):
        kept = stable(url, shared)
        size = f"{reference.attributes.get('width', '')}x{reference.attributes.get('height', '')}"
        slot = Slot(kept.url, reference.carrier, size)
        references.append(Reference(reference.part, reference.index, slot, kept.signed, kept.busted))
    recipient = _recipient(message)
    subject, forward = subject_template(message.subject, recipient)
    forward |= bool(message.header("resent-from") or message.header("x-forwarded-for"))
    mail = Mail(
        registrable_domain(message.from_domain),
        subject,
        recipient,
        _received(message),
        sketch(message.html_parts),
        frozenset(reference.slot.url for reference in references),
        forward,
    )
    return Copy(message.message_sha256, message.header("message-id").strip(), mail, tuple(references))


def _recipient(message: Message) -> str:
    """Return the address that the mail was delivered to; if unknown, a recipient in To, which spam forges and lists replace."""
    recipients = message.recipients
    received = message.headers.get("received", [])
    values = [value for name in _DELIVERY for value in message.headers.get(name, ())]
    values += [value.partition(" for ")[2] for value in received if " for " in value]
    for value in (*values, *message.headers.get("to", ())):
        lowered = value.lower()
        for address in recipients:
            if address in lowered:
                return address
    return ""


def _received(message: Message) -> float:
    """Return when the recipient's server received the mail; if unknown, the date that the mail claims."""
    stamp = message.header("received").rpartition(";")[2].strip()
    try:
        time = email.utils.parsedate_to_datetime(stamp)
        return time.replace(tzinfo=UTC).timestamp() if time.tzinfo is None else time.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        date = message.date
        return np.nan if date is None else date.timestamp()
