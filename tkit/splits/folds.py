"""Splits of rows into training and test, such that no campaign is in both.

`rows` has one row per remote reference, with at least ``label`` (T P C S U), ``source`` (``gold`` was drawn and labelled,
``member`` inherits the label of its cluster), ``component``, ``date`` and the columns that a split needs. Test rows are always
gold; member rows are only for training.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csgraph

from tkit.arrays import Ints, Mask
from tkit.errors import TkitError

Groups = Sequence[Hashable] | NDArray[Any] | pd.Series


@dataclass(frozen=True, eq=False)
class Split:
    """One split of the rows.

    Attributes
    ----------
    name : str
        What is tested: ``fold 1 of 5``, ``from 2023-01-01``, ``corpus = a``.
    train, test : ndarray of bool, shape (n_rows,)
        Rows to train on and rows to test. A row may be in neither, but not in both.
    """

    name: str
    train: Mask
    test: Mask


def connected_components(keys: Sequence[Sequence[Hashable] | NDArray[Any]]) -> Ints:
    """Number the rows such that rows with the same value in any key column have the same number.

    Parameters
    ----------
    keys : sequence of key columns, each of length n_rows
        Rows are not joined by a missing key (None, NaN, NA or the empty string).

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Component of each row, numbered from 0 by first appearance.

    Raises
    ------
    TkitError
        Without a key column, or if the columns differ in length.

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
    component = csgraph.connected_components(graph, directed=False)[1]
    numbered: Ints = pd.factorize(component)[0].astype(np.int64)
    return numbered


def _require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TkitError(f"rows have no column {', '.join(missing)}: build them with tkit.dataset.reading")


def grouped_folds(groups: Groups, k: int, seed: int, tracker: Mask | None = None) -> Ints:
    """Distribute rows over folds such that groups stay whole and the folds have about equally many trackers.

    Groups are taken in falling order of trackers, then of rows; `seed` decides the order of equal groups. Each goes to the
    fold with the fewest trackers or, if the group has no tracker, with the fewest rows. This is the longest-processing-time
    rule (Graham 1969).

    Parameters
    ----------
    groups : array of shape (n_rows,)
        Group of each row.
    k : int
        Number of folds, from 2 to the number of groups.
    seed : int
        Decides the order of equal groups.
    tracker : ndarray of bool, shape (n_rows,), optional
        Trackers; without it the folds are balanced by rows only.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Fold of each row, 0 to k - 1.

    Raises
    ------
    TkitError
        If `k` does not fit the number of groups, or a row has no group.
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
    """Return the sender of each row; each mail without a known sender is a group of its own.

    Parameters
    ----------
    rows : DataFrame
        Columns `column`, "" if the sender is unknown, and ``message_sha256``.

    Returns
    -------
    Series
        The column, with ``message_sha256`` in place of "".
    """
    _require_columns(rows, (column, "message_sha256"))
    return rows[column].where(rows[column] != "", rows["message_sha256"])


def require_whole_groups(split: Split, groups: Groups) -> None:
    """Refuse a split that trains on a group that it also tests.

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
            f"{split.name}: {len(both)} groups are in training and test ({some}): "
            "remove the rows of tested groups from training"
        )


def cross_validation(rows: pd.DataFrame, groups: Groups, k: int, seed: int) -> list[Split]:
    """Return k splits that together test every gold row once, on groups that are not trained on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``label`` and ``source``.
    groups : array of shape (n_rows,)
        Group of each row, which must not be split, usually ``rows["component"]``.
    k, seed : int
        See `grouped_folds`; the folds are balanced over the gold rows.

    Returns
    -------
    list of Split
        Train: gold and member rows outside the fold's groups. Test: gold rows of the fold.

    Raises
    ------
    TkitError
        If `k` does not fit the number of groups with a gold row, or a row has no group.
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
    """Return the split that trains on rows sent before a date and tests gold rows sent from then on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``date`` (datetime64[ns, UTC] or NaT), ``source`` and `group`.
    date : str or datetime
        First moment of the test; in UTC if it has no time zone.
    group : str
        Column of the groups that must not be split: earlier rows of a tested group are not trained on.

    Returns
    -------
    Split
        Rows without a date are in neither part.

    Raises
    ------
    TkitError
        If a part would be empty.
    """
    _require_columns(rows, ("date", "source", group))
    moment = pd.Timestamp(date)
    moment = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
    earlier, later = (rows["date"] < moment).to_numpy(), (rows["date"] >= moment).to_numpy()
    return _without_tested_groups(f"from {moment:%Y-%m-%d}", earlier, later & _gold(rows), rows[group])


def leave_one_out(rows: pd.DataFrame, column: str, group: str = "component") -> list[Split]:
    """Return a split for each value of a column (a corpus, a provider) that tests it and trains on all others.

    Parameters
    ----------
    rows : DataFrame
        Columns ``source``, `column` and `group`. Rows with a missing value or "" are never tested and can always be
        trained on.
    column : str
        Column whose values are held out in turn.
    group : str
        Column of the groups that must not be split: rows of a tested group are not trained on.

    Returns
    -------
    list of Split
        One for each value that has a gold row, in the values' order.

    Raises
    ------
    TkitError
        If a training part would be empty.
    """
    _require_columns(rows, (column, "source", group))
    gold = _gold(rows)
    splits = []
    for value in sorted(set(rows.loc[gold, column].dropna()) - {""}):
        held = (rows[column] == value).fillna(False).to_numpy(dtype=bool)
        splits.append(leave_out(rows, held, f"{column} = {value}", rows[group]))
    return splits


def leave_out(rows: pd.DataFrame, held: Mask, name: str, groups: Groups) -> Split:
    """Return the split that tests the held-out gold rows and trains on the other rows, without groups of a tested row.

    Parameters
    ----------
    rows : DataFrame
        Column ``source``.
    held : ndarray of bool, shape (n_rows,)
        Rows that are held out.
    name : str
        Name of the split.
    groups : array of shape (n_rows,)
        Group of each row, which must not be split.

    Raises
    ------
    TkitError
        If a part would be empty.
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
            f"{name}: {train.sum()} rows to train on and {test.sum()} to test, without tested groups in "
            "training: choose another date, column or group"
        )
    split = Split(name, train, test)
    require_whole_groups(split, groups)
    return split
