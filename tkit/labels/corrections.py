"""Corrections of labels, each with its reason."""

from __future__ import annotations

import os

import pandas as pd

from tkit.errors import TkitError
from tkit.labels.files import key_of, keyed, read_table

REQUIRED = ("message_sha256", "part", "old", "new", "reason")
"""The columns that a corrections file has, beside those that name a reference."""


def read_corrections(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a corrections file: what names a reference, ``old`` and ``new`` label, ``reason``, and if given ``confidence``.

    Returns
    -------
    DataFrame
        The rows that have a new label, with the row's number in the file as index; ``confidence`` is 3 where the file
        gives none. A row whose ``new`` is empty is one that nobody has decided yet.

    Raises
    ------
    TkitError
        As :func:`tkit.labels.read_labels` does; also for a new label without a reason, and for one that is the old one.
    """
    table = read_table(path, REQUIRED)
    table.index = pd.RangeIndex(2, len(table) + 2)
    table = table[table["new"] != ""].assign(confidence=table.get("confidence", 3))
    for row, old, new, reason in zip(table.index, table["old"], table["new"], table["reason"], strict=True):
        if old == new:
            raise TkitError(f"{path}: row {row}, column new: {new!r} is the old label: give another, or leave the row out")
        if not reason.strip():
            raise TkitError(f"{path}: row {row}, column reason: empty: say why the label is {new} and not {old}")
    return table


def apply_corrections(
    labels: pd.DataFrame, corrections: pd.DataFrame, where: str | os.PathLike[str] = "corrections"
) -> pd.DataFrame:
    """Correct labels.

    Parameters
    ----------
    labels : DataFrame
        As :func:`tkit.labels.read_labels` gives them; not changed.
    corrections : DataFrame
        As :func:`read_corrections` gives them.
    where : path
        What errors call the corrections.

    Returns
    -------
    DataFrame
        The labels with ``label`` and ``confidence`` of the corrected rows replaced, and a column ``reason``, ``""`` where
        nothing was corrected. ``first``, ``second`` and the annotators' labels stay what was given.

    Raises
    ------
    TkitError
        For a correction of a reference that has no label, or whose label is not the old one.
    """
    key = key_of(labels, corrections)
    positions = keyed(labels.assign(position=range(len(labels))), key)["position"]
    asked = keyed(corrections.assign(row=corrections.index, position=-1), key)
    asked["position"] = positions.reindex(asked.index).fillna(-1).astype("int64")
    corrected = labels.assign(reason=labels.get("reason", "")).reset_index(drop=True)
    for row, position, old, new, reason, confidence in zip(
        *(asked[name] for name in ("row", "position", "old", "new", "reason", "confidence")), strict=True
    ):
        if position < 0:
            raise TkitError(f"{where}: row {row}, column message_sha256: this reference has no label: leave the row out")
        label = corrected.at[position, "label"]
        if label != old:
            raise TkitError(f"{where}: row {row}, column old: {old!r}, but the label is {label!r}: look at it again")
        corrected.loc[position, ["label", "confidence", "reason"]] = [new, confidence, reason]
    return corrected.set_axis(labels.index)
