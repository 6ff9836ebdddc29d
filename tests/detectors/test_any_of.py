"""Tests of tkit.detectors.any_of: several detectors as one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tkit.arrays import Floats
from tkit.detectors.any_of import AnyOf
from tkit.errors import TkitError


@dataclass(frozen=True)
class Column:
    """A detector that scores by one column."""

    name: str
    vantage: str = "url"
    facts: tuple[str, ...] = ()

    def scores(self, rows: pd.DataFrame) -> Floats:
        return rows[self.name].to_numpy(np.float64)


def test_what_any_calls_at_its_own_threshold_is_called() -> None:
    rows = pd.DataFrame({"a": [0.1, 0.9, 0.2, 0.9], "b": [0.1, 0.0, 0.3, 0.3]})
    found = AnyOf((Column("a"), Column("b")), (0.5, 0.3))
    assert found.scores(rows).tolist() == [0.0, 1.0, 1.0, 1.0]
    assert found.scores(rows.iloc[:0]).shape == (0,)


def test_it_reads_what_all_of_them_read() -> None:
    found = AnyOf((Column("a", "message", ("url", "tag")), Column("b", "element", ("tag", "carrier"))), (0.5, 0.5))
    assert (found.name, found.vantage, found.facts) == ("a or b", "message", ("url", "tag", "carrier"))


def test_what_cannot_be_joined_is_refused() -> None:
    with pytest.raises(TkitError, match="any of 2 detectors with 1 thresholds"):
        AnyOf((Column("a"), Column("b")), (0.5,))
    with pytest.raises(TkitError, match="b: unknown vantage point: give detectors of url"):
        AnyOf((Column("a"), Column("b", "moon")), (0.5, 0.5))
