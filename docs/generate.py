"""Write what is generated in the documentation: docs/features.md and the marked blocks of other pages.

    python docs/generate.py            # write
    python docs/generate.py --check    # exit 1 where a file is not what would be written

A block stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. Those of README.md are the real output of a command,
run here, in 100 columns.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tkit.detectors.peers import PEERS
from tkit.detectors.rules import RULE_NAMES
from tkit.evaluate.percent import percent, percent_interval
from tkit.features import FEATURE_VERSION, FEATURES, VANTAGES, feature_names
from tkit.html.carriers import CARRIERS, request_type

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = {"scan": ["scan", "data/sample/sales-letter-pixel.eml", "data/sample/sale-countdown.eml", "--trackers"]}
ALL_LISTS, MISSIVE = "known lists", "known lists or 1x1"


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
    return _with_block(text, "carriers", table)


def detectors_page(text: str) -> str:
    """Return docs/detectors.md with the names of rules and programs."""
    needing_copies = [f"`{name}`" for name, rule in RULE_NAMES.items() if rule.vantage == "campaign"]
    rules, programs = (", ".join(f"`{name}`" for name in names) for names in (RULE_NAMES, PEERS))
    block = (
        f"Rules: {rules}. On the dataset only, because other copies of a mail are needed: {', '.join(needing_copies)}.\n\n"
        f"Programs: {programs}."
    )
    return _with_block(text, "names", block)


def accuracy_table() -> str:
    """Return the table of README.md: the best of each kind on wanted and on old mail, from docs/peers.csv.

    The best program or rule is the one whose recall, each component counted once, exceeds its share of harmed mails by most,
    on the mean of both kinds of mail.
    """
    rates = pd.read_csv(ROOT / "docs" / "peers.csv")
    rates = rates[rates["population"] != "all mail"]
    harmed = rates[rates["count"] == "mails"].set_index(["population", "name"])
    rates = rates[rates["count"] == "components"].set_index(["population", "name"], drop=False)
    rates = rates.assign(**{name: harmed[name] for name in ("fpr", "fpr_low", "fpr_high", "negatives")}).reset_index(drop=True)
    gain = (rates["tpr"] - rates["fpr"]).groupby([rates["kind"], rates["name"]]).mean()
    best = {kind: gain[kind].drop([ALL_LISTS, MISSIVE], errors="ignore").idxmax() for kind in ("model", "program", "rule")}
    shown = {
        "tkit's model, mail it has not seen": best["model"],
        f"best program: {best['program'].removeprefix('program: ')}": best["program"],
        f"best rule: {best['rule']}": best["rule"],
        "all published lists together": ALL_LISTS,
        "lists and 1x1 pictures, as Missive announced": MISSIVE,
    }
    populations = rates["population"].unique().tolist()
    heads = [
        "detector",
        *(f"{population}: {rate}" for population in populations for rate in ("found", "mails that lose a picture")),
    ]
    lines = [_table_row(heads), "|---" + "|--:" * (len(heads) - 1) + "|"]
    for title, name in shown.items():
        of_name = rates[rates["name"] == name].set_index("population").loc[populations]
        cells = [
            f"{percent(row[rate])} [{percent_interval(row[f'{rate}_low'], row[f'{rate}_high'])}]"
            for _, row in of_name.iterrows()
            for rate in ("tpr", "fpr")
        ]
        lines.append(_table_row((title, *cells)))
    numbers = rates[rates["kind"] == "model"].set_index("population")
    counts = "; ".join(
        f"{population}: {numbers.loc[population, 'trackers']:,} groups of senders with trackers,"
        f" {numbers.loc[population, 'negatives']:,} mails with good pictures"
        for population in populations
    )
    return "\n".join(lines) + f"\n\n{counts}. Found: each group counts once. 95% intervals, bootstrap over groups."


def _with_block(text: str, name: str, block: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    return re.sub(rf"{begin}.*?{end}", lambda _: f"{begin}\n{block}\n{end}", text, flags=re.DOTALL)


def output_of(arguments: list[str], out: str) -> str:
    """Run tkit and give what it prints."""
    command = [sys.executable, "-m", "tkit", *(argument.format(out=out) for argument in arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"COLUMNS": "100", "PATH": ""})
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def readme(text: str) -> str:
    """Return README.md with its blocks replaced by what the commands print now."""
    with tempfile.TemporaryDirectory() as out:
        for name, arguments in BLOCKS.items():
            text = _with_block(text, name, f"```\n{output_of(arguments, out)}\n```")
    return _with_block(text, "accuracy", accuracy_table())


def main() -> int:
    """Write or check."""
    check = "--check" in sys.argv
    stale = []
    docs = ROOT / "docs"
    pages = {
        docs / "features.md": features_page(),
        docs / "design.md": design_page((docs / "design.md").read_text(encoding="utf-8")),
        docs / "detectors.md": detectors_page((docs / "detectors.md").read_text(encoding="utf-8")),
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
