"""The card of a bundle: what it is for, what it was made of, how good it is and where it ends."""

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
"""Sections of the card: the fact each one states, and its heading."""


def render_card(title: str, facts: Mapping[str, str]) -> str:
    """Return a model card.

    Parameters
    ----------
    title : str
        One line.
    facts : mapping of str to str
        Markdown for each of :data:`CARD_SECTIONS`; no more, no less.

    Returns
    -------
    str
        Markdown: the title, then every section in order.

    Raises
    ------
    TkitError
        If a section is missing, empty or unknown.
    """
    unknown = [name for name in facts if name not in CARD_SECTIONS]
    empty = [name for name in CARD_SECTIONS if not facts.get(name, "").strip()]
    if unknown or empty:
        raise TkitError(
            f"CARD.md: sections without text: {', '.join(empty) or 'none'}; unknown: "
            f"{', '.join(unknown) or 'none'}: give text for {', '.join(CARD_SECTIONS)}"
        )
    sections = [f"## {heading}\n\n{facts[name].strip()}\n" for name, heading in CARD_SECTIONS.items()]
    return "\n".join([f"# {title}\n", *sections])


def check_card(card: str) -> None:
    """Refuse a card that lacks a section, or the text of one."""
    rest = card
    for heading in CARD_SECTIONS.values():
        _, found, rest = rest.partition(f"## {heading}\n")
        if not found or not rest.partition("\n## ")[0].strip():
            raise TkitError(f"CARD.md: section {heading!r} is missing or empty: make the card of all its facts")
