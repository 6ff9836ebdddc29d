"""Measure every published list, program and rule on the gold labels; writes docs/peers.md and docs/peers.csv.

    python benchmarks/peers.py --shared ../shared --dataset data/dataset -o docs/peers.md

The labelled messages are read from the corpora's archives, every detector judges whole messages, and its verdicts are
compared with the dataset's gold rows. Intervals come from a bootstrap over the dataset's components. The model is
cross-validated over components; its gain is at each peer's own false positive rate.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tables import markdown, percent, run, shared_parser

from tkit.compare.labelled import add_listed
from tkit.corpus import CORPORA, read_raw
from tkit.dataset import read
from tkit.detectors import RULES
from tkit.detectors.facts import facts_of, with_facts
from tkit.detectors.peers import all_peers
from tkit.detectors.published import ListDetector, Unwrapped
from tkit.errors import TkitError
from tkit.evaluate import COUNTS, Estimate, Evaluation, by_population, paired_difference
from tkit.evaluate.search import GRIDS, search_rule
from tkit.features import KEY, MAIL_VANTAGES
from tkit.lists.sources import REGISTRY, load, overview
from tkit.mail import Message
from tkit.splits import cross_validation
from tkit.study import models, try_plans, unseen_kit

KINDS = {"Programs as they decide": "program", "Lists alone": "list", "Rules": "rule"}
"""What the detectors of a section are, in peers.csv."""

BUDGETS = (0.001, 0.005, 0.01)


def main() -> None:
    arguments = shared_parser(__doc__, "peers.md").parse_args()

    dataset = read(arguments.dataset)
    rows = dataset.rows()
    gold = rows[rows["source"] == "gold"].reset_index(drop=True)
    mails = mail_rows(arguments.shared, set(gold["message_sha256"]))
    position = gold[list(KEY)].merge(
        mails[list(KEY)].assign(row=np.arange(len(mails))), on=list(KEY), how="left", validate="one_to_one"
    )["row"]
    if position.isna().any():
        raise TkitError(f"{position.isna().sum()} gold rows are not among the mails: build the dataset with this tkit")
    mails = add_listed(mails, arguments.shared / "lists")
    at = position.to_numpy(np.intp)

    def evaluate(detector: object) -> Evaluation:
        return Evaluation(gold, detector.scores(mails)[at], detector.name, detector.vantage, seed=arguments.seed)

    splits = cross_validation(rows, rows["component"], arguments.folds, arguments.seed)
    model = models(arguments.seed, dataset.disguised())["message boosting"]
    (ours,) = try_plans(rows, [(model, unseen_kit(rows, arguments.folds, arguments.seed))], seed=arguments.seed, workers=2)
    ours.name = "tkit, cross-validated"
    lists = [ListDetector(load(source, arguments.shared / "lists"), f"list: {source.name}") for source in REGISTRY]
    programs = list(all_peers(arguments.shared / "lists"))
    named = {
        "Programs as they decide": programs,
        "Lists alone": lists,
        "Rules": [rule for rule in RULES if rule.vantage in MAIL_VANTAGES],
    }
    parts = [HEAD.format(rows=len(gold), folds=arguments.folds, seed=arguments.seed)]
    for title, detectors in named.items():
        parts += [f"## {title}", table([figures(detector, evaluate, ours) for detector in detectors])]
    kinds = {"model": [ours]} | {kind: list(map(evaluate, named[title])) for title, kind in KINDS.items()}
    tables = [by_population(evaluations).assign(kind=kind) for kind, evaluations in kinds.items()]
    apart = pd.concat(tables).drop_duplicates(["population", "name", "count"])  # some rules are whole programs
    apart.to_csv(arguments.output.with_suffix(".csv"), index=False, float_format="%.6g")
    for population in apart["population"].unique():
        parts += [f"## {population.capitalize()}", *split_table(apart[apart["population"] == population])]
    parts += ["## Rules with tuned constants", SEARCHED, table(searched(rows, splits, arguments.seed))]
    parts += ["## The lists", LISTS, table(listed(overview(arguments.shared / "lists")))]
    arguments.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def mail_rows(shared: Path, wanted: set[str]) -> pd.DataFrame:
    """Return every remote reference of the labelled messages, with facts; a message in two corpora counts once."""

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
        "good flagged": share(rates.fpr, 2),
        "mails with one": share(mails, 2),
        "missed": f"{rates.missed:,} of {rates.trackers:,}",
        "false positives": f"{rates.false_alarms:,} of {rates.negatives:,}",
        "unwrapped": f"{unwrapped.tpr.value:.1%} / {unwrapped.fpr.value:.2%}",
        "tkit's gain": share(paired_difference(ours, peer), 1, "+") if rates.fpr.value < 1 else "",
    }


def split_table(rates: pd.DataFrame) -> list[str]:
    """Return the rates of one kind of mail, the detector with the highest recall by components first."""
    number = rates.groupby("count")[["trackers", "negatives"]].first()
    text = ", ".join(f"{number.loc[count, 'trackers']:,} {count}" for count in COUNTS)
    of_count = {count: rates[rates["count"] == count].set_index("name") for count in COUNTS}
    records = []
    for name in of_count["components"]["tpr"].sort_values(ascending=False, kind="stable").index:
        cells = {
            f"{title}, by {count}": share(Estimate(*of_count[count].loc[name, [rate, f"{rate}_low", f"{rate}_high"]]), digits)
            for title, rate, digits in (("found", "tpr", 1), ("good flagged", "fpr", 2))
            for count in COUNTS
        }
        records.append({"detector": name} | cells)
    return [f"Trackers: {text}.", table(records)]


def searched(rows: pd.DataFrame, splits: list, seed: int) -> list[dict[str, str]]:
    records = []
    for rule in RULES:
        for budget in BUDGETS if rule.name in GRIDS else ():
            evaluation, chosen = search_rule(rule, GRIDS[rule.name], rows, splits, budget, seed=seed)
            rates = evaluation.rates()
            constants = list(GRIDS[rule.name])
            most, times = chosen[constants].value_counts().index[0], int(chosen[constants].value_counts().iloc[0])
            words = ", ".join(f"{name} {value:g}" for name, value in zip(constants, most, strict=True))
            records.append(
                {
                    "rule": rule.name,
                    "at most": f"{budget:.1%}",
                    "trackers found": share(rates.tpr, 1),
                    "good flagged": share(rates.fpr, 2),
                    "training folds within": f"{int((chosen['fpr'] <= budget + 1e-12).sum())} of {len(chosen)}",
                    "chosen most often": f"{words} ({times} of {len(chosen)})",
                }
            )
    return records


def listed(lists: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "list": row["name"],
            "from": f"{row['project']} {row['commit'][:12]}".strip(),
            "licence": row["licence"],
            "rules": f"{row['rules']:,}",
            "applied": f"{row['applied']:,}",
            "of them rewritten": f"{row['rewritten']:,}",
            "dropped": "; ".join(row["why"]),
        }
        for row in lists.to_dict("records")
    ]


def share(estimate: Estimate, digits: int, sign: str = "") -> str:
    return "" if math.isnan(estimate.value) else percent(estimate, digits, sign)


def table(records: list[dict[str, str]]) -> str:
    rows = [[cell.replace("|", "\\|") for cell in record.values()] for record in records]
    return "\n".join(markdown(list(records[0]), rows))


HEAD = """# The peers, measured

Generated by `python benchmarks/peers.py` (folds {folds}, seed {seed}); do not edit.

Headline rows of {rows:,} gold labels (confidence 2 and 3): trackers against pictures that a person should see (content,
spacers, visible personalised pictures). 95% intervals, bootstrap over components. *Mails with one* is the share of mails
with good pictures in which at least one is flagged. *Unwrapped* shows what the detector finds and flags if it judges a URL
both as requested and without the proxy or gateway that wraps it. *tkit's gain* is how many more trackers tkit's
cross-validated boosting at the message vantage point finds at that detector's own false positive rate, paired.
`tkit/detectors/peers.py` and `rules.py` describe what each program does, and where its imitation here differs.

The last tables show wanted mail of today and old mail apart, each counted by rows, by mails (found: every tracker of the
mail; flagged: at least one good picture of it) and by components (each counts once)."""

SEARCHED = """Constants are chosen on the training folds for a maximum false positive rate (`tkit.evaluate.search.GRIDS`)
and tested on the held-out fold; folds by component. If no constants stay within the maximum, those with the
fewest false positives are used."""

LISTS = """Rules of each list, how many of them the engine applies, and why the others are dropped. Rewritten: Brave's
engine silently drops the option `$all`; for requests, a rule without it is the same."""

if __name__ == "__main__":
    run(main)
