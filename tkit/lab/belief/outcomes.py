"""Truth and belief side by side: one row for each recipient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from tkit.lab.clock import HOUR
from tkit.lab.play import Played

SAME_SECONDS = 60.0
"""A receipt belongs to a reading if it came within this time after it."""


def outcomes(played: Played) -> pd.DataFrame:
    """Return what happened and what the sender believes.

    Parameters
    ----------
    played : Played

    Returns
    -------
    DataFrame
        One row for each recipient: ``recipient``, ``client`` (name of the group), ``protected`` (bool); the truth ``read``
        (bool), ``reads`` (int), ``first_read`` (hours after sending, NaN if never); the belief ``receipt`` (bool),
        ``receipts`` (int), ``first_receipt`` (hours after sending, NaN if never), ``clicks`` (int); and ``true_receipts``
        (int), the receipts that each belong to a reading of their own, see :data:`SAME_SECONDS`.
    """
    moments: dict[str, list[float]] = defaultdict(list)
    for read in played.reads:
        moments[read.recipient].append(read.time)
    rows = []
    for person, line in zip(played.people, played.timelines, strict=True):
        reads, receipts = sorted(moments[person.address]), [one.time for one in line.opens]
        rows.append(
            {
                "recipient": person.address,
                "client": person.group,
                "protected": person.protected,
                "read": bool(reads),
                "reads": len(reads),
                "first_read": (reads[0] - line.sent) / HOUR if reads else float("nan"),
                "receipt": bool(receipts),
                "receipts": len(receipts),
                "first_receipt": (receipts[0] - line.sent) / HOUR if receipts else float("nan"),
                "clicks": len(line.clicks),
                "true_receipts": _belonging(reads, receipts),
            }
        )
    return pd.DataFrame(rows)


def _belonging(reads: Sequence[float], receipts: Sequence[float]) -> int:
    """Count the receipts that belong to a reading, none to two and no two to one; both are in the order of time."""
    count = place = 0
    for read in reads:
        while place < len(receipts) and receipts[place] < read:
            place += 1
        if place < len(receipts) and receipts[place] <= read + SAME_SECONDS:
            count += 1
            place += 1
    return count
