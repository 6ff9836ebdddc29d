"""Measure lists made of templates on kits that they were not learnt on, beside the published lists; write docs/filter-lists.md.

    python benchmarks/filter_lists.py --shared ../shared --dataset data/dataset -o docs/filter-lists.md

Everything is learnt anew for each fold, the least evidence and the greatest error too, which are chosen on the training side.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tables import made_with, markdown

from tkit.cli.progress import steps
from tkit.dataset import Dataset, read
from tkit.dataset.gather import Progress
from tkit.evaluate import Evaluation
from tkit.lists.sources import REGISTRY
from tkit.splits import Split, cross_validation
from tkit.templates import Matcher, Templates, load_templates
from tkit.templates.known import KNOWN
from tkit.templates.learning import BUDGET, GRID, Limits, learn, weak_beside, with_known, without_kin
from tkit.templates.material import labelled_urls, parted
from tkit.templates.pieces import FEWEST_LETTERS, LONGEST
from tkit.templates.template import FEW

Hits = NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--dataset", type=Path, default=Path("data/dataset"))
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/filter-lists.md"))
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    dataset = read(given.dataset)
    with steps() as tell:
        strong, weak = parted(with_known(labelled_urls(given.shared, dataset, tell)))
        splits = cross_validation(strong, strong["component"], given.folds, given.seed)
        strict = [without_kin(split, strong, ("word",)) for split in splits]
        named = {
            "learnt, held out by component": held_out(strong, weak, splits, given.seed, tell, "by component"),
            "learnt, held out by component and first word": held_out(
                strong, weak, strict, given.seed, tell, "by component and first word"
            ),
        }
    templates = load_templates()
    known = hits_of([pattern for _, pattern in KNOWN], strong)
    judged = {"known alone": known}
    for name, (hits, _) in named.items():
        judged |= {name: hits, f"known and {name}": known | hits}
    judged["the shipped list, on what it was learnt on"] = hits_of(templates.patterns, strong)
    lists = {source.name: strong[f"published_{source.name}"].to_numpy(bool) for source in REGISTRY}
    mail = [name for name in lists if name != "easyprivacy_full"]
    lists["any of those made for mail"] = np.logical_or.reduce([lists[name] for name in mail])
    page = [
        HEAD.format(folds=given.folds, seed=given.seed, letters=FEWEST_LETTERS, words=LONGEST),
        *markdown(FIGURES, [figures(name, hits, strong, given.seed) for name, hits in judged.items()]),
        "",
        LIMITS.format(grid=tried(), budget=BUDGET),
        *markdown(
            ("held out by", *map(str, range(1, given.folds + 1))), [limits(name, one) for name, (_, one) in named.items()]
        ),
        "",
        "## By corpus",
        "",
        "Known and learnt, each by component / by component and first word. Most trackers of trec07p have words of one or two"
        " letters alone (`/x/`, `/o/`); a list may not have these, because pictures of web pages have them too.",
        "",
        *markdown(("corpus", "trackers found", "good called"), by_corpus(strong, judged)),
        "",
        PUBLISHED,
        *markdown(FIGURES, [figures(name, hits, strong, given.seed) for name, hits in lists.items()]),
        "",
        *shipped(templates, dataset),
        "",
        ENGINES,
        *made_with(("tkit", "adblock", "pandas", "publicsuffixlist")),
        "",
    ]
    given.output.write_text("\n".join(page), encoding="utf-8")


def held_out(
    strong: pd.DataFrame, weak: pd.DataFrame, splits: Sequence[Split], seed: int, tell: Progress, name: str
) -> tuple[Hits, list[tuple[Limits, int]]]:
    """Judge each fold by patterns learnt outside of it."""
    hits, chosen = np.zeros(len(strong), np.bool_), []
    for fold, split in enumerate(splits):
        tell(name, fold, len(splits))
        test = strong[split.test]
        patterns, limits_of_fold = learn(strong[split.train].reset_index(drop=True), weak_beside(weak, test), seed)
        chosen.append((limits_of_fold, len(patterns)))
        hits[split.test] = hits_of(patterns, test)
    tell(name, len(splits), len(splits))
    return hits, chosen


def hits_of(patterns: Sequence[str], rows: pd.DataFrame) -> Hits:
    """Judge references as a list of ``$image`` rules does: by what is asked for."""
    matched = Matcher(patterns).match_many(rows["resolved_url"].tolist())
    return matched & (rows["request"] == "image").to_numpy()


FIGURES = ("list", "trackers found", "good called", "missed", "false alarms")


def figures(name: str, hits: Hits, strong: pd.DataFrame, seed: int) -> tuple[str, ...]:
    gold = (strong["source"] == "gold").to_numpy()
    rates = Evaluation(strong[gold].reset_index(drop=True), hits[gold].astype(float), name, "url", seed=seed).rates()
    return (
        name,
        share(rates.tpr, 1),
        share(rates.fpr, 2),
        f"{rates.missed:,} of {rates.trackers:,}",
        f"{rates.false_alarms:,} of {rates.negatives:,}",
    )


def share(estimate: tuple[float, float, float], digits: int) -> str:
    value, low, high = estimate
    return f"{value:.{digits}%} [{low:.{digits}%}, {high:.{digits}%}]"


def limits(name: str, chosen: Sequence[tuple[Limits, int]]) -> tuple[str, ...]:
    cells = (f"{one.domains} domains, {one.error:.0%}: {count} templates" for one, count in chosen)
    return (name.removeprefix("learnt, held out by "), *cells)


def tried() -> str:
    domains, errors = (sorted({one[place] for one in GRID}) for place in (0, 1))
    return f"{', '.join(map(str, domains))} domains, and errors of at most {', '.join(f'{error:.0%}' for error in errors)}"


def by_corpus(strong: pd.DataFrame, judged: dict[str, Hits]) -> list[tuple[str, ...]]:
    both = [hits for name, hits in judged.items() if name.startswith("known and")]
    headline = ((strong["source"] == "gold") & (strong["confidence"] >= 2)).to_numpy()
    rows = []
    for corpus in sorted(strong["corpus"].unique()):
        cells = [corpus]
        for tracker in (True, False):
            of = headline & (strong["corpus"] == corpus).to_numpy() & (strong["tracker"] == tracker).to_numpy()
            counts = " / ".join(f"{int(hits[of].sum()):,}" for hits in both)
            shares = " / ".join(f"{hits[of].mean():.{1 if tracker else 2}%}" for hits in both)
            cells.append(f"{shares} ({counts} of {int(of.sum()):,})")
        rows.append(tuple(cells))
    return rows


def shipped(templates: Templates, dataset: Dataset) -> list[str]:
    facts = templates.facts
    if facts["dataset"] != dataset.digest():
        raise SystemExit("the templates are of another dataset: run `make templates` first")
    little = Counter(
        "met in no labelled mail" if not one.trackers else "little" if one.domains < FEW else "more" for one in templates
    )
    learnt = [one for one in templates if one.origin == "learnt"]
    return [
        "## The list that is shipped",
        "",
        f"{len(templates)} templates, {len(learnt)} of them learnt with at least {facts['least_domains']} domains and an error"
        f" of at most {facts['greatest_error']:.0%}. {little['met in no labelled mail']} known ones are met in no labelled"
        f" mail: they stand on the services' word alone. {little['little']} more have trackers of fewer than {FEW} domains,"
        " which is little evidence. The learnt ones:",
        "",
        *markdown(
            ("template", "trackers", "domains", "senders", "components", "corpora", "good pictures", "error", "at most"),
            [
                (
                    f"`{one.pattern}`",
                    f"{one.trackers:,}",
                    f"{one.domains:,}" + (" (little)" if one.domains < FEW else ""),
                    f"{one.senders:,}",
                    f"{one.components:,}",
                    str(one.corpora),
                    f"{one.negatives + one.weak_negatives:,}",
                    f"{one.error or 0:.1%}",
                    f"{one.error_high or 0:.0%}",
                )
                for one in learnt
            ],
        ),
    ]


HEAD = """# Filter lists out of templates

Generated by `python benchmarks/filter_lists.py` (folds {folds}, seed {seed}); change nothing by hand.

A template is a piece of a tracker's URL (`tkit templates list`). Known ones are open-tracking endpoints of mailing services
and mailing programs, from their documentation, source and mails. Learnt ones fill what the known ones leave: runs of up to
{words} words of trackers' paths and queries, of at least {letters} letters, that unrelated domains share. Nothing random ever
comes into one. Evidence is counted in registrable domains. Good pictures count against a template, those that only weak labels
call good too. `tkit export --to adblock` and `--to dnr` write the templates as rules.

## What lists find of kits that they were not learnt on

Headline rows of the gold labels (confidence 2 and 3; T against C and S), judged by the URL as it is asked for. Intervals are
95 %, bootstrap over components. In each fold the templates are learnt on the other components: no sender, URL, tracker domain
or kit form of a tested tracker is among them (`tkit.splits.kits`). Held out more strictly, no training tracker has the first
word of
a tested one's path either: a program that shares nothing with those met before but perhaps a word further on. Such words are
few, so that a list finds little there beyond what is known of services. What is known is not learnt from these labels, but was
written down by people who had seen these corpora; so was what is fixed by hand (words and letters of a template, the limits
that are tried).
"""

LIMITS = """Tried are at least {grid}.
Each fold takes those limits that find the most trackers on its training side, cross-validated there by component, while at
most {budget:.1%} of the good pictures are called:
"""

PUBLISHED = """## Published lists, on the same rows

Each in its own engine (docs/peers.md), and on the URL both as it is asked for and unwrapped, which the lists above are not.
None of them was learnt on these rows.
"""

ENGINES = """## The same in four engines

`tests/test_export_adblock.py` and `tests/test_export_dnr.py` load the exported files into uBlock Origin's engine, Ghostery's,
Brave's and Chromium, and hold all four against tkit's own matcher: on URLs made for each template (plain, in capitals, behind
a proxy's `#`, percent-encoded in a proxy's query, and near ones that must not match) and on every labelled reference of the
dataset. All verdicts are equal. Rules are written so that they can be: uBlock Origin looks rules up by whole words, so that a
rule that begins or ends inside of a word needs a `*` there, and a rule between slashes would be a regular expression.

What was not measured: pictures of web pages, which a browser's list judges too.
"""

if __name__ == "__main__":
    main()
