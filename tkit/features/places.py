"""Where in a URL its segments and identifiers stand, and whether it names a picture's size: columns for many URLs.

Trackers put an identifier where a file name would stand, or into the query; picture stores put it into a directory
above a file with a name. Everything works on the runs that :mod:`tkit.features.tokens` has cut already.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints

MIN_IDENTIFIER = 6
"""Least length of a token with a digit that may be an identifier: a shorter one is a size or a number as often."""

_SIDES = re.compile(rb"(?:^|[^0-9])[1-9][0-9]{1,3}[xX][1-9][0-9]{1,3}(?:[^0-9]|$)")


class Bounds(NamedTuple):
    """Offsets into the bytes behind the hosts of all URLs, one a URL.

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
    out = np.zeros(n)
    np.maximum.at(out, url, values)
    return out


def _added(url: Ints, values: NDArray[np.generic], n: int) -> Floats:
    # Without any row, numpy would count and give whole numbers.
    return np.asarray(np.bincount(url, weights=values, minlength=n), np.float64)


def identifier_columns(url: Ints, at: Ints, length: Ints, digits: Ints, bounds: Bounds) -> dict[str, Floats]:
    """Return where the tokens that may be identifiers stand: those of six characters or more with a digit.

    Parameters
    ----------
    url, at, length, digits : int64 array
        Of each token: row of its URL, offset, characters, digits.
    bounds : Bounds

    Returns
    -------
    dict of str to float64 array
        ``identifier_share``, ``identifier_end``, ``identifier_in_directory``, ``identifier_in_name``,
        ``identifier_in_query``, ``identifier_in_fragment``; one value a URL.
    """
    useful = (length >= MIN_IDENTIFIER) & (digits > 0)
    url, at, length = url[useful], at[useful], length[useful]
    n = len(bounds.start)
    whole = np.maximum(bounds.end - bounds.start, 1)
    before_name = at < bounds.name[url]
    in_path = at < bounds.path[url]
    in_query = at < bounds.query[url]
    # The first of the longest decides: a rank that falls with the place.
    rank = length * (len(url) + 1) + np.arange(len(url), 0, -1)
    best = np.zeros(n, np.int64)
    np.maximum.at(best, url, rank)
    has = best > 0
    chosen = (len(url) - best[has] % (len(url) + 1)).astype(np.int64)
    end = np.full(n, -1.0)
    end[has] = (at[chosen] + length[chosen] - bounds.start[has]) / whole[has]
    return {
        "identifier_share": _added(url, length, n) / whole,
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
        Of each segment that is not empty, as for :func:`identifier_columns`.
    bounds : Bounds

    Returns
    -------
    dict of str to float64 array
        ``first_segment``, ``longest_segment``, ``short_directories``, ``number_segments``; one value a URL.
    """
    n = len(bounds.start)
    is_first = at == bounds.start[url] + 1
    short = (length <= 2) & (at < bounds.name[url])
    return {
        "first_segment": _added(url, np.where(is_first, length, 0), n),
        "longest_segment": _greatest(url, length, n),
        "short_directories": _added(url, short, n),
        "number_segments": _added(url, digits == length, n),
    }


def size_column(
    url: Ints, at: Ints, length: Ints, digits: Ints, names_size: NDArray[np.bool_], characters: NDArray[np.uint8], n: int
) -> Floats:
    """Return which URLs name a picture's size: ``468x60``, ``w=300``, ``size=48``; a side has two to four digits.

    Parameters
    ----------
    url, at, length, digits : int64 array
        Of each word (run of letters and digits), as for :func:`identifier_columns`.
    names_size : bool array
        Whether the word is one of ``w h s sz width height size``, in any case.
    characters : uint8 array
        The bytes that the offsets count.
    n : int
        Number of URLs.

    Returns
    -------
    float64 array
        0 or 1 a URL.
    """
    found = np.zeros(n)
    side = (digits == length) & (length >= 2) & (length <= 4) & (characters[at] != ord("0")) if len(at) else names_size
    named = np.zeros(len(at), bool)
    named[1:] = names_size[:-1] & (at[:-1] + length[:-1] + 1 == at[1:]) & (characters[at[1:] - 1] == ord("="))
    found[url[named & side]] = 1
    for word in np.flatnonzero((length >= 5) & (length <= 12) & (digits < length) & (digits >= 4)).tolist():
        if _SIDES.search(characters[at[word] : at[word] + length[word]].tobytes()):
            found[url[word]] = 1
    return found
