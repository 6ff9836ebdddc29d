import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from made_labelled import array, truth

from tkit.errors import TkitError
from tkit.evaluate import choose_threshold, mail_units, roc_points, tpr_at_fpr, unit_rows

SCORES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=2, max_size=30)


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

    @given(SCORES, st.sampled_from([0.0, 0.2, 0.5, 1.0]))
    def test_calls_the_rows_that_the_budget_allows(self, rows: list[tuple[float, bool]], budget: float) -> None:
        score, tracker = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
        assume(tracker.any() and not tracker.all())
        called = score >= choose_threshold(score, tracker, budget)
        assert (called == (score >= tpr_at_fpr(score, tracker, budget).threshold)).all()


class TestMailUnits:
    # Mail a holds a tracker and two negatives, mail b one negative, mail c a tracker.
    TRACKER = truth("TCCCT")
    SCORE = array(0.9, 0.6, 0.5, 0.4, 0.45)
    MAILS = pd.Series(list("aaabc"))

    def test_of_each_mail_the_negative_that_scores_highest(self) -> None:
        assert mail_units(self.SCORE, self.TRACKER, self.MAILS).tolist() == [0, 1, 3, 4]

    def test_a_budget_of_mails_allows_all_pictures_of_one(self) -> None:
        picked = unit_rows("mails", self.SCORE, self.TRACKER, self.MAILS)
        # Calling mail a's pictures costs one mail of two, though two pictures of three.
        assert tpr_at_fpr(self.SCORE[picked], self.TRACKER[picked], 0.5) == (1.0, 0.5, 0.45)
        assert tpr_at_fpr(self.SCORE, self.TRACKER, 0.5) == (0.5, 0.0, 0.9)

    def test_a_budget_of_pictures_takes_every_row(self) -> None:
        assert unit_rows("pictures", self.SCORE, self.TRACKER, self.MAILS).tolist() == [0, 1, 2, 3, 4]

    def test_another_unit_is_refused(self) -> None:
        with pytest.raises(TkitError, match="budget of 'senders': take one of pictures, mails"):
            unit_rows("senders", self.SCORE, self.TRACKER, self.MAILS)  # type: ignore[arg-type]

    @given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans(), st.sampled_from("abc")), max_size=20))
    def test_a_mail_is_called_as_soon_as_any_of_its_negatives(self, rows: list[tuple[float, bool, str]]) -> None:
        score = np.array([score for score, _, _ in rows])
        tracker = np.array([tracker for _, tracker, _ in rows], dtype=bool)
        mails = pd.Series([mail for _, _, mail in rows], dtype="str")
        picked = mail_units(score, tracker, mails)
        negatives = picked[~tracker[picked]]
        expected = {mail: max(s for s, t, m in rows if m == mail and not t) for _, t, mail in rows if not t}
        assert dict(zip(mails[negatives], score[negatives], strict=True)) == expected
        assert set(np.flatnonzero(tracker)) <= set(picked)
