"""Measure how much recall each disguise costs each detector; writes docs/manipulations.md.

    python benchmarks/manipulations.py --corpora ../shared/corpora --lists ../shared/lists

Needs the corpora's archives, because the mails themselves are edited and extracted again, and the published dataset; also the
lists for the programs that decide by one. Models are cross-validated over components. Each fold's threshold is chosen for the
maximum false positive rate on the unmanipulated rows of the other folds, and is applied to the copies unchanged. Rules and
programs have their own verdict. Extracted rows are stored in --cache, so that a second run needs the models alone.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from tables import CORPORA_FOLDER, ROOT, made_with, markdown, read_messages, run

from tkit.arrays import Floats
from tkit.dataset import read
from tkit.detectors import RULES, Detector
from tkit.detectors.facts import with_facts
from tkit.detectors.models import BoostingModel
from tkit.detectors.peers import all_peers
from tkit.evaluate import choose_threshold
from tkit.features import KEY, MAIL_VANTAGES, extract
from tkit.html import read_document, read_message
from tkit.labels import INDIVIDUAL, TRACKER, evaluated, headline, is_positive
from tkit.mail import Message
from tkit.manipulate import MANIPULATIONS, manipulate
from tkit.manipulate.copies import Asked, manipulated_features
from tkit.manipulate.mails import PAIRS, TRIPLES
from tkit.manipulate.robustness import recall_lost, scores_with_copies
from tkit.parallel import ordered_map
from tkit.splits import cross_validation
from tkit.study.train import BUDGET, INDIVIDUAL_BUDGET
from tkit.url import registrable_domain

WHAT = {
    "ordinary-size": "declares an ordinary size (600x200, 48x48, ...); its style hides nothing",
    "no-size": "declares no size; its style hides nothing",
    "top-of-body": "is first in the body",
    "alt-and-link": "has alternative text, and one of the mail's links around it",
    "sender-domain": "is on www. of the sender's own domain",
    "neutral-words": "its path words become media, banner, ..., its parameter names v, w, q, t",
    "short-token": "identifiers become four to eight hexadecimal digits",
    "split-token": "identifiers are split into directories of two to six characters",
    "jpg": "the path ends in .jpg",
    "link-redirect": "goes through a redirect on the host of the mail's links",
    "css-background": "is the background of an empty span",
    "header-picture": "is the header picture: first, www.SENDER/images/2024/header-<12 hex>.jpg, 600x200, alt text, link",
}
TRIPLE = "ordinary-size+alt-and-link+jpg"
HEADER = "header-picture"
QUICK_PAIRS = (
    *(pair for pair in PAIRS if pair[0] in ("ordinary-size", "no-size") and pair[1] not in ("top-of-body", "css-background")),
    ("alt-and-link", "jpg"),
    ("neutral-words", "jpg"),
)
"""The pairs that a quick run measures: those that cost most."""

QUICK = 5
"""Trackers of a component that a quick run draws."""

MOST = 20
"""Trackers that are drawn from a component. Half of all gold trackers are of one component; more of its kit would say nothing
new, so that each drawn one stands for its share of the component."""

TARGETS = {"single": 5.0, "pair": 10.0, "triple": 20.0}
FALSE_TARGET = 0.003
_KEY = list(KEY)


class Cost(NamedTuple):
    """What disguises cost one verdict of a detector.

    Attributes
    ----------
    lost : Series
        Percentage points of recall, by manipulation.
    recall : float
        Before.
    false : float
        Share of the good pictures (C, S) with the verdict.
    by_component : Series
        As `lost`, with every component of the trackers counted once.
    """

    lost: pd.Series
    recall: float
    false: float
    by_component: pd.Series


def drawn(trackers: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Return at most so many trackers of a component, each with ``weight``: how many of it the tracker stands for."""
    places = zip(trackers["message_sha256"], trackers["index"], strict=True)
    order = [hashlib.sha256(f"{sha256} {index}".encode()).hexdigest() for sha256, index in places]
    shuffled = trackers.assign(_order=order).sort_values("_order").drop(columns="_order")
    size = shuffled.groupby("component")["label"].transform("size")
    kept = shuffled.groupby("component").cumcount() < most
    return shuffled.assign(weight=size / size.clip(upper=most))[kept].sort_index()


def all_copies(
    messages: dict[str, Message],
    trackers: pd.DataFrame,
    pairs: Sequence[tuple[str, ...]],
    with_programs: bool,
    workers: int,
    progress: Progress,
) -> pd.DataFrame:
    """Apply each manipulation, each pair and the triples to each tracker; for programs, with the facts that they read."""
    jobs = [(messages[str(sha256)], rows) for sha256, rows in trackers.groupby("message_sha256", sort=False)]
    names = [*((name,) for name in MANIPULATIONS), *pairs, *TRIPLES]
    task = progress.add_task("manipulated copies", total=len(jobs))
    frames = []
    for batch in ordered_map(partial(copies_of, read=facts if with_programs else extract, names=names), jobs, 4, workers):
        progress.update(task, advance=len(batch))
        frames += [frame for frame in batch if len(frame)]
    return pd.concat(frames, ignore_index=True)


def copies_of(
    jobs: list[tuple[Message, pd.DataFrame]],
    names: Sequence[tuple[str, ...]],
    read: Callable[[Iterable[Message]], pd.DataFrame] = extract,
) -> list[pd.DataFrame]:
    """Manipulate the references of each message in each way; the frame is empty if none can be manipulated."""
    return [
        manipulated_features(
            message,
            [Asked(part, index, each) for part, index in zip(rows["part"], rows["index"], strict=True) for each in names],
            read,
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
    factory: partial[BoostingModel], rows: pd.DataFrame, copies: pd.DataFrame, weight: Floats, folds: int, seed: int
) -> dict[str, Cost]:
    """Return what disguises cost both verdicts of a model, at thresholds chosen on the other folds."""
    splits = cross_validation(rows, rows["component"], folds, seed)
    original = originals(rows, copies)
    flags: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}
    for target, budget in ((TRACKER, BUDGET), (INDIVIDUAL, INDIVIDUAL_BUDGET)):
        score, of_copies = scores_with_copies(partial(factory, target=target), rows, copies, splits, target=target)
        known, positive = evaluated(rows, target) & (rows["source"] == "gold").to_numpy(), is_positive(rows, target)
        threshold = np.full(len(rows), np.nan)
        for split in splits:
            others = known & ~split.test
            threshold[split.test] = choose_threshold(score[others], positive[others], budget)
        flags[target.name] = score >= threshold, of_copies >= threshold[original]
    # What is a tracker is individual too, as the verdicts of a bundle say.
    (tracker, copied), (individual, individual_copies) = flags["tracker"], flags["individual"]
    return {
        "individual": cost(rows, tracker | individual, copies, copied | individual_copies, weight),
        "tracker": cost(rows, tracker, copies, copied, weight),
    }


def originals(rows: pd.DataFrame, copies: pd.DataFrame) -> NDArray[np.intp]:
    """Return the position of each copy's original."""
    return pd.MultiIndex.from_frame(rows[_KEY]).get_indexer(pd.MultiIndex.from_frame(copies[_KEY]))


def cost(
    rows: pd.DataFrame, flagged: NDArray[np.bool_], copies: pd.DataFrame, flagged_copies: NDArray[np.bool_], weight: Floats
) -> Cost:
    lost = recall_lost(rows, flagged, copies, flagged_copies, weight)
    good = headline(rows) & (rows["source"] == "gold").to_numpy() & (rows["label"] != "T").to_numpy()
    original = originals(rows, copies)
    change = pd.DataFrame(
        {
            "manipulation": copies["manipulation"],
            "component": rows["component"].to_numpy()[original],
            "lost": flagged[original].astype(float) - flagged_copies,
        }
    )
    by_component = change.groupby(["manipulation", "component"])["lost"].mean().groupby("manipulation").mean()
    return Cost(
        lost.set_index("manipulation")["lost"] * 100,
        float(lost["before"].iloc[0]),
        float(flagged[good].mean()),
        by_component * 100,
    )


def of_rule(rule: Detector, rows: pd.DataFrame, copies: pd.DataFrame, weight: Floats) -> Cost:
    """Return what disguises cost a rule or a program."""
    return cost(rows, rule.scores(rows) >= 0.5, copies, rule.scores(copies) >= 0.5, weight)


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


class Alike(NamedTuple):
    """How well a model tells trackers from content pictures that are disguised in the same way.

    Attributes
    ----------
    auc : float
        How often the tracker scores higher than the content picture of the same mail, both disguised.
    mails, trackers, pictures : int
        What was compared.
    """

    auc: float
    mails: int
    trackers: int
    pictures: int


def both_rewritten(messages: dict[str, Message], rows: pd.DataFrame) -> pd.DataFrame:
    """Return a tracker and a content picture of each mail that has both, rewritten as header pictures of the same mail.

    Half of the mails have the tracker first. With both in one mail, all else that the mail says is the same for both.
    """
    gold = rows[headline(rows) & (rows["source"] == "gold").to_numpy() & rows["label"].isin(["T", "C"]).to_numpy()]
    gold = gold[gold["carrier"] == "img-src"].drop_duplicates(["message_sha256", "part", "label"])
    made, edited = [], []
    for (sha256, part), pair in gold.groupby(["message_sha256", "part"], sort=False):
        if len(pair) == 2:
            turned = int(hashlib.sha256(str(sha256).encode()).hexdigest(), 16) % 2
            order = pair.iloc[::-1] if turned else pair
            message = messages[str(sha256)]
            html = _as_headers(message, int(part), order["index"].tolist())
            if html is not None:
                changed = copy.copy(message)
                changed.html_parts = ("",) * int(part) + (html,)
                changed.message_sha256 = str(len(edited))
                edited.append(changed)
                # The one that was written last is the first in the body.
                labels = order["label"].tolist()[::-1]
                component = order["component"].iloc[0]
                made += [(changed.message_sha256, index, label, component) for index, label in enumerate(labels)]
    wanted = pd.DataFrame(made, columns=["message_sha256", "index", "label", "component"])
    wanted = wanted.astype({"message_sha256": "str", "index": np.int32})
    return extract(edited).merge(wanted, on=["message_sha256", "index"], validate="one_to_one")


def _as_headers(message: Message, part: int, indices: Sequence[int]) -> str | None:
    """Return a part in which the references of these indices are rewritten one after the other; None if that fails."""
    html = message.html_parts[part]
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    first = next(document for document in read_message(message) if document.references and document.references[0].part == part)
    wanted = [next(one.url for one in first.references if one.index == index) for index in indices]
    for url in wanted:
        document = read_document(html, part)
        found = [one for one in document.references if one.url == url]
        edited = manipulate(html, found[0], [HEADER], sender, document) if found else None
        if edited is None:
            return None
        html = edited.html
    return html


def alike(rewritten: pd.DataFrame, folds: int, seed: int) -> Alike:
    """Train on rewritten pictures of both kinds, and compare the scores of those in held-out components."""
    kept = rewritten.assign(source="gold", confidence=3, cluster=-1).reset_index(drop=True)
    splits = cross_validation(kept, kept["component"], folds, seed)
    score = np.full(len(kept), np.nan)
    tracker = (kept["label"] == "T").to_numpy()
    share = 1 / kept.groupby(["component", "label"])["label"].transform("size").to_numpy()  # each component counts once
    for split in splits:
        model = BoostingModel(random_state=seed).fit(kept[split.train], tracker[split.train], 20 * share[split.train])
        score[split.test] = model.scores(kept[split.test])
    wins = []
    for _, rows in kept.assign(score=score).groupby("message_sha256"):
        one, other = (rows.loc[rows["label"] == label, "score"].to_numpy() for label in "TC")
        if len(one) and len(other):
            wins.append(float(np.mean((one[:, None] > other) + 0.5 * (one[:, None] == other))))
    return Alike(float(np.mean(wins)), len(wins), int(tracker.sum()), int((~tracker).sum()))


def page(
    models: dict[str, dict[str, Cost]],
    rules: dict[str, Cost],
    likeness: Alike,
    counts: pd.Series,
    settings: argparse.Namespace,
    seconds: float,
) -> str:
    """Return the page."""
    message = models["message"]
    lines = [
        "# What a disguise costs",
        "",
        f"Written by `python benchmarks/manipulations.py{' --quick' if settings.quick else ''}`; do not edit.",
        "",
        f"A sender can hide a tracker: give it the size of a picture, another name, a link. {counts['drawn']:,} of the"
        f" {counts['rows']:,} gold trackers, at most {QUICK if settings.quick else MOST} of each of the"
        f" {counts['components']:,} components, are edited in their own mails as their senders could have written them, and"
        " judged again. The tables show how many of 100 trackers that loses, each drawn tracker counted for those of its"
        " component that it stands for. **Individual**: a tracker is found if it is reported at all, as a tracker or as a"
        " personalised picture. **Tracker**: it is found if it is dropped by default.",
        "",
        "## In short",
        "",
        *short_lines(message),
        "",
        short_sentence(message),
        "",
        "## One disguise at a time",
        "",
        *single_lines(models),
        "",
        "The first row is the share that is found without a disguise; the last one the share of content pictures and spacers"
        " with that verdict, all undisguised. Negative: more are found. *Each once*: with every component counted once, because"
        f" one component holds {counts['largest']:.0%} of the trackers.",
        "",
        "## Several at once",
        "",
        *several_lines(message),
        "",
        "## What one mail cannot tell",
        "",
        *limit_lines(message, likeness),
        "",
        "## What to do about the rest",
        "",
        "With copies of the same mailing, the token gives a tracker away whatever it looks like: docs/campaigns.md. Where there"
        " is no copy, the only sure policy is to treat all pictures alike: fetch every one when the mail arrives, so that the"
        " sender learns only that it was delivered. A proxy that loads every picture on opening hides where and with what you"
        " read, but not whether and when.",
        "",
        "## Rules and programs",
        "",
        "They have one verdict; their false positives are content pictures and spacers that they flag.",
        "",
        *rule_lines(rules),
        "",
        "## How it is measured",
        "",
        f"Models are gradient boosting as in the built-in bundles, in {settings.folds} folds by component, each with disguised"
        " copies of its training rows in training. Each fold's two thresholds are chosen on the other folds: at most"
        f" {BUDGET:.1%} of the pictures that a person should see flagged as trackers, at most {INDIVIDUAL_BUDGET:.1%} of the"
        " content pictures and spacers individual. A copy is judged by a model that was trained on nothing of its component."
        " Sizes, texts and lengths are drawn with the tracker's URL as seed. A tracker that cannot be disguised in some way"
        f" keeps its verdict. The run took {seconds / 60:.0f} minutes.",
        "",
        *made_with(("lightgbm", "numpy", "pandas", "selectolax")),
        "",
    ]
    return "\n".join(lines)


def short_lines(message: dict[str, Cost]) -> list[str]:
    """Return what the verdicts of the model at `message` lose at most, beside what the project aims at."""
    individual, tracker = message["individual"], message["tracker"]
    lines = []
    names = {"single": list(MANIPULATIONS), "pair": ["+".join(pair) for pair in PAIRS], "triple": [TRIPLE]}
    for kind, possible in names.items():
        of_kind = [name for name in possible if name != HEADER and name in individual.lost]
        worst = str(individual.lost[of_kind].idxmax())
        title = f"{'worst ' if kind != 'triple' else ''}{kind}: {worst.replace('+', ' + ')}"
        lines.append((title, *(f"{of.lost[worst]:.1f}" for of in (individual, tracker)), f"{TARGETS[kind]:g}"))
    lines.append((f"{HEADER}, see below", *(f"{of.lost[HEADER]:.1f}" for of in (individual, tracker)), "-"))
    lines.append(
        (
            "content pictures and spacers with the verdict",
            *(f"{of.false:.2%}" for of in (individual, tracker)),
            f"{FALSE_TARGET:.1%}",
        )
    )
    return markdown(("of 100 trackers, lost to the", "individual", "tracker", "aim (individual)"), lines)


def short_sentence(message: dict[str, Cost]) -> str:
    """Say in words which aims are reached."""
    lost = message["individual"].lost
    over = [name for name in MANIPULATIONS if name != HEADER and lost.get(name, 0) > TARGETS["single"]]
    pairs = lost.reindex(["+".join(pair) for pair in PAIRS]).dropna()
    over_pairs = int((pairs > TARGETS["pair"]).sum())
    singles = "no single disguise" if not over else ", ".join(over)
    triple = "stays within" if lost[TRIPLE] <= TARGETS["triple"] else "misses"
    return (
        f"Over the aim: {singles}; {over_pairs} of {len(pairs)} pairs. Ordinary size, alternative text with a link and"
        f" .jpg together: the triple {triple} its aim."
    )


def single_lines(models: dict[str, dict[str, Cost]]) -> list[str]:
    message = models["message"]
    others = [name for name in models if name != "message"]
    head = (
        *("disguise", "the tracker ...", "individual", "each once", "tracker"),
        *(f"{name}: {verdict}" for name in others for verdict in ("individual", "tracker")),
    )
    columns = [message["individual"], message["tracker"]]
    columns += [models[name][verdict] for name in others for verdict in ("individual", "tracker")]

    def cells(values: list[str]) -> tuple[str, ...]:
        return values[0], "", *values[1:]

    found = cells([f"{of.recall:.1%}" for of in columns])
    false = cells([f"{of.false:.2%}" for of in columns])
    rows = [("none", "is found", *found)]
    for name, what in WHAT.items():
        points = [f"{of.lost.get(name, float('nan')):.1f}" for of in columns]
        rows.append((name, what, points[0], f"{message['individual'].by_component.get(name, float('nan')):.1f}", *points[1:]))
    return markdown(head, [*rows, ("good pictures", "have the verdict", *false)])


def several_lines(message: dict[str, Cost]) -> list[str]:
    """Return the five pairs and the five triples that cost most, and the mean of all."""
    individual, tracker = message["individual"], message["tracker"]
    lines = []
    for kind, sets in (("pair", PAIRS), ("triple", TRIPLES)):
        lost = individual.lost.reindex(["+".join(names) for names in sets]).dropna().sort_values(ascending=False)
        names = list(lost.index[:5])
        if kind == "triple" and TRIPLE not in names:
            names.append(TRIPLE)
        lines += [
            (
                name.replace("+", " + "),
                *(f"{value:.1f}" for value in (lost[name], individual.by_component[name], tracker.lost[name])),
            )
            for name in names
        ]
        of_all = [of.reindex(lost.index).mean() for of in (individual.lost, individual.by_component, tracker.lost)]
        lines.append((f"mean of all {len(lost)} {kind}s", *(f"{value:.1f}" for value in of_all)))
    return markdown(("disguises", "individual", "each once", "tracker"), lines)


def limit_lines(message: dict[str, Cost], likeness: Alike) -> list[str]:
    """Say why the header picture cannot be found in one mail, with the measurement."""
    found = message["individual"].recall - message["individual"].lost[HEADER] / 100
    return [
        f"Dressed as the sender's own header picture, {found:.1%} of the trackers are found. In that form a tracker is written"
        " exactly as a header picture is: same host, same folder, same size, same form of name. The name may be a hash of the"
        " picture, the same for everybody, or a number of your own. The mail does not say which, and whoever loads it to find"
        " out is tracked. No model can learn what is not in its input.",
        "",
        f"The measurement: in {likeness.mails:,} gold mails that have both, a tracker and a content picture are rewritten in"
        " that form, and a model is trained to tell the two, on mails of other components. How often does it score the tracker"
        f" higher than the picture of the same mail? AUC {likeness.auc:.2f}; 0.50 is chance.",
    ]


def rule_lines(rules: dict[str, Cost]) -> list[str]:
    chosen = ["ordinary-size", "no-size", "top-of-body", "alt-and-link", "sender-domain", "neutral-words", "jpg"]
    chosen += ["link-redirect", "css-background", TRIPLE, HEADER]
    return markdown(
        ("detector", "found", "false positives", *(name.replace("+", " + ") for name in chosen)),
        [
            (
                title,
                f"{of.recall:.1%}",
                f"{of.false:.2%}",
                *(f"{of.lost.get(name, float('nan')):.1f}" for name in chosen),
            )
            for title, of in rules.items()
        ],
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, default=ROOT / "data" / "dataset")
    parser.add_argument("--corpora", type=Path, default=CORPORA_FOLDER, help="folder of the archives")
    parser.add_argument("--lists", type=Path, default=None, help="folder of the published lists; without it, no programs")
    parser.add_argument("--cache", type=Path, default=ROOT / "out" / "manipulations", help="folder of extracted rows")
    parser.add_argument("--quick", action="store_true", help="fewer trackers and pairs, and only the vantage point message")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes that manipulate")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "manipulations.md")
    settings = parser.parse_args(arguments)
    start = time.monotonic()
    dataset = read(settings.dataset)
    rows = dataset.rows()
    gold = headline(rows) & (rows["source"] == "gold").to_numpy()
    trackers = rows[gold & (rows["label"] == "T").to_numpy()]
    asked = drawn(trackers, QUICK if settings.quick else MOST)
    pairs = QUICK_PAIRS if settings.quick else PAIRS
    weight = asked["weight"].reindex(rows.index, fill_value=0.0).to_numpy(np.float64)
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        messages: dict[str, Message] = {}

        def wanted() -> dict[str, Message]:
            if not messages:
                of_gold = rows.loc[rows["source"] == "gold", "message_sha256"]
                messages.update(read_messages(settings.corpora, frozenset(of_gold), progress))
            return messages

        tag = f"{dataset.digest()[:12]}{'-quick' if settings.quick else ''}{'-programs' if settings.lists else ''}"
        copies = cached(
            settings.cache / f"copies-{tag}.parquet",
            lambda: all_copies(wanted(), asked, pairs, settings.lists is not None, settings.workers, progress),
        )
        rewritten = cached(settings.cache / f"rewritten-{tag}.parquet", lambda: both_rewritten(wanted(), rows))
        likeness = alike(rewritten, settings.folds, settings.seed)
        models: dict[str, dict[str, Cost]] = {}
        for vantage in ("message",) if settings.quick else reversed(MAIL_VANTAGES):  # campaign: docs/campaigns.md
            task = progress.add_task(f"model, {vantage}", total=1)
            factory = partial(BoostingModel, vantage=vantage, random_state=settings.seed, manipulated=dataset.disguised())
            models[vantage] = of_model(factory, rows, copies, weight, settings.folds, settings.seed)
            progress.update(task, completed=1)
        of_mail = [rule for rule in RULES if rule.vantage in MAIL_VANTAGES]
        rules = {
            rule.name: of_rule(rule, rows, copies, weight) for rule in of_mail if "listed" not in getattr(rule, "columns", ())
        }
        if settings.lists is not None:
            gold_rows = with_written(rows[gold], wanted(), progress)
            for peer in all_peers(settings.lists):
                rules[peer.name] = of_rule(peer, gold_rows, copies, weight[gold])
    sizes = trackers["component"].value_counts()
    counts = pd.Series(
        {"rows": len(trackers), "drawn": len(asked), "components": len(sizes), "largest": sizes.iloc[0] / len(trackers)},
        dtype=object,
    )
    text = page(models, rules, likeness, counts, settings, time.monotonic() - start)
    settings.output.write_text(text, encoding="utf-8")
    console.print(f"{settings.output} written")
    return 0


if __name__ == "__main__":
    run(main)
