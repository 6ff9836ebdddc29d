"""The labelled references that detectors are compared on: a label file joined to its mails, or the dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tkit.detectors.facts import with_facts
from tkit.errors import TkitError
from tkit.features import KEY, extract_batches
from tkit.html.carriers import request_type
from tkit.labels.files import carriers_as_in, key_of, keyed, url_sha256
from tkit.lists.sources import WEB_LISTS, load_all, verdicts
from tkit.mail import Message
from tkit.splits.folds import connected_components
from tkit.splits.kits import component_keys
from tkit.url import host_of, registrable_domain, unwrap


@dataclass(frozen=True)
class LabelledMail:
    """Rows to compare detectors on.

    Attributes
    ----------
    rows : DataFrame
        Every remote reference of the labelled messages, because some programs need whole messages, with features and, if
        requested, the columns of :data:`tkit.detectors.facts.FACTS`.
    labels : DataFrame
        The labels with a reference. ``row`` is the position in `rows`; ``source``, ``component``, ``sender_key`` and
        ``stratum_weight`` and ``long_side`` are as :class:`tkit.evaluate.Evaluation` reads them.
    lost : int
        Number of labels whose message or reference was not found.
    """

    rows: pd.DataFrame
    labels: pd.DataFrame
    lost: int


def read_mail(messages: Iterable[Message], labels: pd.DataFrame, facts: bool) -> LabelledMail:
    """Find the labelled references in messages.

    Parameters
    ----------
    messages : iterable of Message
        Messages without a label and repeated messages are skipped.
    labels : DataFrame
        As :func:`tkit.labels.read_labels` returns them; rows are weighted by stratum if it has strata.
    facts : bool
        Whether a detector reads more than features.

    Raises
    ------
    TkitError
        If no label has a reference.
    """
    wanted = set(labels["message_sha256"])
    senders: dict[str, str] = {}

    def labelled() -> Iterable[Message]:
        for message in messages:
            if message.message_sha256 in wanted and message.message_sha256 not in senders:
                senders[message.message_sha256] = registrable_domain(message.from_domain)
                yield message

    frames = list(with_facts(labelled()) if facts else extract_batches(labelled()))
    if not frames:
        raise TkitError(f"none of the {len(wanted)} labelled messages is in the mails, or none has a remote reference")
    rows = pd.concat(frames, ignore_index=True)
    key = ["message_sha256", "part", "carrier", "url"]
    located = rows[[*KEY, "carrier"]].assign(url_sha256=rows["url"].map(url_sha256), row=np.arange(len(rows)))
    if "carrier" in labels:
        located["carrier"] = carriers_as_in(set(labels["carrier"]), located["carrier"])
    # If a message contains a reference several times, the label means the first.
    key = key_of(labels, located)
    of_label = keyed(_weighted(labels), key)
    position = keyed(located, key)["row"]
    joined = of_label[of_label.index.isin(position.index)][["label", "confidence", "stratum_weight"]]
    joined = joined.assign(row=position.loc[joined.index]).sort_values("row").reset_index(drop=True)
    of_row = rows[[*KEY, "carrier", "url", "resolved_url", "long_side"]].iloc[joined["row"].to_numpy()]
    joined = pd.concat([of_row.reset_index(drop=True), joined], axis=1)
    if joined.empty:
        raise TkitError(f"none of the {len(labels)} labels names a reference of the mails: see docs/labels.md for the format")
    original = joined["resolved_url"].map(unwrap)
    domain = joined["message_sha256"].map(senders)
    keys = joined.assign(resolved_url=original, host=original.map(host_of), sender_domain=domain)
    return LabelledMail(
        rows,
        joined.assign(
            source="gold",
            component=connected_components(component_keys(keys)),
            sender_key=domain.where(domain != "", joined["message_sha256"]),
        ),
        len(labels) - len(joined),
    )


def _weighted(labels: pd.DataFrame) -> pd.DataFrame:
    strata = {"stratum_size", "stratum_drawn"} <= set(labels)
    return labels.assign(stratum_weight=labels["stratum_size"] / labels["stratum_drawn"] if strata else 1.0)


def of_dataset(rows: pd.DataFrame) -> LabelledMail:
    """Return the published dataset's labelled rows (:meth:`tkit.dataset.Dataset.rows`) as rows to compare on.

    A mail without a sender or with a sender without a domain is its own sender.
    """
    gold = rows[rows["source"] == "gold"].reset_index(drop=True)
    sender = gold["sender_key"].where(gold["sender_key"] != "", gold["message_sha256"])
    return LabelledMail(gold, gold.assign(row=np.arange(len(gold)), sender_key=sender), 0)


def add_listed(rows: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Add ``listed``: whether any published list made for mail flags the reference, wrapped by a proxy or not.

    Parameters
    ----------
    rows : DataFrame
        Contains the columns of :data:`tkit.detectors.facts.FACTS`.
    folder : path
        Contains the user's copies of every list in the registry, except those made for web pages.
    """
    requests = rows["carrier"].map(request_type).tolist()
    requested, original, tags = (rows[column].tolist() for column in ("resolved_url", "original_url", "tag"))
    listed = verdicts(load_all(folder, WEB_LISTS), requested, original, tags, requests)
    return rows.assign(listed=listed.any(axis=1).to_numpy())
