from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.errors import TkitError
from tkit.splits import Split, cross_validation
from tkit.splits.folds import before_after, connected_components, grouped_folds, leave_one_out, require_whole_groups

KEYS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", None]), st.integers(0, 4)), max_size=12)


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


class TestConnectedComponents:
    def test_a_chain_over_two_columns_is_one_component(self) -> None:
        # 0-2 share "a", 2-3 share "y"; 1 shares nothing; 4 joins 1 through "z".
        keys = [["a", "b", "a", "c", "d"], ["x", "z", "y", "y", "z"]]
        assert connected_components(keys).tolist() == [0, 1, 0, 0, 1]

    @pytest.mark.parametrize("missing", [None, "", float("nan"), pd.NA, pd.NaT])
    def test_a_missing_key_joins_nothing(self, missing: object) -> None:
        assert connected_components([[missing, missing, "a", "a"]]).tolist() == [0, 1, 2, 2]

    def test_equal_values_of_different_columns_join_nothing(self) -> None:
        assert connected_components([["a", "b"], ["b", "a"]]).tolist() == [0, 1]

    def test_zero_is_a_key(self) -> None:
        assert connected_components([np.array([7, 0, 0])]).tolist() == [0, 1, 1]

    def test_no_rows(self) -> None:
        components = connected_components([[], []])
        assert components.shape == (0,)
        assert components.dtype == np.int64

    @pytest.mark.parametrize("keys", [[], [["a"], ["a", "b"]]])
    def test_columns_must_have_one_length(self, keys: list[list[str]]) -> None:
        with pytest.raises(TkitError, match="one or more columns of one length"):
            connected_components(keys)

    @given(KEYS)
    def test_agrees_with_joining_pairs_until_nothing_changes(self, rows: list[tuple[str | None, int]]) -> None:
        expected = list(range(len(rows)))
        for _ in rows:
            for i, (text, number) in enumerate(rows):
                for j, (other, other_number) in enumerate(rows):
                    if number == other_number or (text and text == other):
                        expected[i] = expected[j] = min(expected[i], expected[j])
        numbered = {name: number for number, name in enumerate(dict.fromkeys(expected))}
        components = connected_components([[text for text, _ in rows], [number for _, number in rows]])
        assert components.tolist() == [numbered[name] for name in expected]


class TestGroupedFolds:
    def test_largest_group_first_to_the_fold_with_the_fewest_trackers(self) -> None:
        groups = [0] * 4 + [1] * 3 + [2] * 2 + [3] * 1
        tracker = np.array([True] * 10)
        # 4 | 3, then 2 to the smaller (5), then 1 to the 4 (5).
        folds = grouped_folds(groups, 2, seed=0, tracker=tracker)
        assert sorted(np.bincount(folds).tolist()) == [5, 5]
        assert folds[0] == folds[9]
        assert folds[4] == folds[7]

    def test_trackers_even_out_trackers_and_the_rest_evens_out_rows(self) -> None:
        groups = [0] * 3 + [1] * 6 + [2] + [3] * 2
        tracker = np.array([True] * 3 + [True] + [False] * 5 + [True] + [False] * 2)
        # Group 0 (3 trackers) | group 1 (1 tracker, 6 rows). Group 2 is a tracker and goes where fewer
        # trackers are, 3 | 2; group 3 holds none and goes where fewer rows are, 3 | 7.
        folds = grouped_folds(groups, 2, seed=0, tracker=tracker)
        assert folds.tolist() == [folds[0]] * 3 + [1 - folds[0]] * 7 + [folds[0]] * 2

    def test_the_seed_decides_between_equals(self) -> None:
        groups = np.arange(30)
        assert (grouped_folds(groups, 3, 1) == grouped_folds(groups, 3, 1)).all()
        assert (grouped_folds(groups, 3, 1) != grouped_folds(groups, 3, 2)).any()

    @given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40), st.integers(2, 4))
    def test_whole_groups_and_no_fold_lags_by_more_than_the_largest_group(self, rows: list[tuple[int, bool]], k: int) -> None:
        groups = np.array([group for group, _ in rows])
        tracker = np.array([is_tracker for _, is_tracker in rows])
        names = np.unique(groups)
        if len(names) < k:
            with pytest.raises(TkitError, match=f"{k} folds of {len(names)} groups"):
                grouped_folds(groups, k, 0, tracker)
            return
        folds = grouped_folds(groups, k, 0, tracker)
        assert all(len(set(folds[groups == name])) == 1 for name in names)
        trackers = np.bincount(folds, weights=tracker, minlength=k)
        assert trackers.max() - trackers.min() <= max(tracker[groups == name].sum() for name in names)

    def test_refused(self) -> None:
        with pytest.raises(TkitError, match="1 folds of 2 groups"):
            grouped_folds(["a", "b"], 1, 0)
        with pytest.raises(TkitError, match="1 rows have no group"):
            grouped_folds(np.array(["a", "b", None], dtype=object), 2, 0)


def test_a_straddling_group_is_refused_by_name() -> None:
    split = Split("mine", train=np.array([True, True, False]), test=np.array([False, False, True]))
    require_whole_groups(split, ["a", "b", "c"])
    with pytest.raises(TkitError, match=r"mine: 1 groups are in training and test \(b\)"):
        require_whole_groups(split, ["a", "b", "b"])


class TestCrossValidation:
    ROWS = frame(
        label=["T", "C", "T", "C", "T", "C", "C"],
        source=["gold", "gold", "gold", "gold", "member", "member", "member"],
    )
    GROUPS = ("a", "a", "b", "b", "a", "b", "c")

    def test_members_train_but_are_never_tested(self) -> None:
        splits = cross_validation(self.ROWS, self.GROUPS, 2, seed=0)
        assert [split.name for split in splits] == ["fold 1 of 2", "fold 2 of 2"]
        tested = {tuple(np.flatnonzero(split.test)): tuple(np.flatnonzero(split.train)) for split in splits}
        assert tested == {(0, 1): (2, 3, 5, 6), (2, 3): (0, 1, 4, 6)}

    def test_every_gold_row_is_tested_once(self) -> None:
        rows = frame(label=["T", "C"] * 20, source=["gold", "gold", "gold", "member"] * 10)
        splits = cross_validation(rows, np.arange(40) // 3, 4, seed=3)
        assert np.array_equal(np.sum([split.test for split in splits], axis=0), rows["source"] == "gold")

    def test_too_many_folds(self) -> None:
        # Group c has members only: it needs no fold and cannot make one.
        with pytest.raises(TkitError, match="3 folds of 2 groups"):
            cross_validation(self.ROWS, self.GROUPS, 3, seed=0)

    def test_columns_are_required(self) -> None:
        with pytest.raises(TkitError, match="no column source"):
            cross_validation(frame(label=["T"]), [0], 2, seed=0)


class TestOverTime:
    ROWS = frame(
        date=pd.to_datetime(
            ["2020-01-01", "2020-06-01", "2021-01-01", "2021-06-01", None, "2021-01-01", "2020-07-01"],
            utc=True,
        ),
        source=["gold", "member", "gold", "gold", "gold", "member", "gold"],
        component=[0, 1, 2, 3, 4, 5, 3],
    )

    @pytest.mark.parametrize(
        "date",
        ["2021-01-01", datetime(2021, 1, 1), datetime(2021, 1, 1, tzinfo=UTC), "2021-01-01T01:00+01:00"],
    )
    def test_before_and_after(self, date: str | datetime) -> None:
        split = before_after(self.ROWS, date)
        assert split.name == "from 2021-01-01"
        # Row 6 is older but of tested component 3; row 4 has no date; row 5 is a member.
        assert np.flatnonzero(split.train).tolist() == [0, 1]
        assert np.flatnonzero(split.test).tolist() == [2, 3]

    def test_another_group_column(self) -> None:
        rows = self.ROWS.assign(sender_key=["a", "b", "a", "c", "d", "e", "f"])
        assert np.flatnonzero(before_after(rows, "2021-01-01", group="sender_key").train).tolist() == [1, 6]

    @pytest.mark.parametrize("date", ["2019-01-01", "2030-01-01"])
    def test_an_empty_part_is_refused(self, date: str) -> None:
        with pytest.raises(TkitError, match=f"from {date}: . rows to train on and . to test"):
            before_after(self.ROWS, date)

    def test_missing_columns(self) -> None:
        with pytest.raises(TkitError, match="no column date"):
            before_after(self.ROWS.drop(columns="date"), "2021-01-01")


class TestLeaveOneOut:
    ROWS = frame(
        corpus=["a", "a", "b", "b", "", None, "c"],
        source=["gold", "member", "gold", "gold", "gold", "gold", "member"],
        component=[0, 1, 0, 2, 3, 4, 2],
    )

    def test_one_split_a_value_with_gold_rows(self) -> None:
        first, second = leave_one_out(self.ROWS, "corpus")
        assert (first.name, second.name) == ("corpus = a", "corpus = b")
        assert np.flatnonzero(first.test).tolist() == [0]
        assert np.flatnonzero(first.train).tolist() == [3, 4, 5, 6]
        assert np.flatnonzero(second.test).tolist() == [2, 3]
        assert np.flatnonzero(second.train).tolist() == [1, 4, 5]

    def test_nothing_left_to_train_on(self) -> None:
        rows = frame(corpus=["a", "b"], source=["gold", "gold"], component=[0, 0])
        with pytest.raises(TkitError, match="corpus = a: 0 rows to train on"):
            leave_one_out(rows, "corpus")

    def test_missing_columns(self) -> None:
        with pytest.raises(TkitError, match="no column provider"):
            leave_one_out(self.ROWS, "provider")
