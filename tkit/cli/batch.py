"""One batch of raw mails to rows: what the verbs do in each of their processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd

from tkit.bundle import Bundle
from tkit.campaigns import Copy, compare_copies, copy_of
from tkit.corpus import RawMessage
from tkit.features import KEY, extract
from tkit.features.campaign import campaign_features
from tkit.html import references
from tkit.mail import Message
from tkit.verdicts import scan
from tkit.verdicts.mails import COLUMNS


class Batch(NamedTuple):
    """The rows of some mails, and what of them could not be read: the mail's place and why."""

    rows: pd.DataFrame
    unread: list[tuple[str, str]]


def read(raws: Iterable[RawMessage], rows: Callable[[list[Message]], pd.DataFrame]) -> Batch:
    """Read mails and make rows of them."""
    messages = [Message.from_bytes(raw.raw, raw.where) for raw in raws]
    return Batch(rows(messages), [(message.where, why) for message in messages for why in message.unread])


_REFERENCE_COLUMNS = ("message_sha256", "part", "index", "carrier", "url", "resolved_url", "local", "element", "conditional")


def reference_rows(messages: Iterable[Message]) -> pd.DataFrame:
    """Return every reference of the mails as written, including local ones."""
    rows = []
    for message in messages:
        rows += [
            (
                message.message_sha256,
                reference.part,
                reference.index,
                reference.carrier,
                reference.url,
                reference.resolved_url,
                reference.local,
                reference.element,
                reference.conditional,
            )
            for reference in references(message)
        ]
    return pd.DataFrame(rows, columns=list(_REFERENCE_COLUMNS))


def feature_rows(messages: Iterable[Message]) -> pd.DataFrame:
    """Return the feature table of the mails."""
    return extract(messages)


def campaign_rows(raws: Iterable[RawMessage], features: bool = False) -> pd.DataFrame:
    """Compare the copies of every mailing among the mails.

    The columns are those of :func:`tkit.campaigns.compare`, or with `features` those of
    :func:`tkit.features.campaign.campaign_features`, and carrier and URLs.
    """
    copies: list[Copy] = []
    urls: list[pd.DataFrame] = []
    for raw in raws:
        message = Message.from_bytes(raw.raw)
        copy = copy_of(message)
        if copy is not None:
            copies.append(copy)
            urls.append(reference_rows([message])[[*KEY, "carrier", "url", "resolved_url"]])
    compared = compare_copies(copies)
    if features:
        compared = campaign_features(compared)
    if not urls:
        return compared.assign(carrier="", url="", resolved_url="")
    return compared.merge(pd.concat(urls).drop_duplicates(list(KEY)), on=list(KEY), how="left", validate="one_to_one")


def verdict_rows(messages: Iterable[Message], bundle: Bundle) -> pd.DataFrame:
    """Return the verdicts on the references of the mails."""
    frames = list(scan(messages, bundle))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
