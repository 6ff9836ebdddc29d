"""Manipulated copies of labelled references: to train on, and to measure how much a disguise costs a detector.

A copy is the real mail with one reference edited (:mod:`tkit.manipulate.mails`). It is extracted as any mail is.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.features import KEY, extract, feature_names
from tkit.html import read_message
from tkit.labels import INDIVIDUAL, trainable
from tkit.mail import Message
from tkit.manipulate.mails import COMBINED, HARMLESS, PAIRS, TRIPLES, manipulate
from tkit.url import registrable_domain

DRAWN = {"T": (2, 3, 4), "P": (2, 3, 4), "C": (2, 2, 2), "S": (2, 1, 1)}
"""The number of single manipulations, of pairs and of triples that are drawn for a reference, by its label. Most are combined,
because a pair teaches both of its parts. They are enough to learn each from hundreds of senders, and at most double the time of
training."""

Extract = Callable[[Iterable[Message]], pd.DataFrame]


class Asked(NamedTuple):
    """A reference of a message to manipulate, and how."""

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody needs here
    names: tuple[str, ...]


def manipulated_features(message: Message, asked: Iterable[Asked], read: Extract = extract) -> pd.DataFrame:
    """Return the features of manipulated copies of a message's references.

    Parameters
    ----------
    message : Message
    asked : iterable of Asked
    read : callable
        Returns the rows of the edited messages; for detectors that read facts, :func:`tkit.detectors.facts.with_facts`, joined.

    Returns
    -------
    DataFrame
        Columns of `read` and ``manipulation`` (the names, joined by ``+``), one row per copy that could be made; ``index`` is
        that of the reference before the edit.
    """
    documents = {document.references[0].part: document for document in read_message(message) if document.references}
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    copies: list[Message] = []
    done: list[tuple[str, int, int, str, int]] = []
    for part, index, names in asked:
        document, html = documents[part], message.html_parts[part]
        edited = manipulate(html, document.references[index - document.references[0].index], names, sender, document)
        if edited is not None:
            copied = copy.copy(message)
            # Only the edited part is extracted: no feature looks beyond its own document and the headers.
            copied.html_parts = ("",) * part + (edited.html,) + ("",) * (len(message.html_parts) - part - 1)
            copied.message_sha256 = str(len(copies))
            copies.append(copied)
            first = edited.reference.index - document.references[0].index
            done.append((copied.message_sha256, part, first, "+".join(names), index))
    rows = read(copies)
    keys = pd.DataFrame(done, columns=["message_sha256", "part", "index", "manipulation", "_before"])
    keys = keys.astype(
        {"message_sha256": "str", "manipulation": "str", "part": np.int32, "index": np.int32, "_before": np.int32}
    )
    merged = keys.merge(rows, on=list(KEY), validate="one_to_one")
    merged["index"] = merged.pop("_before")
    return merged.assign(message_sha256=message.message_sha256)


def manipulated_rows(messages: Mapping[str, Message], labels: pd.DataFrame) -> pd.DataFrame:
    """Return copies of the labelled references to train on.

    The manipulations of a tracker or personalised picture, and pairs and triples of them, are drawn by its key
    (:data:`DRAWN`). Good pictures are manipulated too, so that no model learns that every disguised picture is individual, but
    only in ways that leave them good (:data:`tkit.manipulate.mails.HARMLESS`).

    Parameters
    ----------
    messages : mapping of str to Message
        By ``message_sha256``; a missing message has no row.
    labels : DataFrame
        ``message_sha256``, ``part``, ``index``, ``label``, ``confidence`` and ``source``; only gold rows of T, P, C and S
        with confidence 2 and 3 are manipulated.

    Returns
    -------
    DataFrame
        ``message_sha256``, ``part``, ``index``, ``manipulation`` and the features (float32), in the labels' order.
    """
    used = labels[trainable(labels, INDIVIDUAL) & (labels["source"] == "gold").to_numpy()]
    frames = [
        manipulated_features(
            messages[str(sha256)],
            [
                Asked(part, index, names)
                for part, index, label in zip(rows["part"], rows["index"], rows["label"], strict=True)
                for names in _drawn(f"{sha256} {part} {index}", label)
            ],
        )
        for sha256, rows in used.groupby("message_sha256", sort=False)
        if sha256 in messages
    ]
    columns = [*KEY, "manipulation", *feature_names("message")]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _drawn(key: str, label: str) -> list[tuple[str, ...]]:
    """Return some single manipulations, pairs and triples; always the same for the same reference."""
    single = COMBINED if label in INDIVIDUAL.positive else HARMLESS
    drawing = random.Random(key)
    drawn: list[tuple[str, ...]] = []
    for possible, count in zip(([(name,) for name in single], PAIRS, TRIPLES), DRAWN[label], strict=True):
        usable = [names for names in possible if set(names) <= set(single)]
        drawn += sorted(drawing.sample(usable, min(count, len(usable))), key=usable.index)
    return drawn
