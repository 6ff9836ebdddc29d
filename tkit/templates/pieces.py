"""The pieces that a URL's path and query are made of, and the patterns that neighbouring pieces make.

A piece is a word that programs are written with (``open``, ``wf``, ``upn``), or ``*`` for what is no word: an identifier, a
number, an address, anything random. Only words and the signs between them come into a pattern, so that no identifier does;
:mod:`tkit.templates.learning` keeps of the patterns those that unrelated domains have in common.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tkit.url.parsing import after_origin
from tkit.url.template import is_word

ANY = "*"
"""Stands in a pattern for any characters, or none."""

LONGEST = 4
"""Words of a pattern at most."""

FEWEST_LETTERS = 4
"""Letters of a pattern's words at least, file extensions left out.

A filter list judges every page that a browser shows, and only mail could be measured here: ``/x/`` and ``.php?`` find many
trackers of mail, and would block pictures all over the web.
"""

_MOST_PIECES = 48
# An address, or what it is redacted to in published mail: of it no word is kept.
_ADDRESS = re.compile(r"[^/?&=;#]*(?:@|%40)[^/?&=;#]*", re.IGNORECASE)
_SIGN = re.compile(r"([/?&=._-])")
_SIGNS = frozenset("/?&=._-")
_STARTS = frozenset("/?&")
_ENDS = frozenset("/?=")


def tail_of(url: str) -> str:
    """Return what stands behind the host of a resolved URL, without its fragment.

    >>> tail_of("https://a.example/o?id=1#x")
    '/o?id=1'
    """
    return after_origin(url.partition("#")[0])


def first_word(tail: str) -> str:
    """Return the letters that a path begins with, lower case; ``""`` where it begins with something else.

    >>> first_word("/wf/open?upn=1"), first_word("/OT0047.GIF"), first_word("/1/x")
    ('wf', 'ot', '')
    """
    found = re.match(r"/+([A-Za-z]+)", tail)
    return found[1].lower() if found else ""


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

    A pattern begins with the sign before its first word, so that it does not begin inside of a word, and ends with the sign
    behind its last, or with the extension that the tail ends with.

    >>> sorted(patterns_of("/wf/open?upn=Kq7"))
    ['/open?', '/open?upn=', '/wf/open?', '/wf/open?upn=']
    """
    pieces = pieces_of(tail)
    found: set[str] = set()
    for start in range(len(pieces) - 1):
        if pieces[start] in _STARTS and _is_text(pieces[start + 1]):
            found |= _patterns_from(pieces, start)
    return frozenset(found)


def _patterns_from(pieces: list[str], start: int) -> set[str]:
    found: set[str] = set()
    words, letters, text = 0, 0, pieces[start]
    for place in range(start + 1, len(pieces)):
        piece, before = pieces[place], pieces[place - 1]
        text += "" if piece == ANY and text.endswith(ANY) else piece
        if _is_text(piece):
            words += 1
            letters += len(piece) if before != "." else 0
            if words > LONGEST:
                break
        whole = (piece in _ENDS and _is_text(before)) or (before == "." and _is_text(piece) and place + 1 == len(pieces))
        if whole and letters >= FEWEST_LETTERS:
            found.add(text)
    return found


def _is_text(piece: str) -> bool:
    return piece != ANY and piece not in _SIGNS
