"""Several annotators: their files merged, what is to be adjudicated, and how well they agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats
from tkit.errors import TkitError
from tkit.labels.files import LABELS, NAMING, OF_ANNOTATOR, key_of, keyed

RESAMPLES = 1000
"""Resamples of the bootstrap over messages that intervals come from."""

_CHUNK = 50


def merge_labels(files: Mapping[str, pd.DataFrame], majority: bool = False) -> pd.DataFrame:
    """Make one label file of several annotators' files.

    Parameters
    ----------
    files : mapping of str to DataFrame
        The annotator's name, and the file as :func:`tkit.labels.read_labels` gives it.
    majority : bool
        Where annotators differ the label is U. With ``majority`` it is the label that more than half of them gave,
        where there is one.

    Returns
    -------
    DataFrame
        One row a reference that anybody labelled, the first file's first: what names it, ``label``, ``confidence`` (the
        lowest given), ``annotators`` (how many labelled it) and for each annotator ``label_<name>``, ``""`` for none.

    Raises
    ------
    TkitError
        Where the files name references differently, or a name cannot name a column.
    """
    if not files:
        raise TkitError("no label file to merge: give one an annotator")
    for name in files:
        if not re.fullmatch(r"[\w.@ -]{1,80}", name):
            raise TkitError(f"{name!r} is no annotator's name: give letters, digits, spaces and . _ - @")
    key = key_of(*files.values())
    tables = {name: keyed(table, key) for name, table in files.items()}
    named = pd.concat([table[[column for column in NAMING if column in table]] for table in tables.values()])
    named = named[~named.index.duplicated()]
    given = pd.DataFrame({name: table["label"].reindex(named.index) for name, table in tables.items()})
    sure = pd.DataFrame({name: table["confidence"].reindex(named.index) for name, table in tables.items()})
    merged = named[[column for column in NAMING if column in named and named[column].notna().all()]].copy()
    merged["label"] = _decided(given, majority)
    merged["confidence"] = sure.min(axis=1).astype("int64")
    merged["annotators"] = given.notna().sum(axis=1).astype("int64")
    for name in tables:
        merged[f"{OF_ANNOTATOR}{name}"] = given[name].fillna("")
    return merged.reset_index(drop=True)


def _decided(given: pd.DataFrame, majority: bool) -> pd.Series:
    votes = pd.DataFrame({label: (given == label).sum(axis=1) for label in LABELS})
    most, of_all = votes.max(axis=1), votes.sum(axis=1)
    enough = most * 2 > of_all if majority else most == of_all
    return votes.idxmax(axis=1).where(enough, "U")


def given_labels(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the annotators' own labels of a merged file: one column an annotator, ``""`` for none.

    A file with the columns ``first`` and ``second``, two passes over the same references, is one of two annotators.

    Raises
    ------
    TkitError
        Where the file holds fewer than two annotators.
    """
    columns = [str(name) for name in merged if str(name).startswith(OF_ANNOTATOR)]
    if not columns and {"first", "second"} <= set(merged):
        columns = ["first", "second"]
    if len(columns) < 2:
        raise TkitError("one annotator agrees with nobody: give the label files of two or more")
    return merged[columns].rename(columns=lambda name: str(name).removeprefix(OF_ANNOTATOR))


def to_adjudicate(merged: pd.DataFrame) -> pd.DataFrame:
    """List the references whose annotators differ: a corrections file whose new labels are still to be filled in.

    Returns
    -------
    DataFrame
        What names the reference, ``old`` (the merged label), ``new`` and ``reason`` (``""``), and the annotators' labels;
        first those where some say T and some do not, for these move the headline figures.
    """
    given = given_labels(merged)
    differ = given.where(given != "").nunique(axis=1) > 1
    about_trackers = (given == "T").any(axis=1)
    order = about_trackers[differ].sort_values(ascending=False, kind="stable").index
    listed = merged.loc[order, [name for name in NAMING if name in merged]].copy()
    listed["old"], listed["new"], listed["reason"] = merged.loc[order, "label"], "", ""
    return pd.concat([listed, given.loc[order].add_prefix(OF_ANNOTATOR)], axis=1).reset_index(drop=True)


def raw_agreement(table: Floats) -> Floats:
    """Return the share of references that two annotators label alike.

    Parameters
    ----------
    table : ndarray, shape (..., k, k)
        How many references the first gives label i and the second label j.

    Returns
    -------
    ndarray of float64, shape (...)
        NaN where there is no reference.

    Examples
    --------
    >>> float(raw_agreement(np.array([[20, 5], [10, 15]])))
    0.7
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = np.trace(table, axis1=-2, axis2=-1) / table.sum(axis=(-2, -1))
    return share


def cohen_kappa(table: Floats) -> Floats:
    """Return Cohen's kappa: agreement beyond what the annotators' own shares of labels make by chance.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20.

    Parameters
    ----------
    table : ndarray, shape (..., k, k)
        As for :func:`raw_agreement`.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for full agreement, 0 for chance; NaN where both give everything one and the same label.

    Examples
    --------
    >>> float(round(cohen_kappa(np.array([[20, 5], [10, 15]])), 12))
    0.4
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = table.sum(axis=(-2, -1))
        chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / whole**2
        kappa: Floats = (raw_agreement(table) - chance) / (1 - chance)
    return kappa


def krippendorff_alpha(coincidences: Floats) -> Floats:
    """Return Krippendorff's alpha for nominal labels, any number of annotators, with labels missing.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C.

    Parameters
    ----------
    coincidences : ndarray, shape (..., k, k)
        The coincidence matrix, as :func:`coincidence_matrices` sums to.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for full agreement, 0 for chance; NaN where only one label occurs.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        of_label = coincidences.sum(axis=-1)
        values = of_label.sum(axis=-1)
        observed = values - np.trace(coincidences, axis1=-2, axis2=-1)
        expected = values**2 - (of_label**2).sum(axis=-1)
        alpha: Floats = 1 - (values - 1) * observed / expected
    return alpha


def coincidence_matrices(given: pd.DataFrame, labels: tuple[str, ...] = LABELS) -> Floats:
    """Return each reference's part of the coincidence matrix: pairs of its labels, each over the number of labels less one.

    Parameters
    ----------
    given : DataFrame, n references
        One column an annotator; ``""`` for no label.
    labels : tuple of str, k labels

    Returns
    -------
    ndarray of float64, shape (n, k, k)
        All 0 for a reference that fewer than two annotators labelled.
    """
    counts = np.stack([(given == label).sum(axis=1).to_numpy(np.float64) for label in labels], axis=1)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(labels))
    others = counts.sum(axis=1) - 1
    matrices: Floats = pairs / np.where(others > 0, others, 1)[:, None, None]
    return matrices


def agreement(merged: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Measure how well annotators agree.

    Parameters
    ----------
    merged : DataFrame
        As :func:`merge_labels` gives it, or a label file with the columns ``first`` and ``second``.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        For each pair of annotators the rows ``raw`` and ``kappa``, and for all of them ``alpha``; each over the five
        labels, and over tracker or not (P, C, S and U are "not"). Columns ``annotators``, ``classes`` ("five", "tracker"),
        ``measure``, ``value``, ``low``, ``high`` (95 % percentile interval of the bootstrap over whole messages, since the
        references of one mail are labelled alike), ``references`` (that two or more of them labelled). NaN where a
        measure does not exist.

    Raises
    ------
    TkitError
        Where there are fewer than two annotators.
    """
    given = given_labels(merged)
    messages = pd.factorize(merged["message_sha256"])[0]
    found = []
    for classes, labels in (("five", LABELS), ("tracker", ("T", "N"))):
        seen = given if classes == "five" else given.where((given == "T") | (given == ""), "N")
        for first, second in combinations(seen, 2):
            tables = _contingency(seen[first], seen[second], labels)
            for measure, function in (("raw", raw_agreement), ("kappa", cohen_kappa)):
                found.append((f"{first}, {second}", classes, measure, *_estimate(tables, messages, function, seed)))
        matrices = coincidence_matrices(seen, labels)
        found.append(("all", classes, "alpha", *_estimate(matrices, messages, krippendorff_alpha, seed)))
    return pd.DataFrame(found, columns=["annotators", "classes", "measure", "value", "low", "high", "references"])


def _contingency(first: pd.Series, second: pd.Series, labels: tuple[str, ...]) -> Floats:
    """Return each reference's contingency table: one 1, or none where an annotator gave no label."""
    a, b = (np.stack([(side == label).to_numpy() for label in labels], axis=1) for side in (first, second))
    tables: Floats = (a[:, :, None] & b[:, None, :]).astype(np.float64)
    return tables


def _estimate(
    tables: Floats, messages: NDArray[np.intp], function: Callable[[Floats], Floats], seed: int
) -> tuple[float, float, float, int]:
    size = tables.shape[1]
    used = tables.any(axis=(1, 2))
    of_message = np.zeros((messages.max(initial=-1) + 1, size * size))
    np.add.at(of_message, messages, tables.reshape(len(tables), -1))
    of_message = of_message[of_message.any(axis=1)]
    value = float(function(of_message.sum(axis=0).reshape(size, size)))
    drawn = [function((times @ of_message).reshape(-1, size, size)) for times in _resamples(len(of_message), seed)]
    values = np.concatenate([*drawn, np.empty(0)])
    values = values[~np.isnan(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
    return value, float(low), float(high), int(used.sum())


def _resamples(messages: int, seed: int) -> Iterator[Floats]:
    """Yield how often each message is drawn, in chunks of shape (resamples, messages)."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES // _CHUNK if messages else 0):
        yield random.multinomial(messages, np.full(messages, 1 / messages), size=_CHUNK).astype(np.float64)
