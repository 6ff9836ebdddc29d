from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from made_labelled import Mean, make

from tkit.evaluate import Trial, run_trials
from tkit.evaluate.inside import blocks, inner_fits
from tkit.splits import Split, cross_validation

ROWS = make("TC" * 60, x=[1, 0] * 60)
GROUPS = np.arange(120) // 4
MEMBERS = ROWS.assign(source=np.where(np.arange(120) % 4 == 3, "member", "gold"), cluster=GROUPS)


@pytest.mark.parametrize("count", [7, 8, 9, 10, 13, 14, 31, 50, 57])
def test_any_two_folds_stand_in_one_block(count: int) -> None:
    pairs = [pair for block in blocks(count) for pair in combinations(block, 2)]
    assert sorted(pairs) == sorted(combinations(range(count), 2))


def test_ten_folds_make_twelve_blocks_of_three_or_four() -> None:
    sizes = [len(block) for block in blocks(10)]
    assert sorted(sizes) == [3] * 9 + [4] * 3


@pytest.mark.parametrize("count", [0, 1, 6, 58])
def test_too_few_or_too_many_folds_make_no_blocks(count: int) -> None:
    assert blocks(count) == []


@pytest.mark.parametrize("rows", [ROWS, MEMBERS])
@pytest.mark.parametrize("folds", [3, 7, 10])
def test_a_fit_learns_from_no_group_that_it_scores_or_that_its_splits_test(rows: pd.DataFrame, folds: int) -> None:
    splits = cross_validation(rows, GROUPS, folds, seed=0)
    for inner in inner_fits(splits, rows, GROUPS, 3, 0):
        learnt = set(GROUPS[inner.split.train])
        assert learnt
        for held in (inner.split, *(splits[outer] for outer in inner.outer)):
            assert not learnt & set(GROUPS[held.test])


@pytest.mark.parametrize("folds", [3, 7, 10])
def test_each_training_side_is_scored_once(folds: int) -> None:
    splits = cross_validation(MEMBERS, GROUPS, folds, seed=0)
    times = np.zeros((folds, 120), dtype=int)
    for inner in inner_fits(splits, MEMBERS, GROUPS, 3, 0):
        for outer in inner.outer:
            times[outer] += inner.validates(splits[outer])
    gold = (MEMBERS["source"] == "gold").to_numpy()
    assert np.array_equal(times, [split.train & gold for split in splits])


def test_how_many_fits() -> None:
    # Ten folds share twelve; three folds have three each; so have ten that learn from a part of their training sides.
    ten, three = (cross_validation(ROWS, GROUPS, folds, seed=0) for folds in (10, 3))
    parts = [Split(split.name, split.train & (GROUPS % 2 == 0), split.test) for split in ten]
    assert [len(inner_fits(splits, ROWS, GROUPS, 3, 0)) for splits in (ten, three, parts)] == [12, 9, 30]


def test_the_labels_of_a_fold_have_no_say_in_its_own_threshold() -> None:
    # x is a guess that is wrong in every tenth group, so that shares, and thresholds, depend on what was learnt.
    rows = ROWS.assign(x=np.where(GROUPS % 10 == 0, 1 - ROWS["x"], ROWS["x"]))
    splits = cross_validation(rows, GROUPS, 10, seed=0)
    (found,) = run_trials([Trial(Mean, splits, GROUPS)], rows, 0.2)
    for split in splits[:3]:
        turned = rows.assign(label=np.where(split.test & (rows["label"] == "T"), "C", rows["label"]))
        (again,) = run_trials([Trial(Mean, splits, GROUPS)], turned, 0.2)
        assert np.array_equal(found.score[split.test], again.score[split.test])
        assert np.array_equal(found.threshold[split.test], again.threshold[split.test])
        assert not np.array_equal(found.threshold, again.threshold)
