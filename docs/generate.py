"""Write what is generated in the documentation: docs/features.md, and the marked blocks of docs/design.md and README.md.

    python docs/generate.py            # write
    python docs/generate.py --check    # exit 1 where a file is not what would be written

A block of README.md stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; it is the real output of its command,
run here, in 100 columns.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tkit.features import FEATURE_VERSION, FEATURES, VANTAGES, feature_names
from tkit.html.carriers import CARRIERS, request_type

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = {
    "study": ["study", "--dataset", "data/dataset", "-o", "{out}/study"],
    "audit": ["audit", "data/sample"],
}


def features_page() -> str:
    """Return docs/features.md."""
    counts = ", ".join(f"`{vantage}` {len(feature_names(vantage))}" for vantage in VANTAGES)
    lines = [
        "# Features",
        "",
        f"Generated from `tkit/features/schema.py` by `make docs`. Feature version {FEATURE_VERSION}, {len(FEATURES)} features."
        f" Each vantage point includes those before it: {counts}. All features are float32. *absent* is the value that means"
        ' "not given". *in reasons* is how a verdict\'s reasons express the feature; 0, 1 and "not given" may have words of'
        " their own.",
    ]
    columns = ("feature", "unit", "absent", "meaning", "in reasons", "source")
    for vantage in VANTAGES:
        lines += ["", f"## {vantage}", "", _table_row(columns), "|---" * len(columns) + "|"]
        for feature in FEATURES:
            if feature.vantage == vantage:
                absent = "" if feature.absent is None else f"{feature.absent:g}"
                words = re.sub(r"\{n:?([^}]*)\}", _placeholder, feature.words.usual)
                lines.append(_table_row((f"`{feature.name}`", feature.unit, absent, feature.meaning, words, feature.source)))
    return "\n".join(lines) + "\n"


def _table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _placeholder(number: re.Match[str]) -> str:
    """Return ``{n}``, ``{n:%}``, ``{n:noun}`` or ``{n:one/several}`` of a reason with an n for the number."""
    one, _, several = number[1].partition("/")
    return f"*n*{one}" if one in ("", "%") else f"*n* {several or one + 's'}"


def design_page(text: str) -> str:
    """Return docs/design.md with its table of carriers as :mod:`tkit.html.carriers` has it."""
    ways: dict[str, list[str]] = {}
    for row in CARRIERS:
        ways.setdefault(row.name, []).append(f"`{row.written}`".replace("|", "\\|"))
    rows = [f"| `{name}` | {', '.join(written)} | {request_type(name)} |" for name, written in ways.items()]
    table = "\n".join(["| carrier | written as | requested as |", "|---|---|---|", *rows])
    begin, end = "<!-- begin carriers -->\n", "\n<!-- end carriers -->"
    return re.sub(rf"{begin}.*?{end[1:]}", lambda _: f"{begin}{table}{end}", text, flags=re.DOTALL)


def output_of(arguments: list[str], out: str) -> str:
    """Run tkit and give what it prints."""
    command = [sys.executable, "-m", "tkit", *(argument.format(out=out) for argument in arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"COLUMNS": "100", "PATH": ""})
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def readme(text: str) -> str:
    """Return README.md with its blocks made anew."""
    with tempfile.TemporaryDirectory() as out:
        for name, arguments in BLOCKS.items():
            block = f"<!-- begin {name} -->\n```\n{output_of(arguments, out)}\n```\n<!-- end {name} -->"
            text = re.sub(rf"<!-- begin {name} -->.*?<!-- end {name} -->", lambda _, block=block: block, text, flags=re.S)
    return text


def main() -> int:
    """Write or check."""
    check = "--check" in sys.argv
    stale = []
    design = ROOT / "docs" / "design.md"
    pages = {
        ROOT / "docs" / "features.md": features_page(),
        design: design_page(design.read_text(encoding="utf-8")),
    }
    if not check:
        pages[ROOT / "README.md"] = readme((ROOT / "README.md").read_text(encoding="utf-8"))
    for path, text in pages.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"not up to date: {', '.join(stale)}: run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
