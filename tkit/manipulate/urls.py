"""How senders disguise a tracker's URL: pure functions of URLs.

Each takes a resolved URL and returns one at which the same sender's server could answer as well. The fragment, which no server
sees, is dropped.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

LEAST_OWN = 3
"""Fewest characters of a token that may be a recipient's."""

_NEUTRAL = ("media", "banner", "header", "season", "picture", "main", "site", "top")
_NEUTRAL_PARAMETERS = ("v", "w", "q", "t")
_LEAST = 7  # a shorter token is not an identifier worth hiding
_LEAST_TO_SPLIT = 8
_LONGEST_WORD = 20
_HEADER_DIGITS = 12
_FORMS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEXADECIMAL = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])[0-9a-f]{6,}|(?=.*[0-9])(?=.*[A-F])[0-9A-F]{6,}")
_WRITTEN = re.compile(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"([\w.+-]+)(@|%40)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}\Z")
_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class _Parts(NamedTuple):
    origin: str
    path: str
    query: str

    def url(self) -> str:
        return f"{self.origin}{self.path}{'?' + self.query if self.query else ''}"


def _parts(url: str) -> _Parts:
    start = url.find("/", url.find("//") + 2)
    path, _, query = url[start:].partition("#")[0].partition("?")
    return _Parts(url[:start], path, query)


def _is_identifier(token: str, least: int = _LEAST) -> bool:
    """Return whether a token may name a recipient: long enough, and with a digit or longer than words are."""
    return len(token) >= least and (any(map(str.isdigit, token)) or len(token) > _LONGEST_WORD)


def _shortened(token: str, length: int) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:length] if _is_identifier(token) else token


def sender_domain(url: str, sender: str) -> str:
    """Serve it from the sender's own domain.

    >>> sender_domain("https://t.esp.example/o?id=7", "shop.example")
    'https://www.shop.example/o?id=7'
    """
    return f"{url[: url.find('//')]}//www.{sender}{url[url.find('/', url.find('//') + 2) :]}"


def neutral_words(url: str, first: int = 0) -> str:
    """Replace the words of the path and the names of the query's fields by neutral ones; identifiers and extensions stay.

    `first` is the number of the neutral word to begin with.

    >>> neutral_words("https://a.example/wf/open.php?upn=b81e2c7&u=")
    'https://a.example/media/banner.php?v=b81e2c7&w='
    """
    origin, path, query = _parts(url)
    words: Iterator[str] = (_NEUTRAL[number % len(_NEUTRAL)] for number in range(first, first + len(path)))

    def neutral(token: re.Match[str]) -> str:
        text = token[0]
        return text if any(map(str.isdigit, text)) or len(text) > _LONGEST_WORD else next(words)

    extension = _EXTENSION.search(path)
    stem = path[: extension.start()] if extension else path
    path = _TOKEN.sub(neutral, stem) + (extension[0] if extension else "")
    fields = query.split("&") if query else []
    named = [
        f"{_NEUTRAL_PARAMETERS[(first + number) % len(_NEUTRAL_PARAMETERS)]}={value}" if equals else name
        for number, (name, equals, value) in enumerate(field.partition("=") for field in fields)
    ]
    return _Parts(origin, path, "&".join(named)).url()


def short_token(url: str, length: int = 6) -> str:
    """Replace every identifier of seven or more characters by `length` hexadecimal digits.

    >>> short_token("https://a.example/o/b81e2c7f.gif?id=22"), len(short_token("https://a.example/o/b81e2c7f"))
    ('https://a.example/o/23fe7a.gif?id=22', 26)
    """
    origin, path, query = _parts(url)
    path, query = (_TOKEN.sub(lambda token: _shortened(token[0], length), text) for text in (path, query))
    return _Parts(origin, path, query).url()


def split_token(url: str, piece: int = 4) -> str:
    """Split every identifier of eight or more characters into directories of `piece` characters, also those of the query.

    >>> split_token("https://a.example/wf/open?upn=b81e2c7f&v=2"), split_token("https://a.example/o/b81e2c7f.gif")
    ('https://a.example/wf/b81e/2c7f/open?v=2', 'https://a.example/o/b81e/2c7f.gif')
    """
    origin, path, query = _parts(url)
    fields = query.split("&") if query else []
    long = [any(_is_identifier(token, _LEAST_TO_SPLIT) for token in _TOKEN.findall(field)) for field in fields]
    path = _TOKEN.sub(lambda token: _pieces(token[0], piece) if _is_identifier(token[0], _LEAST_TO_SPLIT) else token[0], path)
    moved = [token for field, is_long in zip(fields, long, strict=True) if is_long for token in _TOKEN.findall(field)]
    directories = "".join(f"{_pieces(token, piece)}/" for token in moved if _is_identifier(token, _LEAST_TO_SPLIT))
    file_start = path.rfind("/") + 1
    path = path[:file_start] + directories + path[file_start:]
    return _Parts(origin, path, "&".join(field for field, is_long in zip(fields, long, strict=True) if not is_long)).url()


def _pieces(token: str, size: int) -> str:
    return "/".join(token[start : start + size] for start in range(0, len(token), size))


def jpg(url: str) -> str:
    """Replace the path's extension by that of a photograph.

    >>> jpg("https://a.example/o/open.php?id=7"), jpg("https://a.example/b81e2c"), jpg("https://a.example/t/")
    ('https://a.example/o/open.jpg?id=7', 'https://a.example/b81e2c.jpg', 'https://a.example/t/image.jpg')
    """
    origin, path, query = _parts(url)
    path = _EXTENSION.sub("", path)
    return _Parts(origin, f"{path}image.jpg" if path.endswith("/") else f"{path}.jpg", query).url()


def own_token(url: str, recipient: str) -> str:
    """Return the URL that another recipient of the mailing would get: its identifiers replaced by others of their form.

    Of several identifiers either all or only the longest names the recipient, always the same ones for a URL; the others name
    the mailing. Without an identifier of seven characters, shorter ones with a digit count. An address is replaced too.

    >>> own_token("https://a.example/o/b81e2c7f.gif?v=2", "anna")
    'https://a.example/o/a1d00df3.gif?v=2'
    >>> own_token("https://a.example/o/7?to=berta%40b.example", "anna")
    'https://a.example/o/7?to=rrxad%40b.example'
    >>> own_token("https://a.example/pixel.gif", "anna")
    'https://a.example/pixel.gif'
    """
    origin, path, query = _parts(url)
    tokens = [token for text in (path, query) for token in _WRITTEN.findall(text) if token[0] != "%"]
    known = [token for token in tokens if _is_identifier(token)]
    known = known or [token for token in tokens if len(token) >= LEAST_OWN and any(map(str.isdigit, token))]
    if known and hashlib.sha256(url.encode("utf-8", "replace")).digest()[0] % 2:
        known = [max(known, key=len)]

    def of_recipient(found: re.Match[str]) -> str:
        return _of_form(found[0], recipient) if found[0] in known else found[0]

    def address(found: re.Match[str]) -> str:
        return _of_form(found[1], recipient) + found[2]

    path, query = (_WRITTEN.sub(of_recipient, _ADDRESS.sub(address, text)) for text in (path, query))
    return _Parts(origin, path, query).url()


def _of_form(token: str, recipient: str) -> str:
    """Return another token with digits and letters in the same places, hexadecimal ones for a hexadecimal token."""
    if _HEXADECIMAL.fullmatch(token):
        forms: tuple[str, ...] = ("0123456789ABCDEF" if token.isupper() else "0123456789abcdef",)
    else:
        forms = _FORMS
    drawing = random.Random(f"{recipient} {token}")
    return "".join(drawing.choice(next((form for form in forms if character in form), character)) for character in token)


def header_picture(url: str, sender: str) -> str:
    """Serve it as the header picture of the sender's newsletter.

    >>> header_picture("https://t.esp.example/o?id=7", "shop.example")
    'https://www.shop.example/images/2024/header-dc3137b1afd4.jpg'
    """
    return f"https://www.{sender}/images/2024/header-{hashlib.sha256(url.encode()).hexdigest()[:_HEADER_DIGITS]}.jpg"


def link_redirect(url: str, link: str, length: int = 22) -> str:
    """Hide it behind a redirect on the host of the mail's links, under the same first directory.

    `length` is the number of characters, at most 43, of the token by which the server knows where to redirect.

    >>> link_redirect("https://t.esp.example/o?id=7", "https://click.shop.example/ls/click?upn=b81e2c")
    'https://click.shop.example/ls/LnOp0fquvSkQHTfLNYYtvM'
    """
    origin, path, _ = _parts(link if link.find("/", link.find("//") + 2) >= 0 else f"{link}/")
    first = path.split("/")[1] if path.count("/") > 1 else "r"
    number = int.from_bytes(hashlib.sha256(url.encode()).digest())
    token = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        token += _BASE_62[digit]
    return f"{origin}/{first}/{token}"
