"""What the pages that benchmarks write have in common: the corpora read once, Markdown, intervals, versions."""

from __future__ import annotations

import datetime
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from rich.progress import Progress

from tkit.arrays import wilson
from tkit.campaigns import Copy, compare_copies, copy_of
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.errors import TkitError
from tkit.features import extract
from tkit.mail import Message

ROOT = Path(__file__).resolve().parents[1]
CORPORA_FOLDER = ROOT.parent / "shared" / "corpora"


class Compared(NamedTuple):
    """One corpus; the seconds are those of keeping what is compared and of comparing, the mails being read already."""

    corpus: str
    mails: int
    features: pd.DataFrame
    campaigns: pd.DataFrame
    senders: dict[str, str]
    seconds: float
    copies: list[Copy]


def compared(folder: Path, names: Sequence[str], progress: Progress) -> Iterator[Compared]:
    """Read each corpus and compare its mailings."""
    for corpus in CORPORA:
        if corpus.name in names:
            archive = folder / corpus.archive
            if not archive.is_file():
                raise TkitError(f"{archive}: no such archive; see --corpora")
            yield _compared(corpus.name, archive, progress)


def _compared(name: str, archive: Path, progress: Progress) -> Compared:
    task = progress.add_task(name, total=archive.stat().st_size)
    problems: list[Problem] = []
    copies: dict[str, Copy | None] = {}
    spent = 0.0

    def messages() -> Iterator[Message]:
        nonlocal spent
        for raw in read_raw([archive], problems=problems, progress=lambda done, _: progress.update(task, completed=done)):
            message = Message.from_bytes(raw.raw)
            if message.message_sha256 not in copies:
                start = time.perf_counter()
                copies[message.message_sha256] = copy_of(message)
                spent += time.perf_counter() - start
                yield message

    features = extract(messages())
    features["corpus"] = name
    start = time.perf_counter()
    known = [copy for copy in copies.values() if copy]
    campaigns = compare_copies(known)
    seconds = spent + time.perf_counter() - start
    senders = {copy.message_sha256: copy.mail.sender for copy in known}
    return Compared(name, len(copies), features, campaigns, senders, seconds, known)


def mails(folder: Path, wanted: frozenset[str], progress: Progress) -> dict[str, Message]:
    """Read the wanted messages from the archives."""
    found = {}
    for corpus in CORPORA:
        archive = folder / corpus.archive
        if not archive.is_file():
            raise TkitError(f"{archive}: no such archive; see --corpora")
        task = progress.add_task(corpus.name, total=archive.stat().st_size)
        problems: list[Problem] = []

        def tell(done: int, _: int | None, task: object = task) -> None:
            progress.update(task, completed=done)  # type: ignore[arg-type]

        for raw in read_raw([archive], problems=problems, progress=tell):
            message = Message.from_bytes(raw.raw)
            if message.message_sha256 in wanted:
                found[message.message_sha256] = message
    return found


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def share(part: int, whole: int) -> str:
    """Write a share with its Wilson interval."""
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part / whole:.4f} [{float(low):.3f}, {float(high):.3f}]"


def made_with(names: Sequence[str]) -> list[str]:
    return [
        "## Made with",
        "",
        *markdown(
            ("what", "version"),
            [
                ("date", datetime.datetime.now(datetime.UTC).date().isoformat()),
                *((name, version(name)) for name in names),
                ("Python", sys.version.split()[0]),
                ("machine", f"{os.cpu_count()} cores"),
            ],
        ),
    ]
