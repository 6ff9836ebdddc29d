"""Judge mails with a bundle: one verdict a remote reference, with reasons that a mail user understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from tkit.features import extract_batches, require_one_mail
from tkit.features.words import reasons
from tkit.mail import Message
from tkit.url.providers import providers

if TYPE_CHECKING:
    from tkit.bundle import Bundle

COLUMNS = (
    "message_sha256",
    "part",
    "index",
    "carrier",
    "url",
    "resolved_url",
    "vantage",
    "score",
    "verdict",
    "reasons",
    "provider",
)
"""The columns that :func:`scan` gives, in their order."""


def scan(messages: Iterable[Message], bundle: Bundle) -> Iterator[pd.DataFrame]:
    """Judge the remote references of messages, some of them at a time.

    Parameters
    ----------
    messages : iterable of Message
        Read as they are judged, so that any number fits in memory.
    bundle : Bundle
        The detector.

    Yields
    ------
    DataFrame
        One row a remote reference, in the order of the messages and, within one, of the document; nothing is
        yielded where there is none. Exactly the columns of :data:`COLUMNS`: the key, ``carrier``, ``url`` and
        ``resolved_url`` of the feature table; ``vantage`` of the bundle; ``score``, a probability (float64);
        ``verdict``, ``"tracker"`` or ``"clean"``; ``reasons``, see :func:`reasons`; ``provider``, see
        :func:`providers`.

    Raises
    ------
    TkitError
        For a bundle of the vantage point ``campaign``.
    """
    require_one_mail(bundle.vantage, "scan")
    for rows in extract_batches(messages):
        called = bundle.verdicts(rows)
        found = rows[["message_sha256", "part", "index", "carrier", "url", "resolved_url"]].copy()
        found["vantage"] = pd.array([bundle.vantage] * len(rows), dtype="str")
        found["score"] = bundle.scores(rows)
        found["verdict"] = pd.array(["tracker" if yes else "clean" for yes in called], dtype="str")
        found["reasons"] = pd.Series(reasons(rows, bundle.contributions(rows), called), index=rows.index, dtype=object)
        found["provider"] = pd.array(providers(rows["resolved_url"].tolist()), dtype="str")
        yield found
