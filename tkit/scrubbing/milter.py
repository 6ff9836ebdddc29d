"""A mail filter for Postfix and Sendmail that scrubs every mail.

It implements the Sendmail mail filter protocol, version 6, after Sendmail's ``mfdef.h`` and Postfix's ``milter8.c``:
packets of a length, a command and data. It negotiates only what rewriting a body needs. On any error the mail passes
unchanged.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import struct
from asyncio import StreamReader, StreamWriter
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tkit.errors import TkitError
from tkit.mail.receipts import asks_for_read_receipt
from tkit.scrubbing.mails import HEADER, Personalised
from tkit.scrubbing.worker import Done, Workers

_log = logging.getLogger("tkit.scrubbing.milter")

VERSION = 6
MAX_PACKET = 1 << 20
"""Bytes; anything longer is not a packet. Sendmail and Postfix send chunks of 64 KiB."""

MAX_HELD = 1 << 29
"""Bytes of all mails that are held at the same time; beyond it, a mail passes unchanged."""

_CHUNK = 65_535
_IDLE_SECONDS = 7_210  # libmilter's own
_STOP_SECONDS = 20
_LENGTH = struct.Struct(">I")
_OPTIONS = struct.Struct(">III")
_ADD_HEADER, _CHANGE_BODY, _CHANGE_HEADER = 0x01, 0x02, 0x10
_ACTIONS = _ADD_HEADER | _CHANGE_BODY
_NO_CONNECT, _NO_HELO, _NO_MAIL, _NO_RECIPIENT, _NO_UNKNOWN, _NO_DATA = 0x1, 0x2, 0x4, 0x8, 0x100, 0x200
_NO_REPLY_HEADER, _NO_REPLY_END_OF_HEADERS, _NO_REPLY_BODY = 0x80, 0x40000, 0x80000
_LEADING_SPACE = 0x100000
_STEPS = (
    (_NO_CONNECT | _NO_HELO | _NO_MAIL | _NO_RECIPIENT | _NO_UNKNOWN | _NO_DATA)
    | (_NO_REPLY_HEADER | _NO_REPLY_END_OF_HEADERS | _NO_REPLY_BODY)
    | _LEADING_SPACE
)
_SILENT = {b"L": _NO_REPLY_HEADER, b"N": _NO_REPLY_END_OF_HEADERS, b"B": _NO_REPLY_BODY}
_UNANSWERED = (b"D", b"A", b"K")  # macros, abort, a new connection of the client
_CONTINUE = b"c"


class Counts:
    """Numbers of mails, of what was removed from them, and of the personalised pictures that were kept."""

    def __init__(self) -> None:
        self.mails = self.changed = self.trackers = self.personalised = self.kept = self.headers = self.passed = 0

    def __str__(self) -> str:
        return (
            f"{self.mails:,} mails, {self.changed:,} changed, {self.trackers:,} trackers and {self.personalised:,} personalised"
            f" pictures removed, {self.kept:,} personalised pictures kept, {self.passed:,} passed unscrubbed,"
            f" {self.headers:,} receipt requests dropped"
        )


class Milter:
    """The server.

    Parameters
    ----------
    workers : Workers
        The processes that scrub.
    max_size : int
        Bytes; a larger mail passes unchanged.
    headers : bool
        Also drop the header fields that ask for a read receipt.

    Attributes
    ----------
    counts : Counts
        All mails so far.
    """

    def __init__(self, workers: Workers, max_size: int, headers: bool = False) -> None:
        self.counts = Counts()
        self.headers = headers
        self._workers = workers
        self._max_size = max_size
        self._held = 0
        self._sessions: dict[_Session, asyncio.Task[None] | None] = {}

    async def client(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection of the mail server until it ends."""
        session = _Session(self, reader, writer)
        self._sessions[session] = asyncio.current_task()
        try:
            await session.run()
        except (OSError, EOFError, TimeoutError, _BadPacketError) as error:
            _log.warning("connection closed: %s", type(error).__name__.strip("_"))
        finally:
            session.forget()
            del self._sessions[session]
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def stop(self) -> None:
        """Finish the mails in progress, then close every connection."""
        for session in list(self._sessions):
            session.stop()
        waiting = [task for task in self._sessions.values() if task]
        if waiting:
            await asyncio.wait(waiting, timeout=_STOP_SECONDS)
        for session in list(self._sessions):
            session.stop(at_once=True)
        await self._workers.close()

    def hold(self, size: int) -> bool:
        """Note that a session holds ``size`` more bytes; return False if it must not."""
        if self._held + size > MAX_HELD:
            return False
        self._held += size
        return True

    async def scrub(self, mail: bytes) -> Done | None:
        """Scrub and count a mail; return None if that failed, so that it passes unchanged."""
        self.counts.mails += 1
        try:
            done = await self._workers.scrub(mail)
        except TkitError as error:
            self.counts.passed += 1
            _log.warning("a mail of %d bytes passes unchanged: %s", len(mail), error)
            return None
        self.counts.kept += done.kept
        if not done.raw:
            return done
        self.counts.changed += 1
        self.counts.trackers += done.trackers
        self.counts.personalised += done.personalised
        _log.info(
            "a mail of %d bytes: %d trackers and %d personalised pictures removed, %d left in, %d personalised pictures kept",
            *(len(mail), done.trackers, done.personalised, done.left, done.kept),
        )
        return done

    def passed(self, why: str) -> None:
        """Count a mail that passes without being scrubbed."""
        self.counts.mails += 1
        self.counts.passed += 1
        _log.warning("a mail passes unchanged: %s", why)

    @property
    def max_size(self) -> int:
        """Bytes of the largest mail that is scrubbed."""
        return self._max_size


class _BadPacketError(Exception):
    """The received bytes are not the protocol."""


class _Session:
    """One connection, which sends one mail after the other."""

    def __init__(self, milter: Milter, reader: StreamReader, writer: StreamWriter) -> None:
        self._milter = milter
        self._reader = reader
        self._writer = writer
        self._steps = 0
        self._actions = 0
        self._wanted = _ACTIONS | (_CHANGE_HEADER if milter.headers else 0)
        self._head: list[bytes] = []
        self._named: Counter[bytes] = Counter()
        self._requests: list[tuple[int, bytes]] = []  # the number of the field among those of its name
        self._body: list[bytes] = []
        self._size = 0
        self._too_much = False
        self._stopping = False

    async def run(self) -> None:
        """Answer commands until the mail server quits."""
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                try:
                    head = await self._reader.readexactly(_LENGTH.size)
                except asyncio.IncompleteReadError as cut:
                    if cut.partial:
                        raise
                    return
                (length,) = _LENGTH.unpack(head)
                if not 1 <= length <= MAX_PACKET:
                    raise _BadPacketError
                packet = await self._reader.readexactly(length)
            command, data = packet[:1], packet[1:]
            if command == b"Q":
                return
            await self._answer(command, data)
            if self._stopping and not self._size and command != b"O":
                return

    def stop(self, *, at_once: bool = False) -> None:
        """Close the connection after the mail in progress, if any."""
        self._stopping = True
        if at_once or not self._size:
            self._writer.close()

    def forget(self) -> None:
        """Drop the mail that is held."""
        self._milter.hold(-self._size)
        self._head, self._body, self._size, self._too_much = [], [], 0, False
        self._named, self._requests = Counter(), []

    async def _answer(self, command: bytes, data: bytes) -> None:
        if command == b"O":
            self._negotiate(data)
        elif command in _UNANSWERED:
            if command != b"D":
                self.forget()
            return
        elif command == b"E":
            self._keep(self._body, data)
            await self._end_of_body()
            self.forget()
        else:
            if command == b"L":
                self._header(data)
            elif command == b"B":
                self._keep(self._body, data)
            if self._steps & _SILENT.get(command, 0):
                return
            self._send(_CONTINUE)
        await self._writer.drain()

    def _negotiate(self, data: bytes) -> None:
        if len(data) < _OPTIONS.size:
            raise _BadPacketError
        version, actions, steps = _OPTIONS.unpack(data[: _OPTIONS.size])
        self._actions, self._steps = actions & self._wanted, steps & _STEPS
        self._send(b"O" + _OPTIONS.pack(min(version, VERSION), self._actions, self._steps))

    def _header(self, data: bytes) -> None:
        name, _, value = data.partition(b"\0")
        if self._milter.headers and not self._too_much and asks_for_read_receipt(name.decode("latin-1")):
            self._named[name.lower()] += 1
            self._requests.append((self._named[name.lower()], name))
        space = b"" if self._steps & _LEADING_SPACE else b" "
        value = value.removesuffix(b"\0").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self._keep(self._head, name + b":" + space + value + b"\r\n")

    def _keep(self, chunks: list[bytes], data: bytes) -> None:
        if self._too_much:
            return
        if self._size + len(data) > self._milter.max_size or not self._milter.hold(len(data)):
            self.forget()
            self._too_much = True
        elif data:
            chunks.append(data)
            self._size += len(data)

    async def _end_of_body(self) -> None:
        if self._too_much:
            self._milter.passed("it is too large")
        elif self._actions != self._wanted:
            self._milter.passed("the mail server does not allow changing the mail")
        else:
            head = b"".join(self._head) + b"\r\n"
            done = await self._milter.scrub(head + b"".join(self._body))
            if done and self._milter.headers:
                self._drop_requests()
            if done and done.raw:
                added, _, mail = done.raw.partition(b"\n")
                # After a broken header the parts can begin among the headers, which cannot be changed here.
                if mail.startswith(head):
                    for start in range(len(head), len(mail), _CHUNK):
                        self._send(b"b" + mail[start : start + _CHUNK])
                        await self._writer.drain()
                    value = added.partition(b":")[2].strip()
                    space = b" " if self._steps & _LEADING_SPACE else b""
                    self._send(b"h" + HEADER.encode("ascii") + b"\0" + space + value + b"\0")
        self._send(_CONTINUE)

    def _drop_requests(self) -> None:
        """Delete the header fields that ask for a read receipt; the last of a name first, so that the numbers stay right."""
        for number, name in reversed(self._requests):
            self._send(b"m" + _LENGTH.pack(number) + name + b"\0\0")
        self._milter.counts.headers += len(self._requests)

    def _send(self, packet: bytes) -> None:
        self._writer.write(_LENGTH.pack(len(packet)) + packet)


def serve(
    listen: str,
    *,
    model: Path | None = None,
    vantage: str = "message",
    replace: bool = False,
    personalised: Personalised = "keep",
    headers: bool = False,
    workers: int = 2,
    timeout: float = 60.0,
    max_size: int = 64 << 20,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the mails in progress.

    Parameters
    ----------
    listen : str
        ``inet:PORT@HOST`` (``inet:PORT`` is 127.0.0.1) or ``unix:PATH``.
    model, vantage, replace, personalised, workers, timeout
        See :class:`tkit.scrubbing.worker.Workers`.
    headers, max_size
        See :class:`Milter`.

    Raises
    ------
    TkitError
        If ``listen`` has another form or cannot be listened on.
    """
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(listen, Workers(workers, timeout, model, vantage, replace, personalised), max_size, headers))


async def _serve(listen: str, workers: Workers, max_size: int, headers: bool) -> None:
    milter = Milter(workers, max_size, headers)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await _listen(listen, milter)
    addresses = ", ".join(_name(socket.getsockname()) for socket in server.sockets)
    _log.info("listening on %s", addresses)
    await stopped.wait()
    server.close()
    await milter.stop()
    _log.info("stopped: %s", milter.counts)


def listening_place(listen: str) -> str | tuple[str, int]:
    """Parse the address to listen on.

    Returns
    -------
    str or (str, int)
        A path, or host and port.

    Raises
    ------
    TkitError
        If it is neither.

    Examples
    --------
    >>> listening_place("inet:8894@::1"), listening_place("unix:/run/tkit")
    (('::1', 8894), '/run/tkit')
    """
    kind, _, address = listen.partition(":")
    if kind == "unix" and address:
        return address
    port, _, host = address.partition("@")
    if kind in ("inet", "inet6") and port.isascii() and port.isdecimal() and int(port) < 1 << 16:
        return host or "127.0.0.1", int(port)
    raise TkitError(f"{listen}: not an address to listen on: give inet:PORT@HOST or unix:PATH")


async def _listen(listen: str, milter: Milter) -> asyncio.Server:
    address = listening_place(listen)
    try:
        if isinstance(address, str):
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(os.stat(address).st_mode):
                    os.unlink(address)  # left by a server that was killed
            return await asyncio.start_unix_server(milter.client, address)
        return await asyncio.start_server(milter.client, *address, backlog=256)
    except OSError as error:
        raise TkitError(f"{listen}: cannot be listened on ({error.strerror or error}): give another --listen") from None


def _name(address: object) -> str:
    return f"inet:{address[1]}@{address[0]}" if isinstance(address, tuple) else f"unix:{address}"
