"""How senders write a read tracker into a mail: the forms seen in the wild."""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from tkit.errors import TkitError

Kind = Literal["open", "hop", "click", "content", "unknown"]
"""What a request says: the mail was opened; a redirection on the way there; a link was followed; a picture that is the same
for everybody; an address of no mailing."""

ROWS = 600, 90
"""Width and height in px of a picture that is there to be seen."""


class Address(NamedTuple):
    """An address that the sender's server answers.

    Attributes
    ----------
    url : str
        As it is in the mail or in a redirection.
    kind : str
        See :data:`Kind`.
    picture : int
        Number of the picture in the copy, from 0.
    leads_to : str
        The URL that it redirects to, ``""`` if it answers itself.
    media : str
        Content type of the answer.
    """

    url: str
    kind: Kind
    picture: int = 0
    leads_to: str = ""
    media: str = "image/gif"


class Written(NamedTuple):
    """A tracker in one copy: HTML for the head and the end of the body, and the addresses in it."""

    head: str
    body: str
    addresses: tuple[Address, ...]


class Names:
    """Unguessable words for one copy, the same whenever it is written again.

    Parameters
    ----------
    secret : bytes
        Of the mailing.
    recipient : str
        The copy's recipient.
    host, own_host : str
        Host names of the tracking service, and of the sender's own web site.
    """

    def __init__(self, secret: bytes, recipient: str, host: str, own_host: str) -> None:
        self._secret, self._recipient = secret, recipient
        self.host, self.own_host = host, own_host

    def word(self, purpose: str, length: int = 32) -> str:
        """Return a hexadecimal word (HMAC-SHA-256) for a purpose."""
        return hmac.new(self._secret, f"{self._recipient}\0{purpose}".encode(), hashlib.sha256).hexdigest()[:length]


class Form(NamedTuple):
    """A way to write a tracker; ``about`` says in a few words what is special about it."""

    about: str
    write: Callable[[Names], Written]


def _image(url: str, attributes: str = "") -> str:
    return f'<img src="{html.escape(url)}"{attributes} alt="">'


def _plain(names: Names) -> str:
    return f"http://{names.host}/open/{names.word('open')}.gif"


def _pixel(names: Names) -> Written:
    url = _plain(names)
    return Written("", _image(url, ' width="1" height="1"'), (Address(url, "open"),))


def _sized(names: Names) -> Written:
    url = _plain(names)
    return Written("", _image(url, f' width="{ROWS[0]}" height="{ROWS[1]}"'), (Address(url, "open"),))


def _no_size(names: Names) -> Written:
    url = _plain(names)
    return Written("", _image(url), (Address(url, "open"),))


def _background(names: Names) -> Written:
    url = _plain(names)
    return Written("", f"<div style=\"background-image:url('{html.escape(url)}')\">&nbsp;</div>", (Address(url, "open"),))


def _font(names: Names) -> Written:
    url = f"http://{names.host}/font/{names.word('open')}.woff2"
    head = f"<style>@font-face{{font-family:letter;src:url('{url}')}} .signed{{font-family:letter,serif}}</style>"
    return Written(head, '<p class="signed">See you soon</p>', (Address(url, "open", media="font/woff2"),))


def _redirects(names: Names) -> Written:
    first = f"http://r.{names.host}/r/{names.word('first')}"
    second = f"http://hop.{names.host}/h/{names.word('second')}"
    last = f"http://cdn.{names.host}/p/{names.word('last')}.gif"
    chain = (Address(first, "hop", leads_to=second), Address(second, "hop", leads_to=last), Address(last, "open"))
    return Written("", _image(first, ' width="1" height="1"'), chain)


def _signed(names: Names) -> Written:
    path = f"/media/{names.word('picture', 10)}.png"
    url = f"http://{names.host}{path}?Expires=2147483647&Key-Id=K1&Signature={names.word(path, 64)}"
    return Written("", _image(url, ' width="1" height="1"'), (Address(url, "open", media="image/png"),))


def _no_words(names: Names) -> Written:
    word = names.word("open")
    url = f"http://{names.host}/{word[:2]}/{word[2:9]}/{word[9:]}"
    return Written("", _image(url, ' width="1" height="1"'), (Address(url, "open"),))


def _first_party(names: Names) -> Written:
    url = f"http://{names.own_host}/img/{names.word('open')}.gif"
    return Written("", _image(url, ' width="1" height="1"'), (Address(url, "open"),))


def _compared(names: Names) -> Written:
    banner = f"http://{names.own_host}/img/{names.word('banner', 12)}/banner.png"
    pixel = _plain(names)
    rule = f"http://{names.own_host}/img/{names.word('rule', 12)}/rule.png"
    body = (
        _image(banner, f' width="{ROWS[0]}" height="{ROWS[1]}"')
        + _image(pixel, ' width="1" height="1"')
        + _image(rule, f' width="{ROWS[0]}" height="2"')
    )
    return Written("", body, tuple(Address(url, "open", number) for number, url in enumerate((banner, pixel, rule))))


FORMS: Mapping[str, Form] = {
    "gif-1x1": Form("a transparent GIF of one pixel, declared so", _pixel),
    "sized": Form("a picture declared as large as a banner", _sized),
    "no-size": Form("a picture of no declared size", _no_size),
    "css-background": Form("the background of an element, in a style attribute", _background),
    "font": Form("a web font in a style sheet", _font),
    "redirects": Form("a pixel behind two redirections to other hosts", _redirects),
    "signed": Form("a pixel whose URL looks like a signed one of a content server", _signed),
    "no-words": Form("a pixel whose path has no word in it", _no_words),
    "first-party": Form("a pixel on the sender's own web site", _first_party),
    "compared": Form("a banner, a pixel and a rule: a blocker that takes only some is seen", _compared),
}
"""The forms by name."""


def form_of(name: str) -> Form:
    """Return a form.

    Raises
    ------
    TkitError
        If there is none of this name.
    """
    if name not in FORMS:
        raise TkitError(f"no form {name!r}: take one of {', '.join(FORMS)}")
    return FORMS[name]
