"""Any program as a detector: one JSON line per reference in, one JSON line per verdict out.

The protocol
------------
The program is started once for each call of :meth:`ProgramDetector.scores`, without a shell. On standard input it reads one
JSON object per line (UTF-8, no line end inside) for each reference, those of a message together and in document order.
An object has every column of :data:`tkit.detectors.facts.FACTS` by its name (``part`` and ``index`` are numbers,
``written_attributes`` is an object of strings, all others are strings) and ``id``, the number of the line from 0. Standard
input ends after the last reference.

On standard output it writes one JSON object per line for each reference, in the same order: ``{"score": 0.93}`` with a
number from 0 (clean) to 1 (tracker), or ``{"tracker": true}``, which takes precedence if both are present. ``id`` is
optional and must be that of the reference. Other members are ignored. It may write while it still reads, or only at the end.
Its standard error is shown if something goes wrong. It ends with exit code 0.

Its output is untrusted input: a line has at most :data:`LONGEST_LINE` bytes, and the program is killed after a line that is
not a verdict, or after :attr:`ProgramDetector.timeout` seconds in which it neither reads nor writes anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, ClassVar

import numpy as np
import pandas as pd

from tkit.arrays import Floats
from tkit.detectors.facts import FACTS, fact
from tkit.errors import TkitError

LONGEST_LINE = 1 << 16
"""Maximum bytes of a verdict's line."""

_SHOWN = 200
_LAST = b""
# Seconds for a pipe to break after its program has ended; only a process that left the group could keep it open longer.
_GRACE = 5.0


@dataclass(frozen=True)
class ProgramDetector:
    """A program that speaks the protocol of this module.

    Attributes
    ----------
    command : tuple of str
        The program and its arguments, as the operating system takes them.
    name : str
        Its name in tables.
    timeout : float
        Seconds without progress after which it is killed.
    """

    command: tuple[str, ...]
    name: str
    timeout: float = 60.0
    vantage: ClassVar[str] = "message"
    facts: ClassVar[tuple[str, ...]] = tuple(FACTS)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Start the program, send it every reference, and read its verdicts.

        Raises
        ------
        TkitError
            If it cannot be started, writes a line that is not a verdict, writes too few or too many, fails, or hangs. The
            message names the line and contains the end of the program's standard error.
        """
        lines = _lines(rows, self.name)
        if not lines:
            return np.zeros(0)
        score = np.empty(len(lines))
        with tempfile.TemporaryFile() as errors, _started(self, errors) as process:
            answered = 0
            try:
                for line in _answers(process, lines, self.timeout):
                    if answered == len(lines):
                        raise TkitError(f"more than {len(lines)} verdicts: write one per reference")
                    score[answered] = _verdict(line, answered)
                    answered += 1
                code = process.wait(self.timeout)
                if answered < len(lines) or code:
                    raise TkitError(f"it ended with exit code {code} after {answered} of {len(lines)} verdicts")
            except subprocess.TimeoutExpired:
                raise TkitError(f"{self.name}: it did not end within {self.timeout:g} s after its last verdict") from None
            except TkitError as error:
                raise TkitError(f"{self.name}: {error}{_last_words(errors)}") from None
        return score


def _lines(rows: pd.DataFrame, reader: str) -> list[bytes]:
    columns = [fact(rows, name, reader) for name in FACTS]
    return [
        json.dumps({"id": number, **dict(zip(FACTS, values, strict=True))}).encode() + b"\n"
        for number, values in enumerate(zip(*columns, strict=True))
    ]


@contextlib.contextmanager
def _started(detector: ProgramDetector, errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program in a process group of its own, and always kill the whole group at the end."""
    try:
        process = subprocess.Popen(
            detector.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TkitError(
            f"{detector.name}: {detector.command[0]} cannot be started ({reason}): give an executable file, in a script with"
            " a first line such as #!/usr/bin/env python3"
        ) from None
    try:
        yield process
    finally:
        _end(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and the processes that it started; on systems without process groups only the program."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _answers(process: subprocess.Popen[bytes], lines: list[bytes], timeout: float) -> Iterator[bytes]:
    """Write the lines and yield the answers at the same time, so that a full pipe on either side blocks neither."""
    progress = [time.monotonic()]
    answers: queue.Queue[bytes] = queue.Queue(1024)
    stopped = threading.Event()
    assert process.stdin is not None
    assert process.stdout is not None
    writer = threading.Thread(target=_write, args=(process.stdin, lines, progress, stopped), daemon=True)
    reader = threading.Thread(target=_read, args=(process.stdout, answers, stopped), daemon=True)
    writer.start()
    reader.start()
    try:
        while True:
            left = progress[0] + timeout - time.monotonic()
            try:
                line = answers.get(timeout=max(left, 0.01))
            except queue.Empty:
                if progress[0] + timeout <= time.monotonic():
                    raise TkitError(f"nothing in or out for {timeout:g} s: it hangs, or needs a longer time limit") from None
                continue
            if line == _LAST:
                # All output is read; the writer may be about to close the pipe.
                writer.join(timeout)
                return
            progress[0] = time.monotonic()
            yield line
    finally:
        # The threads may block in a read or a write; both end with the program.
        stopped.set()
        if writer.is_alive() or reader.is_alive():
            _end(process)
        for thread in (writer, reader):
            thread.join(_GRACE)


def _write(stream: IO[bytes], lines: list[bytes], progress: list[float], stopped: threading.Event) -> None:
    # A program that ends early breaks the pipe; its output or its exit code shows why.
    with contextlib.suppress(OSError, ValueError):
        for line in lines:
            if stopped.is_set():
                return
            stream.write(line)
            progress[0] = time.monotonic()
        stream.close()


def _read(stream: IO[bytes], answers: queue.Queue[bytes], stopped: threading.Event) -> None:
    line = b"\n"
    while line:
        line = stream.readline(LONGEST_LINE)
        while not stopped.is_set():
            try:
                answers.put(line, timeout=0.1)
            except queue.Full:
                continue
            break
        else:
            return


def _verdict(line: bytes, number: int) -> float:
    where = f"line {number + 1} of its output"
    shown = repr(line[:_SHOWN].decode("utf-8", "replace"))
    wanted = 'write {"score": 0.0 to 1.0} or {"tracker": true}'
    if len(line) >= LONGEST_LINE:
        raise TkitError(f"{where} is longer than {LONGEST_LINE} bytes: {wanted}")
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise TkitError(f"{where} is not JSON: {shown}: {wanted}, and nothing else to standard output") from None
    if not isinstance(answer, dict):
        raise TkitError(f"{where} is not an object: {shown}: {wanted}")
    if answer.get("id", number) != number:
        raise TkitError(
            f"{where} is about id {answer['id']!r:.40}, not {number}: write the verdicts in the order of the references"
        )
    return _score(answer, f"{where} contains no verdict: {shown}: {wanted}")


def _score(answer: dict[str, Any], message: str) -> float:
    tracker, score = answer.get("tracker"), answer.get("score")
    if isinstance(tracker, bool):
        return float(tracker)
    if tracker is None and isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1:
        return float(score)
    raise TkitError(message)


def _last_words(errors: IO[bytes]) -> str:
    """Return the last line that the program wrote to standard error."""
    end = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, end - 4096))
    lines = [line for line in errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f"; its last words: {lines[-1].strip()[:_SHOWN]!r}" if lines else ""
