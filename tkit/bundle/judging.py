"""Verdicts on the references of mails: one verdict for each URL of a mail, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Ints, Mask
from tkit.bundle.bundle import Bundle
from tkit.bundle.output import Question, Verdicts, verdicts_of
from tkit.features import MAIL_VANTAGES
from tkit.features.campaign import own_in_each_copy
from tkit.features.words import reasons


@dataclass(frozen=True, eq=False)
class Judgement:
    """The verdicts of references and the margins behind them, in arrays with one entry per reference.

    Attributes
    ----------
    verdicts : ndarray of str
        One of :data:`tkit.bundle.VERDICTS`, the same for all references of a mail to one URL.
    tracker, individual : ndarray of int64
        The margin of each question for the reference by itself, in units of 1/65536.
    """

    verdicts: Verdicts
    tracker: Ints
    individual: Ints

    def only(self, chosen: Mask) -> Judgement:
        """Return the entries of some references."""
        return Judgement(self.verdicts[chosen], self.tracker[chosen], self.individual[chosen])

    def deciding_scores(self, bundle: Bundle) -> Floats:
        """Return the score that decided each verdict: for a tracker that of being one, else that of being individual."""
        is_tracker = self.verdicts == "tracker"
        return np.where(is_tracker, bundle.tracker.scores(self.tracker), bundle.individual.scores(self.individual))


def judge(bundle: Bundle, rows: pd.DataFrame) -> Judgement:
    """Judge references.

    References of one mail that request the same URL get the same verdict, since one request is one receipt. The URL is
    individual if one of its places says so. It is a tracker only if every place says so: if it is there to be looked at in
    one of them, a person would miss it. Where copies of the mailing are known, a token of its own in each of them is enough
    to be individual (:func:`tkit.features.campaign.own_in_each_copy`).

    Parameters
    ----------
    bundle : Bundle
    rows : DataFrame
        The feature table: the bundle's features, ``message_sha256`` and ``resolved_url``.

    Returns
    -------
    Judgement

    Raises
    ------
    TkitError
        If a feature is missing or not finite.
    """
    margins = bundle.all_margins(rows)
    is_tracker = bundle.tracker.says_yes(margins["tracker"])
    is_individual = is_tracker | bundle.individual.says_yes(margins["individual"])
    if bundle.vantage not in MAIL_VANTAGES:
        is_individual |= own_in_each_copy(rows)
    url = ["message_sha256", "resolved_url"]
    if rows.duplicated(url).any():
        by_url = rows[url].assign(tracker=is_tracker, individual=is_individual).groupby(url, sort=False)
        is_tracker = by_url["tracker"].transform("min").to_numpy(bool)
        is_individual = by_url["individual"].transform("max").to_numpy(bool)
    return Judgement(verdicts_of(is_tracker, is_individual), **margins)


def explain(bundle: Bundle, rows: pd.DataFrame, verdicts: Verdicts) -> list[list[str]]:
    """Return the reasons of each verdict, see :func:`tkit.features.words.reasons`.

    What made a reference a tracker explains that verdict. The other two are explained by what made it individual or not.
    """
    found: list[list[str]] = [[] for _ in range(len(rows))]
    trackers: Mask = verdicts == "tracker"
    parts: list[tuple[Question, Mask]] = [("tracker", trackers), ("individual", ~trackers)]
    for question, chosen in parts:
        part = rows[chosen]
        phrases = reasons(part, bundle.contributions(part, question), verdicts[chosen] != "clean")
        for position, words in zip(chosen.nonzero()[0], phrases, strict=True):
            found[position] = words
    return found
