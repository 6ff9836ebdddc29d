"""What the vantage point `campaign` gains a model, and how it withstands disguises: the second half of docs/campaigns.md."""

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
from tables import Compared, markdown, percent

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
"""Edits that change how a tracker looks and leave its token as it is."""

VANTAGES = ("message", "campaign")

Position = tuple[int, int]
"""Part and index of a reference in its message."""

_KEY = list(KEY)


class Model(NamedTuple):
    """A cross-validated model: its name, its evaluation on the gold rows, and its scores of the disguised trackers."""

    name: str
    evaluation: Evaluation
    of_disguised: NDArray[np.float64]


def disguised_trackers(
    rows: pd.DataFrame, results: Sequence[Compared], messages: Mapping[str, Message], progress: Progress
) -> pd.DataFrame:
    """Disguise trackers in every copy of their mailings, and compare the copies again.

    Parameters
    ----------
    rows : DataFrame
        Trackers with at least one other known copy.
    results : sequence of Compared
    messages : mapping of str to Message
        The messages that :func:`copies_of` names, by ``message_sha256``.

    Returns
    -------
    DataFrame
        The key, ``manipulation``, and the features of ``campaign``, one row per tracker and disguise that could be applied.
    """
    task = progress.add_task("disguised mailings", total=len(DISGUISES) * len(results))
    frames = []
    for names in DISGUISES:
        for result in results:
            seeds = _counterparts(rows[rows["corpus"] == result.corpus], result)
            edited = {sha256: _disguise(messages[sha256], of_message, names) for sha256, of_message in seeds.items()}
            mails = {sha256: message for sha256, (message, _) in edited.items()}
            copies = [copy_of(mails[mail.message_sha256]) if mail.message_sha256 in mails else mail for mail in result.copies]
            campaigns = campaign_features(compare_copies(filter(None, copies)))
            features = with_campaigns(extract(mails.values()), campaigns)
            disguised = pd.DataFrame(
                [(sha256, *position) for sha256, (_, positions) in edited.items() for position in positions], columns=_KEY
            ).astype({"message_sha256": "str", "part": np.int32, "index": np.int32})
            trackers = rows.loc[rows["corpus"] == result.corpus, _KEY].merge(disguised, on=_KEY)
            frames.append(trackers.merge(features, on=_KEY, validate="one_to_one").assign(manipulation="+".join(names)))
            progress.update(task, advance=1)
    return pd.concat(frames, ignore_index=True)


def copies_of(rows: pd.DataFrame, results: Sequence[Compared]) -> frozenset[str]:
    """Return the ``message_sha256`` of all copies of the mailings that contain these rows."""
    messages: set[str] = set()
    for result in results:
        campaigns = result.campaigns
        numbers = campaigns.loc[campaigns["message_sha256"].isin(rows["message_sha256"]), "campaign"]
        messages |= set(campaigns.loc[campaigns["campaign"].isin(numbers), "message_sha256"])
    return frozenset(messages)


def _counterparts(rows: pd.DataFrame, result: Compared) -> dict[str, dict[Position, str]]:
    """Return for each copy the positions of the trackers' counterparts, and the seed of their disguise, one per mailing."""
    campaign = result.campaigns.drop_duplicates("message_sha256").set_index("message_sha256")["campaign"]
    members = defaultdict(list)
    for mail in result.copies:
        members[campaign[mail.message_sha256]].append(mail)
    wanted = set(zip(rows["message_sha256"], rows["part"], rows["index"], strict=True))
    seeds: dict[str, dict[Position, str]] = defaultdict(dict)
    for number in {campaign[sha256] for sha256 in rows["message_sha256"]}:
        copies = members[number]
        columns = align([[reference.slot for reference in mail.references] for mail in copies])
        aligned = [
            (mail.message_sha256, reference.part, reference.index, column)
            for mail, columns_of_mail in zip(copies, columns, strict=True)
            for reference, column in zip(mail.references, columns_of_mail.tolist(), strict=True)
        ]
        disguised = {column for *key, column in aligned if tuple(key) in wanted} - {UNALIGNED}
        for sha256, part, index, column in aligned:
            if column in disguised:
                seeds[sha256][part, index] = f"{result.corpus} {number} {column}"
    return seeds


def _disguise(message: Message, seeds: Mapping[Position, str], names: Sequence[str]) -> tuple[Message, list[Position]]:
    """Disguise references of a message one after the other; return it and the positions where that was possible."""
    parts, disguised = list(message.html_parts), []
    sender = registrable_domain(message.from_domain) if message.from_domain else ""
    for document in read_message(message):
        for reference in document.references:
            position = reference.part, reference.index
            if position not in seeds:
                continue
            now = read_document(parts[reference.part], reference.part, document.references[0].index)
            same = next(other for other in now.references if other.index == reference.index)
            edited = manipulate(parts[reference.part], same, names, sender, now, seeds[position])
            if edited is not None and edited.reference.index == reference.index:
                parts[reference.part] = edited.html
                disguised.append(position)
    changed = copy.copy(message)
    changed.html_parts = tuple(parts)
    return changed, disguised


def models(dataset: Dataset, rows: pd.DataFrame, disguised: pd.DataFrame, progress: Progress) -> list[Model]:
    """Return the boosting model, cross-validated at both vantage points, with and without disguised copies in training."""
    splits = cross_validation(rows, rows["component"], FOLDS, SEED)
    evaluated = []
    for title, manipulated in (("", dataset.disguised()), (", trained without disguises", None)):
        for vantage in VANTAGES:
            task = progress.add_task(f"{vantage}{title}", total=FOLDS)
            factory = partial(BoostingModel, vantage=vantage, random_state=SEED, manipulated=manipulated)
            score, of_disguised = scores_with_copies(
                factory, rows, disguised, splits, lambda done, _, task=task: progress.update(task, completed=done)
            )
            evaluated.append(
                Model(f"{vantage}{title}", evaluate_scores(factory(), rows, score, splits, FPR, SEED), of_disguised)
            )
    return evaluated


def gain_lines(models: Sequence[Model], known: str) -> list[str]:
    """Return a table of the gain of `campaign` over `message`, on all gold headline rows and by whether copies are known."""
    message, campaign = (model.evaluation for model in models[:2])
    rows = message.rows
    good = (rows["label"] != "T").to_numpy()
    copied = (rows[known] > 1).to_numpy()
    parts = {
        "all": np.ones(len(rows), dtype=bool),
        "trackers with another known copy, all good pictures": copied | good,
        "trackers without, all good pictures": ~copied | good,
        "trackers and good pictures with another known copy": copied,
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
                percent(one.tpr_at_fpr(FPR)),
                percent(other.tpr_at_fpr(FPR)),
                points(paired_difference(other, one, FPR)),
            )
        )
    head = ("gold headline rows", "trackers", "good pictures", "message", "campaign", "campaign minus message, points")
    return markdown(head, lines)


def gain_sentence(models: Sequence[Model]) -> str:
    """Return a sentence on the gain of `campaign` on all rows."""
    message, campaign = (model.evaluation for model in models[:2])
    gain = paired_difference(campaign, message, FPR)
    verb = "excludes" if gain.low > 0 or gain.high < 0 else "includes"
    return f"On these corpora the copies gain the model {points(gain)} points, an interval that {verb} 0."


def _of_part(evaluation: Evaluation, part: NDArray[np.bool_]) -> Evaluation:
    """Return the evaluation of the same scores on some of the gold rows."""
    rows = evaluation.rows[part].reset_index(drop=True)
    columns = rows.drop(columns=["score", "threshold", "called"])
    threshold = rows["threshold"].to_numpy()
    score = rows["score"].to_numpy()
    return Evaluation(columns, score, evaluation.name, evaluation.vantage, threshold=threshold, seed=evaluation.seed)


def frozen_lines(models: Sequence[Model], known: str) -> list[str]:
    """Return a table of both models, the rule, and `message` with the rule at their thresholds, by whether copies are known."""
    lines = []
    message = models[0].evaluation
    own = OwnToken().scores(message.rows)
    either = np.maximum(message.rows["called"].to_numpy(np.float64), own)
    ruled = [Model(name, _with_verdicts(message, flags), own) for name, flags in (("rule", own), ("message or rule", either))]
    for model in (*models[:2], *ruled):
        rows = model.evaluation.rows
        copied = (rows[known] > 1).to_numpy()
        missed = headline(rows) & (rows["label"] == "T").to_numpy() & ~rows["called"].to_numpy()
        individual = missed & (OwnToken().scores(rows) > 0)
        for name, part in (("another copy known", copied), ("none known", ~copied)):
            rates = model.evaluation.rates_where(part)
            lines.append(
                (
                    model.name,
                    name,
                    f"{rates.trackers:,}",
                    f"{rates.missed}",
                    f"{(individual & part).sum()}",
                    percent(rates.tpr),
                    f"{rates.negatives:,}",
                    f"{rates.false_alarms}",
                )
            )
    return markdown(("model", "rows", "trackers", "missed", "individual", "recall", "good pictures", "false positives"), lines)


def _with_verdicts(evaluation: Evaluation, flags: NDArray[np.float64]) -> Evaluation:
    """Return the evaluation of other verdicts on the same rows."""
    return Evaluation(evaluation.rows.drop(columns=["score", "threshold", "called"]), flags, "verdicts", seed=evaluation.seed)


def disguise_lines(models: Sequence[Model], disguised: pd.DataFrame) -> list[str]:
    """Return a table of each model's recall of the disguised trackers, at its own threshold."""
    lines = []
    for name, trackers in disguised.groupby("manipulation", sort=False):
        flagged = [_flagged(model, trackers) for model in models]
        component = flagged[0]["component"]
        draw = Bootstrap(component, RESAMPLES, SEED)
        by_rule = OwnToken().scores(trackers) > 0
        before, ruled_before, after = (flagged[0][name].to_numpy() for name in ("before", "own_before", "after"))
        cells = [_change(table["before"].to_numpy(), table["after"].to_numpy(), draw) for table in flagged]
        cells += [_change(ruled_before, by_rule, draw), _change(before | ruled_before, after | by_rule, draw)]
        for better in (flagged[1]["after"].to_numpy(), after | by_rule):
            gain = better - after.astype(np.float64)
            cells.append(points(interval(float(gain.mean()), draw.ratio(gain, np.ones(len(gain))))))
        lines.append((str(name), f"{len(trackers)}", f"{component.nunique()}", *cells))
    head = (
        *("disguise", "trackers", "components", *(model.name for model in models)),
        *("rule", "message or rule", "campaign minus message, points", "message or rule minus message, points"),
    )
    return markdown(head, lines)


def _change(before: NDArray[np.bool_], after: NDArray[np.bool_], draw: Bootstrap) -> str:
    return f"{before.mean():.1%} → {percent(ratio(after, np.ones(len(after), dtype=bool), draw))}"


def _flagged(model: Model, disguised: pd.DataFrame) -> pd.DataFrame:
    """Add to each disguised tracker whether the model and the rule flagged it before, and whether the model still does."""
    rows = model.evaluation.rows.assign(own_before=OwnToken().scores(model.evaluation.rows) > 0)
    gold = rows[[*_KEY, "component", "threshold", "called", "own_before"]].rename(columns={"called": "before"})
    joined = (
        disguised[_KEY]
        .assign(score=model.of_disguised[disguised.index])
        .merge(gold, on=_KEY, how="left", validate="one_to_one")
    )
    return joined.assign(after=joined["score"] >= joined["threshold"])


def known_trackers(rows: pd.DataFrame, known: str) -> pd.DataFrame:
    """Return the gold headline trackers with another known copy."""
    gold = headline(rows) & (rows["source"] == "gold").to_numpy()
    return rows[gold & (rows["label"] == "T").to_numpy() & (rows[known] > 1).to_numpy()]


def points(difference: Estimate) -> str:
    """Write a difference in percentage points with its interval."""
    return percent(difference, sign="+", unit="")
