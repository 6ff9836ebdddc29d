"""Published lists, fetched from where their projects publish them, and held against what tkit was measured with.

The file that a project publishes is often a program's source: its rules are taken out and written as
:mod:`tkit.lists.sources` reads them. The checksum is of the rules, so that it proves both the download and the taking out.
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
"""Bytes that a download has at most."""

_TIMEOUT = 60


def url_of(source: ListSource) -> str:
    """Return the address of the file at the commit that the list was taken from; ``""`` where no commit is recorded."""
    return f"https://raw.githubusercontent.com/{source.project}/{source.commit}/{source.path}" if source.commit else ""


def digest(rules: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of the distinct rules in the order of their characters, a line each."""
    return hashlib.sha256("\n".join(sorted(set(rules))).encode("utf-8", "surrogatepass")).hexdigest()


def verify(source: ListSource, folder: str | Path) -> bool:
    """Return whether the user's copy has the rules that the registry names; False too for one that is missing.

    Raises
    ------
    TkitError
        If the copy cannot be read.
    """
    path = Path(folder) / source.file
    return path.is_file() and digest(rules_of(source, folder)) == source.sha256


def get(source: ListSource, folder: str | Path, url: str = "") -> Path:
    """Download a list, take its rules out, and write it where :func:`tkit.lists.sources.load` reads it.

    Parameters
    ----------
    source : ListSource
    folder : path
        Made if it is missing.
    url : str
        Another address than :func:`url_of`'s.

    Returns
    -------
    Path
        The file; written only where its rules are those of the registry.

    Raises
    ------
    TkitError
        If ``pooch`` is not installed, nothing is recorded to download, the download fails or is too large, or the rules
        are others.
    """
    address = url or url_of(source)
    if not address:
        raise TkitError(
            f"list {source.name}: no commit is recorded to download; take {source.path} of {source.project}, and put it at"
            f" {Path(folder) / source.file}"
        )
    text = _taken(source, _download(address, source.name))
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TkitError(f"{folder}: cannot be made ({error.strerror}): give another folder") from None
    with tempfile.TemporaryDirectory(dir=folder, prefix=".list-") as temporary:
        (Path(temporary) / source.file).write_text(text, encoding="utf-8")
        if not verify(source, temporary):
            raise TkitError(
                f"list {source.name}: {address} gives other rules than those of the registry: nothing is written; the file has"
                " changed, or its form has"
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
            # The checksum is of the rules, see above; the transport is not what has to be proved.
            path = Path(
                pooch.retrieve(
                    address, known_hash=None, fname="list", path=temporary, downloader=pooch.HTTPDownloader(timeout=_TIMEOUT)
                )
            )
        except (OSError, ValueError) as error:  # what requests raises is an OSError
            raise TkitError(f"list {name}: {address} cannot be downloaded ({error})") from None
        if path.stat().st_size > LARGEST:
            raise TkitError(f"list {name}: {address} has more than {LARGEST} bytes: it is no list")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise TkitError(f"list {name}: {address} is no text in UTF-8 ({error})") from None


def _taken(source: ListSource, text: str) -> str:
    take = _TAKERS.get(source.name)
    if take is None:
        return text
    try:
        return json.dumps(take(text), indent=1, ensure_ascii=False) + "\n"
    except (ValueError, TypeError, LookupError) as error:
        raise TkitError(f"list {source.name}: {source.path} has another form than at {source.commit} ({error})") from None


# A string, a comment or any other character, in the languages of these sources.
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<other>\S)""", re.DOTALL
)


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def _strings(text: str) -> list[tuple[str, str]]:
    """Return each string literal with what stands behind it, comments left out."""
    tokens = [found for found in _TOKEN.finditer(text) if found.lastgroup != "comment"]
    behind = [found.group() for found in tokens[1:]] + [""] * bool(tokens)
    return [
        (_unquoted(found.group()), after) for found, after in zip(tokens, behind, strict=True) if found.lastgroup == "string"
    ]


def _unquoted(literal: str) -> str:
    if literal.startswith("`"):
        return literal[1:-1]
    controls = {"n": "\n", "r": "\r", "t": "\t"}
    return re.sub(r"\\(.)", lambda found: controls.get(found[1], found[1]), literal[1:-1], flags=re.DOTALL)


def _by_key(text: str) -> Mapping[str, list[str]]:
    """Read ``"key": ["value", ...]`` or ``key: "value"``; a key that is a bare word is lost, its values kept."""
    groups: dict[str, list[str]] = {}
    key = ""
    for value, behind in _strings(text):
        if behind == ":":
            key = value
        else:
            groups.setdefault(key, []).append(value)
    return groups


def _neomd(text: str) -> Mapping[str, list[str]]:
    services = re.findall(r'\{\s*("[^"\n]+"),\s*\[\]string\{([^}]*)\}', _between(text, "KnownTrackers = ", "\n}"))
    return {_unquoted(name): [value for value, _ in _strings(rules)] for name, rules in services}


def _disconnect(category: str) -> Callable[[str], Mapping[str, str]]:
    def take(text: str) -> Mapping[str, str]:
        domains = {}
        for company in json.loads(text)["categories"][category]:
            for name, sites in company.items():
                # Beside the lists of domains stand flags, which are strings.
                for listed in (value for value in sites.values() if isinstance(value, list)):
                    domains.update(dict.fromkeys(listed, name))
        return domains

    return take


def _trocker(text: str) -> object:
    return json.loads(_between(text, "openTrackers = ", ";"))


def _mailspring(text: str) -> list[str]:
    return re.findall(r"""\bpattern:\s*['"]([^'"\n]+)['"]""", _between(text, "TrackingBlacklist", "];"))


_TAKERS: Mapping[str, Callable[[str], object]] = {
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
