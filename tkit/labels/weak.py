"""Weak labels: named label sources, how accurate each is, and one label from their votes.

A source is a small rule that votes T, C or S for some references and abstains on the others. Each source declares the columns
that it reads and gets no others, so that it is known which labels come from columns that a model reads too. Weak labels are
for training and exploration, never for a headline figure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError
from tkit.features import KEY, feature_names
from tkit.labels.headline import headline
from tkit.labels.sources import SOURCES, Source
from tkit.splits.folds import grouped_folds

MIN_CONFIDENCE = 0.9
"""A reference gets no weak label if its votes give less confidence than this."""


def evidence_rows(features: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """Join the columns that sources read: features, and the evidence of compared copies.

    Parameters
    ----------
    features : DataFrame
        The result of :func:`tkit.features.extract`; further columns are kept.
    campaigns : DataFrame
        The result of :func:`tkit.campaigns.compare`, with a row for each row of ``features``.

    Returns
    -------
    DataFrame
        The rows of ``features`` in their order.

    Raises
    ------
    TkitError
        If a reference has no row in ``campaigns``, or has several.
    """
    repeated = campaigns.duplicated(list(KEY))
    if repeated.any():
        raise TkitError(f"campaigns: {int(repeated.sum())} rows repeat a reference: give one row per reference")
    rows = features.merge(campaigns, on=list(KEY), how="left", validate="many_to_one", indicator="_joined")
    missing = int((rows["_joined"] == "left_only").sum())
    if missing:
        raise TkitError(f"campaigns: {missing} of {len(rows)} references have no row: compare the messages of the features")
    return rows.drop(columns="_joined")


def votes(rows: pd.DataFrame, sources: Sequence[Source] = SOURCES) -> pd.DataFrame:
    """Return the votes of every source.

    Parameters
    ----------
    rows : DataFrame
        See :func:`evidence_rows`.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One bool column per source, in their order, with the index of ``rows``: True where it votes.

    Raises
    ------
    TkitError
        If a column that a source declares is missing.
    """
    columns = {}
    for source in sources:
        missing = [name for name in source.uses if name not in rows.columns]
        if missing:
            raise TkitError(f"source {source.name} needs the columns {', '.join(missing)}: see tkit.labels.weak.evidence_rows")
        columns[source.name] = source.votes(rows[list(source.uses)]).to_numpy(dtype=bool)
    return pd.DataFrame(columns, index=rows.index)


@dataclass(frozen=True)
class LabelModel:
    """Labels from votes, by naive Bayes.

    Each vote is weighted by the logarithm of its source's odds of being right, as in a model of independent sources (Ratner
    et al., VLDB 2017, section 2). Sources with the same cue are not independent: of each family only the vote with the
    highest weight on each side counts.

    Attributes
    ----------
    accuracy : mapping of str to float
        Probability that a vote of each source is right on tracker or not, Laplace-smoothed; a source with 0.5 or less has
        no weight.
    sources : sequence of Source
    """

    accuracy: Mapping[str, float]
    sources: Sequence[Source] = SOURCES

    @classmethod
    def fit(cls, votes: pd.DataFrame, tracker: Mask, sources: Sequence[Source] = SOURCES) -> LabelModel:
        """Estimate the accuracies on labelled rows: (right votes + 1) / (votes + 2)."""
        accuracy = {}
        for source in sources:
            voted = votes[source.name].to_numpy(dtype=bool)
            right = int((tracker[voted] == (source.says == "T")).sum())
            accuracy[source.name] = (right + 1) / (int(voted.sum()) + 2)
        return cls(accuracy, sources)

    def labels(self, votes: pd.DataFrame) -> pd.DataFrame:
        """Return one label per row.

        Returns
        -------
        DataFrame
            With the index of ``votes``: ``label`` (T, C or S; the empty string if no source with a weight voted),
            ``confidence`` (probability that the label is right on tracker or not, NaN without a label), ``sources`` and
            ``against`` (names of the sources that agree and disagree with the label on tracker or not, separated by spaces).
        """
        tracker, negative = self._odds(votes, "T"), self._odds(votes, "CS")
        margin = tracker - negative
        label = np.where(self._odds(votes, "S") > self._odds(votes, "C"), "S", "C").astype(object)
        label[margin > 0] = "T"
        label[(tracker == 0) & (negative == 0)] = ""
        confidence = 1 / (1 + np.exp(-np.abs(margin)))
        confidence[label == ""] = np.nan
        agreeing, against = self._names(votes, label)
        return pd.DataFrame(
            {"label": label, "confidence": confidence, "sources": agreeing, "against": against}, index=votes.index
        ).astype({"label": "str", "sources": "str", "against": "str"})

    def _odds(self, votes: pd.DataFrame, says: str) -> Floats:
        """Return the sum of the weights of the votes for any of these labels, only the highest of each family."""
        of_family: dict[str, Floats] = {}
        for source in self.sources:
            if source.says in says:
                accuracy = self.accuracy[source.name]
                weight = max(math.log(accuracy / (1 - accuracy)), 0.0)
                cast = votes[source.name].to_numpy(dtype=float) * weight
                of_family[source.family] = np.maximum(of_family.get(source.family, 0.0), cast)
        return np.sum(list(of_family.values()), axis=0) if of_family else np.zeros(len(votes))

    def _names(self, votes: pd.DataFrame, label: NDArray[np.object_]) -> tuple[list[str], list[str]]:
        names = np.array([source.name for source in self.sources], dtype=object)
        for_tracker = np.array([source.says == "T" for source in self.sources])
        cast = votes[names.tolist()].to_numpy(dtype=bool)
        distinct, row = np.unique(np.column_stack([cast, label == "T"]), axis=0, return_inverse=True)
        agreeing = [" ".join(names[votes[:-1] & (for_tracker == votes[-1])]) for votes in distinct]
        against = [" ".join(names[votes[:-1] & (for_tracker != votes[-1])]) for votes in distinct]
        return [agreeing[number] for number in row.ravel()], [against[number] for number in row.ravel()]


def weak_labels(
    features: pd.DataFrame,
    campaigns: pd.DataFrame,
    labels: pd.DataFrame,
    min_confidence: float = MIN_CONFIDENCE,
    sources: Sequence[Source] = SOURCES,
) -> pd.DataFrame:
    """Label the references that have no label yet.

    Parameters
    ----------
    features, campaigns : DataFrame
        See :func:`evidence_rows`.
    labels : DataFrame
        Labelled references: the key, ``label``, ``confidence`` and ``source``. Gold labels of confidence 2 and 3 give the
        accuracies of the sources. None of these references gets a weak label.
    min_confidence : float
        Labels with less confidence are left out.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One row per weakly labelled reference, in the order of ``features``: the key, ``label``, ``confidence``, ``sources``
        and ``against``, see :meth:`LabelModel.labels`.

    Raises
    ------
    TkitError
        See :func:`evidence_rows` and :func:`votes`; also if there is no gold label.
    """
    rows = evidence_rows(features, campaigns)
    cast = votes(rows, sources)
    model = _fitted(rows, cast, labels, sources)
    labelled = pd.concat([rows[list(KEY)], model.labels(cast)], axis=1)
    known = pd.MultiIndex.from_frame(rows[list(KEY)]).isin(pd.MultiIndex.from_frame(labels[list(KEY)]))
    return labelled[(labelled["confidence"] >= min_confidence).to_numpy() & ~known].reset_index(drop=True)


def _fitted(rows: pd.DataFrame, cast: pd.DataFrame, labels: pd.DataFrame, sources: Sequence[Source]) -> LabelModel:
    gold = labels[headline(labels) & (labels["source"] == "gold").to_numpy()]
    positions = pd.Series(np.arange(len(rows)), index=pd.MultiIndex.from_frame(rows[list(KEY)]))
    position = positions.reindex(pd.MultiIndex.from_frame(gold[list(KEY)])).to_numpy()
    has_row = ~np.isnan(position)
    if not has_row.any():
        raise TkitError("no gold label of confidence 2 or 3 among these references: the accuracies come from gold labels")
    tracker = (gold["label"] == "T").to_numpy(dtype=bool)
    return LabelModel.fit(cast.iloc[position[has_row].astype(int)], tracker[has_row], sources)


def cross_validated_labels(
    cast: pd.DataFrame,
    gold: pd.DataFrame,
    folds: int = 10,
    seed: int = 0,
    sources: Sequence[Source] = SOURCES,
) -> pd.DataFrame:
    """Label gold rows by models fitted without them and their components, to measure how good weak labels are.

    Parameters
    ----------
    cast : DataFrame
        Votes on the rows of ``gold``, see :func:`votes`.
    gold : DataFrame
        ``label``, ``confidence``, ``component``; models are fitted on T, C and S of confidence 2 and 3, and label all rows.
    folds, seed : int
        Of :func:`tkit.splits.folds.grouped_folds`.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        See :meth:`LabelModel.labels`.
    """
    tracker = (gold["label"] == "T").to_numpy(dtype=bool)
    usable = headline(gold)
    fold = grouped_folds(gold["component"].to_numpy(), folds, seed, tracker)
    parts = [
        LabelModel.fit(cast[usable & (fold != number)], tracker[usable & (fold != number)], sources).labels(
            cast[fold == number]
        )
        for number in np.unique(fold)
    ]
    return pd.concat(parts).loc[cast.index]


def source_table(cast: pd.DataFrame, gold: pd.DataFrame, unlabelled: Mask, sources: Sequence[Source] = SOURCES) -> pd.DataFrame:
    """Return coverage and accuracy of each source.

    Parameters
    ----------
    cast : DataFrame
        Votes on all references, see :func:`votes`.
    gold : DataFrame
        With the index of the gold rows in ``cast``: ``label`` and ``confidence``.
    unlabelled : bool array
        The rows of ``cast`` that have no label.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One row per source: ``source``, ``says``, ``family``, ``coverage`` (share of the unlabelled rows), ``gold`` (votes on
        gold rows of T, C and S with confidence 2 and 3), ``wrong``, ``accuracy`` (tracker or not; NaN without votes),
        ``overlap`` and ``conflict`` (shares of its votes on unlabelled rows on which another source agreed and disagreed),
        ``uses`` (columns, separated by spaces).
    """
    known = gold[headline(gold)]
    tracker = (known["label"] == "T").to_numpy(dtype=bool)
    on_gold, on_rest = cast.loc[known.index], cast[unlabelled]
    of_side = {side: [source.name for source in sources if (source.says == "T") == side] for side in (True, False)}
    sides = {side: on_rest[names].sum(axis=1) for side, names in of_side.items()}
    table = []
    for source in sources:
        voted, rest = on_gold[source.name].to_numpy(dtype=bool), on_rest[source.name]
        positive = source.says == "T"
        wrong = int((tracker[voted] != positive).sum())
        count = int(voted.sum())
        table.append(
            (
                source.name,
                source.says,
                source.family,
                float(rest.mean()) if len(rest) else np.nan,
                count,
                wrong,
                1 - wrong / count if count else np.nan,
                float((sides[positive][rest] > 1).mean()) if rest.any() else np.nan,
                float((sides[not positive][rest] > 0).mean()) if rest.any() else np.nan,
                " ".join(source.uses),
            )
        )
    return pd.DataFrame(
        table,
        columns=["source", "says", "family", "coverage", "gold", "wrong", "accuracy", "overlap", "conflict", "uses"],
    )


def conflicts(cast: pd.DataFrame, sources: Sequence[Source] = SOURCES) -> pd.DataFrame:
    """Return the pairs of sources that vote against each other.

    Returns
    -------
    DataFrame
        ``tracker`` and ``negative`` (two sources), ``rows`` (references on which both vote), most rows first; only pairs with
        such references.
    """
    pairs = [
        (one.name, other.name, int((cast[one.name] & cast[other.name]).sum()))
        for one in sources
        for other in sources
        if one.says == "T" and other.says != "T"
    ]
    table = pd.DataFrame([pair for pair in pairs if pair[2]], columns=["tracker", "negative", "rows"])
    return table.sort_values("rows", ascending=False, kind="stable", ignore_index=True)


def sources_using(columns: Collection[str], sources: Sequence[Source] = SOURCES) -> list[str]:
    """Return the names of the sources that read any of these columns.

    >>> "token_of_recipient" in sources_using(["evidence"])
    True
    """
    wanted = set(columns)
    return [source.name for source in sources if wanted & set(source.uses)]


def feature_columns() -> list[str]:
    """Return the columns that models of single mails read: a source that uses none of them is not circular for such models."""
    return feature_names("message")


def without_sources(labels: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Drop the rows whose label came only from these sources.

    Parameters
    ----------
    labels : DataFrame
        With the column ``sources`` of :meth:`LabelModel.labels`.
    names : collection of str

    Returns
    -------
    DataFrame
        The rows whose label at least one other source supports.

    Raises
    ------
    TkitError
        If there is no source of a given name.

    Examples
    --------
    >>> labels = pd.DataFrame({"sources": ["hidden_token", "hidden_token beacon_of_provider"]})
    >>> len(without_sources(labels, ["hidden_token"]))
    1
    """
    unknown = set(names) - {source.name for source in SOURCES}
    if unknown:
        raise TkitError(f"no source named {', '.join(sorted(unknown))}: see tkit.labels.sources.SOURCES")
    dropped = set(names)
    kept = labels["sources"].map({text: bool(set(text.split()) - dropped) for text in labels["sources"].unique()})
    return labels[kept.to_numpy(dtype=bool)]
