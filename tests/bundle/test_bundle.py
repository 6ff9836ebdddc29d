"""Tests of tkit.bundle.bundle: margins, scores, verdicts and contributions worked out by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_bundle import (
    BY_HAND,
    CARD,
    FACTS,
    FEATURES,
    PATH,
    QUERY,
    THREE,
    THREE_INDIVIDUAL_MARGINS,
    THREE_MARGINS,
    THREE_VERDICTS,
    TREE,
    Fitted,
    made,
    url_rows,
)

from tkit.bundle import QUESTIONS, UNIT, Bundle, Trained, default_bundle
from tkit.bundle.learnt import LinearSum, TreeSum
from tkit.errors import TkitError


def test_margins_scores_and_verdicts_by_hand() -> None:
    bundle = made()
    margins = bundle.margins(THREE)
    assert margins.dtype == np.int64
    assert margins.tolist() == THREE_MARGINS
    assert bundle.scores(THREE) == pytest.approx([1 / (1 + math.exp(-m)) for m in (-0.375, 0.375, 1.125)])
    assert (bundle.tracker.threshold, bundle.threshold_score) == (0, 0.5)
    assert bundle.flagged(THREE).tolist() == [False, True, True]
    assert bundle.verdicts(THREE).tolist() == THREE_VERDICTS
    assert (bundle.name, bundle.vantage) == ("made by hand", "url")


def test_the_second_question_by_hand() -> None:
    bundle = made()
    margins = bundle.margins(THREE, "individual")
    assert margins.dtype == np.int64
    assert margins.tolist() == THREE_INDIVIDUAL_MARGINS
    assert bundle.scores(THREE, "individual") == pytest.approx([1 / (1 + math.exp(-m)) for m in (0.75, -0.5, 0.75)])
    assert (bundle.individual.threshold, bundle.individual.threshold_score) == (0, 0.5)
    assert (bundle.tracker.chosen, bundle.individual.chosen) == ("by hand", "as one pleases")
    assert bundle.output("tracker") is bundle.tracker
    assert bundle.output("individual") is bundle.individual
    # Short path: no tracker; short query: not individual.
    assert bundle.verdicts(url_rows(path_length=[10, 10], query_length=[3, 4])).tolist() == ["clean", "personalised"]


def test_both_models_see_the_same() -> None:
    other = Fitted(BY_HAND)
    other.vantage = "element"
    with pytest.raises(TkitError, match="models of the vantage points url and element: train both at the same one"):
        Bundle.from_models(Trained(Fitted(BY_HAND), 0.5, "by hand"), Trained(other, 0.5, "by hand"), **FACTS)


def test_contributions_by_hand() -> None:
    """The inner node is worth (10 * 1/4 + 20 * 1) / 30 = 3/4, the root (30 * 3/4 - 30 * 1/2) / 60 = 1/8."""
    bundle = made()
    assert bundle.tracker.model.expected == 16384  # 1/8 and the intercept's 1/8
    table = bundle.contributions(THREE.set_axis([5, 6, 7]))
    assert table.index.tolist() == [5, 6, 7]
    assert table.columns.tolist() == FEATURES
    assert table["path_length"].tolist() == [-40960, 40960, 40960]  # -1/2 - 1/8, 3/4 - 1/8
    assert table["query_length"].tolist() == [0, -32768, 16384]  # 1/4 - 3/4, 1 - 3/4
    assert (table.sum(axis=1) + bundle.tracker.model.expected).tolist() == THREE_MARGINS


def test_contributions_to_the_second_question_by_hand() -> None:
    """The root is worth (1/2 - 3/4) / 2 = -1/8."""
    bundle = made()
    assert bundle.individual.model.expected == 8192  # -1/8 and the intercept's 1/4
    table = bundle.contributions(THREE, "individual")
    assert table["query_length"].tolist() == [40960, -40960, 40960]  # 1/2 + 1/8, -3/4 + 1/8
    assert not table.drop(columns="query_length").to_numpy().any()
    assert (table.sum(axis=1) + bundle.individual.model.expected).tolist() == THREE_INDIVIDUAL_MARGINS


def test_identity_link_gives_margins_as_probabilities() -> None:
    bundle = made(TreeSum("identity", 0.25, [TREE]))
    assert bundle.scores(THREE).tolist() == [0.0, 0.5, 1.0]  # -0.25 and 1.25 are cut off
    assert bundle.tracker.threshold == UNIT // 2


def test_linear_terms_by_hand() -> None:
    weight, mean, scale = np.zeros(len(FEATURES)), np.zeros(len(FEATURES)), np.ones(len(FEATURES))
    weight[PATH], mean[PATH], scale[PATH] = 3.0, math.log(2), 2.0
    weight[QUERY] = -1.0
    bundle = made(LinearSum(0.5, mean, scale, weight), replay=THREE)
    rows = url_rows(path_length=[1, -1, 3], query_length=[0, 0, 1])
    # log(1 + 1) is the mean; sign(-1) * log(1 + 1) is two of them off; log(4) is one off, and log(2) away.
    expected = [0.5, 0.5 - 3 * math.log(2), 0.5 + 1.5 * math.log(2) - math.log(2)]
    assert bundle.margins(rows).tolist() == [round(value * UNIT) for value in expected]
    assert bundle.tracker.model.expected == 32768
    table = bundle.contributions(rows)
    assert table["query_length"].tolist() == [0, 0, round(-math.log(2) * UNIT)]
    assert (table.sum(axis=1) + bundle.tracker.model.expected).tolist() == bundle.margins(rows).tolist()


def test_no_rows_and_many_rows() -> None:
    bundle = made()
    none = THREE[:0]
    for question in QUESTIONS:
        assert bundle.margins(none, question).shape == bundle.scores(none, question).shape == (0,)
        assert bundle.contributions(none, question).shape == (0, len(FEATURES))
    assert bundle.verdicts(none).shape == bundle.flagged(none).shape == (0,)
    many = pd.concat([THREE] * 20_000, ignore_index=True)
    assert bundle.margins(many).tolist() == THREE_MARGINS * 20_000
    assert bundle.contributions(many).iloc[-3:].to_numpy().tolist() == bundle.contributions(THREE).to_numpy().tolist()


def test_features_are_checked() -> None:
    with pytest.raises(TkitError, match="made by hand: rows have no column path_length"):
        made().scores(THREE.drop(columns="path_length"))
    with pytest.raises(TkitError, match="made by hand: path_length is nan in row 1"):
        made().contributions(THREE.assign(path_length=[1, np.nan, 1]))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"training_sha256": "0123"}, "training_sha256 '0123': give 64 hexadecimal digits"),
        ({"date": "2026-02-30"}, "date '2026-02-30': give a day as YYYY-MM-DD"),
        ({"date": "20261123"}, "date '20261123'"),
        ({"chosen": " "}, "how the tracker threshold was chosen is empty: give a text"),
        ({"replay": THREE[:0]}, "vectors.jsonl: 0 rows: give from 1 to 10000"),
        ({"replay": THREE.drop(columns="https")}, "vectors.jsonl: rows have no column https"),
        ({"card": CARD | {"limits": "\n"}}, "CARD.md: sections without text: limits; unknown: none"),
        ({"card": CARD | {"fame": "great"}}, "sections without text: none; unknown: fame"),
        ({"card": {}}, "sections without text: purpose, data, figures, command, limits, use, licence"),
    ],
)
def test_facts_are_checked(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TkitError, match=message):
        made(**changed)


def test_default_bundle_is_the_packages_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tkit.bundle.bundle.resources.files", {"tkit": tmp_path}.__getitem__)
    with pytest.raises(TkitError, match="no default bundle for the vantage point 'url': install a released"):
        default_bundle("url")
    made().save(tmp_path / "default" / "url")
    assert default_bundle("url").margins(THREE).tolist() == THREE_MARGINS
    with pytest.raises(TkitError, match="no vantage point 'server': take one of url, element, message"):
        default_bundle("server")
