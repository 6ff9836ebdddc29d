"""Any detector by name: a rule, a program, a list, a bundle, an executable, or one of an installed package."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tkit.bundle import Bundle, default_bundle
from tkit.detectors.any_of import AnyOf
from tkit.detectors.base import Detector, threshold_of
from tkit.detectors.peers import PEERS
from tkit.detectors.program import ProgramDetector
from tkit.detectors.published import ListDetector, PublishedColumn, Unwrapped
from tkit.detectors.rules import RULE_NAMES
from tkit.errors import TkitError
from tkit.features import VANTAGES
from tkit.lists.engines import PublishedList
from tkit.lists.sources import REGISTRY, lists_folder, load, read_list

ENTRY_POINTS = "tkit.detectors"
"""The entry point group: each names a detector, or a callable without arguments that makes one."""

_SNIFFED = 1 << 16


def load_detector(spec: str, lists: str | Path | None = None) -> Detector:
    """Make the detector that a specification names.

    Parameters
    ----------
    spec : str
        One of

        =========================  =====================================================================================
        ``rule:NAME``              a rule, see :data:`~tkit.detectors.rules.RULE_NAMES`
        ``peer:NAME``              a complete program (list and heuristic), see :data:`tkit.detectors.peers.PEERS`
        ``list:NAME``              a list of :data:`tkit.lists.sources.REGISTRY`, from the folder `lists`
        ``published:NAME``         that list's verdicts in the published dataset
        ``unwrapped:SPEC``         another detector that also judges the URL behind a proxy or gateway
        ``any:SPEC,SPEC,...``      flags what any of these flags; none of them may contain a comma
        ``bundle:VANTAGE``         the built-in bundle of a vantage point
        ``program:COMMAND``        a command line, split as in a shell but run without one
        a folder                   a bundle
        a file                     a program if it is executable, else a list, whose kind is detected
        ``plugin:NAME``, ``NAME``  an entry point of the group :data:`ENTRY_POINTS`
        =========================  =====================================================================================

    lists : path, optional
        Folder with the user's copies of published lists; by default :func:`tkit.lists.sources.lists_folder`.

    Returns
    -------
    Detector

    Raises
    ------
    TkitError
        For an unknown name, a file of unknown format, a list without a usable rule, or if making the detector fails.
    """
    prefix, colon, rest = spec.partition(":")
    if colon and prefix in _PREFIXES:
        return _PREFIXES[prefix](rest, lists)
    path = Path(spec)
    if spec and path.is_dir():
        return Bundle.load(path)
    if path.is_file():
        return _from_file(path)
    if "/" in spec or os.sep in spec or path.suffix:
        raise TkitError(f"{spec}: no such file or folder: give an existing list, program or bundle")
    return _plugin(spec, lists)


def is_prefixed(spec: str) -> bool:
    """Return whether a specification begins with a prefix of :func:`load_detector`, and so is not a path."""
    prefix, colon, _ = spec.partition(":")
    return bool(colon) and prefix in _PREFIXES


def _rule(name: str, lists: str | Path | None) -> Detector:
    rule: Detector = _named(RULE_NAMES, name, "rule")
    return rule


def _peer(name: str, lists: str | Path | None) -> Detector:
    program: Detector = _named(PEERS, name, "program")(_folder(lists))
    return program


def _list(name: str, lists: str | Path | None) -> Detector:
    sources = {source.name: source for source in REGISTRY}
    listed = load(_named(sources, name, "list"), _folder(lists))
    return ListDetector(_usable(listed, f"list:{name}"), f"list: {name}")


def _published(name: str, lists: str | Path | None) -> Detector:
    return PublishedColumn(_named({source.name: source.name for source in REGISTRY}, name, "list"))


def _unwrapped(spec: str, lists: str | Path | None) -> Detector:
    return Unwrapped(load_detector(spec, lists))


def _any(specs: str, lists: str | Path | None) -> Detector:
    members = tuple(load_detector(spec.strip(), lists) for spec in specs.split(","))
    return AnyOf(members, tuple(map(threshold_of, members)))


def _bundle(vantage: str, lists: str | Path | None) -> Detector:
    return default_bundle(_named({name: name for name in VANTAGES}, vantage, "vantage point"))


def _program(command: str, lists: str | Path | None) -> Detector:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TkitError(f"program:{command}: {error}: quote it as for a shell") from None
    if not words or shutil.which(words[0]) is None:
        raise TkitError(f"program:{command}: {words[0] if words else 'nothing'} is not an executable file or command")
    return ProgramDetector(tuple(words), f"program: {Path(words[0]).name}")


def _plugin(name: str, lists: str | Path | None) -> Detector:
    installed = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in installed:
        others = f"; installed: {', '.join(sorted(installed))}" if installed else ""
        raise TkitError(
            f"{name}: no file or folder, and no entry point of the group {ENTRY_POINTS}{others}; built in are"
            f" {', '.join(prefix + ':' for prefix in _PREFIXES)}, see docs/detectors.md"
        )
    try:
        made: Any = installed[name].load()
        made = made if hasattr(made, "scores") and not isinstance(made, type) else made()
    except Exception as error:  # another package's code may raise anything
        raise TkitError(f"{name}: its package {installed[name].value} failed ({type(error).__name__}: {error})") from error
    missing = [part for part in ("name", "vantage", "scores") if not hasattr(made, part)]
    if missing:
        raise TkitError(f"{name}: {installed[name].value} is not a detector: it has no {', '.join(missing)}")
    detector: Detector = made
    return detector


_PREFIXES: dict[str, Callable[[str, str | Path | None], Detector]] = {
    "rule": _rule,
    "peer": _peer,
    "list": _list,
    "published": _published,
    "unwrapped": _unwrapped,
    "any": _any,
    "bundle": _bundle,
    "program": _program,
    "plugin": _plugin,
}


def _named(known: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in known:
        raise TkitError(f"no {what} {name!r}: take one of {', '.join(known)}")
    return known[name]


def _folder(lists: str | Path | None) -> Path:
    return lists_folder() if lists is None else Path(lists)


def _from_file(path: Path) -> Detector:
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
    except OSError as error:
        raise TkitError(f"{path}: cannot be read ({error.strerror}): give a file that you may read") from error
    # A list may have the executable bit too: on some file systems every file has it.
    if os.access(path, os.X_OK) and (start.startswith(b"#!") or b"\0" in start):
        return ProgramDetector((str(path.resolve()),), f"program: {path.name}")
    if start.startswith(b"#!") or b"\0" in start:
        raise TkitError(f"{path}: a program that is not executable: chmod +x {path}")
    return ListDetector(_usable(read_list(path), str(path)), f"list: {path.name}")


def _usable(listed: PublishedList, where: str) -> PublishedList:
    if not listed.rules:
        raise TkitError(f"{where}: contains no rule: give a list with at least one")
    if len(listed.dropped) >= listed.rules:
        raise TkitError(f"{where}: none of its {listed.rules} rules can be applied; the first: {listed.dropped[0]}")
    return listed
