"""The words that a reader of HTML parts sees."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

_MOST_CHARACTERS = 10_000
# Addresses, hosts and numbers belong to no language.
_NO_WORD = re.compile(r"\S*(?:[@/\d]|\.\w)\S*")
_SPACE = re.compile(r"\s+")


def visible_text(html_parts: tuple[str, ...], most: int = _MOST_CHARACTERS) -> str:
    """Return the words of HTML parts, without styles and scripts, from the first ``most`` characters of each.

    Words with a digit, ``@``, ``/`` or an inner full stop are left out.

    >>> visible_text(("<style>p {}</style><p>Ask  us <b>at</b> www.a.example today.", ))
    'Ask us at today.'
    """
    texts = []
    for html in html_parts:
        tree = LexborHTMLParser(html)
        tree.strip_tags(["style", "script", "title"])
        if tree.body:
            texts.append(tree.body.text(separator=" ")[:most])
    return _SPACE.sub(" ", _NO_WORD.sub(" ", " ".join(texts))).strip()
