"""Which mails are copies of one mailing: similar text, similar structure, near in time.

Signatures come from minwise hashing (Broder, SEQUENCES 1997) with locality-sensitive bands (Indyk and Motwani, STOC 1998).
Groups form around a leader: a mail joins the group whose first mail it is similar to, so that small changes from issue to
issue do not chain a whole series into one mailing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Ints

Signature = NDArray[np.uint32]

HASHES = 128
"""Length of a signature; the standard error of an estimated similarity is at most 0.04."""

_ROWS = 4  # with 32 bands of 4 rows, sets of similarity 0.5 share a band with probability 0.87, of 0.7 with 0.9998
_RECENT = 32  # groups kept per key; only a hostile corpus has more
_NO_TEXT = 8  # a mail with fewer runs counts as having no text (or no structure)
_ENOUGH_TEXT = 20  # runs of words that are enough to recognise a copy by text alone
_ENOUGH_TAGS = 24  # runs of tags that are enough for copies with a picture in common

_INVISIBLE = re.compile(r"<!--.*?(?:-->|\Z)|<(style|script|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*(?:>|\Z)")
_TAG_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)")
_WORD = re.compile(r"[^\W\d_]{2,20}")
_LONGEST = 1 << 20  # characters of a mail that are read
_LONGEST_SUBJECT = 400
_PRIME = np.uint64((1 << 31) - 1)
_generator = np.random.Generator(np.random.PCG64(20))
_FACTORS = _generator.integers(1, int(_PRIME), HASHES, dtype=np.uint64)[:, None]
_OFFSETS = _generator.integers(0, int(_PRIME), HASHES, dtype=np.uint64)[:, None]

_PREFIX = re.compile(r"\s*(re|aw|antw|sv|fwd?|wg|tr|rv|i|enc|doorst)\s*(?:\[\d+\])?\s*[:\uff1a]\s*", re.IGNORECASE)
_FORWARDING = frozenset(("fwd", "fw", "wg", "tr", "rv", "i", "enc", "doorst"))
_VARYING = re.compile(r"\S*[\d@_#]\S*")


@dataclass(frozen=True)
class Sketch:
    """The signatures that one mail is compared by.

    Attributes
    ----------
    text, tags : uint32 array of shape (HASHES,)
        Signatures of the runs of three words and of the runs of four tags.
    n_text, n_tags : int
        Number of such runs.
    """

    text: Signature
    tags: Signature
    n_text: int
    n_tags: int


def sketch(html_parts: Iterable[str]) -> Sketch:
    """Return the signatures of a mail's HTML. Words with digits are left out, because numbers and codes differ by recipient.

    >>> one, other = (sketch([f"<p>Dear {name}, your order is on its way to your home today."]) for name in ("Ann", "Bob"))
    >>> 0.4 < similarity(one.text, other.text) < 0.9
    True
    """
    html = "\n".join(html_parts)[:_LONGEST]
    words = _WORD.findall(_TAG.sub(" ", _INVISIBLE.sub(" ", html)).lower())
    tags = _TAG_NAME.findall(html.lower())
    text_runs, tag_runs = _runs(words, 3), _runs(tags, 4)
    return Sketch(_signature(text_runs), _signature(tag_runs), len(text_runs), len(tag_runs))


def similarity(one: Signature, other: Signature) -> float:
    """Estimate the Jaccard similarity of two sets from their signatures."""
    return float(np.count_nonzero(one == other)) / HASHES


def subject_template(subject: str, recipient: str = "") -> tuple[str, bool]:
    """Return the part of a subject that a mailing's copies share, and whether the subject is that of a forward.

    Reply and forward prefixes, numbers, addresses and the recipient's name are left out.

    >>> subject_template("Fwd: Anna, order 4711 is ready", "anna@b.example")
    ('order is ready', True)
    """
    subject, forward = subject[:_LONGEST_SUBJECT], False
    while prefix := _PREFIX.match(subject):
        forward |= prefix[1].lower() in _FORWARDING
        subject = subject[prefix.end() :]
    own = set(re.split(r"[._+-]", recipient.partition("@")[0].lower()))
    words = re.findall(r"[^\W_]+", _VARYING.sub(" ", subject.lower()))
    return " ".join(word for word in words if word not in own), forward


@dataclass(frozen=True)
class Mail:
    """The properties of a mail that decide which mailing it is a copy of.

    Attributes
    ----------
    sender : str
        The sender's registrable domain.
    subject : str
        See :func:`subject_template`.
    recipient : str
        The address that it was delivered to, ``""`` if unknown.
    time : float
        Seconds since 1970; NaN if unknown.
    sketch : Sketch
    urls : frozenset of str
        The URLs of its remote references.
    forward : bool
        Whether it says that it was forwarded. A recipient may get forwards long after a copy.
    """

    sender: str
    subject: str
    recipient: str
    time: float
    sketch: Sketch
    urls: frozenset[str]
    forward: bool = False


@dataclass
class _Group:
    number: int
    leader: Mail
    last: float
    first_of: dict[str, float] = field(default_factory=dict)  # time of each recipient's first copy

    def takes(self, mail: Mail, window: float, again: float) -> bool:
        """Return whether a mail comes in time; an unknown time is near every other time."""
        first = self.first_of.get(mail.recipient, np.nan) if mail.recipient and not mail.forward else np.nan
        return not (mail.time - self.last > window or mail.time - first > again)

    def add(self, mail: Mail) -> None:
        self.last = mail.time
        self.first_of.setdefault(mail.recipient, mail.time)


def group_copies(mails: Sequence[Mail], window: float, again: float) -> Ints:
    """Number the mailings that mails are copies of.

    Two mails are copies if they are near in time and

    - their texts are similar (similarity 0.8) and long enough, whatever the sender, because the senders of spam are forged; or
    - their senders or subjects are equal, and their texts are rather similar (0.5), or they have no text and similar
      structures (0.9); or
    - they have a picture URL in common, similar structures (0.9), and rather similar texts or none.

    Parameters
    ----------
    mails : sequence of Mail
    window : float
        Maximum number of seconds between a mailing's latest copy and the next.
    again : float
        Seconds after which another copy to the same recipient belongs to the next mailing.

    Returns
    -------
    int64 array of shape (len(mails),)
        Number of the mailing, from 0 in order of time; a mail without copies has its own number.
    """
    numbers = np.zeros(len(mails), np.int64)
    known: dict[tuple[object, ...], list[_Group]] = {}
    groups = 0
    times = np.array([mail.time for mail in mails], float)
    for row in np.argsort(np.where(np.isnan(times), np.inf, times), kind="stable").tolist():
        mail = mails[row]
        keys = _keys(mail)
        candidates = {group.number: group for key in keys for group in known.get(key, ())}
        best = max(
            ((_match(mail, group.leader), number) for number, group in candidates.items() if group.takes(mail, window, again)),
            default=(0.0, 0),
        )
        if best[0] > 0:
            group = candidates[best[1]]
        else:
            group = _Group(groups, mail, mail.time)
            groups += 1
            for key in keys:
                recent = known.setdefault(key, [])
                recent.append(group)
                del recent[:-_RECENT]
        group.add(mail)
        numbers[row] = group.number
    return numbers


def _keys(mail: Mail) -> list[tuple[object, ...]]:
    """Return the keys by which copies of a mail are found: a mail that shares none of them is not a copy."""
    keys: list[tuple[object, ...]] = [("url", url) for url in sorted(mail.urls)[:16]]
    keys += [("sender", mail.sender, mail.subject)]
    for name, signature, count in (
        ("text", mail.sketch.text, mail.sketch.n_text),
        ("tags", mail.sketch.tags, mail.sketch.n_tags),
    ):
        if count >= _NO_TEXT:
            keys += [(name, band, signature[band : band + _ROWS].tobytes()) for band in range(0, HASHES, _ROWS)]
    return keys


def _match(mail: Mail, leader: Mail) -> float:
    """Return how well a mail matches the first mail of a group, 0 if it is not a copy."""
    one, other = mail.sketch, leader.sketch
    text = similarity(one.text, other.text) if one.n_text and other.n_text else 0.0
    if text >= 0.8 and min(one.n_text, other.n_text) >= _ENOUGH_TEXT:
        return 1 + text
    wordless = max(one.n_text, other.n_text) < _NO_TEXT
    related = (mail.sender != "" and mail.sender == leader.sender) or (mail.subject != "" and mail.subject == leader.subject)
    if related and text >= 0.5 and not wordless:
        return 1 + text
    if not (wordless or text >= 0.5):
        return 0.0
    tags = similarity(one.tags, other.tags) if one.n_tags and other.n_tags else 0.0
    if tags < 0.9:
        return 0.0
    same_mail = mail.sender == leader.sender != "" and mail.subject == leader.subject
    if same_mail or (mail.urls & leader.urls and min(one.n_tags, other.n_tags) >= _ENOUGH_TAGS) or (related and text >= 0.5):
        return tags
    return 0.0


def _runs(words: Sequence[str], length: int) -> NDArray[np.uint64]:
    """Return a hash of each distinct run of `length` words."""
    if not words:
        return np.zeros(0, np.uint64)
    codes = np.fromiter((zlib.crc32(word.encode("utf-8", "replace")) for word in words), np.uint64, len(words))
    runs = codes[: max(len(codes) - length + 1, 1)].copy()
    for offset in range(1, min(length, len(codes))):
        runs = runs * np.uint64(1_000_003) ^ codes[offset : offset + len(runs)]
    return np.unique((runs ^ (runs >> np.uint64(29))) % _PRIME)


def _signature(runs: NDArray[np.uint64]) -> Signature:
    if not len(runs):
        return np.full(HASHES, np.iinfo(np.uint32).max, np.uint32)
    least = [((_FACTORS * piece + _OFFSETS) % _PRIME).min(axis=1) for piece in np.array_split(runs, len(runs) // 4096 + 1)]
    return np.asarray(np.min(least, axis=0), np.uint32)
