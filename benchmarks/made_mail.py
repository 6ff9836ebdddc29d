"""Judge made mails with bundles and write what is wrong to docs/made_mail.md.

    python benchmarks/made_mail.py
    python benchmarks/made_mail.py --bundle out/bundle --page out/made_mail.md

Without --bundle the built-in bundles are measured. made_sets/ has the mails; nothing in it may be trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from made_sets import CLEAN, PERSONALISED, SETS, TRACKER, MadeMail
from tables import ROOT, made_with, markdown, run, share

from tkit import scan
from tkit.bundle import Bundle, default_bundle
from tkit.features import MAIL_VANTAGES
from tkit.mail import Message

WRONG = {
    TRACKER: ("missed", lambda verdict: verdict != TRACKER),
    PERSONALISED: ("dropped as a tracker", lambda verdict: verdict == TRACKER),
    CLEAN: ("not clean", lambda verdict: verdict != CLEAN),
}
"""By expected verdict: what a wrong verdict is called, and whether a verdict is wrong."""

LISTED = 40
"""How many wrong verdicts a table of the page has at most."""


def judged(mails: Sequence[MadeMail], bundle: Bundle) -> pd.DataFrame:
    """Return one row per reference of the mails.

    The columns are ``name``, ``kind``, ``frame``, ``url``, ``asked`` (whether the mail was made for this reference),
    ``expected``, ``verdict``, ``score`` and ``wrong``.
    """
    messages = [Message.from_bytes(mail.raw) for mail in mails]
    by_sha256 = {message.message_sha256: mail for message, mail in zip(messages, mails, strict=True)}
    found = pd.concat(list(scan(messages, bundle)), ignore_index=True)
    made = [by_sha256[str(sha256)] for sha256 in found["message_sha256"]]
    rows = pd.DataFrame(
        {
            "name": [mail.name for mail in made],
            "kind": [mail.kind for mail in made],
            "frame": [mail.frame for mail in made],
            "url": found["url"],
            "verdict": found["verdict"],
            "score": found["score"],
        }
    )
    rows["asked"] = [mail.url == url for mail, url in zip(made, rows["url"], strict=True)]
    rows["expected"] = [
        mail.expected if mail.url == url else mail.others[url] for mail, url in zip(made, rows["url"], strict=True)
    ]
    rows["wrong"] = [WRONG[expected][1](verdict) for expected, verdict in zip(rows["expected"], rows["verdict"], strict=True)]
    return rows


def _shares(rows: pd.DataFrame) -> list[str]:
    """Return the number of rows, the share of wrong verdicts and how often each verdict was given."""
    verdicts = [str(int((rows["verdict"] == verdict).sum())) for verdict in (TRACKER, PERSONALISED, CLEAN)]
    return [str(len(rows)), share(int(rows["wrong"].sum()), len(rows)), *verdicts]


def summary(results: dict[str, dict[str, pd.DataFrame]]) -> list[str]:
    """Return the table of sets and frames, one row for each bundle, and the other references of the frames."""
    head = ("set", "frame", "wrong is", "bundle", "references", "wrong", "tracker", "personalised", "clean")
    rows, others = [], []
    for name, (title, _) in SETS.items():
        for bundle, by_set in results.items():
            asked = by_set[name][by_set[name]["asked"]]
            expected = str(asked["expected"].iloc[0])
            frames = list(dict.fromkeys(asked["frame"]))
            for frame, part in [("all", asked), *((one, asked[asked["frame"] == one]) for one in frames if len(frames) > 1)]:
                rows.append((title, frame, WRONG[expected][0], bundle, *_shares(part)))
    for bundle, by_set in results.items():
        rest = pd.concat([table[~table["asked"]] for table in by_set.values()])
        for expected, part in rest.groupby("expected"):
            others.append(("of the frames", "all", WRONG[str(expected)][0], bundle, *_shares(part)))
    return markdown(head, [*rows, *others])


def kinds(results: dict[str, dict[str, pd.DataFrame]], name: str) -> list[str]:
    """Return the table of wrong verdicts by kind; a set with several frames has a column for each."""
    columns = [
        (f"{bundle}, {frame}" if table["frame"].nunique() > 1 else bundle, table[table["asked"] & (table["frame"] == frame)])
        for bundle, by_set in results.items()
        for table in [by_set[name]]
        for frame in dict.fromkeys(table["frame"])
    ]
    names = list(dict.fromkeys(columns[0][1]["kind"]))
    body = []
    for kind in names:
        parts = [rows[rows["kind"] == kind] for _, rows in columns]
        body.append((kind, *(f"{int(part['wrong'].sum())} of {len(part)}" for part in parts)))
    return markdown(("kind", *(title for title, _ in columns)), body)


def failures(rows: pd.DataFrame) -> list[str]:
    """Return the table of wrong verdicts, the URL without most of its token."""
    wrong = rows[rows["wrong"] & rows["asked"]]
    more = len(wrong) - LISTED
    wrong = wrong.head(LISTED)
    table = markdown(
        ("mail", "score", "verdict", "URL"),
        [
            (name, f"{score:.3f}", verdict, f"`{url if len(url) < 90 else url[:60] + '…' + url[-24:]}`".replace("|", "%7C"))
            for name, score, verdict, url in zip(wrong["name"], wrong["score"], wrong["verdict"], wrong["url"], strict=True)
        ],
    )
    return [*table, "", f"{more} more: `--json` prints all."] if more > 0 else table


def page(results: dict[str, dict[str, pd.DataFrame]], thresholds: dict[str, float], command: str) -> str:
    """Return the text of the page."""
    digests = {title: hashlib.sha256(b"".join(mail.raw for mail in make())).hexdigest()[:16] for title, make in SETS.values()}
    lines = [
        "# Made mail",
        "",
        f"Written by `{command}`; do not edit.",
        "",
        "The corpora have few letters and few visible pictures with a recipient's token. These mails are made to measure both."
        " `benchmarks/made_sets/` was written from the names of the kinds and from public documentation, the first four sets"
        " before any detector judged a mail of them; none is ever trained on. Host names are reserved, so no list and no table"
        " of services can help.",
        "",
        "- **Personalised pictures**: 100 pictures of 20 kinds, each in a newsletter, a notice and a letter. They are"
        " individual and there to be looked at: a detector that calls one a tracker takes it from the reader.",
        "- **Receipts in letters**: 60 shapes of read receipts, 44 as programs write them, the only picture of a one-to-one"
        " letter.",
        "- **Good pictures in letters**: 60 pictures with the same URL for every recipient, the only picture of a letter.",
        "- **Receipts in newsletters**: the same 60 shapes among the pictures of a newsletter.",
        "- **Personalised pictures on the links' host**: the 100 pictures again, served by the host that all links go to, with"
        " a token of the links' form and without a picture's name. This set is harder and was written after the first four had"
        " been measured, from the reasons reported for lost pictures.",
        "",
        "Intervals are Wilson's, at 95%. The last rows are the references that belong to the frames: logos, teasers, icons, and"
        " the newsletters' own open pixels.",
        "",
        "## By set and frame",
        "",
        *summary(results),
        "",
        "Thresholds: " + ", ".join(f"{bundle} {threshold:.4f}" for bundle, threshold in thresholds.items()) + ".",
        "",
    ]
    for name, (title, _) in SETS.items():
        if any(table["asked"].sum() > table["kind"].nunique() for table in (by_set[name] for by_set in results.values())):
            lines += [f"## {title.capitalize()}: wrong by kind", "", *kinds(results, name), ""]
    for bundle, by_set in results.items():
        for name, (title, _) in SETS.items():
            if by_set[name].loc[by_set[name]["asked"], "wrong"].any():
                lines += [f"## {title.capitalize()}: what `{bundle}` gets wrong", "", *failures(by_set[name]), ""]
    sets = markdown(("set", "SHA-256 of the mails"), digests.items())
    return "\n".join([*lines, "## The sets", "", *sets, "", *made_with(["lightgbm", "numpy", "pandas"]), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, action="append", help="folder of a bundle; may be given several times")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "made_mail.md", help="the page to write (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print every verdict as one line of JSON, and write no page")
    arguments = parser.parse_args()
    if arguments.bundle:
        bundles = {folder.name: Bundle.load(folder) for folder in arguments.bundle}
    else:
        bundles = {vantage: default_bundle(vantage) for vantage in reversed(MAIL_VANTAGES)}
    mails = {name: list(make()) for name, (_, make) in SETS.items()}
    results = {title: {name: judged(made, bundle) for name, made in mails.items()} for title, bundle in bundles.items()}
    if arguments.json:
        for title, by_set in results.items():
            for name, rows in by_set.items():
                for row in rows.to_dict("records"):
                    print(json.dumps({"bundle": title, "set": name, **row}))
        return
    thresholds = {title: bundle.threshold_score for title, bundle in bundles.items()}
    command = "python benchmarks/made_mail.py" + "".join(f" --bundle {folder.name}" for folder in arguments.bundle or [])
    arguments.page.write_text(page(results, thresholds, command), encoding="utf-8", newline="\n")
    print("\n".join(summary(results)), file=sys.stderr)


if __name__ == "__main__":
    run(main)
