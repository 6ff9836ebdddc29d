"""The classes of sizes, worked out by hand."""

import pandas as pd

from tkit.features.sizes import DECLARED_SIZES, VISIBLE_SIZES, declared_size, visible_size


def test_declared_size_is_the_first_that_applies() -> None:
    rows = pd.DataFrame(
        [(0, -1, -1, 0), (2, 1, 1, 1), (2, 1, 3, 1), (1, 1, -1, 1), (2, 600, 1, 0), (2, 0, 0, 1)],
        columns=["sides_given", "width", "height", "tiny"],
    )
    assert declared_size(rows) == ["none", "1x1", "other tiny", "other tiny", "ordinary", "other tiny"]
    assert set(declared_size(rows)) == set(DECLARED_SIZES)
    assert declared_size(rows[:0]) == []


def test_visible_size_is_the_first_that_applies() -> None:
    rows = pd.DataFrame(
        [
            (1, 0, 1, 0, 2, 1),
            (0, 1, 0, 0, 0, -1),
            (0, 0, 1, 0, 1, 3),
            (0, 0, 0, 1, 2, 600),
            (0, 0, 0, 0, 0, -1),
            (0, 0, 0, 0, 2, 50),
            (0, 0, 0, 0, 1, 51),
        ],
        columns=["hidden", "hidden_around", "tiny", "thin", "sides_given", "long_side"],
    )
    assert visible_size(rows) == ["hidden", *VISIBLE_SIZES]
    assert visible_size(rows[:0]) == []
