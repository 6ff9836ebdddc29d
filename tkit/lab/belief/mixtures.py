"""Under which shares of clients a figure holds: the measured clients, mixed otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.arrays import Floats
from tkit.lab.belief.figures import FIGURES, Figure

RELIABILITY = ("receipt if read", "read if receipt", "right about a recipient")
"""The figures that "reliable" may mean, by their names in :data:`tkit.lab.belief.figures.FIGURES`."""

LEVEL = 0.7
"""The reliability that is commonly claimed, without a source that measures it."""


def figure_named(name: str) -> Figure:
    """Return a figure of :data:`tkit.lab.belief.figures.FIGURES`."""
    return next(figure for figure in FIGURES if figure.name == name)


def mixed(rows: pd.DataFrame, client: str, shares: Sequence[float] | Floats, name: str) -> Floats:
    """Return a figure for other shares of one client; the other clients keep their proportions among themselves.

    Nothing is played again: what a client does to receipts does not depend on how many others have it, so that the rows of each
    client are weighted.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.lab.belief.outcomes` gives it.
    client : str
        A client in it.
    shares : sequence of float
        Its shares, from 0 to 1.
    name : str
        Of a figure.

    Returns
    -------
    array of float64, shape (len(shares),)
        NaN where the figure is about nobody.
    """
    own_part, own_whole, other_part, other_whole = _means(rows, client, name)
    at = np.asarray(shares, dtype=np.float64)
    part, whole = at * own_part + (1 - at) * other_part, at * own_whole + (1 - at) * other_whole
    figure: Floats = np.divide(part, whole, out=np.full(len(at), np.nan), where=whole > 0)
    return figure


def holding(rows: pd.DataFrame, client: str, name: str, level: float = LEVEL) -> tuple[float, float]:
    """Return the lowest and highest share of one client under which a figure is at least `level`; NaN twice if there is none.

    With a share s the figure is a ratio of two lines in s, so that it reaches the level at most once.
    """
    own_part, own_whole, other_part, other_whole = _means(rows, client, name)
    at_none, at_all = other_part - level * other_whole, own_part - level * own_whole
    if not own_whole and not other_whole:
        return float("nan"), float("nan")
    if not own_whole:  # the figure is about the others, whatever the share
        at_all = at_none
    elif not other_whole:
        at_none = at_all
    if at_none < 0 and at_all < 0:
        return float("nan"), float("nan")
    if at_none >= 0 and at_all >= 0:
        return 0.0, 1.0
    turn = at_none / (at_none - at_all)
    return (0.0, turn) if at_none >= 0 else (turn, 1.0)


def sensitivity(rows: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Return for each client, and each meaning of "reliable", under which shares of it the level holds.

    Returns
    -------
    DataFrame
        One row for each client and figure of :data:`RELIABILITY`: ``client``, ``figure``, ``share`` (its share now),
        ``value`` (the figure now), ``without`` and ``alone`` (with none and with nothing but it; NaN if about nobody), ``low``
        and ``high`` (see :func:`holding`).
    """
    found = []
    for client in rows["client"].drop_duplicates():
        share = float((rows["client"] == client).mean())
        for name in RELIABILITY:
            without, now, alone = mixed(rows, client, [0.0, share, 1.0], name)
            found.append((client, name, share, now, without, alone, *holding(rows, client, name, level)))
    return pd.DataFrame(found, columns=["client", "figure", "share", "value", "without", "alone", "low", "high"])


def _means(rows: pd.DataFrame, client: str, name: str) -> tuple[float, float, float, float]:
    """Return the means of part and whole over the recipients with a client, and over all others (0 if there are none)."""
    figure = figure_named(name)
    part, whole = figure.part(rows).to_numpy(float), figure.whole(rows).to_numpy(float)
    own = (rows["client"] == client).to_numpy()
    return tuple(  # type: ignore[return-value]
        float(values[chosen].mean()) if chosen.any() else 0.0 for chosen in (own, ~own) for values in (part, whole)
    )
