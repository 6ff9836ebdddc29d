"""Scrub in separate processes, so that a mail that hangs or crashes one does not harm the next mail.

``python -m tkit.scrubbing.worker`` reads mails from standard input and writes the results to standard output,
each after its length. :class:`Workers` runs several such processes.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from tkit.bundle import Bundle, default_bundle
from tkit.errors import TkitError
from tkit.scrubbing.mails import Personalised, scrub

_LENGTH = struct.Struct(">I")
_DONE = struct.Struct(">?5I")  # success, the counts of Done, length of the mail that follows


class Done(NamedTuple):
    """The result for a mail.

    Attributes
    ----------
    trackers, personalised : int
        How many trackers and personalised pictures were removed.
    kept : int
        How many personalised pictures were kept, since a person should see them.
    left : int
        How many references could not be removed.
    raw : bytes
        The new mail; ``b""`` if nothing was removed.
    """

    trackers: int
    personalised: int
    kept: int
    left: int
    raw: bytes


class Workers:
    """Processes that scrub, started when needed and restarted when one has ended.

    Parameters
    ----------
    count : int
        How many mails are scrubbed at the same time.
    timeout : float
        Seconds that one mail may take, including the wait for a free process.
    model : Path, optional
        Bundle folder; by default the built-in bundle of ``vantage``.
    vantage : str
        ``"url"``, ``"element"`` or ``"message"``.
    replace, personalised
        See :func:`tkit.scrubbing.scrub`.
    """

    def __init__(
        self, count: int, timeout: float, model: Path | None, vantage: str, replace: bool, personalised: Personalised = "keep"
    ) -> None:
        self._timeout = timeout
        options = [str(model or ""), vantage, "replace" if replace else "", personalised]
        self._command = [sys.executable, "-m", "tkit.scrubbing.worker", *options]
        self._idle: asyncio.Queue[Process | None] = asyncio.Queue()
        self._running: set[Process] = set()
        for _ in range(count):
            self._idle.put_nowait(None)

    async def scrub(self, mail: bytes) -> Done:
        """Scrub one mail in a free process.

        Raises
        ------
        TkitError
            If that failed: it timed out, the process ended, or scrubbing raised an error.
        """
        process: Process | None = None
        taken = succeeded = False
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
                succeeded = True
        except TimeoutError:
            raise TkitError(f"not done within {self._timeout:g} s") from None
        except (OSError, asyncio.IncompleteReadError):
            raise TkitError("the process that scrubbed it ended") from None
        finally:
            if taken:
                if not succeeded and process is not None:
                    self._end(process)
                self._idle.put_nowait(process if succeeded else None)
        if done is None:
            raise TkitError("an error while it was scrubbed")
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
    succeeded, trackers, personalised, kept, left, length = _DONE.unpack(await process.stdout.readexactly(_DONE.size))
    raw = await process.stdout.readexactly(length)
    return Done(trackers, personalised, kept, left, raw) if succeeded else None


def work(
    requests: IO[bytes], answers: IO[bytes], model: str, vantage: str, replace: bool, personalised: Personalised = "keep"
) -> None:
    """Scrub the mails of one stream into another until the first ends."""
    bundle = Bundle.load(model) if model else default_bundle(vantage)
    while len(head := requests.read(_LENGTH.size)) == _LENGTH.size:
        mail = requests.read(*_LENGTH.unpack(head))
        try:
            done = scrub(mail, bundle, replace=replace, personalised=personalised)
        except Exception:  # whatever fails, the mail passes unchanged and the next one is read
            answers.write(_DONE.pack(False, 0, 0, 0, 0, 0))
        else:
            raw = done.raw if done.removed else b""
            trackers = sum(finding.verdict == "tracker" for finding in done.removed)
            counts = (trackers, len(done.removed) - trackers, len(done.personalised), len(done.skipped))
            answers.write(_DONE.pack(True, *counts, len(raw)) + raw)
        answers.flush()


if __name__ == "__main__":
    work(
        *(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], sys.argv[2], bool(sys.argv[3])),
        "drop" if sys.argv[4] == "drop" else "keep",
    )
