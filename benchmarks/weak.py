"""Measure the weak labels of the five corpora against gold; writes docs/weak.md.

    python benchmarks/weak.py --corpora ../shared/corpora

Accuracy on gold is cross-validated over components: the sources' accuracies are estimated on other components than those
that are labelled.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from tables import compare_corpora, corpora_parser, joined, made_with, markdown, run, share

from tkit.dataset import read
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
                f"{row['coverage']:.2%}",
                f"{row['gold']:,}",
                str(row["wrong"]),
                f"{row['accuracy']:.2%}",
                f"{row['overlap']:.1%}",
                f"{row['conflict']:.1%}",
            )
            for _, row in table.iterrows()
        ],
    )


def declared_lines() -> list[str]:
    return markdown(
        ("source", "when it votes", "columns read"),
        [(f"`{source.name}`", source.meaning, " ".join(f"`{name}`" for name in source.uses)) for source in SOURCES],
    )


def agreement(rows: pd.DataFrame) -> tuple[str, ...]:
    """Write rows, accuracy, and the precision of both classes, of rows labelled T, C or S by gold and by weak labels."""
    tracker, weak = rows["label"] == "T", rows["weak"] == "T"
    right = tracker == weak
    weighted = np.average(right, weights=rows["stratum_weight"]) if len(rows) else np.nan
    return (
        f"{len(rows):,}",
        share(int(right.sum()), len(rows)),
        f"{weighted:.2%}",
        share(int((weak & tracker).sum()), int(weak.sum())),
        share(int((~weak & ~tracker).sum()), int((~weak).sum())),
    )


def measured(gold: pd.DataFrame, coverage: pd.Series) -> list[str]:
    known = gold[headline(gold)]
    head = ("at confidence", "coverage", "gold covered", "rows", "accuracy", "weighted", "precision of T", "precision of C, S")
    lines = []
    for least in (0.5, 0.8, MIN_CONFIDENCE, 0.97, 0.99):
        kept = known[known["certainty"] >= least]
        covered = share(int((coverage >= least).sum()), len(coverage))
        lines.append((f"{least:.2f}", covered.partition(" ")[0], f"{len(kept) / len(known):.2%}", *agreement(kept)))
    return markdown(head, lines)


def page(rows: pd.DataFrame, labels: pd.DataFrame, weak: pd.DataFrame, seconds: float) -> str:
    cast = votes(rows)
    labelled = rows[list(KEY)].assign(_row=rows.index).merge(labels, on=list(KEY), how="left")
    unlabelled = labelled["label"].isna().to_numpy()
    gold = labelled[labelled["source"] == "gold"].set_index("_row")
    gold["corpus"] = rows.loc[gold.index, "corpus"]
    out_of_fold = cross_validated_labels(cast.loc[gold.index], gold)
    gold = gold.assign(weak=out_of_fold["label"], certainty=out_of_fold["confidence"])
    kept = gold[gold["certainty"] >= MIN_CONFIDENCE]
    known = kept[headline(kept)]
    by_label = (
        kept.groupby(["label", "weak"])
        .size()
        .unstack(fill_value=0)
        .reindex(index=list("TPCSU"), columns=list("TCS"), fill_value=0)
    )
    # Labels of any confidence, for the coverage at other confidences.
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
        "# Weak labels: sources and accuracy",
        "",
        "Written by `python benchmarks/weak.py`; do not edit. Weak labels are for training and exploration. No headline figure",
        "uses them. `tkit/labels/weak.py` turns votes into labels, `tkit/labels/sources.py` has the sources.",
        "",
        f"Of {total:,} references that are in no label file, {len(weak):,} get a weak label of confidence {MIN_CONFIDENCE} or",
        f"more: a coverage of {len(weak) / total:.2%}, with an accuracy of {agreement(known)[1]} on gold",
        f"(tracker or not, confidence 2 and 3, {agreement(known)[0]} rows).",
        f"Labelling took {seconds:.1f} s. Comparing the copies takes longer: docs/campaigns.md.",
        "",
        "## Accuracy on gold",
        "",
        "Cross-validated over components, 10 folds, on gold rows labelled T, C and S of confidence 2 and 3; tracker or not.",
        "*Coverage* is the share of the references in no label file, *gold covered* the share of these gold rows, *weighted*",
        "the accuracy with each row weighted by its stratum. The rules were written by people who had seen the gold labels;",
        "only the accuracies are estimated on other components.",
        "",
        *measured(gold, coverage),
        "",
        f"By corpus, at {MIN_CONFIDENCE}; *coverage* is the share of the corpus's references in no label file:",
        "",
        *markdown(
            ("corpus", "coverage", "rows", "accuracy", "weighted", "precision of T", "precision of C, S"),
            [
                (corpus, f"{weak_corpus.get(corpus, 0) / count:.2%}", *agreement(known[known["corpus"] == corpus]))
                for corpus, count in sorted(by_corpus.items())
            ],
        ),
        "",
        f"Gold labels of every confidence and their weak labels, at {MIN_CONFIDENCE}. No source votes P. U should get no weak",
        "label, but some rows look like a class:",
        "",
        *markdown(
            ("gold", *(f"weak {name}" for name in "TCS")),
            [
                (name, *(f"{count:,}" for count in row))
                for name, row in zip(by_label.index, by_label.to_numpy().tolist(), strict=True)
            ],
        ),
        "",
        f"The weak labels are {', '.join(f'{count:,} {name}' for name, count in weak['label'].value_counts().items())}.",
        "",
        "## Sources",
        "",
        "*Coverage*, *overlap* (another source votes the same) and *conflict* (another source votes differently) are shares of",
        "the references in no label file; *accuracy* is on gold, tracker or not.",
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
        "## Circularity",
        "",
        "A source reads only the columns that it declares. A model with the same columns learns the source's rule instead of",
        "the truth. `tkit.labels.weak.sources_using` names such sources, and `tkit.labels.weak.without_sources` drops the",
        f"labels that come only from them. {len(own)} of {len(SOURCES)} sources read columns that are also features of the",
        f"models, at least whether a reference is visible; {len(free):,} labels have a source that reads none. {len(copied):,}",
        "labels have a source with the cue `copies` or `spread`, which only the comparison of copies provides.",
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
    arguments = corpora_parser(__doc__, "weak.md").parse_args()
    labels = read(arguments.dataset).labels.query("source != 'weak'")
    console = Console()
    with Progress(console=console) as progress:
        features, campaigns = joined(compare_corpora(arguments.corpora, progress))
    start = time.perf_counter()
    weak = weak_labels(features, campaigns, labels)
    seconds = time.perf_counter() - start
    arguments.page.write_text(page(evidence_rows(features, campaigns), labels, weak, seconds), encoding="utf-8")
    console.print(f"written: {arguments.page}")


if __name__ == "__main__":
    run(main)
