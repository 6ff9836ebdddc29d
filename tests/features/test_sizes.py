"""What rows are cut by, worked out by hand."""

import pandas as pd

from tkit.features.sizes import DECLARED_SIZES, declared_size
from tkit.url.providers import providers


def test_declared_size_is_the_first_that_holds() -> None:
    rows = pd.DataFrame(
        [(0, -1, -1, 0), (2, 1, 1, 1), (2, 1, 3, 1), (1, 1, -1, 1), (2, 600, 1, 0), (2, 0, 0, 1)],
        columns=["sides_given", "width", "height", "tiny"],
    )
    assert declared_size(rows) == ["none", "1x1", "other tiny", "other tiny", "ordinary", "other tiny"]
    assert set(declared_size(rows)) == set(DECLARED_SIZES)
    assert declared_size(rows[:0]) == []


def test_providers_by_host_and_path() -> None:
    assert providers([]) == []
    assert providers(["https://a.example/wf/open?upn=abc", "https://a.example/wf/opera"]) == ["SendGrid", ""]
