"""Weak labels: named label sources, what each is worth, and one label out of their votes.

A source is a small rule that votes T, C or S for some references and says nothing of the others. Each declares the columns
that it reads and is given no others, so that whoever trains or tests a model knows which labels were made from what the
model looks at. Labels made here are for training and for looking around, never for a headline figure.
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
"""A reference whose votes leave more doubt than this gets no weak label."""


def evidence_rows(features: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """Join what the sources look at: features, and the evidence of compared copies.

    Parameters
    ----------
    features : DataFrame
        As :func:`tkit.features.extract` gives it; further columns are kept.
    campaigns : DataFrame
        As :func:`tkit.campaigns.compare` gives it, with a row for each of ``features``.

    Returns
    -------
    DataFrame
        The rows of ``features`` in their order.

    Raises
    ------
    TkitError
        Where a reference has no row in ``campaigns``, or a key stands twice in it.
    """
    twice = campaigns.duplicated(list(KEY))
    if twice.any():
        raise TkitError(f"campaigns: {int(twice.sum())} references stand there twice: give one row a reference")
    rows = features.merge(campaigns, on=list(KEY), how="left", validate="many_to_one", indicator="_joined")
    missing = int((rows["_joined"] == "left_only").sum())
    if missing:
        raise TkitError(f"campaigns: {missing} of {len(rows)} references have no row: compare the messages of the features")
    return rows.drop(columns="_joined")


def votes(rows: pd.DataFrame, sources: Sequence[Source] = SOURCES) -> pd.DataFrame:
    """Ask every source.

    Parameters
    ----------
    rows : DataFrame
        See :func:`evidence_rows`.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One bool column a source, in their order, with the index of ``rows``: True where it votes.

    Raises
    ------
    TkitError
        Where a column that a source declares is missing.
    """
    found = {}
    for source in sources:
        missing = [column for column in source.uses if column not in rows.columns]
        if missing:
            raise TkitError(f"source {source.name} needs the columns {', '.join(missing)}: see tkit.labels.weak.evidence_rows")
        found[source.name] = source.votes(rows[list(source.uses)]).to_numpy(dtype=bool)
    return pd.DataFrame(found, index=rows.index)


@dataclass(frozen=True)
class LabelModel:
    """Votes to labels, as naive Bayes does it.

    Each vote counts by the logarithm of its source's odds of being right, as in a model of independent sources (Ratner et
    al., VLDB 2017, section 2). Sources that look at one thing are not independent: of each family only the surest vote on
    each side counts.

    Attributes
    ----------
    accuracy : mapping of str to float
        Chance of each source's vote to be right on tracker or not, Laplace-smoothed; a source without a smoothed accuracy
        above 0.5 has no say.
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
        """Return one label a row.

        Returns
        -------
        DataFrame
            With the index of ``votes``: ``label`` (T, C or S; the empty string where no source with a say voted),
            ``confidence`` (probability that the label is right on tracker or not, NaN without a label), ``sources`` and
            ``against`` (names of those that voted for and against a tracker as the label has it, joined by spaces).
        """
        tracker, negative = self._odds(votes, "T"), self._odds(votes, "CS")
        margin = tracker - negative
        label = np.where(self._odds(votes, "S") > self._odds(votes, "C"), "S", "C").astype(object)
        label[margin > 0] = "T"
        label[(tracker == 0) & (negative == 0)] = ""
        confidence = 1 / (1 + np.exp(-np.abs(margin)))
        confidence[label == ""] = np.nan
        behind, against = self._names(votes, label)
        return pd.DataFrame(
            {"label": label, "confidence": confidence, "sources": behind, "against": against}, index=votes.index
        ).astype({"label": "str", "sources": "str", "against": "str"})

    def _odds(self, votes: pd.DataFrame, says: str) -> Floats:
        """Add up the logarithms of the odds of the votes for any of these labels, the surest of each family only."""
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
        packed, place = np.unique(np.column_stack([cast, label == "T"]), axis=0, return_inverse=True)
        behind = [" ".join(names[row[:-1] & (for_tracker == row[-1])]) for row in packed]
        against = [" ".join(names[row[:-1] & (for_tracker != row[-1])]) for row in packed]
        return [behind[number] for number in place.ravel()], [against[number] for number in place.ravel()]


def weak_labels(
    features: pd.DataFrame,
    campaigns: pd.DataFrame,
    labels: pd.DataFrame,
    min_confidence: float = MIN_CONFIDENCE,
    sources: Sequence[Source] = SOURCES,
) -> pd.DataFrame:
    """Label the references that no label file names.

    Parameters
    ----------
    features, campaigns : DataFrame
        See :func:`evidence_rows`.
    labels : DataFrame
        Labelled references: the key, ``label``, ``confidence`` and ``source``; those of source gold and confidence 2 and 3
        tell what the sources are worth, and none of these references gets a weak label.
    min_confidence : float
        Labels with less confidence are left out.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One row a weakly labelled reference, in the order of ``features``: the key, ``label``, ``confidence``, ``sources``
        and ``against``, see :meth:`LabelModel.labels`.

    Raises
    ------
    TkitError
        See :func:`evidence_rows` and :func:`votes`; also without a gold label.
    """
    rows = evidence_rows(features, campaigns)
    cast = votes(rows, sources)
    model = _fitted(rows, cast, labels, sources)
    found = pd.concat([rows[list(KEY)], model.labels(cast)], axis=1)
    known = pd.MultiIndex.from_frame(rows[list(KEY)]).isin(pd.MultiIndex.from_frame(labels[list(KEY)]))
    return found[(found["confidence"] >= min_confidence).to_numpy() & ~known].reset_index(drop=True)


def _fitted(rows: pd.DataFrame, cast: pd.DataFrame, labels: pd.DataFrame, sources: Sequence[Source]) -> LabelModel:
    gold = labels[headline(labels) & (labels["source"] == "gold").to_numpy()]
    place = pd.Series(np.arange(len(rows)), index=pd.MultiIndex.from_frame(rows[list(KEY)]))
    found = place.reindex(pd.MultiIndex.from_frame(gold[list(KEY)])).to_numpy()
    here = ~np.isnan(found)
    if not here.any():
        raise TkitError("no gold label of confidence 2 or 3 among these references: the sources' accuracies are unknown")
    tracker = (gold["label"] == "T").to_numpy(dtype=bool)
    return LabelModel.fit(cast.iloc[found[here].astype(int)], tracker[here], sources)


def cross_validated_labels(
    cast: pd.DataFrame,
    gold: pd.DataFrame,
    folds: int = 10,
    seed: int = 0,
    sources: Sequence[Source] = SOURCES,
) -> pd.DataFrame:
    """Label gold rows by models that have not seen them, nor any of their components: what weak labels are worth.

    Parameters
    ----------
    cast : DataFrame
        Votes on the rows of ``gold``, see :func:`votes`.
    gold : DataFrame
        ``label``, ``confidence``, ``component``; the model is fitted on T, C and S of confidence 2 and 3, and labels all.
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
    """Return what each source is worth.

    Parameters
    ----------
    cast : DataFrame
        Votes on all references, see :func:`votes`.
    gold : DataFrame
        With the index of the gold rows in ``cast``: ``label`` and ``confidence``.
    unlabelled : bool array
        The rows of ``cast`` that no label file names.
    sources : sequence of Source

    Returns
    -------
    DataFrame
        One row a source: ``source``, ``says``, ``family``, ``coverage`` (share of the unlabelled rows), ``gold`` (votes on
        gold rows of T, C and S with confidence 2 and 3), ``wrong``, ``accuracy`` (tracker or not; NaN without votes),
        ``overlap`` and ``conflict`` (of its votes on unlabelled rows, the shares where another source voted alike and
        otherwise), ``uses`` (columns, joined by spaces).
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
    """Return which sources vote against each other.

    Returns
    -------
    DataFrame
        ``tracker`` and ``negative`` (two sources), ``rows`` (references on which both vote), most first; pairs that never
        meet are left out.
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
    """Name the sources that look at any of these columns.

    >>> "token_of_recipient" in sources_using(["evidence"])
    True
    """
    wanted = set(columns)
    return [source.name for source in sources if wanted & set(source.uses)]


def feature_columns() -> list[str]:
    """Name the columns that models look at that see one mail: a source that uses none of these is not circular for them."""
    return feature_names("message")


def without_sources(labels: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Drop the rows whose label came from these sources only.

    Parameters
    ----------
    labels : DataFrame
        With the column ``sources`` of :meth:`LabelModel.labels`.
    names : collection of str

    Returns
    -------
    DataFrame
        The rows behind whose label at least one other source stands.

    Raises
    ------
    TkitError
        Where no source has such a name.

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
