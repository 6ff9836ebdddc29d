"""What every client has: a place in the lab, and something that it does when a mail arrives and when it is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

from tkit.errors import TkitError
from tkit.lab.clients.mails import ReceivedMail
from tkit.lab.clients.web import Web
from tkit.lab.clock import Schedule

Eyes = Literal["reader", "chromium"]
"""What finds the pictures of a mail: tkit's own reader, or a real Chromium."""

DESKTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0"
"""A mail program that names itself."""

PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36"
"""A mail program on a telephone."""


class Browser(Protocol):
    """What shows a mail and tells what it requests, such as :class:`tkit.lab.clients.eyes.ChromiumEyes`."""

    def requested(self, raw: bytes) -> tuple[str, ...]:
        """Return the distinct URLs, in the order of the requests."""


@dataclass(frozen=True)
class Setting:
    """Where a client is.

    Attributes
    ----------
    web : Web
        The network.
    schedule : Schedule
        Tells the time and takes what is to happen later.
    random : Random
        The recipient's own, so that one recipient's choices do not depend on another's.
    browser : Browser, optional
        For clients with ``eyes = "chromium"``.
    """

    web: Web
    schedule: Schedule
    random: Random
    browser: Browser | None = None

    def requests(self, mail: ReceivedMail, eyes: Eyes) -> tuple[str, ...]:
        """Return the URLs that showing a mail loads.

        Raises
        ------
        TkitError
            If a browser is asked for and there is none.
        """
        if eyes == "reader":
            return mail.requests
        if self.browser is None:
            raise TkitError('eyes = "chromium" needs a started Chromium: give one, or write eyes = "reader"')
        return self.browser.requested(mail.raw)

    def fetch(self, urls: Iterable[str], agent: str) -> None:
        """Request URLs now."""
        for url in urls:
            self.web.get(url, agent)


class Client:
    """A recipient's mail client; one object for each recipient, because some remember what they loaded."""

    def sent(self, mail: ReceivedMail, setting: Setting) -> None:
        """Do what happens on the sender's side when a mail was sent."""

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Do what happens when a mail arrives, without anybody looking."""

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Do what happens when the recipient opens the mail."""


@dataclass
class Around(Client):
    """A client with something around it that changes what is requested.

    Parameters
    ----------
    inside : Client
        What the recipient uses.
    """

    inside: Client

    def sent(self, mail: ReceivedMail, setting: Setting) -> None:
        """Leave it to the client inside."""
        self.inside.sent(mail, setting)

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Leave it to the client inside."""
        self.inside.delivered(mail, setting)

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Leave it to the client inside."""
        self.inside.opened(mail, setting)
