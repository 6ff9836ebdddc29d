"""Remove from a mail what reveals that it was opened; every other byte stays as it was."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

import pandas as pd

from tkit.bundle import Bundle, Verdict, explain, judge
from tkit.features import extract_batches, require_one_mail
from tkit.html.edit import edited, removal
from tkit.html.places import Load, Places, places, resolved_urls
from tkit.mail import Message
from tkit.mail.edit import Edit, HtmlSource, html_sources
from tkit.mail.emlx import split_emlx
from tkit.mail.headers import message_head
from tkit.mail.message import mbox_line_length, with_line_feeds
from tkit.mail.receipts import without_receipt_requests
from tkit.url.services import service_names
from tkit.version import __version__

HEADER = "X-Tkit-Scrubbed"
"""The header that is added to a mail that lost references, and says how many."""

Personalised = Literal["keep", "drop"]
"""What happens to a personalised picture: it stays and is reported, or it goes like a tracker."""

MAX_ROUNDS = 16
"""How often a mail is judged again after removals: the remaining references may look different without the removed ones."""

_SIGNATURES = ("DKIM-Signature", "DomainKey-Signature", "ARC-Message-Signature")
_OF_BODY = ("Content-Length", "Content-MD5", "Lines")
_CLEAR_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_SIGNED = re.compile(r"(?:^|;)\s*h\s*=([^;]*)")
_ONE_BY_ONE = 16  # if removals do not work together, this many are tried one after the other
_NOT_ALONE = "it cannot be removed without changing another reference"
_READ_OTHERWISE = "without it, the mail would be read differently"

_Change = TypeVar("_Change")
_Made = TypeVar("_Made")


class Finding(NamedTuple):
    """A reference that reveals that the mail was opened.

    Attributes
    ----------
    part, index : int
        Numbers of the HTML part and of the reference, as :func:`tkit.html.references` gives them for the mail as it came.
    carrier, url, resolved_url : str
        As :func:`tkit.html.references` gives them.
    verdict : {"tracker", "personalised"}
        See :func:`tkit.bundle.judge`.
    score : float
        Probability that it is what the verdict says: a tracker, or individual.
    reasons : tuple of str
        See :func:`tkit.bundle.explain`.
    provider : str
        The mailing service behind it, ``""`` if unknown.
    """

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, as in RemoteReference
    carrier: str
    url: str
    resolved_url: str
    verdict: Verdict
    score: float
    reasons: tuple[str, ...]
    provider: str


class Skipped(NamedTuple):
    """A reference that was to be removed and was left in, and why."""

    finding: Finding
    why: str


class Scrubbed(NamedTuple):
    """The result of :func:`scrub`.

    Attributes
    ----------
    raw : bytes
        The mail; exactly the input if nothing was removed.
    removed : tuple of Finding
        What was removed, in the order of the mail: the trackers, and where asked the personalised pictures.
    personalised : tuple of Finding
        The personalised pictures that were kept, since a person should see them.
    skipped : tuple of Skipped
        What was to be removed and is still there: in a signed part or in a container, or not removable without changing
        another reference.
    notes : tuple of str
        What else the user should know: signatures that no longer fit, parts that were not inspected.
    headers : tuple of str
        The names of the header fields that were dropped, since they asked for a read receipt.
    """

    raw: bytes
    removed: tuple[Finding, ...]
    personalised: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    headers: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was removed."""
        return bool(self.removed or self.headers)

    @property
    def summary(self) -> str:
        """What was removed, in words: ``"2 trackers and 1 personalised picture removed"``."""
        pictures = sum(finding.verdict == "personalised" for finding in self.removed)
        trackers = len(self.removed) - pictures
        headers = len(self.headers)
        parts = [_number(trackers, "tracker")] if trackers or not (pictures or headers) else []
        parts += [_number(pictures, "personalised picture")] if pictures else []
        parts += [_number(headers, "receipt request")] if headers else []
        return f"{' and '.join(parts)} removed"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def scrub(
    raw: bytes, bundle: Bundle, *, replace: bool = False, personalised: Personalised = "keep", headers: bool = False
) -> Scrubbed:
    r"""Remove the trackers from a mail.

    A picture loses its source and keeps its place and size, a ``srcset`` loses the candidate, a style sheet the URL.
    Charset, transfer encoding, boundaries and headers stay. The remaining mail is judged again until there is
    nothing more to remove, so that scrubbing twice changes nothing more. The result is read again: it must contain exactly
    the other references, in their order. A tracker that cannot be removed so is left in and reported in ``skipped``.

    Parameters
    ----------
    raw : bytes
        The mail, with or without its mbox ``From `` line. No input raises.
    bundle : Bundle
        The detector.
    replace : bool
        Put a transparent picture of the declared size (a ``data:`` URL) in place of each picture that is removed.
    personalised : {"keep", "drop"}
        Whether personalised pictures stay, or are removed like trackers. They reveal that the mail was opened too, but they
        are there to be looked at.
    headers : bool
        Also drop the header fields that ask for a read receipt, see :mod:`tkit.mail.receipts`.

    Returns
    -------
    Scrubbed

    Raises
    ------
    TkitError
        For a bundle of the vantage point ``campaign``.

    Examples
    --------
    >>> from tkit.bundle import default_bundle
    >>> raw = b"Content-Type: text/html\n\n<p>Hi<img src='http://t.example/open.php?u=8f3ac09e17d24b65' width=1 height=1>"
    >>> done = scrub(raw, default_bundle())
    >>> done.summary, done.raw.splitlines()[-1]
    ('1 tracker removed', b'<p>Hi<img  width=1 height=1>')
    """
    require_one_mail(bundle.vantage, "scrub")
    emlx = split_emlx(raw)
    if emlx is not None:
        inner = scrub(emlx.mail, bundle, replace=replace, personalised=personalised, headers=headers)
        return inner._replace(raw=emlx.with_mail(inner.raw) if inner.changed else raw)
    start = mbox_line_length(raw)
    work = _Work(raw[start:], bundle, replace, {"tracker"} if personalised == "keep" else {"tracker", "personalised"})
    work.run()
    removed = tuple(work.removed[index] for index in sorted(work.removed))
    kept = tuple(work.kept[index] for index in sorted(work.kept))
    skipped = tuple(work.skipped[index] for index in sorted(work.skipped))
    mail, dropped, left = without_receipt_requests(work.now.mail) if headers else (work.now.mail, (), ())
    notes = (*_notes(work.now.message, bool(removed), dropped), *(f"{name}: {_READ_OTHERWISE}, left in" for name in left))
    done = Scrubbed(raw, removed, kept, skipped, notes)
    if removed:
        mail = _with_header(mail, done.summary)
    return done._replace(raw=raw[:start] + mail if removed or dropped else raw, headers=dropped)


def _with_header(mail: bytes, summary: str) -> bytes:
    """Return the mail with the header before its first field."""
    line_end = _LINE_END.search(mail)
    header = f"{HEADER}: {summary}; tkit {__version__}".encode("ascii") + (line_end[0] if line_end else b"\n")
    first = message_head(with_line_feeds(mail)).start
    return mail[:first] + header + mail[first:]


def _notes(message: Message, changed: bool, dropped: Collection[str]) -> Iterator[str]:
    for name in (*_SIGNATURES, *_OF_BODY) if changed else ():
        if name.lower() in message.headers:
            yield f"{name}: {'its body hash no longer fits' if name in _SIGNATURES else 'no longer fits the body'}"
    for name in _SIGNATURES:
        values = message.headers.get(name.lower(), ())
        covered = {header for header in dropped for value in values if header.lower() in _signed_headers(value)}
        if covered:
            yield f"{name}: no longer valid, because it covers {', '.join(sorted(covered))}"
    yield from (f"{unread}, not inspected" for unread in message.unread)


def _signed_headers(signature: str) -> list[str]:
    """Return the header names that a signature covers (RFC 6376, section 3.5), lower case."""
    found = _SIGNED.search(signature)
    return [name.strip().lower() for name in found[1].split(":")] if found else []


class _Reference(NamedTuple):
    """A remote reference, with the part and the index that it has in the mail as it came."""

    part: int
    index: int  # type: ignore[assignment]
    load: Load


class _Reading(NamedTuple):
    """A mail and what was read from it."""

    mail: bytes
    message: Message
    rows: pd.DataFrame | None  # the feature table; None if the mail has no remote reference

    @property
    def references(self) -> list[_Reference]:
        """Its remote references, one per row."""
        if self.rows is None:
            return []
        columns = ("part", "index", "carrier", "url", "resolved_url")
        return [
            _Reference(part, index, Load(carrier, url, resolved))
            for part, index, carrier, url, resolved in zip(*(self.rows[name].tolist() for name in columns), strict=True)
        ]


def _read(mail: bytes) -> _Reading:
    """Read a mail and compute its features."""
    message = Message.from_bytes(mail)
    frames = list(extract_batches([message]))
    return _Reading(mail, message, pd.concat(frames, ignore_index=True) if frames else None)


class _Work:
    """A mail that loses its trackers, round by round.

    Every reference is known by the index that it has in the mail as it came: indexes in later readings shift when references
    before them go.
    """

    def __init__(self, mail: bytes, bundle: Bundle, replace: bool, unwanted: Collection[Verdict]) -> None:
        self.now = _read(mail)
        self.remaining = self.now.references  # of the mail as it is now, one per row
        self.removed: dict[int, Finding] = {}
        self.kept: dict[int, Finding] = {}
        self.skipped: dict[int, Skipped] = {}
        self._bundle = bundle
        self._replace = replace
        self._unwanted = unwanted

    def run(self) -> None:
        """Remove what is unwanted until there is nothing more that can be removed."""
        for _ in range(MAX_ROUNDS):
            going = self._judge()
            if not going or not self._remove(going):
                return
        why = f"flagged only after {MAX_ROUNDS} others went one by one: scrub the mail again"
        self.skipped |= {index: Skipped(finding, why) for index, finding in self._judge().items()}

    def _judge(self) -> dict[int, Finding]:
        """Judge the mail as it is now; return by index what is to go and was not skipped, and note what is kept."""
        found = [finding for finding in self._findings() if finding.index not in self.skipped]
        self.kept = {finding.index: finding for finding in found if finding.verdict not in self._unwanted}
        return {finding.index: finding for finding in found if finding.verdict in self._unwanted}

    def _findings(self) -> list[Finding]:
        if self.now.rows is None:
            return []
        judged = judge(self._bundle, self.now.rows)
        found = judged.verdicts != "clean"
        if not found.any():
            return []
        rows, judged = self.now.rows[found], judged.only(found)
        reasons = explain(self._bundle, rows, judged.verdicts)
        scores = judged.deciding_scores(self._bundle).tolist()
        references = [reference for reference, here in zip(self.remaining, found, strict=True) if here]
        services = service_names([reference.load.resolved_url for reference in references])
        return [
            Finding(reference.part, reference.index, *reference.load, verdict, score, tuple(why), service)
            for reference, verdict, score, why, service in zip(
                references, judged.verdicts.tolist(), scores, reasons, services, strict=True
            )
        ]

    def _remove(self, going: Mapping[int, Finding]) -> bool:
        """Remove references and note why the rest of them stays; return whether any went."""
        edits, left = self._edits(going)
        written, reading = _together_or_singly(edits, self._with)
        left |= {index: _READ_OTHERWISE for edit in edits if edit not in written for index in edit.removed}
        self.skipped |= {index: Skipped(going[index], why) for index, why in left.items() if index in going}
        if reading is None:
            return False
        gone = {index for edit in written for index in edit.removed}
        for index in gone:  # with a place go all references that are written there: they have one URL, so one verdict
            self.removed[index] = going[index] if index in going else self.skipped.pop(index).finding
        self.remaining = [reference for reference in self.remaining if reference.index not in gone]
        self.now = reading
        return True

    def _edits(self, going: Collection[int]) -> tuple[list[_PartEdit], dict[int, str]]:
        """Return the parts without the references that are to go, and by index why some of these stay."""
        parts: dict[int, list[_Reference]] = defaultdict(list)
        for reference in self.remaining:
            parts[reference.part].append(reference)
        edits: list[_PartEdit] = []
        left: dict[int, str] = {}
        for number, source in enumerate(html_sources(self.now.mail, self.now.message)):
            wanted = frozenset(reference.index for reference in parts[number] if reference.index in going)
            if wanted:
                edit = _edit(source, parts[number], wanted, self._replace)
                if isinstance(edit, str):
                    left |= dict.fromkeys(wanted, edit)
                else:
                    edits.append(edit)
                    left |= dict.fromkeys(wanted - edit.removed, _NOT_ALONE)
        return edits, left

    def _with(self, edits: Sequence[_PartEdit]) -> _Reading | None:
        """Read the mail with edited parts; None unless it then contains exactly the references that are to stay."""
        pieces = []
        position = 0
        for edit in sorted(edits, key=lambda edit: edit.start):
            pieces += [self.now.mail[position : edit.start], edit.body]
            position = edit.end
        reading = _read(b"".join([*pieces, self.now.mail[position:]]))
        gone = {index for edit in edits for index in edit.removed}
        expected = [_loaded(reference) for reference in self.remaining if reference.index not in gone]
        return reading if list(map(_loaded, reading.references)) == expected else None


def _loaded(reference: _Reference) -> tuple[int, str]:
    return reference.part, reference.load.resolved_url


def _together_or_singly(
    changes: Sequence[_Change], make: Callable[[Sequence[_Change]], _Made | None]
) -> tuple[list[_Change], _Made | None]:
    """Return the changes that can be made and what they make: all together, or else each that goes with those before it.

    ``make`` returns None for changes that do not go together. So does this function if none goes.
    """
    if not changes:
        return [], None
    made = make(changes)
    if made is not None:
        return list(changes), made
    chosen: list[_Change] = []
    for change in changes[:_ONE_BY_ONE]:
        longer = make([*chosen, change])
        if longer is not None:
            chosen.append(change)
            made = longer
    return chosen, made


class _PartEdit(NamedTuple):
    """An HTML part's new body, where the old one is in the mail, and the indexes of the references that it loses."""

    start: int
    end: int
    body: bytes
    removed: frozenset[int]


def _edit(source: HtmlSource, own: Sequence[_Reference], wanted: frozenset[int], replace: bool) -> _PartEdit | str:
    """Return one part without some of its references, or the reason why that is impossible.

    Parameters
    ----------
    source : HtmlSource
        The part.
    own : sequence of _Reference
        All remote references of the part.
    wanted : frozenset of int
        Indexes of those to remove.
    replace : bool
    """
    if source.container:
        return f"{source.container}: what is inside is not edited"
    if source.leaf.guard:
        return f"{source.leaf.guard}: a signature covers it"
    if source.text.lstrip().startswith(_CLEAR_SIGNED):  # only at the start: inside, it would be a way for a tracker to stay
        return "PGP: a signature covers it"
    located = places(source.text, [reference.load for reference in own])
    if located is None:
        return "its part can be read in two ways"
    part = _PartText(source.text, located, own, replace)
    known = [reference.index for reference, place in zip(own, located.of, strict=True) if place and reference.index in wanted]
    _, text_edit = _together_or_singly(known, part.without)
    body = source.rewritten(text_edit.edits) if text_edit else None
    if text_edit is None or body is None:
        return _NOT_ALONE
    return _PartEdit(source.leaf.start, source.leaf.end, body, text_edit.removed)


class _TextEdit(NamedTuple):
    """Edits of a text, and the indexes of the references that they remove."""

    edits: list[Edit]
    removed: frozenset[int]


class _PartText(NamedTuple):
    """The text of a part and where its references are written."""

    text: str
    places: Places
    references: Sequence[_Reference]
    replace: bool

    def without(self, wanted: Collection[int]) -> _TextEdit | None:
        """Return edits that remove references; None if they would change a reference that is written elsewhere."""
        pairs = list(zip(self.references, self.places.of, strict=True))
        going = {place for reference, place in pairs if place and reference.index in wanted}
        removed = frozenset(reference.index for reference, place in pairs if place in going)
        edits = removal(self.places, going, self.replace)
        expected = [reference.load.resolved_url for reference in self.references if reference.index not in removed]
        if not edits or resolved_urls(edited(self.text, edits)) != expected:
            return None
        return _TextEdit(edits, removed)
