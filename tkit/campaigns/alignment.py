"""The references of a mailing's copies, set side by side.

Copies differ in length: one has a picture more, another an advertisement less. So the lists of references are aligned as
sequences are (Needleman and Wunsch, J. Mol. Biol. 48, 1970), on what their URLs have in common, not position by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.url.template import url_template

MAX_LENGTH = 2000
"""References of one mail that are aligned, and columns that others are aligned with; what is beyond is left alone."""

UNALIGNED = -1

# What two aligned references may have in common, and how much each says that they are the same one.
_WEIGHTS = {"url": 16, "template": 8, "path": 4, "domain": 2, "carrier": 1, "size": 1}


class Slot(NamedTuple):
    """One reference, as far as alignment looks at it.

    Attributes
    ----------
    url : str
        What is asked for, see :func:`asked_for`.
    carrier : str
        How it is written.
    size : str
        Its declared width and height, as written.
    """

    url: str
    carrier: str
    size: str


class _Codes:
    """Numbers for the facts of slots, so that whole sequences are compared at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, object], int] = {}

    def of(self, slots: Sequence[Slot]) -> dict[str, NDArray[np.int64]]:
        facts = [_facts(slot) for slot in slots]
        columns = zip(*facts, strict=True) if facts else [()] * len(_WEIGHTS)
        return {
            name: np.array([self._known.setdefault((name, value), len(self._known)) for value in column], np.int64)
            for name, column in zip(_WEIGHTS, columns, strict=True)
        }


def _facts(slot: Slot) -> tuple[object, ...]:
    domain, template = url_template(slot.url)
    path = template if template.startswith("/") else (domain, template)
    return slot.url, (domain, template), path, domain, slot.carrier, slot.size


def align(sequences: Sequence[Sequence[Slot]]) -> list[NDArray[np.int64]]:
    """Set sequences side by side.

    Each sequence, the frequent and the long ones first, is aligned with the columns found so far, so that the sum of what
    the pairs have in common is greatest; what finds no partner becomes a column of its own.

    Parameters
    ----------
    sequences : sequence of sequences of Slot
        The references of one copy each, in document order.

    Returns
    -------
    list of int64 arrays
        For each sequence the column of each slot, :data:`UNALIGNED` for those behind the first :data:`MAX_LENGTH`. Columns
        are numbered as they were found, so they need not ascend.

    Examples
    --------
    >>> logo, pixel = Slot("http://a.example/logo.png", "img-src", ""), "http://a.example/open?u="
    >>> offer = Slot("http://b.example/offer.jpg", "img-src", "300x200")
    >>> one = [logo, Slot(pixel + "1f", "img-src", "1x1")]
    >>> two = [logo, offer, Slot(pixel + "2e", "img-src", "1x1")]
    >>> [columns.tolist() for columns in align([two, one])]
    [[0, 1, 2], [0, 2]]
    """
    count: dict[tuple[Slot, ...], int] = {}
    keys = [tuple(sequence[:MAX_LENGTH]) for sequence in sequences]
    for key in keys:
        count[key] = count.get(key, 0) + 1
    # Its templates, not its URLs, say which sequence is the usual one: the URLs may differ in every copy.
    templates = {key: tuple(url_template(slot.url) for slot in key) for key in count}
    frequency: Counter[tuple[tuple[str, str], ...]] = Counter()
    for key, times in count.items():
        frequency[templates[key]] += times
    codes = _Codes()
    placed: dict[tuple[Slot, ...], NDArray[np.int64]] = {}
    order: list[int] = []  # the columns, from left to right
    profile = codes.of(())
    for key in sorted(count, key=lambda key: (-frequency[templates[key]], -count[key], -len(key))):
        own = codes.of(key)
        columns = np.empty(len(key), np.int64)
        inserted: list[int] = []
        longer: list[int] = []
        passed = 0
        partners = _best_path(own, {name: values[order] for name, values in profile.items()})
        for slot, place in enumerate(partners.tolist()):
            if place < 0:
                columns[slot] = len(profile["url"]) + len(inserted)
                inserted.append(slot)
                if len(order) + len(inserted) <= MAX_LENGTH:
                    longer.append(int(columns[slot]))
            else:
                columns[slot] = order[place]
                longer += order[passed : place + 1]
                passed = place + 1
        order = longer + order[passed:]
        profile = {name: np.concatenate([values, own[name][inserted]]) for name, values in profile.items()}
        placed[key] = columns
    return [
        np.concatenate([placed[key], np.full(len(sequence) - len(key), UNALIGNED)])
        for key, sequence in zip(keys, sequences, strict=True)
    ]


def _best_path(own: Mapping[str, NDArray[np.int64]], profile: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the place in the profile that each slot is aligned with, -1 for none."""
    n, m = len(own["url"]), len(profile["url"])
    partner = np.full(n, -1, np.int64)
    if not n or not m:
        return partner
    alike = {name: own[name][:, None] == profile[name][None, :] for name in _WEIGHTS}
    score = np.zeros((n, m), np.int32)
    for name, weight in _WEIGHTS.items():
        score += np.int32(weight) * alike[name]
    # Pictures of other servers, or of one server and other sizes, are no versions of one another.
    score[~(alike["path"] | (alike["domain"] & alike["carrier"] & alike["size"]))] = 0
    best = np.zeros((n + 1, m + 1), np.int32)
    for row in range(n):
        reached = np.maximum(best[row, 1:], best[row, :-1] + score[row])
        np.maximum.accumulate(reached, out=best[row + 1, 1:])
    row, place = n, m
    while row and place:
        if best[row, place] == best[row, place - 1]:
            place -= 1
        elif best[row, place] == best[row - 1, place]:
            row -= 1
        else:
            row, place = row - 1, place - 1
            partner[row] = place
    return partner
