"""A mail without its trackers: what the bundle calls is taken out, every other byte stays as it was."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from tkit.features import extract_batches, require_one_mail
from tkit.features.words import reasons
from tkit.html.edit import removal
from tkit.html.places import Load, Places, places, resolved_urls
from tkit.mail import Message
from tkit.mail.edit import Edit, HtmlSource, html_sources
from tkit.mail.parts import TOO_NESTED, is_too_nested, leaves
from tkit.url.providers import providers
from tkit.version import __version__

if TYPE_CHECKING:
    from tkit.bundle import Bundle

HEADER = "X-Tkit-Scrubbed"
"""The header that says what was done."""

MAX_ROUNDS = 16
"""How often a mail is judged again after trackers went: what is left may look different without them."""

_SIGNATURES = ("DKIM-Signature", "DomainKey-Signature", "ARC-Message-Signature")
_BODY_FACTS = ("Content-Length", "Content-MD5", "Lines")
_OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_CLEAR_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_ONE_BY_ONE = 16  # when what was meant to go together does not, this many are tried alone


class Tracker(NamedTuple):
    """A reference that the bundle calls a tracker.

    Attributes
    ----------
    part, index : int
        Its number of the HTML part and of the reference, as :func:`tkit.html.references` gives them for the mail as it came.
    carrier, url, resolved_url : str
        As there.
    score : float
        The bundle's.
    reasons : tuple of str
        See :func:`tkit.features.words.reasons`.
    provider : str
        The mailing service behind it, ``""`` where unknown.
    """

    part: int
    index: int  # type: ignore[assignment]  # shadows tuple.index, as in RemoteReference
    carrier: str
    url: str
    resolved_url: str
    score: float
    reasons: tuple[str, ...]
    provider: str


class Skipped(NamedTuple):
    """A tracker that was left in, and why."""

    tracker: Tracker
    why: str


class Scrubbed(NamedTuple):
    """What :func:`scrub` gives.

    Attributes
    ----------
    raw : bytes
        The mail; the very bytes that came where nothing was removed.
    removed : tuple of Tracker
        What was taken out, in the order of the mail.
    skipped : tuple of Skipped
        What the bundle calls and is still there: in a signed part, or where it could not be taken out alone.
    notes : tuple of str
        What else its reader should know: signatures whose body hash no longer fits, parts that were not looked into.
    """

    raw: bytes
    removed: tuple[Tracker, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What was done, in a few words: ``"2 trackers removed"``."""
        return f"{len(self.removed)} {'tracker' if len(self.removed) == 1 else 'trackers'} removed"


def scrub(raw: bytes, bundle: Bundle, *, replace: bool = False) -> Scrubbed:
    r"""Take the trackers out of a mail.

    A picture loses its source and keeps its place and size, a ``srcset`` the candidate, a style sheet the URL;
    charset, transfer encoding, boundaries and headers stay. What is left is judged again until the bundle calls
    nothing more of it, so that scrubbing twice is scrubbing once. The result is read again and holds exactly the
    other references, in their order; where it would not, the reference is left in and told.

    Parameters
    ----------
    raw : bytes
        The mail, with or without its mbox ``From `` line. Never raises, whatever the bytes are.
    bundle : Bundle
        The detector.
    replace : bool
        Put a transparent picture of the declared size inline in place of each that goes (a ``data:`` URL).

    Returns
    -------
    Scrubbed

    Examples
    --------
    >>> from tkit.bundle import default_bundle
    >>> raw = b"Content-Type: text/html\n\n<p>Hi<img src='http://t.example/open.php?u=8f3ac09e17d24b65' width=1 height=1>"
    >>> done = scrub(raw, default_bundle())
    >>> done.summary, done.raw.splitlines()[-1]
    ('1 tracker removed', b'<p>Hi<img  width=1 height=1>')
    """
    require_one_mail(bundle.vantage, "scrub")
    start = (raw.find(b"\n") + 1 or len(raw)) if raw.startswith(b"From ") else 0
    now = _read(raw[start:])
    remaining = now.references
    gone: dict[int, Tracker] = {}
    left: dict[int, Skipped] = {}
    for _ in range(MAX_ROUNDS):
        called = {number: tracker for number, tracker in _called(now, bundle, remaining).items() if number not in left}
        if not called:
            break
        step = _step(now, remaining, called, replace)
        left |= {number: Skipped(called[number], why) for number, why in step.left.items() if number in called}
        if not step.gone:
            break
        now = step.now
        gone |= {own.index: called.get(own.index) or _beside(own) for own in remaining if own.index in step.gone}
        remaining = [own for own in remaining if own.index not in step.gone]
    else:
        why = f"called only after {MAX_ROUNDS} others went one by one: scrub the mail again"
        late = {number: tracker for number, tracker in _called(now, bundle, remaining).items() if number not in left}
        left |= {number: Skipped(tracker, why) for number, tracker in late.items()}
    notes = tuple(_notes(now, bool(gone)))
    done = Scrubbed(raw, tuple(gone[number] for number in sorted(gone)), tuple(left[number] for number in sorted(left)), notes)
    return done._replace(raw=raw[:start] + _header(now.mail, done.summary) + now.mail) if gone else done


def _header(mail: bytes, summary: str) -> bytes:
    found = _LINE_END.search(mail)
    return f"{HEADER}: {summary}; tkit {__version__}".encode("ascii") + (found[0] if found else b"\n")


class _Reference(NamedTuple):
    """A remote reference, as it is numbered in the mail that came."""

    part: int
    index: int  # type: ignore[assignment]
    load: Load


class _Reading(NamedTuple):
    """A mail, read."""

    mail: bytes
    message: Message
    rows: pd.DataFrame | None  # the feature table; None where it loads nothing

    @property
    def references(self) -> list[_Reference]:
        """Its remote references, one a row."""
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


def _called(now: _Reading, bundle: Bundle, remaining: Sequence[_Reference]) -> dict[int, Tracker]:
    """Return what the bundle calls, by the index in the mail that came; ``remaining`` are the rows' references."""
    if now.rows is None:
        return {}
    verdicts = bundle.verdicts(now.rows)
    if not verdicts.any():
        return {}
    rows = now.rows[verdicts]
    found = [reference for reference, yes in zip(remaining, verdicts, strict=True) if yes]
    why = reasons(rows, bundle.contributions(rows), [True] * len(rows))
    services = providers([reference.load.resolved_url for reference in found])
    return {
        reference.index: Tracker(reference.part, reference.index, *reference.load, float(score), tuple(phrases), service)
        for reference, score, phrases, service in zip(found, bundle.scores(rows), why, services, strict=True)
    }


def _beside(reference: _Reference) -> Tracker:
    """Return what had to go with a tracker: a copy of its element that the HTML tree makes of the same text."""
    why = ("written in the same place as a tracker",)
    service = providers([reference.load.resolved_url])[0]
    return Tracker(reference.part, reference.index, *reference.load, float("nan"), why, service)


class _Step(NamedTuple):
    """One round: the mail after it, the indexes (in the mail that came) of what is gone, and why the others stay."""

    now: _Reading
    gone: frozenset[int]
    left: dict[int, str]


class _Part(NamedTuple):
    """An HTML part's new body and where the old one stands."""

    start: int
    end: int
    body: bytes
    gone: frozenset[int]
    left: dict[int, str]


def _step(now: _Reading, remaining: Sequence[_Reference], called: Collection[int], replace: bool) -> _Step:
    edited: list[_Part] = []
    left: dict[int, str] = {}
    parts: dict[int, list[_Reference]] = defaultdict(list)
    for reference in remaining:
        parts[reference.part].append(reference)
    for number, source in enumerate(html_sources(now.mail, now.message)):
        wanted = [reference.index for reference in parts[number] if reference.index in called]
        if wanted:
            part = _edited(source, parts[number], wanted, replace)
            left |= part.left
            if part.gone:
                edited.append(part)
    written = _written(now.mail, edited, remaining)
    if written is None:
        together, edited = edited, []
        for part in together[:_ONE_BY_ONE]:
            alone = _written(now.mail, [*edited, part], remaining)
            if alone:
                edited.append(part)
                written = alone
        refused = {number for part in together if part not in edited for number in part.gone}
        left |= dict.fromkeys(refused, "without it, the mail would be read in another way")
    return _Step(written or now, frozenset(number for part in edited for number in part.gone), left)


def _written(mail: bytes, edited: Sequence[_Part], remaining: Sequence[_Reference]) -> _Reading | None:
    """Write parts into the mail; None where it then does not hold exactly the references that are to stay."""
    pieces = []
    position = 0
    for part in sorted(edited, key=lambda part: part.start):
        pieces += [mail[position : part.start], part.body]
        position = part.end
    reading = _read(b"".join([*pieces, mail[position:]]))
    gone = {number for part in edited for number in part.gone}
    meant = [(own.part, own.load.resolved_url) for own in remaining if own.index not in gone]
    found = [(own.part, own.load.resolved_url) for own in reading.references]
    return reading if found == meant else None


def _edited(source: HtmlSource | None, own: Sequence[_Reference], wanted: Sequence[int], replace: bool) -> _Part:
    """Take references out of one part; ``own`` are all its remote ones, ``wanted`` the indexes of those to go."""

    def none(why: str) -> _Part:
        return _Part(0, 0, b"", frozenset(), dict.fromkeys(wanted, why))

    if source is None:
        return none("its part is not found in the mail's bytes")
    if source.leaf.guard:
        return none(f"{source.leaf.guard}: a signature covers it")
    if source.text.lstrip().startswith(_CLEAR_SIGNED):  # somewhere inside, it would be a tracker's way to stay
        return none("PGP: a signature covers it")
    found = places(source.text, [reference.load for reference in own])
    if found is None:
        return none("its part is read in two ways")
    editing = _Editing(source.text, found, own, replace)
    asked = frozenset(wanted)
    known = [reference.index for reference, place in zip(own, found.of, strict=True) if place and reference.index in asked]
    edits, gone = editing.without(known)
    if not edits:
        chosen: list[int] = []
        for number in known[:_ONE_BY_ONE]:
            tried, alone = editing.without([*chosen, number])
            if tried:
                chosen.append(number)
                edits, gone = tried, alone
    body = source.rewritten(edits) if edits else None
    why = "it cannot be taken out without changing another reference"
    if body is None:
        return none(why)
    return _Part(source.leaf.start, source.leaf.end, body, gone, dict.fromkeys(asked - gone, why))


class _Editing(NamedTuple):
    """One text and the places of its references."""

    text: str
    found: Places
    own: Sequence[_Reference]
    replace: bool

    def without(self, wanted: Collection[int]) -> tuple[list[Edit], frozenset[int]]:
        """Return the edits that take references out, and which are gone then; none where others would go or come."""
        pairs = list(zip(self.own, self.found.of, strict=True))
        chosen = frozenset(wanted)
        going = {place for reference, place in pairs if place and reference.index in chosen}
        gone = frozenset(reference.index for reference, place in pairs if place in going)
        edits = removal(self.text, self.found, going, self.replace)
        pieces = []
        position = 0
        for edit in edits:
            pieces += [self.text[position : edit.start], edit.text]
            position = edit.end
        meant = [reference.load.resolved_url for reference in self.own if reference.index not in gone]
        if resolved_urls("".join([*pieces, self.text[position:]])) != meant:
            return [], frozenset()
        return edits, gone


def _notes(now: _Reading, changed: bool) -> Iterator[str]:
    headers = now.message.headers
    for name in (*_SIGNATURES, *_BODY_FACTS) if changed else ():
        if name.lower() in headers:
            yield f"{name}: {'its body hash no longer fits' if name in _SIGNATURES else 'no longer that of the body'}"
    if is_too_nested(now.mail):
        yield TOO_NESTED
    lowered = now.mail.lower()
    if b"pkcs7-mime" in lowered or b"pgp-encrypted" in lowered:
        for kind in dict.fromkeys(leaf.content_type for leaf in leaves(now.mail)):
            if kind in _OPAQUE:
                yield f"{kind}: signed or encrypted, not looked into"
