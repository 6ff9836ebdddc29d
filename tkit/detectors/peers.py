"""The complete decisions of programs that people use today: list and heuristic together, on the mail as it was sent.

A program's list by itself is a :class:`tkit.detectors.published.ListDetector`; its size rule by itself, if it has one, is
in :mod:`tkit.detectors.rules`. Each program here reads facts (:mod:`tkit.detectors.facts`), and some look at the other
references of a message, so they need the rows of whole messages.

None of them models the senders that the user allows, lists that a program updates from its own server, or links.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.detectors.base import Detector
from tkit.detectors.facts import fact
from tkit.detectors.published import ListDetector
from tkit.detectors.rules import Nextcloud, Rspamd, SnappyMail, Trocker
from tkit.errors import TkitError
from tkit.lists.dialects import ICU, translate
from tkit.lists.engines import LONGEST_TEXT, PublishedList
from tkit.lists.sources import REGISTRY, load

_FACTS = ("message_sha256", "part", "carrier", "url", "resolved_url", "element", "written_attributes", "tag")
_DISPLAY_NONE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
# The programs do not read longer ones as integers: they overflow.
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")


class _Reference(NamedTuple):
    """The facts of one reference that the programs read."""

    message_sha256: str
    part: int
    carrier: str
    url: str
    resolved_url: str
    element: str
    attributes: Mapping[str, str]
    tag: str

    @property
    def picture(self) -> bool:
        """Whether it is the source of an ``<img>``, all that most programs look at."""
        return self.carrier == "img-src" and self.element == "img"


@dataclass(frozen=True)
class _Program(ABC):
    """Base class of all programs: facts in, verdicts out."""

    name: ClassVar[str]
    vantage: ClassVar[str] = "element"
    facts: ClassVar[tuple[str, ...]] = _FACTS

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for references that the program blocks, else 0.0; see :class:`tkit.detectors.Detector`."""
        references = list(map(_Reference, *(fact(rows, column, self.name) for column in _FACTS)))
        return np.array(self._flags(references, rows), np.float64)

    @abstractmethod
    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> Mask | list[bool]:
        """Return which references are flagged; ``rows`` are their rows with the features."""


def _listed(published: PublishedList, references: list[_Reference]) -> Mask:
    return published.match_many(
        [reference.resolved_url for reference in references], [reference.tag for reference in references]
    )


_NARROW = re.compile(r"""width\s*=["'\s]*[01]p?x?["'\s]|[^-]width:\s*[01]px""", re.IGNORECASE | re.ASCII)
_SPARED = (
    "cid:",
    "spacer",
    "attachments.office.net/owa/",
    "fedex_collective_logo_",
    "apple_logo_web",
    "sidebar-gradient",
    "transparent.gif",
)


@dataclass(frozen=True)
class MailTrackerBlocker(_Program):
    """A vendor's expression in an ``<img>`` tag, or its width of 0 or 1 px unless it looks like a spacer.

    The first expressions of three vendors also count in a CSS ``background-image``. Source: apparition47/MailTrackerBlocker,
    ``Source/MTBBlockedMessage.m``. The program reads the tag as written; here it is rebuilt from the tree, with every
    value in double quotes. Two static advertisements that the program also removes are left out.

    Attributes
    ----------
    listed : PublishedList
        Its list, ``mailtrackerblocker``.
    in_css : tuple of str
        Expressions that count in CSS.
    """

    listed: PublishedList
    in_css: tuple[str, ...] = ()
    name = "program: MailTrackerBlocker"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> list[bool]:
        # The frame that the program puts around an expression; it matches at most the URL of a background.
        frames = [rf"url\(['\"]?[A-Za-z0-9_:./]*{translate(rule, ICU)[0]}[A-Za-z0-9_:&./?=]*['\"]?\)" for rule in self.in_css]
        css = re.compile("|".join(frames), re.IGNORECASE | re.ASCII) if frames else None
        return [
            bool(known)
            or self._generic(reference.tag)
            or bool(css and reference.carrier.startswith("style-") and css.search(f"url({reference.url[:LONGEST_TEXT]})"))
            for known, reference in zip(_listed(self.listed, references), references, strict=True)
        ]

    @staticmethod
    def _generic(tag: str) -> bool:
        start, closed, _ = tag[:LONGEST_TEXT].partition(">")
        if not closed or not start.lower().startswith("<img") or not _NARROW.search(start, len("<img") + 1):
            return False
        return not any(word in start.lower() for word in _SPARED)


@dataclass(frozen=True)
class TrockerProgram(_Program):
    """On Trocker's list, or flagged by its heuristic, see :class:`tkit.detectors.rules.Trocker`.

    Attributes
    ----------
    listed : PublishedList
        Its list, ``trocker``.
    """

    listed: PublishedList
    name = "program: Trocker"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> Mask:
        return _listed(self.listed, references) | (Trocker().scores(rows) > 0)


@dataclass(frozen=True)
class SnappyMailProgram(_Program):
    """On SnappyMail's list, or flagged by its sizes, see :class:`tkit.detectors.rules.SnappyMail`.

    Attributes
    ----------
    listed : PublishedList
        Its list, ``snappymail``.
    """

    listed: PublishedList
    name = "program: SnappyMail"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> Mask:
        picture = np.array([reference.picture for reference in references], np.bool_)
        return (picture & _listed(self.listed, references)) | (SnappyMail().scores(rows) > 0)


_NEOMD_PATHS = ("/wf/open", "/track/open.php", "/ut.php", "/o.gif", "/pixel.gif", "/beacon", "/email_opened")


@dataclass(frozen=True)
class Neomd(_Program):
    """On neomd's list, with one of its seven generic paths, or a pixel without alternative text.

    A pixel: an ``<img>`` with an empty ``alt`` whose attributes are both 0 or 1, or whose style has ``display:none``. Source:
    ssp-data/neomd, ``internal/imap/tracker_list.go`` and its documentation.

    Attributes
    ----------
    listed : PublishedList
        Its list, ``neomd``.
    """

    listed: PublishedList
    name = "program: neomd"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> list[bool]:
        known = _listed(self.listed, references)
        return [
            bool(hit)
            or any(path in reference.resolved_url.lower() for path in _NEOMD_PATHS)
            or (reference.picture and self._blank(reference.attributes))
            for hit, reference in zip(known, references, strict=True)
        ]

    @staticmethod
    def _blank(attributes: Mapping[str, str]) -> bool:
        tiny = all(attributes.get(side, "").strip().lower().removesuffix("px") in ("0", "1") for side in ("width", "height"))
        return not attributes.get("alt", "").strip() and (tiny or _DISPLAY_NONE.search(attributes.get("style", "")) is not None)


# An opacity such as 0.5 counts as hidden too: the program's pattern ends after the first 0.
_HIDDEN = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden)|opacity\s*:\s*0\b|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|\Z)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[a-z0-9._%+-](?:@|%40)[a-z0-9.-]+\.[a-z]{2}", re.IGNORECASE)
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{16,}")


@dataclass(frozen=True)
class Pelton(_Program):
    """An ``<img>`` with one strong signal, or both weak ones.

    Strong: a width or height attribute of at most 1, a hiding style, a known host, an email address in the URL. Weak: an
    identifier of sixteen characters or more in the query or path, and being the only ``<img>`` of its host in the part.
    Source: TRC-Loop/Pelton, ``internal/mailview/trackers.go``; there it is off unless the user turns it on.

    Attributes
    ----------
    listed : PublishedList
        Its list, ``pelton``.
    """

    listed: PublishedList
    name = "program: Pelton"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> list[bool]:
        hosts = [_host_as_written(reference.url) if reference.picture else "" for reference in references]
        pictures = Counter(
            (reference.message_sha256, reference.part, host) for reference, host in zip(references, hosts, strict=True) if host
        )
        return [
            bool(host)
            and (
                self._strong(reference)
                or self.listed.match(reference.url)
                or (_opaque(reference.url) and pictures[reference.message_sha256, reference.part, host] == 1)
            )
            for reference, host in zip(references, hosts, strict=True)
        ]

    @staticmethod
    def _strong(reference: _Reference) -> bool:
        sides = (reference.attributes.get(side, "").strip().lower().removesuffix("px") for side in ("width", "height"))
        return (
            any(_INTEGER.fullmatch(side) and int(side) <= 1 for side in sides)
            or _HIDDEN.search(reference.attributes.get("style", "")) is not None
            or _ADDRESS.search(reference.url[:LONGEST_TEXT]) is not None
        )


def _host_as_written(url: str) -> str:
    """Return the host of an absolute web URL in lower case, or ``""``."""
    if not url.lower().startswith(("http://", "https://")):
        return ""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _opaque(url: str) -> bool:
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query, separator="&", max_num_fields=None)]
    stems = [segment.rpartition(".")[0] or segment for segment in unquote(parts.path).split("/")]
    return any(_OPAQUE.fullmatch(text) for text in values + stems)


_FAIREMAIL_MAXIMUM = re.compile(r"max-(?:width|height)\s*:\s*[01](?:\.0+)?(?:px)?\s*(?:;|\Z)", re.IGNORECASE)


@dataclass(frozen=True)
class FairEmailProgram(_Program):
    """An ``<img>`` that FairEmail's size rule flags, on a host without any other kind of ``<img>`` in the mail.

    The size rule is :class:`tkit.detectors.rules.FairEmail`'s; an element with the class ``cloudmagic-smart-beacon`` is flagged
    as well. A host is spared if it also serves an ``<img>`` that this rule does not flag, with or without a declared
    size. Source: M66B/FairEmail, ``HtmlHelper.java``; its one listed host is left out.
    """

    name = "program: FairEmail"

    def _flags(self, references: list[_Reference], rows: pd.DataFrame) -> list[bool]:
        pixel = [reference.picture and self._pixel(reference.attributes) for reference in references]
        hosts = [_host_as_written(reference.url) for reference in references]
        spared = {
            (reference.message_sha256, host)
            for reference, host, tiny in zip(references, hosts, pixel, strict=True)
            if reference.picture and host and not tiny
        }
        return [
            tiny and bool(host) and (reference.message_sha256, host) not in spared
            for reference, host, tiny in zip(references, hosts, pixel, strict=True)
        ]

    @staticmethod
    def _pixel(attributes: Mapping[str, str]) -> bool:
        if "cloudmagic-smart-beacon" in attributes.get("class", "").split():
            return True
        if _FAIREMAIL_MAXIMUM.search(attributes.get("style", "")):
            return True
        sides = [attributes.get(side, "").strip() for side in ("width", "height")]
        if not all(_INTEGER.fullmatch(side) for side in sides):
            return False
        width, height = map(int, sides)
        return (width or height) * (height or width) <= 25


_IN_CSS = ("Email on Acid", "Litmus", "G-Lock Analytics")
_SOURCES = {source.name: source for source in REGISTRY}


def _mailtrackerblocker(folder: Path) -> Detector:
    source = _SOURCES["mailtrackerblocker"]
    listed = load(source, folder)
    try:
        vendors = json.loads((folder / source.file).read_text(encoding="utf-8"))
        first = tuple(rules[0] for name, rules in vendors.items() if name in _IN_CSS)
    except (ValueError, LookupError, AttributeError) as error:
        raise TkitError(f"list {source.name}: {folder / source.file} is not grouped by vendor ({error})") from error
    return MailTrackerBlocker(listed, first)


def _list_alone(name: str, program: str) -> Callable[[Path], Detector]:
    return lambda folder: ListDetector(load(_SOURCES[name], folder), f"program: {program}")


PEERS: Mapping[str, Callable[[Path], Detector]] = {
    "fairemail": lambda folder: FairEmailProgram(),
    "mailtrackerblocker": _mailtrackerblocker,
    "neomd": lambda folder: Neomd(load(_SOURCES["neomd"], folder)),
    "nextcloud": lambda folder: Nextcloud(),
    "pelton": lambda folder: Pelton(load(_SOURCES["pelton"], folder)),
    "rspamd": lambda folder: Rspamd(),
    "simplify": _list_alone("simplify", "Simplify"),
    "snappymail": lambda folder: SnappyMailProgram(load(_SOURCES["snappymail"], folder)),
    "trocker": lambda folder: TrockerProgram(load(_SOURCES["trocker"], folder)),
    "uglyemail": _list_alone("uglyemail", "UglyEmail"),
}
"""A factory for each program by name, called with the folder of the user's lists. Simplify and UglyEmail are only lists."""


def all_peers(folder: str | Path) -> Iterator[Detector]:
    """Yield every program of :data:`PEERS`; raises the errors of :func:`tkit.lists.sources.load`."""
    for make in PEERS.values():
        yield make(Path(folder))
