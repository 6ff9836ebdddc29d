"""Whether a mail itself says that its reading is tracked, or offers a choice about it.

The phrases are in ``consent.csv`` beside this module, one row each:

======== =============================================================================================================
language ISO 639-1 code
kind     ``says``: the mail says that its reading is tracked; ``choice``: it offers to turn that off
phrase   words in their order; ``/`` stands between words of which one must be there, ``*`` for up to eight other words
example  a made sentence that contains the phrase
======== =============================================================================================================

A phrase must be within one sentence. Upper case and signs do not count, and ``e-mail`` is ``email``. A link to a privacy
notice, consent to advertising, or a way to unsubscribe is not among the phrases: neither says that the mail is tracked.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

from tkit.errors import TkitError
from tkit.html.cost import tree_takes_long
from tkit.html.text import visible_text
from tkit.mail import Message

FILE = "consent.csv"
"""The table of phrases, beside this module."""

COLUMNS = ("language", "kind", "phrase", "example")
"""The columns of the table."""

ConsentKind = Literal["says", "choice"]

_KINDS: tuple[ConsentKind, ...] = ("says", "choice")
_MOST_CHARACTERS = 200_000  # of a part: such words stand at the end of a mail
_GAP = r"(?:\w+ ){0,8}?"
_EMAIL = re.compile(r"\be-(?=mails?\b)")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_NO_WORD = re.compile(r"[^\w.]+|\.(?=\S)|(?<=\w)\.")


class Phrase(NamedTuple):
    """A row of the table."""

    language: str
    kind: ConsentKind
    phrase: str
    example: str


class Consent(NamedTuple):
    """What a mail says of its own tracking.

    Attributes
    ----------
    says : bool
        Whether it says that its reading is tracked.
    choice : bool
        Whether it offers to turn that off.
    """

    says: bool
    choice: bool


def read_phrases(text: str) -> list[Phrase]:
    """Return the rows of a table of phrases.

    Raises
    ------
    TkitError
        If it has other columns, or a row has an empty cell or an unknown kind.
    """
    reader = csv.DictReader(text.splitlines(), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise TkitError(f"{FILE}: its columns are not {', '.join(COLUMNS)}")
    phrases = []
    for number, row in enumerate(reader, 2):
        kind = next((kind for kind in _KINDS if kind == row["kind"]), None)
        if kind is None or not all(row.get(name) for name in COLUMNS) or None in row:
            raise TkitError(f"{FILE}, line {number}: give language, kind ({' or '.join(_KINDS)}), phrase and example")
        phrases.append(Phrase(row["language"], kind, row["phrase"], row["example"]))
    return phrases


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return the table of phrases."""
    return tuple(read_phrases(resources.files("tkit.verdicts").joinpath(FILE).read_text(encoding="utf-8")))


@cache
def _patterns(kind: ConsentKind) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(row.phrase) for row in phrases() if row.kind == kind)


def _pattern(phrase: str) -> re.Pattern[str]:
    words = (_GAP if word == "*" else f"(?:{'|'.join(map(re.escape, word.split('/')))}) " for word in phrase.split())
    return re.compile(rf"\b{''.join(words)}")


def consent_in(text: str) -> Consent:
    """Return what a text says of the tracking of the mail that it is of.

    >>> consent_in("We record whether you open our E-Mails. Unsubscribe | Privacy")
    Consent(says=True, choice=False)
    """
    words = _words(text)
    says, choice = (any(pattern.search(words) for pattern in _patterns(kind)) for kind in _KINDS)
    return Consent(says, choice)


def _words(text: str) -> str:
    """Return the words of a text in lower case, a blank behind each; a sentence ends with a full stop as a word."""
    lowered = _EMAIL.sub("e", text.casefold())
    return " . ".join(" ".join(_NO_WORD.sub(" ", sentence).split()) for sentence in _SENTENCE_END.split(lowered)) + " "


def consent_of(message: Message) -> Consent:
    """Return what the HTML parts of a mail say of its tracking, see :func:`consent_in`.

    A part whose tree would take too long to build is left out (:mod:`tkit.html.cost`).
    """
    parts = tuple(part for part in message.html_parts if not tree_takes_long(part))
    return consent_in(visible_text(parts, most=_MOST_CHARACTERS))
