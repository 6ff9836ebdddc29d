"""Split the path and query of a URL into pieces, and combine neighbouring pieces into patterns.

A piece is a word that programs use (``open``, ``wf``, ``upn``), or ``*`` for anything else: an identifier, a number, an email
address, random characters. A pattern contains only words and the signs between them, so that it contains no identifier.
:mod:`tkit.templates.learning` keeps the patterns that unrelated domains have in common.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tkit.url.parsing import after_origin
from tkit.url.template import is_word

ANY = "*"
"""In a pattern: any characters, or none."""

LONGEST = 4
"""Maximum number of words in a pattern."""

FEWEST_LETTERS = 4
"""Minimum number of letters in the words of a pattern, without file extensions.

A filter list applies to every page in a browser, but only mail could be measured here: ``/x/`` and ``.php?`` match many
trackers in mail, and would block pictures all over the web.
"""

_MOST_PIECES = 48
# An email address, or its redacted form in published mail. No word of it is kept.
_ADDRESS = re.compile(r"[^/?&=;#]*(?:@|%40)[^/?&=;#]*", re.IGNORECASE)
_SIGN = re.compile(r"([/?&=._-])")
_SIGNS = frozenset("/?&=._-")
_STARTS = frozenset("/?&")
_ENDS = frozenset("/?=")


def tail_of(url: str) -> str:
    """Return the part of a resolved URL after the host, without the fragment.

    >>> tail_of("https://a.example/o?id=1#x")
    '/o?id=1'
    """
    return after_origin(url.partition("#")[0])


def first_word(tail: str) -> str:
    """Return the letters that a path begins with, in lower case; ``""`` if it begins with something else.

    >>> first_word("/wf/open?upn=1"), first_word("/OT0047.GIF"), first_word("/1/x")
    ('wf', 'ot', '')
    """
    word = re.match(r"/+([A-Za-z]+)", tail)
    return word[1].lower() if word else ""


def pieces_of(tail: str) -> list[str]:
    """Return words, ``*`` and the signs between them, in lower case; at most 48.

    >>> pieces_of("/op/12_md/7f3a?e=a@b.example")
    ['/', 'op', '/', '*', '_', 'md', '/', '*', '?', 'e', '=', '*']
    """
    pieces = [piece for piece in _SIGN.split(_ADDRESS.sub(ANY, tail)) if piece]
    return [piece if piece in _SIGNS else piece.lower() if is_word(piece) else ANY for piece in pieces[:_MOST_PIECES]]


@lru_cache(maxsize=1 << 16)
def patterns_of(tail: str) -> frozenset[str]:
    """Return every pattern of up to :data:`LONGEST` neighbouring words that a tail matches.

    A pattern begins with the sign before its first word, so that it cannot match from the middle of a word. It ends with the
    sign after its last word, or with the file extension at the end of the tail.

    >>> sorted(patterns_of("/wf/open?upn=Kq7"))
    ['/open?', '/open?upn=', '/wf/open?', '/wf/open?upn=']
    """
    pieces = pieces_of(tail)
    patterns: set[str] = set()
    for start in range(len(pieces) - 1):
        if pieces[start] in _STARTS and _is_text(pieces[start + 1]):
            patterns |= _patterns_from(pieces, start)
    return frozenset(patterns)


def _patterns_from(pieces: list[str], start: int) -> set[str]:
    patterns: set[str] = set()
    words, letters, text = 0, 0, pieces[start]
    for position in range(start + 1, len(pieces)):
        piece, before = pieces[position], pieces[position - 1]
        text += "" if piece == ANY and text.endswith(ANY) else piece
        if _is_text(piece):
            words += 1
            letters += len(piece) if before != "." else 0
            if words > LONGEST:
                break
        whole = (piece in _ENDS and _is_text(before)) or (before == "." and _is_text(piece) and position + 1 == len(pieces))
        if whole and letters >= FEWEST_LETTERS:
            patterns.add(text)
    return patterns


def _is_text(piece: str) -> bool:
    return piece != ANY and piece not in _SIGNS
