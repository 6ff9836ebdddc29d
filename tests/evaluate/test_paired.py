import math

import numpy as np
import pytest
from made_labelled import array, make, truth

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, comparison, differences, paired_difference, tpr_at_fpr, weighted_base_rate


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
        for times in scored.draw.draws():
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


class TestDifferences:
    ROWS = TestComparison.ROWS

    def test_each_other_detector_at_its_own_false_alarms(self) -> None:
        best = Evaluation(self.ROWS, TestComparison.SCORED, "best", "message")
        rule = Evaluation(self.ROWS, TestComparison.RULE, "rule", "url")
        worse = Evaluation(self.ROWS, array(0.9, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1, 0.9), "worse", "url")
        silent, loud = (Evaluation(self.ROWS, fill(9), "none") for fill in (np.zeros, np.ones))
        table = differences(best, [rule, best, worse, silent, loud], fpr=0.25)
        assert table["against"].tolist() == ["rule", "worse"]
        assert table["fpr"].tolist() == [0.25, 0.25]
        # With one false alarm of four allowed best finds all four; the rule two, and worse one, for its others tie.
        assert table["difference"].tolist() == [0.5, 0.75]
        assert (table["difference_low"] <= table["difference"]).all()


def test_the_base_rate_is_that_of_the_strata() -> None:
    rows = make("TCP", stratum_weight=[1.0, 3.0, 100.0])
    assert weighted_base_rate(Evaluation(rows, array(0.9, 0.1, 0.9), "d")) == 0.25
    table = comparison([Evaluation(rows, array(0.9, 0.1, 0.9), "d")])
    assert table["base_rate"].tolist() == [0.25]
    assert comparison([Evaluation(rows, array(0.9, 0.1, 0.9), "d")], base_rate=0.5)["base_rate"].tolist() == [0.5]
