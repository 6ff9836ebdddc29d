"""Comparison of the copies of a mailing: which references are individual to the recipient.

Each recipient of a tracked mailing gets a picture with a different URL, so comparing copies shows what is individual. The
result is evidence, not a verdict: a cache buster looks like a token, and a mailing with one known copy gives no evidence.
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
from tkit.url.template import file_type, url_template

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
"""The columns of the result of :func:`compare`, which describes them, and their types."""

WINDOW = timedelta(days=3)
"""The longest pause in a mailing: a copy that comes later than this after the latest one belongs to another mailing."""

AGAIN = timedelta(days=1)
"""How long after a recipient's first copy another copy belongs to the same mailing; a later one belongs to the next."""


def compare(messages: Iterable[Message], window: timedelta = WINDOW, again: timedelta = AGAIN) -> pd.DataFrame:
    r"""Compare the copies of every mailing among messages.

    Parameters
    ----------
    messages : iterable of Message
        In any order; repeated messages count once.
    window : timedelta
        How long after a mailing's latest copy the next may come.
    again : timedelta
        How long after a recipient's first copy another one may come; a later one belongs to the next mailing.

    Returns
    -------
    DataFrame
        One row per remote reference, as in :func:`tkit.features.extract`, with the columns of :data:`COLUMNS`:

        - ``message_sha256``, ``part``, ``index``: the key;
        - ``campaign``: number of the mailing, from 0 in order of time; valid only within this table;
        - ``copies``, ``recipients``: the number of independent copies of the mailing, and of their recipients;
        - ``forwards``: the number of other copies, which were forwarded or delivered again;
        - ``present``, ``present_recipients``: the number of independent copies with the reference, and of their recipients;
        - ``values``: distinct URLs in these copies, without signatures and cache busters;
        - ``tokens``, ``token_length``: the number of tokens of the URL that differ, and the length of the longest;
        - ``signed``, ``busted``: whether a signature or a cache buster was removed from this reference's URL;
        - ``mailings``: mailings of the sender with a counterpart of it, including this one;
        - ``url_messages``, ``url_recipients``, ``url_mailings``: the number of all messages, recipients and mailings with
          exactly its URL;
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
    """Compare mailings as :func:`compare` does, given the results of :func:`copy_of`."""
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
            *comparison,
        )
        for campaign, members in mailings.items()
        for copy, reference, comparison in _compare_mailing(members, series, spread)
    }
    ordered = [rows[copy.message_sha256, reference.index] for copy in known for reference in copy.references]
    frame = pd.DataFrame(ordered, columns=_ORDER)
    return frame.astype(dict(COLUMNS))[list(COLUMNS)]


class _Comparison(NamedTuple):
    """The result for one column of the alignment: one reference in all copies of a mailing."""

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
_ORDER = [*_OWN, *_Comparison._fields]


class _Counterparts(NamedTuple):
    """The counterparts of a reference of a mailing's first copy: mailings with one, and whether all their tokens differ."""

    mailings: int
    own_token: bool


def _series(mailings: Mapping[int, Sequence[Copy]]) -> dict[str, list[_Counterparts]]:
    """Align the first copies of each sender's mailings; return the counterparts of each reference, by message."""
    of_sender: dict[str, list[Copy]] = defaultdict(list)
    for members in mailings.values():
        if members[0].mail.sender:
            of_sender[members[0].mail.sender].append(members[0])
    counterparts: dict[str, list[_Counterparts]] = {}
    for firsts in of_sender.values():
        columns = align([[reference.slot for reference in copy.references] for copy in firsts])
        urls: dict[int, list[str]] = defaultdict(list)
        for copy, own_columns in zip(firsts, columns, strict=True):
            for column, reference in zip(own_columns.tolist(), copy.references, strict=True):
                urls[column].append(reference.slot.url)
        of_column = {column: _Counterparts(len(versions), each_its_own(versions)) for column, versions in urls.items()}
        of_column[UNALIGNED] = _Counterparts(1, False)
        for copy, own_columns in zip(firsts, columns, strict=True):
            counterparts[copy.message_sha256] = [of_column[column] for column in own_columns.tolist()]
    return counterparts


def _compare_mailing(
    members: Sequence[Copy], series: Mapping[str, list[_Counterparts]], spread: Spread
) -> Iterator[tuple[Copy, Reference, _Comparison]]:
    independent = _independent(members)
    independent_sha256 = {copy.message_sha256 for copy in independent}
    recipients = len({copy.mail.recipient for copy in independent})
    columns = align([[reference.slot for reference in copy.references] for copy in members])
    holders: dict[int, list[tuple[Copy, Reference]]] = defaultdict(list)
    for copy, own_columns in zip(members, columns, strict=True):
        for column, reference in zip(own_columns.tolist(), copy.references, strict=True):
            holders[column].append((copy, reference))
    in_series = dict(zip(columns[0].tolist(), series.get(members[0].message_sha256, []), strict=False))
    for column, held in holders.items():
        owners: dict[str, list[str]] = defaultdict(list)
        for copy, reference in held:
            if copy.message_sha256 in independent_sha256 and column != UNALIGNED:
                owners[reference.slot.url].append(copy.mail.recipient)
        one_picture = len({(file_type(reference.slot.url), reference.slot.size) for _, reference in held}) == 1
        mailings, own_token = in_series.get(column, _Counterparts(1, False))
        evidence, differ = judge(owners, len(independent), one_picture, own_token, spread)
        comparison = _Comparison(
            copies=len(independent),
            recipients=recipients,
            forwards=len(members) - len(independent),
            present=sum(map(len, owners.values())),
            present_recipients=len(set().union(*owners.values())),
            values=len(owners),
            tokens=len(differ.tokens),
            token_length=differ.length,
            mailings=mailings,
            evidence="none" if column == UNALIGNED else evidence,
        )
        for copy, reference in held:
            yield copy, reference, comparison


def _independent(members: Sequence[Copy]) -> list[Copy]:
    """Return the copies without those that pass another one on, and only one of those with the same Message-ID.

    A forward of somebody else's copy, with a token of that person's, is a copy of its own.
    """
    seen: set[str] = set()
    independent: list[Copy] = []
    # If all say that they are forwards, none is a forward of another.
    originals = [copy for copy in members if not copy.mail.forward] or members
    forwards = [copy for copy in members if copy.mail.forward] if len(originals) < len(members) else []
    for number, copy in enumerate((*originals, *forwards)):
        if copy.message_id and copy.message_id in seen:
            continue
        seen.add(copy.message_id)
        if number < len(originals) or not any(_passes_on(copy, other) for other in independent):
            independent.append(copy)
    return independent


def _passes_on(forward: Copy, other: Copy) -> bool:
    """Return whether a forward has the very URLs of another copy, apart from what the person who forwards it adds."""
    templates = set(map(url_template, other.mail.urls))
    common = {url for url in forward.mail.urls if url_template(url) in templates}
    return common <= other.mail.urls
