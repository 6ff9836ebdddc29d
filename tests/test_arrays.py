import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.arrays import (
    codes,
    codes_of,
    expand,
    greatest,
    greatest_of_others,
    in_other_owner,
    lookup,
    others_alike,
    share,
    wilson,
)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_codes_are_equal_for_equal_values() -> None:
    assert codes(["b", "a", "b"]).tolist() == [0, 1, 0]
    assert codes_of(ints(7, 3, 7)).tolist() == [1, 0, 1]


def test_share_of_nothing_is_nothing() -> None:
    assert share(np.array([1.0, 0.0]), np.array([4.0, 0.0])).tolist() == [0.25, 0.0]


def test_others_alike_counts_within_the_group() -> None:
    #   group 0: codes 5 5 6, group 1: code 5
    assert others_alike(ints(0, 0, 0, 1), ints(5, 5, 6, 5)).tolist() == [1, 1, 0, 0]


def test_lookup_gives_nothing_for_an_unknown_key() -> None:
    assert lookup(ints(2, 4), ints(10, 20), ints(4, 3, 9)).tolist() == [20, 0, 0]
    assert lookup(ints(), ints(), ints(4)).tolist() == [0]


def test_expand_gives_every_token_of_every_url() -> None:
    # Tokens 0 and 1 are of URL 0, token 2 of URL 2.
    owner, token = expand(ints(2, 0, 1), ints(0, 0, 2), 3)
    assert list(zip(owner.tolist(), token.tolist(), strict=True)) == [(0, 2), (1, 0), (1, 1)]


def test_the_greatest_of_each_owner() -> None:
    assert greatest(ints(0, 0, 2), np.array([3.0, 5.0, 1.0]), 4).tolist() == [5, 0, 1, 0]


def test_a_key_of_several_owners() -> None:
    assert in_other_owner(ints(7, 7, 8, 8), ints(0, 1, 2, 2)).tolist() == [True, True, False, False]
    assert in_other_owner(ints(), ints()).tolist() == []


def test_the_greatest_of_the_others() -> None:
    # Group 0: 3 5 5 (the greatest stands twice), group 1: 2 9, group 2: 4 alone.
    values = np.array([3.0, 5.0, 5.0, 2.0, 9.0, 4.0])
    assert greatest_of_others(ints(0, 0, 0, 1, 1, 2), values, 3).tolist() == [5, 5, 5, 9, 2, 0]


class TestWilson:
    def test_worked_out_by_hand(self) -> None:
        # 1 of 2: (1 + 1.9207 -+ 1.96 sqrt(0.5 + 0.9604)) / (2 + 3.8415); 0 of 10: 3.8415 / 13.8415.
        low, high = wilson([1, 0, 10, 0], [2, 10, 10, 0])
        assert low.tolist() == pytest.approx([0.09453, 0, 0.72247, np.nan], abs=1e-5, nan_ok=True)
        assert high.tolist() == pytest.approx([0.90547, 0.27753, 1, np.nan], abs=1e-5, nan_ok=True)

    @given(st.integers(1, 10**7), st.floats(0, 1))
    def test_holds_the_share(self, trials: int, share: float) -> None:
        hits = int(share * trials)
        low, high = wilson(hits, trials)
        assert 0 <= low <= hits / trials + 1e-12
        assert hits / trials - 1e-12 <= high <= 1
