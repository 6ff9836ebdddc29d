"""The pages and files of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tkit.lab.belief import by_client, measured, outcomes, sensitivity
from tkit.lab.belief.drawing import mixture_html, timelines_html
from tkit.lab.belief.tables import clients_grid, figures_grid, sensitivity_grid, timelines_grid
from tkit.lab.play import Played
from tkit.report.draw import Grid, grid_html, page, paragraph, section, write

MODEL = (
    "This is a model. The requests are real, on one machine, but who reads when, and which share of people has which client,"
    " are assumptions or vendors' figures, written in the scenario."
)

FEW = 20
"""With so few recipients each has a row in the terminal, and other shares of the clients are not worth a table."""


class Run(NamedTuple):
    """One way in which a scenario was played, such as with or without a blocker, and what came of it."""

    name: str
    played: Played
    rows: pd.DataFrame
    figures: pd.DataFrame


def run_of(name: str, played: Played) -> Run:
    """Measure a played scenario."""
    rows = outcomes(played)
    return Run(name, played, rows, measured(rows, played.scenario.seed))


def timelines_of(run: Run) -> Grid:
    """Return the timelines of a run as a table."""
    played = run.played
    return timelines_grid(played.people, played.reads, played.timelines, played.scenario.habits.days, run.name)


def figures_of(runs: Sequence[Run]) -> Grid:
    """Return the figures of one or two runs side by side."""
    title = runs[0].played.scenario.title
    if len(runs) == 1:
        return figures_grid(runs[0].figures, title)
    return figures_grid(runs[0].figures, title, runs[1].figures, (runs[0].name, runs[1].name))


def requests_grid(runs: Sequence[Run]) -> Grid:
    """Return how many requests each run made, by kind."""
    kinds = {"open": "trackers", "hop": "redirections", "content": "pictures for everybody", "click": "links"}
    rows = [(words, *(str(run.played.requests.get(kind, 0)) for run in runs)) for kind, words in kinds.items()]
    return Grid("Requests", ("what was requested", *(run.name for run in runs)), rows, numeric=len(runs))


def write_page(path: Path, runs: Sequence[Run]) -> Path:
    """Write a page of one file that loads nothing: timelines, figures, clients, mixtures.

    Parameters
    ----------
    path : Path
        The page.
    runs : sequence of Run
        One or two.
    """
    first = runs[0]
    scenario = first.played.scenario
    small = scenario.recipients <= FEW
    about = f"Form of the tracker: {scenario.form}. Recipients: {scenario.recipients}. Days: {scenario.habits.days:g}."
    parts = [paragraph(MODEL), paragraph(about)]
    for run in runs:
        played = run.played
        caption = f"{run.name}: receipts above each line, readings below it; a logarithmic scale from one minute on."
        drawn = timelines_html(played.people, played.reads, played.timelines, scenario.habits.days, caption)
        parts.append(section(run.name, drawn))
    parts += [
        section("How right the sender is", grid_html(figures_of(runs)), grid_html(requests_grid(runs))),
        section(f"What each client does: {first.name}", grid_html(clients_grid(by_client(first.rows)))),
    ]
    if not small:
        widest = str(first.rows["client"].value_counts().index[0])
        curves = mixture_html(first.rows, widest, f"The shares of the other clients keep their proportions: {first.name}.")
        parts.append(section("Other shares", curves, grid_html(sensitivity_grid(sensitivity(first.rows)))))
    parts += [
        section("Where the shares come from", grid_html(_sources(first.played))),
    ]
    return write(path.parent, {path.name: page(scenario.title, parts)})


def _sources(played: Played) -> Grid:
    rows = [
        (group.name, json.dumps(group.client), group.source or "none", f"{group.share:.1%}") for group in played.scenario.groups
    ]
    return Grid("Clients", ("client", "behaviour", "source of the share", "share"), rows, numeric=1)
