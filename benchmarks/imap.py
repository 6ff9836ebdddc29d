"""Audit a folder of a real IMAP server, kill the audit in the middle, resume it; writes a part of docs/mailboxes.md.

    python benchmarks/imap.py ../shared/corpora/*.tar.xz --mails 5000 --page docs/mailboxes.md

Starts a Dovecot of its own on loopback with the first mails of each archive, in equal numbers. The table of the run that was
killed and resumed must be that of an undisturbed run, the flags of the mails must stay as they were, and the password must be
in no process list and no output.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tkit.corpus import read_raw

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from made_dovecot import PASSWORD, Dovecot, dovecot  # noqa: E402


def mails_of(archives: list[Path], count: int) -> Iterator[bytes]:
    """Yield the first mails of each archive, with the line ends of the network; a small archive's share goes to the others."""
    left = count
    for number, archive in enumerate(sorted(archives, key=lambda path: path.stat().st_size)):
        share = left // (len(archives) - number)
        for raw in islice(read_raw([archive], problems=[]), share):
            left -= 1
            yield raw.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Run:
    """One `tkit audit`."""

    def __init__(self, server: Dovecot, cache: Path, kill_at: float = math.inf) -> None:
        environment = os.environ | {
            "XDG_CACHE_HOME": str(cache),
            "SSL_CERT_FILE": str(server.certificate),
            "TKIT_IMAP_PASSWORD": PASSWORD,
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "tkit", "audit", server.url()]
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.cache = cache
        self.spooled = 0  # bytes, the most that were kept on disk
        self.table, self.notes = self._watch(kill_at)
        self.seconds = time.monotonic() - self.start

    def _watch(self, kill_at: float) -> tuple[str, str]:
        """Return what it prints; look into the process list while it runs, and kill it when so many bytes are kept."""
        while True:
            try:
                return self.process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                arguments = subprocess.run(["ps", "-eww", "-o", "args"], check=True, capture_output=True, text=True).stdout
                assert PASSWORD not in arguments
                self.spooled = max([self.spooled, *(path.stat().st_size for path in self.cache.rglob("*.sqlite"))])
                if self.spooled >= kill_at:
                    self.process.kill()
                    return self.process.communicate()


def measure(archives: list[Path], count: int) -> list[tuple[str, str]]:
    with dovecot() as server, TemporaryDirectory() as folder:
        server.deliver(list(mails_of(archives, count)))
        delivered = sum(1 for _ in server.maildir().glob("new/*"))
        size = sum(path.stat().st_size for path in server.maildir().glob("new/*"))
        before = server.flags()
        undisturbed = Run(server, Path(folder))
        assert undisturbed.process.returncode == 0, undisturbed.notes
        killed = Run(server, Path(folder), undisturbed.spooled / 2)
        assert killed.process.returncode == -signal.SIGKILL, killed.notes
        resumed = Run(server, Path(folder))
        went_on = next(line for line in resumed.notes.splitlines() if "goes on after" in line)
        outputs = [text for run in (undisturbed, killed, resumed) for text in (run.table, run.notes)] + [server.log]
        assert not any(PASSWORD in text for text in outputs)
        assert resumed.table == undisturbed.table, "the table is another one"
        assert server.flags() == before
        dovecot_version = subprocess.run(["dovecot", "--version"], check=True, capture_output=True, text=True).stdout.split()[0]
        return [
            ("date", f"{datetime.now(UTC).date()}"),
            ("versions", f"Dovecot {dovecot_version}, IMAPClient {version('IMAPClient')}, Python {platform.python_version()}"),
            ("mails", f"{delivered:,} ({size / 1e6:,.0f} MB)"),
            ("undisturbed audit", f"{undisturbed.seconds:,.0f} s"),
            ("killed (SIGKILL) after", f"{killed.seconds:,.0f} s"),
            ("mails that the resumed run did not fetch again", went_on.partition("goes on after ")[2].partition(" of ")[0]),
            ("resumed audit", f"{resumed.seconds:,.0f} s"),
            ("table of the resumed run", "the same, byte for byte"),
            (r"mails marked `\Seen`", f"{sum('Seen' in flag for flag in server.flags())}"),
            ("password in the process list, the output or the server's log", "no"),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--page", type=Path, help="page with the marks <!-- begin imap --> and <!-- end imap -->")
    arguments = parser.parse_args()
    rows = measure(arguments.archives, arguments.mails)
    table = "".join(f"| {what} | {value} |\n" for what, value in rows)
    command = "python benchmarks/imap.py ../shared/corpora/*.tar.xz --page docs/mailboxes.md"
    text = f"Measured by `{command}`:\n\n| | |\n|---|---|\n{table}"
    print(text)
    if arguments.page:
        before, begin, rest = arguments.page.read_text("utf-8").partition("<!-- begin imap -->\n")
        _, end, after = rest.partition("<!-- end imap -->")
        if not (begin and end):
            parser.error(f"{arguments.page}: the marks are missing")
        arguments.page.write_text(f"{before}{begin}{text}{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
