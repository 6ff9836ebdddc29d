"""URLs as a browser reads them: resolved, unwrapped, and searched for the recipient's address.

Nothing here raises on any string, and nothing here opens a connection.
"""

from __future__ import annotations

import hashlib
import re
import string
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

import ada_url
import can_ada
from publicsuffixlist import PublicSuffixList

REMOTE_SCHEMES = ("http:", "https:", "ftp:")
"""Schemes whose resolution contacts a server."""

_EDGES = "".join(chr(code) for code in range(33))
_PROTOCOL_RELATIVE = frozenset(("//", "/\\", "\\/", "\\\\"))
_INNER = str.maketrans("", "", "\t\n\r")
_SUFFIXES = PublicSuffixList(only_icann=True)
_HOST = re.compile(r"[a-z]+://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_MAX_LAYERS = 3


def clean(value: str) -> str:
    r"""Give an attribute's value as the URL Standard takes it: edges stripped, inner tabs and line ends removed.

    Source: WHATWG URL Standard, basic URL parser, steps 1 to 3.

    >>> clean(" https://a.example/\n x ")
    'https://a.example/ x'
    """
    value = value.strip(_EDGES)
    return value.translate(_INNER) if "\n" in value or "\r" in value or "\t" in value else value


def resolve(url: str, base: str = "") -> str:
    """Give the URL that a browser would ask for, by the WHATWG URL Standard.

    Parameters
    ----------
    url : str
        A cleaned URL, see :func:`clean`.
    base : str
        The document's ``<base href>``, already resolved; ``""`` where it has none. Then a protocol-relative URL
        takes ``https:`` and any other relative URL has no server to go to.

    Returns
    -------
    str
        The serialised URL, ASCII; ``""`` for what needs no server or cannot be parsed.

    Examples
    --------
    >>> resolve("HTTP://0x7F.1/../a b")
    'http://127.0.0.1/a%20b'
    >>> resolve("cid:logo"), resolve("http://[n-3]/x"), resolve("pixel.gif")
    ('', '', '')
    >>> resolve("pixel.gif", "http://a.example/b/c")
    'http://a.example/b/pixel.gif'
    """
    if not base:
        return resolve_absolute(url)
    try:
        return resolve_absolute(str(ada_url.join_url(base, url)))
    except (ValueError, TypeError):  # cannot be joined; or holds surrogates, which no binding takes
        scalar, scalar_base = _scalar_values(url), _scalar_values(base)
        return resolve(scalar, scalar_base) if (scalar, scalar_base) != (url, base) else ""


@lru_cache(maxsize=1 << 15)
def resolve_absolute(url: str) -> str:
    """Do what :func:`resolve` does for a document without a base: by the binding that is four times as fast and takes none."""
    try:
        resolved = str(can_ada.parse("https:" + url if url[:2] in _PROTOCOL_RELATIVE else url).href)
        return resolved if resolved.startswith(REMOTE_SCHEMES) else ""
    except (ValueError, TypeError):
        scalar = _scalar_values(url)
        return resolve_absolute(scalar) if scalar != url else ""


def _scalar_values(text: str) -> str:
    """Put U+FFFD for lone surrogates and the character for a pair (WHATWG Infra Standard, "convert")."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Origin(NamedTuple):
    """The host of a URL, its registrable domain, and whether webmail or a gateway may wrap other URLs there."""

    host: str
    domain: str
    may_wrap: bool


def origin_of(resolved_url: str) -> Origin:
    """Give what the URL's host says, ``("", "", False)`` where it has none.

    >>> origin_of("https://user@pixel.a.example:8443/x")
    Origin(host='pixel.a.example', domain='a.example', may_wrap=False)
    """
    start = resolved_url.find("//") + 2
    end = resolved_url.find("/", start)
    return _origin(resolved_url[start : end if end >= 0 else None])


@lru_cache(maxsize=1 << 15)
def _origin(authority: str) -> Origin:
    host = host_of(f"http://{authority}/")
    domain = registrable_domain(host)
    return Origin(host, domain, domain in _WRAPPING_DOMAINS or host.startswith("camo."))


@lru_cache(maxsize=1 << 14)
def host_of(resolved_url: str) -> str:
    """Give the host of a resolved URL, ``""`` where there is none.

    >>> host_of("https://user@pixel.a.example:8443/x")
    'pixel.a.example'
    """
    found = _HOST.match(resolved_url)
    return found.group(1) if found else ""


@lru_cache(maxsize=1 << 14)
def registrable_domain(host: str) -> str:
    """Give the domain that was registered: the public suffix and one label (ICANN section of the public suffix list).

    IP addresses and single labels stand for themselves.

    >>> registrable_domain("pixel.news.example.co.uk"), registrable_domain("10.0.0.1"), registrable_domain("")
    ('example.co.uk', '10.0.0.1', '')
    """
    host = host.strip(".").lower()
    if not host or host.startswith("[") or _IPV4.match(host):
        return host
    return _SUFFIXES.privatesuffix(host) or host


def is_registered(host: str) -> bool:
    """Tell whether a host ends in a known public suffix or is an IP address.

    What does not may be anything that a sender wrote there, a recipient's token too.

    >>> is_registered("a.example.org"), is_registered("10.0.0.1"), is_registered("a.infoxq7token")
    (True, True, False)
    """
    host = host.strip(".").lower()
    return bool(_IPV4.match(host) or host.startswith("[") or _SUFFIXES.privatesuffix(host, accept_unknown=False))


# How mail gateways and webmail wrap URLs: host suffix, beginning of the path, query parameter of the original.
_QUERY_WRAPPERS = (
    ("safelinks.protection.outlook.com", "/", "url"),
    ("yusercontent.com", "/mail", "url"),
    ("yimg.com", "/ec", "url"),
    ("urldefense.proofpoint.com", "/v1/url", "u"),
    ("linkprotect.cudasvc.com", "/url", "a"),
    ("trendmicro.com", "/wis/clicktime", "url"),
    ("mail.proton.me", "/api/core", "Url"),
    ("mail.protonmail.com", "/api/core", "Url"),
    ("external-content.duckduckgo.com", "/iu/", "u"),
    ("outlook.live.com", "/mail/safelink", "url"),
    ("outlook.office.com", "/mail/safelink", "url"),
    ("images.weserv.nl", "/", "url"),
    ("proxy.fastmail.com", "/", "url"),
)
_WRAPPING_DOMAINS = frozenset(
    (
        "googleusercontent.com",
        "outlook.com",
        "yusercontent.com",
        "yimg.com",
        "urldefense.com",
        "urldefense.us",
        "proofpoint.com",
        "cudasvc.com",
        "trendmicro.com",
        "proton.me",
        "protonmail.com",
        "duckduckgo.com",
        "live.com",
        "office.com",
        "weserv.nl",
        "fastmail.com",
        "fastmailusercontent.com",
        "cisco.com",
    )
)
_V3 = re.compile(r"https?://urldefense\.(?:us|com)/v3/__(.+?)__;([A-Za-z0-9_=-]*)!")
_V3_TOKEN = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_V3_RUNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # the first stands for two
_V2_ESCAPES = re.compile(r"(?:-[0-9A-Fa-f]{2})+")
_HEX_PATH = re.compile(r"/(?:[0-9a-f]{16,}/)((?:[0-9a-f]{2}){8,})(?:[/?.]|\Z)", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def unwrap(resolved_url: str) -> str:
    """Give the original URL inside a webmail's picture proxy or a gateway's rewriting, up to three layers deep.

    Known are Gmail's proxy (original after ``#``), Yahoo's, Outlook's and Proton's picture proxies, Microsoft Safe
    Links, Proofpoint URL Defense 1 to 3, Cisco, Barracuda, Trend Micro, Camo and Fastmail. Redirections of
    senders are not unwrapped: asking them is what tells that the mail was opened.

    Parameters
    ----------
    resolved_url : str
        As given by :func:`resolve`.

    Returns
    -------
    str
        The resolved original, or ``resolved_url`` itself where nothing is wrapped.

    Examples
    --------
    >>> unwrap("https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://a.example/o.gif")
    'http://a.example/o.gif'
    >>> unwrap("https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_o.gif-3Fid-3D1&d=D")
    'http://a.example/o.gif?id=1'
    """
    for _ in range(_MAX_LAYERS):
        if not origin_of(resolved_url).may_wrap:
            break
        inner = _unwrap_once(resolved_url)
        resolved = resolve(clean(inner)) if inner else ""
        if not resolved or resolved == resolved_url:
            break
        resolved_url = resolved
    return resolved_url


def _unwrap_once(url: str) -> str:
    host = host_of(url)
    rest = url[url.find(host) + len(host) :]
    if host.endswith(".googleusercontent.com") and "#http" in rest:
        return rest.partition("#")[2]
    if host in ("urldefense.com", "urldefense.us"):
        return _unwrap_proofpoint_v3(url)
    if host == "urldefense.proofpoint.com" and rest.startswith("/v2/"):
        value = _parameter(rest, "u")
        return _V2_ESCAPES.sub(_decoded_v2, value.replace("_", "/"))
    if host == "secure-web.cisco.com":
        return unquote(rest.rpartition("/")[2])
    if host.startswith("camo.") or host.endswith("fastmailusercontent.com"):
        found = _HEX_PATH.search(rest)
        return bytes.fromhex(found.group(1)).decode("utf-8", "replace") if found else ""
    return _unwrap_query(host, rest)


def _decoded_v2(escapes: re.Match[str]) -> str:
    """Decode bytes that stand as -XX side by side: together they are UTF-8."""
    return bytes.fromhex(escapes.group().replace("-", "")).decode("utf-8", "replace")


def _unwrap_query(host: str, rest: str) -> str:
    for suffix, path, parameter in _QUERY_WRAPPERS:
        if (host == suffix or host.endswith("." + suffix)) and rest.startswith(path):
            value = unquote(_parameter(rest, parameter))
            return value if "://" in value or value.startswith("//") else unquote(value)
    return ""


def _parameter(rest: str, name: str) -> str:
    query = rest.partition("#")[0].partition("?")[2]
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return value
    return ""


def _unwrap_proofpoint_v3(url: str) -> str:
    """Undo URL Defense version 3: characters behind ``*`` (one) and ``**X`` (a run) stand in base64 after ``__;``.

    Source: Proofpoint's own published decoder, urldecoder.py.
    """
    found = _V3.match(url)
    if not found:
        return ""
    characters = iter(_from_base64(found.group(2).replace("=", "")).decode("utf-8", "replace"))

    def replaced(token: re.Match[str]) -> str:
        count = _V3_RUNS.index(token.group(1)) + 2 if token.group(1) else 1
        return "".join(islice(characters, count)) or token.group()

    return _V3_TOKEN.sub(replaced, unquote(found.group(1)))


_HEX_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z])")
_BASE64_DIGITS = re.compile(r"[A-Za-z0-9+_-]{8,}")  # a slash parts path segments far more often than it is a digit
_DIGEST = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")
_ANY_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+\-]{0,63}@[A-Za-z0-9][A-Za-z0-9\-]*(?:\.[A-Za-z0-9\-]+)*")


@lru_cache(maxsize=4096)
def address_digests(address: str) -> frozenset[str]:
    """Give the hex digests by which trackers name an address: md5, sha1, sha256, one or two layers of encoding.

    The address as written and in lower case; plain, hex, base64 and base64url underneath and digests of digests.
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


def decoded_forms(url: str) -> list[str]:
    """Give the URL and what its percent-encoded, hex and base64 tokens decode to, two layers deep, as texts.

    Tokens that do not decode to printable ASCII are left out.

    >>> decoded_forms("http://a.example/o?u=YW5uYUBhLmV4YW1wbGU")[-1]
    'anna@a.example'
    """
    forms = [url]
    layer = [url]
    for _ in range(2):
        found: list[str] = []
        for text in layer:
            if "%" in text:
                found.append(unquote(text))
            found.extend(filter(None, map(_printable, map(bytes.fromhex, _HEX_DIGITS.findall(text)))))
            found.extend(filter(None, map(_printable, map(_from_base64, _BASE64_DIGITS.findall(text)))))
        if not found:
            break
        known = set(forms)
        layer = [text for text in found if text not in known]
        forms.extend(layer)
    return forms


def _from_base64(token: str) -> bytes:
    """Decode the digits of either alphabet, without padding, as far as they go."""
    digits = token.replace("-", "+").replace("_", "/")
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return b64decode(digits + "=" * (-len(digits) % 4))


def _printable(data: bytes) -> str:
    return data.decode("ascii") if data.isascii() and (text := data.decode("ascii")).isprintable() and text else ""


def holds_address(url: str) -> bool:
    """Tell whether a URL holds anything of the form of a mail address, plain or encoded (see :func:`decoded_forms`).

    >>> holds_address("http://a.example/o?u=anna%40b.example"), holds_address("http://a.example/@2x.png")
    (True, False)
    """
    return any("@" in form and _ANY_ADDRESS.search(_after_host(form)) for form in decoded_forms(url))


def _after_host(text: str) -> str:
    """Leave out scheme, user name and host, in which an ``@`` is no address."""
    if "://" not in text[:10]:
        return text
    slash = text.find("/", text.find("://") + 3)
    return text[slash:] if slash >= 0 else ""


def names_recipient(url: str, recipients: Iterable[str]) -> bool:
    """Tell whether a URL holds a recipient's address: plain, percent-encoded, hex, base64, or its digest.

    Parameters
    ----------
    url : str
        A resolved URL.
    recipients : iterable of str
        Addresses, lower case, as :attr:`tkit.mail.Message.recipients` gives them.

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
