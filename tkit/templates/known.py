"""Open trackers of the services of :mod:`tkit.url.services`, as patterns that filter lists can hold. Nothing here is learnt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tkit.templates.pieces import ANY, FEWEST_LETTERS
from tkit.url.services import services

_SIGNS = re.compile(r"\{[^}]*\}|#|\*+")
_CLASS = re.compile(r"\{(?!token\})|\$$")
_EXTENSION = re.compile(r"\.[a-z]{2,4}$")


@cache
def known_patterns() -> tuple[tuple[str, str], ...]:
    """Return pairs of service and pattern, in the order of the table; a pattern that two services have stands once.

    A filter list has no classes of characters: each becomes ``*``. A pattern for any host whose words have fewer than
    :data:`tkit.templates.pieces.FEWEST_LETTERS` letters is left out, and one of fewer than twice as many whose classes say
    more than "any token": ``/email/{hex:32}.gif`` would match pictures all over the web.
    """
    pairs = {pattern: service for service, pattern in _patterns()}
    return tuple((service, pattern) for pattern, service in pairs.items())


def _patterns() -> Iterator[tuple[str, str]]:
    for service in services():
        for host, opens in service.opens().items():
            yield from ((service.name, listed(f"{host}{pattern}")) for pattern in opens)
        for written in service.branded:
            pattern = listed(written)
            letters = sum(map(str.isalpha, _EXTENSION.sub("", pattern)))
            if letters >= FEWEST_LETTERS * (2 if _CLASS.search(written) else 1):
                yield service.name, pattern


def listed(pattern: str) -> str:
    """Return a pattern of the table, or a host with one, in the form that filter lists use.

    >>> listed("cmail#.com/t/{token}/o.gif$"), listed("*/ut.php?u={word:8+}")
    ('cmail*.com/t/*/o.gif', '/ut.php?u=')
    """
    return re.sub(r"\*+", ANY, _SIGNS.sub(ANY, pattern.removesuffix("$"))).strip(ANY)
