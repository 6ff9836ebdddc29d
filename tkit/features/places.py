"""Where the segments and identifiers of many URLs are, and whether the URLs name a picture's size.

Trackers put an identifier in the query or in place of a file name; picture stores put it in a directory above a named file.
Everything is computed from the runs of :mod:`tkit.features.runs`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints, Mask

MIN_IDENTIFIER = 6
"""Minimum length of a token with a digit that may be an identifier: a shorter one is just as often a size or a number."""

_SIDES = re.compile(rb"(?:^|[^0-9])[1-9][0-9]{1,3}[xX][1-9][0-9]{1,3}(?:[^0-9]|$)")


class Bounds(NamedTuple):
    """Offsets into the bytes after the hosts of all URLs, one per URL.

    Attributes
    ----------
    start : int64 array
        Of the path.
    name : int64 array
        Of the last path segment.
    path, query, end : int64 array
        Where the path, the query and the whole URL end.
    """

    start: Ints
    name: Ints
    path: Ints
    query: Ints
    end: Ints


def _greatest(url: Ints, values: Ints, n: int) -> Floats:
    maxima = np.zeros(n)
    np.maximum.at(maxima, url, values)
    return maxima


def _sum(url: Ints, values: NDArray[np.generic], n: int) -> Floats:
    # Without rows, numpy would return integers.
    return np.asarray(np.bincount(url, weights=values, minlength=n), np.float64)


def identifier_columns(url: Ints, at: Ints, length: Ints, digits: Ints, bounds: Bounds) -> dict[str, Floats]:
    """Return where the tokens are that may be identifiers: those of six or more characters with a digit.

    Parameters
    ----------
    url, at, length, digits : int64 array
        Of each token: row of its URL, offset, number of characters, number of digits.
    bounds : Bounds

    Returns
    -------
    dict of str to float64 array
        ``identifier_share``, ``identifier_end``, ``identifier_in_directory``, ``identifier_in_name``,
        ``identifier_in_query``, ``identifier_in_fragment``; one value per URL.
    """
    useful = (length >= MIN_IDENTIFIER) & (digits > 0)
    url, at, length = url[useful], at[useful], length[useful]
    n = len(bounds.start)
    whole = np.maximum(bounds.end - bounds.start, 1)
    before_name = at < bounds.name[url]
    in_path = at < bounds.path[url]
    in_query = at < bounds.query[url]
    # If several are the longest, the first one counts, so the rank falls with the position.
    rank = length * (len(url) + 1) + np.arange(len(url), 0, -1)
    best = np.zeros(n, np.int64)
    np.maximum.at(best, url, rank)
    has = best > 0
    chosen = (len(url) - best[has] % (len(url) + 1)).astype(np.int64)
    end = np.full(n, -1.0)
    end[has] = (at[chosen] + length[chosen] - bounds.start[has]) / whole[has]
    return {
        "identifier_share": _sum(url, length, n) / whole,
        "identifier_end": end,
        "identifier_in_directory": _greatest(url, np.where(before_name, length, 0), n),
        "identifier_in_name": _greatest(url, np.where(in_path & ~before_name, length, 0), n),
        "identifier_in_query": _greatest(url, np.where(in_query & ~in_path, length, 0), n),
        "identifier_in_fragment": _greatest(url, np.where(in_query, 0, length), n),
    }


def segment_columns(url: Ints, at: Ints, length: Ints, digits: Ints, bounds: Bounds) -> dict[str, Floats]:
    """Measure the segments of the paths.

    Parameters
    ----------
    url, at, length, digits : int64 array
        Of each non-empty segment, as for :func:`identifier_columns`.
    bounds : Bounds

    Returns
    -------
    dict of str to float64 array
        ``first_segment``, ``longest_segment``, ``short_directories``, ``number_segments``; one value per URL.
    """
    n = len(bounds.start)
    is_first = at == bounds.start[url] + 1
    short = (length <= 2) & (at < bounds.name[url])
    return {
        "first_segment": _sum(url, np.where(is_first, length, 0), n),
        "longest_segment": _greatest(url, length, n),
        "short_directories": _sum(url, short, n),
        "number_segments": _sum(url, digits == length, n),
    }


def size_column(
    url: Ints, at: Ints, length: Ints, digits: Ints, names_size: Mask, characters: NDArray[np.uint8], n: int
) -> Floats:
    """Return whether each URL names a picture's size: ``468x60``, ``w=300``, ``size=48``; a side has two to four digits.

    Parameters
    ----------
    url, at, length, digits : int64 array
        Of each word (run of letters and digits), as for :func:`identifier_columns`.
    names_size : bool array
        Whether the word is one of ``w h s sz width height size``, in upper or lower case.
    characters : uint8 array
        The bytes that the offsets refer to.
    n : int
        Number of URLs.

    Returns
    -------
    float64 array
        0 or 1 per URL.
    """
    names_a_size = np.zeros(n)
    side = (digits == length) & (length >= 2) & (length <= 4) & (characters[at] != ord("0")) if len(at) else names_size
    follows_name = np.zeros(len(at), bool)
    follows_name[1:] = names_size[:-1] & (at[:-1] + length[:-1] + 1 == at[1:]) & (characters[at[1:] - 1] == ord("="))
    names_a_size[url[follows_name & side]] = 1
    for word in np.flatnonzero((length >= 5) & (length <= 12) & (digits < length) & (digits >= 4)).tolist():
        if _SIDES.search(characters[at[word] : at[word] + length[word]].tobytes()):
            names_a_size[url[word]] = 1
    return names_a_size
