"""Measure how many of Chromium's requests tkit lists, on random mails of each public corpus; writes docs/coverage.md.

    python benchmarks/coverage.py --corpora ../shared/corpora

Chromium's requests are stored below ``--out``, so an interrupted run continues where it stopped, and a run after a change to
tkit's reader takes seconds. The URLs that tkit missed are listed there too.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from tables import CORPORA_FOLDER, ROOT, Answers, made_with, markdown, run

from tkit.corpus import CORPORA, Problem, RawMessage, read_raw
from tkit.errors import TkitError
from tkit.html import RemoteReference, references
from tkit.lab import render
from tkit.lab.render import Asked, ChromiumRenderer, compare
from tkit.mail import Message


@dataclass
class Measured:
    """The counts of one archive."""

    archive: str
    mails: int = 0
    parts: int = 0
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    misses: list[tuple[str, Asked, str]] = field(default_factory=list)
    defects: Counter[str] = field(default_factory=Counter)

    def row(self) -> tuple[str, ...]:
        requested, listed = len(self.asked), sum(bool(asked.carriers) for _, asked in self.asked)
        share = f"{listed / requested:.3%}" if requested else "-"
        figures = (self.mails, self.parts, requested, listed)
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


HEAD = ("archive", "mails", "HTML parts", "URLs requested", "listed by tkit", "share", "parts with defects")


def draw(archive: Path, count: int, seed: int) -> list[tuple[str, Message]]:
    """Draw ``count`` mails with an HTML part, all equally likely (reservoir sampling)."""
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
        elif (position := rng.randrange(seen)) < count:
            drawn[position] = (seen, mail)
    if not drawn:
        what = "; ".join(f"{problem.where}: {problem.what}" for problem in problems[:3])
        raise TkitError(f"{archive}: no mail with an HTML part ({what}); see --corpora")
    return [(Path(mail.where).name, Message.from_bytes(mail.raw)) for _, mail in sorted(drawn)]


def cause(asked: Asked, listed: Iterable[RemoteReference]) -> str:
    """Return what tkit has instead of a URL that it missed, without any part of the URL."""
    same_part = [reference for reference in listed if reference.part == asked.part]
    path = asked.url.rpartition("/")[2]
    for reference in same_part:
        if unquote(reference.resolved_url).lower() == unquote(asked.url).lower():
            return f"{reference.carrier}: the same URL, escaped differently"
    for reference in same_part:
        if path and reference.url.endswith(path):
            return f"{reference.carrier}: resolved differently"
    return "no similar reference"


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
            asked, defects = answers.of(html, lambda text: (renderer.requested(text), renderer.defects))
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
    """Return the page, with figures and categories only and no URL of a mail."""
    total = together(results)
    carriers = Counter(carrier for _, asked in total.asked for carrier in asked.carriers)
    misses = Counter((result.archive, why) for result in results for _, _, why in result.misses)
    lines = [
        "# Coverage: how many of Chromium's requests tkit lists",
        "",
        "Written by `python benchmarks/coverage.py`; do not edit.",
        "",
        f"{arguments.mails} mails with an HTML part were drawn from each archive (all of them if there are fewer; seed"
        f" {arguments.seed}).",
        "Chromium rendered each HTML part without scripts, narrow and wide, and every request was answered inside the browser.",
        "The distinct `http` and `https` URLs of each part, without fragments and without relative URLs that have no base,",
        "were compared with the resolved URLs of `tkit.references`. `|` counts as `%7C`, as Chromium writes it.",
        "",
        *markdown(HEAD, [result.row() for result in (*results, total)]),
        "",
        "## Carriers of the listed URLs",
        "",
        "A URL that is written in two ways counts for both carriers.",
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
        lines += ["", "## Browser defects", ""]
        lines += markdown(("defect", "parts"), [(name, f"{count:,}") for name, count in sorted(total.defects.items())])
    lines += [
        "",
        *made_with(("playwright", "tkit", "selectolax", "ada-url"), Chromium=chromium),
    ]
    return "\n".join(lines) + "\n"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [corpus.name for corpus in CORPORA]
    parser.add_argument("--mails", type=int, default=500, help="mails with HTML drawn from each archive (%(default)s)")
    parser.add_argument("--seed", type=int, default=20, help="seed of the draw (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="corpora; writes no page unless all")
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "coverage", help="stored requests, list of misses")
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
    run(main)
