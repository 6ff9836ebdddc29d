"""Judge mails with a bundle: one verdict per remote reference, with reasons that a mail user understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from tkit.bundle import Bundle, Judgement, explain, judge
from tkit.campaigns import extract_with_copies
from tkit.features import MAIL_VANTAGES, extract_batches
from tkit.mail import Message
from tkit.url.services import service_names

COLUMNS = (
    "message_sha256",
    "part",
    "index",
    "carrier",
    "url",
    "resolved_url",
    "loaded_by",
    "vantage",
    "score",
    "individual_score",
    "verdict",
    "reasons",
    "provider",
)
"""The columns that :func:`scan` yields, in order."""

_OF_ROWS = COLUMNS.index("vantage")  # the columns before it are those of the feature table


def scan(messages: Iterable[Message], bundle: Bundle) -> Iterator[pd.DataFrame]:
    """Judge the remote references of messages, a batch at a time.

    Parameters
    ----------
    messages : iterable of Message
        Read while they are judged, so that any number fits in memory. For a bundle of the vantage point ``campaign``, all are
        read first, to compare the copies of each mailing.
    bundle : Bundle
        The detector.

    Yields
    ------
    DataFrame
        One row per remote reference, in the order of the messages and, within a message, of the document; never empty.
        The columns are exactly :data:`COLUMNS`: the key, ``carrier``, ``url``, ``resolved_url`` and ``loaded_by`` of the
        feature table; ``vantage`` of the bundle; ``score`` and ``individual_score``, the probabilities (float64) that it is a
        tracker and that it is individual; ``verdict``, one of :data:`tkit.bundle.VERDICTS`, the same for one URL of a mail;
        ``reasons``, see :func:`tkit.bundle.explain`; ``provider``, see :func:`tkit.url.services.service_names`.
    """
    by_mail = bundle.vantage in MAIL_VANTAGES
    for rows in extract_batches(messages) if by_mail else filter(len, [extract_with_copies(messages)]):
        yield verdict_table(bundle, rows, judge(bundle, rows))


def verdict_table(bundle: Bundle, rows: pd.DataFrame, judged: Judgement) -> pd.DataFrame:
    """Return what :func:`scan` yields of feature rows and the judgement of them; also of none."""
    verdicts = rows[list(COLUMNS[:_OF_ROWS])].copy()
    verdicts["vantage"] = pd.array([bundle.vantage] * len(rows), dtype="str")
    verdicts["score"] = bundle.tracker.scores(judged.tracker)
    verdicts["individual_score"] = bundle.individual.scores(judged.individual)
    verdicts["verdict"] = pd.array(judged.verdicts.tolist(), dtype="str")
    verdicts["reasons"] = pd.Series(explain(bundle, rows, judged.verdicts), index=rows.index, dtype=object)
    verdicts["provider"] = pd.array(service_names(rows["resolved_url"].tolist()), dtype="str")
    return verdicts
