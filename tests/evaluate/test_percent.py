"""Tests of tkit.evaluate.percent."""

import pytest

from tkit.evaluate.percent import percent


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.9996, "99.96%"),
        (0.99996, "100%"),
        (0.5, "50.0%"),
        (0.0994, "9.9%"),
        (0.00994, "0.99%"),
        (0.00996, "1.0%"),
        (0.0005, "0.05%"),
        (float("nan"), "-"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text
