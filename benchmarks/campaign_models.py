"""What copies tell a model of a disguised tracker: the second half of docs/campaigns.md.

The corpora hold few true copies of labelled mails, so that copies are built from gold mails: in each other copy, every
reference labelled T or P has other tokens (:mod:`tkit.manipulate.mailings`). The built mails are extracted and compared as any
mails are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import Progress
from tables import markdown, share

from tkit.bundle import VERDICTS, verdicts_of
from tkit.campaigns import compare_copies
from tkit.dataset import Dataset
from tkit.detectors.models import BoostingModel
from tkit.detectors.rules import OwnToken
from tkit.evaluate import choose_threshold
from tkit.features import KEY, extract
from tkit.features.campaign import campaign_features, own_in_each_copy, with_campaigns
from tkit.labels import INDIVIDUAL, TRACKER, evaluated, is_positive
from tkit.labels.headline import VISIBLE
from tkit.mail import Message
from tkit.manipulate.mailings import COUNTS, sent
from tkit.manipulate.robustness import scores_with_copies
from tkit.parallel import ordered_map
from tkit.splits import cross_validation
from tkit.study.train import BUDGET, INDIVIDUAL_BUDGET

SEED = 0
MOST = 3
"""References of one label that are drawn from a component, so that no kit decides the figures."""

KNOWN = (1, *COUNTS)
"""Numbers of copies that are known, the mail itself included."""

DISGUISES: tuple[tuple[str, ...], ...] = (
    (),
    ("ordinary-size",),
    ("no-size",),
    ("alt-and-link",),
    ("neutral-words",),
    ("short-token",),
    ("split-token",),
    ("jpg",),
    ("link-redirect",),
    ("css-background",),
    ("ordinary-size", "jpg"),
    ("ordinary-size", "alt-and-link", "jpg"),
    ("header-picture",),
)

QUICK = 1
"""As :data:`MOST`, in a quick run."""

QUICK_DISGUISES: tuple[tuple[str, ...], ...] = (
    (),
    ("ordinary-size",),
    ("short-token",),
    ("link-redirect",),
    ("css-background",),
    ("ordinary-size", "alt-and-link", "jpg"),
    ("header-picture",),
)
"""Those of a quick run."""

Position = tuple[int, int]
"""Part and index of a reference in its message."""

_KEY = list(KEY)


class _Job(NamedTuple):
    """The references of one mail that copies are built for, and all of it that have a recipient's token."""

    message: Message
    individual: frozenset[Position]
    asked: list[tuple[Position, tuple[tuple[str, ...], ...]]]


def drawn(rows: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Return the sure gold rows, at most so many of a label and component."""
    gold = rows[(rows["source"] == "gold") & (rows["confidence"] >= 2) & rows["label"].isin(["T", "P", "C", "S"])]
    order = [hashlib.sha256(f"{sha256} {index}".encode()).hexdigest() for sha256, index in zip(*_places(gold), strict=True)]
    shuffled = gold.assign(_order=order).sort_values("_order").drop(columns="_order")
    return shuffled[shuffled.groupby(["component", "label"]).cumcount() < most].sort_index()


def _places(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return rows["message_sha256"], rows["index"]


def built(messages: Mapping[str, Message], rows: pd.DataFrame, quick: bool, workers: int, progress: Progress) -> pd.DataFrame:
    """Build copies of labelled mails and compare them.

    Parameters
    ----------
    messages : mapping of str to Message
        By ``message_sha256``.
    rows : DataFrame
        All labelled rows; copies are built for those that :func:`drawn` returns.
    quick : bool
        Whether to build fewer.

    Returns
    -------
    DataFrame
        The key of the original, its ``label``, ``manipulation``, ``count`` (one of :data:`KNOWN`), ``own`` (whether its URL is
        another one in each copy) and the features of ``campaign``. Trackers have a row for each disguise.
    """
    individual = rows[rows["label"].isin(INDIVIDUAL.positive)]
    of_mail = {
        str(sha256): frozenset(zip(group["part"].tolist(), group["index"].tolist(), strict=True))
        for sha256, group in individual.groupby("message_sha256", sort=False)
    }
    ways = QUICK_DISGUISES if quick else DISGUISES
    jobs = [
        _Job(
            messages[str(sha256)],
            of_mail.get(str(sha256), frozenset()),
            [
                ((part, index), ways if label == "T" else ways[:1])
                for part, index, label in zip(group["part"], group["index"], group["label"], strict=True)
            ],
        )
        for sha256, group in drawn(rows, QUICK if quick else MOST).groupby("message_sha256", sort=False)
    ]
    task = progress.add_task("built mailings", total=len(jobs))
    frames = []
    for batch in ordered_map(_built, jobs, 4, workers):
        progress.update(task, advance=len(batch))
        frames += [frame for frame in batch if len(frame)]
    found = pd.concat(frames, ignore_index=True)
    return found.merge(rows[[*_KEY, "label"]], on=_KEY, how="left", validate="many_to_one")


def _built(jobs: Sequence[_Job]) -> list[pd.DataFrame]:
    return [_of_mail(job) for job in jobs]


def _of_mail(job: _Job) -> pd.DataFrame:
    frames = []
    for position, ways in job.asked:
        for names in ways:
            mailing = sent(job.message, job.individual, position, names)
            if mailing is None:
                continue
            row = extract([mailing.message]).query(f"part == {position[0]} and index == {mailing.index}")
            for count in KNOWN:
                campaigns = campaign_features(compare_copies(mailing.copies[:count]))
                first = campaigns[campaigns["message_sha256"] == mailing.copies[0].message_sha256]
                joined = with_campaigns(row, first.assign(message_sha256=job.message.message_sha256))
                facts = {"index": np.int32(position[1]), "manipulation": "+".join(names), "count": count, "own": mailing.own}
                frames.append(joined.assign(**facts))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


class Judged(NamedTuple):
    """Verdicts of the cross-validated model on the labelled rows and on the built copies."""

    of_rows: NDArray[np.str_]
    of_built: NDArray[np.str_]


def judged(dataset: Dataset, rows: pd.DataFrame, copies: pd.DataFrame, folds: int, progress: Progress) -> Judged:
    """Judge by models that saw nothing of a reference's component, at thresholds chosen on the other folds."""
    splits = cross_validation(rows, rows["component"], folds, SEED)
    original = pd.MultiIndex.from_frame(rows[_KEY]).get_indexer(pd.MultiIndex.from_frame(copies[_KEY]))
    manipulated = dataset.disguised("campaign")
    flags = []
    for target, budget in ((TRACKER, BUDGET), (INDIVIDUAL, INDIVIDUAL_BUDGET)):
        task = progress.add_task(f"campaign, {target.name}", total=folds)
        factory = partial(BoostingModel, vantage="campaign", random_state=SEED, manipulated=manipulated, target=target)
        score, of_copies = scores_with_copies(
            factory, rows, copies, splits, lambda done, _, task=task: progress.update(task, completed=done), target
        )
        known, positive = evaluated(rows, target) & (rows["source"] == "gold").to_numpy(), is_positive(rows, target)
        threshold = np.full(len(rows), np.nan)
        for split in splits:
            others = known & ~split.test
            threshold[split.test] = choose_threshold(score[others], positive[others], budget)
        flags.append((score >= threshold, of_copies >= threshold[original]))
    (tracker, tracker_copies), (individual, individual_copies) = flags
    return Judged(
        verdicts_of(tracker, individual | own_in_each_copy(rows)),
        verdicts_of(tracker_copies, individual_copies | own_in_each_copy(copies)),
    )


def disguise_lines(copies: pd.DataFrame, verdicts: NDArray[np.str_]) -> list[str]:
    """Return the share of the individual trackers that is found, by disguise and number of copies."""
    trackers = copies["label"].eq("T") & copies["own"]
    found, dropped = verdicts != "clean", verdicts == "tracker"
    by_rule = OwnToken().scores(copies) > 0
    lines = []
    for name in [name for name in map("+".join, DISGUISES) if name in set(copies["manipulation"])]:
        of = (trackers & copies["manipulation"].eq(name)).to_numpy()
        cells = [f"{found[of & copies['count'].eq(count).to_numpy()].mean():.1%}" for count in KNOWN]
        at_three = of & copies["count"].eq(3).to_numpy()
        cells += [f"{flags[at_three].mean():.1%}" for flags in (dropped, by_rule)]
        lines.append((name.replace("+", " + ") or "none", f"{at_three.sum():,}", *cells))
    return markdown(("disguise", "trackers", *_copies(KNOWN), "3 copies: as tracker", "3 copies: rule"), lines)


def label_lines(copies: pd.DataFrame, verdicts: NDArray[np.str_]) -> list[str]:
    """Return the verdicts on undisguised references, by kind and number of copies."""
    visible = copies["long_side"].ge(VISIBLE)
    own = copies["own"]
    kinds = {
        "T, a token for each recipient": copies["label"].eq("T") & own,
        "T, the same for all: counts openings only": copies["label"].eq("T") & ~own,
        f"P, {VISIBLE} px or more": copies["label"].eq("P") & own & visible,
        "P, no such size declared": copies["label"].eq("P") & own & ~visible,
        "C, shared by all": copies["label"].eq("C"),
        "S, shared by all": copies["label"].eq("S"),
    }
    lines = []
    for kind, mask in kinds.items():
        for count in KNOWN:
            of = (mask & copies["manipulation"].eq("") & copies["count"].eq(count)).to_numpy()
            if of.any():
                shares = [f"{(verdicts[of] == verdict).mean():.1%}" for verdict in VERDICTS[::-1]]
                lines.append((kind, str(count), f"{of.sum():,}", *shares))
    return markdown(("reference", "copies", "rows", *VERDICTS[::-1]), lines)


def true_lines(rows: pd.DataFrame, verdicts: NDArray[np.str_], known: str) -> list[str]:
    """Return the verdicts on the gold rows with the copies that the corpora really hold."""
    sure = (rows["source"] == "gold") & (rows["confidence"] >= 2)
    lines = []
    for label in ("T", "P", "C", "S"):
        for name, part in (("none", rows[known] <= 1), ("2", rows[known] == 2), ("3 or more", rows[known] > 2)):
            of = (sure & rows["label"].eq(label) & part).to_numpy()
            if of.any():
                individual = share(int((verdicts[of] != "clean").sum()), int(of.sum()))
                lines.append((label, name, f"{of.sum():,}", individual, f"{(verdicts[of] == 'tracker').mean():.1%}"))
    return markdown(("label", "copies", "rows", "individual", "tracker"), lines)


def summary(copies: pd.DataFrame, verdicts: NDArray[np.str_]) -> str:
    """Say in words what three copies find."""
    at_three = (copies["label"].eq("T") & copies["own"] & copies["count"].eq(3)).to_numpy()
    found = pd.Series(verdicts != "clean")[at_three].groupby(copies["manipulation"][at_three].to_numpy()).mean()
    worst = str(found.idxmin())
    good = (copies["label"].isin(["C", "S"]) & copies["count"].eq(3)).to_numpy()
    false = int((verdicts[good] != "clean").sum())
    return (
        f"With three copies, {found.min():.1%} or more of the individual trackers are found whatever the disguise (fewest:"
        f" {worst.replace('+', ' + ') or 'none'}), and {false} of {good.sum():,} pictures that all recipients share are"
        " taken for individual."
    )


def _copies(counts: Sequence[int]) -> list[str]:
    return [f"{count} {'copy' if count == 1 else 'copies'}" for count in counts]
