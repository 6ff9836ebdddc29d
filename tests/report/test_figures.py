"""Tests of tkit.report.figures."""

from itertools import combinations
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from made_report import Dots, quarters
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from tkit.evaluate import Evaluation, comparison
from tkit.html import read_document
from tkit.report.figures import (
    DARK,
    LIGHT,
    audit_figure,
    decay_figure,
    detector_names,
    png,
    roc_figure,
    score_figure,
    svg,
    tpr_figure,
)
from tkit.verdicts import Audit, audit


def drawn_texts(figure: Figure) -> dict[str, Bbox]:
    """Draw a figure and give the texts that were really drawn (ticks beyond an axis are not), each with its place."""
    drawn: dict[str, Bbox] = {}

    def note(text: Text, renderer: RendererBase) -> None:
        if text.get_text().strip() and text.get_visible():
            box = Text.get_window_extent(text, renderer)
            drawn[f"{text.get_text()} at {box.x0:.0f}, {box.y0:.0f}"] = box

    with patch.object(Text, "draw", note):
        figure.draw_without_rendering()
    return drawn


def texts(figure: Figure) -> set[str]:
    return {text.rpartition(" at ")[0] for text in drawn_texts(figure)}


def misplaced(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of texts of a figure that lie over each other, and those that leave it."""
    drawn = drawn_texts(figure)
    pairs = [(one, other) for one, other in combinations(drawn, 2) if drawn[one].overlaps(drawn[other])]
    inside = figure.bbox.padded(1)
    return pairs + [(one, "edge") for one, box in drawn.items() if inside.count_contains(box.corners()) != 4]


class TestFigures:
    def every(self, done: list[Evaluation], found: Audit, theme: Any) -> list[Figure]:
        table = comparison(done)
        return [
            roc_figure(done, theme),
            tpr_figure(table, theme),
            score_figure(done[3], theme),
            audit_figure(found, theme),
            decay_figure(quarters(done[3]), theme),
        ]

    @pytest.mark.parametrize("theme", [LIGHT, DARK])
    def test_no_text_over_another(self, done: list[Evaluation], found: Audit, theme: Any) -> None:
        assert [misplaced(figure) for figure in self.every(done, found, theme)] == [[]] * 5

    def test_same_bytes_and_no_date(self, done: list[Evaluation], found: Audit) -> None:
        first, second = (self.every(done, found, LIGHT) for _ in range(2))
        assert [svg(figure) for figure in first] == [svg(figure) for figure in second]
        assert [png(figure) for figure in first] == [png(figure) for figure in second]
        assert not any("<metadata" in svg(figure) for figure in first)

    def test_svg_loads_nothing(self, done: list[Evaluation], found: Audit) -> None:
        for figure in self.every(done, found, LIGHT):
            remote = [reference for reference in read_document(svg(figure)).references if not reference.local]
            assert remote == []

    def test_roc(self, done: list[Evaluation]) -> None:
        figure = roc_figure(done)
        (axes,) = figure.axes
        curve = axes.lines[0]
        # Scores of trackers 1 - k/195, k < 9, the miss at 0.154; the false alarm, number 39, at 0.8.
        x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
        assert (x[0], y[0]) == (1e-4, 0.9)
        assert x[-1] == 0.1
        assert y[-1] == pytest.approx(1.0)
        points = [tuple(line.get_xydata()[0]) for line in axes.lines[1:]]
        assert points == [(1e-4, 0.0), (pytest.approx(1 / 30), 0.9)]
        assert {"dots", "tiny rule", "block none"} <= set(texts(figure))
        assert "Beyond the frame: block all 100%, finds 100%" in texts(figure)

    def test_tpr(self, done: list[Evaluation]) -> None:
        shown = texts(tpr_figure(comparison(done)))
        assert [text for text in shown if text.startswith("90.0%")] != []
        assert "always has 3.3% false positives" in shown
        assert "finds none" in shown

    def test_scores(self, done: list[Evaluation]) -> None:
        shown = texts(score_figure(done[3]))
        assert "open tracker: 10 references, 90.0% flagged" in shown
        assert "content: 25 references, 0% flagged" in shown
        assert "spacer: 5 references, 20.0% flagged" in shown

    def test_audit(self, found: Audit) -> None:
        figure = audit_figure(found)
        assert "2024-05" in texts(figure)
        assert texts(audit_figure(audit([], Dots()))) == {"no mail has a readable date"}

    def test_mathematics_in_names_is_text(self, done: list[Evaluation]) -> None:
        table = comparison(done).assign(name=["$\\frac{$", "$x$", "<b>", "a" * 80])
        shown = texts(tpr_figure(table))
        assert {"$\\frac{$", "$x$"} <= shown
        assert "a" * 33 + "…" in shown
        assert svg(tpr_figure(table)).startswith("<?xml")  # "$\\frac{$" read as mathematics is an error

    def test_names_tell_equal_detectors_apart(self) -> None:
        table = pd.DataFrame({"name": ["a", "a", "b"], "vantage": ["url", "", "url"]})
        assert detector_names(table) == ["a (url)", "a", "b"]
