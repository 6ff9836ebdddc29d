"""Measure every published list, program and rule on the gold labels, and write docs/peers.md.

    python benchmarks/peers.py --shared ../shared --dataset data/dataset -o docs/peers.md

The labelled messages are read from the corpora's archives, every detector judges whole messages, and its verdicts are
held against the dataset's gold rows; intervals are drawn over the dataset's components. The model is cross-validated over
components; its gain is at each peer's own false-positive rate.
"""

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tkit.compare.labelled import add_listed
from tkit.corpus import CORPORA, read_raw
from tkit.dataset import read
from tkit.detectors import RULES
from tkit.detectors.facts import facts_of, with_facts
from tkit.detectors.models import BoostingModel
from tkit.detectors.peers import all_peers
from tkit.detectors.published import ListDetector, Unwrapped
from tkit.evaluate import Evaluation, cross_validated_scores, paired_difference
from tkit.evaluate.search import GRIDS, search_rule
from tkit.features import KEY, MAIL_VANTAGES
from tkit.lists.sources import REGISTRY, load, overview
from tkit.mail import Message
from tkit.splits import cross_validation

BUDGETS = (0.001, 0.005, 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--dataset", type=Path, default=Path("data/dataset"))
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/peers.md"))
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    dataset = read(given.dataset)
    rows = dataset.rows()
    gold = rows[rows["source"] == "gold"].reset_index(drop=True)
    mails = mail_rows(given.shared, set(gold["message_sha256"]))
    position = gold[list(KEY)].merge(
        mails[list(KEY)].assign(row=np.arange(len(mails))), on=list(KEY), how="left", validate="one_to_one"
    )["row"]
    if position.isna().any():
        raise SystemExit(f"{position.isna().sum()} gold rows are not among the mails: build the dataset with this tkit")
    mails = add_listed(mails, given.shared / "lists")
    at = position.to_numpy(np.intp)

    def evaluate(detector: object) -> Evaluation:
        return Evaluation(gold, detector.scores(mails)[at], detector.name, detector.vantage, seed=given.seed)

    splits = cross_validation(rows, rows["component"], given.folds, given.seed)
    model = partial(BoostingModel, random_state=given.seed)
    ours = Evaluation(rows, cross_validated_scores(model, rows, splits), "tkit boosting", "message", seed=given.seed)
    lists = [ListDetector(load(source, given.shared / "lists"), f"list: {source.name}") for source in REGISTRY]
    programs = list(all_peers(given.shared / "lists"))
    named = {
        "Programs, as they decide": programs,
        "Lists alone": lists,
        "Rules": [rule for rule in RULES if rule.vantage in MAIL_VANTAGES],
    }
    parts = [HEAD.format(rows=len(gold), command=f"python benchmarks/peers.py (folds {given.folds}, seed {given.seed})")]
    for title, detectors in named.items():
        parts += [f"## {title}", table([figures(detector, evaluate, ours) for detector in detectors])]
    parts += ["## Rules with their constants searched", SEARCHED, table(searched(rows, splits, given.seed))]
    parts += ["## The lists", LISTS, table(held(overview(given.shared / "lists")))]
    given.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def mail_rows(shared: Path, wanted: set[str]) -> pd.DataFrame:
    """Every remote reference of the labelled messages, with facts; of a message in two corpora the first."""

    def messages():
        seen: set[str] = set()
        archives = [shared / "corpora" / corpus.archive for corpus in CORPORA]
        for raw in read_raw(archives, problems=[]):
            message = Message.from_bytes(raw.raw)
            if message.message_sha256 in wanted and message.message_sha256 not in seen:
                seen.add(message.message_sha256)
                yield message

    return pd.concat(with_facts(messages()), ignore_index=True)


def figures(detector: object, evaluate: Callable[[object], Evaluation], ours: Evaluation) -> dict[str, str]:
    peer = evaluate(detector)
    rates, mails = peer.rates(), peer.mail_false_alarms()
    # Only a detector that reads URLs can judge the original behind a wrapped one.
    unwrapped = evaluate(Unwrapped(detector)).rates() if facts_of(detector) else rates
    return {
        "detector": peer.name,
        "vantage point": peer.vantage,
        "trackers found": share(rates.tpr, 1),
        "good called": share(rates.fpr, 2),
        "mails with one": share(mails, 2),
        "missed": f"{rates.missed} of {rates.trackers}",
        "false alarms": f"{rates.false_alarms} of {rates.negatives}",
        "unwrapped": f"{unwrapped.tpr.value:.1%} / {unwrapped.fpr.value:.2%}",
        "tkit's gain": share(paired_difference(ours, peer), 1, "+") if rates.fpr.value < 1 else "",
    }


def searched(rows: pd.DataFrame, splits: list, seed: int) -> list[dict[str, str]]:
    found = []
    for rule in RULES:
        for budget in BUDGETS if rule.name in GRIDS else ():
            evaluation, chosen = search_rule(rule, GRIDS[rule.name], rows, splits, budget, seed=seed)
            rates = evaluation.rates()
            constants = list(GRIDS[rule.name])
            most, times = chosen[constants].value_counts().index[0], int(chosen[constants].value_counts().iloc[0])
            told = ", ".join(f"{name} {value:g}" for name, value in zip(constants, most, strict=True))
            found.append(
                {
                    "rule": rule.name,
                    "budget": f"{budget:.1%}",
                    "trackers found": share(rates.tpr, 1),
                    "good called": share(rates.fpr, 2),
                    "training folds within": f"{int((chosen['fpr'] <= budget + 1e-12).sum())} of {len(chosen)}",
                    "chosen most often": f"{told} ({times} of {len(chosen)})",
                }
            )
    return found


def held(lists: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "list": row["name"],
            "from": f"{row['project']} {row['commit'][:12]}".strip(),
            "licence": row["licence"],
            "rules": str(row["rules"]),
            "applied": str(row["applied"]),
            "of them rewritten": str(row["rewritten"]),
            "dropped": "; ".join(row["why"]),
        }
        for row in lists.to_dict("records")
    ]


def share(estimate: tuple[float, float, float], digits: int, sign: str = "") -> str:
    value, low, high = estimate
    return "" if math.isnan(value) else f"{value:{sign}.{digits}%} [{low:{sign}.{digits}%}, {high:{sign}.{digits}%}]"


def table(records: list[dict[str, str]]) -> str:
    names = list(records[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(
        lines + ["| " + " | ".join(record[name].replace("|", "\\|") for name in names) + " |" for record in records]
    )


HEAD = """# The peers, measured

Generated by `{command}`; change nothing by hand.

Headline rows of {rows:,} gold labels (confidence 2 and 3; T is the positive class, C and S are the negatives). Intervals
are 95 %, bootstrap over components. "Mails with one" is the share of mails with good pictures of which one at least is
called. "Unwrapped" is what it finds and calls when it judges a URL both as it is asked for and without the proxy or gateway
that wraps it. "tkit's gain" is how much more of the trackers the cross-validated message boosting of tkit finds at that
detector's own false-positive rate, paired. What each program does, and in what its imitation here differs, stands in
`tkit/detectors/peers.py` and `rules.py`."""

SEARCHED = """Constants chosen on the training folds within a budget of false alarms (`tkit.evaluate.search.GRIDS`), judged on
the
fold that they have not seen; folds by component. Where no constants keep within the budget, those of fewest false alarms
are taken."""

LISTS = """Rules of each list, how many the engine applies, and why the others are dropped. Rewritten: Brave's engine drops the
option `$all` in silence; for requests a rule without it is the same."""

if __name__ == "__main__":
    main()
