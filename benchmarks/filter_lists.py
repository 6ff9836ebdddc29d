"""Measure filter lists made of templates on held-out kits, beside the published lists; writes docs/filter-lists.md.

    python benchmarks/filter_lists.py --shared ../shared --dataset data/dataset -o docs/filter-lists.md

Everything is learnt again for each fold, including the limits on evidence and error, which are chosen on the training side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tables import made_with, markdown, percent, run, shared_parser

from tkit.cli.progress import steps
from tkit.dataset import Dataset, read
from tkit.dataset.gather import Progress
from tkit.errors import TkitError
from tkit.evaluate import Evaluation
from tkit.lists.sources import REGISTRY
from tkit.splits import Split, cross_validation
from tkit.templates import Matcher, Templates, load_templates
from tkit.templates.known import known_patterns
from tkit.templates.learning import BUDGET, GRID, Limits, learn, weak_beside, with_known, without_kin
from tkit.templates.material import labelled_urls, parted
from tkit.templates.pieces import FEWEST_LETTERS, LONGEST
from tkit.templates.template import FEW

Hits = NDArray[np.bool_]


def main() -> None:
    arguments = shared_parser(__doc__, "filter-lists.md").parse_args()

    dataset = read(arguments.dataset)
    with steps() as tell:
        strong, weak = parted(with_known(labelled_urls(arguments.shared, dataset, tell)))
        splits = cross_validation(strong, strong["component"], arguments.folds, arguments.seed)
        strict = [without_kin(split, strong, ("word",)) for split in splits]
        named = {
            "learnt, held out by component": held_out(strong, weak, splits, arguments.seed, tell, "by component"),
            "learnt, held out by component and first word": held_out(
                strong, weak, strict, arguments.seed, tell, "by component and first word"
            ),
        }
    templates = load_templates()
    known = hits_of([pattern for _, pattern in known_patterns()], strong)
    judged = {"known alone": known}
    for name, (hits, _) in named.items():
        judged |= {name: hits, f"known and {name}": known | hits}
    judged["the shipped list, on its own training rows"] = hits_of(templates.patterns, strong)
    lists = {source.name: strong[f"published_{source.name}"].to_numpy(bool) for source in REGISTRY}
    mail = [name for name in lists if name != "easyprivacy_full"]
    lists["any of those made for mail"] = np.logical_or.reduce([lists[name] for name in mail])
    page = [
        HEAD.format(folds=arguments.folds, seed=arguments.seed, letters=FEWEST_LETTERS, words=LONGEST),
        *markdown(FIGURES, [figures(name, hits, strong, arguments.seed) for name, hits in judged.items()]),
        "",
        LIMITS.format(grid=tried(), budget=BUDGET),
        *markdown(
            ("held out by", *map(str, range(1, arguments.folds + 1))),
            [limits(name, chosen) for name, (_, chosen) in named.items()],
        ),
        "",
        "## By corpus",
        "",
        "Known and learnt templates, held out by component / by component and first word. Most trackers of trec07p have only"
        " words of one or two letters (`/x/`, `/o/`). A list cannot use these, because pictures on web pages have them too.",
        "",
        *markdown(("corpus", "trackers found", "good flagged"), by_corpus(strong, judged)),
        "",
        PUBLISHED,
        *markdown(FIGURES, [figures(name, hits, strong, arguments.seed) for name, hits in lists.items()]),
        "",
        *shipped(templates, dataset),
        "",
        ENGINES,
        *made_with(("tkit", "adblock", "pandas", "publicsuffixlist")),
        "",
    ]
    arguments.output.write_text("\n".join(page), encoding="utf-8")


def held_out(
    strong: pd.DataFrame, weak: pd.DataFrame, splits: Sequence[Split], seed: int, tell: Progress, name: str
) -> tuple[Hits, list[tuple[Limits, int]]]:
    """Judge each fold with templates learnt outside it; return the hits, and the limits and number of templates per fold."""
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
    """Judge references as a list of ``$image`` rules does, by the request."""
    matched = Matcher(patterns).match_many(rows["resolved_url"].tolist())
    return matched & (rows["request"] == "image").to_numpy()


FIGURES = ("list", "trackers found", "good flagged", "missed", "false positives")


def figures(name: str, hits: Hits, strong: pd.DataFrame, seed: int) -> tuple[str, ...]:
    gold = (strong["source"] == "gold").to_numpy()
    rates = Evaluation(strong[gold].reset_index(drop=True), hits[gold].astype(float), name, "url", seed=seed).rates()
    return (
        name,
        percent(rates.tpr, 1),
        percent(rates.fpr, 2),
        f"{rates.missed:,} of {rates.trackers:,}",
        f"{rates.false_alarms:,} of {rates.negatives:,}",
    )


def limits(name: str, chosen: Sequence[tuple[Limits, int]]) -> tuple[str, ...]:
    cells = (f"{limit.domains} domains, {limit.error:.0%}: {count} templates" for limit, count in chosen)
    return (name.removeprefix("learnt, held out by "), *cells)


def tried() -> str:
    domains, errors = sorted({limit.domains for limit in GRID}), sorted({limit.error for limit in GRID})
    return f"{', '.join(map(str, domains))} domains, and errors of at most {', '.join(f'{error:.0%}' for error in errors)}"


def by_corpus(strong: pd.DataFrame, judged: dict[str, Hits]) -> list[tuple[str, ...]]:
    both = [hits for name, hits in judged.items() if name.startswith("known and")]
    headline = ((strong["source"] == "gold") & (strong["confidence"] >= 2)).to_numpy()
    rows = []
    for corpus in sorted(strong["corpus"].unique()):
        cells = [corpus]
        for tracker in (True, False):
            part = headline & (strong["corpus"] == corpus).to_numpy() & (strong["tracker"] == tracker).to_numpy()
            counts = " / ".join(f"{int(hits[part].sum()):,}" for hits in both)
            shares = " / ".join(f"{hits[part].mean():.{1 if tracker else 2}%}" for hits in both)
            cells.append(f"{shares} ({counts} of {int(part.sum()):,})")
        rows.append(tuple(cells))
    return rows


def shipped(templates: Templates, dataset: Dataset) -> list[str]:
    facts = templates.facts
    if facts["dataset"] != dataset.digest():
        raise TkitError("the templates were learnt on another dataset: run `make templates` first")
    evidence = Counter(
        "none" if not template.trackers else "little" if template.domains < FEW else "enough" for template in templates
    )
    learnt = [template for template in templates if template.origin == "learnt"]
    return [
        "## The shipped list",
        "",
        f"{len(templates)} templates. {len(learnt)} of them are learnt, with at least {facts['least_domains']} domains and an"
        f" error of at most {facts['greatest_error']:.0%}. {evidence['none']} known ones are in no labelled mail and rest on"
        f" the services' documentation alone. {evidence['little']} more have trackers of fewer than {FEW} domains, which is"
        " little evidence. The learnt ones:",
        "",
        *markdown(
            ("template", "trackers", "domains", "senders", "components", "corpora", "good pictures", "error", "upper limit"),
            [
                (
                    f"`{template.pattern}`",
                    f"{template.trackers:,}",
                    f"{template.domains:,}" + (" (little)" if template.domains < FEW else ""),
                    f"{template.senders:,}",
                    f"{template.components:,}",
                    str(template.corpora),
                    f"{template.negatives + template.weak_negatives:,}",
                    f"{template.error or 0:.1%}",
                    f"{template.error_high or 0:.0%}",
                )
                for template in learnt
            ],
        ),
    ]


HEAD = """# Filter lists made of templates

Generated by `python benchmarks/filter_lists.py` (folds {folds}, seed {seed}); do not edit.

A template is a piece of a tracker's URL (`tkit templates list`). Known templates are open-tracking endpoints of mailing
services and mailing programs, from their documentation, source code and mails. Learnt templates cover what the known ones
do not: runs of up to {words} words of trackers' paths and queries, with at least {letters} letters, that unrelated domains
share. They never contain anything random. Evidence is counted in registrable domains. Good pictures count against a
template, including those that only weak labels call good. `tkit export --to adblock` and `--to dnr` write the templates as
rules.

## What lists find of kits that they were not learnt on

Headline rows of the gold labels (confidence 2 and 3; T against C and S), judged by the URL as it is requested. 95%
intervals, bootstrap over components. In each fold the templates are learnt on the other components, which share no sender,
URL, tracker domain or kit form with a tested tracker (`tkit.splits.kits`). The stricter way also holds out every training
tracker whose path has the same first word as a tested one. A tested program then shares at most a later word with the
training side. Such words are rare, so a list finds little there beyond the known templates. Known templates are not learnt
from these labels, but people who had seen these corpora wrote them down. The same is true of the constants (words and
letters of a template, the limits tried).
"""

LIMITS = """The limits tried are at least {grid}.
Each fold takes the limits that find the most trackers on its training side, cross-validated there by component, at a false
positive rate of at most {budget:.1%}:
"""

PUBLISHED = """## Published lists, on the same rows

Each in its own engine (docs/peers.md), and on the URL both as requested and unwrapped, which the lists above are not.
None of them was learnt on these rows.
"""

ENGINES = """## The same in four engines

`tests/export/test_adblock.py` and `tests/export/test_dnr.py` load the exported files into the engines of uBlock Origin,
Ghostery and Brave and into Chromium, and compare all four with tkit's own matcher: on URLs made for each template (plain,
in capitals, after a proxy's `#`, percent-encoded in a proxy's query, and near misses) and on every labelled reference of
the dataset. All verdicts are equal. The rules are written to make this possible: uBlock Origin looks rules up by whole
words, so a rule that begins or ends inside a word needs a `*` there, and a rule between slashes would be a regular
expression.

Not measured: pictures on web pages, which a browser's list judges too.
"""

if __name__ == "__main__":
    run(main)
