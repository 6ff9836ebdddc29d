"""What the vantage point campaign brings a model, and what disguises leave of it: the second half of docs/campaigns.md."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import Progress
from tables import Compared, markdown

from tkit.campaigns import compare_copies, copy_of
from tkit.campaigns.alignment import UNALIGNED, align
from tkit.dataset import Dataset
from tkit.detectors.models import BoostingModel
from tkit.detectors.rules import OwnToken
from tkit.evaluate import Bootstrap, Estimate, Evaluation, paired_difference
from tkit.evaluate.bootstrap import interval, ratio
from tkit.features import KEY, extract
from tkit.features.campaign import campaign_features, with_campaigns
from tkit.html import read_document, read_message
from tkit.labels import headline
from tkit.mail import Message
from tkit.manipulate import manipulate
from tkit.manipulate.robustness import scores_with_copies
from tkit.splits import cross_validation
from tkit.study import evaluate_scores
from tkit.url import registrable_domain

FPR = 0.001
FOLDS = 10
SEED = 0
RESAMPLES = 1000

DISGUISES = (("ordinary-size",), ("ordinary-size", "jpg"), ("no-size", "jpg"), ("ordinary-size", "alt-and-link"))
"""What senders do to the look of a tracker and leave its token as it is."""

VANTAGES = ("message", "campaign")

Place = tuple[int, int]
"""Part and index of a reference in its message."""

_KEY = list(KEY)


class Model(NamedTuple):
    """A cross-validated model: what it is called, its evaluation on the gold rows, and its scores of disguised trackers."""

    name: str
    evaluation: Evaluation
    of_disguised: NDArray[np.float64]


def disguised_trackers(
    rows: pd.DataFrame, results: Sequence[Compared], messages: Mapping[str, Message], progress: Progress
) -> pd.DataFrame:
    """Disguise trackers in every copy of their mailings, and compare the copies anew.

    Parameters
    ----------
    rows : DataFrame
        The trackers: those of which another copy is known.
    results : sequence of Compared
    messages : mapping of str to Message
        Those of :func:`copies_of`.

    Returns
    -------
    DataFrame
        The key, ``manipulation``, and the features of ``campaign``: one row a tracker and disguise that could be done to it.
    """
    task = progress.add_task("disguised mailings", total=len(DISGUISES) * len(results))
    frames = []
    for names in DISGUISES:
        for result in results:
            drawn_by = _counterparts(rows[rows["corpus"] == result.corpus], result)
            edited = {sha256: _disguise(messages[sha256], places, names) for sha256, places in drawn_by.items()}
            mails = {sha256: message for sha256, (message, _) in edited.items()}
            copies = [copy_of(mails[one.message_sha256]) if one.message_sha256 in mails else one for one in result.copies]
            campaigns = campaign_features(compare_copies(filter(None, copies)))
            found = with_campaigns(extract(mails.values()), campaigns)
            done = pd.DataFrame(
                [(sha256, *place) for sha256, (_, places) in edited.items() for place in places], columns=_KEY
            ).astype({"message_sha256": "str", "part": np.int32, "index": np.int32})
            trackers = rows.loc[rows["corpus"] == result.corpus, _KEY].merge(done, on=_KEY)
            frames.append(trackers.merge(found, on=_KEY, validate="one_to_one").assign(manipulation="+".join(names)))
            progress.update(task, advance=1)
    return pd.concat(frames, ignore_index=True)


def copies_of(rows: pd.DataFrame, results: Sequence[Compared]) -> frozenset[str]:
    """Name all copies of the mailings that some references are in."""
    named: set[str] = set()
    for result in results:
        campaigns = result.campaigns
        of = campaigns.loc[campaigns["message_sha256"].isin(rows["message_sha256"]), "campaign"]
        named |= set(campaigns.loc[campaigns["campaign"].isin(of), "message_sha256"])
    return frozenset(named)


def _counterparts(rows: pd.DataFrame, result: Compared) -> dict[str, dict[Place, str]]:
    """Give, for each copy, where counterparts of the trackers stand, and what their disguise is drawn by: the mailing."""
    campaign = result.campaigns.drop_duplicates("message_sha256").set_index("message_sha256")["campaign"]
    members = defaultdict(list)
    for one in result.copies:
        members[campaign[one.message_sha256]].append(one)
    wanted = set(zip(rows["message_sha256"], rows["part"], rows["index"], strict=True))
    found: dict[str, dict[Place, str]] = defaultdict(dict)
    for number in {campaign[sha256] for sha256 in rows["message_sha256"]}:
        copies = members[number]
        columns = align([[reference.slot for reference in one.references] for one in copies])
        placed = [
            (one.message_sha256, reference.part, reference.index, column)
            for one, of in zip(copies, columns, strict=True)
            for reference, column in zip(one.references, of.tolist(), strict=True)
        ]
        disguised = {column for *key, column in placed if tuple(key) in wanted} - {UNALIGNED}
        for sha256, part, index, column in placed:
            if column in disguised:
                found[sha256][part, index] = f"{result.corpus} {number} {column}"
    return found


def _disguise(message: Message, places: Mapping[Place, str], names: Sequence[str]) -> tuple[Message, list[Place]]:
    """Disguise references of a message, one behind the other; give it with the places at which that could be done."""
    parts, done = list(message.html_parts), []
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    for document in read_message(message):
        for reference in document.references:
            place = reference.part, reference.index
            if place not in places:
                continue
            now = read_document(parts[reference.part], reference.part, document.references[0].index)
            same = next(one for one in now.references if one.index == reference.index)
            edited = manipulate(parts[reference.part], same, names, sender, now, places[place])
            if edited is not None and edited.reference.index == reference.index:
                parts[reference.part] = edited.html
                done.append(place)
    changed = copy.copy(message)
    changed.html_parts = tuple(parts)
    return changed, done


def models(dataset: Dataset, rows: pd.DataFrame, disguised: pd.DataFrame, progress: Progress) -> list[Model]:
    """Cross-validate the boosting model at both vantage points, with disguised copies in training and without."""
    splits = cross_validation(rows, rows["component"], FOLDS, SEED)
    found = []
    for title, taught in (("", dataset.disguised()), (", untaught", None)):
        for vantage in VANTAGES:
            task = progress.add_task(f"{vantage}{title}", total=FOLDS)
            factory = partial(BoostingModel, vantage=vantage, random_state=SEED, manipulated=taught)
            score, of_disguised = scores_with_copies(
                factory, rows, disguised, splits, lambda done, _, task=task: progress.update(task, completed=done)
            )
            found.append(Model(f"{vantage}{title}", evaluate_scores(factory(), rows, score, splits, FPR, SEED), of_disguised))
    return found


def gain_lines(found: Sequence[Model], known: str) -> list[str]:
    """Say what campaign brings beside message, on all gold headline rows and where another copy is known or not."""
    message, campaign = (one.evaluation for one in found[:2])
    rows = message.rows
    good = (rows["label"] != "T").to_numpy()
    copied = (rows[known] > 1).to_numpy()
    parts = {
        "all": np.ones(len(rows), dtype=bool),
        "trackers of which another copy is known, all good pictures": copied | good,
        "trackers of which none is known, all good pictures": ~copied | good,
        "trackers and good pictures of which another copy is known": copied,
    }
    lines = []
    for name, part in parts.items():
        one, other = (_of_part(evaluation, part) for evaluation in (message, campaign))
        tracker = (one.rows["label"] == "T")[one.headline]
        lines.append(
            (
                name,
                f"{tracker.sum():,}",
                f"{(~tracker).sum():,}",
                told(one.tpr_at_fpr(FPR)),
                told(other.tpr_at_fpr(FPR)),
                told(paired_difference(other, one, FPR), "+.1f"),
            )
        )
    head = ("gold headline rows", "trackers", "good pictures", "message", "campaign", "campaign less message, points")
    return markdown(head, lines)


def gain_told(found: Sequence[Model]) -> str:
    """Say in a sentence what campaign brings on all rows."""
    message, campaign = (one.evaluation for one in found[:2])
    gain = paired_difference(campaign, message, FPR)
    surely = "excludes" if gain.low > 0 or gain.high < 0 else "includes"
    return f"So on these corpora the model gains {told(gain, '+.1f')} points by the copies, an interval that {surely} 0."


def _of_part(evaluation: Evaluation, part: NDArray[np.bool_]) -> Evaluation:
    """Evaluate the same scores on some of the gold rows."""
    rows = evaluation.rows[part].reset_index(drop=True)
    columns = rows.drop(columns=["score", "threshold", "called"])
    threshold = rows["threshold"].to_numpy()
    score = rows["score"].to_numpy()
    return Evaluation(columns, score, evaluation.name, evaluation.vantage, threshold=threshold, seed=evaluation.seed)


def frozen_lines(found: Sequence[Model], known: str) -> list[str]:
    """Say what both do at their thresholds where another copy is known, and where not; and the evidence beside `message`."""
    lines = []
    message = found[0].evaluation
    own = OwnToken().scores(message.rows)
    either = np.maximum(message.rows["called"].to_numpy(np.float64), own)
    ruled = [Model(name, _with_verdicts(message, called), own) for name, called in (("rule", own), ("message or rule", either))]
    for one in (*found[:2], *ruled):
        rows = one.evaluation.rows
        copied = (rows[known] > 1).to_numpy()
        missed = headline(rows) & (rows["label"] == "T").to_numpy() & ~rows["called"].to_numpy()
        individual = missed & (OwnToken().scores(rows) > 0)
        for name, part in (("another copy known", copied), ("none known", ~copied)):
            rates = one.evaluation.rates_where(part)
            lines.append(
                (
                    one.name,
                    name,
                    f"{rates.trackers:,}",
                    f"{rates.missed}",
                    f"{(individual & part).sum()}",
                    told(rates.tpr),
                    f"{rates.negatives:,}",
                    f"{rates.false_alarms}",
                )
            )
    return markdown(("model", "rows", "trackers", "missed", "individual", "recall", "good pictures", "false alarms"), lines)


def _with_verdicts(evaluation: Evaluation, called: NDArray[np.float64]) -> Evaluation:
    """Evaluate other verdicts on the same rows."""
    return Evaluation(evaluation.rows.drop(columns=["score", "threshold", "called"]), called, "verdicts", seed=evaluation.seed)


def disguise_lines(found: Sequence[Model], disguised: pd.DataFrame) -> list[str]:
    """Say what is left of each model's recall on the disguised trackers, at its own threshold."""
    lines = []
    for name, of in disguised.groupby("manipulation", sort=False):
        called = [_called(one, of, one.of_disguised[of.index]) for one in found]
        component = called[0]["component"]
        draw = Bootstrap(component, RESAMPLES, SEED)
        whole = np.ones(len(of))
        cells = [
            f"{100 * table['before'].mean():.1f} → {told(ratio(table['after'].to_numpy(), whole > 0, draw))}"
            for table in called
        ]
        own = OwnToken().scores(of) > 0
        before = called[0]["before"].to_numpy() | called[0]["own_before"].to_numpy()
        after = called[0]["after"].to_numpy() | own
        cells.append(f"{100 * called[0]['own_before'].mean():.1f} → {told(ratio(own, whole > 0, draw))}")
        cells.append(f"{100 * before.mean():.1f} → {told(ratio(after, whole > 0, draw))}")
        message = called[0]["after"].to_numpy(np.float64)
        for gain in (called[1]["after"].to_numpy() - message, after - message):
            cells.append(told(interval(float(gain.mean()), draw.ratio(gain, whole)), "+.1f"))
        lines.append((str(name), f"{len(of)}", f"{component.nunique()}", *cells))
    head = (
        *("disguise", "trackers", "components", *(one.name for one in found)),
        *("rule", "message or rule", "campaign less message, points", "message or rule less message, points"),
    )
    return markdown(head, lines)


def _called(model: Model, disguised: pd.DataFrame, score: NDArray[np.float64]) -> pd.DataFrame:
    """Say of each disguised tracker whether it was called before, by the model and by the rule, and whether it still is."""
    rows = model.evaluation.rows.assign(own_before=OwnToken().scores(model.evaluation.rows) > 0)
    gold = rows[[*_KEY, "component", "threshold", "called", "own_before"]].rename(columns={"called": "before"})
    joined = disguised[_KEY].assign(score=score).merge(gold, on=_KEY, how="left", validate="one_to_one")
    return joined.assign(after=joined["score"] >= joined["threshold"])


def known_trackers(rows: pd.DataFrame, known: str) -> pd.DataFrame:
    """Pick the gold headline trackers of which another copy is known."""
    gold = headline(rows) & (rows["source"] == "gold").to_numpy()
    return rows[gold & (rows["label"] == "T").to_numpy() & (rows[known] > 1).to_numpy()]


def told(estimate: Estimate, form: str = ".1f") -> str:
    """Write a share with its interval, both in hundredths."""
    value, low, high = (100 * number for number in estimate)
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
