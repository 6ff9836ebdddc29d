"""How right the sender is: shares, counts and times, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.arrays import Floats
from tkit.evaluate import Bootstrap, Estimate
from tkit.evaluate.bootstrap import interval, ratio

HOT = 3
"""How many times a mail must have been opened for its recipient to be on the list of those to call."""

NEAR_HOURS = 1.0
"""A first receipt tells when the mail was read if it came at most this long before or after the first reading."""

RESAMPLES = 2000


class Figure(NamedTuple):
    """A figure of the lab.

    Attributes
    ----------
    name, about : str
        What it is called, and what it is in words.
    unit : {"share", "points", "count"}
        A share from 0 to 1, a difference of shares, or a number.
    part, whole : callable
        The figure is sum(part) / sum(whole) over the rows of :func:`tkit.lab.belief.outcomes`.
    """

    name: str
    about: str
    unit: str
    part: Callable[[pd.DataFrame], pd.Series]
    whole: Callable[[pd.DataFrame], pd.Series]


def _each(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(1.0, index=rows.index)


def _hot(rows: pd.DataFrame) -> pd.Series:
    return rows["receipts"] >= HOT


def _keen(rows: pd.DataFrame) -> pd.Series:
    return rows["reads"] >= HOT


def _near(rows: pd.DataFrame) -> pd.Series:
    return (rows["first_receipt"] - rows["first_read"]).abs() <= NEAR_HOURS


def _both(rows: pd.DataFrame) -> pd.Series:
    return rows["read"] & rows["receipt"]


FIGURES = (
    Figure(
        "receipt if read",
        "of the recipients who read the mail, those with a receipt",
        "share",
        _both,
        lambda rows: rows["read"],
    ),
    Figure(
        "receipt if not read",
        "of the recipients who did not read it, those with a receipt",
        "share",
        lambda rows: ~rows["read"] & rows["receipt"],
        lambda rows: ~rows["read"],
    ),
    Figure(
        "read if receipt", "of the recipients with a receipt, those who read it", "share", _both, lambda rows: rows["receipt"]
    ),
    Figure(
        "right about a recipient",
        "of all recipients, those with a receipt who read it and those without who did not",
        "share",
        lambda rows: rows["read"] == rows["receipt"],
        _each,
    ),
    Figure(
        "true receipts",
        "of all receipts, re-opens included, those that came when the recipient read it",
        "share",
        lambda rows: rows["true_receipts"],
        lambda rows: rows["receipts"],
    ),
    Figure("open rate, believed", "recipients with a receipt", "share", lambda rows: rows["receipt"], _each),
    Figure("open rate, true", "recipients who read it", "share", lambda rows: rows["read"], _each),
    Figure(
        "error of the open rate",
        "believed minus true",
        "points",
        lambda rows: rows["receipt"].astype(float) - rows["read"].astype(float),
        _each,
    ),
    Figure(
        "error in opens",
        "opens counted minus readings, mean of the recipients who read it",
        "count",
        lambda rows: (rows["receipts"] - rows["reads"]) * rows["read"],
        lambda rows: rows["read"],
    ),
    Figure(
        "absolute error in opens",
        "the same without its sign",
        "count",
        lambda rows: (rows["receipts"] - rows["reads"]).abs() * rows["read"],
        lambda rows: rows["read"],
    ),
    Figure(
        "time of reading known",
        f"of those who read it and have a receipt, first receipt within {NEAR_HOURS:g} h of the first reading",
        "share",
        lambda rows: _both(rows) & _near(rows),
        _both,
    ),
    Figure(
        "receipt before reading",
        "of the same, a receipt before the first reading",
        "share",
        lambda rows: _both(rows) & (rows["first_receipt"] < rows["first_read"]),
        _both,
    ),
    Figure(
        "hot list, right",
        f"of the recipients with {HOT} opens or more, those who read it as often",
        "share",
        lambda rows: _hot(rows) & _keen(rows),
        _hot,
    ),
    Figure(
        "hot list, complete",
        f"of the recipients who read it {HOT} times or more, those with as many opens",
        "share",
        lambda rows: _hot(rows) & _keen(rows),
        _keen,
    ),
)
"""What the lab measures, in the order of its tables."""


def measured(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Compute every figure.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.lab.belief.outcomes` gives it.
    seed : int
        Of the resamples.

    Returns
    -------
    DataFrame
        One row for each of :data:`FIGURES`: ``name``, ``about``, ``unit``, ``value``, ``low``, ``high`` (95 % interval, from
        a bootstrap over recipients) and ``of`` (number of recipients that it is about). NaN if it is about none. The
        interval says how far chance moves the figure in this population, not how far the population is from the world.
    """
    draw = Bootstrap(rows["recipient"], RESAMPLES, seed)
    found = []
    for figure in FIGURES:
        part, whole = figure.part(rows).to_numpy(float), figure.whole(rows).to_numpy(float)
        estimate = _estimate(figure.unit, part, whole, draw)
        found.append((figure.name, figure.about, figure.unit, *estimate, int((whole > 0).sum())))
    return pd.DataFrame(found, columns=["name", "about", "unit", "value", "low", "high", "of"])


def _estimate(unit: str, part: Floats, whole: Floats, draw: Bootstrap) -> Estimate:
    if unit == "share" or not whole.any():
        return ratio(part, whole, draw)
    return interval(float(part.sum() / whole.sum()), draw.ratio(part, whole))


def by_client(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each client does to the receipts.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.lab.belief.outcomes` gives it.

    Returns
    -------
    DataFrame
        One row for each client: ``client``, ``recipients``, ``read``, ``receipt`` (numbers of recipients), the shares
        ``receipt_if_read`` and ``receipt_if_not_read`` (NaN without such recipients), ``reads`` and ``receipts`` (totals).
    """
    found = []
    for client, own in rows.groupby("client", sort=False):
        found.append(
            {
                "client": client,
                "recipients": len(own),
                "read": int(own["read"].sum()),
                "receipt": int(own["receipt"].sum()),
                "receipt_if_read": _mean(own.loc[own["read"], "receipt"]),
                "receipt_if_not_read": _mean(own.loc[~own["read"], "receipt"]),
                "reads": int(own["reads"].sum()),
                "receipts": int(own["receipts"].sum()),
            }
        )
    return pd.DataFrame(found)


def _mean(values: pd.Series) -> float:
    return float(values.mean()) if len(values) else float(np.nan)
