"""Copies of a mailing compared: which references are individual to the recipient.

Each recipient of a tracked mailing gets a picture of its own, so the copies tell what is individual. What comes out is
evidence, not a verdict: a cache buster looks like a token, and a mailing of which one copy is known tells nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from tkit.campaigns.alignment import UNALIGNED, align
from tkit.campaigns.copies import Copy, Reference, copy_of
from tkit.campaigns.evidence import Spread, each_its_own, judge
from tkit.campaigns.similarity import group_copies
from tkit.mail import Message
from tkit.url.template import file_type

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
"""How long a mailing may rest: a copy that comes later than this after the latest one is of another mailing."""

AGAIN = timedelta(days=1)
"""How long a recipient's further copies are of one mailing; one that comes later is of the next."""


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
        - ``evidence``: one of :data:`tkit.campaigns.evidence.EVIDENCE`.

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
    spread = Spread(zip(known, number.tolist(), strict=True))
    series = _series(mailings)
    rows = {
        (copy.message_sha256, reference.index): (
            copy.message_sha256,
            reference.part,
            reference.index,
            campaign,
            reference.signed,
            reference.busted,
            *spread.of(reference.slot.url),
            *found,
        )
        for campaign, members in mailings.items()
        for copy, reference, found in _compare_mailing(members, series, spread)
    }
    ordered = [rows[copy.message_sha256, reference.index] for copy in known for reference in copy.references]
    frame = pd.DataFrame(ordered, columns=_ORDER)
    return frame.astype(dict(COLUMNS))[list(COLUMNS)]


class _Found(NamedTuple):
    """What one place in a mailing's copies shows."""

    copies: int
    recipients: int
    forwards: int
    present: int
    present_recipients: int
    values: int
    tokens: int
    token_length: int
    mailings: int
    evidence: str


_OWN = ("message_sha256", "part", "index", "campaign", "signed", "busted", "url_messages", "url_recipients", "url_mailings")
_ORDER = [*_OWN, *_Found._fields]


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
            for column, reference in zip(places.tolist(), copy.references, strict=True):
                urls[column].append(reference.slot.url)
        judged = {column: _Counterparts(len(of), each_its_own(of)) for column, of in urls.items()}
        judged[UNALIGNED] = _Counterparts(1, False)
        for copy, places in zip(firsts, columns, strict=True):
            found[copy.message_sha256] = [judged[column] for column in places.tolist()]
    return found


def _compare_mailing(
    members: Sequence[Copy], series: Mapping[str, list[_Counterparts]], spread: Spread
) -> Iterator[tuple[Copy, Reference, _Found]]:
    counted = _independent(members)
    independent = {copy.message_sha256 for copy in counted}
    recipients = len({copy.mail.recipient for copy in counted})
    placed = align([[reference.slot for reference in copy.references] for copy in members])
    holders: dict[int, list[tuple[Copy, Reference]]] = defaultdict(list)
    for copy, places in zip(members, placed, strict=True):
        for column, reference in zip(places.tolist(), copy.references, strict=True):
            holders[column].append((copy, reference))
    in_series = dict(zip(placed[0].tolist(), series.get(members[0].message_sha256, []), strict=False))
    for column, held in holders.items():
        owners: dict[str, list[str]] = defaultdict(list)
        for copy, reference in held:
            if copy.message_sha256 in independent and column != UNALIGNED:
                owners[reference.slot.url].append(copy.mail.recipient)
        one_picture = len({(file_type(reference.slot.url), reference.slot.size) for _, reference in held}) == 1
        mailings, own_token = in_series.get(column, _Counterparts(1, False))
        evidence, differ = judge(owners, len(counted), one_picture, own_token, spread)
        found = _Found(
            copies=len(counted),
            recipients=recipients,
            forwards=len(members) - len(counted),
            present=sum(map(len, owners.values())),
            present_recipients=len({recipient for of in owners.values() for recipient in of}),
            values=len(owners),
            tokens=len(differ.tokens),
            token_length=differ.length,
            mailings=mailings,
            evidence="none" if column == UNALIGNED else evidence,
        )
        for copy, reference in held:
            yield copy, reference, found


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
