"""Mail servers on this machine: SMTP in, a Maildir for each recipient out."""

from __future__ import annotations

import asyncio
import mailbox
import smtplib
import threading
from collections.abc import Callable, Iterable
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import quote

from tkit.errors import TkitError
from tkit.lab.loopback import HOST, listening_socket, loopback_address

try:
    from aiosmtpd.smtp import SMTP, Envelope, Session
except ImportError as missing:
    raise TkitError("tkit.lab.sender needs aiosmtpd: pip install 'tkit[lab]'") from missing

Change = Callable[[str, bytes], bytes]
"""What a server does to a mail on delivery: takes recipient and mail, returns the mail that goes into the mailbox."""


class Mailboxes(Protocol):
    """A mail server that keeps what it delivers."""

    port: int

    def delivered(self, recipient: str) -> list[bytes]:
        """Return the mails in a recipient's mailbox in the order of arrival."""


def unchanged(recipient: str, raw: bytes) -> bytes:
    """Return the mail as it came."""
    return raw


class MailServer:
    """An SMTP server for the time of a ``with`` block that takes every recipient; it relays nothing.

    Parameters
    ----------
    folder : Path
        Where the Maildirs are made, one for each address.
    host, port : str, int
        A loopback address; port 0 takes a free one.
    change : callable
        What is done to a mail on delivery, such as taking trackers out; by default nothing.

    Attributes
    ----------
    port : int
        Where it listens.

    Raises
    ------
    TkitError
        If the address is not loopback, or the port is taken.
    """

    def __init__(self, folder: Path, host: str = HOST, port: int = 0, change: Change = unchanged) -> None:
        self._folder, self._change = folder, change
        self._socket = listening_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tkit-lab-mail")

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._socket.close()

    def delivered(self, recipient: str) -> list[bytes]:
        """Return the mails in a recipient's mailbox in the order of arrival."""
        return mails_in(self._folder / quote(recipient, safe="@"))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Put a mail into the mailboxes of its recipients."""
        content = envelope.content or b""
        assert isinstance(content, bytes)  # aiosmtpd decodes only if it was asked to
        for recipient in envelope.rcpt_tos:
            raw = self._change(recipient, content)
            mailbox.Maildir(self._folder / quote(recipient, safe="@")).add(raw)
        return "250 delivered"

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: SMTP(self, hostname="localhost", loop=self._loop), sock=self._socket)
        self._started.set()
        await self._ended.wait()
        server.close()


def mails_in(folder: Path) -> list[bytes]:
    """Return the mails of a Maildir in the order of arrival; of a folder that is not there, none."""
    paths = [path for kind in ("cur", "new") for path in folder.glob(f"{kind}/*")]
    return [path.read_bytes() for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))]


def send(mails: Iterable[tuple[str, bytes]], sender: str, port: int, host: str = HOST) -> int:
    """Send mails, each to one recipient, by SMTP; return their number.

    Raises
    ------
    TkitError
        If the server is not on this machine, does not answer, or refuses a mail.
    """
    count = 0
    try:
        with smtplib.SMTP(loopback_address(host), port, local_hostname="localhost", timeout=60) as smtp:
            for recipient, raw in mails:
                smtp.sendmail(parseaddr(sender)[1], [recipient], raw)
                count += 1
    except (OSError, smtplib.SMTPException) as error:
        raise TkitError(f"{host}:{port}: the mail server takes no mail ({error}): is it running?") from error
    return count
