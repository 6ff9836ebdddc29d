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
from tkit.report.draw import Grid, escaped, figure_html, grid_html, page, paragraph, section, write
from tkit.report.errors import errors_html
from tkit.report.figures import DARK, LIGHT, Theme, decay_figure, detector_names, roc_figure, score_figure, svg, tpr_figure
from tkit.report.tables import comparison_grid, differences_grid, label_grid, merit_grid, slices_grid, splits_grid

if TYPE_CHECKING:
    from tkit.bundle import Bundle


@dataclass(frozen=True)
class Details:
    """What a study found beside the comparison; an empty frame or text is left out of the page.

    Attributes
    ----------
    answer : sequence of str
        What the page begins with, a paragraph each.
    splits, differences, slices, over_time : DataFrame
        As :class:`tkit.study.StudyResult` has them.
    errors : DataFrame, optional
        As :meth:`tkit.evaluate.Evaluation.errors` gives them; without it they are asked of the evaluation.
    """

    answer: Sequence[str] = ()
    splits: pd.DataFrame = field(default_factory=pd.DataFrame)
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
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
        Made with its parents; files of equal names are replaced. The figures are ``roc.svg``, ``tpr.svg``, where a
        detector scores ``scores.svg``, and of the details ``splits.svg`` and ``decay.svg``.
    comparison : DataFrame
        :func:`tkit.evaluate.comparison` of `evaluations`.
    evaluations : sequence of Evaluation
        At least one; all of the same rows.
    facts : mapping of str to str
        What the page cannot know of itself, shown as given: ``"command"``, which makes the study anew, and any
        others, such as versions and digests of the data.
    bundle : Bundle, optional
        The detector whose errors are shown, each with the features that weighed most towards the wrong verdict.
        Without it the errors of the best detector are shown, without reasons.
    details : Details, optional

    Returns
    -------
    Path
        Of the page. It names hosts by their registrable domains and shows no URL.

    Raises
    ------
    TkitError
        When `comparison` is not of `evaluations`, `facts` has no command, `bundle` is of none of the detectors, or
        the folder cannot be written.
    """
    details = details or Details()
    pairs = [(evaluation.name, evaluation.vantage) for evaluation in evaluations]
    if not pairs or pairs != list(zip(comparison["name"], comparison["vantage"], strict=True)):
        raise TkitError("the comparison is not of these evaluations: give tkit.evaluate.comparison of them")
    if not facts.get("command", "").strip():
        raise TkitError("facts lack 'command': give the command that makes this study anew")
    if bundle is not None and (bundle.name, bundle.vantage) not in pairs:
        raise TkitError(f"no evaluation of {bundle.name} at {bundle.vantage}: give the bundle of a compared detector")
    best = _best(comparison) if bundle is None else pairs.index((bundle.name, bundle.vantage))
    chosen, name = evaluations[best], detector_names(comparison)[best]
    figures = {
        file: (svg(draw(LIGHT)), svg(draw(DARK)), told)
        for file, (draw, told) in _drawings(comparison, evaluations, chosen, name, details).items()
    }
    errors = details.errors
    if errors is None:
        errors = chosen.errors(None if bundle is None else _explainer(bundle))
    shown = {file: figure_html(*figure) for file, figure in figures.items()}
    others = [(key, value) for key, value in facts.items() if key != "command"]
    sections = [
        _given("In short", *(paragraph(text) for text in details.answer), shown.get("figures/splits.svg", "")),
        section(
            "Detectors compared",
            grid_html(comparison_grid(comparison, wide=True)),
            shown["figures/roc.svg"],
            shown["figures/tpr.svg"],
            grid_html(differences_grid(details.differences)) if len(details.differences) else "",
            grid_html(merit_grid(comparison)),
        ),
        _given("On what is new", grid_html(splits_grid(details.splits, wide=True)) if len(details.splits) else ""),
        _given("Over time", *_decayed(details.over_time, shown)),
        _given("Where it is good and where not", grid_html(slices_grid(details.slices)) if len(details.slices) else ""),
        section("Errors", errors_html(errors, name), shown.get("figures/scores.svg", "")),
        section(
            "What was done",
            paragraph(_method(evaluations)),
            grid_html(label_grid(chosen.rows)),
            grid_html(Grid("Versions and facts", ("fact", "value"), others)) if others else "",
        ),
        section("How to reproduce", f"<pre>{escaped(facts['command'])}</pre>"),
    ]
    text = page("How well detectors find e-mail read trackers", filter(None, sections))
    return write(Path(folder), {file: light for file, (light, _, _) in figures.items()} | {"report.html": text})


def _given(title: str, *parts: str) -> str:
    """Return a section, or nothing where it would be empty."""
    return section(title, *parts) if any(parts) else ""


def _drawings(
    comparison: pd.DataFrame, evaluations: Sequence[Evaluation], chosen: Evaluation, name: str, details: Details
) -> dict[str, tuple[Callable[[Theme], Figure], str]]:
    drawn: dict[str, tuple[Callable[[Theme], Figure], str]] = {
        "figures/roc.svg": (
            lambda theme: roc_figure(evaluations, theme),
            "Share of trackers found against share of good references called trackers. Rules are points.",
        ),
        "figures/tpr.svg": (
            lambda theme: tpr_figure(comparison, theme),
            "Share of trackers found when at most one good reference in a thousand is called a tracker.",
        ),
    }
    if len(details.splits):
        ways = details.splits.assign(name=details.splits["split"], vantage="")
        drawn["figures/splits.svg"] = (
            lambda theme: tpr_figure(ways, theme),
            f"What {name} finds, by what is new to it. Random rows show how much copies on both sides would flatter.",
        )
    if len(details.over_time):
        drawn["figures/decay.svg"] = (
            lambda theme: decay_figure(details.over_time, theme),
            "Rates at the threshold that was frozen before the first quarter.",
        )
    if not chosen.is_rule:
        drawn["figures/scores.svg"] = (
            lambda theme: score_figure(chosen, theme),
            f"Scores of {name} by label, on a logarithmic scale of counts.",
        )
    return drawn


def _decayed(over_time: pd.DataFrame, shown: Mapping[str, str]) -> tuple[str, ...]:
    if over_time.empty:
        return ()
    found, kept = area_under_time(over_time["tpr"]), area_under_time(1 - over_time["fpr"])
    told = (
        f"Trained once, before {over_time['period'].iloc[0]}, and never again. Area under time (1 is perfect): trackers found"
        f" {found:.3f}, good pictures kept {kept:.3f}."
    )
    return paragraph(told), shown["figures/decay.svg"]


def _explainer(bundle: Bundle) -> Callable[[pd.DataFrame, Any], list[list[str]]]:
    return lambda rows, called: reasons(rows, bundle.contributions(rows), called)


def _best(comparison: pd.DataFrame) -> int:
    """Choose the detector to look at closely: among those that score, who finds most at 0.1 % false alarms."""
    gain = (comparison["tpr"] - comparison["fpr"]).to_numpy()
    if comparison["is_rule"].all():
        return int(gain.argmax())
    scored = comparison["tpr_at_fpr_0.001"].where(~comparison["is_rule"].astype(bool))
    return int(scored.fillna(-1.0).to_numpy().argmax())


def _method(evaluations: Sequence[Evaluation]) -> str:
    one = evaluations[0]
    rates = one.rates()
    several = f"{len(evaluations)} detectors" if len(evaluations) > 1 else "One detector"
    return (
        f"{several} judged the same {len(one.rows):,} labelled remote references of"
        f" {one.rows['message_sha256'].nunique():,} mails. The rates are of those whose label is likely or sure:"
        f" {rates.trackers:,} open trackers and {rates.negatives:,} content pictures and spacers. Personalised pictures,"
        " undecided references and guesses are counted beside them. Scores are out of fold. The intervals are 95 %"
        f" percentile intervals of {one.resamples:,} cluster bootstrap resamples (seed {one.seed}) that draw whole"
        f" groups of equal {one.cluster}, because copies of one mailing are no independent observations; where no error"
        " was seen they reach as far as the rule of three, 3 over the number of groups."
    )
