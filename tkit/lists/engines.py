"""The kinds of published list, each applied as its own program applies it.

Regular expressions of others are hostile input: one bad pattern can take exponential time. Of every text
that a pattern reads only the first :data:`LONGEST_TEXT` characters count, a pattern runs only on texts that
hold the literal it requires, and a pattern is taken only where Python's engine gives it the meaning that it
has in its own. No pattern of the registry is exponential; with two or three ``.+`` in a row, some are of the
second or third power, so that a text made against them can take seconds. Measure with them, but let no
server run them on its mail, and load no list that you have not read.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Protocol

import numpy as np

from tkit.arrays import Mask
from tkit.errors import TkitError
from tkit.lists.dialects import JAVASCRIPT, Dialect, UntranslatableError, translate
from tkit.url import clean, host_of, resolve

LONGEST_TEXT = 4096
"""Characters of a URL or a tag that regular expressions read; the rest of a longer one is left out."""

SOURCE_URL = "https://message.invalid/"
"""The document that asks, for filter engines: a webmail that no list names, so every host is third party."""


class PublishedList(Protocol):
    """A tracker list that judges URLs.

    Attributes
    ----------
    name : str
        Its name in :data:`REGISTRY`.
    kind : str
        How its rules are applied, see :class:`ListSource`.
    rules : int
        Rules in the file, those dropped included.
    dropped : tuple of str
        Rules that are not applied, each with the reason behind it in brackets.
    """

    name: str
    kind: str
    rules: int
    dropped: tuple[str, ...]

    def match(self, url: str, *, tag: str = "", request: str = "image") -> bool:
        """Return whether the list holds a URL for a tracker.

        Parameters
        ----------
        url : str
            A URL, resolved or as written. What is no URL has no host and passes every filter; nothing raises.
        tag : str
            The element's start tag as written, for lists that read HTML. ``""`` stands for an ``<img>`` of
            the URL and nothing else.
        request : str
            What is asked for, in the filter engine's words, see :func:`request_type`; other lists do not mind.
        """

    def match_many(self, urls: Sequence[str], tags: Sequence[str] | None = None, requests: Sequence[str] | None = None) -> Mask:
        """Return :meth:`match` of each URL, shape ``(len(urls),)``; what is equal is judged once.

        Raises
        ------
        TkitError
            If ``tags`` or ``requests`` has another length than ``urls``.
        """


class _TextList(ABC):
    """What all lists share: a verdict depends on one text alone, so equal texts are judged once."""

    def __init__(self, name: str, kind: str, rules: int, dropped: Iterable[str]) -> None:
        self.name = name
        self.kind = kind
        self.rules = rules
        self.dropped = tuple(dropped)

    def match(self, url: str, *, tag: str = "", request: str = "image") -> bool:
        return self._hit(self._text(url, tag, request))

    def match_many(self, urls: Sequence[str], tags: Sequence[str] | None = None, requests: Sequence[str] | None = None) -> Mask:
        tags = [""] * len(urls) if tags is None else tags
        requests = ["image"] * len(urls) if requests is None else requests
        require_length("tags", tags, urls)
        require_length("requests", requests, urls)
        texts = list(map(self._text, urls, tags, requests))
        hits = {text: self._hit(text) for text in set(texts)}
        return np.array([hits[text] for text in texts], dtype=np.bool_)

    def _text(self, url: str, tag: str, request: str) -> str:
        return url

    @abstractmethod
    def _hit(self, text: str) -> bool: ...


def require_length(what: str, given: Sequence[str], urls: Sequence[str]) -> None:
    """Refuse a column that does not hold one value for each URL."""
    if len(given) != len(urls):
        raise TkitError(f"{what}: {len(given)} for {len(urls)} URLs; pass one for each URL, in the same order")


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no engine outside of Python takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


_BADFILTER = re.compile(r"[$,]badfilter\b")
_COSMETIC = re.compile(r"#[@?$%]{0,3}#")
_ALL = re.compile(r"(?:\$all\Z|(?<=\$)all,|,all(?=,|\Z))")
_BEYOND_RUST = re.compile(r"(?:@@)?/.*(?:\(\?<?[=!]|\\[1-9]).*/(?:\$|\Z)")


class FilterList(_TextList):
    """A list of Adblock Plus rules in Brave's engine (PyPI ``adblock``).

    The engine is silent about rules that it cannot read, ``$all`` among them, so it is asked for each after
    loading. Neither a rule with ``$badfilter`` nor the one that it cancels is held for dropped. Where it does not know
    ``$all``, which uBlock Origin has for requests of every type, the rule is also loaded without that option: for requests
    that is the same. ``rewritten`` has those rules.

    A rule is looked up by its words, with ``%`` taken for a letter: one that begins inside of a word of the
    URL is not found, as in ``?url=https%3A%2F%2Fa.example%2Fopen`` for ``%2Fopen``. Judging the unwrapped URL
    too, as :func:`verdicts` does, makes up for that.

    Raises
    ------
    TkitError
        If ``adblock`` is not installed.
    """

    def __init__(self, name: str, kind: str, lines: Iterable[str]) -> None:
        adblock = _import_adblock()
        rules = [line for line in map(str.strip, lines) if line and not line.startswith(("!", "[Adblock"))]
        filters = adblock.FilterSet()
        bare = {rule: _ALL.sub("", rule) for rule in rules if _ALL.search(rule)}
        filters.add_filters([*rules, *bare.values()])
        # Optimising merges rules, which could then no longer be asked for.
        self._engine = adblock.Engine(filters, optimize=False)
        self.rewritten = tuple(
            rule
            for rule, without in bare.items()
            if self._engine.filter_exists(without) and not self._engine.filter_exists(rule)
        )
        cancelling = {rule for rule in rules if _BADFILTER.search(rule)}
        settled = cancelling | {_BADFILTER.sub("", rule) for rule in cancelling}
        reasons = {rule: "" if rule in settled else self._why_dropped(rule) for rule in rules}
        super().__init__(name, kind, len(rules), [f"{rule} ({reasons[rule]})" for rule in rules if reasons[rule]])

    def _why_dropped(self, rule: str) -> str:
        if self._engine.filter_exists(rule) or rule in self.rewritten:
            return "the engine cannot compile the regular expression" if _BEYOND_RUST.match(rule) else ""
        if _COSMETIC.search(rule):
            return "hides an element and judges no URL"
        return "the engine does not take it for a rule about requests"

    def _text(self, url: str, tag: str, request: str) -> str:
        return f"{request} {url}"

    def _hit(self, text: str) -> bool:
        request, _, url = text.partition(" ")
        return bool(self._engine.check_network_urls(_encodable(url), SOURCE_URL, request).matched)


def _import_adblock() -> ModuleType:
    try:
        import adblock  # noqa: PLC0415
    except ImportError as error:
        what = "filter lists need Brave's engine, which is not installed"
        raise TkitError(f"{what}: pip install 'tkit[lists]'") from error
    return adblock


class HostList(_TextList):
    """A list of domains; each stands for itself and its subdomains.

    >>> listed = HostList("example", "hosts", ["example.com"])
    >>> listed.match("http://t.example.com/"), listed.match("http://notexample.com/")
    (True, False)
    """

    def __init__(self, name: str, kind: str, domains: Sequence[str]) -> None:
        dropped = [f"{domain!r} (empty)" for domain in domains if not domain.strip(".")]
        super().__init__(name, kind, len(domains), dropped)
        self._domains = frozenset(domain.strip(".").lower() for domain in domains) - {""}

    def _text(self, url: str, tag: str, request: str) -> str:
        return host_of(resolve(clean(_encodable(url)))).rstrip(".")

    def _hit(self, text: str) -> bool:
        labels = text.split(".")
        return any(".".join(labels[start:]) in self._domains for start in range(len(labels)))


class SubstringList(_TextList):
    """A list of substrings of URLs."""

    def __init__(self, name: str, kind: str, substrings: Sequence[str], *, ignore_case: bool = False) -> None:
        dropped = [f"{substring!r} (empty)" for substring in substrings if not substring]
        super().__init__(name, kind, len(substrings), dropped)
        self._fold: Callable[[str], str] = str.lower if ignore_case else str
        self._substrings = tuple(dict.fromkeys(map(self._fold, filter(None, substrings))))

    def _hit(self, text: str) -> bool:
        folded = self._fold(text)
        return any(substring in folded for substring in self._substrings)


class RegexList(_TextList):
    """A list of regular expressions, searched in URLs or in ``<img>`` tags.

    Each runs by itself, and only on texts that hold the literal it requires: as many substring searches are
    far quicker than one alternation of all patterns.

    Parameters
    ----------
    name, kind : str
        See :class:`PublishedList`.
    rules : sequence of str
        As in the list.
    to_pattern : callable
        Makes the regular expression of a rule; may raise :class:`UntranslatableError`.
    dialect : Dialect
        What the regular expressions are written in.
    ignore_case : bool
        Whether the program searches without regard to case.
    on_tag : bool
        Whether the program searches the HTML instead of the URL.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        rules: Sequence[str],
        *,
        to_pattern: Callable[[str], str] = str,
        dialect: Dialect = JAVASCRIPT,
        ignore_case: bool = False,
        on_tag: bool = False,
    ) -> None:
        self._on_tag = on_tag
        self._rules: list[tuple[str, re.Pattern[str]]] = []
        flags = re.ASCII | re.IGNORECASE if ignore_case else re.ASCII
        dropped = []
        for rule in rules:
            try:
                expression, literal = translate(to_pattern(rule), dialect)
            except UntranslatableError as reason:
                dropped.append(f"{rule} ({reason})")
            else:
                self._rules.append((literal, re.compile(expression, flags)))
        super().__init__(name, kind, len(rules), dropped)

    def _text(self, url: str, tag: str, request: str) -> str:
        if not self._on_tag:
            return url[:LONGEST_TEXT]
        written = tag or '<img src="{}">'.format(url.replace(">", "%3E").replace('"', "%22"))
        # A rule that ends in ".+" runs to the end of its line and needs a later ">", which a whole mail has.
        return written[:LONGEST_TEXT] + "\n>"

    def _hit(self, text: str) -> bool:
        folded = text.lower()
        return any(literal in folded and rule.search(text) is not None for literal, rule in self._rules)
