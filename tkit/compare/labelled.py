"""Labelled references of mails, as detectors are compared on them: a label file joined to the mails that it is about."""

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
from tkit.labels.files import key_of, keyed, url_sha256
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
        Every remote reference of the labelled messages, with features and, where asked for, the columns of
        :data:`tkit.detectors.facts.FACTS`: whole messages, as some programs need.
    labels : DataFrame
        The labels that have a reference; ``row`` is the position in `rows`. And ``source``, ``component``, ``sender_key``,
        ``stratum_weight``, as :class:`tkit.evaluate.Evaluation` reads them.
    lost : int
        Labels whose message or reference was not found.
    """

    rows: pd.DataFrame
    labels: pd.DataFrame
    lost: int


def read_mail(messages: Iterable[Message], labels: pd.DataFrame, facts: bool) -> LabelledMail:
    """Find the labelled references in messages.

    Parameters
    ----------
    messages : iterable of Message
        Those without a label are passed over; of one that occurs twice the first counts.
    labels : DataFrame
        As :func:`tkit.labels.read_labels` gives them; strata are weighed where it has them.
    facts : bool
        Whether a detector reads more than features.

    Raises
    ------
    TkitError
        Where no label has a reference.
    """
    wanted = set(labels["message_sha256"])
    senders: dict[str, str] = {}

    def known() -> Iterable[Message]:
        for message in messages:
            if message.message_sha256 in wanted and message.message_sha256 not in senders:
                senders[message.message_sha256] = registrable_domain(message.from_domain)
                yield message

    frames = list(with_facts(known()) if facts else extract_batches(known()))
    if not frames:
        raise TkitError(f"none of the {len(wanted)} labelled messages is among the mails, or none has a remote reference")
    rows = pd.concat(frames, ignore_index=True)
    key = ["message_sha256", "part", "carrier", "url"]
    located = rows[[*KEY, "carrier"]].assign(url_sha256=rows["url"].map(url_sha256), row=np.arange(len(rows)))
    # Where a message writes a reference several times, the label means the first.
    key = key_of(labels, located)
    of_label = keyed(_weighed(labels), key)
    place = keyed(located, key)["row"]
    found = of_label[of_label.index.isin(place.index)][["label", "confidence", "stratum_weight"]]
    found = found.assign(row=place.loc[found.index]).sort_values("row").reset_index(drop=True)
    its = rows[[*KEY, "carrier", "url", "resolved_url"]].iloc[found["row"].to_numpy()]
    found = pd.concat([its.reset_index(drop=True), found], axis=1)
    if found.empty:
        raise TkitError(f"none of the {len(labels)} labels names a reference of the mails: see docs/labels.md for the form")
    original = found["resolved_url"].map(unwrap)
    domain = found["message_sha256"].map(senders)
    keys = found.assign(resolved_url=original, host=original.map(host_of), sender_domain=domain)
    return LabelledMail(
        rows,
        found.assign(
            source="gold",
            component=connected_components(component_keys(keys)),
            sender_key=domain.where(domain != "", found["message_sha256"]),
        ),
        len(labels) - len(found),
    )


def _weighed(labels: pd.DataFrame) -> pd.DataFrame:
    strata = {"stratum_size", "stratum_drawn"} <= set(labels)
    return labels.assign(stratum_weight=labels["stratum_size"] / labels["stratum_drawn"] if strata else 1.0)


def of_dataset(rows: pd.DataFrame) -> LabelledMail:
    """Return the published dataset's labelled rows (:meth:`tkit.dataset.Dataset.rows`) as rows to compare on.

    A sender without a domain, or without a From, stands for itself.
    """
    gold = rows[rows["source"] == "gold"].reset_index(drop=True)
    sender = gold["sender_key"].where(gold["sender_key"] != "", gold["message_sha256"])
    return LabelledMail(gold, gold.assign(row=np.arange(len(gold)), sender_key=sender), 0)


def add_listed(rows: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Add ``listed``, whether any published list made for mail holds the reference, wrapped or not.

    Parameters
    ----------
    rows : DataFrame
        With the columns of :data:`tkit.detectors.facts.FACTS`.
    folder : path
        With the user's copies; every list of the registry but those made for web pages is needed.
    """
    requests = rows["carrier"].map(request_type).tolist()
    asked, original, tags = (rows[column].tolist() for column in ("resolved_url", "original_url", "tag"))
    found = verdicts(load_all(folder, WEB_LISTS), asked, original, tags, requests)
    return rows.assign(listed=found.any(axis=1).to_numpy())
