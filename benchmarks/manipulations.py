"""Measure how much recall each manipulation and each pair of them costs each detector; writes docs/manipulations.md.

    python benchmarks/manipulations.py --corpora ../shared/corpora --lists ../shared/lists

Needs the corpora's archives, because the mails themselves are edited and extracted again, and the published dataset; also the
lists for the programs that decide by one. Models are cross-validated over components. Each fold's threshold is chosen for the
maximum false positive rate on the unmanipulated rows of the other folds, and is applied to the copies unchanged. Rules and
programs have their own verdict. Extracted rows are stored in --cache, so a second run takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress
from tables import CORPORA_FOLDER, ROOT, made_with, markdown, read_messages, run

from tkit.dataset import read
from tkit.detectors import RULES, Detector
from tkit.detectors.facts import with_facts
from tkit.detectors.models import BoostingModel
from tkit.detectors.peers import all_peers
from tkit.evaluate import choose_threshold
from tkit.features import KEY, MAIL_VANTAGES, extract, feature_names
from tkit.labels import headline
from tkit.mail import Message
from tkit.manipulate import MANIPULATIONS
from tkit.manipulate.copies import Asked, manipulated_features, manipulated_rows
from tkit.manipulate.mails import PAIRS
from tkit.manipulate.robustness import recall_lost, scores_with_copies
from tkit.parallel import ordered_map
from tkit.splits import cross_validation

WHAT = {
    "ordinary-size": "declares one of ten ordinary sizes (600x200, 48x48, ...); its style no longer hides anything",
    "no-size": "declares no size at all; its style no longer hides anything",
    "top-of-body": "is first in the body",
    "alt-and-link": "has alternative text, and one of the mail's links around it",
    "sender-domain": "is on www. of the sender's own domain",
    "neutral-words": "its path words become media, banner, header, ..., its parameter names v, w, q, t",
    "short-token": "every identifier of seven characters or more becomes four to eight hexadecimal digits",
    "split-token": "every identifier of eight characters or more is split into directories of two to six characters",
    "jpg": "the path ends in .jpg",
    "link-redirect": "is requested through a redirect on the host of the mail's links, with a token of 10 to 40 characters",
    "css-background": "is the background of an empty span",
}
PLAIN = ", trained without disguises"
_KEY = list(KEY)

SIZES = (
    *("attr_width", "attr_height", "style_width", "style_height", "style_max_width", "style_max_height", "width", "height"),
    *("sides_given", "short_side", "long_side", "tiny", "thin", "hidden", "style_properties", "attributes", "border_given"),
)
ENDINGS = tuple(name for name in feature_names("url") if name.startswith("extension_"))
AROUND = ("alt_length", "title_length", "in_link", "link_same_domain", "depth", "text_beside", "parent_body", "parent_cell")
BLIND = {
    "all features": (),
    "no sizes": SIZES,
    "no sizes, no file endings": SIZES + ENDINGS,
    "no sizes, no file endings, no surrounding text or link": SIZES + ENDINGS + AROUND,
}
"""The features that are hidden from the model, by the name of the experiment."""


def all_copies(messages: dict[str, Message], trackers: pd.DataFrame, workers: int, progress: Progress) -> pd.DataFrame:
    """Apply each manipulation and each pair of them to each tracker, with the facts that programs read."""
    jobs = [(messages[str(sha256)], rows) for sha256, rows in trackers.groupby("message_sha256", sort=False)]
    task = progress.add_task("manipulated copies", total=len(jobs))
    frames = []
    for batch in ordered_map(copies_of, jobs, 4, workers):
        progress.update(task, advance=len(batch))
        frames += [frame for frame in batch if len(frame)]
    return pd.concat(frames, ignore_index=True)


def copies_of(jobs: list[tuple[Message, pd.DataFrame]]) -> list[pd.DataFrame]:
    """Manipulate the trackers of each message; the frame is empty if none can be manipulated."""
    names = [(name,) for name in MANIPULATIONS] + list(PAIRS)
    return [
        manipulated_features(
            message,
            [Asked(part, index, each) for part, index in zip(rows["part"], rows["index"], strict=True) for each in names],
            facts,
        )
        for message, rows in jobs
    ]


def facts(edited: Iterable[Message]) -> pd.DataFrame:
    frames = list(with_facts(edited))
    return pd.concat(frames, ignore_index=True) if frames else extract([])


def with_written(rows: pd.DataFrame, messages: dict[str, Message], progress: Progress) -> pd.DataFrame:
    """Add to labelled rows the facts that programs read from the mails."""
    task = progress.add_task("facts", total=None)
    facts = pd.concat(with_facts(messages.values()), ignore_index=True)
    progress.update(task, total=1, completed=1)
    new = [name for name in facts.columns if name not in rows or name in _KEY]
    return rows.merge(facts[new], on=_KEY, how="left", validate="one_to_one")


def of_model(
    factory: partial[BoostingModel], rows: pd.DataFrame, copies: pd.DataFrame, folds: int, seed: int, budget: float
) -> pd.DataFrame:
    """Return the recall that a model loses at thresholds chosen on the other folds."""
    splits = cross_validation(rows, rows["component"], folds, seed)
    score, of_copies = scores_with_copies(factory, rows, copies, splits)
    known = headline(rows) & (rows["source"] == "gold").to_numpy()
    tracker = (rows["label"] == "T").to_numpy()
    threshold = np.full(len(rows), np.nan)
    for split in splits:
        others = known & ~split.test
        threshold[split.test] = choose_threshold(score[others], tracker[others], budget)
    original = pd.MultiIndex.from_frame(rows[_KEY]).get_indexer(pd.MultiIndex.from_frame(copies[_KEY]))
    flagged, flagged_copies = score >= threshold, of_copies >= threshold[original]
    lost = recall_lost(rows, flagged, copies, flagged_copies)
    good = known & ~tracker
    lost.attrs["fpr"] = float(flagged[good].mean())
    worst = (copies["manipulation"] == _worst_pair(lost)).to_numpy() & (known & tracker)[original]
    of_worst = original[worst & flagged[original] & ~flagged_copies]
    lost.attrs["components_lost"] = rows["component"].iloc[of_worst].value_counts().tolist()
    return lost


def _worst_pair(lost: pd.DataFrame) -> str:
    pairs = lost[lost["manipulation"].str.contains("+", regex=False)]
    return str(pairs.loc[pairs["lost"].idxmax(), "manipulation"])


def blind(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return rows in which some features are 0 everywhere, so that no model can use them."""
    return rows.assign(**dict.fromkeys(columns, np.float32(0)))


def of_rule(rule: Detector, rows: pd.DataFrame, copies: pd.DataFrame) -> pd.DataFrame:
    """Return the recall that a rule or a program loses."""
    flagged = rule.scores(rows) >= 0.5
    good = headline(rows) & (rows["source"] == "gold").to_numpy() & (rows["label"] != "T").to_numpy()
    lost = recall_lost(rows, flagged, copies, rule.scores(copies) >= 0.5)
    lost.attrs["fpr"] = float(flagged[good].mean())
    return lost


def cached(file: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Read the stored table, or make and store it."""
    if not file.is_file():
        made = make()
        if "written_attributes" in made:
            made["written_attributes"] = made["written_attributes"].map(lambda facts: json.dumps(dict(facts)))
        file.parent.mkdir(parents=True, exist_ok=True)
        made.to_parquet(file.with_suffix(".part"))
        file.with_suffix(".part").rename(file)
    table = pd.read_parquet(file)
    if "written_attributes" in table:
        table["written_attributes"] = table["written_attributes"].map(json.loads)
    return table


def page(results: dict[str, pd.DataFrame], tries: dict[str, pd.DataFrame], settings: argparse.Namespace, trackers: int) -> str:
    """Return the page."""
    points = {title: lost.set_index("manipulation")["lost"] * 100 for title, lost in results.items()}
    single = list(MANIPULATIONS)
    lines = [
        "# What a disguise costs",
        "",
        "Written by `python benchmarks/manipulations.py`; do not edit.",
        "",
        f"Each of {trackers:,} gold trackers (headline rows) is edited in its own mail's HTML as its sender could have written"
        " it, and the mail is extracted again. The tables show the percentage points of recall lost. Models are gradient"
        " boosting in 10 folds by component, with disguised copies of the training rows in training unless the name says"
        f" otherwise, at a threshold chosen on the other folds for a false positive rate of at most"
        f" {settings.max_false_alarms:.1%}. Rules and programs use their own verdict. Sizes, texts and lengths are drawn with"
        " the tracker's URL as seed. A copy's original is never in the training rows of the model that judges it.",
        "",
        "## Single manipulations",
        "",
        *markdown(
            ("detector", "recall", "false positive rate", *single),
            [
                (
                    title,
                    f"{lost['before'].iloc[0]:.1%}",
                    f"{lost.attrs['fpr']:.2%}",
                    *(f"{points[title].get(name, float('nan')):.1f}" for name in single),
                )
                for title, lost in results.items()
            ],
        ),
        "",
        "## The worst pairs",
        "",
        *markdown(
            ("detector", "worst pair", "second", "third", "mean of all pairs"),
            [(title, *_worst(of_detector)) for title, of_detector in points.items()],
        ),
        "",
        "## Would hiding the disguised features help?",
        "",
        "The model at `message` without features that a sender can choose freely, and with other seeds. A hidden feature cannot"
        " mislead the model, but with fewer features it finds fewer undisguised trackers, and other disguises cost it more. *In"
        " components* counts the trackers lost to the worst pair: in each of the three components that lose most, in all, and"
        " the number of components with losses. Each component is a kit that is held out as a whole.",
        "",
        *markdown(
            (
                "model, message",
                "recall",
                "false positive rate",
                "worst single",
                "worst pair",
                "mean of all pairs",
                "in components",
            ),
            [(title, *_tried(lost)) for title, lost in tries.items()],
        ),
        "",
        "## The manipulations",
        "",
        *markdown(("manipulation", "effect on the tracker"), list(WHAT.items())),
        "",
        *made_with(("tkit", "lightgbm", "numpy", "pandas", "selectolax")),
        "",
    ]
    return "\n".join(lines)


def _worst(lost: pd.Series) -> list[str]:
    pairs = lost[lost.index.str.contains("+", regex=False)].sort_values(ascending=False)
    return [f"{points:.1f} ({name})" for name, points in pairs.head(3).items()] + [f"{pairs.mean():.1f}"]


def _tried(lost: pd.DataFrame) -> tuple[str, ...]:
    points = lost.set_index("manipulation")["lost"] * 100
    single = points[list(MANIPULATIONS)]
    worst, _, _, mean = _worst(points)
    components = lost.attrs["components_lost"]
    return (
        f"{lost['before'].iloc[0]:.1%}",
        f"{lost.attrs['fpr']:.2%}",
        f"{single.max():.1f} ({single.idxmax()})",
        worst,
        mean,
        f"{', '.join(map(str, components[:3]))} of {sum(components):,} in {len(components)}",
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset")
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives")
    parser.add_argument("--lists", type=Path, default=None, help="folder of the published lists; without it, no programs")
    parser.add_argument("--cache", type=Path, default=ROOT / "out" / "manipulations", help="folder of extracted rows")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-false-alarms", type=float, default=0.001, help="maximum false positive rate")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that manipulate")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "manipulations.md")
    settings = parser.parse_args(arguments)
    dataset = read(settings.dataset)
    rows = dataset.rows()
    gold = headline(rows) & (rows["source"] == "gold").to_numpy()
    trackers = rows[gold & (rows["label"] == "T").to_numpy()]
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        messages: dict[str, Message] = {}

        def wanted() -> dict[str, Message]:
            if not messages:
                messages.update(read_messages(settings.corpora, frozenset(rows["message_sha256"]), progress))
            return messages

        tag = dataset.digest()[:12]
        copies = cached(
            settings.cache / f"copies-{tag}.parquet", lambda: all_copies(wanted(), trackers, settings.workers, progress)
        )
        disguised = cached(settings.cache / f"disguised-{tag}.parquet", lambda: manipulated_rows(wanted(), rows))
        results: dict[str, pd.DataFrame] = {}
        for vantage in reversed(MAIL_VANTAGES):  # campaign: docs/campaigns.md
            for suffix, manipulated in (("", disguised), (PLAIN, None)):
                title = f"model, {vantage}{suffix}"
                task = progress.add_task(title, total=1)
                factory = partial(BoostingModel, vantage=vantage, random_state=settings.seed, manipulated=manipulated)
                results[title] = of_model(factory, rows, copies, settings.folds, settings.seed, settings.max_false_alarms)
                progress.update(task, completed=1)
        tries: dict[str, pd.DataFrame] = {}
        ways = [(features, settings.seed, with_disguises) for features in BLIND for with_disguises in (True, False)]
        ways += [("all features", seed, True) for seed in (settings.seed + 1, settings.seed + 2)]
        for features, seed, with_disguises in ways:
            title = f"{features}{'' if with_disguises else PLAIN}{f', seed {seed}' if seed != settings.seed else ''}"
            task = progress.add_task(title, total=1)
            manipulated = blind(disguised, BLIND[features]) if with_disguises else None
            factory = partial(BoostingModel, random_state=seed, manipulated=manipulated)
            seen = [blind(table, BLIND[features]) for table in (rows, copies)]
            tries[title] = of_model(factory, *seen, settings.folds, settings.seed, settings.max_false_alarms)
            progress.update(task, completed=1)
        of_mail = [rule for rule in RULES if rule.vantage in MAIL_VANTAGES]
        rules: list[Detector] = [rule for rule in of_mail if "listed" not in getattr(rule, "columns", ())]
        for rule in rules:
            results[rule.name] = of_rule(rule, rows, copies)
        if settings.lists is not None:
            written = with_written(rows, wanted(), progress)
            for peer in all_peers(settings.lists):
                results[peer.name] = of_rule(peer, written, copies)
    settings.output.write_text(page(results, tries, settings, len(trackers)), encoding="utf-8")
    console.print(f"{settings.output} written")
    return 0


if __name__ == "__main__":
    run(main)
