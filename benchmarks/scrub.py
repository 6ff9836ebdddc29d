"""Scrub real mails, render them before and after in Chromium, and count requests and differences; writes docs/scrub.md.

    python benchmarks/scrub.py --corpora ../shared/corpora

Every request is answered inside the browser. Only counts are written.
"""

import argparse
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from tables import CORPORA_FOLDER, ROOT, markdown, run, write_block

from tkit.bundle import Bundle, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.lab.render import ChromiumRenderer
from tkit.lab.scrubbed import Comparison, compare_scrubbed
from tkit.scrubbing import Scrubbed, scrub
from tkit.version import __version__

EVERY = 5
SHARES = {"phishing_pot": 0.35, "trec07p": 0.35, "csdmc2010": 0.15, "spamassassin": 0.1, "nazario": 0.05}


def scrubbed(corpora: Path, corpus: str, bundle: Bundle, replace: bool) -> Iterator[tuple[bytes, Scrubbed]]:
    """Yield every fifth mail of a corpus if it has a tracker, with the scrubbed mail."""
    archive = next(public.archive for public in CORPORA if public.name == corpus)
    problems: list[Problem] = []
    for mail in islice(read_raw([corpora / archive], problems=problems), 0, None, EVERY):
        if b"html" in mail.raw.lower():
            done = scrub(mail.raw, bundle, replace=replace)
            if done.removed:
                yield mail.raw, done


def compare_all(corpora: Path, mails: int, replace: bool) -> tuple[dict[str, list[Comparison]], Counter[str], str]:
    bundle = default_bundle()
    comparisons: dict[str, list[Comparison]] = {}
    counts: Counter[str] = Counter()
    with ChromiumRenderer(timeout_seconds=120) as renderer:
        for corpus, share in SHARES.items():
            of_corpus = comparisons.setdefault(corpus, [])
            for raw, done in islice(scrubbed(corpora, corpus, bundle, replace), round(mails * share)):
                of_corpus.append(compare_scrubbed(renderer, raw, done))
                counts["removed"] += len(done.removed)
                counts["skipped"] += len(done.skipped)
                counts["again"] += scrub(done.raw, bundle, replace=replace).raw != done.raw
                print(f"\r{corpus}: {len(of_corpus)}", end="", file=sys.stderr)
            print(file=sys.stderr)
        return comparisons, counts, renderer.version


def tables(comparisons: dict[str, list[Comparison]]) -> Iterator[str]:
    rows = [*comparisons.items(), ("all", [mail for of_corpus in comparisons.values() for mail in of_corpus])]
    yield from markdown(
        ("corpus", "mails", "URLs requested before", "after", "trackers still requested", "others no longer requested"),
        [(corpus, *(f"{count:,}" for count in requests(mails))) for corpus, mails in rows],
    )
    yield ""
    yield from markdown(
        ("corpus", "same picture, trackers hidden", "only the space of trackers differs", "other picture", "browser defects"),
        [(corpus, *(f"{count:,}" for count in pictures(mails))) for corpus, mails in rows],
    )


def requests(mails: list[Comparison]) -> tuple[int, ...]:
    before, after = sum(mail.asked_before for mail in mails), sum(mail.asked_after for mail in mails)
    still, missing = sum(len(mail.still_asked) for mail in mails), sum(len(mail.no_longer_asked) for mail in mails)
    return len(mails), before, after, still, missing


def pictures(mails: list[Comparison]) -> tuple[int, ...]:
    defects = sum(bool(mail.defects) for mail in mails)
    same = sum(mail.pixels == 0 and not mail.defects for mail in mails)
    space = sum(mail.pixels != 0 and mail.pixels_without == 0 and not mail.defects for mail in mails)
    return same, space, len(mails) - same - space - defects, defects


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives")
    parser.add_argument("--mails", type=int, default=300, help="mails with a tracker in all (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "scrub.md", help="the page to write")
    arguments = parser.parse_args()
    lines = []
    for replace in (False, True):
        started = time.perf_counter()
        comparisons, counts, browser = compare_all(arguments.corpora, arguments.mails, replace)
        lines += [
            "",
            f"### `tkit scrub{' --replace' if replace else ''}`",
            "",
            *tables(comparisons),
            "",
            f"{counts['removed']:,} trackers removed, {counts['skipped']:,} left in and reported. Scrubbed a second time, "
            f"{counts['again']} mails changed. {time.perf_counter() - started:.0f} s.",
        ]
    settings = (
        f"{datetime.now(UTC).date().isoformat()}, tkit {__version__}, Chromium {browser}, Playwright {version('playwright')}, "
        f"Python {platform.python_version()}; built-in bundle `message`; every {EVERY}th mail of each corpus, the first that "
        "have a tracker."
    )
    write_block(arguments.output, "scrub.py", [settings, *lines])


if __name__ == "__main__":
    run(main)
