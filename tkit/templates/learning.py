"""Learn templates: patterns that trackers of unrelated domains share and good pictures rarely match.

Each row is a labelled reference, as :mod:`tkit.templates.material` reads it. Evidence is counted in registrable domains, not
in references, because a thousand copies of one mailing are no more evidence than one.
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
from tkit.templates.known import known_patterns
from tkit.templates.matching import Matcher
from tkit.templates.pieces import patterns_of
from tkit.templates.template import Template

BUDGET = 0.005
"""Maximum false positive rate of a list when the minimum evidence is chosen."""

INNER_FOLDS = 5


class Limits(NamedTuple):
    """The limits for a learnt template.

    Attributes
    ----------
    domains : int
        Minimum number of registrable domains of trackers, and of sender domains. At least three, so that no word from one
        sender's mail is published.
    error : float
        Maximum share of the matching domains whose match is not a tracker.
    """

    domains: int
    error: float


GRID = tuple(Limits(domains, error) for domains, error in product((3, 5, 10), (0.0, 0.05, 0.1)))
"""The limits to choose from. If several find equally many trackers, the last is chosen."""


@dataclass
class Counted:
    """The evidence for and against every pattern in training rows.

    Attributes
    ----------
    domains, senders, negative_domains : dict of str to set of str
        By pattern: registrable domains and senders of matching trackers, domains of matching good pictures.
    rows : dict of str to set of int
        By pattern: positions of the matching trackers that no known template matches.
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
        The same columns, for references that only weak labels call good. They count against a pattern, never for it.
    """
    counted = Counted(defaultdict(set), defaultdict(set), defaultdict(set), defaultdict(set))
    trackers = train[train["tracker"]]
    columns = zip(*(trackers[name] for name in ("tail", "domain", "sender", "known")), strict=True)
    for row, (tail, domain, sender, known) in enumerate(columns):
        for pattern in patterns_of(tail):
            counted.domains[pattern].add(domain)
            counted.senders[pattern].add(sender)
            if not known:
                counted.rows[pattern].add(row)
    fewest = min(limits.domains for limits in GRID)
    candidates = {pattern for pattern, domains in counted.domains.items() if len(domains) >= fewest}
    against = pd.concat([train.loc[~train["tracker"], ["tail", "domain"]], weak[["tail", "domain"]]]).drop_duplicates()
    for tail, domain in zip(against["tail"], against["domain"], strict=True):
        for pattern in patterns_of(tail) & candidates:
            counted.negative_domains[pattern].add(domain)
    return counted


def select(counted: Counted, limits: Limits) -> list[str]:
    """Return patterns within limits that together match every tracker that any such pattern matches.

    A greedy choice: the next pattern matches the most trackers not matched before. Ties go to the pattern with the fewest
    errors, then to the longest.
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
    """Choose the limits on training rows only, by cross-validation over their components.

    Of the limits with a false positive rate of at most :data:`BUDGET`, choose those that find the most trackers. If there are
    none, choose those with the fewest false positives. Only gold rows of confidence 2 and 3 count.

    Parameters
    ----------
    rows, weak : DataFrame
        See :func:`count`; and ``component``, ``label``, ``source``, ``confidence``, ``message_sha256``.
    seed : int
        Seed of the folds.
    """
    true_positives, false_positives = np.zeros(len(GRID)), np.zeros(len(GRID))
    negatives = 0
    for split in cross_validation(rows, rows["component"], INNER_FOLDS, seed):
        test = rows[split.test & (rows["confidence"] >= 2).to_numpy()]
        counted = count(rows[split.train], weak_beside(weak, test))
        tracker = test["tracker"].to_numpy(bool)
        negatives += int((~tracker).sum())
        patterns = [patterns_of(tail) for tail in test["tail"]]
        known = test["known"].to_numpy(bool)
        for number, limits in enumerate(GRID):
            learnt = set(select(counted, limits))
            hit = known | np.array([not learnt.isdisjoint(of_row) for of_row in patterns])
            true_positives[number] += (hit & tracker).sum()
            false_positives[number] += (hit & ~tracker).sum()
    within = false_positives <= BUDGET * negatives
    score = np.where(within, true_positives, -1) if within.any() else -false_positives
    return GRID[int(np.flatnonzero(score == score.max())[-1])]


def weak_beside(weak: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Return the weakly labelled rows that share neither a message nor a sender with test rows."""
    return weak[~weak["message_sha256"].isin(test["message_sha256"]) & ~weak["sender"].isin(test["sender"])]


def learn(rows: pd.DataFrame, weak: pd.DataFrame, seed: int = 0) -> tuple[list[str], Limits]:
    """Return learnt patterns and the limits that were chosen for them."""
    limits = choose(rows, weak, seed)
    return select(count(rows, weak), limits), limits


def measured(patterns: Iterable[tuple[str, str, str]], rows: pd.DataFrame, weak: pd.DataFrame) -> list[Template]:
    """Make templates of patterns by counting the URLs that each matches.

    Parameters
    ----------
    patterns : iterable of (origin, service, pattern)
    rows, weak : DataFrame
        See :func:`count`; and ``url``, unwrapped from proxies, ``component``, ``corpus``.
    """
    urls = pd.concat([rows["url"], weak["url"]])
    distinct = urls.drop_duplicates().tolist()
    number = {url: position for position, url in enumerate(distinct)}
    of_rows, of_weak = (np.array([number[url] for url in frame["url"]], np.intp) for frame in (rows, weak))
    templates = []
    for origin, service, pattern in patterns:
        hits = Matcher([pattern]).match_many(distinct)
        templates.append(_measured(Template(pattern, origin, service), rows[hits[of_rows]], weak[hits[of_weak]]))
    return templates


def _measured(template: Template, matching: pd.DataFrame, uncertain: pd.DataFrame) -> Template:
    """Return a template with its counts in the rows that match it."""
    trackers, good = matching[matching["tracker"]], matching[~matching["tracker"]]
    domains, wrong = trackers["domain"].nunique(), len({*good["domain"], *uncertain["domain"]})
    matched = domains + wrong
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
        error=round(wrong / matched, 4) if matched else None,
        error_high=round(float(wilson(wrong, matched)[1]), 4) if matched else None,
    )


def with_known(rows: pd.DataFrame) -> pd.DataFrame:
    """Add ``known``: whether a known template matches the URL."""
    matcher = Matcher(pattern for _, pattern in known_patterns())
    return rows.assign(known=matcher.match_many(rows["url"].tolist()))


def without_kin(split: Split, rows: pd.DataFrame, columns: Collection[str]) -> Split:
    """Remove from training the trackers that share a value in any of the columns with a test tracker.

    This is stricter than components, which recognise a kit only by its URLs: if no training tracker has the first word of the
    path, a test tracker can be found only by later words.
    """
    tracker = rows["tracker"].to_numpy(bool)
    train = split.train.copy()
    for column in columns:
        tested = set(rows.loc[split.test & tracker, column]) - {""}
        train &= ~(tracker & rows[column].isin(tested).to_numpy())
    return Split(split.name, train, split.test)
