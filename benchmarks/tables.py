"""What the benchmarks share: options, the corpora read once, browsers' answers, Markdown tables, intervals, versions."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from rich.progress import Progress

from tkit.arrays import wilson
from tkit.campaigns import Copy, compare_copies, copy_of
from tkit.corpus import CORPORA, Problem, RawMessage, read_raw
from tkit.errors import TkitError
from tkit.evaluate import Estimate
from tkit.features import KEY, extract
from tkit.mail import Message

ROOT = Path(__file__).resolve().parents[1]
CORPORA_FOLDER = ROOT.parent / "shared" / "corpora"


def corpora_parser(description: str | None, page: str) -> argparse.ArgumentParser:
    """Return a parser with the options of a benchmark that reads the corpora and the dataset's labels and writes a page."""
    parser = _parser(description)
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives (%(default)s)")
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset", help="the dataset, for its labels")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / page, help="the page to write (%(default)s)")
    return parser


def shared_parser(description: str | None, page: str) -> argparse.ArgumentParser:
    """Return a parser with the options of a cross-validated benchmark that reads the corpora and the published lists."""
    parser = _parser(description)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder of corpora/ and lists/")
    parser.add_argument("--dataset", type=Path, default=Path("data/dataset"), help="the dataset, for its labels")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs") / page, help="the page to write (%(default)s)")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def _parser(description: str | None) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main: Callable[[], int | None]) -> None:
    """Run a benchmark; print an error of tkit without a traceback."""
    try:
        sys.exit(main())
    except TkitError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")


class Answers:
    """What a browser did with HTML texts, by their SHA-256, in a file of JSON lines: an interrupted run goes on there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known: dict[str, Any] = {entry["html_sha256"]: entry["answer"] for entry in map(json.loads, lines)}

    def of(self, html: str, ask: Callable[[str], Any]) -> Any:
        """Return the stored answer for a text; ask for it first if there is none."""
        key = hashlib.sha256(html.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self._known:
            self._known[key] = ask(html)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"html_sha256": key, "answer": self._known[key]}) + "\n")
        return self._known[key]


class Compared(NamedTuple):
    """A corpus with its mailings compared; ``seconds`` is the time of comparing, without reading the mails."""

    corpus: str
    mails: int
    features: pd.DataFrame
    campaigns: pd.DataFrame
    senders: dict[str, str]
    seconds: float
    copies: list[Copy]


def compare_corpora(folder: Path, progress: Progress) -> list[Compared]:
    """Read every corpus and compare its mailings."""
    return [_compare(corpus.name, folder / corpus.archive, progress) for corpus in CORPORA]


def _compare(name: str, archive: Path, progress: Progress) -> Compared:
    copies: dict[str, Copy | None] = {}
    seconds = 0.0

    def messages() -> Iterator[Message]:
        nonlocal seconds
        for raw in _read(name, archive, progress):
            message = Message.from_bytes(raw.raw)
            if message.message_sha256 not in copies:
                start = time.perf_counter()
                copies[message.message_sha256] = copy_of(message)
                seconds += time.perf_counter() - start
                yield message

    features = extract(messages())
    features["corpus"] = name
    start = time.perf_counter()
    with_references = [copy for copy in copies.values() if copy]
    campaigns = compare_copies(with_references)
    seconds += time.perf_counter() - start
    senders = {copy.message_sha256: copy.mail.sender for copy in with_references}
    return Compared(name, len(copies), features, campaigns, senders, seconds, with_references)


def joined(results: Sequence[Compared]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the features and the campaigns of all corpora; a message in two corpora counts for the first."""
    key = list(KEY)
    features = pd.concat([result.features for result in results]).drop_duplicates(key, ignore_index=True)
    campaigns = pd.concat([result.campaigns for result in results]).drop_duplicates(key, ignore_index=True)
    return features, campaigns


def read_messages(folder: Path, wanted: frozenset[str], progress: Progress) -> dict[str, Message]:
    """Read the wanted messages from the archives, by ``message_sha256``."""
    messages = {}
    for corpus in CORPORA:
        for raw in _read(corpus.name, folder / corpus.archive, progress):
            message = Message.from_bytes(raw.raw)
            if message.message_sha256 in wanted:
                messages[message.message_sha256] = message
    return messages


def _read(name: str, archive: Path, progress: Progress) -> Iterator[RawMessage]:
    if not archive.is_file():
        raise TkitError(f"{archive}: no such archive; see --corpora")
    task = progress.add_task(name, total=archive.stat().st_size)
    problems: list[Problem] = []
    return read_raw([archive], problems=problems, progress=lambda done, _: progress.update(task, completed=done))


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table as lines of Markdown, the first column to the left and the others to the right."""
    lines = [head, ("---",) + ("---:",) * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def share(part: int, whole: int) -> str:
    """Write a share with its 95% Wilson interval."""
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part / whole:.2%} [{float(low):.1%}, {float(high):.1%}]"


def percent(estimate: Estimate, digits: int = 1, sign: str = "", unit: str = "%") -> str:
    """Write an estimate in hundredths with its interval."""
    value, low, high = (f"{100 * number:{sign}.{digits}f}{unit}" for number in estimate)
    return f"{value} [{low}, {high}]"


def write_block(page: Path, script: str, lines: Sequence[str]) -> None:
    """Replace the block of a page that a script of this folder writes."""
    begin, end = f"<!-- begin: benchmarks/{script} -->", f"<!-- end: benchmarks/{script} -->"
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    tail = rest.partition(end)[2]
    page.write_text("\n".join([head + begin, *lines, end + tail]), encoding="utf-8")


def made_with(names: Sequence[str], **versions: str) -> list[str]:
    """Return the section on date, versions of libraries and machine; `versions` are those of other programs."""
    rows = [
        ("date", datetime.datetime.now(datetime.UTC).date().isoformat()),
        *versions.items(),
        *((name, version(name)) for name in names),
        ("Python", sys.version.split()[0]),
        ("machine", f"{os.cpu_count()} cores"),
    ]
    return ["## Made with", "", *markdown(("what", "version"), rows)]
