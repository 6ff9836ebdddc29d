"""A detector trained on a user's own labelled mail, and an honest comparison with the built-in one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.bundle import Bundle, default_bundle
from tkit.compare.labelled import read_mail
from tkit.dataset import Dataset
from tkit.dataset.gather import sender_key
from tkit.detectors.models import BoostingModel
from tkit.errors import TkitError
from tkit.evaluate import Evaluation, Unit
from tkit.features import KEY
from tkit.mail import Message
from tkit.manipulate.copies import manipulated_rows
from tkit.splits import Split
from tkit.splits.folds import connected_components
from tkit.study.plans import Plan, unseen_kit
from tkit.study.train import BUDGET, Progress, Training, fit_bundle, try_answers
from tkit.url import host_of, registrable_domain, unwrap

CORPUS = "own"
"""The corpus of a user's own rows beside those of the dataset."""


class OwnMail(NamedTuple):
    """A user's labelled references.

    Attributes
    ----------
    rows : DataFrame
        As :meth:`tkit.dataset.Dataset.rows` returns them, without lists and dates.
    disguised : DataFrame
        Their disguised copies, see :func:`tkit.manipulate.copies.manipulated_rows`.
    lost : int
        Number of labels whose message or reference was not found.
    """

    rows: pd.DataFrame
    disguised: pd.DataFrame
    lost: int


class OwnResult(NamedTuple):
    """What :func:`train_own` returns.

    Attributes
    ----------
    bundle : Bundle
    trained, built_in : Evaluation
        On the same own rows: the new detector out of fold, and the built-in one.
    known : int
        Own rows of mails that the built-in bundle was trained on; they are left out of both evaluations.
    """

    bundle: Bundle
    trained: Evaluation
    built_in: Evaluation
    known: int


def read_own(messages: Iterable[Message], labels: pd.DataFrame) -> OwnMail:
    """Find a user's labelled references in mails.

    Parameters
    ----------
    messages : iterable of Message
    labels : DataFrame
        As :func:`tkit.labels.read_labels` returns them.

    Raises
    ------
    TkitError
        If no label has a reference.
    """
    labelled = set(labels["message_sha256"])
    kept = {message.message_sha256: message for message in messages if message.message_sha256 in labelled}
    mail = read_mail(kept.values(), labels, facts=False)
    found = mail.labels
    features = mail.rows.iloc[found["row"].to_numpy()].reset_index(drop=True)
    beside = features[[name for name in features if name not in found]]
    original = found["resolved_url"].map(unwrap)
    rows = pd.concat([found.drop(columns=["row", "url", "resolved_url"]), beside], axis=1).assign(
        corpus=CORPUS,
        cluster=[f"{CORPUS} {number}" for number in range(len(found))],
        host_domain=original.map(host_of).map(registrable_domain),
        sender_key=found["sender_key"].map(sender_key),
    )
    return OwnMail(rows, manipulated_rows(kept, rows), mail.lost)


def train_own(
    own: OwnMail,
    *,
    dataset: Dataset,
    with_dataset: bool,
    vantage: str = "message",
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    folds: int = 10,
    seed: int = 0,
    date: str,
    workers: int = 1,
    progress: Progress | None = None,
) -> OwnResult:
    """Train on a user's own labels, and compare with the built-in bundle on rows that neither was trained on.

    The new detector is cross-validated: no sender and no tracker domain of a tested row is trained on. Own mails that are in
    the dataset are trained on and not tested, because the built-in bundle knows them.

    Parameters
    ----------
    own : OwnMail
    dataset : Dataset
        The published dataset, which the built-in bundle was trained on.
    with_dataset : bool
        Train on it too.
    vantage, max_false_alarms, unit, folds, seed, date, workers, progress
        See :func:`tkit.study.train.train_bundle`.

    Raises
    ------
    TkitError
        If the own rows that can be tested have no tracker or no good picture, or are of fewer than two components.
    """
    known = own.rows["message_sha256"].isin(dataset.messages["message_sha256"]).to_numpy()
    rows, disguised = own.rows, own.disguised
    if with_dataset:
        published = dataset.rows()
        published = published[~published["message_sha256"].isin(rows["message_sha256"])]
        rows = pd.concat([rows, published], ignore_index=True)
        disguised = pd.concat([disguised, dataset.disguised()], ignore_index=True)
        rows = rows.assign(component=_components(rows)).copy()  # in one block: joined column by column, it is slow
    is_own = (rows["corpus"] == CORPUS).to_numpy()
    testable = is_own.copy()
    testable[is_own] = ~known
    components = rows.loc[testable, "component"].nunique()
    if components < 2:
        raise TkitError(
            "the own mails that can be tested are of fewer than two groups of senders and trackers: label mails of more senders"
        )
    factory = partial(BoostingModel, vantage=vantage, random_state=seed, manipulated=disguised)
    plan = unseen_kit(rows, min(folds, components), seed)
    splits = tuple(
        Split(split.name, split.train, split.test & testable) for split in plan.splits if (split.test & testable).any()
    )
    plan = Plan(plan.name, plan.claim, splits, plan.groups)
    answers = try_answers(
        rows,
        factory,
        plan,
        max_false_alarms=max_false_alarms,
        unit=unit,
        cluster="component",
        seed=seed,
        workers=workers,
        progress=progress,
    )
    used = "own labels and the published dataset" if with_dataset else "own labels only"
    training = Training(_digest(rows), f"{len(own.rows):,} own labels; trained on {used}.")
    bundle = fit_bundle(factory, rows, answers, max_false_alarms, unit, training=training, date=date)
    tested = answers.tracker.rows
    built_in = default_bundle(vantage)
    of_built_in = Evaluation(
        tested.drop(columns=["score", "threshold", "called"]),
        built_in.scores(tested),
        f"built-in {built_in.name}",
        vantage,
        threshold=built_in.threshold_score,
        cluster="component",
        seed=seed,
    )
    return OwnResult(bundle, answers.tracker, of_built_in, int(known.sum()))


def _components(rows: pd.DataFrame) -> np.ndarray:
    """Join the components of own and published rows that share a sender or a tracker's domain."""
    origin = rows["corpus"].eq(CORPUS).map({True: "own ", False: "published "}) + rows["component"].astype(str)
    tracker_domain = rows["host_domain"].where(rows["label"] == "T", "")
    return connected_components([origin.tolist(), rows["sender_key"].fillna("").tolist(), tracker_domain.fillna("").tolist()])


def _digest(rows: pd.DataFrame) -> str:
    """Return the SHA-256 of the labelled keys that are trained on."""
    table = rows[[*KEY, "label", "confidence"]].sort_values(list(KEY))
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
