"""Columns of numbers about many URLs at once: their parts, their characters, their words and tokens.

A *word* is a longest run of ``[A-Za-z0-9]`` after a URL's host, a *token* a longest run of ``[A-Za-z0-9_-]``: the
alphabets that identifiers are written in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tkit.arrays import Floats, Ints
from tkit.features.parts import url_parts
from tkit.features.places import Bounds, identifier_columns, segment_columns, size_column
from tkit.features.runs import DIGIT, KINDS, UPPER, Runs, Tails, TokenTable, add_packed, byte_set, pack
from tkit.features.vocabulary import are_size_names

_IS_TOKEN = (KINDS > 0) | byte_set("_-")
_IS_CONSONANT = byte_set("bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ")
_CHARACTER_COUNTS = pack(KINDS == DIGIT, KINDS == UPPER, byte_set("%"), byte_set("&=;,|~!*$:"))


class UrlColumns(NamedTuple):
    """The result of :func:`analyse`: one float64 column per feature, and the tokens."""

    columns: dict[str, Floats]
    tokens: TokenTable


def analyse(urls: Sequence[str]) -> UrlColumns:
    """Measure resolved URLs (``http``, ``https`` or ``ftp``, serialised by the URL Standard).

    Parameters
    ----------
    urls : sequence of str
        Results of :func:`tkit.url.resolve`, none empty.

    Returns
    -------
    UrlColumns
        ``columns`` maps feature names (see :mod:`tkit.features.schema`) to arrays of shape (len(urls),).

    Examples
    --------
    >>> measured = analyse(["http://a.example/o/Ab12cd34?u=7", "https://b.example/logo.png"])
    >>> measured.columns["longest_mixed_word"].tolist(), measured.columns["query_length"].tolist()
    ([8.0, 0.0], [3.0, 0.0])
    """
    if not urls:
        none = np.zeros(0, np.int64)
        return UrlColumns({}, TokenTable(none, none, none, none.astype(np.uint64), none))
    tails = Tails(urls)
    parts = url_parts(urls, tails.texts)
    bounds = _bounds(tails, parts)
    token_columns, tokens = _token_columns(tails, bounds)
    columns = parts | _character_columns(tails) | _word_columns(tails) | _segment_columns(tails, bounds) | token_columns
    return UrlColumns(columns, tokens)


def token_table(urls: Sequence[str]) -> TokenTable:
    """Return only the tokens of resolved URLs, which is all that is needed of links."""
    tails = Tails(urls)
    return Runs(tails, _IS_TOKEN[tails.bytes]).table()


def _character_columns(tails: Tails) -> dict[str, Floats]:
    """Return counts of characters after the host."""
    names = ("digits", "uppercase", "percent_escapes", "separators")
    counts = add_packed(_CHARACTER_COUNTS[tails.bytes], tails.start, tails.lengths)
    return {name: count.astype(np.float64) for name, count in zip(names, counts, strict=True)}


def _word_columns(tails: Tails) -> dict[str, Floats]:
    """Return measures of the runs of letters and digits."""
    runs = Runs(tails, tails.kind > 0)
    letters = runs.length - runs.digits
    mixed = (runs.digits > 0) & (letters > 0)
    decimal = letters == 0
    hexadecimal = (runs.no_hex == 0) & (runs.length >= 8) & (runs.digits > 0)
    cases = (runs.upper > 0) & (runs.lower > 0)
    is_consonant = _IS_CONSONANT[runs.bytes]
    position = np.arange(len(runs.bytes))
    last_other = np.maximum.accumulate(np.where(~is_consonant | runs.first, position - is_consonant, -1))
    consonants_so_far = np.where(is_consonant, position - last_other, 0)
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
        "consonant_run": runs.maximum(runs.peak(consonants_so_far)),
        "size_in_url": size_column(
            runs.url, runs.at, runs.length, runs.digits, are_size_names(runs.lower_codes), tails.bytes, tails.n
        ),
    } | runs.word_counts()


def _bounds(tails: Tails, parts: dict[str, Floats]) -> Bounds:
    """Return where the parts of the URLs begin and end among the bytes."""
    path = tails.start + parts["path_length"].astype(np.int64)
    end = tails.start + tails.lengths
    fragment = parts["fragment_length"].astype(np.int64)
    return Bounds(tails.start, path - parts["filename_length"].astype(np.int64), path, end - fragment - (fragment > 0), end)


def _segment_columns(tails: Tails, bounds: Bounds) -> dict[str, Floats]:
    """Return measures of the path's segments."""
    in_path = np.arange(len(tails.bytes)) < np.repeat(bounds.path, tails.lengths + 1)
    runs = Runs(tails, in_path & (tails.bytes != ord("/")))
    return segment_columns(runs.url, runs.at, runs.length, runs.digits, bounds)


def _token_columns(tails: Tails, bounds: Bounds) -> tuple[dict[str, Floats], TokenTable]:
    """Return measures of the longest token, and every token for comparison."""
    runs = Runs(tails, _IS_TOKEN[tails.bytes])
    other = runs.length - runs.digits - runs.upper - runs.lower
    longest = runs.first_longest()
    has_token = longest >= 0
    row = np.where(has_token, longest, 0)

    def of_longest(measure: Ints) -> Floats:
        return np.where(has_token, measure[row], 0).astype(np.float64) if len(measure) else np.zeros(tails.n)

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
