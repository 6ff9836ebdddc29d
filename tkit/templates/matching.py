"""How a pattern is matched: the part of the filter lists' language that every engine reads alike.

A pattern stands anywhere in the URL, its fragment too, in whatever case; ``*`` is any characters. No anchors: a picture proxy
carries the original URL behind its own host. A proxy that carries it percent-encoded is met by a twin of the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_RESERVED = re.compile(r"[^A-Za-z0-9*._~-]")
_SPLIT_WORD = re.compile(r"(?<=[A-Za-z0-9])(?=[._~-])")


def encoded(pattern: str) -> str:
    """Return the twin that matches the pattern's URLs where they stand percent-encoded in another URL.

    Engines find a rule by its words, and take ``%2F`` for a part of one: a word that is not whole in the URL is followed by
    ``*``, which keeps it from being one.

    >>> encoded("/track/open.php?u=")
    '%2Ftrack%2Fopen*.php%3Fu%3D'
    """
    return _SPLIT_WORD.sub("*", _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", pattern), count=1)


class Matcher:
    """Judges URLs by patterns, as every engine does that reads the exported rules.

    Parameters
    ----------
    patterns : iterable of str
        Text with ``*``.

    Examples
    --------
    >>> Matcher(["/wf/open?upn="]).match("https://proxy.example/?url=http%3A%2F%2Fa.example%2Fwf%2Fopen%3Fupn%3D1")
    True
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._rules = tuple((*_compiled(pattern), *_compiled(encoded(pattern))) for pattern in self.patterns)

    def match(self, url: str) -> bool:
        """Return whether any pattern, or its twin, stands in a URL."""
        return self.first(url) is not None

    def first(self, url: str) -> str | None:
        """Return the first pattern that a URL matches, None where there is none."""
        text = url.lower()
        for pattern, (literal, rule, other, twin) in zip(self.patterns, self._rules, strict=True):
            if (literal in text and rule.search(text)) or (other in text and twin.search(text)):
                return pattern
        return None

    def match_many(self, urls: Sequence[str]) -> NDArray[np.bool_]:
        """Return :meth:`match` of each URL, shape ``(len(urls),)``; what is equal is judged once."""
        verdict = {url: self.match(url) for url in set(urls)}
        return np.array([verdict[url] for url in urls], dtype=np.bool_)


def _compiled(pattern: str) -> tuple[str, re.Pattern[str]]:
    """Return the longest text that a pattern requires, and the pattern as a regular expression, both for lower case."""
    texts = pattern.lower().split("*")
    return max(texts, key=len), re.compile(".*?".join(map(re.escape, texts)), re.DOTALL)
