"""Alignment of the references of a mailing's copies.

Copies differ in length: one has an extra picture, another lacks an advertisement. So the lists of references are aligned as
sequences (Needleman and Wunsch, J. Mol. Biol. 48, 1970) by what their URLs have in common, not position by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tkit.arrays import Ints
from tkit.url.template import url_template

MAX_LENGTH = 2000
"""Maximum number of aligned references of one mail, and of columns to align with; the rest is not aligned."""

UNALIGNED = -1
"""The column of a reference that is not aligned."""

# What two references may have in common, and its weight as evidence that they are the same reference.
_WEIGHTS = {"url": 16, "template": 8, "path": 4, "domain": 2, "carrier": 1, "size": 1}


class Slot(NamedTuple):
    """The parts of a reference that alignment compares.

    Attributes
    ----------
    url : str
        The unwrapped URL without signatures and cache busters, see :func:`tkit.campaigns.variation.stable`.
    carrier : str
        Its carrier.
    size : str
        Its declared width and height, as written.
    """

    url: str
    carrier: str
    size: str


class _Codes:
    """Numbers for the properties of slots, so that whole sequences are compared at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, object], int] = {}

    def of(self, slots: Sequence[Slot]) -> dict[str, Ints]:
        properties = [_properties(slot) for slot in slots]
        columns = zip(*properties, strict=True) if properties else [()] * len(_WEIGHTS)
        return {
            name: np.array([self._known.setdefault((name, value), len(self._known)) for value in column], np.int64)
            for name, column in zip(_WEIGHTS, columns, strict=True)
        }


def _properties(slot: Slot) -> tuple[object, ...]:
    """Return the properties of a slot, in the order of ``_WEIGHTS``."""
    domain, template = url_template(slot.url)
    path = template if template.startswith("/") else (domain, template)
    return slot.url, (domain, template), path, domain, slot.carrier, slot.size


def align(sequences: Sequence[Sequence[Slot]]) -> list[Ints]:
    """Align sequences of references.

    Sequences are added one by one, frequent and long ones first. Each is aligned with the columns so far such that the total
    weight of what the pairs have in common is maximal; a reference without a partner becomes a new column.

    Parameters
    ----------
    sequences : sequence of sequences of Slot
        The references of one copy each, in document order.

    Returns
    -------
    list of int64 arrays
        For each sequence the column of each slot, :data:`UNALIGNED` for slots after the first :data:`MAX_LENGTH`. Columns
        are numbered in the order of their creation, so they need not ascend.

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
    # Frequencies are those of the templates, because the URLs may differ in every copy.
    templates = {key: tuple(url_template(slot.url) for slot in key) for key in count}
    frequency: Counter[tuple[tuple[str, str], ...]] = Counter()
    for key, times in count.items():
        frequency[templates[key]] += times
    codes = _Codes()
    columns_of: dict[tuple[Slot, ...], Ints] = {}
    order: list[int] = []  # the columns, from left to right
    profile = codes.of(())
    for key in sorted(count, key=lambda key: (-frequency[templates[key]], -count[key], -len(key))):
        own = codes.of(key)
        columns = np.empty(len(key), np.int64)
        inserted: list[int] = []
        longer: list[int] = []
        passed = 0
        partners = _best_path(own, {name: values[order] for name, values in profile.items()})
        for slot, partner in enumerate(partners.tolist()):
            if partner < 0:
                columns[slot] = len(profile["url"]) + len(inserted)
                inserted.append(slot)
                if len(order) + len(inserted) <= MAX_LENGTH:
                    longer.append(int(columns[slot]))
            else:
                columns[slot] = order[partner]
                longer += order[passed : partner + 1]
                passed = partner + 1
        order = longer + order[passed:]
        profile = {name: np.concatenate([values, own[name][inserted]]) for name, values in profile.items()}
        columns_of[key] = columns
    return [
        np.concatenate([columns_of[key], np.full(len(sequence) - len(key), UNALIGNED)])
        for key, sequence in zip(keys, sequences, strict=True)
    ]


def _best_path(own: Mapping[str, Ints], profile: Mapping[str, Ints]) -> Ints:
    """Return for each slot the position in the profile that it is aligned with, -1 for none."""
    n, m = len(own["url"]), len(profile["url"])
    partner = np.full(n, -1, np.int64)
    if not n or not m:
        return partner
    alike = {name: own[name][:, None] == profile[name][None, :] for name in _WEIGHTS}
    score = np.zeros((n, m), np.int32)
    for name, weight in _WEIGHTS.items():
        score += np.int32(weight) * alike[name]
    # Pictures on different servers, or of different sizes on one server, are not versions of each other.
    score[~(alike["path"] | (alike["domain"] & alike["carrier"] & alike["size"]))] = 0
    best = np.zeros((n + 1, m + 1), np.int32)
    for row in range(n):
        reached = np.maximum(best[row, 1:], best[row, :-1] + score[row])
        np.maximum.accumulate(reached, out=best[row + 1, 1:])
    row, position = n, m
    while row and position:
        if best[row, position] == best[row, position - 1]:
            position -= 1
        elif best[row, position] == best[row - 1, position]:
            row -= 1
        else:
            row, position = row - 1, position - 1
            partner[row] = position
    return partner
