"""Conditional comments, which Outlook's Word engine reads as HTML."""

from __future__ import annotations

import re

MAX_NESTED = 16
"""How deep conditional comments are read inside one another; ordinary mail has one level."""

# The opening of one in an HTML text. The "!" comes first because the engine finds a literal character fast.
OPENED = re.compile(r"!(?<=<!)--\s*\[if", re.IGNORECASE)

_HEAD = re.compile(r"\s*\[if[^\]]*\]>", re.IGNORECASE)


def inner_start(text: str, start: int = 0, end: int | None = None) -> int | None:
    """Return where the HTML inside a comment begins; None for an ordinary comment.

    >>> inner_start("[if mso]><table>"), inner_start("a note")
    (9, None)
    """
    head = _HEAD.match(text, start, len(text) if end is None else end)
    return head.end() if head else None
