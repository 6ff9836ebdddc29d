"""Measure how much of what Chromium asks for tkit lists: random mails of each public corpus, shown for real.

The corpora's archives stand beside the repository, or at ``--corpora``. What Chromium asked for is
kept below ``--out``, so a run that was interrupted goes on where it stopped, and one after a change to
tkit's reader takes seconds; what tkit missed is listed there too. docs/coverage.md is written only by
this command.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from tables import markdown

from tkit.corpus import CORPORA, Problem, RawMessage, read_raw
from tkit.errors import TkitError
from tkit.html import RemoteReference, references
from tkit.lab import render
from tkit.lab.render import Asked, ChromiumRenderer, compare
from tkit.mail import Message

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Measured:
    """What one archive gave."""

    archive: str
    mails: int = 0
    parts: int = 0
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    misses: list[tuple[str, Asked, str]] = field(default_factory=list)
    defects: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        return sum(bool(asked.carriers) for _, asked in self.asked)

    def row(self) -> tuple[str, ...]:
        asked = len(self.asked)
        share = f"{self.found / asked:.5f}" if asked else "-"
        figures = (self.mails, self.parts, asked, self.found)
        return (self.archive, *(f"{figure:,}" for figure in figures), share, f"{self.defects.total():,}")


def together(results: Iterable[Measured]) -> Measured:
    total = Measured("all")
    for result in results:
        total.mails += result.mails
        total.parts += result.parts
        total.asked += result.asked
        total.misses += result.misses
        total.defects += result.defects
    return total


HEAD = ("archive", "mails", "HTML parts", "URLs asked for", "listed by tkit", "share", "parts with defects")


def draw(archive: Path, count: int, seed: int) -> list[tuple[str, Message]]:
    """Draw ``count`` mails with an HTML part, each as likely as another (reservoir sampling)."""
    rng = random.Random(f"{seed} {archive.name}")
    problems: list[Problem] = []
    drawn: list[tuple[int, RawMessage]] = []
    seen = 0
    for mail in read_raw([archive], problems=problems):
        if not Message.from_bytes(mail.raw).html_parts:
            continue
        seen += 1
        if len(drawn) < count:
            drawn.append((seen, mail))
        elif (place := rng.randrange(seen)) < count:
            drawn[place] = (seen, mail)
    if not drawn:
        what = "; ".join(f"{problem.where}: {problem.what}" for problem in problems[:3])
        raise TkitError(f"{archive}: no mail with an HTML part ({what}); see --corpora")
    return [(Path(mail.where).name, Message.from_bytes(mail.raw)) for _, mail in sorted(drawn)]


class Answers:
    """What Chromium asked for, by the SHA-256 of the HTML, kept in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, tuple[list[str], list[str]]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self.known[entry["html_sha256"]] = entry["asked"], entry["defects"]

    def of(self, html: str, renderer: ChromiumRenderer) -> tuple[list[str], list[str]]:
        key = hashlib.sha256(html.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self.known:
            self.known[key] = renderer.requested(html), list(renderer.defects)
            asked, defects = self.known[key]
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"html_sha256": key, "asked": asked, "defects": defects}) + "\n")
        return self.known[key]


def cause(asked: Asked, listed: Iterable[RemoteReference]) -> str:
    """Say what tkit has in the place of a URL that it missed; no part of the URL is in the answer."""
    same_part = [reference for reference in listed if reference.part == asked.part]
    path = asked.url.rpartition("/")[2]
    for reference in same_part:
        if unquote(reference.resolved_url).lower() == unquote(asked.url).lower():
            return f"{reference.carrier}: the same URL, escaped otherwise"
    for reference in same_part:
        if path and reference.url.endswith(path):
            return f"{reference.carrier}: resolved otherwise"
    return "no reference like it"


def measure(archive: Path, arguments: argparse.Namespace, renderer: ChromiumRenderer, progress: Progress) -> Measured:
    task = progress.add_task(archive.name, total=arguments.mails)
    measured = Measured(archive.name)
    digest = hashlib.sha256(Path(render.__file__).read_bytes()).hexdigest()[:12]
    answers = Answers(arguments.out / f"asked-{archive.name}-{renderer.version}-{digest}.jsonl")
    mails = draw(archive, arguments.mails, arguments.seed)
    progress.update(task, total=len(mails))
    for where, message in mails:
        asked_by_part = []
        for html in message.html_parts:
            asked, defects = answers.of(html, renderer)
            asked_by_part.append(asked)
            measured.defects.update(defect.partition(":")[0] for defect in defects)
        measured.mails += 1
        measured.parts += len(message.html_parts)
        for asked_url in compare(message, asked_by_part):
            measured.asked.append((where, asked_url))
            if not asked_url.carriers:
                measured.misses.append((where, asked_url, cause(asked_url, references(message))))
        progress.advance(task)
    return measured


def page(results: list[Measured], arguments: argparse.Namespace, chromium: str) -> str:
    """Write the page: figures and categories only, no URL of a mail."""
    total = together(results)
    carriers = Counter(carrier for _, asked in total.asked for carrier in asked.carriers)
    misses = Counter((result.archive, why) for result in results for _, _, why in result.misses)
    lines = [
        "# Coverage: what Chromium asks for, and what of it tkit lists",
        "",
        "Written by `python benchmarks/coverage.py`; do not edit.",
        "",
        f"{arguments.mails} mails with an HTML part were drawn from each archive (all of them where there",
        f"are fewer; seed {arguments.seed}). Each HTML part was shown by Chromium without scripts, narrow",
        "and wide, with every request answered inside the browser. Compared are the distinct",
        "`http` and `https` URLs of each part, without fragment and without relative URLs that have no base,",
        "with the resolved URLs of `tkit.html.references`; `|` is taken for `%7C`, as Chromium writes it.",
        "",
        *markdown(HEAD, [result.row() for result in (*results, total)]),
        "",
        "## The carriers of the URLs found",
        "",
        "A URL that is written in two ways counts for both.",
        "",
        *markdown(("carrier", "URLs"), [(f"`{name}`", f"{count:,}") for name, count in carriers.most_common()]),
        "",
        "## What tkit missed",
        "",
    ]
    if misses:
        rows = [(archive, why, f"{count:,}") for (archive, why), count in sorted(misses.items())]
        lines += markdown(("archive", "tkit has", "URLs"), rows)
    else:
        lines.append("Nothing.")
    if total.defects:
        lines += ["", "## Defects of the showing", ""]
        lines += markdown(("defect", "parts"), [(name, f"{count:,}") for name, count in sorted(total.defects.items())])
    lines += [
        "",
        "## Made with",
        "",
        *markdown(
            ("what", "version"),
            [
                ("date", datetime.datetime.now(datetime.UTC).date().isoformat()),
                ("Chromium", chromium),
                *((name, version(name)) for name in ("playwright", "tkit", "selectolax", "ada-url")),
                ("Python", sys.version.split()[0]),
                ("machine", f"{os.cpu_count()} cores"),
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how much of what Chromium asks for tkit lists.")
    names = [corpus.name for corpus in CORPORA]
    parser.add_argument("--mails", type=int, default=500, help="mails with HTML drawn from each archive (%(default)s)")
    parser.add_argument("--seed", type=int, default=20, help="seed of the draw (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="corpora; writes no page unless all")
    parser.add_argument("--corpora", type=Path, default=ROOT.parent / "shared" / "corpora", help="folder of archives")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "coverage", help="kept answers, list of misses")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "coverage.md", help="the page to write")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    archives = [arguments.corpora / corpus.archive for corpus in CORPORA if corpus.name in arguments.only]
    console = Console()
    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TextColumn("mails"),
        TimeRemainingColumn(),
    )
    with ChromiumRenderer() as renderer, Progress(*columns, console=console) as progress:
        results = [measure(archive, arguments, renderer, progress) for archive in archives]
        chromium = renderer.version
    table = Table(*HEAD)
    for result in results:
        table.add_row(*result.row())
    console.print(table)
    missed = arguments.out / "missed.tsv"
    with missed.open("w", encoding="utf-8") as file:
        file.write("archive\tmail\tpart\tURL\ttkit has\n")
        for result in results:
            for where, asked, why in result.misses:
                file.write(f"{result.archive}\t{where}\t{asked.part}\t{asked.url}\t{why}\n")
    console.print(f"misses: {missed}")
    if len(archives) == len(CORPORA):
        arguments.page.write_text(page(results, arguments, chromium), encoding="utf-8")
        console.print(f"written: {arguments.page}")


if __name__ == "__main__":
    try:
        main()
    except TkitError as error:
        sys.exit(f"coverage: {error}")
