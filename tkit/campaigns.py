"""Copies of a mailing compared: which references are individual to the recipient.

Each recipient of a tracked mailing gets a picture of its own, so the copies tell what is individual. What comes out is
evidence, not a verdict: a cache buster looks like a token, and a mailing of which one copy is known tells nothing.
"""

from __future__ import annotations

import email.utils
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.alignment import Slot, align, url_template
from tkit.html import read_message
from tkit.mail import Message
from tkit.similarity import Mail, group_copies, sketch, subject_template
from tkit.url import registrable_domain, unwrap
from tkit.variation import Difference, difference, of_one_shape, stable

EVIDENCE = ("none", "alone", "identical", "mailing", "variant", "mixed", "copy", "recipient")
"""What the comparison says of a reference.

``none``: no other copy is known. ``alone``: no other copy has it. ``identical``: one URL in all copies that have it.
``mailing``: one URL in all copies, or a single copy, but a token of the same shape in each other mailing of the sender.
``variant``: a few URLs, each in several recipients' copies, or different words or servers: creatives of an A/B test,
rotating servers. ``mixed``: none of the others. ``copy``: a token of one shape that differs even between copies to one
recipient. ``recipient``: a token of one shape that differs between recipients, and that no two have in common.
"""

COLUMNS: Mapping[str, str] = {
    "message_sha256": "str",
    "part": "int32",
    "index": "int32",
    "campaign": "int64",
    "copies": "int32",
    "recipients": "int32",
    "forwards": "int32",
    "present": "int32",
    "present_recipients": "int32",
    "values": "int32",
    "tokens": "int32",
    "token_length": "int32",
    "signed": "bool",
    "busted": "bool",
    "mailings": "int32",
    "url_messages": "int32",
    "url_recipients": "int32",
    "url_mailings": "int32",
    "evidence": "str",
}
"""The columns of :func:`compare` and their types; what they mean stands there."""

WINDOW = timedelta(days=3)
AGAIN = timedelta(days=1)

_DELIVERY = ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to")
_FEW = 0.9  # of the values, those that must be one recipient's own; the others are forwards that nothing shows
_MANY = 3  # copies that show a short token to be individual; two show it of a long one only
_LONG = 6
_TOKEN = re.compile(r"[A-Za-z0-9]{4,}")
_MAX_KEPT_LINKS = 500


class _Reference(NamedTuple):
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
    references: tuple[_Reference, ...]


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
        references.append(_Reference(reference.part, reference.index, slot, kept.signed, kept.busted))
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
    """Give the address of delivery, before that in To, which spam forges and lists replace."""
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
    """Give when the recipient's server took the mail in; where it does not say, when the mail claims to be written."""
    stamp = message.header("received").rpartition(";")[2].strip()
    try:
        time = email.utils.parsedate_to_datetime(stamp)
        return time.replace(tzinfo=UTC).timestamp() if time.tzinfo is None else time.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        date = message.date
        return np.nan if date is None else date.timestamp()


def compare(messages: Iterable[Message], window: timedelta = WINDOW, again: timedelta = AGAIN) -> pd.DataFrame:
    r"""Compare the copies of every mailing among messages.

    Parameters
    ----------
    messages : iterable of Message
        In any order; a message that comes twice counts once.
    window : timedelta
        How long after a mailing's latest copy the next may come.
    again : timedelta
        How long after a recipient's first copy of a mailing another one may come; a later one is of the next mailing.

    Returns
    -------
    DataFrame
        One row a remote reference, as many as :func:`tkit.features.extract` gives, with the columns of :data:`COLUMNS`:

        - ``message_sha256``, ``part``, ``index``: the key;
        - ``campaign``: number of the mailing, from 0 in order of time; it means nothing outside this table;
        - ``copies``, ``recipients``: the mailing's copies that count, and the recipients they went to;
        - ``forwards``: copies that do not count, since they are another one forwarded or delivered again;
        - ``present``, ``present_recipients``: of these, the ones in which the reference was found;
        - ``values``: distinct URLs among these, without what a signature or a cache buster adds;
        - ``tokens``, ``token_length``: how many tokens of the URL differ, and the longest one's characters;
        - ``signed``, ``busted``: a signature or a cache buster was left out of this reference's URL;
        - ``mailings``: mailings of the sender, this one included, in which its counterpart was found;
        - ``url_messages``, ``url_recipients``, ``url_mailings``: in how many of all these its very URL stands;
        - ``evidence``: one of :data:`EVIDENCE`.

    Notes
    -----
    After Englehardt, Han, Narayanan, PETS 2018, and PrivacyMail, which compare position by position.

    Examples
    --------
    >>> mail = "From: shop@a.example\nTo: {0}@b.example\nMessage-ID: <{0}>\nSubject: Sale\nContent-Type: text/html\n\n" + (
    ...     "<p>" + " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")
    ...     + "<img src='http://a.example/logo.gif'><img src='http://a.example/open?u=7{0}31'>")
    >>> compare(Message.from_bytes(mail.format(name).encode()) for name in ("anna", "berta"))["evidence"].tolist()
    ['identical', 'recipient', 'identical', 'recipient']
    """
    return compare_copies(filter(None, map(copy_of, messages)), window, again)


def compare_copies(copies: Iterable[Copy], window: timedelta = WINDOW, again: timedelta = AGAIN) -> pd.DataFrame:
    """Do what :func:`compare` does, with what :func:`copy_of` kept of each message."""
    known = list({copy.message_sha256: copy for copy in copies}.values())
    number = group_copies([copy.mail for copy in known], window.total_seconds(), again.total_seconds())
    mailings: dict[int, list[Copy]] = defaultdict(list)
    for copy, campaign in zip(known, number.tolist(), strict=True):
        mailings[campaign].append(copy)
    spread = _Spread(zip(known, number.tolist(), strict=True))
    series = _series(mailings)
    rows: dict[tuple[str, int], tuple[object, ...]] = {}
    for campaign, members in mailings.items():
        for copy, reference, found in _compare_mailing(members, series, spread):
            rows[copy.message_sha256, reference.index] = (
                copy.message_sha256,
                reference.part,
                reference.index,
                campaign,
                *found,
                *spread.of(reference.slot.url),
            )
    ordered = [rows[copy.message_sha256, reference.index] for copy in known for reference in copy.references]
    frame = pd.DataFrame(ordered, columns=_ORDER) if ordered else pd.DataFrame(columns=_ORDER)
    return frame.astype(dict(COLUMNS))[list(COLUMNS)]


class _Found(NamedTuple):
    copies: int
    recipients: int
    forwards: int
    present: int
    present_recipients: int
    values: int
    tokens: int
    token_length: int
    evidence: str
    signed: bool
    busted: bool
    mailings: int


_ORDER = ["message_sha256", "part", "index", "campaign", *_Found._fields, "url_messages", "url_recipients", "url_mailings"]


class _Spread:
    """In how many messages, recipients' copies and mailings each URL stands."""

    def __init__(self, copies: Iterable[tuple[Copy, int]]) -> None:
        self._messages: Counter[str] = Counter()
        self._recipients: dict[str, set[str]] = defaultdict(set)
        self._mailings: dict[str, set[int]] = defaultdict(set)
        for copy, campaign in copies:
            for url in copy.mail.urls:
                self._messages[url] += 1
                self._recipients[url].add(copy.mail.recipient)
                self._mailings[url].add(campaign)

    def of(self, url: str) -> tuple[int, int, int]:
        return self._messages[url], len(self._recipients[url]), len(self._mailings[url])


class _Counterparts(NamedTuple):
    """Of one reference of a mailing's first copy: mailings with its counterpart, and whether each has a token of its own."""

    mailings: int
    own_token: bool


def _series(mailings: Mapping[int, Sequence[Copy]]) -> dict[str, list[_Counterparts]]:
    """Align the first copies of each sender's mailings; give the counterparts of each reference, by message."""
    of_sender: dict[str, list[Copy]] = defaultdict(list)
    for members in mailings.values():
        if members[0].mail.sender:
            of_sender[members[0].mail.sender].append(members[0])
    found: dict[str, list[_Counterparts]] = {}
    for firsts in of_sender.values():
        columns = align([[reference.slot for reference in copy.references] for copy in firsts])
        urls: dict[int, list[str]] = defaultdict(list)
        for copy, places in zip(firsts, columns, strict=True):
            for column, reference in zip(places.tolist(), copy.references, strict=False):
                urls[column].append(reference.slot.url)
        judged = {column: _Counterparts(len(of), _each_its_own(of)) for column, of in urls.items()}
        for copy, places in zip(firsts, columns, strict=True):
            found[copy.message_sha256] = [judged[column] for column in places.tolist()]
    return found


def _each_its_own(urls: Sequence[str]) -> bool:
    distinct = sorted(set(urls))
    if not 1 < len(distinct) == len(urls):
        return False
    return any(of_one_shape(tokens) for tokens in difference(distinct).tokens if len(set(tokens)) == len(tokens))


def _compare_mailing(
    members: Sequence[Copy], series: Mapping[str, list[_Counterparts]], spread: _Spread
) -> Iterator[tuple[Copy, _Reference, _Found]]:
    counted = _independent(members)
    recipients = len({copy.mail.recipient for copy in counted})
    placed = align([[reference.slot for reference in copy.references] for copy in members])
    holders: dict[int, list[tuple[Copy, _Reference]]] = defaultdict(list)
    for copy, places in zip(members, placed, strict=True):
        for column, reference in zip(places.tolist(), copy.references, strict=False):
            holders[column].append((copy, reference))
    counted_hashes = {copy.message_sha256 for copy in counted}
    first, counterparts = members[0], series.get(members[0].message_sha256, [])
    in_series = dict(zip(placed[0].tolist(), counterparts, strict=False))
    aligned = set()
    for column, held in holders.items():
        owners: dict[str, list[str]] = defaultdict(list)
        looks = {(url_template(reference.slot.url)[1].rpartition(".")[2][:5], reference.slot.size) for _, reference in held}
        for copy, reference in held:
            if copy.message_sha256 in counted_hashes:
                owners[reference.slot.url].append(copy.mail.recipient)
        other = in_series.get(column, _Counterparts(1 if first.mail.sender else 0, False))
        evidence, differ = _judge(owners, len(counted), len(looks) == 1, other.own_token, spread)
        for copy, reference in held:
            aligned.add((copy.message_sha256, reference.index))
            yield (
                copy,
                reference,
                _Found(
                    len(counted),
                    recipients,
                    len(members) - len(counted),
                    sum(map(len, owners.values())),
                    len({recipient for of in owners.values() for recipient in of}),
                    len(owners),
                    len(differ.tokens),
                    differ.length,
                    evidence,
                    reference.signed,
                    reference.busted,
                    other.mailings,
                ),
            )
    for copy in members:
        for reference in copy.references:
            if (copy.message_sha256, reference.index) not in aligned:  # behind the longest that is aligned
                plain = _Found(
                    len(counted), recipients, len(members) - len(counted), 0, 0, 0, 0, 0, "none", reference.signed, reference.busted, 0
                )
                yield copy, reference, plain


def _independent(members: Sequence[Copy]) -> list[Copy]:
    """Leave out forwards of another copy, and all but one of those that share a Message-ID."""
    originals = [copy for copy in members if not copy.forward]
    seen: set[str] = set()
    counted = []
    for copy in originals or members:  # where all say that they are forwards, none is one of another
        if copy.message_id and copy.message_id in seen:
            continue
        seen.add(copy.message_id)
        counted.append(copy)
    return counted


_SAME = Difference((), False)


def _judge(
    owners: Mapping[str, Sequence[str]], copies: int, one_picture: bool, own_token: bool, spread: _Spread
) -> tuple[str, Difference]:
    """Give the evidence, and how the values differ.

    ``owners`` maps each URL to the recipients of the copies that hold it, a recipient as often as it got a copy. Without
    ``one_picture`` declared size or file type differ too: these are pictures of several things, not one with a token.
    """
    present = sum(map(len, owners.values()))
    if len(owners) <= 1:
        if own_token and present == copies:
            return "mailing", _SAME
        if present > 1:
            return "identical", _SAME
        return ("alone" if copies > 1 else "none"), _SAME
    urls = sorted(owners)
    differ = difference(urls)
    coded = [tokens for tokens in differ.tokens if of_one_shape(sorted(set(tokens)))]
    if not (coded and one_picture):
        return "variant", differ
    of_url = [set(owners[url]) for url in urls]
    recipients = set().union(*of_url)
    if present < _MANY and max(len(token) for tokens in coded for token in tokens) < _LONG:
        return "mixed", differ  # two numbers of a few digits are as likely two pictures
    if any(_names_recipients(tokens, of_url) for tokens in coded):
        return "recipient", differ
    private = sum(len(of) == 1 and spread.of(url)[1] == 1 for url, of in zip(urls, of_url, strict=True))
    if private < _FEW * len(urls):
        return ("variant" if len(urls) <= max(2, len(recipients) / 2) else "mixed"), differ
    values_of = Counter(recipient for of in of_url for recipient in of)
    if max(values_of.values()) == 1 and len(recipients) > 1:
        return "recipient", differ
    once = sum(spread.of(url)[0] == 1 for url in urls)  # else some copies to one recipient show one picture
    return ("copy" if once >= _FEW * len(urls) else "variant"), differ


def _names_recipients(tokens: Sequence[str], of_url: Sequence[set[str]]) -> bool:
    """Tell whether a token is one recipient's in all of its copies, and no two recipients have it in common."""
    of_token: dict[str, set[str]] = defaultdict(set)
    of_recipient: dict[str, set[str]] = defaultdict(set)
    for token, recipients in zip(tokens, of_url, strict=True):
        of_token[token] |= recipients
        for recipient in recipients:
            of_recipient[recipient].add(token)
    return (
        len(of_recipient) > 1
        and "" not in of_recipient
        and all(len(of) == 1 for of in of_token.values())
        and all(len(of) == 1 for of in of_recipient.values())
    )
