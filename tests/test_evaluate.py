import math
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tkit.errors import TkitError
from tkit.evaluate import (
    Evaluation,
    choose_threshold,
    comparison,
    cross_validated_scores,
    cross_validated_verdicts,
    headline,
    paired_difference,
    roc_points,
    tpr_at_fpr,
    training_weight,
)
from tkit.splits import Split, cross_validation

SCORES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=2, max_size=30)


def make(labels: str, **columns: Any) -> pd.DataFrame:
    """Rows of one label a letter, each in a mail and a component of its own."""
    n = len(labels)
    basis = {
        "message_sha256": [f"{number:064x}" for number in range(n)],
        "part": 0,
        "index": 0,
        "label": list(labels),
        "confidence": 3,
        "source": "gold",
        "component": range(n),
        "sender_key": [f"sender{number}.example.com" for number in range(n)],
        "stratum_weight": 1.0,
    }
    return pd.DataFrame(basis | columns, index=pd.RangeIndex(100, 100 + n))


def array(*values: float) -> NDArray[np.float64]:
    return np.array(values)


def truth(labels: str) -> NDArray[np.bool_]:
    return np.array([label == "T" for label in labels])


class TestTprAtFpr:
    # By falling score:  T .9 | C .8 | T .7, C .7 (tied) | T .6 | C .1
    SCORE = array(0.9, 0.8, 0.7, 0.7, 0.6, 0.1)
    TRACKER = truth("TCTCTC")

    @pytest.mark.parametrize(
        ("fpr", "expected"),
        [
            (0.0, (1 / 3, 0.0, 0.9)),
            (0.33, (1 / 3, 0.0, 0.9)),
            # One false alarm is allowed, but the tie at 0.7 would bring the second.
            (0.5, (1 / 3, 0.0, 0.9)),
            (2 / 3, (1.0, 2 / 3, 0.6)),
            (1.0, (1.0, 2 / 3, 0.6)),
        ],
    )
    def test_worked_out_by_hand(self, fpr: float, expected: tuple[float, float, float]) -> None:
        assert tpr_at_fpr(self.SCORE, self.TRACKER, fpr) == pytest.approx(expected)

    def test_a_rule_cannot_be_split(self) -> None:
        # The rule calls two of three trackers and one of four negatives.
        score, tracker = array(1, 1, 0, 1, 0, 0, 0), truth("TTTCCCC")
        assert tpr_at_fpr(score, tracker, 0.25) == pytest.approx((2 / 3, 0.25, 1.0))
        assert tpr_at_fpr(score, tracker, 0.24) == (0.0, 0.0, math.inf)

    def test_a_share_that_is_just_reached_counts(self) -> None:
        # 3 of 1000 negatives score with the tracker, each with a weight that sums inexactly.
        score, tracker = np.r_[np.ones(4), np.zeros(997)], np.r_[True, np.zeros(1000, dtype=bool)]
        assert tpr_at_fpr(score, tracker, 0.003).tpr == 1.0
        assert tpr_at_fpr(score, tracker, 0.003, weight=np.full(1001, 0.1)).tpr == 1.0
        assert tpr_at_fpr(score, tracker, 0.0029).tpr == 0.0

    def test_weights(self) -> None:
        point = tpr_at_fpr(array(0.9, 0.8, 0.7, 0.6), truth("TCTC"), 0.25, weight=array(1, 1, 3, 3))
        assert point == pytest.approx((1.0, 0.25, 0.7))

    @pytest.mark.parametrize(
        ("score", "labels", "fpr", "match"),
        [
            ((0.1, 0.2), "TT", 0.1, "2 trackers and 0 negatives"),
            ((0.1, 0.2), "CC", 0.1, "0 trackers and 2 negatives"),
            ((0.1, math.nan), "TC", 0.1, "1 scores are not finite, first in row 1"),
            ((math.inf, 0.1), "TC", 0.1, "not finite, first in row 0"),
            ((0.1,), "TC", 0.1, "1 scores for 2 labels"),
            ((0.1, 0.2), "TC", 1.5, "share from 0 to 1"),
            ((0.1, 0.2), "TC", math.nan, "share from 0 to 1"),
        ],
    )
    def test_refused(self, score: tuple[float, ...], labels: str, fpr: float, match: str) -> None:
        with pytest.raises(TkitError, match=match):
            tpr_at_fpr(array(*score), truth(labels), fpr)

    @settings(deadline=None)
    @given(SCORES, st.sampled_from([0.0, 0.1, 0.34, 0.5, 1.0]))
    def test_no_threshold_does_better(self, rows: list[tuple[float, bool]], fpr: float) -> None:
        score, tracker = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
        assume(tracker.any() and not tracker.all())
        tpr, achieved, threshold = tpr_at_fpr(score, tracker, fpr)
        called = score >= threshold
        assert called[tracker].mean() == pytest.approx(tpr)
        assert called[~tracker].mean() == pytest.approx(achieved)
        assert achieved <= fpr
        for other in score:
            if (score >= other)[~tracker].mean() <= fpr:
                assert (score >= other)[tracker].mean() <= tpr


def test_roc_points_from_nothing_to_everything() -> None:
    points = roc_points(array(0.9, 0.5, 0.5, 0.1), truth("TTCC"))
    assert points["threshold"].tolist() == [math.inf, 0.9, 0.5, 0.1]
    assert points["tpr"].tolist() == [0.0, 0.5, 1.0, 1.0]
    assert points["fpr"].tolist() == [0.0, 0.0, 0.5, 1.0]


class TestChooseThreshold:
    @pytest.mark.parametrize(
        ("score", "labels", "budget", "expected"),
        [
            ((0.9, 0.8, 0.4, 0.2), "TTCC", 0.0, 0.6),  # half way between 0.8 and 0.4
            ((0.9, 0.8, 0.4, 0.2), "TCTC", 0.0, 0.85),
            ((0.9, 0.8, 0.4, 0.2), "TCTC", 0.5, 0.3),
            ((0.9, 0.8, 0.4), "CTT", 1.0, 0.4),  # every row is called
            ((0.5, 0.5), "TC", 0.9, np.nextafter(0.5, 1)),  # none may be called
        ],
    )
    def test_worked_out_by_hand(self, score: tuple[float, ...], labels: str, budget: float, expected: float) -> None:
        assert choose_threshold(array(*score), truth(labels), budget) == pytest.approx(expected, abs=1e-12)

    def test_neighbouring_floats_stay_apart(self) -> None:
        low = 0.5
        high = float(np.nextafter(low, 1))
        assert choose_threshold(array(high, low), truth("TC"), 0.0) == high

    @settings(deadline=None)
    @given(SCORES, st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    def test_calls_the_rows_that_the_budget_allows(self, rows: list[tuple[float, bool]], budget: float) -> None:
        score, tracker = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
        assume(tracker.any() and not tracker.all())
        called = score >= choose_threshold(score, tracker, budget)
        assert (called == (score >= tpr_at_fpr(score, tracker, budget).threshold)).all()


def test_headline_rows() -> None:
    rows = make("TCSPUTC", confidence=[3, 2, 3, 3, 3, 1, 1])
    assert headline(rows).tolist() == [True, True, True, False, False, False, False]


class TestEvaluation:
    LABELS = "TTTTCCCSPPUTC"
    ROWS = make(
        LABELS,
        confidence=[3, 3, 2, 2, 3, 3, 2, 2, 3, 1, 1, 1, 1],
        # The first two negatives stand in one mail.
        message_sha256=["a", "b", "c", "d", "e", "e", "f", "g", "h", "i", "j", "k", "l"],
        stratum_weight=[1.0, 1.0, 1.0, 5.0, 2.0, 2.0, 1.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    )
    SCORE = array(0.9, 0.8, 0.7, 0.2, 0.6, 0.1, 0.1, 0.1, 0.9, 0.9, 0.0, 0.4, 0.9)

    def evaluation(self, **arguments: Any) -> Evaluation:
        return Evaluation(self.ROWS, self.SCORE, "scored", "url", **arguments)

    def test_headline_rates(self) -> None:
        rates = self.evaluation().rates()
        assert (rates.tpr.value, rates.fpr.value) == (0.75, 0.25)
        assert (rates.trackers, rates.missed, rates.negatives, rates.false_alarms) == (4, 1, 4, 1)
        assert 0.0 <= rates.tpr.low < 0.75 < rates.tpr.high <= 1.0

    def test_guessed_rows_on_request(self) -> None:
        rates = self.evaluation().rates(headline=False)
        assert (rates.tpr.value, rates.fpr.value) == (3 / 5, 2 / 5)

    def test_weighted_rates(self) -> None:
        rates = self.evaluation().rates(weighted=True)
        # Trackers weigh 1 1 1 5, of which the last is missed; negatives 2 2 1 5, the first called.
        assert (rates.tpr.value, rates.fpr.value) == (3 / 8, 2 / 10)
        assert (rates.missed, rates.false_alarms) == (1, 1)

    def test_a_threshold_of_its_own_for_each_row(self) -> None:
        limit = np.full(len(self.ROWS), 0.65)
        limit[3] = 0.15
        rates = self.evaluation(threshold=limit).rates()
        assert (rates.missed, rates.false_alarms) == (0, 0)

    def test_roc_and_rate_at_a_budget(self) -> None:
        evaluation = self.evaluation()
        assert evaluation.roc()["tpr"].tolist() == [0.0, 0.25, 0.5, 0.75, 0.75, 1.0, 1.0]
        assert evaluation.roc()["fpr"].tolist() == [0.0, 0.0, 0.0, 0.0, 0.25, 0.25, 1.0]
        assert evaluation.tpr_at_fpr(0.2).value == 0.75
        assert evaluation.tpr_at_fpr(0.25).value == 1.0
        assert evaluation.tpr_at_fpr(0.2, weighted=True).value == 1.0
        assert evaluation.tpr_at_fpr(0.19, weighted=True).value == 3 / 8

    def test_partial_area(self) -> None:
        # Up to FPR 0.25 the TPR is 0.75: area 0.1875 of at most 0.25, by chance 0.03125.
        expected = 0.5 * (1 + (0.1875 - 0.03125) / (0.25 - 0.03125))
        assert self.evaluation().partial_auc(max_fpr=0.2499999999).value == pytest.approx(expected)
        perfect = Evaluation(self.ROWS, (self.ROWS["label"] == "T").to_numpy() * 0.9, "perfect")
        assert perfect.partial_auc().value == 1.0

    def test_precision_follows_the_base_rate(self) -> None:
        evaluation = self.evaluation()
        assert evaluation.precision(0.5).value == 0.75
        assert evaluation.precision(0.1).value == pytest.approx(0.075 / (0.075 + 0.225))
        assert evaluation.precision(0.0).value == 0.0
        with pytest.raises(TkitError, match="base rate of 2"):
            evaluation.precision(2)
        assert math.isnan(self.evaluation(threshold=0.95).precision(0.5).value)

    def test_mails_with_a_false_alarm(self) -> None:
        # Mails e, f and g hold good pictures; one picture of e is called.
        assert self.evaluation().mail_false_alarms().value == pytest.approx(1 / 3)

    def test_what_is_left_out_is_counted_beside(self) -> None:
        assert self.evaluation().beside().to_numpy().tolist() == [
            ["C", 1, 1, 1],
            ["P", 1, 1, 1],
            ["P", 3, 1, 1],
            ["T", 1, 1, 0],
            ["U", 1, 1, 0],
        ]

    def test_errors_worst_first(self) -> None:
        errors = self.evaluation().errors()
        assert errors[["error", "message_sha256"]].to_numpy().tolist() == [
            ["miss", "d"],
            ["false alarm", "e"],
        ]
        assert errors["score"].tolist() == [0.2, 0.6]

    def test_members_are_dropped_whatever_their_score(self) -> None:
        rows = self.ROWS.assign(source=["member", *["gold"] * 12])
        score = self.SCORE.copy()
        score[0] = math.nan
        assert Evaluation(rows, score, "x").rates().trackers == 3

    @pytest.mark.parametrize(
        ("rows", "score", "arguments", "match"),
        [
            (make("TC").drop(columns="component"), (1, 0), {}, "d: rows have no column component"),
            (make("TC"), (1, 0), {"cluster": "provider"}, "d: rows have no column provider"),
            (make("TC", sender_key=["a", None]), (1, 0), {"cluster": "sender_key"}, "without sender_key"),
            (make("TC"), (1,), {}, "d: 1 scores, 1 thresholds, 2 rows"),
            (make("TC"), (1, 0), {"threshold": array(0.1, 0.2, 0.3)}, "2 scores, 3 thresholds"),
            (make("TC"), (1, math.nan), {}, "d: 1 gold rows without score or threshold"),
            (make("TC"), (1, 0), {"threshold": math.nan}, "d: 2 gold rows without score or threshold"),
            (make("TP"), (1, 0), {}, "d: 1 trackers and 0 negatives"),
            (make("TCC", confidence=[1, 3, 3]), (1, 0, 0), {}, "d: 0 trackers and 2 negatives"),
        ],
    )
    def test_refused(self, rows: pd.DataFrame, score: Any, arguments: dict[str, Any], match: str) -> None:
        with pytest.raises(TkitError, match=match):
            Evaluation(rows, array(*score), "d", **arguments)


class TestIntervals:
    def test_one_cluster_has_no_width(self) -> None:
        rows = make("TTCC", component=0)
        rates = Evaluation(rows, array(0.9, 0.1, 0.9, 0.1), "d").rates()
        assert rates.tpr == rates.fpr == (0.5, 0.5, 0.5)

    def test_independent_rows_give_the_binomial_width(self) -> None:
        # 100 of 200 trackers in clusters of one: the normal interval is 0.5 +- 1.96 sqrt(0.25 / 200).
        rows = make("T" * 200 + "C" * 200)
        rates = Evaluation(rows, np.tile([0.9, 0.1], 200), "d").rates()
        half = 1.96 * math.sqrt(0.25 / 200)
        assert rates.tpr == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=0.012)

    def test_copies_do_not_narrow_it(self) -> None:
        # Each row stands ten times: as components of their own the copies would pretend to be evidence.
        single = Evaluation(make("TC" * 20), np.tile([0.9, 0.1, 0.2, 0.9], 10), "d").rates().tpr
        score = np.repeat(np.tile([0.9, 0.1, 0.2, 0.9], 10), 10)
        copied = make("".join(letter * 10 for letter in "TC" * 20), component=np.arange(400) // 10)
        assert Evaluation(copied, score, "d").rates().tpr == pytest.approx(single)
        apart = Evaluation(copied.assign(component=range(400)), score, "d").rates().tpr
        assert apart.high - apart.low < 0.5 * (single.high - single.low)

    def test_the_column_to_draw_by(self) -> None:
        rows = make("TTCC" * 10, component=0)
        score = np.tile([0.9, 0.1, 0.9, 0.1], 10)
        by_sender = Evaluation(rows, score, "d", cluster="sender_key").rates().tpr
        assert by_sender.low < 0.5 < by_sender.high

    def test_rule_of_three_counts_clusters(self) -> None:
        # 40 negatives in 10 clusters without a false alarm, 5 trackers in clusters of their own all found.
        rows = make("C" * 40 + "T" * 5, component=[*(np.arange(40) // 4), *range(50, 55)])
        rates = Evaluation(rows, (rows["label"] == "T").to_numpy(dtype=float), "d").rates()
        assert rates.fpr == (0.0, 0.0, 0.3)
        assert rates.tpr == pytest.approx((1.0, 0.4, 1.0))

    def test_the_rate_at_a_budget_is_resampled_exactly(self) -> None:
        # Recomputed resample by resample from repeated rows.
        rows = make("TTTTTTCCCCCC", component=[0, 0, 1, 1, 2, 3, 0, 1, 2, 2, 3, 3])
        score = array(0.9, 0.8, 0.7, 0.4, 0.4, 0.1, 0.1, 0.4, 0.85, 0.2, 0.4, 0.3)
        evaluation = Evaluation(rows, score, "d", resamples=250)
        expected = []
        component = rows["component"].to_numpy()
        for times in np.concatenate(list(evaluation.draw.draws())):
            drawn = np.repeat(np.arange(12), times[component].astype(int))
            tracker = truth("TTTTTTCCCCCC")[drawn]
            if 0 < tracker.sum() < len(drawn):
                expected.append(tpr_at_fpr(score[drawn], tracker, 0.3).tpr)
        found = evaluation.tpr_at_fpr(0.3)
        assert found[1:] == pytest.approx(np.quantile(expected, [0.025, 0.975]))

    def test_the_seed_is_all_the_chance_there_is(self) -> None:
        rows, score = make("TC" * 30), np.tile([0.9, 0.4, 0.3, 0.6, 0.8], 12)
        assert Evaluation(rows, score, "d", seed=1).rates() == Evaluation(rows, score, "d", seed=1).rates()
        low = {Evaluation(rows, score, "d", seed=seed, resamples=101).tpr_at_fpr(0.1) for seed in range(5)}
        assert len(low) > 1


class TestComparison:
    ROWS = make("TTTTCCCCP")
    SCORED = array(0.9, 0.8, 0.7, 0.2, 0.6, 0.1, 0.1, 0.1, 0.9)
    RULE = array(1, 1, 0, 0, 1, 0, 0, 0, 0)

    def test_one_row_a_detector(self) -> None:
        table = comparison(
            [
                Evaluation(self.ROWS, self.SCORED, "scored", "message"),
                Evaluation(self.ROWS, self.RULE, "rule", "url"),
                Evaluation(self.ROWS, np.ones(9), "block all"),
                Evaluation(self.ROWS, np.zeros(9), "block none"),
            ]
        ).set_index("name")
        assert table["is_rule"].tolist() == [False, True, True, True]
        assert table["vantage"].tolist() == ["message", "url", "", ""]
        assert table["tpr"].tolist() == [0.75, 0.5, 1.0, 0.0]
        assert table["fpr"].tolist() == [0.25, 0.25, 1.0, 0.0]
        assert table["missed"].tolist() == [1, 2, 0, 4]
        assert table["false_alarms"].tolist() == [1, 1, 4, 0]
        assert table["mail_false_alarms"].tolist() == [0.25, 0.25, 1.0, 0.0]
        assert table["personalised"].tolist() == [1, 1, 1, 1]
        assert table["personalised_called"].tolist() == [1, 0, 1, 0]
        assert table.loc["scored", "tpr_at_fpr_0.01"] == 0.75
        assert table["tpr_at_fpr_0.01"].isna().tolist() == [False, True, True, True]
        assert table["partial_auc"].isna().tolist() == [False, True, True, True]
        # 3 / 4 clusters: the rule of three on four negatives.
        assert table.loc["block none", "fpr_high"] == 0.75
        assert table.loc["block all", "fpr_low"] == 0.25

    def test_a_rule_without_false_alarms_attains_every_budget(self) -> None:
        rule = Evaluation(self.ROWS, array(1, 0, 0, 0, 0, 0, 0, 0, 0), "rule")
        assert rule.tpr_at_fpr(0.001).value == 0.25

    def test_other_rows_are_refused(self) -> None:
        one = Evaluation(self.ROWS, self.SCORED, "one")
        two = Evaluation(self.ROWS.iloc[:8], self.SCORED[:8], "two")
        with pytest.raises(TkitError, match="two and one were tested on different rows"):
            comparison([one, two])
        with pytest.raises(TkitError, match="one and two were tested on different rows"):
            paired_difference(one, two, 0.01)


class TestPairedDifference:
    ROWS = make("TC" * 40)
    GOOD = np.tile([0.9, 0.1], 40)
    # Every fourth tracker scores below every negative.
    WORSE = np.tile([0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.05, 0.1], 10)

    def test_against_itself_there_is_none(self) -> None:
        one = Evaluation(self.ROWS, self.WORSE, "one")
        assert paired_difference(one, one, 0.1) == (0.0, 0.0, 0.0)
        assert paired_difference(one, one) == (0.0, 0.0, 0.0)

    def test_sign_and_size(self) -> None:
        good, worse = Evaluation(self.ROWS, self.GOOD, "good"), Evaluation(self.ROWS, self.WORSE, "worse")
        better = paired_difference(good, worse, 0.01)
        assert better.value == pytest.approx(0.25)
        assert 0.05 < better.low < 0.25 < better.high < 0.5
        other = paired_difference(worse, good, 0.01)
        assert other == pytest.approx((-better.value, -better.high, -better.low))

    def test_against_a_rule_at_its_own_false_alarms(self) -> None:
        # The rule finds half of the trackers with 4 of 40 negatives; at that rate `good` finds all.
        called = np.tile([1.0, 0.0, 0.0, 0.0], 20)
        called[[1, 11, 21, 31]] = 1.0
        good, rule = Evaluation(self.ROWS, self.GOOD, "good"), Evaluation(self.ROWS, called, "rule")
        better = paired_difference(good, rule)
        assert better.value == 0.5
        assert 0.25 < better.low < 0.5 < better.high < 0.75
        assert all(map(math.isnan, paired_difference(good, rule, 0.01)))

    def test_each_resample_has_the_false_alarms_of_its_own_rule(self) -> None:
        # Recomputed resample by resample from repeated rows, beyond one chunk of resamples.
        component = np.array([0, 0, 1, 1, 2, 3, 0, 1, 2, 2, 3, 3])
        rows, tracker = make("TTTTTTCCCCCC", component=component), truth("TTTTTTCCCCCC")
        score = array(0.9, 0.8, 0.7, 0.4, 0.4, 0.1, 0.1, 0.4, 0.85, 0.2, 0.4, 0.3)
        called = array(1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0)
        scored, rule = (Evaluation(rows, s, "d", resamples=250) for s in (score, called))
        expected = []
        for times in np.concatenate(list(scored.draw.draws())):
            drawn = np.repeat(np.arange(12), times[component].astype(int))
            truly, verdict = tracker[drawn], called[drawn] > 0
            if 0 < truly.sum() < len(drawn):
                found = tpr_at_fpr(score[drawn], truly, float(verdict[~truly].mean())).tpr
                expected.append(found - verdict[truly].mean())
        assert paired_difference(scored, rule)[1:] == pytest.approx(np.quantile(expected, [0.025, 0.975]))

    def test_resampled_alike(self) -> None:
        one, two = Evaluation(self.ROWS, self.GOOD, "one"), Evaluation(self.ROWS, self.GOOD, "two", seed=1)
        with pytest.raises(TkitError, match="one, two: resampled differently"):
            paired_difference(one, two, 0.01)


class TestTrainingWeight:
    def test_members_of_a_cluster_share_one_weight(self) -> None:
        rows = make(
            "TTTTTPC",
            source=["gold", "member", "member", "member", "member", "member", "gold"],
            cluster=[7, 7, 7, 7, 8, 7, 9],
            confidence=[3, 3, 3, 3, 3, 3, 1],
        )
        third = 1 / 3
        assert training_weight(rows) == pytest.approx([1, third, third, third, 1, 0, 0])
        assert training_weight(rows, member_weight=2.0) == pytest.approx([1, 2 / 3, 2 / 3, 2 / 3, 1, 0, 0])
        assert training_weight(rows, member_weight=9.0) == pytest.approx([1, 1, 1, 1, 1, 0, 0])

    def test_members_need_their_cluster(self) -> None:
        with pytest.raises(TkitError, match="member rows have no column cluster"):
            training_weight(make("TC", source=["gold", "member"]))

    def test_without_members(self) -> None:
        assert training_weight(make("TCU")).tolist() == [1.0, 1.0, 0.0]


class Mean:
    """A trainable detector of one feature: the weighted share of trackers among rows of equal ``x``."""

    name = "mean"
    vantage = "url"

    def __init__(self, fitted: list[list[int]] | None = None) -> None:
        self.fitted = [] if fitted is None else fitted

    def fit(self, rows: pd.DataFrame, tracker: NDArray[np.bool_], weight: NDArray[np.float64]) -> Self:
        self.fitted.append(rows["x"].index.tolist())
        frame = pd.DataFrame({"x": rows["x"], "hit": tracker * weight, "all": weight}).groupby("x").sum()
        self.share_ = (frame["hit"] / frame["all"]).to_dict()
        return self

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.array([self.share_.get(x, 0.5) for x in rows["x"]])


class Rule:
    name = "rule"
    vantage = "url"

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return (rows["x"].to_numpy() > 1).astype(np.float64)


class Constant:
    name = "constant"
    vantage = "url"

    def __init__(self, score: float, length: int) -> None:
        self.score, self.length = score, length

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.full(self.length, self.score)


def halves(n: int) -> list[Split]:
    first = np.arange(n) < n // 2
    return [Split("first", ~first, first), Split("second", first, ~first)]


class TestCrossValidatedScores:
    ROWS = make("TTCCTTCU", x=[1, 2, 2, 1, 1, 2, 2, 1])

    def test_each_half_is_scored_by_the_other(self) -> None:
        # Learnt on the second half: x = 1 is a tracker, x = 2 in one of two; U is not trained on.
        # Learnt on the first half: both values in one of two.
        steps: list[tuple[int, int]] = []
        score = cross_validated_scores(Mean, self.ROWS, halves(8), lambda done, of: steps.append((done, of)))
        assert score.tolist() == [1.0, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 0.5]
        assert steps == [(1, 2), (2, 2)]

    def test_a_new_detector_for_each_split_sees_training_rows_only(self) -> None:
        fitted: list[list[int]] = []
        cross_validated_scores(lambda: Mean(fitted), self.ROWS, halves(8))
        assert fitted == [[104, 105, 106], [100, 101, 102, 103]]

    def test_members_train_with_their_share(self) -> None:
        # Row 0 is tested; a gold T (1) and two member negatives of one cluster (together 0.5) train it.
        rows = make("TTCC", x=1, source=["gold", "gold", "member", "member"], cluster=[0, 1, 2, 2])
        split = Split("one", np.array([False, True, True, True]), np.array([True, False, False, False]))
        score = cross_validated_scores(Mean, rows, [split], member_weight=0.5)
        assert score[0] == pytest.approx(1 / 1.5)
        assert np.isnan(score[1:]).all()

    def test_a_rule_is_only_asked(self) -> None:
        assert cross_validated_scores(Rule, self.ROWS, halves(8)).tolist() == [0, 1, 1, 0, 0, 1, 1, 0]

    @pytest.mark.parametrize(("score", "length"), [(1.5, 4), (-0.1, 4), (math.nan, 4), (0.5, 3)])
    def test_scores_must_be_probabilities(self, score: float, length: int) -> None:
        with pytest.raises(TkitError, match=r"constant, first: scores of shape .* give one probability a row"):
            cross_validated_scores(lambda: Constant(score, length), self.ROWS, halves(8))

    def test_no_row_is_tested_twice(self) -> None:
        with pytest.raises(TkitError, match="first tests rows that an earlier split tested"):
            cross_validated_scores(Rule, self.ROWS, halves(8)[:1] * 2)

    def test_training_needs_both_classes(self) -> None:
        with pytest.raises(TkitError, match="training of mean, second: 2 trackers and 0 negatives"):
            cross_validated_scores(Mean, make("TTTC", x=1), halves(4)[1:])


class TestCrossValidatedVerdicts:
    # x tells how sure: of the rows with x = 3 all are trackers, with x = 2 two of three, with x = 1 none.
    LABELS = "TTTTTCCCC" * 12
    ROWS = make(LABELS, x=[3, 3, 3, 2, 2, 2, 1, 1, 1] * 12)

    def test_threshold_from_the_training_part_alone(self) -> None:
        groups = np.arange(len(self.ROWS)) // 9
        splits = cross_validation(self.ROWS, groups, 3, seed=0)
        strict = cross_validated_verdicts(Mean, self.ROWS, splits, groups, 0.0)
        loose = cross_validated_verdicts(Mean, self.ROWS, splits, groups, 0.25)
        # Every block of nine rows is alike, so every model scores 1, 2/3 and 0.
        assert strict.score == pytest.approx(np.tile([1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 0, 0, 0], 12))
        assert strict.threshold == pytest.approx(np.full(108, 5 / 6))
        assert loose.threshold == pytest.approx(np.full(108, 1 / 3))
        assert Evaluation(self.ROWS, strict.score, "d", threshold=strict.threshold).rates().tpr.value == 0.6
        rates = Evaluation(self.ROWS, loose.score, "d", threshold=loose.threshold).rates()
        assert (rates.tpr.value, rates.fpr.value) == (1.0, 0.25)

    def test_the_tested_rows_have_no_say(self) -> None:
        # The labels of the tested half are turned round: neither its scores nor its threshold change.
        groups = np.arange(108) // 9
        split = [Split("late", np.arange(108) < 54, np.arange(108) >= 54)]
        turned = self.ROWS.copy()
        turned.loc[154:, "label"] = ["C" if label == "T" else "T" for label in self.LABELS[54:]]
        one = cross_validated_verdicts(Mean, self.ROWS, split, groups, 0.1)
        two = cross_validated_verdicts(Mean, turned, split, groups, 0.1)
        assert np.array_equal(one.score, two.score, equal_nan=True)
        assert np.array_equal(one.threshold, two.threshold, equal_nan=True)
        assert np.isnan(one.threshold[:54]).all()
        assert one.threshold[54:] == pytest.approx(np.full(54, 5 / 6))

    def test_a_rule_keeps_its_verdict(self) -> None:
        groups = np.arange(108) // 9
        splits = cross_validation(self.ROWS, groups, 3, seed=0)
        found = cross_validated_verdicts(Rule, self.ROWS, splits, groups, 0.0)
        assert (found.threshold == 0.5).all()
        assert (found.score == np.tile([1, 1, 1, 1, 1, 1, 0, 0, 0], 12)).all()
