"""Download of published lists from their projects, verified against the versions that tkit was measured with.

The file that a project publishes is often the source of a program: its rules are extracted and written in the form that
:mod:`tkit.lists.sources` reads. The checksum covers the rules, so it verifies both the download and the extraction.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path

from tkit.errors import TkitError
from tkit.lists.sources import ListSource, rules_of

LARGEST = 32 << 20
"""Maximum bytes of a download."""

_TIMEOUT = 60


def url_of(source: ListSource) -> str:
    """Return the URL of the file at the commit that the list was taken from; ``""`` if no commit is recorded."""
    return f"https://raw.githubusercontent.com/{source.project}/{source.commit}/{source.path}" if source.commit else ""


def digest(rules: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of the distinct rules, sorted, one per line."""
    return hashlib.sha256("\n".join(sorted(set(rules))).encode("utf-8", "surrogatepass")).hexdigest()


def verify(source: ListSource, folder: str | Path) -> bool:
    """Return whether the user's copy has the rules of the registry; False if it is missing.

    Raises
    ------
    TkitError
        If the copy cannot be read.
    """
    path = Path(folder) / source.file
    return path.is_file() and digest(rules_of(source, folder)) == source.sha256


def get(source: ListSource, folder: str | Path, url: str = "") -> Path:
    """Download a list, extract its rules, and write it where :func:`tkit.lists.sources.load` reads it.

    Parameters
    ----------
    source : ListSource
    folder : path
        Made if it is missing.
    url : str
        Overrides the URL of :func:`url_of`.

    Returns
    -------
    Path
        The file; written only if its rules are those of the registry.

    Raises
    ------
    TkitError
        If ``pooch`` is not installed, no commit is recorded, the download fails or is too large, or the rules differ
        from those of the registry.
    """
    address = url or url_of(source)
    if not address:
        raise TkitError(
            f"list {source.name}: no commit is recorded to download; take {source.path} from {source.project} and put it at"
            f" {Path(folder) / source.file}"
        )
    text = _extracted(source, _download(address, source.name))
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TkitError(f"{folder}: cannot be made ({error.strerror}): give another folder") from None
    with tempfile.TemporaryDirectory(dir=folder, prefix=".list-") as temporary:
        (Path(temporary) / source.file).write_text(text, encoding="utf-8")
        if not verify(source, temporary):
            raise TkitError(
                f"list {source.name}: {address} contains other rules than the registry: nothing is written; the file or its"
                " format has changed"
            )
        os.replace(Path(temporary) / source.file, folder / source.file)
    return folder / source.file


def _download(address: str, name: str) -> str:
    try:
        pooch = import_module("pooch")
    except ImportError as error:
        raise TkitError("downloads need pooch, which is not installed: pip install 'tkit[lists]'") from error
    with tempfile.TemporaryDirectory() as temporary:
        pooch.get_logger().setLevel("ERROR")
        try:
            # The checksum covers the rules, see above, so the file itself needs none.
            path = Path(
                pooch.retrieve(
                    address, known_hash=None, fname="list", path=temporary, downloader=pooch.HTTPDownloader(timeout=_TIMEOUT)
                )
            )
        except (OSError, ValueError) as error:  # the errors of requests are OSErrors
            raise TkitError(f"list {name}: {address} cannot be downloaded ({error})") from None
        if path.stat().st_size > LARGEST:
            raise TkitError(f"list {name}: {address} has more than {LARGEST} bytes: it is not a list")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TkitError(f"list {name}: {address} is not UTF-8 text ({error})") from None


def _extracted(source: ListSource, text: str) -> str:
    extract = _EXTRACTORS.get(source.name)
    if extract is None:
        return text
    try:
        return json.dumps(extract(text), indent=1, ensure_ascii=False) + "\n"
    except (ValueError, TypeError, LookupError) as error:
        raise TkitError(f"list {source.name}: {source.path} has another format than at {source.commit} ({error})") from None


# A string, a comment or any other character, in the languages of these sources.
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<other>\S)""", re.DOTALL
)


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def _strings(text: str) -> list[tuple[str, str]]:
    """Return each string literal with the token after it, without comments."""
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "comment"]
    following = [match.group() for match in tokens[1:]] + [""] * bool(tokens)
    return [
        (_unquoted(match.group()), after) for match, after in zip(tokens, following, strict=True) if match.lastgroup == "string"
    ]


def _unquoted(literal: str) -> str:
    if literal.startswith("`"):
        return literal[1:-1]
    controls = {"n": "\n", "r": "\r", "t": "\t"}
    return re.sub(r"\\(.)", lambda match: controls.get(match[1], match[1]), literal[1:-1], flags=re.DOTALL)


def _by_key(text: str) -> Mapping[str, list[str]]:
    """Read ``"key": ["value", ...]`` or ``key: "value"``; a key that is a bare word is ignored, its values are kept."""
    groups: dict[str, list[str]] = {}
    key = ""
    for value, after in _strings(text):
        if after == ":":
            key = value
        else:
            groups.setdefault(key, []).append(value)
    return groups


def _neomd(text: str) -> Mapping[str, list[str]]:
    services = re.findall(r'\{\s*("[^"\n]+"),\s*\[\]string\{([^}]*)\}', _between(text, "KnownTrackers = ", "\n}"))
    return {_unquoted(name): [value for value, _ in _strings(rules)] for name, rules in services}


def _disconnect(category: str) -> Callable[[str], Mapping[str, str]]:
    def extract(text: str) -> Mapping[str, str]:
        domains = {}
        for company in json.loads(text)["categories"][category]:
            for name, sites in company.items():
                # Besides the lists of domains there are flags, which are strings.
                for listed in (value for value in sites.values() if isinstance(value, list)):
                    domains.update(dict.fromkeys(listed, name))
        return domains

    return extract


def _trocker(text: str) -> object:
    return json.loads(_between(text, "openTrackers = ", ";"))


def _mailspring(text: str) -> list[str]:
    return re.findall(r"""\bpattern:\s*['"]([^'"\n]+)['"]""", _between(text, "TrackingBlacklist", "];"))


_EXTRACTORS: Mapping[str, Callable[[str], object]] = {
    "disconnect_email": _disconnect("Email"),
    "disconnect_email_aggressive": _disconnect("EmailAggressive"),
    "hey_2020": lambda text: _by_key(_between(text, "getTrackerDict {", "};")),
    "mailspring": _mailspring,
    "mailtrackerblocker": lambda text: _by_key(_between(text, "getTrackerDict {", "};")),
    "neomd": _neomd,
    "pelton": lambda text: [value for value, _ in _strings(_between(text, "trackerDomains = ", "\n}"))],
    "simplify": lambda text: _by_key(_between(text, "trackers = ", "};")),
    "snappymail": lambda text: [value for value, _ in _strings(_between(text, "pInt(oStyle.width))", ".filter"))],
    "trocker": _trocker,
}
