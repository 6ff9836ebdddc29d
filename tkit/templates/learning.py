"""Learning templates: patterns that trackers of unrelated domains share and good pictures hardly ever have.

The rows are one labelled reference each, as :mod:`tkit.templates.material` reads them. Evidence is counted in registrable
domains, not in references: a thousand copies of one mailing say as much as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.arrays import wilson
from tkit.splits import Split, cross_validation
from tkit.templates.known import KNOWN
from tkit.templates.matching import Matcher
from tkit.templates.pieces import patterns_of
from tkit.templates.template import Template

BUDGET = 0.005
"""Share of the good pictures that a list may call, at most, when the least evidence is chosen."""

INNER_FOLDS = 5


class Limits(NamedTuple):
    """What a learnt template must have.

    Attributes
    ----------
    domains : int
        Registrable domains of trackers, and senders' domains, at least. Never fewer than three, so that no word of one sender's
        mail is published.
    error : float
        Share of the matching domains whose match is no tracker, at most.
    """

    domains: int
    error: float


GRID = tuple(Limits(domains, error) for domains, error in product((3, 5, 10), (0.0, 0.05, 0.1)))
"""What is tried; the strictest comes last of those that find equally many."""


@dataclass
class Counted:
    """What training rows say of every pattern.

    Attributes
    ----------
    domains, senders, negative_domains : dict of str to set of str
        By pattern: registrable domains and senders of the trackers, domains of the good pictures.
    rows : dict of str to set of int
        Positions of the trackers that match; those that a known template matches are left out.
    """

    domains: dict[str, set[str]]
    senders: dict[str, set[str]]
    negative_domains: dict[str, set[str]]
    rows: dict[str, set[int]]


def count(train: pd.DataFrame, weak: pd.DataFrame) -> Counted:
    """Count the patterns of training rows.

    Parameters
    ----------
    train : DataFrame
        Columns ``tail``, ``domain``, ``sender``, ``tracker`` (bool) and ``known`` (bool: a known template matches).
    weak : DataFrame
        The same of references that only weak labels call good; they count against a pattern and never for it.
    """
    found = Counted(defaultdict(set), defaultdict(set), defaultdict(set), defaultdict(set))
    trackers = train[train["tracker"]]
    columns = zip(*(trackers[name] for name in ("tail", "domain", "sender", "known")), strict=True)
    for row, (tail, domain, sender, known) in enumerate(columns):
        for pattern in patterns_of(tail):
            found.domains[pattern].add(domain)
            found.senders[pattern].add(sender)
            if not known:
                found.rows[pattern].add(row)
    fewest = min(limits.domains for limits in GRID)
    candidates = {pattern for pattern, domains in found.domains.items() if len(domains) >= fewest}
    against = pd.concat([train.loc[~train["tracker"], ["tail", "domain"]], weak[["tail", "domain"]]]).drop_duplicates()
    for tail, domain in zip(against["tail"], against["domain"], strict=True):
        for pattern in patterns_of(tail) & candidates:
            found.negative_domains[pattern].add(domain)
    return found


def select(counted: Counted, limits: Limits) -> list[str]:
    """Return patterns within limits that together match all trackers that any such pattern matches.

    Each next one is the one that matches the most trackers not matched before; of equals the one with the fewest errors, then
    the longest.
    """

    def errors(pattern: str) -> int:
        return len(counted.negative_domains.get(pattern, ()))

    waiting = [
        pattern
        for pattern, domains in counted.domains.items()
        if len(domains) >= limits.domains
        and len(counted.senders[pattern]) >= limits.domains
        and errors(pattern) <= limits.error * (errors(pattern) + len(domains))
    ]
    chosen: list[str] = []
    matched: set[int] = set()
    while waiting:
        gains = {pattern: len(counted.rows.get(pattern, set()) - matched) for pattern in waiting}
        best = max(waiting, key=lambda pattern: (gains[pattern], -errors(pattern), len(pattern), pattern))
        if not gains[best]:
            break
        chosen.append(best)
        matched |= counted.rows[best]
        waiting = [pattern for pattern in waiting if gains[pattern] and pattern != best]
    return chosen


def choose(rows: pd.DataFrame, weak: pd.DataFrame, seed: int = 0) -> Limits:
    """Choose the limits on training rows alone, by cross-validation over their components.

    Those that find the most trackers among limits that call at most :data:`BUDGET` of the good pictures; where none does, those
    that call the fewest. Gold rows of confidence 2 and 3 are judged.

    Parameters
    ----------
    rows, weak : DataFrame
        See :func:`count`; and ``component``, ``label``, ``source``, ``confidence``, ``message_sha256``.
    seed : int
        Of the folds.
    """
    found, called = np.zeros(len(GRID)), np.zeros(len(GRID))
    good = 0
    for split in cross_validation(rows, rows["component"], INNER_FOLDS, seed):
        test = rows[split.test & (rows["confidence"] >= 2).to_numpy()]
        counted = count(rows[split.train], weak_beside(weak, test))
        tracker = test["tracker"].to_numpy(bool)
        good += int((~tracker).sum())
        patterns = [patterns_of(tail) for tail in test["tail"]]
        known = test["known"].to_numpy(bool)
        for place, limits in enumerate(GRID):
            learnt = set(select(counted, limits))
            hit = known | np.array([not learnt.isdisjoint(one) for one in patterns])
            found[place] += (hit & tracker).sum()
            called[place] += (hit & ~tracker).sum()
    within = called <= BUDGET * good
    score = np.where(within, found, -1) if within.any() else -called
    return GRID[int(np.flatnonzero(score == score.max())[-1])]


def weak_beside(weak: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Leave out of weakly labelled rows what shares a message or a sender with tested ones."""
    return weak[~weak["message_sha256"].isin(test["message_sha256"]) & ~weak["sender"].isin(test["sender"])]


def learn(rows: pd.DataFrame, weak: pd.DataFrame, seed: int = 0) -> tuple[list[str], Limits]:
    """Return learnt patterns and the limits that they were learnt within."""
    limits = choose(rows, weak, seed)
    return select(count(rows, weak), limits), limits


def measured(patterns: Iterable[tuple[str, str, str]], rows: pd.DataFrame, weak: pd.DataFrame) -> list[Template]:
    """Make templates of patterns: count by matching URLs what speaks for each and against it.

    Parameters
    ----------
    patterns : iterable of (origin, service, pattern)
    rows, weak : DataFrame
        See :func:`count`; and ``url`` without its wrapping, ``component``, ``corpus``.
    """
    urls = pd.concat([rows["url"], weak["url"]])
    distinct = urls.drop_duplicates().tolist()
    place = dict(zip(distinct, range(len(distinct)), strict=True))
    of_rows, of_weak = (np.array([place[url] for url in frame["url"]], np.intp) for frame in (rows, weak))
    found = []
    for origin, service, pattern in patterns:
        hits = Matcher([pattern]).match_many(distinct)
        found.append(_measured(Template(pattern, origin, service), rows[hits[of_rows]], weak[hits[of_weak]]))
    return found


def _measured(template: Template, matching: pd.DataFrame, uncertain: pd.DataFrame) -> Template:
    """Add to a template what speaks for it and against it, in the rows that match."""
    trackers, good = matching[matching["tracker"]], matching[~matching["tracker"]]
    domains, wrong = trackers["domain"].nunique(), len({*good["domain"], *uncertain["domain"]})
    some = domains + wrong
    return replace(
        template,
        trackers=len(trackers),
        domains=domains,
        senders=trackers["sender"].nunique(),
        components=trackers["component"].nunique(),
        corpora=trackers["corpus"].nunique(),
        negatives=len(good),
        weak_negatives=len(uncertain),
        negative_domains=wrong,
        error=round(wrong / some, 4) if some else None,
        error_high=round(float(wilson(wrong, some)[1]), 4) if some else None,
    )


def with_known(rows: pd.DataFrame) -> pd.DataFrame:
    """Add ``known``: whether a known template matches the URL."""
    matcher = Matcher(pattern for _, pattern in KNOWN)
    return rows.assign(known=matcher.match_many(rows["url"].tolist()))


def without_kin(split: Split, rows: pd.DataFrame, columns: Collection[str]) -> Split:
    """Take out of training the trackers that share a value of any of some columns with a tested tracker.

    Stricter than components, which keep a kit together as far as its URLs show it: without the first word of its path in
    training, a tracker is found only by words further on.
    """
    tracker = rows["tracker"].to_numpy(bool)
    train = split.train.copy()
    for column in columns:
        tested = set(rows.loc[split.test & tracker, column]) - {""}
        train &= ~(tracker & rows[column].isin(tested).to_numpy())
    return Split(split.name, train, split.test)
