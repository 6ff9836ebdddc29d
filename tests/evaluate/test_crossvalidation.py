import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from made_labelled import Mean, Rule, halves, make

from tkit.arrays import Floats, Ints
from tkit.errors import TkitError
from tkit.evaluate import CrossValidated, Evaluation, Trial, cross_validated_scores, run_trials, training_weight
from tkit.labels import INDIVIDUAL, TRACKER, Target
from tkit.splits import Split, cross_validation


class TestTrainingWeight:
    def test_members_of_a_cluster_share_one_weight(self) -> None:
        rows = make(
            "TTTTTPC",
            source=["gold", "member", "member", "member", "member", "member", "gold"],
            cluster=[7, 7, 7, 7, 8, 7, 9],
            confidence=[3, 3, 3, 3, 3, 3, 1],
        )
        # Cluster 7 has four members: a personalised picture is one too.
        assert training_weight(rows) == pytest.approx([1, 1 / 4, 1 / 4, 1 / 4, 1, 1 / 4, 0])
        assert training_weight(rows, member_weight=2.0) == pytest.approx([1, 1 / 2, 1 / 2, 1 / 2, 1, 1 / 2, 0])
        assert training_weight(rows, member_weight=9.0) == pytest.approx([1, 1, 1, 1, 1, 1, 0])

    @pytest.mark.parametrize("target", [TRACKER, INDIVIDUAL])
    def test_either_question_is_learnt_from_personalised_pictures(self, target: Target) -> None:
        assert training_weight(make("TPCSU", confidence=[3, 2, 2, 3, 3]), target=target).tolist() == [1, 1, 1, 1, 0]
        assert training_weight(make("TPCSU", confidence=1), target=target).tolist() == [0, 0, 0, 0, 0]

    def test_members_need_their_cluster(self) -> None:
        with pytest.raises(TkitError, match="member rows have no column cluster"):
            training_weight(make("TC", source=["gold", "member"]))

    def test_without_members(self) -> None:
        assert training_weight(make("TCU")).tolist() == [1.0, 1.0, 0.0]


class Constant:
    name = "constant"
    vantage = "url"

    def __init__(self, score: float, length: int) -> None:
        self.score, self.length = score, length

    def scores(self, rows: pd.DataFrame) -> Floats:
        return np.full(self.length, self.score)


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
        with pytest.raises(TkitError, match=r"constant, first: scores of shape .* give one probability per row"):
            cross_validated_scores(lambda: Constant(score, length), self.ROWS, halves(8))

    def test_no_row_is_tested_twice(self) -> None:
        with pytest.raises(TkitError, match="first tests rows that an earlier split tested"):
            cross_validated_scores(Rule, self.ROWS, halves(8)[:1] * 2)

    def test_training_needs_both_classes(self) -> None:
        with pytest.raises(TkitError, match="training of mean, second: 2 trackers and 0 negatives"):
            cross_validated_scores(Mean, make("TTTC", x=1), halves(4)[1:])


def tried(factory: type, rows: pd.DataFrame, splits: Sequence[Split], groups: Ints, budget: float) -> CrossValidated:
    (found,) = run_trials([Trial(factory, splits, groups)], rows, budget)
    return found


class TestThresholds:
    # x tells how sure: of the rows with x = 3 all are trackers, with x = 2 two of three, with x = 1 none.
    LABELS = "TTTTTCCCC" * 12
    ROWS = make(LABELS, x=[3, 3, 3, 2, 2, 2, 1, 1, 1] * 12)

    def test_threshold_from_the_training_part_alone(self) -> None:
        groups = np.arange(len(self.ROWS)) // 9
        splits = cross_validation(self.ROWS, groups, 3, seed=0)
        strict = tried(Mean, self.ROWS, splits, groups, 0.0)
        loose = tried(Mean, self.ROWS, splits, groups, 0.25)
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
        one = tried(Mean, self.ROWS, split, groups, 0.1)
        two = tried(Mean, turned, split, groups, 0.1)
        assert np.array_equal(one.score, two.score, equal_nan=True)
        assert np.array_equal(one.threshold, two.threshold, equal_nan=True)
        assert np.isnan(one.threshold[:54]).all()
        assert one.threshold[54:] == pytest.approx(np.full(54, 5 / 6))

    def test_a_rule_keeps_its_verdict(self) -> None:
        groups = np.arange(108) // 9
        splits = cross_validation(self.ROWS, groups, 3, seed=0)
        found = tried(Rule, self.ROWS, splits, groups, 0.0)
        assert (found.threshold == 0.5).all()
        assert (found.score == np.tile([1, 1, 1, 1, 1, 1, 0, 0, 0], 12)).all()

    def test_a_model_needs_gold_rows_of_both_classes_to_choose_by(self) -> None:
        # The model learns negatives from members, which choose no threshold; 0.5 would be no choice of anybody's.
        rows = make("TTTTTTCCTC", source=["gold"] * 6 + ["member"] * 2 + ["gold"] * 2, cluster=0, x=[3, 2] * 5)
        split = Split("late", np.arange(10) < 8, np.arange(10) >= 8)
        with pytest.raises(TkitError, match="threshold of late on the gold rows of its training part: 6 trackers and 0 neg"):
            tried(Mean, rows, [split], np.arange(10), 0.1)


class TestRunTrials:
    ROWS = TestThresholds.ROWS
    GROUPS = np.arange(108) // 9

    def trial(self, factory: type) -> Trial:
        return Trial(factory, cross_validation(self.ROWS, self.GROUPS, 3, seed=0), self.GROUPS)

    def test_more_processes_change_nothing(self) -> None:
        trials = [self.trial(Mean), self.trial(Rule)]
        told: list[tuple[int, int]] = []
        one = run_trials(trials, self.ROWS, 0.25, inner_folds=2)
        two = run_trials(trials, self.ROWS, 0.25, inner_folds=2, workers=2, progress=lambda *step: told.append(step))
        for alone, together in zip(one, two, strict=True):
            assert np.array_equal(alone.score, together.score, equal_nan=True)
            assert np.array_equal(alone.threshold, together.threshold, equal_nan=True)
        # Two trials of three splits, each fitted once and twice inside.
        assert told == [(number, 18) for number in range(1, 19)]

    def test_a_budget_of_mails(self) -> None:
        # All negatives with x = 2 stand in one mail in four: a quarter of the mails, a quarter of the pictures; with
        # all in one mail of many it is a smaller share of mails.
        mails = [f"{number}" for number in range(108)]
        rows = self.ROWS.assign(message_sha256=mails)
        called_wrongly = ((rows["label"] == "C") & (rows["x"] == 2)).to_numpy()
        rows.loc[called_wrongly, "message_sha256"] = "one"
        splits = cross_validation(rows, self.GROUPS, 3, seed=0)
        # In each training part 24 pictures of 32 are of x = 1 and 8 of x = 2: 25 % of pictures, 1 mail of 25.
        (pictures,) = run_trials([Trial(Mean, splits, self.GROUPS)], rows, 0.05, inner_folds=2)
        (of_mails,) = run_trials([Trial(Mean, splits, self.GROUPS)], rows, 0.05, unit="mails", inner_folds=2)
        assert pictures.threshold == pytest.approx(np.full(108, 5 / 6))
        assert of_mails.threshold == pytest.approx(np.full(108, 1 / 3))

    def test_no_row_is_tested_twice(self) -> None:
        split = halves(108)[0]
        with pytest.raises(TkitError, match="first tests rows that an earlier split tested"):
            run_trials([Trial(Mean, [split, split], self.GROUPS)], self.ROWS, 0.1)
