"""What is kept of a mail until its copies have been seen: no text, but its URLs and what tells its mailing."""

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
    """A remote reference of a copy: its key, what it is aligned by, and what was left out of its URL."""

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody needs here
    slot: Slot
    signed: bool
    busted: bool


@dataclass(frozen=True)
class Copy:
    """What is kept of a mail until all have been seen: no text, but its URLs.

    Attributes
    ----------
    message_sha256 : str
    message_id : str
        The Message-ID header: copies that share it are one copy, delivered or forwarded twice.
    forward : bool
        Its subject or a header says that it was forwarded.
    mail : Mail
        What it is grouped by.
    references : tuple
        Its remote references.
    """

    message_sha256: str
    message_id: str
    forward: bool
    mail: Mail
    references: tuple[Reference, ...]


def copy_of(message: Message) -> Copy | None:
    """Keep of a message what the comparison needs; None where it has no remote reference."""
    documents = read_message(message)
    remote = [reference for document in documents for reference in document.references if not reference.local]
    if not remote:
        return None
    urls = [unwrap(reference.resolved_url) for reference in remote]
    links = [link for document in documents for link in document.links][:_MAX_KEPT_LINKS]
    elsewhere = Counter(token for url in {*urls, *links} for token in set(_TOKEN.findall(url)))
    shared = frozenset(token for token, count in elsewhere.items() if count > 1)
    references = []
    for reference, url in zip(remote, urls, strict=True):
        kept = stable(url, shared)
        size = f"{reference.attributes.get('width', '')}x{reference.attributes.get('height', '')}"
        slot = Slot(kept.url, reference.carrier, size)
        references.append(Reference(reference.part, reference.index, slot, kept.signed, kept.busted))
    recipient = _recipient(message)
    subject, forward = subject_template(message.subject, recipient)
    mail = Mail(
        registrable_domain(message.from_domain),
        subject,
        recipient,
        _received(message),
        sketch(message.html_parts),
        frozenset(reference.slot.url for reference in references),
    )
    forward |= bool(message.header("resent-from") or message.header("x-forwarded-for"))
    return Copy(message.message_sha256, message.header("message-id").strip(), forward, mail, tuple(references))


def _recipient(message: Message) -> str:
    """Return the address of delivery, before that in To, which spam forges and lists replace."""
    known = message.recipients
    received = message.headers.get("received", [])
    values = [value for name in _DELIVERY for value in message.headers.get(name, ())]
    values += [value.partition(" for ")[2] for value in received if " for " in value]
    for value in (*values, *message.headers.get("to", ())):
        lowered = value.lower()
        for address in known:
            if address in lowered:
                return address
    return ""


def _received(message: Message) -> float:
    """Return when the recipient's server took the mail in; where it does not say, when the mail claims to be written."""
    stamp = message.header("received").rpartition(";")[2].strip()
    try:
        time = email.utils.parsedate_to_datetime(stamp)
        return time.replace(tzinfo=UTC).timestamp() if time.tzinfo is None else time.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        date = message.date
        return np.nan if date is None else date.timestamp()
