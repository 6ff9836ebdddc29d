import pytest

from tkit.parallel import batches, ordered_map


def total(batch: list[int]) -> int:
    if 13 in batch:
        raise ValueError("thirteen")
    return sum(batch)


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
