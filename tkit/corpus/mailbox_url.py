"""The URL of a folder on an IMAP server, as a path of the command line."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from tkit.corpus.raw import printable
from tkit.errors import TkitError

_SCHEME = re.compile(r"imaps?:", re.IGNORECASE)
_UID = re.compile(r"(.*?)/?;UID=(\d{1,10})", re.DOTALL | re.IGNORECASE)
_PORTS = {"imaps": 993, "imap": 143}
_FORM = "write imaps://USER@HOST/FOLDER"


class MailboxUrl(NamedTuple):
    """A folder on an IMAP server (RFC 5092), or one mail in it.

    Attributes
    ----------
    scheme : {"imaps", "imap"}
        With TLS from the start, or without.
    user, host : str
        The account.
    port : int
        The server's port.
    folder : str
        The folder's name; ``""`` if none is given.
    uid : int or None
        The number of the mail; None for all mails of the folder.
    """

    scheme: str
    user: str
    host: str
    port: int
    folder: str
    uid: int | None

    @property
    def account(self) -> str:
        """The URL of the account, without a folder."""
        user = "".join(f"%{ord(c):02X}" if c in "%:/" else c for c in self.user)
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return printable(f"{self.scheme}://{user}@{host}{port}")

    @property
    def place(self) -> str:
        """The URL of the folder."""
        return printable(f"{self.account}/{self.folder.replace('%', '%25').replace(';', '%3B')}")

    def place_of(self, uid: int) -> str:
        """Return the URL of a mail, which can be read again as a path."""
        return f"{self.place}/;UID={uid}"


def is_mailbox_url(path: str) -> bool:
    """Return whether a path is meant as the URL of an IMAP folder. A file of such a name can be written ``./imap:name``."""
    return _SCHEME.match(path) is not None


def parse_mailbox_url(path: str) -> MailboxUrl:
    """Read the URL of an IMAP folder.

    Raises
    ------
    TkitError
        If it is none, or contains a password. The message repeats nothing of it, because any part may be the password.
    """
    scheme, _, rest = path.partition(":")
    authority, _, location = rest.removeprefix("//").partition("/")
    userinfo, at, address = authority.rpartition("@")
    if not rest.startswith("//") or (not at and "@" not in location):
        raise TkitError(f"the URL of an IMAP folder names no user: {_FORM}")
    if ":" in userinfo or not at:
        raise TkitError(
            "a password does not belong in a URL, where other users and the shell's history can see it: "
            f"{_FORM}, and set TKIT_IMAP_PASSWORD, or use the keyring; choose a new password if this one was real"
        )
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?", address)
    user, folder = unquote(userinfo), location
    one = _UID.fullmatch(location)
    if one:
        folder = one[1]
    folder = unquote(folder)
    if not match or not user or not (user + folder + address).isprintable() or not 0 < int(match[3] or 1) < 2**16:
        raise TkitError(f"not the URL of an IMAP folder: {_FORM}, or imaps://USER@HOST:PORT/FOLDER")
    name = scheme.lower()
    port = int(match[3]) if match[3] else _PORTS[name]
    return MailboxUrl(name, user, match[1] or match[2], port, folder, int(one[2]) if one else None)
