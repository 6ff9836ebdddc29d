"""Which mails are copies of one mailing: like text, like structure, near in time.

Signatures by minwise hashing (Broder, SEQUENCES 1997) with locality-sensitive bands (Indyk and Motwani, STOC 1998), and
groups around a leader: a mail joins the group whose first mail it resembles, so that a chain of small changes from issue
to issue does not make one campaign of a whole series.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HASHES = 128
"""Length of a signature: a similarity is estimated to within 0.04 (standard error) or better."""

_ROWS = 4  # with 32 bands of 4 rows, two sets of similarity 0.5 meet with probability 0.87, of 0.7 with 0.9998
_RECENT = 32  # groups remembered under one key; more are of a hostile corpus
_NO_TEXT = 8
_ENOUGH_TEXT = 20
_ENOUGH_TAGS = 24

_INVISIBLE = re.compile(r"<!--.*?(?:-->|\Z)|<(style|script|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*(?:>|\Z)")
_TAG_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)")
_WORD = re.compile(r"[^\W\d_]{2,20}")
_LONGEST = 1 << 20  # characters of a mail that are looked at
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
    """What one mail is compared by.

    Attributes
    ----------
    text, tags : uint32 array of shape (HASHES,)
        Signatures of the runs of three words, and of the runs of four tags.
    n_text, n_tags : int
        How many such runs there are.
    """

    text: NDArray[np.uint32]
    tags: NDArray[np.uint32]
    n_text: int
    n_tags: int


def sketch(html_parts: Iterable[str]) -> Sketch:
    """Return the signatures of a mail's HTML: words without digits, so that numbers and codes of a recipient do not count.

    >>> one, other = (sketch([f"<p>Dear {name}, your order is on its way to your home today."]) for name in ("Ann", "Bob"))
    >>> 0.4 < similarity(one.text, other.text) < 0.9
    True
    """
    html = "\n".join(html_parts)[:_LONGEST]
    words = _WORD.findall(_TAG.sub(" ", _INVISIBLE.sub(" ", html)).lower())
    tags = _TAG_NAME.findall(html.lower())
    text_runs, tag_runs = _runs(words, 3), _runs(tags, 4)
    return Sketch(_signature(text_runs), _signature(tag_runs), len(text_runs), len(tag_runs))


def similarity(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Estimate the Jaccard similarity of two sets from their signatures."""
    return float(np.count_nonzero(one == other)) / HASHES


def subject_template(subject: str, recipient: str = "") -> tuple[str, bool]:
    """Return what the subjects of one mailing's copies have in common, and whether the subject is that of a forward.

    Reply and forward marks, numbers, addresses and the recipient's own name are left out.

    >>> subject_template("Fwd: Anna, order 4711 is ready", "anna@b.example")
    ('order is ready', True)
    """
    subject, forward = subject[:_LONGEST_SUBJECT], False
    while found := _PREFIX.match(subject):
        forward |= found.group(1).lower() in _FORWARDING
        subject = subject[found.end() :]
    own = set(re.split(r"[._+-]", recipient.partition("@")[0].lower()))
    words = re.findall(r"[^\W_]+", _VARYING.sub(" ", subject.lower()))
    return " ".join(word for word in words if word not in own), forward


@dataclass(frozen=True)
class Mail:
    """What decides which mailing a mail is a copy of.

    Attributes
    ----------
    sender : str
        The sender's registrable domain.
    subject : str
        See :func:`subject_template`.
    recipient : str
        The address that it was delivered to, ``""`` where unknown.
    time : float
        Seconds since 1970; NaN where unknown.
    sketch : Sketch
    urls : frozenset of str
        The URLs of its remote references.
    """

    sender: str
    subject: str
    recipient: str
    time: float
    sketch: Sketch
    urls: frozenset[str]


@dataclass
class _Group:
    number: int
    leader: Mail
    last: float
    first_of: dict[str, float] = field(default_factory=dict)  # when each recipient's first copy came

    def takes(self, mail: Mail, window: float, again: float) -> bool:
        """Return whether a mail comes in time; an unknown time is near to every other."""
        first = self.first_of.get(mail.recipient, np.nan) if mail.recipient else np.nan
        return not (mail.time - self.last > window or mail.time - first > again)

    def add(self, mail: Mail) -> None:
        self.last = mail.time
        self.first_of.setdefault(mail.recipient, mail.time)


def group_copies(mails: Sequence[Mail], window: float, again: float) -> NDArray[np.int64]:
    """Number the mailings that mails are copies of.

    Two mails are copies where they are near in time and

    - the text is like (0.8 or more of the runs of words in common, and text enough), whoever the sender claims to be:
      the senders of spam are forged; or
    - sender or subject is the same, and the text is rather like (0.5), or there is none and the structure is like (0.9); or
    - they show a picture of one URL, the structure is like (0.9), and the text is rather like or absent.

    Parameters
    ----------
    mails : sequence of Mail
    window : float
        Seconds that may lie between a mailing's last copy so far and the next.
    again : float
        Seconds after which a further copy to the same recipient is of the next mailing.

    Returns
    -------
    int64 array of shape (len(mails),)
        Number of the mailing, from 0 in the order of time; a mail without copies has a number of its own.
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
            (
                (_likeness(mail, group.leader), number)
                for number, group in candidates.items()
                if group.takes(mail, window, again)
            ),
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
    """Return what a mail can be found by: whoever shares none of these is no copy of it."""
    keys: list[tuple[object, ...]] = [("url", url) for url in sorted(mail.urls)[:16]]
    keys += [("sender", mail.sender, mail.subject)]
    for name, signature, count in (
        ("text", mail.sketch.text, mail.sketch.n_text),
        ("tags", mail.sketch.tags, mail.sketch.n_tags),
    ):
        if count >= _NO_TEXT:
            keys += [(name, place, signature[place : place + _ROWS].tobytes()) for place in range(0, HASHES, _ROWS)]
    return keys


def _likeness(mail: Mail, leader: Mail) -> float:
    """Return how like a mail is to a group's first one: 0 where it is no copy."""
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
    """Hash every run of so many words, each run once."""
    if not words:
        return np.zeros(0, np.uint64)
    codes = np.fromiter((zlib.crc32(word.encode("utf-8", "replace")) for word in words), np.uint64, len(words))
    runs = codes[: max(len(codes) - length + 1, 1)].copy()
    for place in range(1, min(length, len(codes))):
        runs = runs * np.uint64(1_000_003) ^ codes[place : place + len(runs)]
    return np.unique((runs ^ (runs >> np.uint64(29))) % _PRIME)


def _signature(runs: NDArray[np.uint64]) -> NDArray[np.uint32]:
    if not len(runs):
        return np.full(HASHES, np.iinfo(np.uint32).max, np.uint32)
    least = [((_FACTORS * piece + _OFFSETS) % _PRIME).min(axis=1) for piece in np.array_split(runs, len(runs) // 4096 + 1)]
    return np.asarray(np.min(least, axis=0), np.uint32)
