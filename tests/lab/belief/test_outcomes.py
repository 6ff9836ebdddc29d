import pytest
from made_outcomes import TRUTH, played

from tkit.lab.belief import outcomes
from tkit.lab.belief.outcomes import _belonging


def test_one_row_for_each_recipient() -> None:
    rows = outcomes(played())
    assert rows["recipient"].tolist() == list(TRUTH)
    assert rows["client"].tolist() == ["plain"] * 3 + ["proxy"] * 3
    assert rows["read"].tolist() == [True, False, True, True, False, True]
    assert rows["reads"].tolist() == [3, 0, 1, 3, 0, 1]
    assert rows["receipt"].tolist() == [True, False, True, True, True, False]
    assert rows["receipts"].tolist() == [3, 0, 1, 1, 1, 0]
    assert rows["true_receipts"].tolist() == [3, 0, 1, 0, 0, 0]
    assert rows["first_read"].fillna(-1).tolist() == [2, -1, 4, 30, -1, 20]
    assert rows["first_receipt"].fillna(-1).tolist() == pytest.approx([2, -1, 4.001, 1, 1, -1])


@pytest.mark.parametrize(
    ("reads", "receipts", "count"),
    [
        ([], [], 0),
        ([10], [10], 1),
        ([10], [69], 1),
        ([10], [71], 0),
        ([10], [9], 0),
        ([10, 11], [12], 1),  # one receipt belongs to one reading
        ([10], [11, 12], 1),  # and one reading has one receipt
        ([10, 20], [5, 15, 15, 25], 2),
    ],
)
def test_receipts_that_belong_to_a_reading(reads: list[float], receipts: list[float], count: int) -> None:
    assert _belonging(reads, receipts) == count
