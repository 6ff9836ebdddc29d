"""The kinds of published list, each applied as its own program applies it.

Regular expressions from third parties are untrusted input: one bad pattern can take exponential time. A pattern reads only
the first :data:`LONGEST_TEXT` characters of a text, runs only on texts that contain the literal it requires, and is accepted
only if Python can give it the same meaning as its own engine. No pattern of the registry is exponential. Some have two or
three ``.+`` in a row and take quadratic or cubic time, so a text made against them can take seconds. Use them to measure,
but do not run them on a mail server, and load no list that you have not read.
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
"""Characters of a URL or a tag that regular expressions read; the rest is ignored."""

SOURCE_URL = "https://message.invalid/"
"""The requesting document for filter engines: a webmail that no list names, so every host is third party."""


class PublishedList(Protocol):
    """A tracker list that judges URLs.

    Attributes
    ----------
    name : str
        Its name in :data:`tkit.lists.sources.REGISTRY`.
    kind : str
        How its rules are applied, see :class:`tkit.lists.sources.ListSource`.
    rules : int
        Number of rules in the file, including those dropped.
    dropped : tuple of str
        Rules that are not applied, each followed by the reason in brackets.
    """

    name: str
    kind: str
    rules: int
    dropped: tuple[str, ...]

    def match(self, url: str, *, tag: str = "", request: str = "image") -> bool:
        """Return whether the list flags a URL.

        Parameters
        ----------
        url : str
            A URL, resolved or as written. Any other text has no host and passes every filter; nothing raises.
        tag : str
            The element's start tag as written, for lists that read HTML. ``""`` means an ``<img>`` with the
            URL and nothing else.
        request : str
            Request type in the filter engine's terms, see :func:`tkit.html.carriers.request_type`; other lists ignore it.
        """

    def match_many(self, urls: Sequence[str], tags: Sequence[str] | None = None, requests: Sequence[str] | None = None) -> Mask:
        """Return :meth:`match` of each URL, shape ``(len(urls),)``; equal inputs are judged once.

        Raises
        ------
        TkitError
            If the length of ``tags`` or ``requests`` differs from ``urls``.
        """


class _TextList(ABC):
    """Base class of all lists: a verdict depends on one text only, so equal texts are judged once."""

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


def require_length(what: str, values: Sequence[str], urls: Sequence[str]) -> None:
    """Refuse a column that does not have one value for each URL."""
    if len(values) != len(urls):
        raise TkitError(f"{what}: {len(values)} for {len(urls)} URLs; pass one for each URL, in the same order")


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no engine outside Python accepts."""
    return text.encode("utf-8", "replace").decode("utf-8")


_BADFILTER = re.compile(r"[$,]badfilter\b")
_COSMETIC = re.compile(r"#[@?$%]{0,3}#")
_ALL = re.compile(r"(?:\$all\Z|(?<=\$)all,|,all(?=,|\Z))")
_BEYOND_RUST = re.compile(r"(?:@@)?/.*(?:\(\?<?[=!]|\\[1-9]).*/(?:\$|\Z)")


class FilterList(_TextList):
    """A list of Adblock Plus rules in Brave's engine (PyPI ``adblock``).

    The engine does not report rules that it cannot read, among them ``$all``, so each rule is looked up after loading.
    Neither a rule with ``$badfilter`` nor the one that it cancels counts as dropped. A rule with ``$all``, which in uBlock
    Origin means requests of every type, is also loaded without that option if the engine does not know it: for requests
    that is the same. ``rewritten`` lists those rules.

    The engine indexes rules by words, and treats ``%`` as a letter: a rule that begins inside a word of the URL is not
    found, as in ``?url=https%3A%2F%2Fa.example%2Fopen`` for ``%2Fopen``. :func:`tkit.lists.sources.verdicts` makes up for
    that by also judging the unwrapped URL.

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
        # Optimising merges rules, which could then no longer be looked up.
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
    """A list of domains; each matches itself and its subdomains.

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

    Each runs by itself, and only on texts that contain the literal it requires: many substring searches are far faster than
    one alternation of all patterns.

    Parameters
    ----------
    name, kind : str
        See :class:`PublishedList`.
    rules : sequence of str
        Rules as written in the list.
    to_pattern : callable
        Returns the regular expression of a rule; may raise :class:`UntranslatableError`.
    dialect : Dialect
        Dialect of the regular expressions.
    ignore_case : bool
        Whether the program ignores case.
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
