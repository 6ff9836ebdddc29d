"""Find email addresses in URLs: plain, encoded, or as a digest."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache

from tkit.url.decoding import decoded_forms

_DIGEST = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
_ANY_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+\-]{0,63}@[A-Za-z0-9][A-Za-z0-9\-]*(?:\.[A-Za-z0-9\-]+)*")


def names_recipient(url: str, recipients: Iterable[str]) -> bool:
    """Return whether a URL contains a recipient's address: plain, percent-encoded, hex, base64, or as a digest.

    Parameters
    ----------
    url : str
        A resolved URL.
    recipients : iterable of str
        Addresses, lower case, as in :attr:`tkit.mail.Message.recipients`.

    Notes
    -----
    Source: Englehardt, Han, Narayanan, PETS 2018, section 4.3, with two layers of encodings and of hashes.

    Examples
    --------
    >>> names_recipient("http://a.example/o/YW5uYUBiLmV4YW1wbGU.gif", ["anna@b.example"])
    True
    >>> names_recipient("http://a.example/" + hashlib.md5(b"anna@b.example").hexdigest(), ["anna@b.example"])
    True
    """
    addresses = [address for address in recipients if "@" in address]
    if not addresses:
        return False
    forms = [form.lower() for form in decoded_forms(url)]
    if any(address in form for address in addresses for form in forms if "@" in form):
        return True
    digests = {digest.lower() for form in forms for digest in _DIGEST.findall(form)}
    return bool(digests) and any(digests & address_digests(address) for address in addresses)


@lru_cache(maxsize=4096)
def address_digests(address: str) -> frozenset[str]:
    """Return the hex digests by which trackers identify an address: MD5, SHA-1 and SHA-256.

    Digests of the address as written, in lower and in upper case, each plain, in hex, base64 and base64url; and digests
    of these digests.
    Source: Englehardt, Han, Narayanan, PETS 2018, section 4.3 (two layers, the common hashes).
    """
    first = {text.encode("utf-8", "replace") for text in (address, address.lower(), address.upper())}
    layer: set[bytes] = set(first)
    for text in first:
        layer |= {text.hex().encode(), b64encode(text), b64encode(text).rstrip(b"="), urlsafe_b64encode(text)}
    digests = {hasher(text).hexdigest() for text in layer for hasher in (hashlib.md5, hashlib.sha1, hashlib.sha256)}
    second = {
        hasher(digest.encode()).hexdigest() for digest in digests for hasher in (hashlib.md5, hashlib.sha1, hashlib.sha256)
    }
    return frozenset(digests | second)


def holds_address(url: str) -> bool:
    """Return whether a URL contains anything that looks like an email address, plain or encoded.

    >>> holds_address("http://a.example/o?u=anna%40b.example"), holds_address("http://a.example/@2x.png")
    (True, False)
    """
    return any("@" in form and _ANY_ADDRESS.search(_after_host(form)) for form in decoded_forms(url))


def _after_host(text: str) -> str:
    """Return a text without scheme, user name and host, where an ``@`` is not part of an address."""
    if "://" not in text[:10]:
        return text
    slash = text.find("/", text.find("://") + 3)
    return text[slash:] if slash >= 0 else ""
