"""Count the differences between the two HTML backends, lexbor and html5lib through BeautifulSoup, over whole archives.

    python benchmarks/backends.py ../shared/corpora/*.tar.xz

Both read every HTML part. The tables count the documents that differ, and the references if they can be paired. The remaining
differences come from html5lib: after white space in a table cell it does not reopen a formatting element that was left open. In
mails with misnested elements, an element around the references or a copy of a link is then missing or added.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tkit.corpus import Problem, read_raw
from tkit.html import Document, RemoteReference, read_document
from tkit.mail import Message
from tkit.parallel import ordered_map

PAIRED = tuple(field for field in RemoteReference._fields if field not in ("part", "index"))


def comparable(reference: RemoteReference) -> tuple[object, ...]:
    return reference.carrier, reference.url, reference.resolved_url, tuple(sorted(reference.attributes.items()))


def differences(one: Document, other: Document) -> Counter[str]:
    """Count the differences: ``references`` and ``links`` as multisets, then each property of the paired references."""
    counts: Counter[str] = Counter()
    counts["links"] = not_in_both(one.links, other.links)
    counts["references"] = not_in_both(map(comparable, one.references), map(comparable, other.references))
    if not counts["references"]:
        for name in PAIRED:
            counts[name] = sum(
                getattr(a, name) != getattr(b, name) for a, b in zip(one.references, other.references, strict=True)
            )
    return +counts


def not_in_both(one: Iterable[object], other: Iterable[object]) -> int:
    counts, others = Counter(one), Counter(other)
    return ((counts - others) + (others - counts)).total()


@dataclass
class Measured:
    """Totals: ``in_documents`` counts documents that differ in a property, ``in_all`` the differing references or links."""

    documents: int = 0
    references: int = 0
    links: int = 0
    in_documents: Counter[str] = field(default_factory=Counter)
    in_all: Counter[str] = field(default_factory=Counter)

    def add(self, other: Measured) -> None:
        self.documents += other.documents
        self.references += other.references
        self.links += other.links
        self.in_documents += other.in_documents
        self.in_all += other.in_all


def measure(raws: list[bytes]) -> Measured:
    measured = Measured()
    for raw in raws:
        for html in Message.from_bytes(raw).html_parts:
            document = read_document(html)
            counts = differences(document, read_document(html, backend="soup"))
            measured.add(Measured(1, len(document.references), len(document.links), Counter(counts.keys()), counts))
    return measured


def mails(archive: Path, every: int) -> Iterator[bytes]:
    problems: list[Problem] = []
    return (mail.raw for mail in islice(read_raw([archive], problems=problems), 0, None, every))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path, help="archives of mail")
    parser.add_argument("--every", type=int, default=1, help="read only every n-th mail (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (%(default)s)")
    arguments = parser.parse_args()
    console = Console()
    for archive in arguments.archives:
        total = Measured()
        for measured in ordered_map(measure, mails(archive, arguments.every), 64, arguments.jobs):
            total.add(measured)
        console.print(
            f"{archive.name}: {total.documents:,} documents, {total.references:,} references, {total.links:,} links",
            soft_wrap=True,
        )
        table = Table("differs", "documents", "references or links")
        for name, count in total.in_documents.most_common():
            table.add_row(name, f"{count:,}", f"{total.in_all[name]:,}")
        console.print(table if total.in_documents else "no differences")


if __name__ == "__main__":
    main()
