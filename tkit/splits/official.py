"""The official splits of the published dataset: by time, by sender, and by kit or provider."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Ints, Mask
from tkit.features import KEY
from tkit.splits.folds import before_after, grouped_folds, sender_groups

FOLDS = 10
"""Number of folds of each official split."""

SEED = 0
"""Decides the order in which equal groups are distributed over the folds."""

TIME = "2024-01-01"
"""Mail sent from this day on is the test of ``by_time``."""

Keys = Sequence[Sequence[Hashable] | NDArray[Any]]


def official_splits(rows: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """Return the part of each official split that every labelled reference is in.

    Parameters
    ----------
    rows : DataFrame
        Labels and ``date``; ``component`` is -1 for weak rows, which have none.
    keys : sequence of key columns
        The result of :func:`tkit.splits.kits.component_keys`. A weak row that shares a key with a tested row must not be
        trained on: it is held out, whatever other components it touches.

    Returns
    -------
    DataFrame
        The columns of ``splits.parquet``, one row per row of `rows`, in their order.
    """
    weak = (rows["source"] == "weak").to_numpy(dtype=np.bool_)
    of_sender = _folds(rows, sender_groups(rows))
    of_kit = _folds(rows, rows["component"])
    table = rows[list(KEY)].copy()
    table["by_time"] = _by_time(rows, keys, weak)
    table["unseen_sender"] = of_sender.astype(np.int8)
    table["unseen_kit"] = of_kit.astype(np.int8)
    table["unseen_sender_held"] = _held(of_sender)
    table["unseen_kit_held"] = np.where(weak, _held_by_keys(of_kit, keys, weak), _held(of_kit)).astype(np.int16)
    return table


def _folds(rows: pd.DataFrame, groups: pd.Series) -> Ints:
    """Return for each row the fold that tests its group, -1 if the group has no gold row."""
    gold = (rows["source"] == "gold").to_numpy(dtype=np.bool_)
    tracker = (rows["label"] == "T").to_numpy()
    folds = grouped_folds(groups[gold].to_numpy(), FOLDS, SEED, tracker[gold])
    fold_of = dict(zip(groups[gold], folds, strict=True))
    return groups.map(lambda group: fold_of.get(group, -1)).to_numpy(dtype=np.int64)


def _held(fold: Ints) -> NDArray[np.int16]:
    """Return a bit mask of the folds that a row is held out of: its own fold."""
    bits: NDArray[np.int16] = np.where(fold >= 0, 1 << np.maximum(fold, 0), 0).astype(np.int16)
    return bits


def _held_by_keys(fold: Ints, keys: Keys, weak: Mask) -> NDArray[np.int16]:
    """Return for each weak row a bit mask of the folds that test a row with which it shares a key."""
    bits = np.zeros(len(fold), dtype=np.int16)
    own = _held(fold)
    for column in keys:
        values = pd.Series(np.asarray(column, dtype=object))
        has_key = (values != "").to_numpy() & values.notna().to_numpy()
        # A value is in one component only, so in one fold.
        of_value = dict(zip(values[has_key & ~weak], own[has_key & ~weak], strict=True))
        bits[weak & has_key] |= np.array([of_value.get(value, 0) for value in values[weak & has_key]], dtype=np.int16)
    return bits


def _by_time(rows: pd.DataFrame, keys: Keys, weak: Mask) -> NDArray[np.str_]:
    strong = rows[~weak]
    split = before_after(strong, TIME)
    part = np.full(len(rows), "", dtype="<U5")
    part[np.flatnonzero(~weak)[split.train]] = "train"
    part[np.flatnonzero(~weak)[split.test]] = "test"
    tested = rows["component"].isin(strong["component"][split.test]).to_numpy() & ~weak
    touches = _held_by_keys(np.where(tested, 0, -1), keys, weak) != 0
    earlier = (rows["date"] < pd.Timestamp(TIME, tz="UTC")).to_numpy()
    part[weak & earlier & ~touches] = "train"
    return part
