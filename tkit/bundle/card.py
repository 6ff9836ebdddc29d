"""The card of a bundle: its purpose, training data, quality and limits."""

from __future__ import annotations

from collections.abc import Mapping

from tkit.errors import TkitError

CARD_SECTIONS = {
    "purpose": "What it is for",
    "data": "Training data",
    "figures": "Figures",
    "command": "How the figures were made",
    "limits": "Limits",
    "use": "How to use it",
    "licence": "Licence",
}
"""Sections of the card: the key of each, and its heading."""


def render_card(title: str, sections: Mapping[str, str]) -> str:
    """Return a model card.

    Parameters
    ----------
    title : str
        One line.
    sections : mapping of str to str
        Markdown for each of :data:`CARD_SECTIONS`, and no other key.

    Returns
    -------
    str
        Markdown: the title, then every section in order.

    Raises
    ------
    TkitError
        If a section is missing, empty or unknown.
    """
    unknown = [name for name in sections if name not in CARD_SECTIONS]
    empty = [name for name in CARD_SECTIONS if not sections.get(name, "").strip()]
    if unknown or empty:
        raise TkitError(
            f"CARD.md: sections without text: {', '.join(empty) or 'none'}; unknown: "
            f"{', '.join(unknown) or 'none'}: give text for {', '.join(CARD_SECTIONS)}"
        )
    texts = [f"## {heading}\n\n{sections[name].strip()}\n" for name, heading in CARD_SECTIONS.items()]
    return "\n".join([f"# {title}\n", *texts])


def check_card(card: str) -> None:
    """Refuse a card with a missing or empty section."""
    rest = card
    for heading in CARD_SECTIONS.values():
        _, start, rest = rest.partition(f"## {heading}\n")
        if not start or not rest.partition("\n## ")[0].strip():
            raise TkitError(f"CARD.md: section {heading!r} is missing or empty: make the card with all sections")
