"""The page of a study."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, area_under_time
from tkit.features.words import reasons
from tkit.labels.headline import VISIBLE
from tkit.report.draw import Grid, escaped, figure_html, grid_html, page, paragraph, section, write
from tkit.report.errors import errors_html
from tkit.report.figures import DARK, LIGHT, Theme, decay_figure, detector_names, roc_figure, score_figure, svg, tpr_figure
from tkit.report.tables import (
    comparison_grid,
    differences_grid,
    label_grid,
    merit_grid,
    populations_grid,
    slices_grid,
    splits_grid,
    verdicts_grid,
)

if TYPE_CHECKING:
    from tkit.bundle import Bundle


@dataclass(frozen=True)
class Details:
    """The results of a study besides the comparison. An empty frame or text is left out of the page.

    Attributes
    ----------
    answer : sequence of str
        Paragraphs that the page begins with.
    splits, differences, verdicts, populations, slices, over_time : DataFrame
        As :class:`tkit.study.StudyResult` has them.
    errors : DataFrame, optional
        As :meth:`tkit.evaluate.Evaluation.errors` gives them; computed if missing.
    """

    answer: Sequence[str] = ()
    splits: pd.DataFrame = field(default_factory=pd.DataFrame)
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    verdicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    populations: pd.DataFrame = field(default_factory=pd.DataFrame)
    slices: pd.DataFrame = field(default_factory=pd.DataFrame)
    over_time: pd.DataFrame = field(default_factory=pd.DataFrame)
    errors: pd.DataFrame | None = None


def write_study(
    folder: str | os.PathLike[str],
    comparison: pd.DataFrame,
    evaluations: Sequence[Evaluation],
    facts: Mapping[str, str],
    bundle: Bundle | None = None,
    details: Details | None = None,
) -> Path:
    """Write the page of a study, ``report.html``, and its figures into ``figures/``.

    Parameters
    ----------
    folder : path
        Created with its parents; files of the same names are replaced. The figures are ``roc.svg``, ``tpr.svg``,
        ``scores.svg`` if a detector gives scores, and ``splits.svg`` and ``decay.svg`` of the details.
    comparison : DataFrame
        :func:`tkit.evaluate.comparison` of `evaluations`.
    evaluations : sequence of Evaluation
        At least one; all of the same rows.
    facts : mapping of str to str
        Shown as given: ``"command"``, which reproduces the study, and any others, such as versions and digests of the
        data.
    bundle : Bundle, optional
        The detector whose errors are shown, each with the features that contributed most to the wrong verdict. Without
        it the errors of the best detector are shown, without reasons.
    details : Details, optional

    Returns
    -------
    Path
        Of the page, which shows hosts as registrable domains and no URL.

    Raises
    ------
    TkitError
        If `comparison` is not of `evaluations`, `facts` has no command, `bundle` is none of the detectors, or the folder
        cannot be written.
    """
    details = details or Details()
    pairs = [(evaluation.name, evaluation.vantage) for evaluation in evaluations]
    if not pairs or pairs != list(zip(comparison["name"], comparison["vantage"], strict=True)):
        raise TkitError("the comparison is not of these evaluations: pass tkit.evaluate.comparison(evaluations)")
    if not facts.get("command", "").strip():
        raise TkitError("facts lack 'command': give the command that reproduces this study")
    if bundle is not None and (bundle.name, bundle.vantage) not in pairs:
        raise TkitError(f"no evaluation of {bundle.name} at {bundle.vantage}: give the bundle of a compared detector")
    best = _best(comparison) if bundle is None else pairs.index((bundle.name, bundle.vantage))
    chosen, name = evaluations[best], detector_names(comparison)[best]
    figures = {
        file: (svg(draw(LIGHT)), svg(draw(DARK)), caption)
        for file, (draw, caption) in _drawings(comparison, evaluations, chosen, name, details).items()
    }
    errors = details.errors
    if errors is None:
        errors = chosen.errors(None if bundle is None else _explainer(bundle))
    shown = {file: figure_html(*figure) for file, figure in figures.items()}
    others = [(key, value) for key, value in facts.items() if key != "command"]
    sections = [
        _given("Summary", *(paragraph(text) for text in details.answer), shown.get("figures/splits.svg", "")),
        section(
            "Detectors compared",
            grid_html(comparison_grid(comparison, wide=True)),
            shown["figures/roc.svg"],
            shown["figures/tpr.svg"],
            grid_html(differences_grid(details.differences)) if len(details.differences) else "",
            grid_html(merit_grid(comparison)),
        ),
        _given("On unseen data", grid_html(splits_grid(details.splits, wide=True)) if len(details.splits) else ""),
        _given("The three verdicts", grid_html(verdicts_grid(details.verdicts)) if len(details.verdicts) else ""),
        _given("Wanted mail of today and old mail", *map(grid_html, _populations(details.populations))),
        _given("Over time", *_decayed(details.over_time, shown)),
        _given("Where it works and where it does not", grid_html(slices_grid(details.slices)) if len(details.slices) else ""),
        section("Errors", errors_html(errors, name), shown.get("figures/scores.svg", "")),
        section(
            "Method",
            paragraph(_method(evaluations)),
            grid_html(label_grid(chosen.rows)),
            grid_html(Grid("Data and versions", ("", "value"), others)) if others else "",
        ),
        section("How to reproduce", f"<pre>{escaped(facts['command'])}</pre>"),
    ]
    text = page("How well detectors find email read trackers", filter(None, sections))
    return write(Path(folder), {file: light for file, (light, _, _) in figures.items()} | {"report.html": text})


def _given(title: str, *parts: str) -> str:
    """Return a section, or an empty text if no part is given."""
    return section(title, *parts) if any(parts) else ""


def _drawings(
    comparison: pd.DataFrame, evaluations: Sequence[Evaluation], chosen: Evaluation, name: str, details: Details
) -> dict[str, tuple[Callable[[Theme], Figure], str]]:
    drawn: dict[str, tuple[Callable[[Theme], Figure], str]] = {
        "figures/roc.svg": (
            lambda theme: roc_figure(evaluations, theme),
            "Recall against false positive rate: of the pictures that a person should see, the share that is flagged. Rules are"
            " points.",
        ),
        "figures/tpr.svg": (
            lambda theme: tpr_figure(comparison, theme),
            "Recall when at most one in a thousand pictures that a person should see is flagged.",
        ),
    }
    if len(details.splits):
        ways = details.splits.assign(name=details.splits["split"], vantage="")
        drawn["figures/splits.svg"] = (
            lambda theme: tpr_figure(ways, theme),
            f"Recall of {name} by what is unseen. Random rows show the bias when copies are on both sides of a split.",
        )
    if len(details.over_time):
        drawn["figures/decay.svg"] = (
            lambda theme: decay_figure(details.over_time, theme),
            "Rates at the threshold that was chosen before the first quarter.",
        )
    if not chosen.is_rule:
        drawn["figures/scores.svg"] = (
            lambda theme: score_figure(chosen, theme),
            f"Scores of {name} by label; the counts are on a logarithmic scale.",
        )
    return drawn


def _populations(table: pd.DataFrame) -> list[Grid]:
    kinds = [] if table.empty else table["population"].unique().tolist()
    return [populations_grid(table, kind) for kind in kinds]


def _decayed(over_time: pd.DataFrame, shown: Mapping[str, str]) -> tuple[str, ...]:
    if over_time.empty:
        return ()
    recall, specificity = area_under_time(over_time["tpr"]), area_under_time(1 - over_time["fpr"])
    text = (
        f"Trained once, before {over_time['period'].iloc[0]}, and never retrained. Area under time (1 is perfect): recall"
        f" {recall:.3f}, specificity {specificity:.3f}."
    )
    return paragraph(text), shown["figures/decay.svg"]


def _explainer(bundle: Bundle) -> Callable[[pd.DataFrame, Any], list[list[str]]]:
    return lambda rows, called: reasons(rows, bundle.contributions(rows), called)


def _best(comparison: pd.DataFrame) -> int:
    """Return the number of the detector to show in detail: of those that give scores, the best at 0.1% false positives."""
    gain = (comparison["tpr"] - comparison["fpr"]).to_numpy()
    if comparison["is_rule"].all():
        return int(gain.argmax())
    scored = comparison["tpr_at_fpr_0.001"].where(~comparison["is_rule"].astype(bool))
    return int(scored.fillna(-1.0).to_numpy().argmax())


def _method(evaluations: Sequence[Evaluation]) -> str:
    first = evaluations[0]
    rates = first.rates()
    detectors = f"{len(evaluations)} detectors" if len(evaluations) > 1 else "One detector"
    return (
        f"{detectors} judged the same {len(first.rows):,} labelled remote references of"
        f" {first.rows['message_sha256'].nunique():,} mails. The rates use the labels that are likely or sure:"
        f" {rates.trackers:,} open trackers and {rates.negatives:,} pictures that a person should see: content, spacers, and"
        f" personalised pictures with a declared side of {VISIBLE} px or more. Other personalised pictures,"
        " undecided references and guesses are counted separately. Scores are out of fold. The intervals are 95%"
        f" percentile intervals of {first.resamples:,} cluster bootstrap resamples (seed {first.seed}), which draw whole"
        f" groups of equal {first.cluster}, because copies of one mailing are not independent observations. Without an error"
        " they follow the rule of three, 3 over the number of groups."
    )
