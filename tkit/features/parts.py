"""Columns of numbers about the parts of many URLs: host, path, query, fragment and file name extension.

String methods, because they are faster than arrays when each is called once per URL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tkit.arrays import Floats, table
from tkit.features.vocabulary import PHOTOS, PICTURES, SCRIPTS, SHEETS, host_words

_SCRIPT = re.compile(SCRIPTS, re.ASCII)
_SCRIPT_INSIDE = re.compile(rf"\.(?:{SCRIPTS})/", re.ASCII)


@lru_cache(maxsize=1 << 14)
def _host_parts(authority: str) -> tuple[float, ...]:
    """Return the host's length, labels, digits and hyphens, whether it is a number and has a port, and its telling labels."""
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or not port.isdigit():  # no port, or the inside of an IPv6 address
        host, port = authority.rpartition("@")[2], ""
    is_number = host.startswith("[") or not any(letter.isalpha() for letter in host)
    return (
        len(host),
        host.count(".") + 1,
        sum(map(str.isdigit, host)),
        host.count("-"),
        is_number,
        bool(port),
        *host_words(host),
    )


@lru_cache(maxsize=1 << 12)
def _kinds(extension: str) -> tuple[bool, ...]:
    """Return the kinds of an extension, in lower case and with its dot: GIF, photo, picture, sheet, none, script."""
    name = extension[1:]
    return (
        name == "gif",
        name in PHOTOS,
        name in PICTURES,
        name in SHEETS,
        not extension,
        _SCRIPT.fullmatch(name) is not None,
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


def url_parts(urls: Sequence[str], tails: Sequence[str]) -> dict[str, Floats]:
    """Return lengths and counts of the parts of URLs.

    Parameters
    ----------
    urls : sequence of str
        Resolved URLs.
    tails : sequence of str
        The same URLs from their paths on.

    Returns
    -------
    dict of str to float64 array
        One value per URL.
    """
    rows = []
    for url, tail in zip(urls, tails, strict=True):
        lowered = tail.lower()
        rest, _, fragment = lowered.partition("#")
        path, _, query = rest.partition("?")
        slash = path.rfind("/")
        dot = path.rfind(".")
        *kinds, script = _kinds(path[dot:] if dot > slash else "")
        script_inside = 0 <= path.find(".") < slash and _SCRIPT_INSIDE.search(path) is not None
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
                script or script_inside,
                *_host_parts(url[url.find("//") + 2 : len(url) - len(tail)]),
            )
        )
    return dict(zip(_PARTS, table(rows, len(_PARTS)).T, strict=True))
