"""Runs of characters in many URLs at once: words, tokens and segments, and what can be counted in them.

Everything is computed on one byte array for all URLs, because a Python loop over characters would take longer than parsing the
mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints, Mask
from tkit.features.vocabulary import WORD_FEATURES, run_codes, word_counts

OTHER, DIGIT, LOWER, UPPER = range(4)
"""Kinds of characters."""
KINDS = np.zeros(256, np.uint8)
KINDS[ord("0") : ord("9") + 1] = DIGIT
KINDS[ord("a") : ord("z") + 1] = LOWER
KINDS[ord("A") : ord("Z") + 1] = UPPER
"""The kind of each byte."""
_LOWERED = np.arange(256, dtype=np.uint8)
_LOWERED[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
_SEXTET = np.zeros(256, np.int16)
_SEXTET[[ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]] = np.arange(64)
_NIBBLE = np.zeros(256, np.int16)
_NIBBLE[[ord(c) for c in "0123456789"]] = np.arange(10)
_NIBBLE[[ord(c) for c in "abcdef"]] = np.arange(10, 16)
_NIBBLE[[ord(c) for c in "ABCDEF"]] = np.arange(10, 16)
_MIN_TEXT = 8  # characters of a token that may be encoded text
# Four counts in one integer, so that one pass over the bytes counts all of them; longer runs are counted one by one.
_SHIFTS = (0, 16, 32, 48)
_MOST_PACKED = 0xFFFF


def byte_set(characters: str) -> Mask:
    """Return for each of the 256 bytes whether it is one of these characters."""
    return np.isin(np.arange(256), [ord(character) for character in characters])


def pack(*masks: Mask) -> Ints:
    """Return four properties of bytes in one integer per byte, for :func:`add_packed`."""
    return np.asarray(sum(mask.astype(np.int64) << shift for mask, shift in zip(masks, _SHIFTS, strict=True)))


def add_packed(packed: Ints, start: Ints, length: Ints) -> list[Ints]:
    """Return the counts of the packed properties in each run of bytes."""
    if not len(start):
        return [np.zeros(0, np.int64) for _ in _SHIFTS]
    if length.max() > _MOST_PACKED:
        return [np.asarray(np.add.reduceat(packed >> shift & _MOST_PACKED, start)) for shift in _SHIFTS]
    total = np.add.reduceat(packed, start)
    return [total >> shift & _MOST_PACKED for shift in _SHIFTS]


_RUN_COUNTS = pack(KINDS == DIGIT, KINDS == UPPER, KINDS == LOWER, ~byte_set("0123456789abcdefABCDEF"))


class TokenTable(NamedTuple):
    """One row per token: its URL, and what it is compared by.

    Attributes
    ----------
    url : int64 array
        Row of the URL.
    length : int64 array
        Number of characters.
    digits : int64 array
        Number of digits in it.
    code : uint64 array
        Equal for equal tokens (a 64-bit polynomial hash).
    shape : int64 array
        Equal for tokens of the same length and the same alphabet (digits, lower case, upper case, ``_-``).
    """

    url: Ints
    length: Ints
    digits: Ints
    code: NDArray[np.uint64]
    shape: Ints


class Tails:
    """The parts of URLs after their hosts, in one byte array with a line end after each.

    Parameters
    ----------
    urls : sequence of str

    Attributes
    ----------
    n : int
        Number of URLs.
    texts : list of str
        The tails, from the path on.
    bytes, kind : uint8 array
        All bytes, and the kind of each.
    url : int32 array
        For each byte the row of its URL.
    start, lengths : int64 array
        For each URL, where its tail begins among the bytes, and its length.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        self.texts = [url[url.find("/", 8) :] for url in urls]
        data = ("\n".join(self.texts) + "\n").encode("ascii", "replace")
        self.n = len(urls)
        self.bytes = np.frombuffer(data, np.uint8)
        self.lengths = np.fromiter(map(len, self.texts), np.int64, self.n)
        self.start = np.cumsum(self.lengths + 1) - self.lengths - 1
        self.url = np.repeat(np.arange(self.n, dtype=np.int32), self.lengths + 1)
        self.kind = KINDS[self.bytes]


class Runs:
    """The runs of bytes that a mask selects, in arrays without the other bytes.

    Parameters
    ----------
    text : Tails
    mask : bool array
        One value per byte of `text`; a run is a longest sequence of selected bytes.

    Attributes
    ----------
    bytes, kind, first : array
        Of each selected byte: itself, its kind, and whether a run begins with it.
    start, length, at, url : int64 array
        Of each run: where it begins among the selected bytes, its length, where it begins in `text`, the row of its URL.
    digits, upper, lower, no_hex : int64 array
        Of each run: the number of digits, of upper and lower case letters, and of characters that are not hexadecimal.
    has, of_url : int64 array
        The URLs that have a run, and the first run of each.
    """

    def __init__(self, text: Tails, mask: Mask) -> None:
        where = np.flatnonzero(mask)
        self.n_urls = text.n
        self.bytes = text.bytes[where]
        self.kind = text.kind[where]
        self.first = np.ones(len(where), bool)
        self.first[1:] = where[1:] != where[:-1] + 1  # the line ends separate the URLs
        self.start = np.flatnonzero(self.first)
        self.length = np.diff(self.start, append=len(where))
        self.at = where[self.start]
        self.url = text.url[self.at].astype(np.int64)
        # Runs are in the order of their URLs.
        is_first_of_url = np.ones(len(self.url), bool)
        is_first_of_url[1:] = self.url[1:] != self.url[:-1]
        self.of_url = np.flatnonzero(is_first_of_url)
        self.has = self.url[self.of_url]
        self.digits, self.upper, self.lower, self.no_hex = add_packed(_RUN_COUNTS[self.bytes], self.start, self.length)

    def table(self) -> TokenTable:
        """Return the runs as tokens to compare."""
        other = self.length - self.digits - self.upper - self.lower
        alphabet = (self.digits > 0) + 2 * (self.upper > 0) + 4 * (self.lower > 0) + 8 * (other > 0)
        return TokenTable(self.url, self.length, self.digits, self.codes(), self.length * 16 + alphabet)

    def total(self, mask: Mask) -> Ints:
        """Count for each run the bytes with a property."""
        if not len(self.start):
            return np.zeros(0, np.int64)
        return np.asarray(np.add.reduceat(mask, self.start, dtype=np.int64))

    def peak(self, values: Ints) -> Ints:
        """Return for each run the greatest value of its bytes."""
        return np.asarray(np.maximum.reduceat(values, self.start)) if len(self.start) else np.zeros(0, np.int64)

    def changes(self, letters_only: bool = False) -> Ints:
        """Count the changes between digits, lower case, upper case and others inside each run."""
        changed = ~self.first
        changed[1:] &= self.kind[1:] != self.kind[:-1]
        if letters_only:
            changed[1:] &= (self.kind[1:] >= LOWER) & (self.kind[:-1] >= LOWER)
        return self.total(changed)

    def _scatter(self, values: NDArray[np.generic]) -> Floats:
        out = np.zeros(self.n_urls)
        out[self.has] = values
        return out

    def maximum(self, values: Ints) -> Floats:
        """Return for each URL the greatest value of its runs, 0 if it has none."""
        return self._scatter(np.maximum.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def sum(self, values: Ints) -> Floats:
        """Return for each URL the sum of the values of its runs."""
        return self._scatter(np.add.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def longest(self, mask: Mask) -> Floats:
        """Return for each URL the length of its longest run with a property."""
        return self.maximum(np.where(mask, self.length, 0))

    def number(self, mask: Mask) -> Floats:
        """Count for each URL the runs with a property."""
        return self.sum(mask.astype(np.int64))

    def first_longest(self) -> Ints:
        """Return for each URL the row of its longest run, the first of equally long ones; -1 if it has none."""
        out = np.full(self.n_urls, -1)
        if len(self.has):
            rank = self.length * (len(self.length) + 1) + np.arange(len(self.length), 0, -1)
            best = np.maximum.reduceat(rank, self.of_url)
            out[self.has] = len(self.length) - best % (len(self.length) + 1)
        return out

    def entropy(self, rows: Ints) -> Floats:
        """Return the Shannon entropy of one run of each URL, in bits per character, rounded to 1/256; 0 without runs.

        Rounded, because the logarithms of other languages differ in the last digits.
        """
        chosen = np.zeros(len(self.length), bool)
        chosen[rows[rows >= 0]] = True
        inside = np.repeat(chosen, self.length)
        url = np.repeat(self.url[chosen], self.length[chosen])
        # Tokens consist of 64 different characters.
        cell = url * 64 + _SEXTET[self.bytes[inside]]
        counts = np.bincount(cell, minlength=self.n_urls * 64)
        filled = np.flatnonzero(counts)
        weighted = np.zeros(self.n_urls * 64)
        weighted[filled] = counts[filled] * np.log2(counts[filled])
        length = np.maximum(counts.reshape(self.n_urls, 64).sum(1), 1)
        bits = np.log2(length) - weighted.reshape(self.n_urls, 64).sum(1) / length
        return np.asarray(np.floor(np.abs(bits) * 256 + 0.5) / 256)

    def codes(self) -> NDArray[np.uint64]:
        """Return a hash of each run's characters."""
        return run_codes(self.bytes, self.start, self.length)

    @cached_property
    def lower_codes(self) -> NDArray[np.uint64]:
        """A hash of each run's characters in lower case."""
        return run_codes(_LOWERED[self.bytes], self.start, self.length)

    def word_counts(self) -> dict[str, Floats]:
        """Count the telling words among the runs of each URL."""
        counts = np.zeros((len(WORD_FEATURES), self.n_urls))
        counts[:, self.has] = word_counts(self.lower_codes, self.of_url)
        return dict(zip(WORD_FEATURES, counts, strict=True))

    def decodes(self) -> tuple[Mask, Mask]:
        """Return for each run whether it is base64 (URL-safe alphabet), and whether it is hex, of printable ASCII text."""
        base64, hexadecimal = np.zeros(len(self.start), bool), np.zeros(len(self.start), bool)
        # Base64 never leaves a single digit over; a run of one kind of character is a word or a number.
        kinds = (self.digits > 0).astype(int) + (self.upper > 0) + (self.lower > 0)
        maybe = np.flatnonzero((self.length >= _MIN_TEXT) & (self.length % 4 != 1) & (kinds > 1))
        six, phase, start, last = self._digits_of(maybe, _SEXTET, 4)
        if len(maybe):
            following = np.append(six[1:], 0)
            decoded = np.choose(
                phase, (six << 2 | following >> 4, (six & 15) << 4 | following >> 2, (six & 3) << 6 | following, six * 0 + 32)
            )
            ended = last & (phase != 3)  # the bits left over at the end are not a character
            strange = ~ended & ((decoded < 32) | (decoded > 126))
            base64[maybe] = ~np.logical_or.reduceat(strange, start)
        maybe = np.flatnonzero((self.length >= _MIN_TEXT) & (self.length % 2 == 0) & (self.no_hex == 0))
        four, phase, start, _ = self._digits_of(maybe, _NIBBLE, 2)
        if len(maybe):
            pair = four * 16 + np.append(four[1:], 0)
            hexadecimal[maybe] = ~np.logical_or.reduceat((phase == 0) & ((pair < 32) | (pair > 126)), start)
        return base64, hexadecimal

    def _digits_of(self, runs: Ints, values: NDArray[np.int16], base: int) -> tuple[NDArray[np.int16], Ints, Ints, Mask]:
        """Return the digits of some runs: values, positions modulo ``base``, where each run begins, which digits are last."""
        length = self.length[runs]
        start = np.cumsum(length) - length
        step = np.arange(int(length.sum())) - np.repeat(start, length)
        where = np.repeat(self.start[runs], length) + step
        last = np.zeros(len(where), bool)
        last[start + length - 1] = True
        return values[self.bytes[where]], step % base, start, last
