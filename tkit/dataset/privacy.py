"""Find what must not be published: email addresses, full URLs, and text of a mail."""

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
"""The longest text that a column of the dataset may contain, in characters."""


def addresses(text: str) -> list[str]:
    """Return the email addresses in a text, without those at reserved names.

    >>> addresses("a@b.example, logo@2x.png and someone@corp.com")
    ['someone@corp.com']
    """
    suspects = []
    for address in _ADDRESS.findall(text):
        host = address.rpartition("@")[2]
        if not _RESERVED.search(host) and not _PICTURE.match(host):
            suspects.append(address)
    return suspects


def urls(text: str, allowed_hosts: Iterable[str] = ()) -> list[str]:
    """Return the URLs in a text that may come from a mail: those with a query, or a path on a host that is not allowed.

    Parameters
    ----------
    text : str
    allowed_hosts : iterable of str
        Hosts whose pages may be named, such as that of a licence. Their URLs must not have a query either.

    >>> urls("http://a.example/x?id=1 http://www.w3.org/2000/svg http://corp.com/o.gif http://corp.com", ["www.w3.org"])
    ['http://corp.com/o.gif']
    """
    allowed = set(allowed_hosts)
    suspects = []
    for url in _URL.findall(text):
        parts = _URL_PARTS.match(url)
        if parts is None or _RESERVED.search(parts["host"]):
            continue
        if parts["query"] or (parts["path"] not in ("", "/") and parts["host"].lower() not in allowed):
            suspects.append(url)
    return suspects


def texts(values: Iterable[object]) -> list[str]:
    """Return values that are not a code, name or hash: with a space, a slash or ``@``, or longer than :data:`LONGEST_VALUE`.

    >>> texts(["img-src", "0a1b", "list-manage.com", "nosize+url", "Dear reader", "a/b", None])
    ['Dear reader', 'a/b']
    """
    return [
        value
        for value in values
        if isinstance(value, str) and (len(value) > LONGEST_VALUE or any(character in " /@\n\t?" for character in value))
    ]
