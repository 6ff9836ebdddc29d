"""Measure what the comparison of mailing copies finds on the gold labels and gains a model; writes docs/campaigns.md.

    python benchmarks/campaigns.py --corpora ../shared/corpora

A reference that is individual to the recipient or the copy is right if it is labelled T or P, and wrong if C or S.
Undecided ones are left out.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pandas as pd
from campaign_models import MOST, QUICK, Judged, built, disguise_lines, judged, label_lines, summary, true_lines
from rich.console import Console
from rich.progress import Progress
from tables import ROOT, Compared, compare_corpora, corpora_parser, made_with, markdown, read_messages, run, share

from tkit.campaigns.evidence import EVIDENCE
from tkit.dataset import read
from tkit.features import KEY
from tkit.study.train import BUDGET, INDIVIDUAL_BUDGET

MAIN = "trec07p"
KNOWN = "copies_known"
INDIVIDUAL = {"recipient": ["recipient"], "copy": ["copy"], "recipient or copy": ["recipient", "copy"]}


def labelled(result: Compared, labels: pd.DataFrame) -> pd.DataFrame:
    rows = result.features.merge(result.campaigns, on=list(KEY), validate="one_to_one")
    return rows.merge(labels[[*KEY, "label", "confidence", "source", "component"]], on=list(KEY), validate="one_to_one")


def precision_row(name: str, rows: pd.DataFrame, evidence: list[str]) -> tuple[str, ...]:
    individual = rows[rows["evidence"].isin(evidence)]
    right, wrong = individual["label"].isin(["T", "P"]), individual["label"].isin(["C", "S"])
    undecided = int((individual["label"] == "U").sum())
    counts = (int(right.sum()), int(wrong.sum()), undecided, individual["component"].nunique())
    return (name, *map(str, counts), share(counts[0], counts[0] + counts[1]))


def corpus_row(result: Compared) -> tuple[str, ...]:
    rows = result.campaigns
    sizes = (
        rows.drop_duplicates("message_sha256").groupby("campaign").agg(copies=("copies", "first"), to=("recipients", "first"))
    )
    counts = (
        result.mails,
        rows["message_sha256"].nunique(),
        len(rows),
        len(sizes),
        int((sizes["copies"] > 1).sum()),
        int((sizes["to"] > 1).sum()),
    )
    return (result.corpus, *(f"{count:,}" for count in counts), f"{result.seconds:.0f}")


def why(row: pd.Series) -> str:
    """Return in words what kind of error a wrong reference is."""
    if row["confidence"] == 1:
        return "the label is a guess"
    if row["copies"] <= 2:
        return "only two copies, with two pictures"
    if row["evidence"] == "copy":
        return "sent to one recipient, a different picture in each copy"
    return "a different picture for each recipient, with names of one shape"


def errors(rows: pd.DataFrame) -> list[str]:
    wrong = rows[rows["evidence"].isin(["recipient", "copy"]) & rows["label"].isin(["C", "S"])]
    if wrong.empty:
        return ["None."]
    head = (
        "evidence",
        "source",
        "label",
        "confidence",
        "copies",
        "recipients",
        "values",
        "token length",
        "declared size",
        "what it is",
    )
    lines = []
    for _, row in wrong.sort_values(["evidence", "source", "copies"]).iterrows():
        cells = [str(row[name.replace(" ", "_")]) for name in head[:8]]
        lines.append((*cells, "yes" if row["sides_given"] else "no", why(row)))
    return markdown(head, lines)


def missed(gold: pd.DataFrame) -> list[str]:
    """Count the trackers and personalised pictures by the evidence that the comparison had."""
    individual = gold[gold["label"].isin(["T", "P"])]
    evidence, single = individual["evidence"], individual["copies"] == 1
    groups = {
        "found individual to the recipient": evidence == "recipient",
        "found individual to the copy: the recipient got several, or is unknown": evidence == "copy",
        "no other copy in the corpus, but each mailing of the sender has its own token": (evidence == "mailing") & single,
        "no other copy in the corpus, and no such counterpart": evidence == "none",
        "one URL in all copies, with its own token in each mailing": (evidence == "mailing") & ~single,
        "one URL in all copies that have it: counts openings without a recipient": evidence == "identical",
        "no other copy of the mailing has it": evidence == "alone",
        "differs, but not like a token (words, servers, sizes, shared values, too few digits)": evidence.isin(
            ["variant", "mixed"]
        ),
    }
    return markdown(
        ("gold T or P", "rows", "share"),
        [(name, str(int(mask.sum())), share(int(mask.sum()), len(individual))) for name, mask in groups.items()],
    )


def model_lines(rows: pd.DataFrame, copies: pd.DataFrame, verdicts: Judged, folds: int, most: int) -> list[str]:
    """Return the sections on what the model of the vantage point finds."""
    return [
        "## What copies find, whatever the disguise",
        "",
        summary(copies, verdicts.of_built),
        "",
        f"The model of the built-in bundle `campaign`, in {folds} folds by component; thresholds chosen on the other"
        f" folds: at most {BUDGET:.1%} of the pictures that a person should see flagged as trackers, at most"
        f" {INDIVIDUAL_BUDGET:.1%} of the content pictures and spacers individual. The corpora hold few true copies of"
        " labelled mails, so these are built: a gold mail is sent to other recipients again; there, every reference"
        " labelled T or P gets other tokens of the same form, and all else stays. The disguise is the same in all copies,"
        " as one template makes it. The mails are then extracted and compared like any others. *Found* is a tracker that"
        f" is reported as a tracker or a personalised picture. At most {most} references of a label and component are"
        " drawn.",
        "",
        *disguise_lines(copies, verdicts.of_built),
        "",
        "*Rule* is `rule:own-token`, the comparison without a model. From three copies on, its answer is enough to call a"
        " reference individual, whatever the model says; in two copies, two tokens may be two pictures. Some trackers have no"
        " token of a recipient's; they are in the next table.",
        "",
        "## Trackers and personalised pictures told apart",
        "",
        "Copies show that a URL is the recipient's own. Whether it is there to be looked at, only its size and place can say."
        " Undisguised references, built copies:",
        "",
        *label_lines(copies, verdicts.of_built),
        "",
        "## With the true copies of the corpora",
        "",
        "The same model on the gold rows, by how many copies of the mailing their own corpus holds, the mail itself included."
        " Most were sent to one address, so that different tokens may be different mailings. 95% Wilson intervals over rows.",
        "",
        *true_lines(rows, verdicts.of_rows, KNOWN),
        "",
        "## In a mailbox",
        "",
        "A mailbox holds copies if it has several addresses, belongs to a team, or gets forwards. `tkit scan --copies` and"
        " `tkit audit --copies` compare the mails that they are given, and judge with the built-in bundle `campaign`. A forward"
        " of somebody else's copy counts as a copy of its own, a forward of one's own does not. docs/manipulations.md says what"
        " to do where there is no other copy.",
        "",
    ]


def page(results: list[Compared], tables: dict[str, pd.DataFrame], of_models: list[str], seconds: float) -> str:
    main = tables[MAIN]
    gold = main[main["source"] == "gold"]
    others = pd.concat([table for name, table in tables.items() if name != MAIN])
    others = others[others["source"] == "gold"]
    individual = gold[gold["label"].isin(["T", "P"])]
    reachable = individual[individual["recipients"] > 1]
    found = individual["evidence"].isin(["recipient", "copy"])
    corpus = next(result for result in results if result.corpus == MAIN)
    head = ("evidence", "T or P", "C or S", "U", "components", "precision")
    counts = (
        gold.groupby(["evidence", "label"]).size().unstack(fill_value=0).reindex(index=list(EVIDENCE), columns=list("TPCSU"))
    )
    lines = [
        "# Campaigns: what the copies of a mailing show",
        "",
        "Written by `python benchmarks/campaigns.py`; do not edit. `tkit/campaigns/mailings.py` describes the comparison,",
        "`tkit/campaigns/evidence.py` the kinds of evidence.",
        "",
        *of_models,
        "## The corpora",
        "",
        *markdown(
            (
                "corpus",
                "mails",
                "with references",
                "references",
                "mailings",
                "with two or more copies",
                "to two or more recipients",
                "seconds",
            ),
            [corpus_row(result) for result in results],
        ),
        "",
        "Seconds of one process, without reading the mails.",
        "",
        f"## Precision on {MAIN}",
        "",
        "Gold rows of every confidence. T and P are right, C and S are wrong, U is left out. 95% Wilson intervals over rows.",
        "Rows of one component are near copies of each other, so with few components the intervals are too narrow.",
        "",
        *markdown(head, [precision_row(name, gold, evidence) for name, evidence in INDIVIDUAL.items()]),
        "",
        "Members of the gold rows' clusters, which have the label of the cluster:",
        "",
        *markdown(head, [precision_row(name, main[main["source"] == "member"], of) for name, of in INDIVIDUAL.items()]),
        "",
        f"The thresholds were set while looking at {MAIN} and phishing_pot. The gold rows of the other corpora, where most"
        " mails went to one address:",
        "",
        *markdown(head, [precision_row(name, others, evidence) for name, evidence in INDIVIDUAL.items()]),
        "",
        "## Coverage",
        "",
        f"Of the {len(individual)} gold rows labelled T or P, {share(int(found.sum()), len(individual))} are found individual"
        f" to the recipient or the copy. Only {len(reachable)} of them are in a mailing with copies to two recipients in the"
        f" corpus; of these, {share(int(found[reachable.index].sum()), len(reachable))} are found.",
        "",
        *missed(gold),
        "",
        "## Evidence and labels",
        "",
        *markdown(
            ("evidence", "references", *"TPCSU"),
            [
                (
                    name,
                    f"{int((corpus.campaigns['evidence'] == name).sum()):,}",
                    *(str(int(count)) for count in counts.loc[name].fillna(0)),
                )
                for name in EVIDENCE
            ],
        ),
        "",
        "## The errors",
        "",
        f"Every reference of {MAIN} that was found individual but is labelled C or S, gold and members.",
        "",
        *errors(main),
        "",
        "Of the other corpora, gold only:",
        "",
        *errors(others),
        "",
        f"The run took {seconds / 60:.0f} minutes.",
        "",
        *made_with(("tkit", "lightgbm", "numpy", "pandas", "selectolax", "publicsuffixlist")),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = corpora_parser(__doc__, "campaigns.md")
    parser.add_argument("--quick", action="store_true", help="fewer references and disguises")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that build copies")
    parser.add_argument("--cache", type=Path, default=ROOT / "out" / "campaigns", help="folder of the built copies")
    arguments = parser.parse_args()
    start = time.monotonic()
    dataset = read(arguments.dataset)
    labels = dataset.labels.query("source != 'weak'")
    console = Console()
    with Progress(console=console) as progress:
        rows = dataset.rows()
        file = arguments.cache / f"built-{dataset.digest('campaign')[:12]}{'-quick' if arguments.quick else ''}.parquet"
        if not file.is_file():
            gold = frozenset(rows.loc[rows["source"] == "gold", "message_sha256"])
            messages = read_messages(arguments.corpora, gold, progress)
            copies = built(messages, rows, arguments.quick, arguments.workers, progress)
            file.parent.mkdir(parents=True, exist_ok=True)
            copies.to_parquet(file)
        copies = pd.read_parquet(file)
        verdicts = judged(dataset, rows, copies, arguments.folds, progress)
        results = compare_corpora(arguments.corpora, progress)
    tables = {result.corpus: labelled(result, labels) for result in results}
    text = page(
        results,
        tables,
        model_lines(rows, copies, verdicts, arguments.folds, QUICK if arguments.quick else MOST),
        time.monotonic() - start,
    )
    arguments.page.write_text(text, encoding="utf-8")
    console.print(f"written: {arguments.page}")


if __name__ == "__main__":
    run(main)
