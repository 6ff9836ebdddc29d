"""Unwrap URLs that a webmail service or a mail gateway has rewritten."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from tkit.url.decoding import from_base64
from tkit.url.parsing import clean, host_of, registrable_domain, resolve

QUERY_WRAPPERS = (
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
"""Rewritings that put the original URL into the query: host suffix, beginning of the path, parameter."""

WRAPPING_DOMAINS = frozenset(
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
"""Registrable domains whose URLs may wrap others."""

# Proofpoint URL Defense: the parts of version 3, its characters that are encoded, the lengths of its runs; escapes of
# version 2.
_V3 = re.compile(r"https?://urldefense\.(?:us|com)/v3/__(.+?)__;([A-Za-z0-9_=-]*)!")
_V3_TOKEN = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_V3_RUNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # the first letter means two characters
_V2_ESCAPES = re.compile(r"(?:-[0-9A-Fa-f]{2})+")
# Camo and Fastmail write the original in hex behind a digest.
_HEX_PATH = re.compile(r"/(?:[0-9a-f]{16,}/)((?:[0-9a-f]{2}){8,})(?:[/?.]|\Z)", re.IGNORECASE)

_MAX_LAYERS = 3


@lru_cache(maxsize=1 << 14)
def unwrap(resolved_url: str) -> str:
    """Return the original of a URL that a webmail service or a gateway has rewritten, up to three layers deep.

    Known are Gmail's proxy (original after ``#``), the picture proxies of Yahoo, Outlook and Proton, Microsoft Safe
    Links, Proofpoint URL Defense 1 to 3, Cisco, Barracuda, Trend Micro, Camo and Fastmail. Redirections by senders are
    not unwrapped: a request to them is what reports that the mail was opened.

    Parameters
    ----------
    resolved_url : str
        As returned by :func:`resolve`.

    Returns
    -------
    str
        The resolved original, or ``resolved_url`` itself if it wraps nothing.

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


class Origin(NamedTuple):
    """The host of a URL, its registrable domain, and whether its URLs may wrap others."""

    host: str
    domain: str
    may_wrap: bool


def origin_of(resolved_url: str) -> Origin:
    """Return the origin of a resolved URL, ``("", "", False)`` if it has no host.

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
    return Origin(host, domain, domain in WRAPPING_DOMAINS or host.startswith("camo."))


def _unwrap_once(url: str) -> str:
    """Return what a URL wraps, not resolved; ``""`` if it wraps nothing."""
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
        path = _HEX_PATH.search(rest)
        return bytes.fromhex(path.group(1)).decode("utf-8", "replace") if path else ""
    return _unwrap_query(host, rest)


def _decoded_v2(escapes: re.Match[str]) -> str:
    """Decode neighbouring bytes written as -XX, which together are UTF-8."""
    return bytes.fromhex(escapes.group().replace("-", "")).decode("utf-8", "replace")


def _unwrap_query(host: str, rest: str) -> str:
    for suffix, path, parameter in QUERY_WRAPPERS:
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
    """Undo URL Defense version 3: the characters of ``*`` (one) and ``**X`` (a run) follow ``__;`` in base64.

    Source: Proofpoint's own published decoder, urldecoder.py.
    """
    parts = _V3.match(url)
    if not parts:
        return ""
    characters = iter(from_base64(parts.group(2).replace("=", "")).decode("utf-8", "replace"))

    def replaced(token: re.Match[str]) -> str:
        count = _V3_RUNS.index(token.group(1)) + 2 if token.group(1) else 1
        return "".join(islice(characters, count)) or token.group()

    return _V3_TOKEN.sub(replaced, unquote(parts.group(1)))
