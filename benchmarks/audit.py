"""Time `tkit audit` on a made mailbox of real mails; writes the measured block of docs/audit.md.

    python benchmarks/audit.py ../shared/corpora/*.tar.xz --folder /tmp/mailbox --page docs/audit.md

The mailbox is five mboxes with the mails of the archives, one after the other, and again with other Message-IDs until there are
as many as asked for. Mails above 400 kB are left out. A mailbox that is there is used again. The folder also receives the
tables and the page of the audit.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tkit.corpus import read_raw

BOXES = 5
LARGEST = 400_000
MESSAGE_ID = re.compile(rb"^(message-id:[ \t]*<)", re.IGNORECASE | re.MULTILINE)
FROM_LINE = re.compile(rb"^(>*From )", re.MULTILINE)


def copies(archives: Sequence[Path]) -> Iterator[bytes]:
    """Yield the mails of the archives with other Message-IDs, again and again."""
    for number in count():
        for message in read_raw(archives, problems=[]):
            if len(message.raw) <= LARGEST:
                raw = message.raw.replace(b"\r\n", b"\n")
                yield MESSAGE_ID.sub(rb"\g<1>c%d." % number, raw, count=1) if number else raw


def make(folder: Path, archives: Sequence[Path], mails: int) -> None:
    folder.mkdir(parents=True)
    raws = copies(archives)
    for number in range(BOXES):
        with (folder / f"{number}.mbox").open("wb") as box:
            for _ in range(mails // BOXES):
                body = FROM_LINE.sub(rb">\1", next(raws))
                box.write(b"From - Mon Jan  1 00:00:00 2024\n" + body + (b"\n" if body.endswith(b"\n") else b"\n\n"))


def measured(folder: Path, workers: int) -> str:
    """Audit the mailbox and return one line about it. The progress bar is shown where this runs in a terminal."""
    mailbox, page = str(folder / "mailbox"), str(folder / "audit.html")
    command = [sys.executable, "-m", "tkit", "audit", mailbox, "--workers", str(workers), "-o", page]
    start = time.perf_counter()
    with (folder / "audit.txt").open("wb") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {status}")
    return (
        f"{workers:>9}{time.perf_counter() - start:>12,.0f} s{usage.ru_utime + usage.ru_stime:>16,.0f} s"
        f"{usage.ru_maxrss / 1024:>18,.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="for the mailbox and what the audit writes")
    parser.add_argument("--mails", type=int, default=50_000, help="(%(default)s)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="(%(default)s)")
    parser.add_argument("--page", type=Path, help="the page whose measured block is written")
    options = parser.parse_args()
    mailbox = options.folder / "mailbox"
    if not mailbox.exists():
        make(mailbox, options.archives, options.mails)
    lines = ["processes        time  processor time  largest process"]
    print(lines[0])
    for workers in options.workers:
        lines.append(measured(options.folder, workers))
        print(lines[-1], flush=True)
    if options.page:
        size = sum(box.stat().st_size for box in mailbox.glob("*.mbox"))
        about = (
            f"`benchmarks/audit.py` on {datetime.now(UTC).date()}: {options.mails:,} mails, {size / 1e6:,.0f} MB,"
            f" {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}."
        )
        block = "\n".join(("<!-- begin measured -->", about, "", "```", *lines, "```", "<!-- end measured -->"))
        page = options.page.read_text(encoding="utf-8")
        written = re.sub("<!-- begin measured -->.*<!-- end measured -->", lambda _: block, page, flags=re.DOTALL)
        options.page.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
