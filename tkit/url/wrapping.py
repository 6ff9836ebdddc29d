"""The original URL inside a picture proxy of a webmail or the rewriting of a gateway."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from tkit.url.decoding import from_base64
from tkit.url.parsing import clean, host_of, registrable_domain, resolve

_MAX_LAYERS = 3


class Origin(NamedTuple):
    """The host of a URL, its registrable domain, and whether webmail or a gateway may wrap other URLs there."""

    host: str
    domain: str
    may_wrap: bool


def origin_of(resolved_url: str) -> Origin:
    """Return what the URL's host says, ``("", "", False)`` where it has none.

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


# How mail gateways and webmail wrap URLs: host suffix, beginning of the path, query parameter of the original.
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

_V3 = re.compile(r"https?://urldefense\.(?:us|com)/v3/__(.+?)__;([A-Za-z0-9_=-]*)!")

_V3_TOKEN = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")

_V3_RUNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # the first stands for two

_V2_ESCAPES = re.compile(r"(?:-[0-9A-Fa-f]{2})+")

_HEX_PATH = re.compile(r"/(?:[0-9a-f]{16,}/)((?:[0-9a-f]{2}){8,})(?:[/?.]|\Z)", re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def unwrap(resolved_url: str) -> str:
    """Return the original URL inside a webmail's picture proxy or a gateway's rewriting, up to three layers deep.

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
    """Undo URL Defense version 3: characters behind ``*`` (one) and ``**X`` (a run) stand in base64 after ``__;``.

    Source: Proofpoint's own published decoder, urldecoder.py.
    """
    found = _V3.match(url)
    if not found:
        return ""
    characters = iter(from_base64(found.group(2).replace("=", "")).decode("utf-8", "replace"))

    def replaced(token: re.Match[str]) -> str:
        count = _V3_RUNS.index(token.group(1)) + 2 if token.group(1) else 1
        return "".join(islice(characters, count)) or token.group()

    return _V3_TOKEN.sub(replaced, unquote(found.group(1)))
