"""Measure whether weak labels in training help a model on held-out components; writes docs/weak_training.md.

    python benchmarks/weak_training.py --corpora ../shared/corpora

Ten folds by component, as in `tkit study`. A weak row that shares a sender, a URL, a tracker's domain or path template with any
labelled row of a tested component is left out of that fold. The label sources' accuracies are estimated on the fold's training
rows. The weight of the weak rows is chosen in each fold on a third of its training components.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from sklearn.metrics import log_loss
from tables import compare_corpora, corpora_parser, joined, made_with, markdown, percent, run

from tkit.dataset import read
from tkit.detectors.models import BoostingModel
from tkit.evaluate import Evaluation, paired_difference, training_weight
from tkit.features import KEY
from tkit.labels import headline
from tkit.labels.sources import SOURCES
from tkit.labels.weak import LabelModel, evidence_rows, votes, without_sources
from tkit.splits import cross_validation
from tkit.study import BUDGET, evaluate_scores
from tkit.url import host_of, registrable_domain, unwrap
from tkit.url.template import url_template

WEIGHTS = (0.0, 0.1, 0.3, 1.0)
LEAST = 0.99
AT_MOST = 3
NO_COPIES = [source.name for source in SOURCES if source.family not in ("copies", "spread")]

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """The rows without a label, with their votes and the keys that relate them to labelled rows."""

    rows: pd.DataFrame
    cast: pd.DataFrame
    labelled_cast: pd.DataFrame

    def labels(self, labelled: pd.DataFrame, train: Mask, tested: Mask, copies_only: bool, seed: int) -> pd.DataFrame:
        """Return the weak rows of a fold with ``label``, at most AT_MOST per sender, template and label."""
        gold = train & headline(labelled) & (labelled["source"] == "gold").to_numpy()
        model = LabelModel.fit(self.labelled_cast[gold], (labelled["label"] == "T").to_numpy()[gold])
        weak = model.labels(self.cast)
        weak = weak[(weak["confidence"] >= LEAST) & ~self.related(labelled[tested])]
        if copies_only:
            weak = without_sources(weak, NO_COPIES)
        rows = self.rows.loc[weak.index].assign(label=weak["label"])
        return rows.sample(frac=1, random_state=seed).groupby(["sender", "template", "label"]).head(AT_MOST)

    def related(self, tested: pd.DataFrame) -> Mask:
        trackers = tested[tested["label"] == "T"]
        shared = self.rows["sender"].isin(set(tested["sender"]) - {""}) | self.rows["address"].isin(set(tested["address"]))
        shared |= self.rows["domain"].isin(set(trackers["domain"]) - {""})
        meaningful = {template for template in trackers["template"] if template.startswith("/")}
        shared |= self.rows["template"].isin(meaningful)
        return shared.to_numpy(dtype=bool)


def fitted_scores(
    labelled: pd.DataFrame, train: Mask, asked: Mask, weak: pd.DataFrame, weight: float, seed: int
) -> NDArray[np.float64]:
    own = training_weight(labelled[train])
    rows = labelled[train][own > 0]
    weights, tracker = own[own > 0], (rows["label"] == "T").to_numpy()
    if weight and len(weak):
        rows = pd.concat([rows, weak])
        weights = np.concatenate([weights, np.full(len(weak), weight * weights.sum() / len(weak))])
        tracker = np.concatenate([tracker, (weak["label"] == "T").to_numpy()])
    return BoostingModel(random_state=seed).fit(rows, tracker, weights).scores(labelled[asked])


def choose_weight(labelled: pd.DataFrame, train: Mask, pool: Pool, copies_only: bool, seed: int) -> float:
    """Return the weight with the lowest log loss on a third of the training side's components."""
    inner = cross_validation(labelled[train], labelled["component"].to_numpy()[train], 3, seed)[0]
    positions = np.flatnonzero(train)
    fit, judge = np.zeros(len(labelled), bool), np.zeros(len(labelled), bool)
    fit[positions[inner.train]], judge[positions[inner.test]] = True, True
    judge &= headline(labelled)
    held = labelled["component"].isin(set(labelled["component"][judge])).to_numpy()
    # Rows related to the outer test rows stay out too: the inner model's weak rows are a part of the outer model's.
    weak = pool.labels(labelled, fit, held | ~train, copies_only, seed)
    truth = (labelled["label"] == "T").to_numpy()[judge]
    losses = {weight: log_loss(truth, fitted_scores(labelled, fit, judge, weak, weight, seed)) for weight in WEIGHTS}
    return min(losses, key=losses.__getitem__)


def page(evaluations: dict[str, Evaluation], chosen: dict[str, Counter[float]], used: dict[str, list[int]], seed: int) -> str:
    first, *others = evaluations
    head = (
        "trained on",
        "trackers found at a false positive rate of 0.1%",
        "at 1%",
        "partial area up to 1% (McClish)",
        "weak rows per fold",
        "weights chosen",
    )
    lines = [
        "# Do weak labels in training help on unseen trackers?",
        "",
        "Written by `python benchmarks/weak_training.py`; do not edit.",
        "",
        f"Boosting at the message vantage point, ten folds by component (seed {seed}), tested on gold rows of confidence 2",
        f"and 3. Weak rows have a confidence of {LEAST} or more, at most {AT_MOST} per sender, URL template and label.",
        "Those that share a sender, URL, tracker's domain or path template with a tested component are left out of the fold.",
        "The weight is their total weight relative to that of gold and members. It is chosen from"
        f" {', '.join(map(str, WEIGHTS))}",
        "by the log loss on a third of the training side's components. 95% intervals, bootstrap over components.",
        "",
        *markdown(
            head,
            [
                (
                    name,
                    percent(evaluation.tpr_at_fpr(BUDGET), 2),
                    percent(evaluation.tpr_at_fpr(0.01), 2),
                    f"{evaluation.partial_auc().value:.4f}",
                    f"{np.mean(used[name]):,.0f}" if used[name] else "-",
                    ", ".join(f"{weight:g}: {count}" for weight, count in sorted(chosen[name].items())) or "-",
                )
                for name, evaluation in evaluations.items()
            ],
        ),
        "",
        "## Difference from gold and members alone",
        "",
        "Trackers found at a false positive rate of 0.1%, in percentage points, paired.",
        "",
    ]
    rows = []
    for name in others:
        gain = paired_difference(evaluations[name], evaluations[first], BUDGET)
        verdict = "better" if gain.low > 0 else "worse" if gain.high < 0 else "no difference shown"
        rows.append((name, percent(gain, 4, unit=""), verdict))
    lines += [
        *markdown(("trained on", "points", "verdict"), rows),
        "",
        *made_with(("tkit", "lightgbm", "scikit-learn", "pandas")),
    ]
    return "\n".join(lines) + "\n"


def read_pool(arguments: argparse.Namespace, console: Console) -> tuple[pd.DataFrame, Pool]:
    dataset = read(arguments.dataset)
    with Progress(console=console) as progress:
        results = compare_corpora(arguments.corpora, progress)
    features, campaigns = joined(results)
    senders = {key: value for result in results for key, value in result.senders.items()}
    rows = evidence_rows(features, campaigns)
    rows["sender"] = rows["message_sha256"].map(senders)
    rows["address"] = rows["resolved_url"].map(unwrap)
    rows["domain"] = rows["address"].map(host_of).map(registrable_domain)
    rows["template"] = [url_template(address)[1] for address in rows["address"]]
    rows["row"] = np.arange(len(rows))
    cast = votes(rows)
    labelled = dataset.rows().merge(
        rows[[*KEY, "sender", "address", "domain", "template", "row"]], on=list(KEY), validate="one_to_one"
    )
    free = np.setdiff1d(rows["row"], labelled["row"])
    return labelled, Pool(rows.iloc[free], cast.iloc[free], cast.iloc[labelled["row"].to_numpy()].set_axis(labelled.index))


def main() -> None:
    parser = corpora_parser(__doc__, "weak_training.md")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    console = Console()
    labelled, pool = read_pool(arguments, console)
    splits = cross_validation(labelled, labelled["component"], 10, arguments.seed)
    arms = {"gold and members": None, "and weak labels": False, "and weak labels from compared copies": True}
    score = {name: np.full(len(labelled), np.nan) for name in arms}
    chosen: dict[str, Counter[float]] = {name: Counter() for name in arms}
    used: dict[str, list[int]] = {name: [] for name in arms}
    start = time.monotonic()
    for split in splits:
        tested = labelled["component"].isin(set(labelled["component"][split.test])).to_numpy()
        for name, copies_only in arms.items():
            weight, weak = 0.0, labelled.iloc[:0]
            if copies_only is not None:
                weight = choose_weight(labelled, split.train, pool, copies_only, arguments.seed)
                weak = pool.labels(labelled, split.train, tested, copies_only, arguments.seed)
                chosen[name][weight] += 1
                used[name].append(len(weak))
            score[name][split.test] = fitted_scores(labelled, split.train, split.test, weak, weight, arguments.seed)
        console.print(f"{split.name}: {time.monotonic() - start:.0f} s")
    evaluations = {
        name: evaluate_scores(BoostingModel(), labelled, scores, splits, BUDGET, arguments.seed)
        for name, scores in score.items()
    }
    arguments.page.write_text(page(evaluations, chosen, used, arguments.seed), encoding="utf-8")
    console.print(f"written: {arguments.page}")


if __name__ == "__main__":
    run(main)
