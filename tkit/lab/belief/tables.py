"""The lab's results as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from tkit.evaluate.percent import percent
from tkit.lab.belief.drawing import strip, verdict
from tkit.lab.belief.mixtures import LEVEL
from tkit.lab.clock import DAY
from tkit.lab.play import Person, Read
from tkit.lab.sender import Timeline
from tkit.report.draw import Grid, share_with_interval

STRIP = 26
"""Characters of a line of time."""


def timelines_grid(
    people: Sequence[Person], reads: Iterable[Read], timelines: Sequence[Timeline], days: float, title: str
) -> Grid:
    """Return one row for each recipient: what the sender sees, and what happened."""
    moments: dict[str, list[float]] = {}
    for read in reads:
        moments.setdefault(read.recipient, []).append(read.time)
    rows = []
    for person, line in zip(people, timelines, strict=True):
        seen = [one.time - line.sent for one in line.opens]
        truth = [moment - line.sent for moment in moments.get(person.address, [])]
        rows.append(
            (person.group, strip(seen, days, STRIP, "●"), strip(truth, days, STRIP, "○"), verdict(bool(truth), bool(seen)))
        )
    note = f"From sending to {days:g} days after it, logarithmic from one minute on. A digit: several at about the same time."
    return Grid(title, ("recipient's client", "the sender sees", "what happened", "receipt"), rows, note=note)


def figures_grid(
    figures: pd.DataFrame, title: str, beside: pd.DataFrame | None = None, names: tuple[str, str] = ("", "")
) -> Grid:
    """Return the figures with their intervals.

    Parameters
    ----------
    figures : DataFrame
        As :func:`tkit.lab.belief.measured` gives it.
    title : str
    beside : DataFrame, optional
        The same figures of another run, as a second column.
    names : tuple of str
        Headings of the two columns.
    """
    cells = [[_value(row) for row in frame.to_dict("records")] for frame in (figures, beside) if frame is not None]
    rows = [
        (f"{name}\n{about}", *values) for name, about, *values in zip(figures["name"], figures["about"], *cells, strict=True)
    ]
    columns = names if beside is not None else ("value",)
    return Grid(
        title,
        ("figure", *columns),
        rows,
        numeric=len(columns),
        note="With 95% intervals over recipients. A model: see docs/lab.md.",
    )


def _value(row: Mapping[Any, Any]) -> str:
    if row["unit"] == "share":
        return share_with_interval(row, "value")
    if pd.isna(row["value"]):
        return "-"
    scale, unit = (100, " points") if row["unit"] == "points" else (1, "")
    value, low, high = (scale * row[key] for key in ("value", "low", "high"))
    return f"{value:+.1f}{unit}\n{low:+.1f} to {high:+.1f}"


def clients_grid(clients: pd.DataFrame) -> Grid:
    """Return what each client does, as :func:`tkit.lab.belief.by_client` gives it."""
    rows = [
        (
            row["client"],
            str(row["recipients"]),
            f"{row['read']} / {row['receipt']}",
            percent(row["receipt_if_read"]),
            percent(row["receipt_if_not_read"]),
            f"{row['reads']} / {row['receipts']}",
        )
        for row in clients.to_dict("records")
    ]
    columns = ("client", "recipients", "read it / receipt", "receipt if read", "receipt if not", "readings / receipts")
    return Grid("What each client does", columns, rows, numeric=5)


def sensitivity_grid(table: pd.DataFrame) -> Grid:
    """Return under which shares of each client the level holds, as :func:`tkit.lab.belief.sensitivity` gives it."""
    rows = [
        (
            row["client"],
            row["figure"],
            percent(row["share"]),
            percent(row["value"]),
            percent(row["without"]),
            percent(row["alone"]),
            _range(row["low"], row["high"]),
        )
        for row in table.to_dict("records")
    ]
    columns = ("client", "figure", "share now", "figure now", "with none", "it alone", f"{LEVEL:.0%} holds at")
    note = "One client's share is changed, and the others keep their proportions."
    return Grid(f"Under which shares of a client are receipts {LEVEL:.0%} reliable?", columns, rows, numeric=5, note=note)


def _range(low: float, high: float) -> str:
    if pd.isna(low):
        return "no share"
    if (low, high) == (0, 1):
        return "every share"
    return f"up to {percent(high)}" if low == 0 else f"{percent(low)} or more"


def first_opens(timelines: Iterable[Timeline]) -> str:
    """Return the sender's own summary: who opened, first and again."""
    lines = list(timelines)
    opened = [line for line in lines if line.opens]
    again = sum(len(line.opens) > 1 for line in opened)
    late = sum(line.opens[-1].time - line.sent > 30 * DAY for line in opened)
    return f"{len(opened)} of {len(lines)} opened, {again} of them again, {late} after more than a month"
