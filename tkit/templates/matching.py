"""Match patterns, in the part of the filter list syntax that every engine interprets in the same way.

A pattern may match anywhere in the URL, including the fragment, and ignores case; ``*`` is any characters. There are no
anchors, because a picture proxy appends the original URL to its own host. For proxies that percent-encode the original URL,
each pattern has an encoded twin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from tkit.arrays import Mask

_RESERVED = re.compile(r"[^A-Za-z0-9*._~-]")
_SPLIT_WORD = re.compile(r"(?<=[A-Za-z0-9])(?=[._~-])")


def encoded(pattern: str) -> str:
    """Return the twin that matches the same URLs when they are percent-encoded inside another URL.

    Engines look rules up by the words of the URL and take ``%2F`` as a part of a word. So the first word, which is not a whole
    word of the encoded URL, is followed by ``*``, which keeps engines from looking the rule up by it.

    >>> encoded("/track/open.php?u=")
    '%2Ftrack%2Fopen*.php%3Fu%3D'
    """
    return _SPLIT_WORD.sub("*", _RESERVED.sub(lambda sign: f"%{ord(sign[0]):02X}", pattern), count=1)


class Matcher:
    """Match URLs with patterns, as every engine does with the exported rules.

    Parameters
    ----------
    patterns : iterable of str
        Texts in which ``*`` is any characters.

    Examples
    --------
    >>> Matcher(["/wf/open?upn="]).match("https://proxy.example/?url=http%3A%2F%2Fa.example%2Fwf%2Fopen%3Fupn%3D1")
    True
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._rules = tuple((*_compiled(pattern), *_compiled(encoded(pattern))) for pattern in self.patterns)

    def match(self, url: str) -> bool:
        """Return whether a URL contains any pattern or its twin."""
        return self.first(url) is not None

    def first(self, url: str) -> str | None:
        """Return the first pattern that a URL matches, None if there is none."""
        text = url.lower()
        for pattern, (literal, rule, twin_literal, twin_rule) in zip(self.patterns, self._rules, strict=True):
            if (literal in text and rule.search(text)) or (twin_literal in text and twin_rule.search(text)):
                return pattern
        return None

    def match_many(self, urls: Sequence[str]) -> Mask:
        """Return :meth:`match` for each URL, shape ``(len(urls),)``; equal URLs are matched once."""
        verdict = {url: self.match(url) for url in set(urls)}
        return np.array([verdict[url] for url in urls], dtype=np.bool_)


def _compiled(pattern: str) -> tuple[str, re.Pattern[str]]:
    """Return the longest text that a pattern requires, and the pattern as a regular expression, both in lower case."""
    texts = pattern.lower().split("*")
    return max(texts, key=len), re.compile(".*?".join(map(re.escape, texts)), re.DOTALL)
