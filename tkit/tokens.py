"""Columns of numbers about many URLs at once: their parts, their characters, their tokens.

A *word* is a longest run of ``[A-Za-z0-9]`` behind a URL's host, a *token* a longest run of ``[A-Za-z0-9_-]``: the
alphabets that identifiers are written in. Everything is computed on one byte array for all URLs, because a Python
loop over characters would cost more than parsing the mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_OTHER, _DIGIT, _LOWER, _UPPER = range(4)
_CLASS = np.zeros(256, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = _DIGIT
_CLASS[ord("a") : ord("z") + 1] = _LOWER
_CLASS[ord("A") : ord("Z") + 1] = _UPPER
_IS_TOKEN = _CLASS > 0
_IS_TOKEN[[ord("_"), ord("-")]] = True
_IS_HEX = np.zeros(256, bool)
_IS_HEX[[ord(character) for character in "0123456789abcdefABCDEF"]] = True
_IS_CONSONANT = np.zeros(256, bool)
_IS_CONSONANT[[ord(character) for character in "bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ"]] = True
_IS_SEPARATOR = np.zeros(256, bool)
_IS_SEPARATOR[[ord(character) for character in "&=;,|~!*$:"]] = True
_SEXTET = np.zeros(256, np.int16)
_SEXTET[[ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]] = np.arange(64)
_NIBBLE = np.zeros(256, np.int16)
_NIBBLE[[ord(c) for c in "0123456789"]] = np.arange(10)
_NIBBLE[[ord(c) for c in "abcdef"]] = np.arange(10, 16)
_NIBBLE[[ord(c) for c in "ABCDEF"]] = np.arange(10, 16)
_FAR = np.int64(1 << 40)
_MIN_TEXT = 8


class TokenTable(NamedTuple):
    """One row a token: which URL it is of, and by what it can be compared.

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


class UrlColumns(NamedTuple):
    """What :func:`analyse` gives: one float64 column a feature, and the tokens."""

    columns: dict[str, Floats]
    tokens: TokenTable


def analyse(urls: Sequence[str]) -> UrlColumns:
    """Measure resolved URLs (``http``, ``https`` or ``ftp``, serialised by the URL Standard).

    Parameters
    ----------
    urls : sequence of str
        As :func:`tkit.url.resolve` gives them, none empty.

    Returns
    -------
    UrlColumns
        ``columns`` maps feature names (see :mod:`tkit.schema`) to arrays of shape (len(urls),).

    Examples
    --------
    >>> found = analyse(["http://a.example/o/Ab12cd34?u=7", "https://b.example/logo.png"])
    >>> found.columns["longest_mixed_word"].tolist(), found.columns["query_length"].tolist()
    ([8.0, 0.0], [3.0, 0.0])
    """
    if not urls:
        return UrlColumns({}, TokenTable(*(np.zeros(0, np.int64),) * 3, np.zeros(0, np.uint64), np.zeros(0, np.int64)))
    text = _Text(urls)
    columns = text.parts()
    columns.update(text.words())
    token_columns, tokens = text.tokens()
    columns.update(token_columns)
    return UrlColumns(columns, tokens)


class _Text:
    """All URLs in one byte array, a line end behind each."""

    def __init__(self, urls: Sequence[str]) -> None:
        data = ("\n".join(urls) + "\n").encode("ascii", "replace")
        self.bytes = np.frombuffer(data, np.uint8)
        lengths = np.fromiter(map(len, urls), np.int64, len(urls)) + 1
        self.n = len(urls)
        self.end = np.cumsum(lengths) - 1  # the position of the line end
        self.start = self.end - lengths + 1
        self.url = np.repeat(np.arange(self.n), lengths)
        self.position = np.arange(len(self.bytes))
        self.kind = _CLASS[self.bytes]
        scheme = np.where(self.bytes[self.start + 4] == ord("s"), 8, np.where(self.bytes[self.start] == ord("f"), 6, 7))
        self.host = np.minimum(self.start + scheme, self.end)
        self.path = np.minimum(self._first(ord("/"), self.host), self.end)
        fragment = np.minimum(self._first(ord("#"), self.path), self.end)
        self.query = np.minimum(self._first(ord("?"), self.path), fragment)
        self.fragment = fragment
        self.in_host = (self.position >= self.host[self.url]) & (self.position < self.path[self.url])
        self.in_tail = self.position >= self.path[self.url]
        self.in_path = self.in_tail & (self.position < self.query[self.url])

    def _first(self, byte: int, after: Ints) -> Ints:
        hit = (self.bytes == byte) & (self.position >= after[self.url])
        return np.minimum.reduceat(np.where(hit, self.position, _FAR), self.start)

    def _last(self, byte: int, within: Bools) -> Ints:
        return np.maximum.reduceat(np.where((self.bytes == byte) & within, self.position, -1), self.start)

    def _count(self, mask: Bools) -> Floats:
        return np.add.reduceat(mask.astype(np.int64), self.start).astype(np.float64)

    def parts(self) -> dict[str, Floats]:
        """Lengths and counts of the URL's parts."""
        byte, kind = self.bytes, self.kind
        is_digit = kind == _DIGIT
        slash = byte == ord("/")
        colon = self._first(ord(":"), self.host)
        last_slash = self._last(ord("/"), self.in_path)
        host_letters = self._count(self.in_host & ((kind == _LOWER) | (byte == ord("["))))
        query = self.in_tail & (self.position >= self.query[self.url]) & (self.position < self.fragment[self.url])
        has_query = self.query < self.fragment
        lengths = {
            "url_length": self.end - self.start,
            "host_length": np.minimum(colon, self.path) - self.host,
            "path_length": self.query - self.path,
            "query_length": np.maximum(self.fragment - self.query - 1, 0),
            "fragment_length": np.maximum(self.end - self.fragment - 1, 0),
            "filename_length": self.query - last_slash - 1,
        }
        return {name: values.astype(np.float64) for name, values in lengths.items()} | {
            "https": (self.host - self.start == 8).astype(np.float64),
            "host_labels": self._count(self.in_host & (byte == ord("."))) + 1,
            "host_digits": self._count(self.in_host & is_digit),
            "host_hyphens": self._count(self.in_host & (byte == ord("-"))),
            "host_is_number": (host_letters == 0).astype(np.float64),
            "host_port": (colon < self.path).astype(np.float64),
            "path_segments": self._count(self.in_path & slash),
            "query_parameters": self._count(query & (byte == ord("&"))) + has_query,
            "digits": self._count(self.in_tail & is_digit),
            "uppercase": self._count(self.in_tail & (kind == _UPPER)),
            "percent_escapes": self._count(self.in_tail & (byte == ord("%"))),
            "separators": self._count(self.in_tail & _IS_SEPARATOR[byte]),
        }

    def words(self) -> dict[str, Floats]:
        """Measures of the runs of letters and digits."""
        runs = _Runs(self, self.in_tail & (self.kind > 0))
        digits = runs.total(runs.kind == _DIGIT)
        letters = runs.length - digits
        mixed = (digits > 0) & (letters > 0)
        decimal = letters == 0
        hexadecimal = (runs.total(~_IS_HEX[runs.bytes]) == 0) & (runs.length >= 8) & (digits > 0)
        upper = runs.total(runs.kind == _UPPER)
        cases = (upper > 0) & (runs.total(runs.kind == _LOWER) > 0)
        consonants = _IS_CONSONANT[runs.bytes]
        step = np.arange(len(runs.bytes))
        broken = np.maximum.accumulate(np.where(~consonants | runs.first, step - consonants, -1))
        run = np.where(consonants, step - broken, 0)
        return {
            "words": runs.number(np.ones(len(runs.length), bool)),
            "longest_word": runs.longest(letters == runs.length),
            "longest_mixed_word": runs.longest(mixed),
            "mixed_words": runs.number(mixed & (runs.length >= 5)),
            "mixed_length": runs.sum(np.where(mixed, runs.length, 0)),
            "decimal_words": runs.number(decimal),
            "longest_decimal": runs.longest(decimal),
            "longest_hex": runs.longest(hexadecimal),
            "longest_case_mixed": runs.longest(cases & ((digits > 0) | (runs.changes(runs.kind >= _LOWER) >= 3))),
            "consonant_run": runs.maximum(runs.peak(run)),
        }

    def tokens(self) -> tuple[dict[str, Floats], TokenTable]:
        """Measures of the longest token, and every token for comparison."""
        runs = _Runs(self, self.in_tail & _IS_TOKEN[self.bytes])
        digits = runs.total(runs.kind == _DIGIT)
        upper = runs.total(runs.kind == _UPPER)
        lower = runs.total(runs.kind == _LOWER)
        other = runs.length - digits - upper - lower
        longest = runs.first_longest()
        has = longest >= 0
        of = np.where(has, longest, 0)

        def share(part: Ints) -> Floats:
            if not len(runs.length):
                return np.zeros(self.n)
            return np.where(has, part[of] / runs.length[of], 0.0)

        changes = runs.changes(np.ones(len(runs.bytes), bool))
        alphabet = (digits > 0) + 2 * (upper > 0) + 4 * (lower > 0) + 8 * (other > 0)
        text64, text16 = runs.decodes()
        table = TokenTable(runs.url, runs.length, digits, runs.codes(), runs.length * 16 + alphabet)
        columns = {
            "longest_token": runs.longest(np.ones(len(runs.length), bool)),
            "token_digit_share": share(digits),
            "token_upper_share": share(upper),
            "token_separators": np.where(has, other[of], 0).astype(np.float64) if len(other) else np.zeros(self.n),
            "token_changes": share(changes),
            "token_entropy": runs.entropy(longest),
            "long_tokens": runs.number((runs.length >= 16) & (digits > 0)),
            "base64_text": runs.longest(text64),
            "hex_text": runs.longest(text16),
            "uuid": runs.number((runs.length == 36) & (other == 4) & (runs.total(_IS_HEX[runs.bytes]) == 32)),
        }
        return columns, table


class _Runs:
    """The longest runs of a mask, squeezed into arrays of their own."""

    def __init__(self, text: _Text, mask: Bools) -> None:
        before = np.zeros(len(mask), bool)
        before[1:] = mask[:-1]
        where = np.flatnonzero(mask)
        self.n_urls = text.n
        self.bytes = text.bytes[where]
        self.kind = text.kind[where]
        self.first = ~before[where]
        self.start = np.flatnonzero(self.first)
        self.length = np.diff(self.start, append=len(where))
        self.url = text.url[where[self.start]]
        self.run = np.cumsum(self.first) - 1
        # Runs stand in the order of their URLs: where each URL's runs begin, for the URLs that have any.
        self.has, self.of_url = np.unique(self.url, return_index=True)

    def total(self, mask: Bools) -> Ints:
        """Count a property of the bytes for each run."""
        if not len(self.start):
            return np.zeros(0, np.int64)
        return np.asarray(np.add.reduceat(mask.astype(np.int64), self.start))

    def peak(self, values: Ints) -> Ints:
        """Give the greatest value of the bytes for each run."""
        return np.asarray(np.maximum.reduceat(values, self.start)) if len(self.start) else np.zeros(0, np.int64)

    def changes(self, counted: Bools) -> Ints:
        """Count the changes between digits, lower case, upper case and others inside each run.

        A change counts where both characters are ``counted``.
        """
        changed = np.zeros(len(self.bytes), bool)
        changed[1:] = (self.kind[1:] != self.kind[:-1]) & counted[1:] & counted[:-1]
        return self.total(changed & ~self.first)

    def _scatter(self, values: NDArray[np.generic]) -> Floats:
        out = np.zeros(self.n_urls)
        out[self.has] = values
        return out

    def maximum(self, values: Ints) -> Floats:
        """Give the greatest value of the runs for each URL, 0 for one without runs."""
        return self._scatter(np.maximum.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def sum(self, values: Ints) -> Floats:
        """Add the values of the runs for each URL."""
        return self._scatter(np.add.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def longest(self, mask: Bools) -> Floats:
        """Give the length of the longest run with a property."""
        return self.maximum(np.where(mask, self.length, 0))

    def number(self, mask: Bools) -> Floats:
        """Count the runs with a property."""
        return self.sum(mask.astype(np.int64))

    def first_longest(self) -> Ints:
        """Give the row of each URL's longest run, the first of equals; -1 for a URL without runs."""
        out = np.full(self.n_urls, -1)
        if len(self.has):
            rank = self.length * (len(self.length) + 1) + np.arange(len(self.length), 0, -1)
            best = np.maximum.reduceat(rank, self.of_url)
            out[self.has] = len(self.length) - best % (len(self.length) + 1)
        return out

    def entropy(self, rows: Ints) -> Floats:
        """Give the Shannon entropy in bits a character of one run of each URL, rounded to 1/256; 0 without runs.

        Rounded, so that another language's logarithm gives the same number.
        """
        chosen = np.zeros(len(self.length) + 1, bool)
        chosen[rows[rows >= 0]] = True
        inside = chosen[self.run]
        url = self.url[self.run[inside]]
        counts = np.bincount(url * 128 + self.bytes[inside], minlength=self.n_urls * 128).reshape(self.n_urls, 128)
        length = counts.sum(1)
        weighted = (counts * np.log2(np.maximum(counts, 1))).sum(1)
        bits = np.log2(np.maximum(length, 1)) - weighted / np.maximum(length, 1)
        return np.asarray(np.floor(np.abs(bits) * 256 + 0.5) / 256)

    def codes(self) -> NDArray[np.uint64]:
        """Give a hash of each run's characters."""
        if not len(self.start):
            return np.zeros(0, np.uint64)
        place = np.arange(len(self.bytes)) - self.start[self.run]
        powers = np.cumprod(np.full(int(self.length.max()), 0x9E3779B97F4A7C15, np.uint64))
        mixed = (self.bytes.astype(np.uint64) + np.uint64(1)) * powers[place]
        mixed ^= mixed >> np.uint64(29)
        return np.asarray(np.add.reduceat(mixed * np.uint64(0xBF58476D1CE4E5B9), self.start))

    def decodes(self) -> tuple[Bools, Bools]:
        """Tell for each run whether it is base64 (url-safe alphabet) and whether it is hex of printable ASCII text."""
        none = np.zeros(0, bool)
        if not len(self.start):
            return none, none
        place = np.arange(len(self.bytes)) - self.start[self.run]
        last = np.zeros(len(self.bytes), bool)
        last[self.start[1:] - 1] = True
        last[-1] = True
        following = np.append(self.bytes[1:], 0)
        six, next_six = _SEXTET[self.bytes], _SEXTET[following]
        phase = place % 4
        decoded = np.choose(
            phase, (six << 2 | next_six >> 4, (six & 15) << 4 | next_six >> 2, (six & 3) << 6 | next_six, six * 0 + 32)
        )
        ended = last & (phase != 3)  # the bits left over at the end stand for no character
        strange = ~ended & ((decoded < 32) | (decoded > 126))
        # A single left-over digit makes no base64; text of one kind of character only is a word or a number.
        kinds = np.minimum.reduceat(self.kind, self.start) != np.maximum.reduceat(self.kind, self.start)
        base64 = (self.total(strange) == 0) & (self.length >= _MIN_TEXT) & (self.length % 4 != 1) & kinds
        pair = _NIBBLE[self.bytes] * 16 + _NIBBLE[following]
        odd = (place % 2 == 0) & ((pair < 32) | (pair > 126))
        hexadecimal = (
            (self.total(odd | ~_IS_HEX[self.bytes]) == 0) & (self.length >= _MIN_TEXT) & (self.length % 2 == 0)
        )
        return base64, hexadecimal
