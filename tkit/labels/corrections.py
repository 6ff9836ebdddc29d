"""Corrections of labels, each with a reason."""

from __future__ import annotations

import os

import pandas as pd

from tkit.errors import TkitError
from tkit.labels.files import key_of, keyed, read_table

REQUIRED = ("message_sha256", "part", "old", "new", "reason")
"""The required columns of a corrections file, besides those that identify a reference."""


def read_corrections(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a corrections file: what identifies a reference, ``old`` and ``new`` label, ``reason``, optionally ``confidence``.

    Returns
    -------
    DataFrame
        The rows that have a new label, with their row number in the file as index; ``confidence`` is 3 if the file has no
        such column. Rows with an empty ``new`` are undecided and left out.

    Raises
    ------
    TkitError
        As :func:`tkit.labels.read_labels`; also if a new label has no reason or equals the old one.
    """
    table = read_table(path, REQUIRED)
    table.index = pd.RangeIndex(2, len(table) + 2)
    table = table[table["new"] != ""].assign(confidence=table.get("confidence", 3))
    for row, old, new, reason in zip(table.index, table["old"], table["new"], table["reason"], strict=True):
        if old == new:
            raise TkitError(f"{path}: row {row}, column new: {new!r} is the old label: give another one, or remove the row")
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
        The result of :func:`tkit.labels.read_labels`; not changed.
    corrections : DataFrame
        The result of :func:`read_corrections`.
    where : path
        The name of the corrections in error messages.

    Returns
    -------
    DataFrame
        The labels with ``label`` and ``confidence`` of the corrected rows replaced, and a column ``reason``, ``""`` for rows
        without a correction. ``first``, ``second`` and the annotators' labels are kept.

    Raises
    ------
    TkitError
        If a correction is of a reference without a label, or the label is not the old one.
    """
    key = key_of(labels, corrections)
    positions = keyed(labels.assign(position=range(len(labels))), key)["position"]
    requested = keyed(corrections.assign(row=corrections.index, position=-1), key)
    requested["position"] = positions.reindex(requested.index).fillna(-1).astype("int64")
    corrected = labels.assign(reason=labels.get("reason", "")).reset_index(drop=True)
    for row, position, old, new, reason, confidence in zip(
        *(requested[name] for name in ("row", "position", "old", "new", "reason", "confidence")), strict=True
    ):
        if position < 0:
            raise TkitError(f"{where}: row {row}, column message_sha256: this reference has no label: remove the row")
        label = corrected.at[position, "label"]
        if label != old:
            raise TkitError(f"{where}: row {row}, column old: {old!r}, but the label is {label!r}: check the row")
        corrected.loc[position, ["label", "confidence", "reason"]] = [new, confidence, reason]
    return corrected.set_axis(labels.index)
