import math

import pytest
from made_outcomes import played

from tkit.lab.belief import holding, mixed, outcomes, sensitivity


def test_a_figure_at_other_shares_by_hand() -> None:
    rows = outcomes(played())
    # Of three plain readers two read it and have a receipt; of three behind the proxy two read it, one has a receipt.
    assert mixed(rows, "proxy", [0, 0.5, 1], "receipt if read").tolist() == pytest.approx([1, 3 / 4, 1 / 2])
    # Right about all plain ones, and about one of three behind the proxy.
    assert mixed(rows, "proxy", [0, 0.5, 1], "right about a recipient").tolist() == pytest.approx([1, 2 / 3, 1 / 3])
    assert mixed(rows, "plain", [0, 0.5, 1], "right about a recipient").tolist() == pytest.approx([1 / 3, 2 / 3, 1])


def test_where_a_level_holds() -> None:
    rows = outcomes(played())
    # 1 - s 2/3 >= 0.7 up to s = 0.45.
    assert holding(rows, "proxy", "right about a recipient") == pytest.approx((0, 0.45))
    assert holding(rows, "plain", "right about a recipient") == pytest.approx((0.55, 1))
    assert holding(rows, "proxy", "receipt if read", 0.4) == (0, 1)
    assert all(map(math.isnan, holding(rows, "proxy", "receipt if read", 1.01)))


def test_the_level_is_reached_where_it_is_said_to_be() -> None:
    rows = outcomes(played())
    for row in sensitivity(rows).to_dict("records"):
        for share in {row["low"], row["high"]} - {0.0, 1.0}:
            assert mixed(rows, row["client"], [share], row["figure"]).tolist() == pytest.approx([0.7])
    table = sensitivity(rows)
    assert len(table) == 2 * 3
    assert table["share"].tolist() == [0.5] * 6


def test_a_client_alone_and_a_figure_about_nobody() -> None:
    rows = outcomes(played())
    alone = rows[rows["client"] == "plain"]
    assert math.isnan(mixed(alone, "plain", [0], "right about a recipient")[0])
    unread = rows[~rows["read"]]
    assert all(map(math.isnan, holding(unread, "proxy", "receipt if read")))
    readers = rows[rows["read"] | (rows["client"] == "proxy")]
    readers = readers[~(readers["read"] & (readers["client"] == "proxy"))]  # behind the proxy nobody read it
    assert holding(readers, "proxy", "receipt if read") == (0, 1)
    assert math.isnan(mixed(unread, "proxy", [0.5], "receipt if read")[0])
