"""Published tracker lists as detectors over URLs, each applied as its own program applies it.

The lists are other people's and under other licences: tkit holds :data:`REGISTRY`, which says where each
came from, and reads copies that the user keeps in a folder. Nothing here opens a connection.

Regular expressions of others are hostile input: one bad pattern can take exponential time. Of every text
that a pattern reads only the first :data:`LONGEST_TEXT` characters count, a pattern runs only on texts that
hold the literal it requires, and a pattern is taken only where Python's engine gives it the meaning that it
has in its own. No pattern of the registry is exponential; with two or three ``.+`` in a row, some are of the
second or third power, so that a text made against them can take seconds. Measure with them, but let no
server run them on its mail, and load no list that you have not read.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.errors import TkitError
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

    def match(self, url: str, *, tag: str = "") -> bool:
        """Tell whether the list holds a URL for a tracker.

        Parameters
        ----------
        url : str
            A URL, resolved or as written. What is no URL has no host and passes every filter; nothing raises.
        tag : str
            The element's start tag as written, for lists that read HTML. ``""`` stands for an ``<img>`` of
            the URL and nothing else.
        """

    def match_many(self, urls: Sequence[str], tags: Sequence[str] | None = None) -> NDArray[np.bool_]:
        """Give :meth:`match` of each URL, shape ``(len(urls),)``; what is equal is judged once.

        Raises
        ------
        TkitError
            Where ``tags`` has another length than ``urls``.
        """


class ListSource(NamedTuple):
    """Where a published list comes from, and how it is applied.

    ``path`` and ``commit`` name the file that the list was taken from, in the repository or Debian package
    ``project``; ``commit`` and ``date`` are ``""`` where not recorded. ``file`` is its name in the user's
    folder: the very file for filter lists and ``uglyemail``, else JSON with the same rules, grouped as in
    the source. ``kind`` is one of

    =================  ===================================================================================
    filters            Adblock Plus rules in Brave's engine; the request is an image's from `SOURCE_URL`
    hosts              domains, each with its subdomains
    substrings         substrings of the URL as written
    substrings-nocase  substrings of the URL in whatever case
    wildcards-nocase   Chrome's ``urlFilter`` without anchors: such substrings, with ``*`` for any text
    regex-js           JavaScript's regular expressions, searched in the URL
    regex-js-nocase    the same with the flag ``i``
    regex-hey          Ruby's regular expressions between slashes, else substrings; searched in the URL
    regex-tag          ICU's regular expressions in MailTrackerBlocker's frame for one ``<img>`` tag
    =================  ===================================================================================
    """

    name: str
    file: str
    kind: str
    project: str
    path: str
    commit: str
    date: str
    licence: str


class _TextList(ABC):
    """What all lists share: a verdict depends on one text alone, so equal texts are judged once."""

    def __init__(self, name: str, kind: str, rules: int, dropped: Iterable[str]) -> None:
        self.name = name
        self.kind = kind
        self.rules = rules
        self.dropped = tuple(dropped)

    def match(self, url: str, *, tag: str = "") -> bool:
        return self._hit(self._text(url, tag))

    def match_many(self, urls: Sequence[str], tags: Sequence[str] | None = None) -> NDArray[np.bool_]:
        if tags is None:
            tags = [""] * len(urls)
        _require_length("tags", tags, urls)
        texts = list(map(self._text, urls, tags))
        hits = {text: self._hit(text) for text in set(texts)}
        return np.array([hits[text] for text in texts], dtype=np.bool_)

    def _text(self, url: str, tag: str) -> str:
        return url

    @abstractmethod
    def _hit(self, text: str) -> bool: ...


def _require_length(what: str, given: Sequence[str], urls: Sequence[str]) -> None:
    if len(given) != len(urls):
        raise TkitError(f"{what}: {len(given)} for {len(urls)} URLs; pass one for each URL, in the same order")


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no engine outside of Python takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


_BADFILTER = re.compile(r"[$,]badfilter\b")
_COSMETIC = re.compile(r"#[@?$%]{0,3}#")
_ALL = re.compile(r"[$,]all(?:,|\Z)")
_BEYOND_RUST = re.compile(r"(?:@@)?/.*(?:\(\?<?[=!]|\\[1-9]).*/(?:\$|\Z)")


class FilterList(_TextList):
    """A list of Adblock Plus rules in Brave's engine (PyPI ``adblock``).

    The engine is silent about rules that it cannot read, ``$all`` among them, so it is asked for each after
    loading. Neither a rule with ``$badfilter`` nor the one that it cancels is held for dropped.

    A rule is looked up by its words, with ``%`` taken for a letter: one that begins inside of a word of the
    URL is not found, as in ``?url=https%3A%2F%2Fa.example%2Fopen`` for ``%2Fopen``. Judging the unwrapped URL
    too, as :func:`verdicts` does, makes up for that.

    Raises
    ------
    TkitError
        Where ``adblock`` is not installed.
    """

    def __init__(self, name: str, kind: str, lines: Iterable[str]) -> None:
        adblock = _import_adblock()
        rules = [line for line in map(str.strip, lines) if line and not line.startswith(("!", "[Adblock"))]
        filters = adblock.FilterSet()
        filters.add_filters(rules)
        # Optimising merges rules, which could then no longer be asked for.
        self._engine = adblock.Engine(filters, optimize=False)
        cancelling = {rule for rule in rules if _BADFILTER.search(rule)}
        settled = cancelling | {_BADFILTER.sub("", rule) for rule in cancelling}
        reasons = {rule: "" if rule in settled else self._why_dropped(rule) for rule in rules}
        super().__init__(name, kind, len(rules), [f"{rule} ({reasons[rule]})" for rule in rules if reasons[rule]])

    def _why_dropped(self, rule: str) -> str:
        if self._engine.filter_exists(rule):
            return "the engine cannot compile the regular expression" if _BEYOND_RUST.match(rule) else ""
        if _COSMETIC.search(rule):
            return "hides an element and judges no URL"
        if _ALL.search(rule):
            return "the engine does not know the option $all"
        return "the engine does not take it for a rule about requests"

    def _hit(self, text: str) -> bool:
        return bool(self._engine.check_network_urls(_encodable(text), SOURCE_URL, "image").matched)


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

    def _text(self, url: str, tag: str) -> str:
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


class UntranslatableError(TkitError):
    """A rule to which Python would give another meaning than its own engine, or none."""


class Dialect(NamedTuple):
    """What a dialect of regular expressions has other than Python's with ``re.ASCII``.

    ``dot`` is what ``.`` stands for. ``escapes`` and ``anchors`` are what letters after a backslash and
    anchors stand for; others are refused. ``stray`` are the brackets that stand for themselves where they
    open or close nothing. ``possessive`` tells whether ``a++`` is one quantifier.
    """

    dot: str
    escapes: Mapping[str, str]
    anchors: Mapping[str, str]
    stray: str
    possessive: bool


_CONTROLS = {letter: "\\" + letter for letter in "fnrt"}
_CLASSES = {letter: "\\" + letter for letter in "dDwWbB"}
_JS_SPACE = r"\s\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_JS_SPACES = {"s": f"[{_JS_SPACE}]", "S": f"[^{_JS_SPACE}]"}
_JS_ANCHORS = {"^": "^", "$": r"\Z"}
JAVASCRIPT = Dialect(r"[^\n\r\u2028\u2029]", _CONTROLS | _CLASSES | _JS_SPACES, _JS_ANCHORS, "{}]", False)
RUBY = Dialect(".", _CONTROLS | _CLASSES, {}, "{}]", False)
ICU = Dialect(r"[^\n-\r\x85\u2028\u2029]", _CONTROLS, {}, "", True)

_TOKEN = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])*\])|(?P<escape>\\.)|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})[+?]?)"
    r"|(?P<open>\((?:\?[:=!])?)|(?P<other>.)",
    re.DOTALL,
)


def translate(pattern: str, dialect: Dialect) -> tuple[str, str]:
    r"""Translate a regular expression into one to which Python's ``re`` gives the same meaning.

    Parameters
    ----------
    pattern : str
        As written in ``dialect``.
    dialect : Dialect
        :data:`JAVASCRIPT` (without the flags u, v, m and s), :data:`RUBY` or :data:`ICU`.

    Returns
    -------
    expression : str
        For ``re.compile`` with ``re.ASCII``. It matches the same texts, perhaps at another place; with the
        case ignored that holds for ASCII texts, as other letters are not folded.
    literal : str
        A string that every match holds when both are in lower case; ``""`` where none is known.

    Raises
    ------
    UntranslatableError
        Where the meaning would differ or is not known to be the same (back references, look-behind, named
        groups, flags, set operations, anchors of lines, ...) and where the pattern is an error.

    Notes
    -----
    Sources: ECMA-262, 22.2 and annex B.1.2; ICU User Guide, Regular Expressions; Onigmo, doc/RE.

    Examples
    --------
    >>> translate(r"click\.(\w+)\/o[.]gif", JAVASCRIPT)
    ('click\\.(\\w+)/o[.]gif', 'click.')
    """
    parts: list[str] = []
    # Literals at the outermost level; a new one begins wherever other text may stand in between.
    runs = [""]
    depth = 0
    alternatives = repeatable = False
    for found in _TOKEN.finditer(pattern):
        kind, token = str(found.lastgroup), found.group()
        if kind == "repeat" and not repeatable:
            raise UntranslatableError(f"{token!r} has nothing to repeat")
        parts.append(_translate_token(kind, token, dialect))
        depth += (kind == "open") - (token == ")")
        alternatives |= token == "|" and depth == 0
        if depth == 0 and _stands_for_itself(kind, token):
            runs[-1] += token[-1]
        else:
            if kind == "repeat" and re.match(r"[*?]|\{0", token):
                runs[-1] = runs[-1][:-1]
            runs.append("")
        repeatable = kind not in ("repeat", "open") and token not in ("|", "^", "$", r"\b", r"\B")
    expression = "".join(parts)
    try:
        re.compile(expression, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UntranslatableError(f"no regular expression: {error}") from None
    return expression, "" if alternatives else max(runs, key=len).lower()


def _stands_for_itself(kind: str, token: str) -> bool:
    return (kind == "other" and token not in ".)|^$") or (kind == "escape" and not token[1].isalnum())


def _translate_token(kind: str, token: str, dialect: Dialect) -> str:
    same = kind == "open" or token in (")", "|")
    if kind == "repeat":
        same = (dialect.possessive or not token[1:].endswith("+")) and not token.endswith("}?")
    elif kind == "set":
        same = _is_plain_set(token, dialect)
    if same:
        return token
    if token == ".":
        return dialect.dot
    if kind == "escape" and token[1] in dialect.escapes:
        return dialect.escapes[token[1]]
    if token in dialect.anchors:
        return dialect.anchors[token]
    if _stands_for_itself(kind, token) and (token not in ("{", "}", "[", "]", "\\") or token in dialect.stray):
        return re.escape(token[-1])
    raise UntranslatableError(f"{token!r} may mean something else in Python")


def _is_plain_set(token: str, dialect: Dialect) -> bool:
    """Tell whether a set holds only characters, ranges and classes that all dialects read alike."""
    members = token[1:-1].removeprefix("^")
    escaped = re.findall(r"\\(.)", members, re.DOTALL)
    plain = re.sub(r"\\.", "", members, flags=re.DOTALL)
    known = all(not letter.isalnum() or (letter in "dDwWfnrt" and letter in dialect.escapes) for letter in escaped)
    return bool(members) and known and not re.search(r"\[|&&|--|~~|\|\|", plain)


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

    def _text(self, url: str, tag: str) -> str:
        if not self._on_tag:
            return url[:LONGEST_TEXT]
        written = tag or '<img src="{}">'.format(url.replace(">", "%3E").replace('"', "%22"))
        # A rule that ends in ".+" runs to the end of its line and needs a later ">", which a whole mail has.
        return written[:LONGEST_TEXT] + "\n>"

    def _hit(self, text: str) -> bool:
        folded = text.lower()
        return any(literal in folded and rule.search(text) is not None for literal, rule in self._rules)


def _wildcard_pattern(rule: str) -> str:
    if not rule.strip("*") or "|" in rule or "^" in rule:
        raise UntranslatableError("anchors, separators and empty filters are not applied")
    return ".*".join(map(re.escape, rule.strip("*").split("*")))


def _hey_pattern(rule: str) -> str:
    # The list was copied out of Ruby source, where slashes at both ends bound a regular expression; a rule
    # without metacharacters between them is a path.
    return rule[1:-1] if re.fullmatch(r"/.*[(\[*+\\].*/", rule) else re.escape(rule)


def _tag_pattern(rule: str) -> str:
    # The program's own frame; its second "+" makes the rule's last quantifier possessive.
    return f"<img[^>]+{rule}+[^>]*>"


def _entries(text: str) -> list[str]:
    """Give the rules of a JSON list: strings, pairs of a name and a rule, or arrays of rules by name."""
    data = json.loads(text)
    if isinstance(data, dict):
        groups = list(data.values())
    else:
        groups = [item[-1:] if isinstance(item, list) else item for item in data]
    return [_string(entry) for group in groups for entry in ([group] if isinstance(group, str) else group)]


def _string(entry: object) -> str:
    if not isinstance(entry, str):
        raise TypeError(f"a rule that is no string: {entry!r:.40}")
    return entry


def _wildcards(text: str) -> list[str]:
    """Give the rules of Trocker's JSON: a vendor's domains, and patterns that hold none of them."""
    rules = []
    for vendor in json.loads(text):
        domains = [_string(domain) for domain in vendor["domains"]]
        rules += domains
        rules += [rule for rule in vendor["patterns"] if not any(domain in _string(rule) for domain in domains)]
    return rules


def _named_lines(text: str) -> list[str]:
    return [line.split("@@=", 1)[1] for line in text.split("\n") if line.strip()]


_LOADERS: dict[str, Callable[[str, str, str], PublishedList]] = {
    "filters": lambda name, kind, text: FilterList(name, kind, text.split("\n")),
    "hosts": lambda name, kind, text: HostList(name, kind, [_string(domain) for domain in json.loads(text)]),
    "substrings": lambda name, kind, text: SubstringList(name, kind, _entries(text)),
    "substrings-nocase": lambda name, kind, text: SubstringList(name, kind, _entries(text), ignore_case=True),
    "wildcards-nocase": lambda name, kind, text: RegexList(
        name, kind, _wildcards(text), to_pattern=_wildcard_pattern, ignore_case=True
    ),
    "regex-js": lambda name, kind, text: RegexList(name, kind, _named_lines(text)),
    "regex-js-nocase": lambda name, kind, text: RegexList(name, kind, _entries(text), ignore_case=True),
    "regex-hey": lambda name, kind, text: RegexList(name, kind, _entries(text), to_pattern=_hey_pattern, dialect=RUBY),
    "regex-tag": lambda name, kind, text: RegexList(
        name, kind, _entries(text), to_pattern=_tag_pattern, dialect=ICU, ignore_case=True, on_tag=True
    ),
}


def load(source: ListSource, folder: str | Path) -> PublishedList:
    """Read one list from the folder that holds the user's copies.

    Raises
    ------
    TkitError
        Where the file is missing or of another format, or where ``adblock`` is needed and not installed.
    """
    path = Path(folder) / source.file
    if source.kind not in _LOADERS:
        raise TkitError(f"list {source.name}: unknown kind {source.kind!r}; known are {', '.join(_LOADERS)}")
    try:
        return _LOADERS[source.kind](source.name, source.kind, path.read_text(encoding="utf-8"))
    except OSError as error:
        origin = f"{source.path} of {source.project} {source.commit}".strip()
        raise TkitError(f"list {source.name}: cannot read {path} ({error.strerror}); make it of {origin}") from error
    except (ValueError, TypeError, LookupError) as error:
        raise TkitError(
            f"list {source.name}: {path} is not of the format of {source.kind!r} ({error}); see ListSource"
        ) from error


def load_all(folder: str | Path) -> list[PublishedList]:
    """Read every list of :data:`REGISTRY`, in its order; see :func:`load` for what it raises."""
    return [load(source, folder) for source in REGISTRY]


def verdicts(
    lists: Sequence[PublishedList],
    urls: Sequence[str],
    unwrapped: Sequence[str],
    tags: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Judge URLs by lists, both as they are asked for and without the proxy that wraps them.

    Most lists were written for the mail as it was sent; a webmail's proxy or a gateway has it rewritten.

    Parameters
    ----------
    lists : sequence of PublishedList
        As :func:`load_all` gives them.
    urls, unwrapped : sequence of str
        The resolved URLs, and each as :func:`tkit.url.unwrap` gives it.
    tags : sequence of str, optional
        The start tags as written, for lists that read HTML. An unwrapped URL that differs is put into an
        ``<img>`` of its own; so is every URL where ``tags`` is left out.

    Returns
    -------
    pandas.DataFrame
        One row a URL, one ``bool`` column a list: whether either form matches.

    Raises
    ------
    TkitError
        Where the sequences differ in length, or two lists have one name.
    """
    _require_length("unwrapped", unwrapped, urls)
    names = [published.name for published in lists]
    if len(set(names)) < len(names):
        raise TkitError(f"two lists of one name among {', '.join(names)}; give each its own")
    differs = np.array([inner != url for url, inner in zip(urls, unwrapped, strict=True)], dtype=np.bool_)
    inner = [unwrapped[row] for row in np.flatnonzero(differs).tolist()]
    columns = {}
    for published in lists:
        hits = published.match_many(urls, tags)
        hits[differs] |= published.match_many(inner)
        columns[published.name] = hits
    return pd.DataFrame(columns, index=pd.RangeIndex(len(urls)))


_EASYLIST = "GPL-3.0-or-later or CC-BY-SA-3.0-or-later"

# fmt: off
REGISTRY: tuple[ListSource, ...] = (
    ListSource("adguard_mail", "adguard_mail.txt", "filters", "AdguardTeam/FiltersRegistry",
               "filters/filter_25_Mail_Tracking_Protection/filter.txt", "1f89d1ce9eee", "", "GPL-3.0"),
    ListSource("disconnect_email", "disconnect_Email.json", "hosts",
               "disconnectme/disconnect-tracking-protection", "services.json",
               "22c7d6166b6e", "2026-08-07", "CC-BY-NC-SA-4.0"),
    ListSource("disconnect_email_aggressive", "disconnect_EmailAggressive.json", "hosts",
               "disconnectme/disconnect-tracking-protection", "services.json",
               "22c7d6166b6e", "2026-08-07", "CC-BY-NC-SA-4.0"),
    ListSource("easyprivacy_email", "easyprivacy_emailtrackers.txt", "filters", "easylist/easylist",
               "easyprivacy/easyprivacy_general_emailtrackers.txt", "", "", _EASYLIST),
    ListSource("easyprivacy_full", "easyprivacy_full.txt", "filters",
               "Debian webext-ublock-origin-firefox 1.67.0+dfsg-1~deb12u1",
               "assets/thirdparties/easylist/easyprivacy.txt", "", "", _EASYLIST),
    ListSource("hey_2020", "hey_dhh_2020_via_mtb.json", "regex-hey", "apparition47/MailTrackerBlocker",
               "Source/NSString+MailTrackerBlocker.m", "7875d0d1e006", "2020-07-05",
               "not verified: a gist; the file that quotes it is under BSD-3-Clause"),
    ListSource("leavemealone", "leavemealone_trackers.txt", "filters", "leavemealone-app/email-trackers",
               "trackers.txt", "5253650a26d1", "2021-07-23", "GPL-3.0 (LICENSE) against CC-BY-3.0 (header)"),
    ListSource("mailspring", "mailspring.json", "substrings", "Foundry376/Mailspring",
               "app/internal_packages/remove-tracking-pixels/lib/main.ts", "d93a0d7f4304", "2026-08-21",
               "GPL-3.0"),
    ListSource("mailtrackerblocker", "mailtrackerblocker.json", "regex-tag",
               "apparition47/MailTrackerBlocker", "Source/MTBBlockedMessage.m",
               "8a8c43c7f9b1", "2026-02-11", "BSD-3-Clause"),
    ListSource("neomd", "neomd.json", "substrings-nocase", "ssp-data/neomd", "internal/imap/tracker_list.go",
               "ce94276df59c", "2026-07-02", "MIT, merged of lists under MIT, BSD-3-Clause and CC-BY"),
    ListSource("pelton", "pelton_hosts.json", "hosts", "TRC-Loop/Pelton", "internal/mailview/trackers.go",
               "d0908e9338a2", "2026-08-16", "GPL-3.0"),
    ListSource("simplify", "simplify.json", "regex-js-nocase", "leggett/simplify-trackers",
               "js/simplify-tracker-blocklist.js", "56f01d5d96e7", "2022-02-11", "BSD-3-Clause"),
    ListSource("snappymail", "snappymail.json", "substrings-nocase", "the-djmaze/snappymail",
               "dev/Common/Html.js", "ba496919ddea", "2025-06-16", "AGPL-3.0"),
    ListSource("trocker", "trocker_openTrackers.json", "wildcards-nocase", "trockerapp/trocker",
               "chrome/lists.js", "be36adc9fcda", "2026-02-01", "Apache-2.0"),
    ListSource("uglyemail", "uglyemail_list.txt", "regex-js", "OneClickLab/ugly-email-trackers", "list.txt",
               "7a52151dbaf7", "2022-05-24", "none stated"),
)
# fmt: on
"""The published tracker lists that tkit measures against."""
