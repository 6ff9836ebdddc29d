"""What a real Chromium requests when it shows a mail, for clients that are browsers."""

from __future__ import annotations

from tkit.lab.render import ChromiumRenderer
from tkit.mail import Message


class ChromiumEyes:
    """Shows mails in a Chromium, for clients with ``eyes = "chromium"``; each HTML text once.

    The browser itself stays closed off (:mod:`tkit.lab.render`); the client then requests what the browser asked for.

    Parameters
    ----------
    renderer : ChromiumRenderer
        Started.
    """

    def __init__(self, renderer: ChromiumRenderer) -> None:
        self._renderer = renderer
        self._known: dict[str, tuple[str, ...]] = {}

    def requested(self, raw: bytes) -> tuple[str, ...]:
        """Return the distinct URLs, in the order of the requests."""
        asked: dict[str, None] = {}
        for html in Message.from_bytes(raw).html_parts:
            if html not in self._known:
                self._known[html] = tuple(self._renderer.requested(html))
            asked |= dict.fromkeys(self._known[html])
        return tuple(asked)
