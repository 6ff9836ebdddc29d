"""One batch of raw mails to rows: what the verbs do in each of their processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.arrays import Mask
from tkit.bundle import Bundle, Verdict, judge
from tkit.campaigns import Copy, compare_copies, copy_of
from tkit.corpus import RawMessage
from tkit.features import KEY, extract, extract_batches
from tkit.features.campaign import campaign_features, with_campaigns
from tkit.html import references
from tkit.mail import Message
from tkit.mail.receipts import read_receipt_domains
from tkit.verdicts import Tally, tally, with_provenance
from tkit.verdicts.mails import verdict_table
from tkit.verdicts.provenance import first_rows


class Found(NamedTuple):
    """What was found in some mails: the rows to write, and the counts for the summary."""

    rows: pd.DataFrame
    counts: Mapping[str, int]


class Batch(NamedTuple):
    """What was found in some mails, and what of them could not be read: the mail's place and why."""

    found: Found
    unread: list[tuple[str, str]]


def read(raws: Iterable[RawMessage], find: Callable[[list[Message]], Found], provenance: bool) -> Batch:
    """Read mails and find something in them; with `provenance`, each row names its mail."""
    messages = [Message.from_bytes(raw.raw, raw.where) for raw in raws]
    rows, counts = find(messages)
    counts = {"mails": len(messages), "not read fully": sum(bool(message.unread) for message in messages), **counts}
    unread = [(message.where, why) for message in messages for why in message.unread]
    return Batch(Found(with_provenance(rows, messages) if provenance else rows, counts), unread)


_REFERENCE_COLUMNS = ("message_sha256", "part", "index", "carrier", "url", "resolved_url", "local", "element", "loaded_by")


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
                reference.loaded_by,
            )
            for reference in references(message)
        ]
    return pd.DataFrame(rows, columns=list(_REFERENCE_COLUMNS))


def find_references(messages: list[Message]) -> Found:
    """Find every reference of the mails as written, including local ones."""
    rows = reference_rows(messages)
    remote = ~rows["local"].to_numpy(bool)
    counts = {
        "with remote references": _mails_with(rows, remote),
        "remote references": int(remote.sum()),
        "local references": int((~remote).sum()),
    }
    return Found(rows, counts)


def find_features(messages: list[Message]) -> Found:
    """Compute the feature table of the mails."""
    return Found(extract(messages), {})


def find_verdicts(
    messages: list[Message], bundle: Bundle, shown: Collection[Verdict], copies: pd.DataFrame | None = None
) -> Found:
    """Judge the remote references of the mails; the rows are those with the verdicts that are to be shown.

    `copies` are the features of the vantage point ``campaign``, for a bundle that needs them. The last
    column of the rows is ``receipt_to``: the domains that the mail asks to send a read receipt to, ``""`` if none.
    """
    frames = []
    asking = {message.message_sha256: domains for message in messages if (domains := read_receipt_domains(message))}
    counts: Counter[str] = Counter()
    counts["asking for a read receipt"] = sum(message.message_sha256 in asking for message in messages)
    for extracted in extract_batches(messages):
        rows = extracted if copies is None else with_campaigns(extracted, copies)
        judged = judge(bundle, rows)
        trackers, personalised = judged.verdicts == "tracker", judged.verdicts == "personalised"
        tracked = _mails_with(rows, trackers)
        counts.update(
            {
                "with remote references": _mails_with(rows, np.ones(len(rows), bool)),
                "with trackers": tracked,
                "with personalised pictures alone": _mails_with(rows, trackers | personalised) - tracked,
                "remote references": len(rows),
                "trackers": int(trackers.sum()),
                "personalised pictures": int(personalised.sum()),
            }
        )
        chosen = np.isin(judged.verdicts, list(shown))
        frames.append(verdict_table(bundle, rows[chosen], judged.only(chosen)))
    found = pd.concat(frames, ignore_index=True) if frames else _no_verdicts(bundle, copies)
    receivers = [", ".join(asking.get(key, ())) for key in found["message_sha256"]]
    return Found(found.assign(receipt_to=pd.array(receivers, dtype="str")), counts)


def _no_verdicts(bundle: Bundle, copies: pd.DataFrame | None) -> pd.DataFrame:
    rows = extract([]) if copies is None else with_campaigns(extract([]), copies)
    return verdict_table(bundle, rows, judge(bundle, rows))


def _mails_with(rows: pd.DataFrame, chosen: Mask) -> int:
    """Return the number of mails with chosen rows; each copy counts."""
    return len(np.unique(first_rows(rows).cumsum()[chosen]))


def find_tally(raws: Iterable[RawMessage], bundle: Bundle, copies: pd.DataFrame | None = None) -> Tally:
    """Count what mails report, for an audit; `copies` as in :func:`find_verdicts`."""
    return tally((Message.from_bytes(raw.raw, raw.where) for raw in raws), bundle, copies)


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
