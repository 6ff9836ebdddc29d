"""Which rows are trained on and which are tested, so that nothing of one campaign stands on both sides.

`rows` is a frame as the design describes it: one row a remote reference, with at least ``label``
(T P C S U), ``source`` (``gold`` was drawn and labelled, ``member`` inherits a label from its
cluster), ``component``, ``date`` and whatever column a split goes by. Test rows are always gold;
member rows only ever train.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csgraph

from tkit.arrays import Mask
from tkit.errors import TkitError

Groups = Sequence[Hashable] | NDArray[Any] | pd.Series


@dataclass(frozen=True, eq=False)
class Split:
    """One way to cut the rows.

    Attributes
    ----------
    name : str
        What is tested: ``fold 1 of 5``, ``from 2023-01-01``, ``corpus = a``.
    train, test : ndarray of bool, shape (n_rows,)
        Rows to fit on and rows to score. A row may be in neither, never in both.
    """

    name: str
    train: Mask
    test: Mask


def connected_components(keys: Sequence[Sequence[Hashable] | NDArray[Any]]) -> NDArray[np.int64]:
    """Number the rows so that rows sharing a value in any key column get the same number.

    Parameters
    ----------
    keys : sequence of key columns, each of length n_rows
        A missing key (None, NaN, NA or the empty string) joins nothing.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Component of each row, numbered from 0 by first appearance.

    Raises
    ------
    TkitError
        Without a key column, or when the columns differ in length.

    Examples
    --------
    >>> connected_components([["a", "b", "a", ""], ["x", "y", "z", "y"]]).tolist()
    [0, 1, 0, 1]
    """
    lengths = {len(column) for column in keys}
    if len(lengths) != 1:
        raise TkitError(f"key columns of lengths {sorted(lengths)}: give one or more columns of one length")
    n = lengths.pop()
    left: list[int] = []
    right: list[int] = []
    for column in keys:
        first: dict[Hashable, int] = {}
        for row, value in enumerate(column):
            if value is None or value is pd.NA or value == "" or value != value:  # noqa: PLR0124 - NaN
                continue
            left.append(first.setdefault(value, row))
            right.append(row)
    edges = (np.ones(len(left), dtype=np.int8), (left, right))
    graph = coo_matrix(edges, shape=(n, n))  # type: ignore[no-untyped-call]
    found = csgraph.connected_components(graph, directed=False)[1]
    numbered: NDArray[np.int64] = pd.factorize(found)[0].astype(np.int64)
    return numbered


def _require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TkitError(f"rows have no column {', '.join(missing)}: build them with tkit.dataset.reading")


def grouped_folds(groups: Groups, k: int, seed: int, tracker: Mask | None = None) -> NDArray[np.int64]:
    """Deal rows into folds so that a group stays whole and the folds hold equally many trackers.

    The groups are dealt largest first (by trackers, then by rows; equals in an order that `seed`
    decides), each to the fold that has the fewest trackers, or the fewest rows when the group
    holds no tracker. This is the longest-processing-time rule (Graham 1969).

    Parameters
    ----------
    groups : array of shape (n_rows,)
        Group of each row.
    k : int
        Number of folds, from 2 to the number of groups.
    seed : int
        Decides the order of equal groups.
    tracker : ndarray of bool, shape (n_rows,), optional
        Rows to balance; without it the folds are balanced by rows alone.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Fold of each row, 0 to k - 1.

    Raises
    ------
    TkitError
        When `k` does not fit the number of groups, or a row has no group.
    """
    code, names = pd.factorize(np.asarray(groups))
    if (code < 0).any():
        raise TkitError(f"{(code < 0).sum()} rows have no group: give every row one, e.g. its component")
    if not 2 <= k <= len(names):
        raise TkitError(f"{k} folds of {len(names)} groups: choose from 2 to the number of groups")
    rows_of = np.bincount(code)
    trackers_of = np.bincount(code, weights=tracker).astype(np.int64) if tracker is not None else 0 * rows_of
    shuffled = np.random.default_rng(seed).permutation(len(names))
    dealt = shuffled[np.lexsort((-rows_of[shuffled], -trackers_of[shuffled]))]
    fold_of = np.zeros(len(names), dtype=np.int64)
    rows_in, trackers_in = np.zeros(k, dtype=np.int64), np.zeros(k, dtype=np.int64)
    for group in dealt:
        keys = (rows_in, trackers_in) if trackers_of[group] else (trackers_in, rows_in)
        fold = np.lexsort(keys)[0]
        fold_of[group] = fold
        rows_in[fold] += rows_of[group]
        trackers_in[fold] += trackers_of[group]
    return fold_of[code]


def sender_groups(rows: pd.DataFrame, column: str = "sender_key") -> pd.Series:
    """Return each row its sender, and a mail without one a group of its own.

    Parameters
    ----------
    rows : DataFrame
        Columns `column`, "" where the sender is not known, and ``message_sha256``.

    Returns
    -------
    Series
        The column, with the mail where it is "".
    """
    _require_columns(rows, (column, "message_sha256"))
    return rows[column].where(rows[column] != "", rows["message_sha256"])


def require_whole_groups(split: Split, groups: Groups) -> None:
    """Refuse a split that trains on a group which it also tests.

    Raises
    ------
    TkitError
        With the split's name and up to three such groups.
    """
    values = pd.Series(np.asarray(groups))
    both = set(values[split.train]) & set(values[split.test])
    if both:
        some = ", ".join(sorted(map(str, both))[:3])
        raise TkitError(
            f"{split.name}: {len(both)} groups stand in training and test ({some}): "
            "take the rows of tested groups out of training"
        )


def cross_validation(rows: pd.DataFrame, groups: Groups, k: int, seed: int) -> list[Split]:
    """Return k splits that together test every gold row once, on groups never trained on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``label`` and ``source``.
    groups : array of shape (n_rows,)
        What must not straddle, usually ``rows["component"]``.
    k, seed : int
        See `grouped_folds`; the folds are balanced over the gold rows.

    Returns
    -------
    list of Split
        Train: gold and member rows outside the fold's groups. Test: gold rows of the fold.

    Raises
    ------
    TkitError
        When `k` does not fit the number of groups with a gold row, or a row has no group.
    """
    _require_columns(rows, ("label", "source"))
    values = pd.Series(np.asarray(groups))
    gold = _gold(rows)
    folds = grouped_folds(values[gold].to_numpy(), k, seed, (rows["label"].to_numpy() == "T")[gold])
    splits = []
    for fold in range(k):
        test = gold.copy()
        test[gold] = folds == fold
        splits.append(_without_tested_groups(f"fold {fold + 1} of {k}", ~test, test, values))
    return splits


def before_after(rows: pd.DataFrame, date: str | datetime, group: str = "component") -> Split:
    """Train on what was sent before a date, test on gold rows sent from then on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``date`` (datetime64[ns, UTC] or NaT), ``source`` and `group`.
    date : str or datetime
        First moment of the test; UTC where it names no zone.
    group : str
        Column of what must not straddle: earlier rows of a group that is tested are not trained on.

    Returns
    -------
    Split
        Rows without a date are in neither part.

    Raises
    ------
    TkitError
        When a part would be empty.
    """
    _require_columns(rows, ("date", "source", group))
    moment = pd.Timestamp(date)
    moment = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
    earlier, later = (rows["date"] < moment).to_numpy(), (rows["date"] >= moment).to_numpy()
    return _without_tested_groups(f"from {moment:%Y-%m-%d}", earlier, later & _gold(rows), rows[group])


def leave_one_out(rows: pd.DataFrame, column: str, group: str = "component") -> list[Split]:
    """Test each value of a column (a corpus, a provider) with training on all the others.

    Parameters
    ----------
    rows : DataFrame
        Columns ``source``, `column` and `group`. Rows whose value is missing or "" are never
        tested and always may train.
    column : str
        Column whose values are left out in turn.
    group : str
        Column of what must not straddle: rows of a tested group are not trained on.

    Returns
    -------
    list of Split
        One for each value that has a gold row, in the values' order.

    Raises
    ------
    TkitError
        When a training part would be empty.
    """
    _require_columns(rows, (column, "source", group))
    gold = _gold(rows)
    splits = []
    for value in sorted(set(rows.loc[gold, column].dropna()) - {""}):
        held = (rows[column] == value).fillna(False).to_numpy(dtype=bool)
        splits.append(leave_out(rows, held, f"{column} = {value}", rows[group]))
    return splits


def leave_out(rows: pd.DataFrame, held: Mask, name: str, groups: Groups) -> Split:
    """Test the gold rows among those held out; train on no held row and on no group of a tested one.

    Parameters
    ----------
    rows : DataFrame
        Column ``source``.
    held : ndarray of bool, shape (n_rows,)
        What is left out.
    name : str
        Of the split.
    groups : array of shape (n_rows,)
        What must not straddle.

    Raises
    ------
    TkitError
        When a part would be empty.
    """
    _require_columns(rows, ("source",))
    return _without_tested_groups(name, ~held, held & _gold(rows), pd.Series(np.asarray(groups)))


def _gold(rows: pd.DataFrame) -> Mask:
    gold: Mask = (rows["source"] == "gold").to_numpy(dtype=bool)
    return gold


def _without_tested_groups(name: str, candidates: Mask, test: Mask, groups: pd.Series) -> Split:
    train = candidates & ~groups.isin(groups[test]).to_numpy()
    if not train.any() or not test.any():
        raise TkitError(
            f"{name}: {train.sum()} rows to train on and {test.sum()} to test, once tested groups are "
            "taken out of training: choose another date, column or group"
        )
    split = Split(name, train, test)
    require_whole_groups(split, groups)
    return split
