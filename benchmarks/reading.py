"""Compare the mails in which tkit finds HTML with those in which other parsers do; writes docs/reading.md.

    npm ci --prefix benchmarks/parsers
    python benchmarks/reading.py ../shared/corpora/*.tar.xz --page docs/reading.md

For every mail: the HTML parts that tkit reads, and those of the standard library's ``email`` (policy compat32), of
``fast-mail-parser`` and of Nodemailer's ``mailparser``. A mail in which another parser finds HTML and tkit does not, or more
HTML parts than tkit, is listed.
"""

from __future__ import annotations

import argparse
import email
import json
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fast_mail_parser
from tables import ROOT, made_with, run

from tkit.corpus import Problem, read_raw
from tkit.errors import TkitError
from tkit.mail import HTML_TYPES, Message
from tkit.mail.message import mbox_line_length

Parser = Callable[[bytes], int]
"""Returns the number of HTML parts that it finds in a mail."""

COLUMNS = ("mails", "tkit", "email", "fast-mail-parser", "mailparser", "missed", "fewer", "alone", "unread")
_PARSERS = ROOT / "benchmarks" / "parsers"
_MAILPARSER = _PARSERS / "node_modules" / "mailparser" / "package.json"


def standard(raw: bytes) -> int:
    """Return the number of HTML parts that the standard library finds."""
    return sum(part.get_content_type() in HTML_TYPES for part in email.message_from_bytes(raw).walk())


def fast(raw: bytes) -> int:
    """Return the number of HTML parts that fast-mail-parser finds, 0 if it refuses the mail."""
    try:
        return len(fast_mail_parser.parse_email(raw).text_html)
    except fast_mail_parser.ParseError:
        return 0


@contextmanager
def nodemailer() -> Iterator[Parser]:
    """Run mailparser for as long as the block lasts."""
    if not _MAILPARSER.exists():
        raise TkitError(f"mailparser is not installed: npm ci --prefix {_PARSERS.relative_to(ROOT)}")
    command = ["node", str(_PARSERS / "html_parts.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        asked, answers = process.stdin, process.stdout
        assert asked
        assert answers

        def html_parts(raw: bytes) -> int:
            asked.write(struct.pack(">I", len(raw)) + raw)
            asked.flush()
            return int(answers.readline())

        yield html_parts


def compare(archive: Path, parsers: dict[str, Parser]) -> tuple[Counter[str], Counter[str]]:
    """Return the counts of an archive, and why mails could not be read fully."""
    counts: Counter[str] = Counter(dict.fromkeys(COLUMNS, 0))
    reasons: Counter[str] = Counter()
    problems: list[Problem] = []
    for mail in read_raw([archive], problems=problems):
        message = Message.from_bytes(mail.raw)
        own = len(message.html_parts)
        raw = mail.raw[mbox_line_length(mail.raw) :]
        by_parser = {name: parser(raw) for name, parser in parsers.items()}
        most = max(by_parser.values())
        counts.update(
            {
                "mails": 1,
                "tkit": own > 0,
                **{name: found > 0 for name, found in by_parser.items()},
                "missed": most > 0 == own,
                "fewer": most > own,
                "alone": own > 0 == most,
                "unread": bool(message.unread),
            }
        )
        reasons.update(message.unread)
        if most > own:
            print(
                f"{mail.where}: {own} HTML parts", *(f"{name} {n}" for name, n in by_parser.items()), sep=", ", file=sys.stderr
            )
    return counts, reasons


def page(results: dict[str, tuple[Counter[str], Counter[str]]]) -> str:
    """Return the page of documentation."""
    lines = [
        "# Mails in which HTML is found",
        "",
        "Written by `python benchmarks/reading.py ../shared/corpora/*.tar.xz --page docs/reading.md`. The numbers are mails.",
        "",
        "- **tkit**, **email**, **fast-mail-parser**, **mailparser**: HTML is found. `email` is the standard library's (policy",
        "  compat32), mailparser is Nodemailer's and reads attachments too.",
        "- **missed**: another parser finds HTML and tkit finds none. **fewer**: another parser finds more HTML parts.",
        "- **alone**: only tkit finds HTML.",
        "- **unread**: tkit says that it could not read the mail fully; the reasons are below.",
        "",
        "| archive | " + " | ".join(COLUMNS) + " |",
        "| --- |" + " ---: |" * len(COLUMNS),
    ]
    for name, (counts, _) in results.items():
        lines.append(f"| {name} | " + " | ".join(f"{counts[column]:,}" for column in COLUMNS) + " |")
    lines += ["", "| why mails could not be read fully | archive | mails |", "| --- | --- | ---: |"]
    for name, (_, reasons) in results.items():
        lines += [f"| {why} | {name} | {count:,} |" for why, count in reasons.most_common()]
    mailparser = json.loads(_MAILPARSER.read_text(encoding="utf-8"))["version"]
    lines += ["", *made_with(("tkit", "fast-mail-parser"), mailparser=mailparser)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--page", type=Path, help="Markdown file to write")
    arguments = parser.parse_args()
    with nodemailer() as mailparser:
        parsers = {"email": standard, "fast-mail-parser": fast, "mailparser": mailparser}
        results = {archive.name.partition(".")[0]: compare(archive, parsers) for archive in arguments.archives}
    text = page(results)
    print(text)
    if arguments.page:
        arguments.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(main)
