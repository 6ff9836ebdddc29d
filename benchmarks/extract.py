"""Time tkit's extraction, a naive parser and a lower bound on the same mails in one process; writes docs/speed.md.

    python benchmarks/extract.py ../shared/corpora/*.tar.xz --page docs/speed.md

The naive parser is the standard library's ``email`` and ``BeautifulSoup(lxml).find_all('img')``, without any feature. The
floor is ``fast-mail-parser`` and lexbor's tree alone. tkit's time is that of ``Message.from_bytes`` and ``extract``, with
all features. Reading and unpacking the archives is not timed. The three take turns on the same chunk of mails and are timed
by the processor time of this process, so other load affects all three alike. Garbage is collected before each turn. No mail
is timed twice by the same parser.
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


PARSERS: tuple[tuple[str, Callable[[Sequence[bytes]], int]], ...] = (("naive", naive), ("floor", floor), ("tkit", full))


class Timed(NamedTuple):
    """Milliseconds per mail of one archive, by parser."""

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
    parser.add_argument("--mails", type=int, default=2000, help="drawn from each archive (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, help="the page to write")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warm_up = [path.read_bytes() for path in sorted(SAMPLE.glob("*.eml"))]
    for _, parse in PARSERS:
        parse(warm_up)  # imports and constants are not part of the cost of a mail
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
        for name, parse in PARSERS:
            spent[name] += timed(parse, mails[start : start + CHUNK])
    return Timed(
        archive.name.partition(".")[0], len(mails), {name: seconds / len(mails) * 1000 for name, seconds in spent.items()}
    )


def page(lines: list[str], count: int) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("selectolax", "fast-mail-parser", "beautifulsoup4", "pandas"))
    return "\n".join(
        (
            "# Speed of extraction",
            "",
            f"Written by `make benchmark` on {datetime.now(UTC).date()}: up to {count:,} mails of each archive,"
            f" {os.cpu_count()} cores, Python {platform.python_version()}, {libraries}.",
            "Milliseconds per mail, processor time of one process. *Naive* is the standard library's `email` and",
            "`BeautifulSoup(lxml).find_all('img')` without any feature, *floor* is `fast-mail-parser` and lexbor's tree alone.",
            "",
            "```",
            *lines,
            "```",
            "",
        )
    )


def timed(parse: Callable[[Sequence[bytes]], int], mails: Sequence[bytes]) -> float:
    gc.collect()
    start = time.process_time()
    parse(mails)
    return time.process_time() - start


if __name__ == "__main__":
    main()
