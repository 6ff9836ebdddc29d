"""What must not stand in anything published: addresses, full URLs, and words of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+\.[\w.-]*\w")
_URL = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>\\)\]]+", re.IGNORECASE)
# Names that nobody can own: RFC 2606, RFC 6761.
_RESERVED = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost)(?:\.(?:com|net|org))?\Z", re.IGNORECASE)
_PICTURE = re.compile(r"\dx\.(?:png|jpg|webp|gif)\Z")  # logo@2x.png
_URL_PARTS = re.compile(r"\w+://(?P<host>[^/?#:]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?")

LONGEST_VALUE = 90
"""Longest text that a column of the dataset may hold."""


def addresses(text: str) -> list[str]:
    """Return the mail addresses in a text, without those of reserved names.

    >>> addresses("a@b.example, logo@2x.png and someone@corp.com")
    ['someone@corp.com']
    """
    found = []
    for address in _ADDRESS.findall(text):
        host = address.rpartition("@")[2]
        if not _RESERVED.search(host) and not _PICTURE.match(host):
            found.append(address)
    return found


def urls(text: str, allowed_hosts: Iterable[str] = ()) -> list[str]:
    """Return the URLs in a text that could come out of a mail: a query, or a path on a host that is not allowed.

    Parameters
    ----------
    text : str
    allowed_hosts : iterable of str
        Hosts whose pages may be named, such as that of a licence. Their URLs must still have no query.

    >>> urls("http://a.example/x?id=1 http://www.w3.org/2000/svg http://corp.com/o.gif http://corp.com", ["www.w3.org"])
    ['http://corp.com/o.gif']
    """
    allowed = set(allowed_hosts)
    found = []
    for url in _URL.findall(text):
        parts = _URL_PARTS.match(url)
        if parts is None or _RESERVED.search(parts["host"]):
            continue
        if parts["query"] or (parts["path"] not in ("", "/") and parts["host"].lower() not in allowed):
            found.append(url)
    return found


def texts(values: Iterable[object]) -> list[str]:
    """Return the values that are no code, name or hash: with a space, a slash or ``@``, or longer than :data:`LONGEST_VALUE`.

    >>> texts(["img-src", "0a1b", "list-manage.com", "nosize+url", "Dear reader", "a/b", None])
    ['Dear reader', 'a/b']
    """
    return [
        value
        for value in values
        if isinstance(value, str) and (len(value) > LONGEST_VALUE or any(character in " /@\n\t?" for character in value))
    ]
