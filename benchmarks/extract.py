"""How fast tkit extracts features, against the naive way and against the floor, on the same mails in one process.

    python benchmarks/extract.py ../shared/corpora/*.tar.xz --page docs/speed.md

The naive way is the standard library's ``email`` and ``BeautifulSoup(lxml).find_all('img')``, with no features at all. The
floor is ``fast-mail-parser`` and lexbor's tree and nothing else. tkit's time is ``Message.from_bytes`` and ``extract``, all
features.
Reading and unpacking the archives is left out of all three. Each way is timed by turns on the same chunk of mails, by the
processor time of this process, so that what else the machine does falls on all three alike; what one way left for the garbage
collector is collected before the next begins. No way has seen a mail before it is timed on it.
"""

from __future__ import annotations

import argparse
import email
import gc
import os
import platform
import random
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import fast_mail_parser
from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from tkit.corpus import Problem, read_raw
from tkit.features import extract
from tkit.mail import Message

CHUNK = 1000
SAMPLE = Path(__file__).parent.parent / "data" / "sample"


def naive(mails: Sequence[bytes]) -> int:
    pictures = 0
    for raw in mails:
        for part in email.message_from_bytes(raw).walk():
            if part.get_content_type() == "text/html":
                pictures += len(BeautifulSoup(part.get_payload(decode=True), "lxml").find_all("img"))
    return pictures


def floor(mails: Sequence[bytes]) -> int:
    parts = 0
    for raw in mails:
        try:
            htmls = fast_mail_parser.parse_email(raw).text_html
        except fast_mail_parser.ParseError:
            continue
        for html in htmls:
            LexborHTMLParser(html)
            parts += 1
    return parts


def full(mails: Sequence[bytes]) -> int:
    return len(extract(map(Message.from_bytes, mails)))


WAYS: tuple[tuple[str, Callable[[Sequence[bytes]], int]], ...] = (("naive", naive), ("floor", floor), ("tkit", full))


class Timed(NamedTuple):
    """Milliseconds a mail of one archive, by way."""

    archive: str
    mails: int
    spent: dict[str, float]

    def line(self) -> str:
        naive, tkit, floor = (self.spent[name] for name in ("naive", "tkit", "floor"))
        return (
            f"{self.archive:<14}{self.mails:>7}{naive:>8.3f} ms{tkit:>8.3f} ms{floor:>8.3f} ms"
            f"{naive / tkit:>12.1f}{naive / floor:>13.1f}"
        )


HEAD = f"{'archive':<14}{'mails':>7}{'naive':>11}{'tkit':>11}{'floor':>11}   naive/tkit  naive/floor"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--mails", type=int, default=2000, help="drawn from each archive (default 2000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, help="Markdown page to write as well")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warm_up = [path.read_bytes() for path in sorted(SAMPLE.glob("*.eml"))]
    for _, way in WAYS:
        way(warm_up)  # imports and constants are not a mail's cost
    print(HEAD)
    lines = [HEAD]
    for archive in options.archives:
        lines.append(measured(archive, options.mails, options.seed).line())
        print(lines[-1], flush=True)
    if options.page:
        options.page.write_text(page(lines, options.mails), encoding="utf-8")


def measured(archive: Path, count: int, seed: int) -> Timed:
    problems: list[Problem] = []
    mails = [message.raw for message in read_raw([archive], problems=problems)]
    random.Random(seed).shuffle(mails)
    mails = mails[:count]
    spent = dict.fromkeys(("naive", "floor", "tkit"), 0.0)
    for start in range(0, len(mails), CHUNK):
        for name, way in WAYS:
            spent[name] += timed(way, mails[start : start + CHUNK])
    return Timed(archive.name.partition(".")[0], len(mails), {name: of / len(mails) * 1000 for name, of in spent.items()})


def page(lines: list[str], count: int) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("selectolax", "fast-mail-parser", "beautifulsoup4", "pandas"))
    return "\n".join(
        (
            "# How fast extraction is",
            "",
            f"Written by `make benchmark` on {datetime.now(UTC).date()}: up to {count:,} mails of each archive,"
            f" {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}.",
            "Milliseconds a mail, processor time of one process. *Naive* is the standard library's `email` and",
            "`BeautifulSoup(lxml).find_all('img')` without any feature, *floor* `fast-mail-parser` and lexbor's tree and"
            " nothing else.",
            "",
            "```",
            *lines,
            "```",
            "",
        )
    )


def timed(way: Callable[[Sequence[bytes]], int], mails: Sequence[bytes]) -> float:
    gc.collect()
    start = time.process_time()
    way(mails)
    return time.process_time() - start


if __name__ == "__main__":
    main()
