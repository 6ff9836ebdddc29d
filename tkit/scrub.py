"""A mail without its trackers: what the bundle calls is taken out, every other byte stays as it was."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from tkit import __version__
from tkit.features import extract_batches
from tkit.html import RemoteReference, read_document, references
from tkit.html_edit import Place, Places, places, removal
from tkit.mail import Message
from tkit.mime_edit import Edit, HtmlSource, html_sources
from tkit.mime_parts import leaves
from tkit.scan import providers, reasons

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
        See :func:`tkit.scan.reasons`.
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
    start = (raw.find(b"\n") + 1 or len(raw)) if raw.startswith(b"From ") else 0
    message = Message.from_bytes(raw[start:])
    remaining = [reference for reference in references(message) if not reference.local]
    mail = raw[start:]
    gone: dict[int, Tracker] = {}
    left: dict[int, Skipped] = {}
    for _ in range(MAX_ROUNDS):
        called = {
            original.index: tracker
            for original, tracker in _judged(message, bundle, remaining)
            if tracker is not None and original.index not in left
        }
        if not called:
            break
        step = _step(mail, message, remaining, called, replace)
        left |= {number: Skipped(called[number], why) for number, why in step.left.items() if number in called}
        if not step.gone:
            break
        mail, message = step.mail, step.message
        for reference in remaining:
            if reference.index in step.gone:
                gone[reference.index] = called.get(reference.index) or _beside(reference)
        remaining = [reference for reference in remaining if reference.index not in step.gone]
    notes = tuple(_notes(mail, message, bool(gone)))
    done = Scrubbed(raw, tuple(gone[number] for number in sorted(gone)), tuple(left[number] for number in sorted(left)), notes)
    return done._replace(raw=raw[:start] + _header(mail, done.summary) + mail) if gone else done


def _header(mail: bytes, summary: str) -> bytes:
    found = _LINE_END.search(mail)
    return f"{HEADER}: {summary}; tkit {__version__}".encode("ascii") + (found[0] if found else b"\n")


def _judged(
    message: Message, bundle: Bundle, remaining: Sequence[RemoteReference]
) -> Iterator[tuple[RemoteReference, Tracker | None]]:
    """Give each remote reference, as it was in the mail that came, with what the bundle says of it now."""
    frames = list(extract_batches([message]))
    if not frames:
        return
    rows = pd.concat(frames, ignore_index=True)
    called = bundle.verdicts(rows)
    if not called.any():
        return
    found = rows[called]
    scores = iter(bundle.scores(found))
    why = iter(reasons(found, bundle.contributions(found), [True] * len(found)))
    services = iter(providers(found["resolved_url"].tolist()))
    for reference, yes in zip(remaining, called, strict=True):
        if yes:
            yield reference, _tracker(reference, float(next(scores)), tuple(next(why)), next(services))
        else:
            yield reference, None


def _tracker(reference: RemoteReference, score: float, why: tuple[str, ...], provider: str) -> Tracker:
    return Tracker(
        reference.part, reference.index, reference.carrier, reference.url, reference.resolved_url, score, why, provider
    )


def _beside(reference: RemoteReference) -> Tracker:
    """Give what had to go with a tracker: a copy of its element that the HTML tree makes of the same text."""
    return _tracker(
        reference, float("nan"), ("written in the same place as a tracker",), providers([reference.resolved_url])[0]
    )


class _Step(NamedTuple):
    """One round: the mail after it, the indexes (in the mail that came) of what is gone, and why the others stay."""

    mail: bytes
    message: Message
    gone: frozenset[int]
    left: dict[int, str]


class _Part(NamedTuple):
    """An HTML part's new body and where the old one stands."""

    start: int
    end: int
    body: bytes
    gone: frozenset[int]
    left: dict[int, str]


def _step(mail: bytes, message: Message, remaining: Sequence[RemoteReference], called: Collection[int], replace: bool) -> _Step:
    edited: list[_Part] = []
    left: dict[int, str] = {}
    for number, source in enumerate(html_sources(mail, message)):
        own = [reference for reference in remaining if reference.part == number]
        wanted = [reference.index for reference in own if reference.index in called]
        if wanted:
            part = _edited(source, own, wanted, replace)
            left |= part.left
            if part.gone:
                edited.append(part)
    written = _written(mail, edited, remaining)
    if written is None:
        together, edited = edited, []
        for part in together[:_ONE_BY_ONE]:
            alone = _written(mail, [*edited, part], remaining)
            if alone:
                edited.append(part)
                written = alone
        refused = {number for part in together if part not in edited for number in part.gone}
        left |= dict.fromkeys(refused, "without it, the mail would be read in another way")
    gone = frozenset(number for part in edited for number in part.gone)
    return _Step(*(written or (mail, message)), gone, left)


def _written(mail: bytes, edited: Sequence[_Part], remaining: Sequence[RemoteReference]) -> tuple[bytes, Message] | None:
    """Write parts into the mail; None where it then does not hold exactly the references that are to stay."""
    pieces = []
    position = 0
    for part in sorted(edited, key=lambda part: part.start):
        pieces += [mail[position : part.start], part.body]
        position = part.end
    written = b"".join([*pieces, mail[position:]])
    gone = {number for part in edited for number in part.gone}
    message = Message.from_bytes(written)
    found = [(reference.part, reference.resolved_url) for reference in references(message) if not reference.local]
    meant = [(reference.part, reference.resolved_url) for reference in remaining if reference.index not in gone]
    return (written, message) if found == meant else None


def _edited(source: HtmlSource | None, own: Sequence[RemoteReference], wanted: Sequence[int], replace: bool) -> _Part:
    """Take references out of one part; ``own`` are all its remote ones, ``wanted`` the indexes of those to go."""

    def none(why: str) -> _Part:
        return _Part(0, 0, b"", frozenset(), dict.fromkeys(wanted, why))

    if source is None:
        return none("its part is not found in the mail's bytes")
    if source.leaf.guard:
        return none(f"{source.leaf.guard}: a signature covers it")
    text = source.text
    if text.lstrip().startswith(_CLEAR_SIGNED):  # somewhere inside, it would be a tracker's way to stay
        return none("PGP: a signature covers it")
    document = read_document(text)
    remote = [number for number, reference in enumerate(document.references) if not reference.local]
    if [document.references[number].resolved_url for number in remote] != [reference.resolved_url for reference in own]:
        return none("its part is read in two ways")
    found = places(text, document)
    place_of = {reference.index: found.of[number] for reference, number in zip(own, remote, strict=True)}
    known = [number for number in wanted if place_of[number] is not None]
    edits, gone = _edits(text, found, place_of, own, known, replace)
    if not edits:
        chosen: list[int] = []
        for number in known[:_ONE_BY_ONE]:
            tried, alone = _edits(text, found, place_of, own, [*chosen, number], replace)
            if tried:
                chosen.append(number)
                edits, gone = tried, alone
    body = source.rewritten(edits) if edits else None
    if body is None:
        return none("it cannot be taken out without changing another reference")
    left = dict.fromkeys(set(wanted) - gone, "it cannot be taken out without changing another reference")
    return _Part(source.leaf.start, source.leaf.end, body, gone, left)


def _edits(
    text: str,
    found: Places,
    place_of: Mapping[int, Place | None],
    own: Sequence[RemoteReference],
    wanted: Sequence[int],
    replace: bool,
) -> tuple[list[Edit], frozenset[int]]:
    """Give the edits that take references out, and which are gone then; none where others would go or come."""
    going = {place for number in wanted if (place := place_of[number]) is not None}
    gone = frozenset(number for number, place in place_of.items() if place in going)
    edits = removal(text, found, going, replace)
    pieces = []
    position = 0
    for edit in edits:
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    after = read_document("".join([*pieces, text[position:]]))
    loads = [reference.resolved_url for reference in after.references if not reference.local]
    meant = [reference.resolved_url for reference in own if reference.index not in gone]
    return (edits, gone) if loads == meant else ([], frozenset())


def _notes(mail: bytes, message: Message, changed: bool) -> Iterator[str]:
    if changed:
        for name in _SIGNATURES:
            if name.lower() in message.headers:
                yield f"{name}: its body hash no longer fits"
        for name in _BODY_FACTS:
            if name.lower() in message.headers:
                yield f"{name}: no longer that of the body"
    lowered = mail.lower()
    if b"pkcs7-mime" in lowered or b"pgp-encrypted" in lowered:
        kinds = dict.fromkeys(leaf.content_type for leaf in leaves(mail))
        for kind in kinds:
            if kind in _OPAQUE:
                yield f"{kind}: signed or encrypted, not looked into"
