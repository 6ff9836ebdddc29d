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
from tkit.labels import headline
from tkit.mail import Message
from tkit.manipulate.mails import COMBINED, HARMLESS, PAIRS, TRIPLES, manipulate
from tkit.url import registrable_domain

DRAWN = {True: (2, 6), False: (2, 2)}
"""The number of single manipulations and of pairs that are drawn for a tracker (True) and for a good picture. Most are pairs,
because a pair teaches both of its parts."""

SIZED = (4, 4)
"""The number of pairs with another size, and of triples, that are drawn for a tracker besides. A size that looks like content
is what a sender changes first, and alone or with others it costs most: docs/manipulations.md."""

_SIZED_PAIRS = tuple(pair for pair in PAIRS if pair[0] in ("ordinary-size", "no-size"))

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

    The manipulations of a tracker, and pairs and triples of them, are drawn by its key (:data:`DRAWN`, :data:`SIZED`). Good
    pictures are manipulated too, so that no model learns that every disguised picture is a tracker, but only in ways that leave
    them good (:data:`tkit.manipulate.mails.HARMLESS`).

    Parameters
    ----------
    messages : mapping of str to Message
        By ``message_sha256``; a missing message has no row.
    labels : DataFrame
        ``message_sha256``, ``part``, ``index``, ``label``, ``confidence`` and ``source``; only the headline gold rows
        are manipulated.

    Returns
    -------
    DataFrame
        ``message_sha256``, ``part``, ``index``, ``manipulation`` and the features (float32), in the labels' order.
    """
    used = labels[headline(labels) & (labels["source"] == "gold").to_numpy()]
    frames = [
        manipulated_features(
            messages[str(sha256)],
            [
                Asked(part, index, names)
                for part, index, label in zip(rows["part"], rows["index"], rows["label"], strict=True)
                for names in _drawn(f"{sha256} {part} {index}", label == "T")
            ],
        )
        for sha256, rows in used.groupby("message_sha256", sort=False)
        if sha256 in messages
    ]
    columns = [*KEY, "manipulation", *feature_names("message")]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _drawn(key: str, is_tracker: bool) -> list[tuple[str, ...]]:
    """Return some single manipulations, some pairs and some triples; always the same for the same reference."""
    single = COMBINED if is_tracker else HARMLESS
    possible = [pair for pair in PAIRS if set(pair) <= set(single)]
    drawing = random.Random(key)
    singles, pairs = DRAWN[is_tracker]
    alone = sorted(drawing.sample(single, min(singles, len(single))), key=single.index)
    together: set[tuple[str, ...]] = set(drawing.sample(possible, min(pairs, len(possible))))
    if is_tracker:
        sized, triples = SIZED
        together |= {*drawing.sample(_SIZED_PAIRS, sized), *drawing.sample(TRIPLES, triples)}
    return [(name,) for name in alone] + sorted(together)
