"""Several annotators: merge their files, list what to adjudicate, measure how well they agree."""

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
"""Number of bootstrap resamples of messages for intervals."""

_CHUNK = 50  # resamples computed at once


def merge_labels(files: Mapping[str, pd.DataFrame], majority: bool = False) -> pd.DataFrame:
    """Merge the label files of several annotators.

    Parameters
    ----------
    files : mapping of str to DataFrame
        The annotator's name, and the file as read by :func:`tkit.labels.read_labels`.
    majority : bool
        If annotators differ, the label is U. With ``majority`` it is the label that more than half of them gave, if there
        is one.

    Returns
    -------
    DataFrame
        One row per labelled reference, those of the first file first: what identifies it, ``label``, ``confidence`` (the
        lowest given), ``annotators`` (the number who labelled it), and ``label_<name>`` for each annotator, ``""`` for none.

    Raises
    ------
    TkitError
        If the files identify references differently, or a name cannot be part of a column name.
    """
    if not files:
        raise TkitError("no label file to merge: give one per annotator")
    for name in files:
        if not re.fullmatch(r"[\w.@ -]{1,80}", name):
            raise TkitError(f"{name!r} is not a valid annotator's name: use letters, digits, spaces and . _ - @")
    key = key_of(*files.values())
    tables = {name: keyed(table, key) for name, table in files.items()}
    references = pd.concat([table[[column for column in NAMING if column in table]] for table in tables.values()])
    references = references[~references.index.duplicated()]
    labels = pd.DataFrame({name: table["label"].reindex(references.index) for name, table in tables.items()})
    confidence = pd.DataFrame({name: table["confidence"].reindex(references.index) for name, table in tables.items()})
    complete = [column for column in NAMING if column in references and references[column].notna().all()]
    merged = references[complete].copy()
    merged["label"] = _decided(labels, majority)
    merged["confidence"] = confidence.min(axis=1).astype("int64")
    merged["annotators"] = labels.notna().sum(axis=1).astype("int64")
    for name in tables:
        merged[f"{OF_ANNOTATOR}{name}"] = labels[name].fillna("")
    return merged.reset_index(drop=True)


def _decided(given: pd.DataFrame, majority: bool) -> pd.Series:
    """Return the label of each reference: the one that all or, with ``majority``, most annotators gave; else U."""
    votes = pd.DataFrame({label: (given == label).sum(axis=1) for label in LABELS})
    most, total = votes.max(axis=1), votes.sum(axis=1)
    enough = most * 2 > total if majority else most == total
    return votes.idxmax(axis=1).where(enough, "U")


def given_labels(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the annotators' own labels in a merged file: one column per annotator, ``""`` for no label.

    The columns ``first`` and ``second``, two passes over the same references, count as two annotators.

    Raises
    ------
    TkitError
        If the file has fewer than two annotators.
    """
    columns = [str(name) for name in merged if str(name).startswith(OF_ANNOTATOR)]
    if not columns and {"first", "second"} <= set(merged):
        columns = ["first", "second"]
    if len(columns) < 2:
        raise TkitError("agreement needs two annotators: give the label files of two or more")
    return merged[columns].rename(columns=lambda name: str(name).removeprefix(OF_ANNOTATOR))


def to_adjudicate(merged: pd.DataFrame) -> pd.DataFrame:
    """Return the references on which annotators differ, as a corrections file without new labels.

    Returns
    -------
    DataFrame
        What identifies the reference, ``old`` (the merged label), ``new`` and ``reason`` (``""``), and the annotators'
        labels. References that some label T and others not come first, because they change the headline figures.
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
        The number of references that the first labels i and the second labels j.

    Returns
    -------
    ndarray of float64, shape (...)
        NaN if there is no reference.

    Examples
    --------
    >>> float(raw_agreement(np.array([[20, 5], [10, 15]])))
    0.7
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = np.trace(table, axis1=-2, axis2=-1) / table.sum(axis=(-2, -1))
    return share


def cohen_kappa(table: Floats) -> Floats:
    """Return Cohen's kappa: agreement beyond the agreement by chance, given how often each annotator uses each label.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20.

    Parameters
    ----------
    table : ndarray, shape (..., k, k)
        As for :func:`raw_agreement`.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for full agreement, 0 for chance; NaN if both give the same label to every reference.

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
    """Return Krippendorff's alpha for nominal labels of any number of annotators, with missing labels.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C.

    Parameters
    ----------
    coincidences : ndarray, shape (..., k, k)
        The sum of :func:`coincidence_matrices`.

    Returns
    -------
    ndarray of float64, shape (...)
        1 for full agreement, 0 for chance; NaN if only one label occurs.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        of_label = coincidences.sum(axis=-1)
        values = of_label.sum(axis=-1)
        observed = values - np.trace(coincidences, axis1=-2, axis2=-1)
        expected = values**2 - (of_label**2).sum(axis=-1)
        alpha: Floats = 1 - (values - 1) * observed / expected
    return alpha


def coincidence_matrices(given: pd.DataFrame, labels: tuple[str, ...] = LABELS) -> Floats:
    """Return each reference's part of the coincidence matrix: its pairs of labels, divided by its number of labels minus one.

    Parameters
    ----------
    given : DataFrame, n references
        One column per annotator; ``""`` for no label.
    labels : tuple of str, k labels

    Returns
    -------
    ndarray of float64, shape (n, k, k)
        All 0 for a reference with fewer than two labels.
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
        The result of :func:`merge_labels`, or a label file with the columns ``first`` and ``second``.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        The rows ``raw`` and ``kappa`` for each pair of annotators, and ``alpha`` for all of them; each for the five labels
        and for tracker or not (P, C, S and U are "not"). Columns ``annotators``, ``classes`` ("five", "tracker"),
        ``measure``, ``value``, ``low``, ``high`` (95% percentile interval of the bootstrap over whole messages, because
        labels of references in one mail are correlated), ``references`` (the number with two or more labels). NaN if a
        measure is undefined.

    Raises
    ------
    TkitError
        If there are fewer than two annotators.
    """
    given = given_labels(merged)
    messages = pd.factorize(merged["message_sha256"])[0]
    rows = []
    for classes, labels in (("five", LABELS), ("tracker", ("T", "N"))):
        grouped = given if classes == "five" else given.where((given == "T") | (given == ""), "N")
        for first, second in combinations(grouped, 2):
            tables = _contingency(grouped[first], grouped[second], labels)
            for measure, function in (("raw", raw_agreement), ("kappa", cohen_kappa)):
                rows.append((f"{first}, {second}", classes, measure, *_estimate(tables, messages, function, seed)))
        matrices = coincidence_matrices(grouped, labels)
        rows.append(("all", classes, "alpha", *_estimate(matrices, messages, krippendorff_alpha, seed)))
    return pd.DataFrame(rows, columns=["annotators", "classes", "measure", "value", "low", "high", "references"])


def _contingency(first: pd.Series, second: pd.Series, labels: tuple[str, ...]) -> Floats:
    """Return each reference's contingency table: a single 1, or all 0 if an annotator gave no label."""
    a, b = (np.stack([(side == label).to_numpy() for label in labels], axis=1) for side in (first, second))
    tables: Floats = (a[:, :, None] & b[:, None, :]).astype(np.float64)
    return tables


def _estimate(
    tables: Floats, messages: NDArray[np.intp], function: Callable[[Floats], Floats], seed: int
) -> tuple[float, float, float, int]:
    """Return the measure of the summed tables, its interval, and the number of references that count."""
    size = tables.shape[1]
    counts = tables.any(axis=(1, 2))
    of_message = np.zeros((messages.max(initial=-1) + 1, size * size))
    np.add.at(of_message, messages, tables.reshape(len(tables), -1))
    of_message = of_message[of_message.any(axis=1)]
    value = float(function(of_message.sum(axis=0).reshape(size, size)))
    resampled = [function((times @ of_message).reshape(-1, size, size)) for times in _resamples(len(of_message), seed)]
    values = np.concatenate([*resampled, np.empty(0)])
    values = values[~np.isnan(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
    return value, float(low), float(high), int(counts.sum())


def _resamples(messages: int, seed: int) -> Iterator[Floats]:
    """Yield how often each message is drawn, in arrays of shape (resamples, messages)."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES // _CHUNK if messages else 0):
        yield random.multinomial(messages, np.full(messages, 1 / messages), size=_CHUNK).astype(np.float64)
