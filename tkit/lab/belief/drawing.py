"""Pictures of what the sender sees beside what happened."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tkit.lab.belief.mixtures import LEVEL, RELIABILITY, mixed
from tkit.lab.clock import DAY, HOUR
from tkit.lab.play import Person, Read
from tkit.lab.sender import Timeline
from tkit.report.draw import figure_html
from tkit.report.figures import DARK, LIGHT, Theme, style, svg

MOST_ROWS = 40
"""Recipients in a figure; of more, every n-th is shown, in the order of their clients."""

VERDICTS = {
    (True, True): "right: read",
    (False, False): "right: not read",
    (True, False): "missed",
    (False, True): "false receipt",
}
"""By whether the mail was read and whether there is a receipt: what the receipts are worth for this recipient."""

_TICKS = ((60.0, "at once"), (HOUR, "1 h"), (DAY, "1 day"), (7 * DAY, "1 week"))


def along(seconds: float, days: float) -> float:
    """Return where a time after sending stands on a line from 0 to 1 that is logarithmic from one minute on."""
    return min(1.0, math.log(max(seconds, 60.0) / 60.0) / math.log(max(days * DAY, 3600.0) / 60.0))


def strip(moments: Sequence[float], days: float, width: int, mark: str) -> str:
    """Return times, in seconds after sending, as marks on a line of characters; a digit stands for several marks.

    >>> strip([0, 3600, 3600], 90, 12, "●")
    '●···2·······'
    """
    counts = [0] * width
    for moment in moments:
        counts[round(along(moment, days) * (width - 1))] += 1
    return "".join("·" if not count else mark if count == 1 else str(min(count, 9)) for count in counts)


def verdict(read: bool, receipt: bool) -> str:
    """Return one of :data:`VERDICTS`."""
    return VERDICTS[read, receipt]


def timelines_figure(
    people: Sequence[Person], reads: Sequence[Read], timelines: Sequence[Timeline], days: float, theme: Theme = LIGHT
) -> Figure:
    """Draw one row for each recipient: receipts above the line, readings below it.

    Parameters
    ----------
    people, timelines : sequence
        In the same order, as :class:`tkit.lab.play.Played` has them.
    reads : sequence of Read
    days : float
        How long people looked.
    theme : Theme
    """
    shown = sorted(range(len(people)), key=lambda index: people[index].group)
    shown = shown[:: math.ceil(len(shown) / MOST_ROWS)]
    with style(theme):
        figure = Figure(figsize=(10.0, 1.6 + 0.42 * len(shown)))
        axes = figure.subplots()
        figure.subplots_adjust(
            left=0.24, right=0.84, top=1 - 0.75 / (1.6 + 0.42 * len(shown)), bottom=0.6 / (1.6 + 0.42 * len(shown))
        )
        for row, index in enumerate(shown):
            person, line = people[index], timelines[index]
            truth = [along(read.time - line.sent, days) for read in reads if read.recipient == person.address]
            seen = [along(one.time - line.sent, days) for one in line.opens]
            axes.axhline(row, color=theme.faint, linewidth=1, zorder=1)
            axes.plot(seen, np.full(len(seen), row - 0.17), "o", color=theme.palette[0], markersize=6, clip_on=False, zorder=3)
            axes.plot(
                truth,
                np.full(len(truth), row + 0.17),
                "o",
                color=theme.palette[1],
                markersize=6,
                fillstyle="none",
                clip_on=False,
                markeredgewidth=1.6,
                zorder=3,
            )
            said = verdict(bool(truth), bool(seen))
            right = said.startswith("right")
            axes.text(1.02, row, said, va="center", color=theme.ink, fontweight="normal" if right else "bold", fontsize=10)
        axes.set_yticks(range(len(shown)), [people[index].group for index in shown], fontsize=10)
        axes.set(xlim=(0, 1), ylim=(len(shown) - 0.4, -0.6))
        ticks = [
            *((along(seconds, days), name) for seconds, name in _TICKS if 3 * seconds <= days * DAY),
            (1, f"{days:g} days"),
        ]
        axes.set_xticks([place for place, _ in ticks], [name for _, name in ticks])
        axes.tick_params(length=0)
        axes.set_title("What the sender sees (filled) and what happened (rings)", loc="left", x=-0.3, pad=14)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return figure


def mixture_figure(rows: pd.DataFrame, client: str, theme: Theme = LIGHT) -> Figure:
    """Draw the three meanings of "reliable" against the share of one client, with the level that is claimed.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.lab.belief.outcomes` gives it.
    client : str
        A client in it.
    theme : Theme
    """
    shares = np.linspace(0, 1, 101)
    with style(theme):
        figure = Figure(figsize=(9.0, 5.0))
        axes = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.72, top=0.9, bottom=0.14)
        axes.axhline(LEVEL, color=theme.ink, linewidth=1, linestyle=":")
        axes.axvline(float((rows["client"] == client).mean()), color=theme.faint, linewidth=1)
        for name, color in zip(RELIABILITY, theme.palette, strict=False):
            values = mixed(rows, client, shares, name)
            axes.plot(shares, values, color=color, linewidth=2, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        axes.set_xlabel(f"share of “{client}” among the recipients")
        axes.set_title(f"How reliable receipts are; dotted: {LEVEL:.0%}", loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=10)
    return figure


def timelines_html(
    people: Sequence[Person], reads: Sequence[Read], timelines: Sequence[Timeline], days: float, caption: str
) -> str:
    """Return the figure of the timelines in both themes, for a page."""
    light, dark = (svg(timelines_figure(people, reads, timelines, days, theme)) for theme in (LIGHT, DARK))
    return figure_html(light, dark, caption)


def mixture_html(rows: pd.DataFrame, client: str, caption: str) -> str:
    """Return the figure of the shares in both themes, for a page."""
    light, dark = (svg(mixture_figure(rows, client, theme)) for theme in (LIGHT, DARK))
    return figure_html(light, dark, caption)
