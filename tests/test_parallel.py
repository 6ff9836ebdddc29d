import os

import pytest

from tkit.errors import TkitError
from tkit.parallel import batches, ordered_map


def total(batch: list[int]) -> int:
    if 13 in batch:
        raise ValueError("thirteen")
    return sum(batch)


def end_process(batch: list[int]) -> None:
    os._exit(9)


def test_batches() -> None:
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    assert list(ordered_map(total, range(12), 3, workers)) == [3, 12, 21, 30]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_ends_the_work(workers: int) -> None:
    with pytest.raises(ValueError, match="thirteen"):
        list(ordered_map(total, range(100), 3, workers))


def test_a_killed_process_is_an_error() -> None:
    with pytest.raises(TkitError, match="one of the 2 processes was killed"):
        list(ordered_map(end_process, range(3), 1, 2))
