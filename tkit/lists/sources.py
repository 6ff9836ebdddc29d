"""Published tracker lists: where each comes from, and how a copy of it is read.

The lists belong to other projects and have other licences. tkit contains :data:`REGISTRY`, which says where each comes
from, and reads copies that the user keeps in a folder. Nothing here opens a connection; :mod:`tkit.lists.download` does.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tkit.errors import TkitError
from tkit.lists.dialects import ICU, RUBY, UntranslatableError
from tkit.lists.engines import FilterList, HostList, PublishedList, RegexList, SubstringList, require_length


class ListSource(NamedTuple):
    """Where a published list comes from, and how it is applied.

    ``path`` and ``commit`` name the file that the list was taken from, in the repository or Debian package
    ``project``; ``commit`` and ``date`` are ``""`` if not recorded. ``file`` is its name in the user's
    folder: the original file for filter lists and ``uglyemail``, else JSON with the same rules, grouped as in
    the source. ``sha256`` is the :func:`tkit.lists.download.digest` of the rules. ``kind`` is one of

    =================  ===================================================================================
    filters            Adblock Plus rules in Brave's engine; the request is an image's from `SOURCE_URL`
    hosts              domains, each including its subdomains
    substrings         substrings of the URL as written
    substrings-nocase  substrings of the URL, ignoring case
    wildcards-nocase   Chrome's ``urlFilter`` without anchors: substrings with ``*`` for any text
    regex-js           JavaScript regular expressions, searched in the URL
    regex-js-nocase    the same with the flag ``i``
    regex-hey          Ruby regular expressions between slashes, else substrings; searched in the URL
    regex-tag          ICU regular expressions in MailTrackerBlocker's frame for one ``<img>`` tag
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
    sha256: str = ""


def _wildcard_pattern(rule: str) -> str:
    if not rule.strip("*") or "|" in rule or "^" in rule:
        raise UntranslatableError("anchors, separators and empty filters are not applied")
    return ".*".join(map(re.escape, rule.strip("*").split("*")))


def _hey_pattern(rule: str) -> str:
    # The list was copied from Ruby source, where slashes at both ends delimit a regular expression; a rule without
    # metacharacters between them is a path.
    return rule[1:-1] if re.fullmatch(r"/.*[(\[*+\\].*/", rule) else re.escape(rule)


def _tag_pattern(rule: str) -> str:
    # The program's own frame; its second "+" makes the last quantifier of the rule possessive.
    return f"<img[^>]+{rule}+[^>]*>"


def _entries(text: str) -> list[str]:
    """Return the rules of a JSON list: strings, pairs of a name and a rule, or arrays of rules by name."""
    data = json.loads(text)
    if isinstance(data, dict):
        groups = list(data.values())
    else:
        groups = [item[-1:] if isinstance(item, list) else item for item in data]
    return [_string(entry) for group in groups for entry in ([group] if isinstance(group, str) else group)]


def _string(entry: object) -> str:
    if not isinstance(entry, str):
        raise TypeError(f"a rule that is not a string: {entry!r:.40}")
    return entry


def _wildcards(text: str) -> list[str]:
    """Return the rules of Trocker's JSON: the domains of each vendor, and the patterns that contain none of them."""
    rules = []
    for vendor in json.loads(text):
        domains = [_string(domain) for domain in vendor["domains"]]
        rules += domains
        rules += [rule for rule in vendor["patterns"] if not any(domain in _string(rule) for domain in domains)]
    return rules


def _named_lines(text: str) -> list[str]:
    return [line.split("@@=", 1)[1] for line in text.split("\n") if line.strip()]


def _filters(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith(("!", "[Adblock"))]


def rules_of(source: ListSource, folder: str | Path) -> list[str]:
    """Return the rules of a user's copy as written, in order; raises the errors of :func:`load`."""
    rules: list[str] = _read(source, folder, _RULES.get(source.kind, _entries))
    return rules


_RULES: dict[str, Callable[[str], list[str]]] = {
    "filters": _filters,
    "hosts": lambda text: [_string(domain) for domain in json.loads(text)],
    "wildcards-nocase": _wildcards,
    "regex-js": _named_lines,
}

# Kinds whose files are lines of text, not JSON.
_LINES = frozenset({"filters", "regex-js"})
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


_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_HOSTS_LINE = re.compile(r"(?:(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+)?(\S+)")
_LOCAL_HOSTS = frozenset({"localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback"})


def read_list(path: str | Path) -> PublishedList:
    """Read any list; its kind is detected from its content.

    Parameters
    ----------
    path : path
        A text in UTF-8: a hosts file or one domain per line, comments after ``#``; Ugly Email's ``NAME@@=REGEX`` lines; else
        Adblock Plus filters. Or JSON: an array of domains, or an object with ``kind``, one of those of :class:`ListSource`,
        and ``rules`` in its form.

    Returns
    -------
    PublishedList
        Named after the file.

    Raises
    ------
    TkitError
        If it cannot be read, is not UTF-8, or is JSON of another form; if ``adblock`` is needed and not installed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TkitError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TkitError(f"{path}: not UTF-8 text ({error}): a list is text or JSON") from error
    if text.lstrip().startswith(("{", "[")) and not text.lstrip().startswith("[Adblock"):
        return _read_json(path, text)
    lines = [line.strip() for line in text.splitlines()]
    rules = [line for line in lines if line and not line.startswith("!")]
    hosts = [_domain(line) for line in rules]
    if any(hosts) and None not in hosts:
        return HostList(path.stem, "hosts", [host for host in hosts if host])
    if rules and all("@@=" in line for line in rules):
        return _LOADERS["regex-js"](path.stem, "regex-js", "\n".join(rules))
    return FilterList(path.stem, "filters", lines)


def _domain(line: str) -> str | None:
    """Return the domain in a line of a hosts file, ``""`` if it has none, or None for any other line."""
    if re.match(r"##\S", line):  # a filter that hides elements
        return None
    content = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
    match = _HOSTS_LINE.fullmatch(content)
    if not content or (match and match[1].lower() in _LOCAL_HOSTS):
        return ""
    return match[1] if match and _HOST.fullmatch(match[1].rstrip(".")) else None


def _read_json(path: Path, text: str) -> PublishedList:
    wanted = f'give an array of domains, or {{"kind": ..., "rules": [...]}} with a kind of {", ".join(_LOADERS)}'
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TkitError(f"{path}: not JSON ({error}): {wanted}") from None
    if isinstance(data, list) and data and all(isinstance(rule, str) and _HOST.fullmatch(rule.strip(".")) for rule in data):
        return HostList(path.stem, "hosts", data)
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _LOADERS:
        raise TkitError(f"{path}: JSON of unknown form: {wanted}")
    rules = data.get("rules")
    lines = kind in _LINES and isinstance(rules, list) and all(isinstance(rule, str) for rule in rules)
    try:
        return _LOADERS[kind](path.stem, kind, "\n".join(rules) if lines else json.dumps(rules))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise TkitError(f"{path}: rules do not have the form of {kind!r} ({error}); see docs/detectors.md") from None


WEB_LISTS = ("easyprivacy_full",)
"""Lists made for web pages. They do not count in ``listed``, which covers the lists made for mail."""


def lists_folder() -> Path:
    """Return the folder of the user's copies of published lists: ``$TKIT_LISTS``, else ``tkit/lists`` in the user's cache."""
    folder = os.environ.get("TKIT_LISTS")
    if folder:
        return Path(folder)
    cache = {"win32": os.environ.get("LOCALAPPDATA"), "darwin": "~/Library/Caches"}.get(sys.platform)
    return Path(cache or os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tkit" / "lists"


def load(source: ListSource, folder: str | Path) -> PublishedList:
    """Read one list from the folder that holds the user's copies.

    Raises
    ------
    TkitError
        If the file is missing or has another format, or ``adblock`` is needed and not installed.
    """
    if source.kind not in _LOADERS:
        raise TkitError(f"list {source.name}: unknown kind {source.kind!r}; known are {', '.join(_LOADERS)}")
    made: PublishedList = _read(source, folder, lambda text: _LOADERS[source.kind](source.name, source.kind, text))
    return made


def _read(source: ListSource, folder: str | Path, read: Callable[[str], Any]) -> Any:
    path = Path(folder) / source.file
    try:
        return read(path.read_text(encoding="utf-8"))
    except OSError as error:
        origin = f"{source.path} of {source.project} {source.commit}".strip()
        raise TkitError(
            f"list {source.name}: cannot read {path} ({error.strerror}); make it from {origin}, or see `tkit lists get`"
        ) from error
    except (ValueError, TypeError, LookupError) as error:
        raise TkitError(
            f"list {source.name}: {path} does not have the format of {source.kind!r} ({error}); see ListSource"
        ) from error


def load_all(folder: str | Path, leave_out: Sequence[str] = ()) -> list[PublishedList]:
    """Read every list of :data:`REGISTRY` except those left out, in its order; raises the errors of :func:`load`."""
    return [load(source, folder) for source in REGISTRY if source.name not in leave_out]


def overview(folder: str | Path) -> pd.DataFrame:
    """Return an overview of the lists of :data:`REGISTRY`.

    Returns
    -------
    DataFrame
        One row per list: ``name``, ``kind``, the number of ``rules`` in the user's copy, of those ``applied`` and ``dropped``,
        and of those applied that were ``rewritten`` for the engine (all 0 without a copy), ``why`` rules are dropped (a list of
        str, each reason with its count), ``copy`` (whether there is one), ``project``, ``commit``, ``date``, ``licence``.
    """
    rows = []
    for source in REGISTRY:
        have = (Path(folder) / source.file).is_file()
        listed = load(source, folder) if have else None
        rules, dropped = (listed.rules, listed.dropped) if listed else (0, ())
        reasons = Counter(rule[rule.rindex(" (") + 2 : -1] if " (" in rule else rule for rule in dropped)
        rows.append(
            {
                "name": source.name,
                "kind": source.kind,
                "rules": rules,
                "applied": rules - len(dropped),
                "rewritten": len(getattr(listed, "rewritten", ())),
                "dropped": len(dropped),
                "why": [f"{count}: {reason}" for reason, count in reasons.most_common()],
                "copy": have,
                "project": source.project,
                "commit": source.commit,
                "date": source.date,
                "licence": source.licence,
            }
        )
    return pd.DataFrame(rows)


def verdicts(
    lists: Sequence[PublishedList],
    urls: Sequence[str],
    unwrapped: Sequence[str],
    tags: Sequence[str] | None = None,
    requests: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Judge URLs by lists, both as requested and without the proxy that wraps them.

    Most lists were written for mail as sent, but a webmail proxy or a gateway rewrites it.

    Parameters
    ----------
    lists : sequence of PublishedList
        As returned by :func:`load_all`.
    urls, unwrapped : sequence of str
        The resolved URLs, and each as returned by :func:`tkit.url.unwrap`.
    tags : sequence of str, optional
        The start tags as written, for lists that read HTML. An unwrapped URL that differs is judged in an
        ``<img>`` of its own, and so is every URL without ``tags``.
    requests : sequence of str, optional
        The type of each request, see :func:`tkit.html.carriers.request_type`; by default images.

    Returns
    -------
    pandas.DataFrame
        One row per URL, one ``bool`` column per list: whether either form matches.

    Raises
    ------
    TkitError
        If the sequences differ in length, or two lists have the same name.
    """
    require_length("unwrapped", unwrapped, urls)
    names = [published.name for published in lists]
    if len(set(names)) < len(names):
        raise TkitError(f"two lists with the same name among {', '.join(names)}; give each its own")
    differs = np.array([inner != url for url, inner in zip(urls, unwrapped, strict=True)], dtype=np.bool_)
    wrapped = np.flatnonzero(differs).tolist()
    inner = [unwrapped[row] for row in wrapped]
    inner_requests = None if requests is None else [requests[row] for row in wrapped]
    columns = {}
    for published in lists:
        hits = published.match_many(urls, tags, requests)
        hits[differs] |= published.match_many(inner, None, inner_requests)
        columns[published.name] = hits
    return pd.DataFrame(columns, index=pd.RangeIndex(len(urls)))


_EASYLIST = "GPL-3.0-or-later or CC-BY-SA-3.0-or-later"

# fmt: off
REGISTRY: tuple[ListSource, ...] = (
    ListSource("adguard_mail", "adguard_mail.txt", "filters", "AdguardTeam/FiltersRegistry",
               "filters/filter_25_Mail_Tracking_Protection/filter.txt", "1f89d1ce9eee", "", "GPL-3.0",
               "f90e4fb0f35a9aff13a2ffbc57c58409b717b0efb15865ae107fe7a54cc0dc0c"),
    ListSource("disconnect_email", "disconnect_Email.json", "hosts",
               "disconnectme/disconnect-tracking-protection", "services.json",
               "22c7d6166b6e", "2026-08-07", "CC-BY-NC-SA-4.0",
               "fe4c56c002ac32a554925e1600a1d403f3953c9d30ad7c2b689d7ef79b8a9528"),
    ListSource("disconnect_email_aggressive", "disconnect_EmailAggressive.json", "hosts",
               "disconnectme/disconnect-tracking-protection", "services.json",
               "22c7d6166b6e", "2026-08-07", "CC-BY-NC-SA-4.0",
               "8af014451b865986eb5c8bc8219e87d2c83a1f7d5fa82a20b58c5c0fdb8ebe1e"),
    ListSource("easyprivacy_email", "easyprivacy_emailtrackers.txt", "filters", "easylist/easylist",
               "easyprivacy/easyprivacy_general_emailtrackers.txt", "", "", _EASYLIST,
               "b9d86e3a9faecf0299d395062e498adf5f1a4a7ae3f3a90b323527d3a8fac167"),
    ListSource("easyprivacy_full", "easyprivacy_full.txt", "filters",
               "Debian webext-ublock-origin-firefox 1.67.0+dfsg-1~deb12u1",
               "assets/thirdparties/easylist/easyprivacy.txt", "", "", _EASYLIST,
               "e4d34eb4913660330a637075724d66107564c4f34145ad78fed3ec15dcc6851e"),
    ListSource("hey_2020", "hey_dhh_2020_via_mtb.json", "regex-hey", "apparition47/MailTrackerBlocker",
               "Source/NSString+MailTrackerBlocker.m", "7875d0d1e006", "2020-07-05",
               "not verified: a gist; the file that quotes it is under BSD-3-Clause",
               "309114f254ef891b7513a0100fb992182d07e9e8eb5d1034ae0611e03ec896a5"),
    ListSource("leavemealone", "leavemealone_trackers.txt", "filters", "leavemealone-app/email-trackers",
               "trackers.txt", "5253650a26d1", "2021-07-23", "GPL-3.0 (LICENSE) against CC-BY-3.0 (header)",
               "2836bd54663bde883ad074f25873bd0e0763362f37025f568dc1fb3dd057e447"),
    ListSource("mailspring", "mailspring.json", "substrings", "Foundry376/Mailspring",
               "app/internal_packages/remove-tracking-pixels/lib/main.ts", "d93a0d7f4304", "2026-08-21",
               "GPL-3.0",
               "171dbfe03cfadc88190b9b780ad9891ea5389833ca4131ee1b2d174366829fce"),
    ListSource("mailtrackerblocker", "mailtrackerblocker.json", "regex-tag",
               "apparition47/MailTrackerBlocker", "Source/MTBBlockedMessage.m",
               "8a8c43c7f9b1", "2026-02-11", "BSD-3-Clause",
               "2774ddbbca6acb08213e94c9178c9b265ef2fbb15e7375fb5e3524e4c8efe47d"),
    ListSource("neomd", "neomd.json", "substrings-nocase", "ssp-data/neomd", "internal/imap/tracker_list.go",
               "ce94276df59c", "2026-07-02", "MIT, merged of lists under MIT, BSD-3-Clause and CC-BY",
               "58a879886b66d028b4e2b1535f25de5d220a0603e71078ef4f1b70cbae4b53fc"),
    ListSource("pelton", "pelton_hosts.json", "hosts", "TRC-Loop/Pelton", "internal/mailview/trackers.go",
               "d0908e9338a2", "2026-08-16", "GPL-3.0",
               "8781579ba10951817ff11ee099fc5e60263788017abce78d05d6be5faa205bef"),
    ListSource("simplify", "simplify.json", "regex-js-nocase", "leggett/simplify-trackers",
               "js/simplify-tracker-blocklist.js", "56f01d5d96e7", "2022-02-11", "BSD-3-Clause",
               "597ac21991f9882d0f173ce8e058b457d2083ddcc2c1ec30733ed39114cad731"),
    ListSource("snappymail", "snappymail.json", "substrings-nocase", "the-djmaze/snappymail",
               "dev/Common/Html.js", "ba496919ddea", "2025-06-16", "AGPL-3.0",
               "a7c8488c99f94f0daf22df9fb62b73d943be0a9ff389f34afaa65067ee1bfb66"),
    ListSource("trocker", "trocker_openTrackers.json", "wildcards-nocase", "trockerapp/trocker",
               "chrome/lists.js", "be36adc9fcda", "2026-02-01", "Apache-2.0",
               "46ad302a280e3e22480dac89b264f0b560e3b8bc3eea7679deb119f043cf4fa6"),
    ListSource("uglyemail", "uglyemail_list.txt", "regex-js", "OneClickLab/ugly-email-trackers", "list.txt",
               "7a52151dbaf7", "2022-05-24", "none stated",
               "e1f54ca476e0746f68887fbc1e2b9169a8a4f6a4e30ef28aa91f9a5ff57101a0"),
)
# fmt: on
"""The published tracker lists that tkit measures against."""
