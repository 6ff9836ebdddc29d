"""The official splits of the published dataset: by time, by sender, by kit or provider, and by corpus."""

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
        Labels, ``date`` and ``corpus``; ``component`` is -1 for weak rows, which have none.
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
    table["unseen_corpus"] = _corpus(rows).astype(np.int8)
    table["unseen_sender_held"] = _held(of_sender)
    table["unseen_kit_held"] = np.where(weak, _held_by_keys(_held(of_kit), keys, weak), _held(of_kit)).astype(np.int16)
    table["unseen_corpus_held"] = _held_by_corpus(rows, keys, weak)
    return table


def corpora_with_gold(rows: pd.DataFrame) -> list[str]:
    """Return the corpora that ``unseen_corpus`` tests, those with a gold row; their positions are the numbers of its folds.

    Parameters
    ----------
    rows : DataFrame
        Columns ``corpus`` and ``source``.
    """
    return sorted(set(rows.loc[rows["source"] == "gold", "corpus"]))


def _folds(rows: pd.DataFrame, groups: pd.Series) -> Ints:
    """Return for each row the fold that tests its group, -1 if the group has no gold row."""
    gold = (rows["source"] == "gold").to_numpy(dtype=np.bool_)
    tracker = (rows["label"] == "T").to_numpy()
    folds = grouped_folds(groups[gold].to_numpy(), FOLDS, SEED, tracker[gold])
    fold_of = dict(zip(groups[gold], folds, strict=True))
    return groups.map(lambda group: fold_of.get(group, -1)).to_numpy(dtype=np.int64)


def _corpus(rows: pd.DataFrame) -> Ints:
    """Return for each row the fold that tests its corpus, -1 if the corpus has no gold row."""
    number_of = {name: number for number, name in enumerate(corpora_with_gold(rows))}
    return rows["corpus"].map(lambda name: number_of.get(name, -1)).to_numpy(dtype=np.int64)


def _held_by_corpus(rows: pd.DataFrame, keys: Keys, weak: Mask) -> NDArray[np.int16]:
    """Return a bit mask of the folds that a row is held out of: its corpus's own, and each that tests its component.

    A component can have gold rows in several corpora. A weak row has no component: its keys count, as in ``unseen_kit``.
    """
    own = _held(_corpus(rows))
    gold = (rows["source"] == "gold").to_numpy(dtype=np.bool_)
    of_component = pd.Series(own[gold]).groupby(rows["component"].to_numpy()[gold]).agg(np.bitwise_or.reduce)
    touched = rows["component"].where(~weak).map(of_component).fillna(0).to_numpy(dtype=np.int16)
    held: NDArray[np.int16] = own | np.where(weak, _held_by_keys(touched, keys, weak), touched)
    return held.astype(np.int16)


def _held(fold: Ints) -> NDArray[np.int16]:
    """Return a bit mask of the folds that a row is held out of: its own fold."""
    bits: NDArray[np.int16] = np.where(fold >= 0, 1 << np.maximum(fold, 0), 0).astype(np.int16)
    return bits


def _held_by_keys(own: NDArray[np.int16], keys: Keys, weak: Mask) -> NDArray[np.int16]:
    """Return for each weak row the bit mask of the folds that any row with which it shares a key is held out of."""
    bits = np.zeros(len(own), dtype=np.int16)
    for column in keys:
        values = pd.Series(np.asarray(column, dtype=object))
        has_key = (values != "").to_numpy() & values.notna().to_numpy()
        # A value is in one component only, so its rows have one mask.
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
    touches = _held_by_keys(tested.astype(np.int16), keys, weak) != 0
    earlier = (rows["date"] < pd.Timestamp(TIME, tz="UTC")).to_numpy()
    part[weak & earlier & ~touches] = "train"
    return part
