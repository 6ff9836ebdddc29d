"""Scrub real mails, show them before and after in Chromium, and write down what was asked for and seen.

Every request is answered in the browser. Written to docs/scrub.md are counts only.
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

from tkit.bundle import Bundle, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.lab.render import ChromiumRenderer
from tkit.lab.scrubbed import Comparison, compare_scrubbed
from tkit.scrubbing import Scrubbed, scrub
from tkit.version import __version__

EVERY = 5
SHARES = {"phishing_pot": 0.35, "trec07p": 0.35, "csdmc2010": 0.15, "spamassassin": 0.1, "nazario": 0.05}
BEGIN, END = "<!-- begin: benchmarks/scrub.py -->\n", "<!-- end: benchmarks/scrub.py -->\n"


def scrubbed(corpora: Path, corpus: str, bundle: Bundle, replace: bool) -> Iterator[tuple[bytes, Scrubbed]]:
    """Return every fifth mail of a corpus that has a tracker, with what was made of it."""
    archive = next(own.archive for own in CORPORA if own.name == corpus)
    problems: list[Problem] = []
    for mail in islice(read_raw([corpora / archive], problems=problems), 0, None, EVERY):
        if b"html" in mail.raw.lower():
            done = scrub(mail.raw, bundle, replace=replace)
            if done.removed:
                yield mail.raw, done


def compare_all(corpora: Path, mails: int, replace: bool) -> tuple[dict[str, list[Comparison]], Counter[str], str]:
    bundle = default_bundle()
    found: dict[str, list[Comparison]] = {}
    counts: Counter[str] = Counter()
    with ChromiumRenderer(timeout_seconds=120) as renderer:
        for corpus, share in SHARES.items():
            own = found.setdefault(corpus, [])
            for raw, done in islice(scrubbed(corpora, corpus, bundle, replace), round(mails * share)):
                own.append(compare_scrubbed(renderer, raw, done))
                counts["removed"] += len(done.removed)
                counts["skipped"] += len(done.skipped)
                counts["again"] += scrub(done.raw, bundle, replace=replace).raw != done.raw
                print(f"\r{corpus}: {len(own)}", end="", file=sys.stderr)
            print(file=sys.stderr)
        return found, counts, renderer.version


def table(found: dict[str, list[Comparison]]) -> Iterator[str]:
    yield "| corpus | mails | URLs asked for before | after | trackers still asked for | others no longer asked for |"
    yield "|---|---|---|---|---|---|"
    rows = [*found.items(), ("all", [one for own in found.values() for one in own])]
    for corpus, own in rows:
        asked = f"{sum(one.asked_before for one in own):,} | {sum(one.asked_after for one in own):,}"
        still, missing = (sum(len(urls) for urls in column) for column in zip(*(one[:2] for one in own), strict=True))
        yield f"| {corpus} | {len(own)} | {asked} | {still} | {missing} |"
    yield ""
    yield "| corpus | same picture, trackers hidden | only the place of trackers differs | other picture | browser defects |"
    yield "|---|---|---|---|---|"
    for corpus, own in rows:
        same = sum(one.pixels == 0 and not one.defects for one in own)
        place = sum(one.pixels != 0 and one.pixels_without == 0 and not one.defects for one in own)
        defects = sum(bool(one.defects) for one in own)
        yield f"| {corpus} | {same} | {place} | {len(own) - same - place - defects} | {defects} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--mails", type=int, default=300)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/scrub.md"))
    arguments = parser.parse_args()
    lines = []
    for replace in (False, True):
        started = time.perf_counter()
        found, counts, browser = compare_all(arguments.corpora, arguments.mails, replace)
        lines += [
            f"### `tkit scrub{' --replace' if replace else ''}`",
            "",
            *table(found),
            "",
            f"{counts['removed']:,} trackers removed, {counts['skipped']:,} left in and told; scrubbed once more, "
            f"{counts['again']} mails changed. {time.perf_counter() - started:.0f} s.",
            "",
        ]
    facts = (
        f"{datetime.now(UTC).date().isoformat()}, tkit {__version__}, Chromium {browser}, Playwright {version('playwright')}, "
        f"Python {platform.python_version()}; built-in bundle `message`; every {EVERY}th mail of each corpus, the first that "
        "have a tracker."
    )
    page = arguments.output.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    arguments.output.write_text("\n".join([head + BEGIN, facts, "", *lines]) + END + tail, "utf-8")


if __name__ == "__main__":
    main()
