"""How fast tkit extracts features, against the naive way and against the floor, on the same mails in one process.

    python benchmarks/extract.py ../shared/corpora/*.tar.xz

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
import random
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--mails", type=int, default=2000, help="drawn from each archive (default 2000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warm_up = [path.read_bytes() for path in sorted(SAMPLE.glob("*.eml"))]
    for _, way in WAYS:
        way(warm_up)  # imports and constants are not a mail's cost
    print(f"{'archive':<14}{'mails':>7}{'naive':>11}{'tkit':>11}{'floor':>11}   naive/tkit  naive/floor")
    for archive in options.archives:
        problems: list[Problem] = []
        mails = [message.raw for message in read_raw([archive], problems=problems)]
        random.Random(options.seed).shuffle(mails)
        mails = mails[: options.mails]
        spent = dict.fromkeys(("naive", "floor", "tkit"), 0.0)
        for start in range(0, len(mails), CHUNK):
            chunk = mails[start : start + CHUNK]
            for name, way in WAYS:
                spent[name] += timed(way, chunk)
        a, b, c = (spent[name] / len(mails) * 1000 for name in ("naive", "tkit", "floor"))
        name = archive.name.partition(".")[0]
        print(f"{name:<14}{len(mails):>7}{a:>8.3f} ms{b:>8.3f} ms{c:>8.3f} ms{a / b:>12.1f}{a / c:>13.1f}", flush=True)


def timed(way: Callable[[Sequence[bytes]], int], mails: Sequence[bytes]) -> float:
    gc.collect()
    start = time.process_time()
    way(mails)
    return time.process_time() - start


if __name__ == "__main__":
    main()
