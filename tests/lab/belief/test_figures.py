import math

import pytest
from made_outcomes import played

from tkit.lab.belief import by_client, measured, outcomes


def test_every_figure_by_hand() -> None:
    figures = measured(outcomes(played())).set_index("name")
    # Read: a1, a3, b1, b3. Receipt: a1, a3, b1, b2.
    assert figures["value"].to_dict() == pytest.approx(
        {
            "receipt if read": 3 / 4,
            "receipt if not read": 1 / 2,
            "read if receipt": 3 / 4,
            "right about a recipient": 4 / 6,
            "true receipts": 4 / 6,
            "open rate, believed": 4 / 6,
            "open rate, true": 4 / 6,
            "error of the open rate": 0,
            "error in opens": (0 + 0 - 2 - 1) / 4,
            "absolute error in opens": (0 + 0 + 2 + 1) / 4,
            "time of reading known": 2 / 3,  # a1 and a3, not b1
            "receipt before reading": 1 / 3,
            "hot list, right": 1,  # a1 alone has three receipts
            "hot list, complete": 1 / 2,  # a1, and not b1
        }
    )
    assert figures["of"].to_dict()["receipt if not read"] == 2
    within = figures[figures["unit"] == "share"]
    assert ((within["low"] <= within["value"]) & (within["value"] <= within["high"])).all()
    assert figures.loc["receipt if read", "low"] < 3 / 4 < figures.loc["receipt if read", "high"]
    assert measured(outcomes(played())).equals(figures.reset_index())  # the same resamples each time


def test_figures_of_nobody_are_absent() -> None:
    rows = outcomes(played())
    figures = measured(rows[~rows["read"] & ~rows["receipt"]]).set_index("name")
    assert math.isnan(figures.loc["receipt if read", "value"])
    assert math.isnan(figures.loc["error in opens", "low"])
    assert figures.loc["right about a recipient", "value"] == 1


def test_what_each_client_does() -> None:
    clients = by_client(outcomes(played()))
    names = ["client", "recipients", "read", "receipt", "receipt_if_read", "receipt_if_not_read", "reads", "receipts"]
    assert clients.columns.tolist() == names
    assert clients.values.tolist() == [["plain", 3, 2, 2, 1, 0, 4, 4], ["proxy", 3, 2, 2, 0.5, 1, 4, 2]]
