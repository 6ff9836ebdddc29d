"""Compare what browsers ask for with what tkit lists, over elements, attributes and CSS properties; writes docs/carriers.md.

    python benchmarks/carriers.py

Every combination (benchmarks/combinations.py) is one HTML text with one URL of its own. The texts are shown, each in a frame
of its own, in Chromium, and in Firefox and WebKitGTK where they are installed. Nothing leaves this machine, see
benchmarks/engines.py. All three:

    apt-get install chromium firefox-esr webkit2gtk-driver xvfb

What they ask for is stored below ``--out``, so that a run after a change of tkit's reader takes seconds.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from combinations import HOST, Combination, combinations
from engines import Engine, every_engine
from rich.console import Console
from rich.progress import track
from tables import ROOT, Answers, made_with, markdown, run

from tkit.html import read_document

PER_PAGE = 100

# What another client asks for, or a browser in other circumstances, by the carrier that tkit lists.
REASONS = {
    "script-src": "scripts are off in mail",
    "link-preconnect": "a connection, not a request",
    "link-preload": "if its destination is named and known",
    "link-icon": "for the whole page, not in a frame; some only on a telephone",
    "img-lowsrc": "old clients",
    "img-dynsrc": "old clients",
    "bgsound": "old clients",
    "background-attr": "old clients: any element",
    "vml-src": "Outlook",
    "amp-img": "AMP for Email",
    "media-src": "if it is played, or not inside a picture",
    "svg-animation": "if the animated element has the attribute",
    "svg-attr": "if the element is drawn",
    "style-element": "if the value is valid and the element shown",
    "style-attr": "if the value is valid and the element shown",
}


class Measured(NamedTuple):
    """One combination: the engines that ask for its URL, and the carriers by which tkit lists it."""

    combination: Combination
    asked_by: frozenset[str]
    carriers: tuple[str, ...]

    @property
    def missed(self) -> bool:
        """Whether an engine asks for what tkit does not list."""
        return bool(self.asked_by) and not self.carriers


def page_of(texts: Sequence[tuple[int, str]]) -> str:
    """Return a page with each text in a frame of its own."""
    frames = "".join(f'<iframe width=300 height=100 srcdoc="{escape(text)}"></iframe>' for _, text in texts)
    return f"<!doctype html><body>{frames}"


def pages(texts: Sequence[str]) -> Iterator[str]:
    """Yield pages that show all texts."""
    numbered = list(enumerate(texts))
    for start in range(0, len(numbered), PER_PAGE):
        yield page_of(numbered[start : start + PER_PAGE])


def numbers_in(urls: Iterable[str]) -> set[int]:
    """Return the numbers of the combinations whose URLs these are."""
    found = (re.match(rf"{re.escape(HOST)}(\d+)(?:$|[/?#])", url) for url in urls)
    return {int(match[1]) for match in found if match}


def asked_by(engine: Engine, texts: Sequence[str], out: Path) -> set[int]:
    """Return the numbers of the texts whose URL an engine asks for."""
    answers = Answers(out / f"asked-{engine.name}-{engine.version}.jsonl")
    shown = track(list(pages(texts)), description=engine.name)
    return {number for page in shown for number in numbers_in(answers.of(page, engine.requested))}


def listed(text: str, number: int) -> tuple[str, ...]:
    """Return the carriers by which tkit lists the URL of a number."""
    return tuple(
        dict.fromkeys(one.carrier for one in read_document(text).references if number in numbers_in([one.resolved_url]))
    )


def measure(chosen: Sequence[Combination], engines: Sequence[Engine], out: Path) -> list[Measured]:
    """Show all combinations and read them."""
    texts = [one.text(number) for number, one in enumerate(chosen)]
    asked = {engine.name: asked_by(engine, texts, out) for engine in engines}
    return [
        Measured(one, frozenset(name for name, own in asked.items() if number in own), listed(texts[number], number))
        for number, one in enumerate(chosen)
    ]


def page(results: Sequence[Measured], versions: dict[str, str]) -> str:
    """Return the page, with a column for each engine."""
    groups = list(dict.fromkeys(one.combination.group for one in results))
    lines = [
        "# Carriers: what browsers ask for, and what tkit lists",
        "",
        "Written by `python benchmarks/carriers.py`; do not edit.",
        "",
        f"{len(results):,} combinations of an element with an attribute, a relation, a CSS property or a media type, from the",
        "indexes of the HTML, SVG and CSS standards. Each is a document with one URL, shown without scripts in a frame of its",
        "own. tkit lists more than browsers ask for where another client asks, or where a browser does in other circumstances.",
        "What Chromium refuses to load, such as SVG of another server, counts as asked for; what the others refuse is not",
        "seen.",
        "",
        *markdown(
            ("group", "combinations", *versions, "tkit lists", "asked for, not listed"),
            [
                (
                    group,
                    *(
                        f"{count:,}"
                        for count in (
                            len(own),
                            *(sum(name in one.asked_by for one in own) for name in versions),
                            sum(bool(one.carriers) for one in own),
                            sum(one.missed for one in own),
                        )
                    ),
                )
                for group in groups
                for own in [[one for one in results if one.combination.group == group]]
            ],
        ),
        "",
        "## Listed, though no browser asks here",
        "",
    ]
    more = Counter(carrier for one in results if not one.asked_by for carrier in one.carriers)
    lines += markdown(
        ("carrier", "combinations", "a client asks"),
        [(f"`{name}`", f"{count:,}", REASONS[name]) for name, count in more.most_common()],
    )
    lines += ["", "## Every combination that a browser asks for or tkit lists", ""]
    rows = [
        (
            one.combination.group,
            f"`{one.combination.element}`",
            f"`{one.combination.way.replace('|', '¦')}`",
            *("yes" if name in one.asked_by else "" for name in versions),
            ", ".join(f"`{carrier}`" for carrier in one.carriers),
        )
        for one in results
        if one.asked_by or one.carriers
    ]
    lines += markdown(("group", "element", "with", *versions, "tkit"), rows)
    lines += ["", *made_with(("playwright", "tkit", "selectolax"), **versions)]
    return "\n".join(lines) + "\n"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", help="only combinations of this group; writes no page")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "carriers", help="stored requests (%(default)s)")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "carriers.md", help="the page to write (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    chosen = [one for one in combinations() if arguments.group in (None, one.group)]
    with every_engine() as engines:
        versions = {engine.name: engine.version for engine in engines}
        results = measure(chosen, engines, arguments.out)
    missed = [one for one in results if one.missed]
    for one in missed:
        where = f"{one.combination.group}: {one.combination.element} {one.combination.way}"
        console.print(f"not listed: {where} ({', '.join(sorted(one.asked_by))})", markup=False)
    for name in versions:
        console.print(f"{name}: {sum(name in one.asked_by for one in results):,} of {len(results):,} asked for")
    console.print(f"{len(missed):,} asked for and not listed")
    if arguments.group is None:
        arguments.page.write_text(page(results, versions), encoding="utf-8")
        console.print(f"written: {arguments.page}")
    return int(bool(missed))


if __name__ == "__main__":
    run(main)
