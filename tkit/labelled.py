"""Labelled references of mails, as detectors are compared on them: a label file joined to the mails that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tkit.detectors.engines import request_type
from tkit.detectors.lists import WEB_LISTS, load_all, verdicts
from tkit.errors import TkitError
from tkit.facts import with_facts
from tkit.features import extract_batches
from tkit.mail import Message
from tkit.splits import component_keys, connected_components
from tkit.url import clean, host_of, registrable_domain, unwrap

_KEY = ["message_sha256", "part", "index"]
_REQUIRED = ("message_sha256", "part", "carrier", "url", "label")
# Label files name carriers more coarsely than tkit does.
_COARSE_CARRIER = {
    "img-src": "img",
    "input-image": "input",
    "background-attr": "background",
    "style-attr": "css",
    "style-element": "css-sheet",
    "css-import": "css-sheet",
    "font-face": "css-sheet",
}
_LABELS = frozenset("TPCSU")


def read_labels(path: str | Path) -> pd.DataFrame:
    """Read a label file: a CSV of the form that ``docs/detectors.md`` describes.

    Returns
    -------
    DataFrame
        ``message_sha256``, ``part``, ``carrier``, ``url``, ``label``; ``confidence`` (3 where the file has none) and
        ``stratum_weight`` (1 where it has no strata).

    Raises
    ------
    TkitError
        Where it is no CSV, lacks a column, or holds a value that there is not; with the file's row.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise TkitError(f"{path}: no such label file") from None
    except (OSError, ValueError) as error:
        raise TkitError(f"{path}: no CSV ({error}): give a label file, see docs/detectors.md") from None
    missing = [column for column in _REQUIRED if column not in table]
    if missing:
        raise TkitError(f"{path}: no column {', '.join(missing)}: a label file has {', '.join(_REQUIRED)}")
    _require(path, table, "message_sha256", table["message_sha256"].str.fullmatch("[0-9a-f]{64}"), "give 64 hex digits")
    _require(path, table, "part", table["part"].str.fullmatch("[0-9]{1,4}"), "give the part's number, from 0")
    coarse = sorted(set(_COARSE_CARRIER.values()))
    _require(path, table, "carrier", table["carrier"].isin(coarse), f"give one of {' '.join(coarse)}")
    _require(path, table, "label", table["label"].isin(_LABELS), "give one of T P C S U")
    labels = table[list(_REQUIRED)].assign(part=table["part"].astype(np.int32), url=table["url"].map(clean), confidence=3)
    if "confidence" in table:
        _require(path, table, "confidence", table["confidence"].isin(["1", "2", "3"]), "give 1, 2 or 3")
        labels["confidence"] = table["confidence"].astype(int)
    labels["stratum_weight"] = 1.0
    if {"stratum_size", "stratum_drawn"} <= set(table):
        for column in ("stratum_size", "stratum_drawn"):
            _require(path, table, column, table[column].str.fullmatch("[1-9][0-9]{0,8}"), "give a count from 1")
        labels["stratum_weight"] = table["stratum_size"].astype(float) / table["stratum_drawn"].astype(float)
    twice = labels.duplicated(list(_REQUIRED[:4]))
    _require(path, table, "url", ~twice, "it is labelled in an earlier row: leave one")
    return labels


def _require(path: str | Path, table: pd.DataFrame, column: str, right: pd.Series, what: str) -> None:
    wrong = np.flatnonzero(~right.to_numpy(dtype=bool))
    if len(wrong):
        value = str(table[column].iloc[wrong[0]])
        raise TkitError(f"{path}: row {wrong[0] + 2}, column {column}: {value!r:.80}: {what}")


@dataclass(frozen=True)
class LabelledMail:
    """Rows to compare detectors on.

    Attributes
    ----------
    rows : DataFrame
        Every remote reference of the labelled messages, with features and, where asked for, the columns of
        :data:`tkit.facts.FACTS`: whole messages, as some programs need.
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
        As :func:`read_labels` gives them.
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
    located = rows[[*_KEY, "url", "resolved_url"]].assign(
        carrier=rows["carrier"].map(_COARSE_CARRIER), row=np.arange(len(rows))
    )
    # Where a message writes a reference several times, the label means the first.
    found = located.drop_duplicates(key).merge(labels, on=key)
    if found.empty:
        raise TkitError(f"none of the {len(labels)} labels names a reference of the mails: see docs/detectors.md for the form")
    original = found["resolved_url"].map(unwrap)
    domain = found["message_sha256"].map(senders)
    keys = found.assign(resolved_url=original, host=original.map(host_of), sender_domain=domain)
    return LabelledMail(
        rows,
        found.assign(
            source="gold",
            component=connected_components(component_keys(keys)),
            sender_key=domain.where(domain != "", found["message_sha256"]),
            carrier=rows["carrier"].to_numpy()[found["row"]],
        ),
        len(labels) - len(found),
    )


def of_dataset(rows: pd.DataFrame) -> LabelledMail:
    """Give the published dataset's labelled rows (:meth:`tkit.dataset.Dataset.rows`) as rows to compare on.

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
        With the columns of :data:`tkit.facts.FACTS`.
    folder : path
        With the user's copies; every list of the registry but those made for web pages is needed.
    """
    requests = rows["carrier"].map(request_type).tolist()
    asked, original, tags = (rows[column].tolist() for column in ("resolved_url", "original_url", "tag"))
    found = verdicts(load_all(folder, WEB_LISTS), asked, original, tags, requests)
    return rows.assign(listed=found.any(axis=1).to_numpy())
