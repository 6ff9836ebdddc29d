"""Columns of numbers about many URLs at once: their parts, their characters, their tokens.

A *word* is a longest run of ``[A-Za-z0-9]`` behind a URL's host, a *token* a longest run of ``[A-Za-z0-9_-]``: the
alphabets that identifiers are written in. Everything is computed on one byte array for all URLs, because a Python
loop over characters would cost more than parsing the mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints, Mask, table
from tkit.features.places import Bounds, identifier_columns, segment_columns, size_column
from tkit.features.vocabulary import WORD_FEATURES, are_size_names, host_words, run_codes, word_counts

_OTHER, _DIGIT, _LOWER, _UPPER = range(4)
_CLASS = np.zeros(256, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = _DIGIT
_CLASS[ord("a") : ord("z") + 1] = _LOWER
_CLASS[ord("A") : ord("Z") + 1] = _UPPER
_IS_TOKEN = _CLASS > 0
_IS_TOKEN[[ord("_"), ord("-")]] = True
_LOWERED = np.arange(256, dtype=np.uint8)
_LOWERED[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
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
_MIN_TEXT = 8
# Four counts in one integer, so that one pass over the bytes counts them all; of what is longer, each by itself.
_SHIFTS = (0, 16, 32, 48)
_MOST_PACKED = 0xFFFF


def _packed(*masks: Mask) -> Ints:
    return np.asarray(sum(mask.astype(np.int64) << shift for mask, shift in zip(masks, _SHIFTS, strict=True)))


def _counted(packed: Ints, start: Ints, length: Ints) -> list[Ints]:
    """Add up packed counts from each start on, and unpack them."""
    if not len(start):
        return [np.zeros(0, np.int64) for _ in _SHIFTS]
    if length.max() > _MOST_PACKED:
        return [np.asarray(np.add.reduceat(packed >> shift & _MOST_PACKED, start)) for shift in _SHIFTS]
    total = np.add.reduceat(packed, start)
    return [total >> shift & _MOST_PACKED for shift in _SHIFTS]


_RUN_COUNTS = _packed(_CLASS == _DIGIT, _CLASS == _UPPER, _CLASS == _LOWER, ~_IS_HEX)
_TAIL_COUNTS = _packed(_CLASS == _DIGIT, _CLASS == _UPPER, np.arange(256) == ord("%"), _IS_SEPARATOR)


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
        ``columns`` maps feature names (see :mod:`tkit.features.schema`) to arrays of shape (len(urls),).

    Examples
    --------
    >>> found = analyse(["http://a.example/o/Ab12cd34?u=7", "https://b.example/logo.png"])
    >>> found.columns["longest_mixed_word"].tolist(), found.columns["query_length"].tolist()
    ([8.0, 0.0], [3.0, 0.0])
    """
    if not urls:
        none = np.zeros(0, np.int64)
        return UrlColumns({}, TokenTable(none, none, none, none.astype(np.uint64), none))
    tails = _Tails(urls)
    parts = _parts(urls, tails)
    bounds = tails.bounds(parts)
    token_columns, tokens = tails.tokens(bounds)
    return UrlColumns(parts | tails.counts() | tails.words() | tails.segments(bounds) | token_columns, tokens)


def token_table(urls: Sequence[str]) -> TokenTable:
    """Return only the tokens of resolved URLs, which is all that links are asked for."""
    tails = _Tails(urls)
    return _Runs(tails, _IS_TOKEN[tails.bytes]).table()


@lru_cache(maxsize=1 << 14)
def _host_parts(authority: str) -> tuple[float, ...]:
    """Return length, labels, digits, hyphens, whether it is a number, whether it has a port, and its telling labels."""
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or not port.isdigit():  # no port, or the inside of an IPv6 address
        host, port = authority.rpartition("@")[2], ""
    number = host.startswith("[") or not any(letter.isalpha() for letter in host)
    return (
        len(host),
        host.count(".") + 1,
        sum(map(str.isdigit, host)),
        host.count("-"),
        number,
        bool(port),
        *host_words(host),
    )


SCRIPTS = r"php\d?|aspx?|ashx|cgi|jsp|jspx|do|dll|exe|pl|py|cfm|nsf|phtml|html?"
_SCRIPT = re.compile(SCRIPTS, re.ASCII)
_SCRIPT_INSIDE = re.compile(rf"\.(?:{SCRIPTS})/", re.ASCII)
PICTURES = frozenset(("gif", "jpg", "jpeg", "png", "webp", "avif", "svg", "bmp", "ico"))
PHOTOS = frozenset(("jpg", "jpeg", "webp", "avif"))
SHEETS = frozenset(("css", "woff", "woff2", "ttf", "otf", "eot"))


@lru_cache(maxsize=1 << 12)
def _extension(name: str) -> tuple[bool, ...]:
    """Return what a file name's extension, lower case and with its dot, stands for; in the order of ``_PARTS``."""
    extension = name[1:]
    return (
        extension == "gif",
        extension in PHOTOS,
        extension in PICTURES,
        extension in SHEETS,
        not name,
        _SCRIPT.fullmatch(extension) is not None,
    )


_PARTS = (
    "url_length",
    "path_length",
    "query_length",
    "fragment_length",
    "filename_length",
    "https",
    "path_segments",
    "path_dots",
    "query_parameters",
    "path_open_track",
    "extension_gif",
    "extension_photo",
    "extension_picture",
    "extension_sheet",
    "extension_none",
    "extension_script",
    "host_length",
    "host_labels",
    "host_digits",
    "host_hyphens",
    "host_is_number",
    "host_port",
    "host_name_track",
    "host_name_picture",
)


def _parts(urls: Sequence[str], tails: _Tails) -> dict[str, Floats]:
    """Lengths and counts of the URL's parts; string methods beat arrays where each is called once a URL."""
    rows = []
    for url, start, tail in zip(urls, tails.starts, tails.tails, strict=True):
        lowered = tail.lower()
        rest, _, fragment = lowered.partition("#")
        path, _, query = rest.partition("?")
        slash = path.rfind("/")
        dot = path.rfind(".")
        *kinds, script = _extension(path[dot:] if dot > slash else "")
        inside = 0 <= path.find(".") < slash and _SCRIPT_INSIDE.search(path) is not None
        rows.append(
            (
                len(url),
                len(path),
                len(query),
                len(fragment),
                len(path) - slash - 1,
                url.startswith("https:"),
                path.count("/"),
                path.count("."),
                query.count("&") + 1 if query else 0,
                "/open" in lowered or "=open" in lowered or "/trace" in lowered or "/track" in lowered,
                *kinds,
                script or inside,
                *_host_parts(url[url.find("//") + 2 : start]),
            )
        )
    return dict(zip(_PARTS, table(rows, len(_PARTS)).T, strict=True))


class _Tails:
    """What stands behind the hosts of all URLs in one byte array, a line end behind each."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.starts = [url.find("/", 8) for url in urls]
        tails = [url[start:] for url, start in zip(urls, self.starts, strict=True)]
        data = ("\n".join(tails) + "\n").encode("ascii", "replace")
        self.n = len(urls)
        self.tails = tails
        self.bytes = np.frombuffer(data, np.uint8)
        self.lengths = np.fromiter(map(len, tails), np.int64, self.n)
        self.start = np.cumsum(self.lengths + 1) - self.lengths - 1
        self.url = np.repeat(np.arange(self.n, dtype=np.int32), self.lengths + 1)
        self.kind = _CLASS[self.bytes]

    def counts(self) -> dict[str, Floats]:
        """Counts of characters behind the host."""
        names = ("digits", "uppercase", "percent_escapes", "separators")
        found = _counted(_TAIL_COUNTS[self.bytes], self.start, self.lengths)
        return {name: count.astype(np.float64) for name, count in zip(names, found, strict=True)}

    def words(self) -> dict[str, Floats]:
        """Measures of the runs of letters and digits."""
        runs = _Runs(self, self.kind > 0)
        letters = runs.length - runs.digits
        mixed = (runs.digits > 0) & (letters > 0)
        decimal = letters == 0
        hexadecimal = (runs.no_hex == 0) & (runs.length >= 8) & (runs.digits > 0)
        cases = (runs.upper > 0) & (runs.lower > 0)
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
            "longest_case_mixed": runs.longest(cases & ((runs.digits > 0) | (runs.changes(letters_only=True) >= 3))),
            "consonant_run": runs.maximum(runs.peak(run)),
            "size_in_url": size_column(
                runs.url, runs.at, runs.length, runs.digits, are_size_names(runs.lower_codes), self.bytes, self.n
            ),
        } | runs.word_counts()

    def bounds(self, parts: dict[str, Floats]) -> Bounds:
        """Return where the parts of the URLs begin and end among the bytes."""
        path = self.start + parts["path_length"].astype(np.int64)
        end = self.start + self.lengths
        fragment = parts["fragment_length"].astype(np.int64)
        return Bounds(self.start, path - parts["filename_length"].astype(np.int64), path, end - fragment - (fragment > 0), end)

    def segments(self, bounds: Bounds) -> dict[str, Floats]:
        """Measures of the path's segments."""
        in_path = np.arange(len(self.bytes)) < np.repeat(bounds.path, self.lengths + 1)
        runs = _Runs(self, in_path & (self.bytes != ord("/")))
        return segment_columns(runs.url, runs.at, runs.length, runs.digits, bounds)

    def tokens(self, bounds: Bounds) -> tuple[dict[str, Floats], TokenTable]:
        """Measures of the longest token, and every token for comparison."""
        runs = _Runs(self, _IS_TOKEN[self.bytes])
        other = runs.length - runs.digits - runs.upper - runs.lower
        longest = runs.first_longest()
        has = longest >= 0
        of = np.where(has, longest, 0)

        def of_longest(part: Ints) -> Floats:
            return np.where(has, part[of], 0).astype(np.float64) if len(part) else np.zeros(self.n)

        length = np.maximum(of_longest(runs.length), 1)
        text64, text16 = runs.decodes()
        columns = {
            "longest_token": of_longest(runs.length),
            "token_digit_share": of_longest(runs.digits) / length,
            "token_upper_share": of_longest(runs.upper) / length,
            "token_separators": of_longest(other),
            "token_changes": of_longest(runs.changes()) / length,
            "token_entropy": runs.entropy(longest),
            "long_tokens": runs.number((runs.length >= 16) & (runs.digits > 0)),
            "base64_text": runs.longest(text64),
            "hex_text": runs.longest(text16),
            "uuid": runs.number((runs.length == 36) & (other == 4) & (runs.no_hex == 4)),
        } | identifier_columns(runs.url, runs.at, runs.length, runs.digits, bounds)
        return columns, runs.table()


class _Runs:
    """The longest runs of a mask, squeezed into arrays of their own."""

    def __init__(self, text: _Tails, mask: Mask) -> None:
        where = np.flatnonzero(mask)
        self.n_urls = text.n
        self.bytes = text.bytes[where]
        self.kind = text.kind[where]
        self.first = np.ones(len(where), bool)
        self.first[1:] = where[1:] != where[:-1] + 1  # a line end parts the URLs
        self.start = np.flatnonzero(self.first)
        self.length = np.diff(self.start, append=len(where))
        self.at = where[self.start]
        self.url = text.url[self.at].astype(np.int64)
        # Runs stand in the order of their URLs: where each URL's runs begin, for the URLs that have any.
        begins = np.ones(len(self.url), bool)
        begins[1:] = self.url[1:] != self.url[:-1]
        self.of_url = np.flatnonzero(begins)
        self.has = self.url[self.of_url]
        self.digits, self.upper, self.lower, self.no_hex = _counted(_RUN_COUNTS[self.bytes], self.start, self.length)

    @cached_property
    def place(self) -> Ints:
        """Number of each byte within its run."""
        return np.arange(len(self.bytes)) - np.repeat(self.start, self.length)

    def table(self) -> TokenTable:
        """Return the runs as tokens to compare."""
        other = self.length - self.digits - self.upper - self.lower
        alphabet = (self.digits > 0) + 2 * (self.upper > 0) + 4 * (self.lower > 0) + 8 * (other > 0)
        return TokenTable(self.url, self.length, self.digits, self.codes(), self.length * 16 + alphabet)

    def total(self, mask: Mask) -> Ints:
        """Count a property of the bytes for each run."""
        if not len(self.start):
            return np.zeros(0, np.int64)
        return np.asarray(np.add.reduceat(mask, self.start, dtype=np.int64))

    def peak(self, values: Ints) -> Ints:
        """Return the greatest value of the bytes for each run."""
        return np.asarray(np.maximum.reduceat(values, self.start)) if len(self.start) else np.zeros(0, np.int64)

    def changes(self, letters_only: bool = False) -> Ints:
        """Count the changes between digits, lower case, upper case and others inside each run."""
        changed = ~self.first
        changed[1:] &= self.kind[1:] != self.kind[:-1]
        if letters_only:
            changed[1:] &= (self.kind[1:] >= _LOWER) & (self.kind[:-1] >= _LOWER)
        return self.total(changed)

    def _scatter(self, values: NDArray[np.generic]) -> Floats:
        out = np.zeros(self.n_urls)
        out[self.has] = values
        return out

    def maximum(self, values: Ints) -> Floats:
        """Return the greatest value of the runs for each URL, 0 for one without runs."""
        return self._scatter(np.maximum.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def sum(self, values: Ints) -> Floats:
        """Add the values of the runs for each URL."""
        return self._scatter(np.add.reduceat(values, self.of_url)) if len(self.has) else np.zeros(self.n_urls)

    def longest(self, mask: Mask) -> Floats:
        """Return the length of the longest run with a property."""
        return self.maximum(np.where(mask, self.length, 0))

    def number(self, mask: Mask) -> Floats:
        """Count the runs with a property."""
        return self.sum(mask.astype(np.int64))

    def first_longest(self) -> Ints:
        """Return the row of each URL's longest run, the first of equals; -1 for a URL without runs."""
        out = np.full(self.n_urls, -1)
        if len(self.has):
            rank = self.length * (len(self.length) + 1) + np.arange(len(self.length), 0, -1)
            best = np.maximum.reduceat(rank, self.of_url)
            out[self.has] = len(self.length) - best % (len(self.length) + 1)
        return out

    def entropy(self, rows: Ints) -> Floats:
        """Return the Shannon entropy in bits a character of one run of each URL, rounded to 1/256; 0 without runs.

        Rounded, so that another language's logarithm gives the same number.
        """
        chosen = np.zeros(len(self.length), bool)
        chosen[rows[rows >= 0]] = True
        inside = np.repeat(chosen, self.length)
        url = np.repeat(self.url[chosen], self.length[chosen])
        # Only 64 characters make tokens.
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
        """Tell for each run whether it is base64 (url-safe alphabet) and whether it is hex of printable ASCII text."""
        base64, hexadecimal = np.zeros(len(self.start), bool), np.zeros(len(self.start), bool)
        # A single left-over digit makes no base64; text of one kind of character only is a word or a number.
        kinds = (self.digits > 0).astype(int) + (self.upper > 0) + (self.lower > 0)
        maybe = np.flatnonzero((self.length >= _MIN_TEXT) & (self.length % 4 != 1) & (kinds > 1))
        six, phase, start, last = self._digits_of(maybe, _SEXTET, 4)
        if len(maybe):
            following = np.append(six[1:], 0)
            decoded = np.choose(
                phase, (six << 2 | following >> 4, (six & 15) << 4 | following >> 2, (six & 3) << 6 | following, six * 0 + 32)
            )
            ended = last & (phase != 3)  # the bits left over at the end stand for no character
            strange = ~ended & ((decoded < 32) | (decoded > 126))
            base64[maybe] = ~np.logical_or.reduceat(strange, start)
        maybe = np.flatnonzero((self.length >= _MIN_TEXT) & (self.length % 2 == 0) & (self.no_hex == 0))
        four, phase, start, _ = self._digits_of(maybe, _NIBBLE, 2)
        if len(maybe):
            pair = four * 16 + np.append(four[1:], 0)
            hexadecimal[maybe] = ~np.logical_or.reduceat((phase == 0) & ((pair < 32) | (pair > 126)), start)
        return base64, hexadecimal

    def _digits_of(self, runs: Ints, values: NDArray[np.int16], base: int) -> tuple[NDArray[np.int16], Ints, Ints, Mask]:
        """Return the digits' values of some runs, each digit's place modulo ``base``, and the runs' starts and last bytes."""
        length = self.length[runs]
        start = np.cumsum(length) - length
        step = np.arange(int(length.sum())) - np.repeat(start, length)
        where = np.repeat(self.start[runs], length) + step
        last = np.zeros(len(where), bool)
        last[start + length - 1] = True
        return values[self.bytes[where]], step % base, start, last
