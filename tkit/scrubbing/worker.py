"""Scrubbing in processes of their own, which a mail may hang or end without harm to the next one.

``python -m tkit.scrubbing.worker`` reads mails from standard input and writes what became of them to standard output,
each after its length; :class:`Workers` keeps some of them at work.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from tkit.errors import TkitError

_LENGTH = struct.Struct(">I")
_DONE = struct.Struct(">?III")  # no fault, trackers removed, trackers left in, length of the mail that follows


class Done(NamedTuple):
    """What became of a mail: how many trackers were removed and left in, and its bytes, ``b""`` where none changed."""

    removed: int
    left: int
    raw: bytes


class Workers:
    """Some processes that scrub, started when they are needed and started again when one is gone.

    Parameters
    ----------
    count : int
        How many mails are looked into at the same time.
    timeout : float
        Seconds that one mail may take, its waiting for a free process included.
    model : Path, optional
        Bundle folder; without it the built-in one of ``vantage``.
    vantage : str
        ``"url"``, ``"element"`` or ``"message"``.
    replace : bool
        See :func:`tkit.scrubbing.scrub`.
    """

    def __init__(self, count: int, timeout: float, model: Path | None, vantage: str, replace: bool) -> None:
        self._timeout = timeout
        self._command = [sys.executable, "-m", "tkit.scrubbing.worker", str(model or ""), vantage, "replace" if replace else ""]
        self._idle: asyncio.Queue[Process | None] = asyncio.Queue()
        self._running: set[Process] = set()
        for _ in range(count):
            self._idle.put_nowait(None)

    async def scrub(self, mail: bytes) -> Done:
        """Have one mail scrubbed.

        Raises
        ------
        TkitError
            Where that failed: the time was over, or the process ended or found a fault.
        """
        process: Process | None = None
        taken = sound = False
        try:
            async with asyncio.timeout(self._timeout):
                process = await self._idle.get()
                taken = True
                if process is None or process.returncode is not None:
                    process = await asyncio.create_subprocess_exec(
                        *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
                    )
                    self._running.add(process)
                done = await _ask(process, mail)
                sound = True
        except TimeoutError:
            raise TkitError(f"not done within {self._timeout:g} s") from None
        except (OSError, asyncio.IncompleteReadError):
            raise TkitError("the process that looked into it ended") from None
        finally:
            if taken:
                if not sound and process is not None:
                    self._end(process)
                self._idle.put_nowait(process if sound else None)
        if done is None:
            raise TkitError("a fault while it was looked into")
        return done

    async def close(self) -> None:
        """End the processes."""
        for process in list(self._running):
            self._end(process)
            await process.wait()

    def _end(self, process: Process) -> None:
        self._running.discard(process)
        with suppress(ProcessLookupError):
            process.kill()


async def _ask(process: Process, mail: bytes) -> Done | None:
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    process.stdin.write(_LENGTH.pack(len(mail)) + mail)
    await process.stdin.drain()
    sound, removed, left, length = _DONE.unpack(await process.stdout.readexactly(_DONE.size))
    raw = await process.stdout.readexactly(length)
    return Done(removed, left, raw) if sound else None


def work(requests: IO[bytes], answers: IO[bytes], model: str, vantage: str, replace: bool) -> None:
    """Scrub the mails of one stream into another until it ends."""
    from tkit.bundle import Bundle, default_bundle  # noqa: PLC0415  the server needs no model in memory
    from tkit.scrubbing.mails import scrub  # noqa: PLC0415

    bundle = Bundle.load(model) if model else default_bundle(vantage)
    while len(head := requests.read(_LENGTH.size)) == _LENGTH.size:
        mail = requests.read(*_LENGTH.unpack(head))
        try:
            done = scrub(mail, bundle, replace=replace)
        except Exception:  # whatever it is, the mail passes and the next one comes
            answers.write(_DONE.pack(False, 0, 0, 0))
        else:
            raw = done.raw if done.removed else b""
            answers.write(_DONE.pack(True, len(done.removed), len(done.skipped), len(raw)) + raw)
        answers.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], sys.argv[2], bool(sys.argv[3]))
