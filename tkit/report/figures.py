"""Figures of evaluations and audits on light or dark paper; the same data give the same bytes."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Bbox

from tkit.arrays import Floats
from tkit.evaluate import Evaluation
from tkit.evaluate.percent import percent, percent_estimate
from tkit.evaluate.rates import Estimate
from tkit.verdicts import Audit
from tkit.verdicts.mailbox import PERIOD_MONTHS, middle_periods, period_name

LOWEST_FPR, HIGHEST_FPR = 1e-4, 1e-1
"""The part of the ROC curve that matters for blocking: false positives must be rare."""

LABELS = {"T": "open tracker", "P": "personalised picture", "C": "content", "S": "spacer", "U": "undecided"}
"""The labels in words."""


class Theme(NamedTuple):
    """Colours of a figure; the palette is Okabe and Ito's, which people with any colour vision can distinguish.

    Attributes
    ----------
    paper, ink, faint : str
        Background, text and grid lines.
    palette : tuple of str
        Colours of curves, without those that are hard to see on the background.
    """

    paper: str
    ink: str
    faint: str
    palette: tuple[str, ...]


LIGHT = Theme("#ffffff", "#1f2328", "#d5d9de", ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b37700", "#3a8fb7"))
DARK = Theme("#16191d", "#e6e8eb", "#3d434b", ("#56b4e9", "#e69f00", "#1fc79a", "#cc79a7", "#f0e442", "#d55e00"))
"""The two themes of a page: in a dark browser the dark one is shown."""

_LINES: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")
_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11.0,
    "axes.titlesize": 13.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "tkit",
    "figure.dpi": 100.0,
}
# Possible offsets of a label from its point, in points: close by, then in rings, connected by a thin line.
_NEAR = 8
_BESIDE = (
    *((_NEAR, 0), (-_NEAR, 0), (0, _NEAR), (0, -_NEAR)),
    *(
        (round(radius * math.cos(math.radians(angle))), round(radius * math.sin(math.radians(angle))))
        for radius in range(20, 200, 15)
        for angle in range(-75, 256, 30)
    ),
)


def detector_names(comparison: pd.DataFrame) -> list[str]:
    """Return each detector's name, with its vantage point if several rows have the same name."""
    several = comparison["name"].duplicated(keep=False)
    return [
        f"{name} ({vantage})" if ambiguous and vantage else name
        for name, vantage, ambiguous in zip(comparison["name"], comparison["vantage"], several, strict=True)
    ]


def svg(figure: Figure) -> str:
    """Return a figure as SVG text that loads nothing; glyphs are paths, and there is no date and no version."""
    return _saved(figure, "svg").decode("utf-8")


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG of 200 dots per inch."""
    return _saved(figure, "png")


def _saved(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    left_out = {"svg": ("Date", "Creator", "Format", "Type"), "png": ("Software",)}
    buffer = io.BytesIO()
    with mpl.rc_context(_RC):
        figure.savefig(buffer, format=kind, dpi=200, metadata=dict.fromkeys(left_out[kind]))
    return buffer.getvalue()


def roc_figure(evaluations: Sequence[Evaluation], theme: Theme = LIGHT) -> Figure:
    """Draw the ROC curves at low false positive rates, and each rule as a point.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        All of the same rows. Rules beyond :data:`HIGHEST_FPR` are listed below the figure.
    theme : Theme

    Returns
    -------
    Figure
        A rule without false positives is drawn at the left edge, :data:`LOWEST_FPR`.
    """
    names = detector_names(pd.DataFrame([(e.name, e.vantage) for e in evaluations], columns=["name", "vantage"]))
    curves = [(name, e.roc()) for name, e in zip(names, evaluations, strict=True) if not e.is_rule]
    points = [
        (name, max(rates.fpr.value, LOWEST_FPR), rates.tpr.value)
        for name, e in zip(names, evaluations, strict=True)
        if e.is_rule and (rates := e.rates())
    ]
    inside = [point for point in points if point[1] <= HIGHEST_FPR]
    beyond = [point for point in points if point[1] > HIGHEST_FPR]
    with style(theme):
        figure = Figure(figsize=(9.0, 6.0))
        axes = figure.subplots()
        figure.subplots_adjust(left=0.10, right=0.70 if curves else 0.97, top=0.92, bottom=0.17)
        _percent_axis(axes)
        axes.set(xscale="log", xlim=(LOWEST_FPR, HIGHEST_FPR), ylim=(0, 1.02))
        axes.set_title("Recall at low false positive rates")
        axes.set_xlabel("false positive rate (left edge: 0.01% or less)")
        axes.set_ylabel("recall")
        ticks = (1e-4, 1e-3, 1e-2, 1e-1)
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter(FixedFormatter([f"{100 * tick:g}%" for tick in ticks]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(color=theme.faint, linewidth=0.8)
        ends = []
        for number, (name, roc) in enumerate(curves):
            colour, line = _pen(theme, number)
            x, y = _in_frame(roc)
            axes.plot(x, y, drawstyle="steps-post", color=colour, linestyle=line, linewidth=2)
            ends.append((float(y[-1]), name, colour))
        for _, fpr, tpr in inside:
            axes.plot(fpr, tpr, "o", color=theme.ink, markersize=6, clip_on=False, zorder=4)
        _label_ends(axes, ends)
        _label_points(axes, inside, [_in_frame(roc) for _, roc in curves], theme)
        if beyond:
            rules = "; ".join(f"{name} {percent(fpr)}, finds {percent(tpr)}" for name, fpr, tpr in beyond)
            _note(figure, f"Beyond the frame: {rules}")
    return figure


def tpr_figure(comparison: pd.DataFrame, theme: Theme = LIGHT, where: str = "") -> Figure:
    """Draw the recall of each detector at a false positive rate of 0.1%, with intervals.

    Parameters
    ----------
    comparison : DataFrame
        As :func:`tkit.evaluate.comparison` gives it. A rule with more false positives has no bar.
    theme : Theme
    where : str
        Appended to the title.
    """
    ranked = comparison.assign(shown=detector_names(comparison)).sort_values(
        ["tpr_at_fpr_0.001", "tpr"], ascending=False, kind="stable"
    )
    with style(theme):
        figure = Figure(figsize=(9.0, 1.5 + 0.36 * len(ranked)))
        axes = figure.subplots()
        axes.set_title(f"Recall at 0.1% false positives, with 95% intervals{where}")
        axes.set(xlim=(0, 1), ylim=(len(ranked) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(FuncFormatter(_whole_percent))
        axes.grid(axis="x", color=theme.faint, linewidth=0.8)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_yticks(range(len(ranked)), [_short(name) for name in ranked["shown"]], parse_math=False)
        for line, row in enumerate(ranked.to_dict("records")):
            recall = Estimate(*(row[f"tpr_at_fpr_0.001{end}"] for end in ("", "_low", "_high")))
            if math.isnan(recall.value):
                text = f"always has {percent(row['fpr'])} false positives" if row["tpr"] else "finds none"
                axes.text(0.01, line, text, va="center", style="italic")
                continue
            axes.barh(line, recall.value, 0.62, color=theme.palette[0], alpha=0.5)
            axes.plot([recall.low, recall.high], [line, line], color=theme.ink, linewidth=1.6, solid_capstyle="butt")
            axes.plot([recall.low, recall.high], [line, line], "|", color=theme.ink, markersize=7)
            axes.text(1.02, line, percent_estimate(recall), va="center", transform=axes.get_yaxis_transform())
        _fit(figure, axes, right=0.77)
    return figure


def score_figure(evaluation: Evaluation, theme: Theme = LIGHT) -> Figure:
    """Draw a histogram of a detector's scores, one panel per label, with the threshold of every fold as a line.

    Parameters
    ----------
    evaluation : Evaluation
        All its gold rows are drawn, including those that the rates leave out.
    theme : Theme
    """
    rows = evaluation.rows
    shown = [label for label in LABELS if (rows["label"] == label).any()]
    with style(theme):
        figure = Figure(figsize=(9.0, 1.6 + 1.15 * len(shown)))
        panels = np.atleast_1d(figure.subplots(len(shown), sharex=True))
        figure.subplots_adjust(left=0.09, right=0.97, top=1 - 0.75 / figure.get_figheight(), hspace=0.55)
        figure.subplots_adjust(bottom=0.65 / figure.get_figheight())
        figure.suptitle(
            f"Scores of {_short(evaluation.name, 48)}",
            x=0.09,
            ha="left",
            weight="bold",
            size=13,
            parse_math=False,
        )
        for number, (axes, label) in enumerate(zip(panels, shown, strict=True)):
            of_label = rows[rows["label"] == label]
            counts, edges = np.histogram(of_label["score"], bins=50, range=(0, 1))
            colour = theme.palette[number % len(theme.palette)]
            axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colour, linewidth=0)
            axes.set(yscale="log", xlim=(0, 1), ylim=(0.7, max(2 * int(counts.max()), 20)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
            axes.yaxis.set_minor_locator(NullLocator())
            for threshold in np.unique(of_label["threshold"]):
                axes.axvline(min(threshold, 1.0), color=theme.ink, linewidth=1, linestyle="--")
            flagged = percent(float(of_label["called"].mean()))
            axes.set_title(
                f"{LABELS[label]}: {len(of_label):,} references, {flagged} flagged",
                size=11,
                weight="normal",
                pad=3,
            )
        panels[-1].set_xlabel("score (dashed: threshold)")
        figure.supylabel("references", size=11, x=0.005)
    return figure


def audit_figure(audit: Audit, theme: Theme = LIGHT) -> Figure:
    """Draw the share of tracked mails over time with 95% intervals, and the number of mails below.

    The first and last 1% of the mails are left out, because wrong dates would stretch the scale.
    """
    with style(theme):
        figure = Figure(figsize=(9.0, 5.0))
        if audit.over_time.empty:
            figure.text(0.5, 0.5, "no mail has a readable date", ha="center")
            return figure
        months = PERIOD_MONTHS[audit.period]
        shown = middle_periods(audit.over_time)
        number = 12 * shown["start"].dt.year + shown["start"].dt.month - 1
        period = (number // months).to_numpy()
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 2))
        figure.subplots_adjust(left=0.09, right=0.97, top=0.92, bottom=0.12, hspace=0.28)
        upper.set_title("Share of mails with a tracker, with 95% intervals")
        _percent_axis(upper)
        upper.set_ylim(0, 1.02)
        share, low, high = (shown[column].to_numpy() for column in ("share", "low", "high"))
        upper.vlines(period, low, high, color=theme.palette[0], linewidth=1.6)
        upper.plot(period, share, "o", color=theme.palette[0], markersize=6)
        lower.bar(period, shown["mails"], 0.8, color=theme.faint)
        lower.bar(period, shown["tracked"], 0.8, color=theme.palette[0])
        lower.set_title("Number of mails (coloured: with a tracker)")
        lower.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        lower.set_xlim(period.min() - 0.7, period.max() + 0.7)
        every = -(-(period.max() - period.min() + 1) // 10)
        ticks = list(range(period.min(), period.max() + 1, every))
        lower.set_xticks(ticks, [period_name(tick, months) for tick in ticks])
        for axes in (upper, lower):
            axes.grid(axis="y", color=theme.faint, linewidth=0.8)
    return figure


def decay_figure(over_time: pd.DataFrame, theme: Theme = LIGHT) -> Figure:
    """Draw the rates of each period after the end of training, with 95% intervals.

    Parameters
    ----------
    over_time : DataFrame
        As :func:`tkit.evaluate.over_time` gives it, with at least one period.
    theme : Theme
    """
    period = np.arange(len(over_time))
    with style(theme):
        figure = Figure(figsize=(9.0, 5.0))
        panels = figure.subplots(2, sharex=True)
        figure.subplots_adjust(left=0.09, right=0.97, top=0.92, bottom=0.10, hspace=0.28)
        for axes, rate, title in zip(panels, ("tpr", "fpr"), ("Recall", "False positive rate"), strict=True):
            value, low, high = (over_time[f"{rate}{end}"].to_numpy() for end in ("", "_low", "_high"))
            axes.set_title(f"{title} in each quarter after training, with 95% intervals")
            axes.vlines(period, low, high, color=theme.palette[0], linewidth=1.6)
            axes.plot(period, value, "o-", color=theme.palette[0], markersize=6)
            axes.grid(axis="y", color=theme.faint, linewidth=0.8)
        _percent_axis(panels[0])
        panels[0].set_ylim(0, 1.02)
        panels[1].yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
        panels[1].set_ylim(bottom=0)
        panels[1].set_xticks(period, over_time["period"], parse_math=False)
    return figure


def prevalence_figure(table: pd.DataFrame, title: str, theme: Theme = LIGHT) -> Figure:
    """Draw shares with their 95% intervals, one line per value.

    Parameters
    ----------
    table : DataFrame
        As :func:`tkit.study.prevalence.prevalence` or :func:`tkit.study.prevalence.labelled_share` gives it: the first
        column names the lines. Values with ``few`` are left out.
    title : str
    theme : Theme
    """
    shown = table[~table["few"]]
    of = "mails" if "mails" in shown else "rows"
    with style(theme):
        figure = Figure(figsize=(9.0, 1.2 + 0.34 * len(shown)))
        if shown.empty:
            figure.text(0.5, 0.5, "too few mails or rows for any share", ha="center")
            return figure
        axes = figure.subplots()
        axes.set_title(title)
        axes.set(xlim=(0, 1.05 * float(shown["high"].max())), ylim=(len(shown) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(FuncFormatter(_whole_percent))
        axes.grid(axis="x", color=theme.faint, linewidth=0.8)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        names = [_short(str(name)) or "unknown" for name in shown[table.columns[0]]]
        axes.set_yticks(range(len(shown)), names, parse_math=False)
        for line, row in enumerate(shown.to_dict("records")):
            axes.plot([row["low"], row["high"]], [line, line], color=theme.palette[0], linewidth=1.6)
            axes.plot(row["share"], line, "o", color=theme.palette[0], markersize=6)
            text = f"{percent_estimate(Estimate(row['share'], row['low'], row['high']))} of {row[of]:,} {of}"
            axes.text(1.02, line, text, va="center", transform=axes.get_yaxis_transform())
        _fit(figure, axes, right=0.64)
    return figure


@contextmanager
def style(theme: Theme) -> Iterator[None]:
    """Draw in a theme's colours, in the one way in which tkit's figures look."""
    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    paper = ("figure.facecolor", "axes.facecolor")
    colours: dict[Any, Any] = dict.fromkeys(ink, theme.ink) | dict.fromkeys(paper, theme.paper)
    with mpl.rc_context({**_RC, **colours}):
        yield


def _whole_percent(share: float, _: object) -> str:
    return percent(share, 0)


def _percent_axis(axes: Axes) -> None:
    axes.yaxis.set_major_locator(FixedLocator([0, 0.2, 0.4, 0.6, 0.8, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(_whole_percent))


def _pen(theme: Theme, number: int) -> tuple[str, str]:
    """Return the colour and line style of a curve; a new style begins once all colours are used."""
    turn, colour = divmod(number, len(theme.palette))
    return theme.palette[colour], _LINES[turn % len(_LINES)]


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _in_frame(roc: pd.DataFrame) -> tuple[Floats, Floats]:
    """Cut a ROC curve to the frame; its first point is the recall reached at the left edge."""
    fpr, tpr = roc["fpr"].to_numpy(np.float64), roc["tpr"].to_numpy(np.float64)
    inside = (fpr > LOWEST_FPR) & (fpr <= HIGHEST_FPR)
    start = tpr[fpr <= LOWEST_FPR].max()
    x = np.concatenate(([LOWEST_FPR], fpr[inside], [HIGHEST_FPR]))
    y = np.concatenate(([start], tpr[inside]))
    return x, np.append(y, y[-1])


def _label_ends(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Name curves at the right of the frame, highest first, far enough apart that no names touch."""
    gap, top = 0.056, 1.02
    heights: list[float] = []
    for y, _, _ in sorted(ends, reverse=True):
        heights.append(min(y, heights[-1] - gap if heights else top))
    lift = max(0.0, -min(heights, default=0.0))
    for (y, name, colour), height in zip(sorted(ends, reverse=True), heights, strict=True):
        axes.annotate(
            _short(name, 27),
            (HIGHEST_FPR, y),
            (1.04, (height + lift) / top),
            xycoords="data",
            textcoords="axes fraction",
            va="center",
            annotation_clip=False,
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 1.5,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )


def _label_points(
    axes: Axes, points: list[tuple[str, float, float]], curves: list[tuple[Floats, Floats]], theme: Theme
) -> None:
    """Name each point where its name touches no other name, no point and as little as possible of the curves."""
    at = axes.transData.transform
    frame = axes.get_window_extent()
    samples = np.geomspace(LOWEST_FPR, HIGHEST_FPR, 400)
    line = np.concatenate(
        [at(np.column_stack([samples, y[np.searchsorted(x, samples, "right") - 1]])) for x, y in curves] or [np.empty((0, 2))]
    )
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in (at(point[1:]) for point in points)]
    dots = _RC["figure.dpi"] / 72

    def cost(point: Floats, side: tuple[int, int], box: Bbox) -> float:
        distance = math.hypot(*side)
        leader = point + np.outer(np.linspace(0.2, 1, 12), side) * dots
        crossed = sum(other.count_contains(leader) for other in taken) if distance > _NEAR else 0
        out = not _holds(frame, box)
        return 1000 * (box.count_overlaps(taken) + out) + 10 * crossed + box.count_contains(line) + distance / 10

    for name, fpr, tpr in sorted(points, key=lambda point: (-point[2], point[1])):
        shown = axes.text(fpr, tpr, _short(name, 28), fontsize=10, parse_math=False)
        size = shown.get_window_extent()
        shown.remove()
        point = at((fpr, tpr))
        boxes = {side: _box(point + np.array(side) * dots, size, side) for side in _BESIDE}
        side = min(boxes, key=lambda side: cost(point, side, boxes[side]))
        taken.append(boxes[side])
        leader = {"arrowstyle": "-", "color": theme.ink, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
        ha, va = _alignment(side)
        leader["relpos"] = ({"left": 0.0, "center": 0.5, "right": 1.0}[ha], 0.5)
        axes.annotate(
            _short(name, 28),
            (fpr, tpr),
            side,
            textcoords="offset points",
            ha=ha,
            va=va,
            fontsize=10,
            parse_math=False,
            zorder=5,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": theme.paper, "edgecolor": "none", "alpha": 0.8},
            arrowprops=leader if math.hypot(*side) > _NEAR else None,
        )


def _alignment(side: tuple[int, int]) -> tuple[str, str]:
    """Return the alignment of a text beside its point."""
    x, y = side
    if x == 0:
        return "center", "bottom" if y > 0 else "top"
    return "left" if x > 0 else "right", "center"


def _box(anchor: Floats, size: Bbox, side: tuple[int, int]) -> Bbox:
    """Return the box, in dots, of a text of this size whose end is at the anchor."""
    ha, va = _alignment(side)
    left = {"left": 0.0, "center": 0.5, "right": 1.0}[ha] * size.width
    down = {"bottom": 0.0, "center": 0.5, "top": 1.0}[va] * size.height
    return Bbox.from_bounds(anchor[0] - left, anchor[1] - down, size.width, size.height)


def _holds(frame: Bbox, box: Bbox) -> bool:
    return bool(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1)


def _note(figure: Figure, text: str) -> None:
    figure.text(0.10, 0.015, textwrap.fill(text, 115), size=9, va="bottom", parse_math=False)


def _fit(figure: Figure, axes: Axes, right: float) -> None:
    """Make room for the names at the left, the title and the ticks."""
    widest = max(label.get_window_extent().width for label in axes.get_yticklabels())
    wide, high = figure.get_size_inches() * figure.dpi
    figure.subplots_adjust(left=(widest + 18) / wide, right=right, top=1 - 45 / high, bottom=45 / high)
