"""One batch of raw mails to rows: what the verbs do in each of their processes."""

from __future__ import annotations

from collections.abc import Iterable

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

_REFERENCE_COLUMNS = ("message_sha256", "part", "index", "carrier", "url", "resolved_url", "local", "element", "conditional")


def reference_rows(raws: list[RawMessage]) -> pd.DataFrame:
    """Return every reference of the mails as written, including local ones."""
    rows = []
    for raw in raws:
        message = Message.from_bytes(raw.raw)
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


def feature_rows(raws: list[RawMessage]) -> pd.DataFrame:
    """Return the feature table of the mails."""
    return extract(Message.from_bytes(raw.raw) for raw in raws)


def campaign_rows(raws: Iterable[RawMessage], features: bool = False) -> pd.DataFrame:
    """Compare the copies of every mailing among the mails.

    The columns are those of :func:`tkit.campaigns.compare`, or with `features` those of
    :func:`tkit.features.campaign.campaign_features`, and carrier and URLs.
    """
    copies: list[Copy] = []
    urls: list[pd.DataFrame] = []
    for raw in raws:
        copy = copy_of(Message.from_bytes(raw.raw))
        if copy is not None:
            copies.append(copy)
            urls.append(reference_rows([raw])[[*KEY, "carrier", "url", "resolved_url"]])
    compared = compare_copies(copies)
    if features:
        compared = campaign_features(compared)
    if not urls:
        return compared.assign(carrier="", url="", resolved_url="")
    return compared.merge(pd.concat(urls).drop_duplicates(list(KEY)), on=list(KEY), how="left", validate="one_to_one")


def verdict_rows(raws: list[RawMessage], bundle: Bundle) -> pd.DataFrame:
    """Return the verdicts on the references of the mails."""
    frames = list(scan((Message.from_bytes(raw.raw) for raw in raws), bundle))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
