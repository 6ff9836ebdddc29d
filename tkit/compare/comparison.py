"""Compare detectors on labelled mail: rates with intervals, and the changes from the first detector to each other one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tkit.bundle import Bundle
from tkit.compare.labelled import LabelledMail
from tkit.compare.require import SHARES
from tkit.dataset import Dataset
from tkit.detectors import Detector
from tkit.detectors.any_of import AnyOf
from tkit.detectors.base import threshold_of
from tkit.detectors.facts import facts_of
from tkit.detectors.loading import is_prefixed
from tkit.detectors.published import Unwrapped
from tkit.errors import TkitError
from tkit.evaluate import Estimate, Evaluation, paired_difference

_ROW_COLUMNS = ["message_sha256", "part", "index", "carrier", "url", "resolved_url", "label", "confidence"]


@dataclass(frozen=True)
class Comparison:
    """The results of several detectors on the same labelled references.

    Attributes
    ----------
    evaluations : tuple of Evaluation
        One per detector, in the given order; the others are compared with the first.
    """

    evaluations: tuple[Evaluation, ...]

    def table(self) -> pd.DataFrame:
        """Return the figures side by side.

        Returns
        -------
        DataFrame
            One row per detector: ``name``, ``vantage``; ``tpr``, ``fpr`` and ``mail_fpr`` (the share of mails with good
            pictures of which at least one is flagged), each with its 95% interval in ``_low`` and ``_high``; ``precision``
            (the share of flagged references that are trackers, NaN if nothing is flagged); ``trackers``, ``missed``,
            ``negatives``, ``false_alarms``; ``personalised`` and ``personalised_called``, the number that is flagged;
            ``gain``, ``gain_low`` and ``gain_high``: how much greater its true positive rate is than that of the first
            detector at the first one's false positive rate. The gain is NaN for the first detector and for a rule without
            an adjustable threshold.
        """
        return pd.DataFrame([self._figures(evaluation) for evaluation in self.evaluations])

    def _figures(self, evaluation: Evaluation) -> dict[str, Any]:
        rates = evaluation.rates()
        row: dict[str, Any] = {"name": evaluation.name, "vantage": evaluation.vantage}
        of_mails = evaluation.mail_false_alarms()
        for share, estimate in zip(SHARES, (rates.tpr, rates.fpr, of_mails), strict=True):
            row |= estimate.columns(share)
        true_positives = rates.trackers - rates.missed
        flagged = true_positives + rates.false_alarms
        personalised = evaluation.rows.loc[evaluation.rows["label"] == "P", "called"]
        gain = Estimate(math.nan, math.nan, math.nan)
        if evaluation is not self.evaluations[0] and self.evaluations[0].rates().fpr.value < 1:
            gain = paired_difference(evaluation, self.evaluations[0])
        counts = {
            "precision": true_positives / flagged if flagged else math.nan,
            "trackers": rates.trackers,
            "missed": rates.missed,
            "negatives": rates.negatives,
            "false_alarms": rates.false_alarms,
            "personalised": len(personalised),
            "personalised_called": int(personalised.sum()),
        }
        return row | counts | gain.columns("gain")

    def figures(self) -> dict[str, dict[str, float]]:
        """Return the figures by the detector's name, as :func:`tkit.compare.require.check` reads them."""
        return {str(row["name"]): row for row in self.table().to_dict("records")}  # type: ignore[misc]

    def changes(self) -> pd.DataFrame:
        """Count the references that a detector flags and the first does not, and the other way round.

        Returns
        -------
        DataFrame
            ``name``, ``change`` (``newly blocked``, ``newly passed``), the number of ``references``, and the number of them
            that are ``trackers``, ``good`` (labels C and S), ``personalised`` and ``undecided``, at any confidence.
        """
        counted = []
        for evaluation in self.evaluations[1:]:
            for change, mask in _changed(self.evaluations[0], evaluation).items():
                labels = evaluation.rows.loc[mask, "label"]
                counts = {
                    "references": len(labels),
                    "trackers": int((labels == "T").sum()),
                    "good": int(labels.isin(["C", "S"]).sum()),
                    "personalised": int((labels == "P").sum()),
                    "undecided": int((labels == "U").sum()),
                }
                counted.append({"name": evaluation.name, "change": change, **counts})
        return pd.DataFrame(counted, columns=["name", "change", *_COUNTED])

    def changed_rows(self) -> pd.DataFrame:
        """Return each reference that a detector judges differently from the first: ``name``, ``change``, reference, scores.

        The columns of the reference are its key, ``carrier``, ``label``, ``confidence`` and, if mails were read, ``url``
        and ``resolved_url``. ``score_before`` is the score of the first detector, ``score`` that of the named one.
        """
        first = self.evaluations[0]
        columns = [column for column in _ROW_COLUMNS if column in first.rows]
        frames = [
            evaluation.rows.loc[mask, columns].assign(
                name=evaluation.name,
                change=change,
                score_before=first.rows.loc[mask, "score"],
                score=evaluation.rows.loc[mask, "score"],
            )
            for evaluation in self.evaluations[1:]
            for change, mask in _changed(first, evaluation).items()
        ]
        order = ["name", "change", *columns, "score_before", "score"]
        return pd.concat(frames, ignore_index=True)[order] if frames else pd.DataFrame(columns=order)


_COUNTED = ["references", "trackers", "good", "personalised", "undecided"]


def _changed(first: Evaluation, other: Evaluation) -> Mapping[str, pd.Series]:
    return {
        "newly blocked": ~first.rows["called"] & other.rows["called"],
        "newly passed": first.rows["called"] & ~other.rows["called"],
    }


def compare(
    detectors: Mapping[str, Detector],
    mail: LabelledMail,
    *,
    cluster: str = "component",
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Comparison:
    """Score labelled references by every detector, each at its own threshold (:func:`tkit.detectors.base.threshold_of`).

    Parameters
    ----------
    detectors : mapping
        The detectors by the name that they have in tables.
    mail : LabelledMail
    cluster : {"component", "sender_key"}
        The unit that the bootstrap draws, see :class:`tkit.evaluate.Evaluation`.
    resamples, seed : int
    progress : callable, optional
        Called with the name of the step, the number of detectors done, and the number of all.

    Raises
    ------
    TkitError
        If a detector cannot judge the rows or returns invalid scores, or no headline tracker or negative is labelled.
    """
    evaluations = []
    position = mail.labels["row"].to_numpy()
    for done, (name, detector) in enumerate(detectors.items()):
        if progress:
            progress("judging", done, len(detectors))
        score = np.asarray(detector.scores(mail.rows), dtype=np.float64)
        if score.shape != (len(mail.rows),) or not ((score >= 0) & (score <= 1)).all():
            raise TkitError(f"{name}: scores of shape {score.shape} or beyond 0 to 1: a detector returns one score per row")
        evaluations.append(
            Evaluation(
                mail.labels,
                score[position],
                name,
                detector.vantage,
                threshold=threshold_of(detector),
                cluster=cluster,
                resamples=resamples,
                seed=seed,
            )
        )
    if progress:
        progress("judging", len(detectors), len(detectors))
    return Comparison(tuple(evaluations))


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a comparison for people: percentages with intervals, and counts beside them."""

    def interval(row: Mapping[Any, Any], figure: str, form: str) -> str:
        value, low, high = (row[f"{figure}{end}"] for end in ("", "_low", "_high"))
        return "" if math.isnan(value) else f"{value:{form}}\n[{low:{form}}, {high:{form}}]"

    return pd.DataFrame(
        [
            {
                "detector": row["name"],
                "trackers found": f"{interval(row, 'tpr', '.1%')}\n{row['missed']} of {row['trackers']} missed",
                "good flagged": f"{interval(row, 'fpr', '.2%')}\n{row['false_alarms']} of {row['negatives']}",
                "mails with one flagged": interval(row, "mail_fpr", ".2%"),
                "precision": "" if math.isnan(row["precision"]) else f"{row['precision']:.1%}",
                "gain on the first": interval(row, "gain", "+.1%"),
            }
            for row in table.to_dict("records")
        ]
    )


def needs_facts(detectors: Iterable[Detector]) -> list[str]:
    """Return the names of the detectors that read more than features and therefore need mails."""
    return [detector.name for detector in detectors if facts_of(detector)]


def reads_listed(detectors: Iterable[Detector]) -> bool:
    """Return whether a detector reads the column ``listed``."""
    return any("listed" in getattr(detector, "columns", ()) for detector in _each(detectors))


def trained_on(detectors: Mapping[str, Detector], dataset: Dataset) -> list[str]:
    """Return the names of the detectors that are, or contain, a bundle trained on this dataset."""

    def was(detector: Detector) -> bool:
        return isinstance(detector, Bundle) and detector.training_sha256 == dataset.digest(detector.vantage)

    return [name for name, detector in detectors.items() if any(map(was, _each([detector])))]


def _each(detectors: Iterable[Detector]) -> Iterator[Detector]:
    """Yield the detectors; for one that is composed of others, those."""
    for detector in detectors:
        if isinstance(detector, AnyOf):
            yield from _each(detector.detectors)
        elif isinstance(detector, Unwrapped):
            yield from _each([detector.detector])
        else:
            yield detector


def named(specs: Sequence[str]) -> dict[str, str]:
    """Return the detectors' names in tables: NAME of ``NAME=SPEC``, else the file name without its suffix, else the spec.

    Returns
    -------
    dict of str to str
        The specs by name.

    Raises
    ------
    TkitError
        If two detectors have the same name.

    Examples
    --------
    >>> named(["lists/mine.txt", "rule:1x1", "new=lists/other.txt"])
    {'mine': 'lists/mine.txt', 'rule:1x1': 'rule:1x1', 'new': 'lists/other.txt'}
    """
    names: dict[str, str] = {}
    for text in specs:
        name, equals, spec = text.partition("=")
        if not equals or any(character in name for character in "/:"):
            name, spec = "", text
        name = name or (spec if is_prefixed(spec) else Path(spec).stem)
        if name in names:
            raise TkitError(f"two detectors are named {name!r}: give one another name, such as other={spec}")
        names[name] = spec
    return names
