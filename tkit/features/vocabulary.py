"""Telling words in URLs: the names that senders give to beacons, counters, spacers and picture stores.

Words are looked up by code, a hash of their characters, so that all words of many URLs are looked up at once.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Ints, Mask

Codes = NDArray[np.uint64]

# The words of each feature, in lower case. A URL has a word if it is a whole run of letters and digits after the host.
WORDS = {
    "name_open": "open opens opened opening read seen view views viewed imp render",
    "name_track": "track tracks tracked tracker tracking trk trace beacon pixel pixels ping spy bug wf receipt",
    "name_count": "log logs count counter stat stats hit hits event events collect metric metrics impression impressions"
    " analytics emimp utm sync record notify",
    "name_spacer": "spacer space blank clear cleardot transparent trans shim dot empty null nothing 1x1 px pix clr s",
    "name_picture": "images image img imgs pics pic pictures picture assets asset media static upload uploads files file"
    " photos photo graphics gfx gif icons icon logo logos banner banners button buttons header footer bg background"
    " content wp templates template theme themes resources fonts css thumb thumbnail thumbnails social facebook twitter",
    "name_recipient": "uid mid sid cid eid rid email mail mailid emailid user userid rcpt recipient recipients subscriber"
    " subscriberid sub contact contactid member memberid cust customer customerid msgid messageid message campaign"
    " campaignid jobid upn token key hash guid uuid id u m e c r",
    "name_click": "click clicks clk link links redirect redir go goto r unsubscribe unsub optout remove",
    "name_beacon": "o op oo ho on opn wf mo px imp mpss",
    "name_advert": "ad ads adserver adserve adserv adserving adcycle adclick advert adverts advertising advertisement banner"
    " banners sponsor sponsors promo promos doubleclick creative creatives",
    "name_viewer": "view preview download display show fetch resize crop proxy render dynamic drive attachment profile gallery"
    " album photo photos thumb thumbs thumbnail avatar avatars chart charts graph map maps qr qrcode barcode captcha timer"
    " countdown",
}
SIZE_NAMES = "w h s sz width height size"
HOST_TRACK = re.compile(
    r"click|clicks|clk|track|tracking|tracker|trk|trck|email|emails|mail|mailer|mailing|news|newsletter|open|opens|link"
    r"|links|go|e|t|em|el|elink|elinks|lnk|response|r|rs|info|mkt|marketing|stat|stats|log|analytics|metrics|beacon|pixel"
    r"|ad|ads|count|counter|ct|url\d+|u\d+|sg|sendgrid",
    re.ASCII,
)
HOST_PICTURE = re.compile(
    r"img|imgs|image|images|img\d+|image\d+|images\d+|i|pic|pics|pictures|static|cdn|cdn\d+|media|assets|asset|content"
    r"|files|graphics|gfx|akamai|cloudfront|s3|storage|res|resources|fonts|photos|upload|uploads|www",
    re.ASCII,
)
SCRIPTS = r"php\d?|aspx?|ashx|cgi|jsp|jspx|do|dll|exe|pl|py|cfm|nsf|phtml|html?"
PICTURES = frozenset(("gif", "jpg", "jpeg", "png", "webp", "avif", "svg", "bmp", "ico"))
PHOTOS = frozenset(("jpg", "jpeg", "webp", "avif"))
SHEETS = frozenset(("css", "woff", "woff2", "ttf", "otf", "eot"))
_HOST_LABEL = re.compile(r"[^.-]+")

WORD_FEATURES = tuple(WORDS)
"""The features that :func:`word_counts` counts, in order."""

_BITS = 6  # ten counts of up to 63 in one integer; a URL with more words is an attack
MOST = (1 << _BITS) - 1


def run_codes(characters: NDArray[np.uint8], start: Ints, length: Ints) -> Codes:
    """Return a 64-bit polynomial hash of each run of characters.

    Parameters
    ----------
    characters : uint8 array
        The characters of all runs, one run after the other.
    start, length : int64 array
        Where each run begins, and its length, at least 1.

    Returns
    -------
    uint64 array
        Equal for equal runs.
    """
    if not len(start):
        return np.zeros(0, np.uint64)
    powers = np.cumprod(np.full(int(length.max()), 0x9E3779B97F4A7C15, np.uint64))
    position = np.arange(len(characters)) - np.repeat(start, length)
    mixed = (characters.astype(np.uint64) + np.uint64(1)) * powers[position]
    mixed ^= mixed >> np.uint64(29)
    return np.asarray(np.add.reduceat(mixed * np.uint64(0xBF58476D1CE4E5B9), start))


def _codes_of(words: list[str]) -> Codes:
    length = np.array([len(word) for word in words], np.int64)
    return run_codes(np.frombuffer("".join(words).encode(), np.uint8), np.cumsum(length) - length, length)


def _table() -> tuple[Codes, Ints]:
    words = sorted({word for text in WORDS.values() for word in text.split()})
    codes = _codes_of(words)
    packed = [sum((word in text.split()) << _BITS * number for number, text in enumerate(WORDS.values())) for word in words]
    order = np.argsort(codes)
    return codes[order], np.array(packed, np.int64)[order]


_CODES, _PACKED = _table()
_SIZE_CODES = _codes_of(SIZE_NAMES.split())


def are_size_names(codes: Codes) -> Mask:
    """Return which words, given by their :func:`run_codes` in lower case, are parameter names for a picture's size."""
    return np.isin(codes, _SIZE_CODES)


def word_counts(codes: Codes, of_url: Ints) -> Ints:
    """Count the telling words of each URL.

    Parameters
    ----------
    codes : uint64 array
        :func:`run_codes` of every word, in lower case, in the order of the URLs.
    of_url : int64 array
        Where each URL's words begin.

    Returns
    -------
    int64 array, shape (features, urls)
        One row for each of :data:`WORD_FEATURES`; counts are at most 63.
    """
    if not len(of_url):
        return np.zeros((len(WORDS), 0), np.int64)
    row = np.minimum(np.searchsorted(_CODES, codes), len(_CODES) - 1)
    packed = np.where(_CODES[row] == codes, _PACKED[row], 0)
    shifts = np.arange(len(WORDS))[:, None] * _BITS
    if np.diff(of_url, append=len(codes)).max() > MOST:
        return np.minimum(np.add.reduceat(packed >> shifts & MOST, of_url, axis=1), MOST)
    return np.asarray(np.add.reduceat(packed, of_url) >> shifts & MOST)


@lru_cache(maxsize=1 << 14)
def host_words(host: str) -> tuple[int, int]:
    """Count the parts of a host, split at dots and hyphens, that are words of mail or tracking, and of picture stores.

    >>> host_words("click.e-mail.example"), host_words("img2.cdn.example")
    ((3, 0), (0, 2))
    """
    labels = _HOST_LABEL.findall(host)
    return (
        sum(HOST_TRACK.fullmatch(label) is not None for label in labels),
        sum(HOST_PICTURE.fullmatch(label) is not None for label in labels),
    )
