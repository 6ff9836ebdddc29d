"""The differences between versions of one URL: tokens of a recipient, cache busters, signatures.

Nothing is requested over a network; only the URLs themselves are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tkit.url import host_of, registrable_domain
from tkit.url.parsing import after_origin

# The parameters of URLs that a store signed for a limited time, for each name of a signature (documentation of Amazon S3 and
# CloudFront, Google Cloud Storage, Azure Storage, Akamai, Facebook's CDN). They are computed from object and time.
_SIGNED = (
    ("signature", frozenset(("awsaccesskeyid", "googleaccessid", "key-pair-id", "expires", "policy", "signature"))),
    ("sig", frozenset(("sv", "se", "st", "sp", "sr", "sig", "spr", "sip", "skoid", "sktid", "skt", "ske", "sks", "skv"))),
    ("hmac", frozenset(("hmac", "exp", "expires", "st"))),
    ("hdnts", frozenset(("hdnts",))),
    ("hdnea", frozenset(("hdnea",))),
    ("__token__", frozenset(("__token__",))),
    ("oh", frozenset(("oh", "oe", "_nc_ohc", "_nc_oc", "_nc_ht", "_nc_gid", "ccb", "edm"))),
)
_NEEDED = frozenset(("expires", "exp", "se", "oe", "policy", "hdnts", "hdnea", "__token__"))  # a signature comes with its time
_PREFIXES = ("x-amz-", "x-goog-")
_BUSTERS = re.compile(
    r"(?:cb|cache[_-]?bust(?:er)?|cache|no[_-]?cache|nc|rnd|rand|random|ord|ts|time|timestamp|t|_|dummy|v|ver|version|mtime)",
    re.IGNORECASE,
)
_TIME = re.compile(r"1\d{9}(?:\.\d{1,6}|\d{3})?")  # Unix time in seconds or milliseconds, 2001 to 2033
_BUSTER_VALUE = re.compile(r"[\d.]{1,20}|[0-9a-f]{6,10}")
_RUN = re.compile(r"[A-Za-z0-9]+")
_LETTER = re.compile("[A-Za-z]")
_DIGIT = re.compile("[0-9]")
_PLAIN = re.compile(r"[A-Z]?[a-z]{1,12}|[A-Z]{1,8}")
_MAX_TOKENS = 400


class Stable(NamedTuple):
    """A URL without the parameters that change from request to request.

    Attributes
    ----------
    url : str
        Without signatures and cache busters.
    signed : bool
        Whether a signature was removed.
    busted : bool
        Whether a cache buster was removed.
    """

    url: str
    signed: bool
    busted: bool


def stable(url: str, keep: frozenset[str] = frozenset()) -> Stable:
    """Remove the parameters of a signature, and those that only defeat caches.

    Parameters
    ----------
    url : str
        A resolved URL.
    keep : frozenset of str
        Values that are not cache busters, because the mail also has them elsewhere.

    Examples
    --------
    >>> stable("https://b.example/a.png?Expires=17&Signature=Qw&Key-Pair-Id=K")
    Stable(url='https://b.example/a.png', signed=True, busted=False)
    >>> stable("https://b.example/open?u=7f31&cb=1184726")
    Stable(url='https://b.example/open?u=7f31', signed=False, busted=True)
    """
    address, mark, rest = url.partition("?")
    if not mark:
        return Stable(url, False, False)
    query, hash_mark, fragment = rest.partition("#")
    pairs = re.split(r"&(?:amp;)?", query)
    names = [pair.partition("=")[0].lower() for pair in pairs]
    signing = _signing(frozenset(names))
    kept, signed, busted = [], False, False
    for pair, name in zip(pairs, names, strict=True):
        if name in signing or (name.startswith(_PREFIXES)):
            signed = True
        elif _is_buster(pair, keep):
            busted = True
        else:
            kept.append(pair)
    left = address + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment
    return Stable(left, signed, busted) if signed or busted else Stable(url, False, False)


def _signing(names: frozenset[str]) -> frozenset[str]:
    """Return the parameters that belong to a signature among these names."""
    kinds = (parameters for signature, parameters in _SIGNED if signature in names and names & _NEEDED & parameters)
    return frozenset().union(*kinds)


def _is_buster(pair: str, keep: frozenset[str]) -> bool:
    """Return whether a parameter is a cache buster: a time, or by its name a number that is nowhere else in the mail."""
    name, equals, value = pair.partition("=")
    if not equals:
        return bool(_TIME.fullmatch(name))
    if not _BUSTERS.fullmatch(name):
        return False
    return bool(_TIME.fullmatch(value)) or (value not in keep and bool(_BUSTER_VALUE.fullmatch(value)))


class Difference(NamedTuple):
    """How versions of one URL differ, apart from the registrable domain.

    Attributes
    ----------
    tokens : tuple of tuples of str
        The tokens that differ: one tuple per token, with one value per URL.
    host : bool
        Whether the hosts differ.
    """

    tokens: tuple[tuple[str, ...], ...]
    host: bool

    @property
    def length(self) -> int:
        """Length of the longest token that differs."""
        return max((len(token) for tokens in self.tokens for token in tokens), default=0)


def difference(urls: Sequence[str]) -> Difference:
    """Compare versions of one URL, token by token.

    If their numbers of tokens differ, everything between the common beginning and the common end counts as one token.

    >>> difference(["http://a.example/o?u=81f3&m=7", "http://a.example/o?u=90c2&m=7"])
    Difference(tokens=(('81f3', '90c2'),), host=False)
    >>> difference(["http://a.example/o.gif", "http://b.example/o.gif"])
    Difference(tokens=(), host=True)
    """
    hosts = [host_of(url) for url in urls]
    tails = [after_origin(url) for url in urls]
    if len(set(map(registrable_domain, hosts))) == 1:  # otherwise the labels belong to different owners
        tails = [f"{host.lower()} {tail}" for host, tail in zip(hosts, tails, strict=True)]
    lists = [_RUN.findall(tail)[:_MAX_TOKENS] for tail in tails]
    if len({_RUN.sub("0", tail) for tail in tails}) == 1:
        columns = [tuple(column) for column in zip(*lists, strict=True)]
        differing = tuple(column for column in columns if len(set(column)) > 1)
    else:
        differing = (tuple(_middles(tails)),)
    return Difference(differing, len(set(map(str.lower, hosts))) > 1)


def of_one_shape(tokens: Sequence[str]) -> bool:
    """Return whether tokens look like codes of one counter or generator, and none of them is a plain word.

    >>> of_one_shape(["81f3", "9052"]), of_one_shape(["red", "blue"]), of_one_shape(["7", "19448211"])
    (True, False, False)
    """
    lengths = [len(token) for token in tokens]
    if not min(lengths) or max(lengths) - min(lengths) > max(2, 0.4 * max(lengths)) or any(map(_PLAIN.fullmatch, tokens)):
        return False
    # A hexadecimal token may have no letter, so the alphabets need only overlap.
    letters = [bool(_LETTER.search(token)) for token in tokens]
    digits = [bool(_DIGIT.search(token)) for token in tokens]
    return all(letters) or all(digits) or any(one and other for one, other in zip(letters, digits, strict=True))


def _middles(texts: Sequence[str]) -> list[str]:
    """Return the texts without their common beginning and end, cut at the borders of tokens."""
    start = _common(texts)
    rest = [text[start:][::-1] for text in texts]
    end = _common(rest)
    return [text[end:][::-1] for text in rest]


def _common(texts: Sequence[str]) -> int:
    """Return the length of the common beginning, cut at the border of a token."""
    low, high = min(texts), max(texts)  # the beginning that these two share, all share
    count = next(
        (position for position, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]),
        min(len(low), len(high)),
    )
    while count and low[count - 1].isalnum():
        count -= 1
    return count
