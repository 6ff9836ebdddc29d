"""Compare the mails in which tkit finds HTML with those in which other parsers do; writes docs/reading.md.

    python benchmarks/reading.py ../shared/corpora/*.tar.xz --page docs/reading.md

For every mail: the HTML parts that tkit reads, and those of the standard library's ``email`` (policy compat32) and of
``fast-mail-parser``. A mail in which another parser finds HTML and tkit does not, or more HTML parts than tkit, is listed.
"""

from __future__ import annotations

import argparse
import email
import sys
from collections import Counter
from pathlib import Path

import fast_mail_parser

from tkit.corpus import Problem, read_raw
from tkit.mail import HTML_TYPES, Message
from tkit.mail.message import mbox_line_length

COLUMNS = ("mails", "tkit", "email", "fast-mail-parser", "missed", "fewer", "alone", "unread")


def standard(raw: bytes) -> int:
    """Return the number of HTML parts that the standard library finds."""
    return sum(part.get_content_type() in HTML_TYPES for part in email.message_from_bytes(raw).walk())


def fast(raw: bytes) -> int:
    """Return the number of HTML parts that fast-mail-parser finds, 0 if it refuses the mail."""
    try:
        return len(fast_mail_parser.parse_email(raw).text_html)
    except fast_mail_parser.ParseError:
        return 0


def compare(archive: Path) -> tuple[Counter[str], Counter[str]]:
    """Return the counts of an archive, and why mails could not be read fully."""
    counts: Counter[str] = Counter(dict.fromkeys(COLUMNS, 0))
    reasons: Counter[str] = Counter()
    problems: list[Problem] = []
    for mail in read_raw([archive], problems=problems):
        message = Message.from_bytes(mail.raw)
        own = len(message.html_parts)
        raw = mail.raw[mbox_line_length(mail.raw) :]
        by_standard, by_fast = standard(raw), fast(raw)
        most = max(by_standard, by_fast)
        counts.update(
            {
                "mails": 1,
                "tkit": own > 0,
                "email": by_standard > 0,
                "fast-mail-parser": by_fast > 0,
                "missed": most > 0 == own,
                "fewer": most > own,
                "alone": own > 0 == most,
                "unread": bool(message.unread),
            }
        )
        reasons.update(message.unread)
        if most > own:
            print(f"{mail.where}: {own} HTML parts, email {by_standard}, fast-mail-parser {by_fast}", file=sys.stderr)
    return counts, reasons


def page(results: dict[str, tuple[Counter[str], Counter[str]]]) -> str:
    """Return the page of documentation."""
    lines = [
        "# Mails in which HTML is found",
        "",
        "Written by `python benchmarks/reading.py ../shared/corpora/*.tar.xz --page docs/reading.md`. The numbers are mails.",
        "",
        "- **tkit**, **email**, **fast-mail-parser**: HTML is found. `email` is the standard library's (compat32).",
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
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path)
    parser.add_argument("--page", type=Path, help="Markdown file to write")
    arguments = parser.parse_args()
    results = {archive.name.partition(".")[0]: compare(archive) for archive in arguments.archives}
    text = page(results)
    print(text)
    if arguments.page:
        arguments.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
