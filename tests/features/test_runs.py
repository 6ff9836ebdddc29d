import numpy as np

from tkit.features.runs import KINDS, Runs, Tails
from tkit.features.tokens import analyse


def test_runs_end_with_their_url() -> None:
    tails = Tails(["http://a.example/ab1", "http://b.example/", "http://c.example/Cd/e"])
    runs = Runs(tails, KINDS[tails.bytes] > 0)
    assert tails.texts == ["/ab1", "/", "/Cd/e"]
    assert runs.url.tolist() == [0, 2, 2]
    assert runs.length.tolist() == [3, 2, 1]
    assert runs.at.tolist() == [1, 8, 11]
    assert (runs.digits.tolist(), runs.upper.tolist(), runs.lower.tolist()) == ([1, 0, 0], [0, 1, 0], [2, 1, 1])
    assert runs.longest(np.ones(3, bool)).tolist() == [3, 0, 2]
    assert runs.first_longest().tolist() == [0, -1, 1]


def test_counts_beyond_65_535() -> None:
    columns = analyse(["http://a.example/" + "%20" * 70_000, "http://a.example/7", "http://a.example/" + "1a" * 40_000]).columns
    expected = {
        "percent_escapes": [70_000, 0, 0],
        "digits": [140_000, 1, 40_000],
        "separators": [0, 0, 0],
        "longest_decimal": [2, 1, 0],
        "longest_mixed_word": [0, 0, 80_000],
        "token_digit_share": [1, 1, 0.5],
    }
    assert {name: columns[name].tolist() for name in expected} == expected
