"""Where rows come from: the mail of each, as columns."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.arrays import Mask
from tkit.mail import Message

PROVENANCE = ("where", "from_domain", "date")
"""The columns that :func:`with_provenance` adds, in order."""


def with_provenance(rows: pd.DataFrame, messages: Sequence[Message]) -> pd.DataFrame:
    r"""Return rows with the mail that each comes from.

    Parameters
    ----------
    rows : DataFrame
        Rows on references, made of the messages in their order: ``message_sha256``; ``index``, which rises within a message.
        All copies of a message have rows, or none has.
    messages : sequence of Message

    Returns
    -------
    DataFrame
        The rows with the columns of :data:`PROVENANCE` before the others, all str: ``where`` the mail was found, see
        :class:`tkit.corpus.RawMessage`; ``from_domain``, the domain of its From address, lower case; ``date`` of its Date
        header in UTC, such as ``"2024-05-06T10:00:00Z"``. Each is ``""`` if unknown.

    Examples
    --------
    >>> from tkit.features import extract
    >>> raw = b"From: a@b.example\nDate: 6 May 2024 12:00 +0200\nContent-Type: text/html\n\n<img src=http://t.example/o>"
    >>> messages = [Message.from_bytes(raw, "box#1")]
    >>> with_provenance(extract(messages), messages)[["where", "from_domain", "date"]].values.tolist()
    [['box#1', 'b.example', '2024-05-06T10:00:00Z']]
    """
    names, starts = rows["message_sha256"].to_numpy(object), first_rows(rows)
    copies: defaultdict[str, deque[Message]] = defaultdict(deque)
    for message in messages:
        copies[message.message_sha256].append(message)
    owners = [copies[name].popleft() for name in names[starts]]
    number = np.cumsum(starts) - 1
    found = [(owner.where, owner.from_domain, utc(owner)) for owner in owners]
    columns = zip(*found, strict=True) if found else ((),) * len(PROVENANCE)
    texts = {
        name: pd.Series(pd.array(values, dtype="str").take(number), index=rows.index)
        for name, values in zip(PROVENANCE, columns, strict=True)
    }
    return pd.concat([pd.DataFrame(texts, index=rows.index), rows], axis=1)


def first_rows(rows: pd.DataFrame) -> Mask:
    """Return which rows are the first of a mail: another mail's than the row before, or a copy's, whose index starts again."""
    names, index = rows["message_sha256"].to_numpy(object), rows["index"].to_numpy()
    first = np.ones(len(rows), bool)
    first[1:] = (names[1:] != names[:-1]) | (index[1:] <= index[:-1])
    return first


def utc(message: Message) -> str:
    """Return the date of a mail in UTC as ISO 8601, ``""`` if it has none that can be read."""
    return message.date.isoformat().removesuffix("+00:00") + "Z" if message.date else ""
