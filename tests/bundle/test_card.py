"""Tests of tkit.bundle.card: the sections of a card."""

from made_bundle import CARD

from tkit.bundle import render_card


def test_card_has_every_section_in_order() -> None:
    card = render_card("boosting (url)", {"use": "Read *this*.\n", **{k: v for k, v in CARD.items() if k != "use"}})
    assert card.startswith("# boosting (url)\n\n## What it is for\n\nText of purpose.\n\n## Training data\n\n")
    assert card.endswith("## How to use it\n\nRead *this*.\n\n## Licence\n\nText of licence.\n")
