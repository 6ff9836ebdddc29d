"""The official splits of the published dataset: by time, by sender, and by kit or provider."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Mask
from tkit.features import KEY
from tkit.splits.folds import before_after, grouped_folds, sender_groups

FOLDS = 10
"""Folds of each official split."""

SEED = 0
"""Decides the order in which equal groups are dealt to the folds."""

TIME = "2024-01-01"
"""What was sent from this day on is the test of ``by_time``."""

Keys = Sequence[Sequence[Hashable] | NDArray[Any]]


def official_splits(rows: pd.DataFrame, keys: Keys) -> pd.DataFrame:
    """Say for every labelled reference where it stands in each official split.

    Parameters
    ----------
    rows : DataFrame
        Labels and ``date``; ``component`` is -1 on weak rows, which have none.
    keys : sequence of key columns
        As :func:`tkit.splits.kits.component_keys` gives them. A weak row must not train where it shares any of them with a
        row that is tested: it is held out there, whatever other components it touches.

    Returns
    -------
    DataFrame
        The columns of ``splits.parquet``, one row a row of `rows`, in their order.
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


def _folds(rows: pd.DataFrame, groups: pd.Series) -> NDArray[np.int64]:
    """Return each row the fold that tests its group, -1 where no gold row is in it."""
    gold = (rows["source"] == "gold").to_numpy(dtype=np.bool_)
    tracker = (rows["label"] == "T").to_numpy()
    dealt = grouped_folds(groups[gold].to_numpy(), FOLDS, SEED, tracker[gold])
    fold_of = dict(zip(groups[gold], dealt, strict=True))
    return groups.map(lambda group: fold_of.get(group, -1)).to_numpy(dtype=np.int64)


def _held(fold: NDArray[np.int64]) -> NDArray[np.int16]:
    bits: NDArray[np.int16] = np.where(fold >= 0, 1 << np.maximum(fold, 0), 0).astype(np.int16)
    return bits


def _held_by_keys(fold: NDArray[np.int64], keys: Keys, weak: Mask) -> NDArray[np.int16]:
    """Return each weak row the folds that test a row with which it shares a key."""
    bits = np.zeros(len(fold), dtype=np.int16)
    own = _held(fold)
    for column in keys:
        values = pd.Series(np.asarray(column, dtype=object))
        named = (values != "").to_numpy() & values.notna().to_numpy()
        # A value stands in one component only, so in one fold.
        of_value = dict(zip(values[named & ~weak], own[named & ~weak], strict=True))
        bits[weak & named] |= np.array([of_value.get(value, 0) for value in values[weak & named]], dtype=np.int16)
    return bits


def _by_time(rows: pd.DataFrame, keys: Keys, weak: Mask) -> NDArray[np.str_]:
    strong = rows[~weak]
    split = before_after(strong, TIME)
    place = np.full(len(rows), "", dtype="<U5")
    place[np.flatnonzero(~weak)[split.train]] = "train"
    place[np.flatnonzero(~weak)[split.test]] = "test"
    tested = rows["component"].isin(strong["component"][split.test]).to_numpy() & ~weak
    touches = _held_by_keys(np.where(tested, 0, -1), keys, weak) != 0
    earlier = (rows["date"] < pd.Timestamp(TIME, tz="UTC")).to_numpy()
    place[weak & earlier & ~touches] = "train"
    return place
