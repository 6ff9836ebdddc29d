"""Labelled mails as mailings: the copies that other recipients of the same mail would have got.

The corpora hold few true copies, so that hardly any labelled tracker can be compared with its counterparts. Here they are
built: in the copy of another recipient, every reference labelled T or P has a token of the recipient's own
(:func:`tkit.manipulate.urls.own_token`), and everything else stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.campaigns import Copy, copy_of
from tkit.features import KEY
from tkit.features.campaign import CAMPAIGN_FEATURES, MOST
from tkit.html import RemoteReference, read_document, read_message
from tkit.labels import INDIVIDUAL, TRACKER
from tkit.mail import Message
from tkit.manipulate.letters import LETTER
from tkit.manipulate.mails import Edited, manipulate
from tkit.manipulate.urls import LEAST_OWN, own_token
from tkit.url import registrable_domain, unwrap

COUNTS = (2, 3, 5)
"""The numbers of copies that mailings are built with."""

Position = tuple[int, int]
"""Part and index of a reference in its message."""

# What comparisons meet besides tokens, as shares of the references. A tracker may count openings without a recipient; a good
# picture may have two versions (an A/B test), rotating servers, or a place in some of the copies only.
_WITHOUT_TOKEN = 0.1
_TWO_VERSIONS = 0.08
_SERVERS = 0.05
_IN_SOME = 0.07
_ONE_RECIPIENT = 0.3  # of the copies, or their recipients are unknown

_SERVER_NAME = 4  # characters of a name such as img2
_FEW, _LONG = 2, 6  # in so few copies, a token of that length is needed (tkit.campaigns.evidence)


class Sent(NamedTuple):
    """A mail as sent to several recipients.

    Attributes
    ----------
    message : Message
        The first copy.
    index : int
        Of the disguised reference in it.
    copies : tuple of Copy
        Of all recipients, the first copy first.
    own : bool
        Whether the disguised reference has another URL in each copy.
    """

    message: Message
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody needs here
    copies: tuple[Copy, ...]
    own: bool


def sent(
    message: Message, individual: Collection[Position], disguised: Position, names: Sequence[str] = (), count: int = COUNTS[-1]
) -> Sent | None:
    """Build the copies of a mailing, with one of its references disguised in the same way in all of them.

    Parameters
    ----------
    message : Message
    individual : collection of Position
        The references with a token of the recipient's own.
    disguised : Position
        The reference to disguise.
    names : sequence of str
        Of :data:`tkit.manipulate.MANIPULATIONS`.
    count : int
        Number of copies.

    Returns
    -------
    Sent or None
        None if a copy cannot be made.
    """
    documents = {document.references[0].part: document for document in read_message(message) if document.references}
    places = {(one.part, one.index): one for document in documents.values() for one in document.references}
    if disguised not in places:
        return None
    reference = places[disguised]
    start = documents[reference.part].references[0].index
    others = [places[position] for position in sorted(set(individual) - {disguised}) if position in places]
    made: list[tuple[Message, RemoteReference]] = []
    copies: list[Copy] = []
    for number in range(count):
        changed = copy.copy(message)
        parts = [_for_recipient(html, others, number) for html in message.html_parts]
        edited = _disguised(parts[reference.part], reference, start, message, disguised in individual, names, number)
        if edited is None:
            return None
        parts[reference.part] = edited.html
        changed.html_parts = tuple(parts)
        compared = copy_of(changed)
        if compared is None:
            return None
        made.append((changed, edited.reference))
        delivered = replace(compared.mail, recipient=f"recipient-{number}@copies.invalid")
        copies.append(
            replace(compared, message_sha256=f"{message.message_sha256} {number}", message_id=str(number), mail=delivered)
        )
    own = len({edited.resolved_url for _, edited in made}) == count
    return Sent(made[0][0], made[0][1].index, tuple(copies), own)


def _for_recipient(html: str, individual: Sequence[RemoteReference], number: int) -> str:
    """Give references a recipient's tokens, where their URLs are written in quotes. The first copy keeps its own."""
    if number:
        for reference in individual:
            for written in {reference.url, reference.url.replace("&", "&amp;")}:
                for quote in "\"'":
                    html = html.replace(f"{quote}{written}{quote}", f"{quote}{own_token(written, str(number))}{quote}")
    return html


def _disguised(
    html: str, reference: RemoteReference, start: int, message: Message, own: bool, names: Sequence[str], number: int
) -> Edited | None:
    """Disguise a reference as the sender's template would; in another copy than the first, with the recipient's tokens."""
    document = read_document(html, reference.part, start)
    same = next((other for other in document.references if other.index == reference.index), None)
    if same is None:
        return None
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    seed = unwrap(reference.resolved_url)
    url = own_token(seed, str(number)) if number and own else ""
    return manipulate(html, same, names, sender, document, seed, url)


def known_copies(gold: pd.DataFrame, manipulated: pd.DataFrame) -> pd.DataFrame:
    """Return labelled references and their disguised copies as if other copies of their mailings were known, to train on.

    A sender disguises all copies of a mailing in the same way. Letters go to one person and are left out.

    Parameters
    ----------
    gold : DataFrame
        The key, ``label`` and the features of the vantage point ``campaign``; without U.
    manipulated : DataFrame
        Their disguised copies (:func:`tkit.manipulate.copies.manipulated_rows`), with the same features.

    Returns
    -------
    DataFrame
        The columns of both: the references with each of :data:`COUNTS`, ``manipulation`` ``"copies"``, and the disguised copies
        with one of them each.
    """
    key = list(KEY)
    known = gold[gold["label"] != "U"]
    plain = manipulated[~manipulated["manipulation"].str.startswith(LETTER)]
    disguised = plain.merge(known[[*key, "label"]], on=key, validate="many_to_one")
    several = [
        as_mailings(rows, rows["label"], count)
        for number, count in enumerate(COUNTS)
        for rows in (known.assign(manipulation="copies"), disguised.iloc[number :: len(COUNTS)])
    ]
    return pd.concat(several, ignore_index=True, join="inner")


def as_mailings(rows: pd.DataFrame, label: pd.Series, count: int, seed: int = 0) -> pd.DataFrame:
    """Return rows with the features of ``campaign`` that they would have if several copies of their mailing were known.

    A reference labelled T or P has a token of its own in each copy, and a good picture is the same in all. What comparisons
    meet besides is drawn: trackers without a token; good pictures with two versions, on rotating servers or in some copies
    only; and copies whose recipients are unknown or one and the same. Mails are not needed, so that a dataset without URLs is
    enough; what :func:`tkit.campaigns.compare` finds in whole mails may differ in detail.

    Parameters
    ----------
    rows : DataFrame
        Features of the vantage point ``campaign``; those of other copies are replaced.
    label : Series
        T, P, C or S for each row.
    count : int
        Number of copies, 2 or more.
    seed : int
        Of what is drawn.

    Returns
    -------
    DataFrame
        The rows in their order, with the other values of :data:`tkit.features.campaign.CAMPAIGN_FEATURES`.
    """
    size = len(rows)
    drawing = np.random.default_rng((seed, count))
    chance = drawing.random(size)
    length = rows[["longest_mixed_word", "longest_decimal"]].max(axis=1).to_numpy(np.float64, copy=True)
    mixed = np.maximum(rows["mixed_words"].to_numpy(np.float64), 1)
    tokens = 1 + np.floor(drawing.random(size) * mixed)
    individual = label.isin(INDIVIDUAL.positive).to_numpy()
    tracker = (label == TRACKER.positive[0]).to_numpy()
    own = individual & (length >= LEAST_OWN) & ~(tracker & (chance < _WITHOUT_TOKEN))
    versions = np.where(own, count, 1)
    two = ~individual & (chance < _TWO_VERSIONS)
    servers = ~individual & ~two & (chance < _TWO_VERSIONS + _SERVERS)
    some = ~individual & ~two & ~servers & (chance < _TWO_VERSIONS + _SERVERS + _IN_SOME)
    versions[two] = drawing.integers(1, 3, two.sum())
    versions[servers] = drawing.integers(1, min(3, count) + 1, servers.sum())
    length[servers] = _SERVER_NAME
    tokens[servers] = 1
    present = np.where(some, drawing.integers(1, count + 1, size), count)
    several, differs = present > 1, versions > 1
    coded = (versions == count) & ((count > _FEW) | (length >= _LONG))
    known = drawing.random(size) >= _ONE_RECIPIENT
    recipients = np.where(known, present, 1)
    everywhere = rows[["url_messages_known", "url_recipients_known", "url_mailings_known"]].to_numpy(np.float64)
    columns: dict[str, NDArray[Any]] = {
        "copies_known": np.full(size, count),
        "recipients_known": np.where(known, count, 1),
        "copies_share": present / count,
        "copies_urls_share": np.where(several, (versions - 1) / np.maximum(present - 1, 1), -1),
        "copies_tokens": np.where(several, np.where(differs, tokens, 0), -1),
        "copies_token_length": np.where(several, np.where(differs, length, 0), -1),
        "own_of_recipient": np.where(several, differs & coded & known, -1),
        "own_of_copy": np.where(several, differs & coded & ~known, -1),
        "own_of_mailing": rows["own_of_mailing"].to_numpy(),
        "url_messages_known": np.where(differs, 1, np.maximum(everywhere[:, 0], present)),
        "url_recipients_known": np.where(differs, 1, np.maximum(everywhere[:, 1], recipients)),
        "url_mailings_known": np.where(own, 1, everywhere[:, 2]),
    }
    return rows.assign(**{name: np.minimum(columns[name], _most(name)).astype(np.float32) for name in CAMPAIGN_FEATURES})


def _most(name: str) -> float:
    return MOST if name.endswith("_known") else np.inf
