import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_labelled import array, make, truth
from sklearn.metrics import roc_auc_score

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, tpr_at_fpr


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
        for times in evaluation.draw.draws():
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


class TestUnits:
    # Four mails with good pictures: a lost two of three, the others none.
    ROWS = make("TTTTCCCCCC", message_sha256=[*"wxyz", "a", "a", "a", "b", "c", "d"])
    SCORE = array(0.9, 0.8, 0.55, 0.3, 0.6, 0.5, 0.1, 0.2, 0.1, 0.1)

    def test_the_rate_at_a_budget_of_mails(self) -> None:
        evaluation = Evaluation(self.ROWS, self.SCORE, "d")
        # One mail of four may lose pictures: mail a, whose two pictures of six are beyond a budget of a sixth.
        assert evaluation.tpr_at_fpr(0.25, unit="mails").value == 1.0
        assert evaluation.tpr_at_fpr(0.24, unit="mails").value == 0.5
        assert evaluation.tpr_at_fpr(1 / 6).value == 0.75
        assert evaluation.roc(unit="mails")["fpr"].tolist() == [0.0, 0.0, 0.0, 0.25, 0.25, 0.25, 0.5, 1.0]

    def test_strata_are_no_mails(self) -> None:
        with pytest.raises(TkitError, match="strata are of references, not of mails"):
            Evaluation(self.ROWS, self.SCORE, "d").tpr_at_fpr(0.1, weighted=True, unit="mails")

    def test_area_of_mails(self) -> None:
        # The trackers at .9 and .8 come before the first mail, the other two before the second: of the unit square
        # the steps leave 1 - 1/4 (the half above 0.5 for the first quarter is lost).
        area = Evaluation(self.ROWS, self.SCORE, "d").partial_auc(max_fpr=1.0, unit="mails").value
        assert area == pytest.approx(0.5 * 0.25 + 1.0 * 0.75)


class TestMoreIntervals:
    def test_a_mail_without_sender_is_a_cluster_of_its_own(self) -> None:
        rows = make("TTTTTTCCCCCC", sender_key="")
        score = np.tile([0.9, 0.1], 6)
        unknown = Evaluation(rows, score, "d", cluster="sender_key").rates()
        assert unknown == Evaluation(rows, score, "d", cluster="component").rates()
        assert unknown.tpr.low < unknown.tpr.value

    def test_every_tracker_found_at_a_budget_reaches_down_by_the_rule_of_three(self) -> None:
        rows = make("T" * 30 + "C" * 30, component=[*np.arange(30) // 3, *range(100, 130)])
        perfect = Evaluation(rows, np.repeat([0.9, 0.1], 30), "d")
        assert perfect.tpr_at_fpr(0.001) == pytest.approx((1.0, 0.7, 1.0))  # 3 over 10 components

    def test_precision_without_a_false_alarm(self) -> None:
        rows = make("T" * 10 + "C" * 30)
        score = np.repeat([0.9, 0.1, 0.1], [5, 5, 30])
        found = Evaluation(rows, score, "d").precision(0.2)
        # At best half of the trackers are found and 3/30 of the negatives called.
        assert found == pytest.approx((1.0, 0.2 * 0.5 / (0.2 * 0.5 + 0.8 * 0.1), 1.0))

    def test_the_area_is_resampled_exactly(self) -> None:
        rows = make("TTTTTTCCCCCC", component=[0, 0, 1, 1, 2, 3, 0, 1, 2, 2, 3, 3])
        score = array(0.9, 0.8, 0.7, 0.4, 0.4, 0.1, 0.1, 0.4, 0.85, 0.2, 0.4, 0.3)
        evaluation = Evaluation(rows, score, "d", resamples=250)
        component = rows["component"].to_numpy()
        expected = []
        for times in evaluation.draw.draws():
            drawn = np.repeat(np.arange(12), times[component].astype(int))
            tracker = truth("TTTTTTCCCCCC")[drawn]
            if 0 < tracker.sum() < len(drawn):
                expected.append(roc_auc_score(tracker, score[drawn], max_fpr=0.3))
        assert evaluation.partial_auc(0.3)[1:] == pytest.approx(np.quantile(expected, [0.025, 0.975]))

    def test_a_part_of_the_rows(self) -> None:
        rows = make("TTCCP")
        evaluation = Evaluation(rows, array(0.9, 0.1, 0.9, 0.1, 0.9), "d")
        part = evaluation.counted(np.array([True, False, False, True, True]))
        assert (part["trackers"], part["missed"], part["negatives"], part["false_alarms"]) == (1, 0, 1, 0)
        assert (part["tpr"], part["fpr"]) == (1.0, 0.0)
        nothing = evaluation.rates_where(np.array([True, True, False, False, False]))
        assert nothing.negatives == 0
        assert all(map(math.isnan, nothing.fpr))


class TestExplainedErrors:
    def test_reasons_are_asked_for_the_wrong_rows_alone(self) -> None:
        rows = make("TTCC")
        evaluation = Evaluation(rows, array(0.9, 0.2, 0.6, 0.1), "d")
        told = evaluation.errors(lambda wrong, called: [[*pair] for pair in zip(wrong["label"], map(str, called), strict=True)])
        assert told["reasons"].tolist() == [["T", "False"], ["C", "True"]]
        assert "near_1" not in told
        assert "reasons" not in evaluation.errors()
