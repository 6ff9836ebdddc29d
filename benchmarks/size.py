"""Measure what a smaller model costs: recall by trees and leaves, and the size of the files; writes docs/size.md.

    python benchmarks/size.py

Ten folds by component, as in `tkit study`. The first n trees of a boosted model equal a model fitted with n trees, so one fit
per fold and number of leaves gives every number of trees.
"""

from __future__ import annotations

import argparse
import gzip
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from tables import ROOT, made_with, markdown, percent, run

from tkit.bundle import QUESTIONS
from tkit.dataset import Dataset, read
from tkit.detectors.models import BoostingModel
from tkit.evaluate import Evaluation, cross_validated_scores, paired_difference
from tkit.export.javascript import module_text
from tkit.features import feature_names
from tkit.features.matrix import feature_matrix
from tkit.labels import INDIVIDUAL
from tkit.study import BUDGET, evaluate_scores, unseen_kit
from tkit.study.answers import Answers
from tkit.study.train import fit_bundle, training_of

TREES = (25, 50, 100, 150, 250, 400)
LEAVES = (4, 8, 15, 31)


@dataclass
class Prefixes:
    """A boosting model that also keeps the scores of its first n trees for the last rows scored, as `by_trees[n]`."""

    model: BoostingModel
    by_trees: dict[int, NDArray[np.float64]]
    name: str = "boosting"

    @property
    def vantage(self) -> str:
        return self.model.vantage

    def fit(self, rows: pd.DataFrame, tracker: NDArray[np.bool_], weight: NDArray[np.float64]) -> Prefixes:
        self.model.fit(rows, tracker, weight)
        return self

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        matrix = feature_matrix(rows, feature_names(self.vantage), self.name)
        booster = self.model.estimators_[0].booster_
        for trees in TREES:
            self.by_trees[trees] = 1 / (1 + np.exp(-np.asarray(booster.predict(matrix, raw_score=True, num_iteration=trees))))
        return self.by_trees[max(TREES)]


@dataclass
class Sizes:
    """Bytes of a bundle's two models, of tkit.js, and of tkit.js compressed with gzip."""

    models: int
    script: int
    compressed: int


def evaluated(dataset: Dataset, rows: pd.DataFrame, vantage: str, leaves: int, seed: int) -> dict[int, Evaluation]:
    """Return the evaluation of each number of trees, for one number of leaves."""
    splits = unseen_kit(rows, 10, seed).splits
    score = {trees: np.full(len(rows), np.nan) for trees in TREES}
    for split in splits:
        model = BoostingModel(vantage, seed, trees=max(TREES), max_leaf_nodes=leaves, manipulated=dataset.manipulated)
        detector = Prefixes(model, {})
        cross_validated_scores(lambda made=detector: made, rows, [split])
        for trees, scores in detector.by_trees.items():
            score[trees][split.test] = scores
    return {trees: evaluate_scores(BoostingModel(vantage), rows, score[trees], splits, BUDGET, seed) for trees in TREES}


def sizes(dataset: Dataset, rows: pd.DataFrame, evaluation: Evaluation, trees: int, leaves: int, date: str) -> Sizes:
    """Fit on all rows and return the sizes of the written files."""
    factory = partial(
        BoostingModel,
        evaluation.vantage,
        evaluation.seed,
        trees=trees,
        max_leaf_nodes=leaves,
        manipulated=dataset.manipulated,
    )
    # Only the size counts, so the scores of one question choose the threshold of the other too.
    columns = evaluation.rows.drop(columns=["score", "threshold", "called"])
    individual = Evaluation(
        columns, evaluation.rows["score"].to_numpy(), evaluation.name, evaluation.vantage, target=INDIVIDUAL
    )
    training = training_of(dataset, rows, evaluation.vantage)
    bundle = fit_bundle(factory, rows, Answers(evaluation, individual), BUDGET, "pictures", training=training, date=date)
    script = module_text(bundle).encode()
    with TemporaryDirectory() as folder:
        bundle.save(folder)
        models = sum((Path(folder) / f"{question}.json").stat().st_size for question in QUESTIONS)
        return Sizes(models, len(script), len(gzip.compress(script, 9, mtime=0)))


def kilobytes(count: int) -> str:
    return f"{count / 1024:.0f} KB"


def page(results: dict[tuple[int, int], tuple[Evaluation, Sizes]], vantage: str, command: str) -> str:
    usual = BoostingModel()
    chosen = results[usual.trees, usual.max_leaf_nodes][0]
    table = [
        (
            f"{trees} x {leaves}" + (" (exported)" if evaluation is chosen else ""),
            percent(evaluation.tpr_at_fpr(BUDGET)),
            "-" if evaluation is chosen else percent(paired_difference(evaluation, chosen, BUDGET), sign="+", unit=""),
            *(kilobytes(count) for count in (size.models, size.script, size.compressed)),
        )
        for (trees, leaves), (evaluation, size) in sorted(results.items(), key=lambda item: item[1][1].script)
    ]
    head = ("trees x leaves", "found at 0.1%", "minus exported, points", "both models", "tkit.js", "tkit.js, gzip")
    return "\n".join(
        [
            "# What a smaller model costs",
            "",
            f"Boosting at the {vantage} vantage point, ten folds by component: the share of trackers found at a false positive"
            " rate of 0.1%, with its 95% interval over components; the paired difference to the exported model; and the size of"
            " the files that `tkit train` and `tkit export --to javascript` write. `tkit.js` always includes the code that"
            " computes the features. The smallest comes first.",
            "",
            *markdown(head, table),
            "",
            f"Made by `{command}`.",
            "",
            *made_with(["lightgbm", "numpy"]),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset")
    parser.add_argument("--vantage", default="element", choices=("url", "element", "message"))
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "size.md")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dataset = read(arguments.dataset)
    rows = dataset.rows()
    results: dict[tuple[int, int], tuple[Evaluation, Sizes]] = {}
    for leaves in track(LEAVES, "leaves", console=Console(stderr=True)):
        for trees, evaluation in evaluated(dataset, rows, arguments.vantage, leaves, arguments.seed).items():
            results[trees, leaves] = evaluation, sizes(dataset, rows, evaluation, trees, leaves, "2025-01-01")
    text = page(results, arguments.vantage, f"python benchmarks/size.py --vantage {arguments.vantage}")
    arguments.page.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
