"""The splits of a study, each with the claim that its figures support."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tkit.labels import headline
from tkit.splits import Split, cross_validation
from tkit.splits.folds import Groups, before_after, leave_one_out, leave_out, sender_groups

LEAST = 10
"""Headline trackers, and negatives, that the mails of a provider need to be tested separately."""

LEAST_OF_YEAR = 30
"""Headline trackers, and negatives, that a year needs to be tested separately."""


@dataclass(frozen=True, eq=False)
class Plan:
    """One way to split the rows: one line of a table.

    Attributes
    ----------
    name : str
        What the test rows are: unseen in which respect.
    claim : str
        What never occurs on both sides of a split.
    splits : tuple of Split
        No row is tested twice.
    groups : array of shape (n_rows,)
        The groups that the claim is about; folds inside a training part keep them whole too.
    """

    name: str
    claim: str
    splits: tuple[Split, ...]
    groups: Groups

    def tested(self, rows: pd.DataFrame) -> np.ndarray:
        """Mark the rows that any of the splits tests, shape (n_rows,)."""
        return np.any([split.test for split in self.splits], axis=0) if self.splits else np.zeros(len(rows), dtype=bool)


def unseen_kit(rows: pd.DataFrame, folds: int, seed: int) -> Plan:
    """Test connected components that are not trained on: no sender, URL, tracker domain, path template or kit is shared."""
    splits = cross_validation(rows, rows["component"], folds, seed)
    claim = "no sender's registrable domain, exact URL, tracker domain, tracker path template or kit form stands on both sides"
    return Plan("unseen kit or provider", claim, tuple(splits), rows["component"])


def unseen_sender(rows: pd.DataFrame, folds: int, seed: int) -> Plan:
    """Test senders that are not trained on; their kit may be trained on."""
    groups = sender_groups(rows)
    splits = cross_validation(rows, groups, folds, seed)
    return Plan("unseen sender", "no sender's registrable domain stands on both sides", tuple(splits), groups)


def random_rows(rows: pd.DataFrame, folds: int, seed: int) -> Plan:
    """Split the rows at random, so that copies of a mailing are on both sides: only to show how optimistic that is."""
    each = np.arange(len(rows))
    claim = "none: copies of one mailing stand on both sides; shown to expose how much that flatters"
    return Plan("random rows", claim, tuple(cross_validation(rows, each, folds, seed)), each)


def sent_from(rows: pd.DataFrame, date: str) -> Plan:
    """Train on mail sent before a date and test mail sent from then on.

    After TESSERACT (Pendlebury et al., USENIX Security 2019): all training mail is earlier than all test mail, and
    trackers and negatives of the test side are of the same time. The class mix of the test side is that of the sample;
    weighted rates have that of the corpora.
    """
    claim = f"trained on mail dated before {date} alone, and on no component that is tested"
    return Plan(f"sent from {date}", claim, (before_after(rows, date),), rows["component"])


def unseen_corpus(rows: pd.DataFrame) -> Iterator[Plan]:
    """Yield a plan for each corpus with a headline tracker and a negative: it is left out. None if there is only one corpus."""
    if rows["corpus"].nunique() < 2:
        return
    for split in leave_one_out(rows, "corpus"):
        if not min(_both(rows[split.test])):
            continue
        claim = "no mail of the corpus, and no component of its gold rows, is trained on"
        yield Plan(f"unseen {split.name}", claim, (split,), rows["component"])


def unseen_provider(rows: pd.DataFrame) -> Iterator[Plan]:
    """Yield the plan that leaves out one provider after the other: all mails with a labelled reference of it, and senders.

    The column ``provider`` names it, "" if it is unknown; without the column there is no plan. Only providers with
    enough labelled references are tested, see :data:`LEAST`; a mail of two providers is tested with the first. The references
    of one provider are of few components, so that only all of them together have an interval; the slices of a study show them
    one by one.
    """
    if "provider" not in rows:
        return
    groups = sender_groups(rows)
    untested = np.ones(len(rows), dtype=bool)
    splits = []
    for provider in sorted(set(rows["provider"]) - {""}):
        mails = rows["message_sha256"].isin(rows.loc[rows["provider"] == provider, "message_sha256"]).to_numpy()
        if min(_both(rows[mails & untested])) >= LEAST:
            split = leave_out(rows, mails, f"provider = {provider}", groups)
            splits.append(Split(split.name, split.train, split.test & untested))
            untested &= ~mails
    if splits:
        name = f"unseen provider, one of {len(splits)}"
        claim = "no reference of the provider, no mail that has one and no sender of a tested mail is trained on"
        yield Plan(name, claim, tuple(splits), groups)


def last_years(rows: pd.DataFrame, count: int = 2) -> list[str]:
    """Return the first days of the last years with enough labels to be tested, see :data:`LEAST_OF_YEAR`.

    Returns
    -------
    list of str
        At most `count` days YYYY-01-01, the earliest first, each with labelled rows before it.
    """
    year = rows["date"].dt.year
    enough = [year_of for year_of in sorted(set(year.dropna())) if min(_both(rows[year == year_of])) >= LEAST_OF_YEAR]
    return [f"{int(year_of)}-01-01" for year_of in enough[1:][-count:]]


def _both(rows: pd.DataFrame) -> tuple[int, int]:
    """Count the headline trackers and negatives among the gold rows."""
    used = rows[headline(rows) & (rows["source"] == "gold").to_numpy()]
    trackers = int((used["label"] == "T").sum())
    return trackers, len(used) - trackers
