"""Compare the exported JavaScript module with Python in Chromium on public mails, and time it; writes docs/javascript.md.

    python benchmarks/javascript.py --corpora ../shared/corpora

Reads mails with HTML, evenly spread over each archive. Equal means the same references in the same order, every feature the
same float32 number, and the same verdict of three. The time is that of the module alone on parsed documents, after a warm-up.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from tables import CORPORA_FOLDER, ROOT, markdown, run

from tkit.bundle import Bundle, default_bundle, judge
from tkit.corpus import CORPORA, Problem, RawMessage, read_raw
from tkit.export.javascript import module_text
from tkit.features import extract
from tkit.lab.module import ChromiumModule
from tkit.mail import Message
from tkit.version import __version__

ROUNDS = 5
HEAD = (
    "archive",
    "mails",
    "references",
    "different references",
    "different features",
    "different verdicts",
    "ms per mail",
    "µs per reference",
)


@dataclass
class Measured:
    """The counts and times of one archive."""

    archive: str
    mails: int = 0
    references: int = 0
    elsewhere: int = 0
    unequal: int = 0
    decided: int = 0
    features: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0

    def row(self) -> tuple[str, ...]:
        counts = (self.mails, self.references, self.elsewhere, self.unequal, self.decided)
        times = np.array(self.milliseconds)
        return (
            self.archive,
            *(f"{count:,}" for count in counts),
            f"{np.median(times):.2f} (90%: {np.quantile(times, 0.9):.2f})",
            f"{1e6 * self.seconds / self.references:.0f}",
        )

    def compare(self, message: Message, module: ChromiumModule, bundle: Bundle) -> None:
        classified = module.classify(message)
        expected = extract([message])
        self.mails += 1
        self.references += len(expected)
        if [row.resolvedUrl for row in classified] != expected["resolved_url"].tolist():
            self.elsewhere += max(len(classified), len(expected))
            return
        if not classified:
            return
        features = np.array([row.features for row in classified], np.float32)
        wrong = features != expected[bundle.features].to_numpy(np.float32)
        self.unequal += int(wrong.any(axis=1).sum())
        self.features.update(np.array(bundle.features)[np.nonzero(wrong)[1]].tolist())
        self.decided += int((np.array([row.verdict for row in classified]) != judge(bundle, expected).verdicts).sum())


def together(results: list[Measured]) -> Measured:
    total = Measured("all")
    for result in results:
        for name in ("mails", "references", "elsewhere", "unequal", "decided", "features", "milliseconds", "seconds"):
            setattr(total, name, getattr(total, name) + getattr(result, name))
    return total


def spread(archive: Path, count: int) -> list[Message]:
    """Return mails with an HTML part, evenly spread over an archive."""
    problems: list[Problem] = []
    raws: list[RawMessage] = [mail for mail in read_raw([archive], problems=problems) if b"html" in mail.raw.lower()]
    step = max(len(raws) // (count * 2), 1)

    def with_html() -> Iterator[Message]:
        for number in sorted(range(len(raws)), key=lambda number: (number % step, number)):
            message = Message.from_bytes(raws[number].raw)
            if message.html_parts:
                yield message

    return [message for message, _ in zip(with_html(), range(count), strict=False)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives")
    parser.add_argument("--mails", type=int, default=300, help="mails of each archive (%(default)s)")
    parser.add_argument("--doc", type=Path, default=ROOT / "docs" / "javascript.md", help="the page to write")
    arguments = parser.parse_args()
    bundle = default_bundle("message")
    source = module_text(bundle)
    results = []
    with ChromiumModule(source) as module:
        for corpus in CORPORA:
            messages = spread(arguments.corpora / corpus.archive, arguments.mails)
            result = Measured(corpus.name)
            for message in track(messages, corpus.name, console=Console(stderr=True), transient=True):
                result.compare(message, module, bundle)
            timed = module.time(messages, ROUNDS)
            result.milliseconds, result.seconds = timed.milliseconds, timed.processor_seconds
            results.append(result)
        requests, browser = module.requests, module.version
    total = together(results)
    table = markdown(HEAD, [result.row() for result in [*results, total]])
    worst = ", ".join(f"{name} ({count})" for name, count in total.features.most_common(10)) or "none"
    date = datetime.datetime.now(datetime.UTC).date()
    lines = [
        "# The JavaScript module, measured",
        "",
        f"Written by `python benchmarks/javascript.py --mails {arguments.mails}` on {date}:",
        f"tkit {__version__}, Chromium {browser}, selectolax {version('selectolax')}, Python {sys.version.split()[0]},"
        f" {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end.",
        f"The detector is that of the vantage point `message`; `tkit.js` has {len(source.encode()):,} bytes.",
        "",
        *table,
        "",
        "*Different references* counts the references of mails in which Chromium's tree gives other references than lexbor's.",
        f"Features that are not the same float32 number: {worst}. Requests of the page: {len(requests)}.",
        f"Times are those of the module on parsed documents, after a warm-up, the mean of {ROUNDS} rounds: per mail by the",
        "wall clock (median and 90% quantile over the mails), per reference the processor time of the page's thread for all",
        "mails, including headers and the walk through the tree, divided by the number of references.",
    ]
    arguments.doc.write_text("\n".join(lines) + "\n", encoding="utf-8")
    Console().print("\n".join(table))
    return int(bool(total.elsewhere or total.unequal or total.decided or requests))


if __name__ == "__main__":
    run(main)
