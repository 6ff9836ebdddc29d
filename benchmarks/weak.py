"""Measure the weak labels of the five corpora against gold; writes docs/weak.md.

    python benchmarks/weak.py --corpora ../shared/corpora

The accuracy of a label on gold is measured by cross-validation over components: the sources' accuracies come from other
components than those that are labelled.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from tables import CORPORA_FOLDER, ROOT, compared, made_with, markdown, share

from tkit.corpus import CORPORA
from tkit.dataset import read
from tkit.errors import TkitError
from tkit.features import KEY
from tkit.labels import headline
from tkit.labels.sources import SOURCES
from tkit.labels.weak import (
    MIN_CONFIDENCE,
    conflicts,
    cross_validated_labels,
    evidence_rows,
    feature_columns,
    source_table,
    sources_using,
    votes,
    weak_labels,
    without_sources,
)


def source_lines(table: pd.DataFrame) -> list[str]:
    head = ("source", "votes", "cue", "coverage", "gold votes", "wrong", "accuracy", "overlap", "conflict")
    return markdown(
        head,
        [
            (
                f"`{row['source']}`",
                row["says"],
                row["family"],
                f"{row['coverage']:.4f}",
                str(row["gold"]),
                str(row["wrong"]),
                f"{row['accuracy']:.4f}",
                f"{row['overlap']:.3f}",
                f"{row['conflict']:.3f}",
            )
            for _, row in table.iterrows()
        ],
    )


def declared_lines() -> list[str]:
    return markdown(
        ("source", "when it votes", "columns that it reads"),
        [(f"`{source.name}`", source.meaning, " ".join(f"`{name}`" for name in source.uses)) for source in SOURCES],
    )


def agreement(rows: pd.DataFrame) -> tuple[str, ...]:
    """Write rows, accuracy, and the precision of either side, of rows labelled T, C or S twice."""
    tracker, called = rows["label"] == "T", rows["weak"] == "T"
    right = tracker == called
    weighted = np.average(right, weights=rows["stratum_weight"]) if len(rows) else np.nan
    return (
        f"{len(rows):,}",
        share(int(right.sum()), len(rows)),
        f"{weighted:.4f}",
        share(int((called & tracker).sum()), int(called.sum())),
        share(int((~called & ~tracker).sum()), int((~called).sum())),
    )


def measured(gold: pd.DataFrame, coverage: pd.Series) -> list[str]:
    known = gold[headline(gold)]
    head = ("at confidence", "coverage", "gold covered", "rows", "accuracy", "weighted", "precision of T", "precision of C, S")
    lines = []
    for least in (0.5, 0.8, MIN_CONFIDENCE, 0.97, 0.99):
        kept = known[known["certainty"] >= least]
        covered = share(int((coverage >= least).sum()), len(coverage))
        lines.append((f"{least:.2f}", covered.partition(" ")[0], f"{len(kept) / len(known):.4f}", *agreement(kept)))
    return markdown(head, lines)


def page(rows: pd.DataFrame, labels: pd.DataFrame, weak: pd.DataFrame, seconds: float) -> str:
    cast = votes(rows)
    place = rows[list(KEY)].assign(_row=rows.index).merge(labels, on=list(KEY), how="left")
    unlabelled = place["label"].isna().to_numpy()
    gold = place[place["source"] == "gold"].set_index("_row")
    gold["corpus"] = rows.loc[gold.index, "corpus"]
    found = cross_validated_labels(cast.loc[gold.index], gold)
    gold = gold.assign(weak=found["label"], certainty=found["confidence"])
    kept = gold[gold["certainty"] >= MIN_CONFIDENCE]
    known = kept[headline(kept)]
    by_label = (
        kept.groupby(["label", "weak"])
        .size()
        .unstack(fill_value=0)
        .reindex(index=list("TPCSU"), columns=list("TCS"), fill_value=0)
    )
    # The labels with the confidence of every covered row, for the coverage at other confidences.
    everything = weak_labels(rows[[*KEY, *feature_columns()]], rows[_campaign_columns(rows)], labels, min_confidence=0.0)
    coverage = everything["confidence"].reindex(range(int(unlabelled.sum())))
    own = sources_using(feature_columns())
    free = without_sources(weak, own)
    copied = without_sources(weak, [source.name for source in SOURCES if source.family not in ("copies", "spread")])
    total = int(unlabelled.sum())
    by_corpus = rows.loc[unlabelled, "corpus"].value_counts()
    weak_corpus = weak.merge(rows[[*KEY, "corpus"]], on=list(KEY))["corpus"].value_counts()
    tops = conflicts(cast[unlabelled]).head(12)
    lines = [
        "# Weak labels: sources, and what their labels are worth",
        "",
        "Written by `python benchmarks/weak.py`; do not edit. Weak labels are for training and for looking around; no headline",
        "figure is made of them. How votes become a label stands in `tkit/labels/weak.py`, the sources in"
        " `tkit/labels/sources.py`.",
        "",
        f"Of {total:,} references that no label file names, {len(weak):,} get a weak label of confidence {MIN_CONFIDENCE}",
        f"or more: a coverage of {len(weak) / total:.4f}, at an accuracy of {agreement(known)[1]} on gold",
        f"(tracker or not, confidence 2 and 3, {agreement(known)[0]} rows).",
        f"Labelling took {seconds:.1f} s; comparing the copies is what takes longer: docs/campaigns.md.",
        "",
        "## Accuracy on gold",
        "",
        "By cross-validation over components, 10 folds; gold rows labelled T, C and S of confidence 2 and 3; tracker or not.",
        "*Coverage* is of the references that no label file names, *gold covered* of these gold rows, *weighted* the accuracy",
        "with each row standing for its stratum. The rules were written with gold in sight; only the accuracies are of other",
        "components.",
        "",
        *measured(gold, coverage),
        "",
        f"By corpus, at {MIN_CONFIDENCE}; *coverage* is of the corpus's references that no label file names:",
        "",
        *markdown(
            ("corpus", "coverage", "rows", "accuracy", "weighted", "precision of T", "precision of C, S"),
            [
                (corpus, f"{weak_corpus.get(corpus, 0) / count:.4f}", *agreement(known[known["corpus"] == corpus]))
                for corpus, count in sorted(by_corpus.items())
            ],
        ),
        "",
        f"Gold labels of every confidence and what they are called, at {MIN_CONFIDENCE}. P has no weak label of its own; U",
        "should not be called at all, but looks like something:",
        "",
        *markdown(
            ("gold", *(f"called {name}" for name in "TCS")),
            [(name, *map(str, row)) for name, row in zip(by_label.index, by_label.to_numpy().tolist(), strict=True)],
        ),
        "",
        f"The weak labels are {', '.join(f'{count:,} {name}' for name, count in weak['label'].value_counts().items())}.",
        "",
        "## Sources",
        "",
        "*Coverage*, *overlap* (another source votes alike) and *conflict* (another votes otherwise) are of the references",
        "that no label file names; *accuracy* is on gold, tracker or not.",
        "",
        *source_lines(source_table(cast, gold[["label", "confidence"]], unlabelled)),
        "",
        "## Where sources disagree",
        "",
        *markdown(
            ("for a tracker", "against", "references"),
            [(f"`{row.tracker}`", f"`{row.negative}`", f"{row.rows:,}") for row in tops.itertuples()],
        ),
        "",
        "## Circularity, as declared",
        "",
        "A source is given the columns that it declares and no others. A model that looks at these columns too learns the rule",
        "back: `tkit.labels.weak.sources_using` names such sources, `tkit.labels.weak.without_sources` drops the"
        " labels that came from them",
        f"only. {len(own)} of {len(SOURCES)} sources read columns that are also features of the models, at the least whether a",
        f"reference can be seen; {len(free):,} labels have a source that reads none. What only compared copies tell stands",
        f"behind {len(copied):,} labels: these have a source of the cues `copies` or `spread`.",
        "",
        *declared_lines(),
        "",
        *made_with(("tkit", "numpy", "pandas", "scikit-learn")),
    ]
    return "\n".join(lines) + "\n"


def _campaign_columns(rows: pd.DataFrame) -> list[str]:
    features = set(feature_columns()) | {"carrier", "url", "resolved_url", "corpus"}
    return [name for name in rows.columns if name not in features]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of archives")
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset", help="the dataset, for its labels")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "weak.md", help="the page to write")
    arguments = parser.parse_args()
    labels = read(arguments.dataset).labels.query("source != 'weak'")  # the weak ones are what is measured
    console = Console()
    with Progress(console=console) as progress:
        results = list(compared(arguments.corpora, [corpus.name for corpus in CORPORA], progress))
    key = list(KEY)
    features = pd.concat([result.features for result in results]).drop_duplicates(key, ignore_index=True)
    campaigns = pd.concat([result.campaigns for result in results]).drop_duplicates(key, ignore_index=True)
    start = time.perf_counter()
    weak = weak_labels(features, campaigns, labels)
    seconds = time.perf_counter() - start
    arguments.page.write_text(page(evidence_rows(features, campaigns), labels, weak, seconds), encoding="utf-8")
    console.print(f"written: {arguments.page}")


if __name__ == "__main__":
    try:
        main()
    except TkitError as error:
        sys.exit(f"weak: {error}")
