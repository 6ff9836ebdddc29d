"""How common trackers are in the corpora, by corpus, year, provider and other properties of mails.

Verdicts are those of a detector, not labels: every number includes its misses and false positives, and no interval covers
them. The intervals cover the sampling of senders: the mails of one sender are copies of few mailings, so that a share rests
on fewer independent observations than it has mails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, wilson
from tkit.dataset import Dataset
from tkit.errors import TkitError
from tkit.labels import headline
from tkit.splits.folds import sender_groups

if TYPE_CHECKING:
    from tkit.bundle import Bundle

FEW = 30
"""Shares of fewer mails (or labelled rows) are marked ``few``."""

_OF_REFERENCE = ("provider", "carrier", "declared_size", "host_domain")
_OF_MESSAGE = ("corpus", "kind", "language", "year")


def corpora(dataset: Dataset) -> pd.DataFrame:
    """Return counts of mails, references and labels of each corpus.

    Returns
    -------
    DataFrame
        ``corpus``; ``mails``, and of these ``with_references``; ``senders`` named in these; ``references``; ``gold`` and
        ``other_labels`` of them; ``first_year`` and ``last_year`` (Int64) of the middle 98% of its dated mails, missing if
        none is dated.
    """
    gold = dataset.labels["source"] == "gold"
    corpus_of = dataset.messages.set_index("message_sha256")["corpus"]
    labelled = dataset.labels["message_sha256"].map(corpus_of)
    counts = []
    for name, mails in dataset.messages.groupby("corpus"):
        linked = mails[mails["references"] > 0]
        named = linked["sender_key"][linked["sender_key"] != ""]
        first, last = mails["date"].dt.year.quantile([0.01, 0.99], interpolation="nearest")
        counts.append(
            {
                "corpus": name,
                "mails": len(mails),
                "with_references": len(linked),
                "senders": named.nunique(),
                "references": int(mails["references"].sum()),
                "gold": int((gold & (labelled == name)).sum()),
                "other_labels": int((~gold & (labelled == name)).sum()),
                "first_year": first,
                "last_year": last,
            }
        )
    return pd.DataFrame(counts).astype({"first_year": "Int64", "last_year": "Int64"})


def judged(dataset: Dataset, bundle: Bundle) -> pd.DataFrame:
    """Return every reference of the dataset with the detector's verdict and the columns to group by.

    Parameters
    ----------
    dataset : Dataset
    bundle : Bundle
        Of the dataset's feature version.

    Returns
    -------
    DataFrame
        One row per reference: ``message_sha256``, ``corpus``, ``year``, ``carrier``, ``declared_size``, ``provider``,
        ``host_domain``, ``kind``, ``language``, ``sender`` (the message if it has none) and ``called`` (bool).
    """
    kept = ["message_sha256", "corpus", "year", "carrier", "declared_size", "provider", "host_domain"]
    of_message = dataset.messages[["message_sha256", "kind", "language", "sender_key"]]
    rows = dataset.references[kept].assign(called=bundle.verdicts(dataset.seen_from(bundle.vantage)))
    rows = rows.merge(of_message, on="message_sha256", how="left", validate="many_to_one")
    rows["sender"] = sender_groups(rows)
    return rows.drop(columns="sender_key")


def prevalence(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the share of mails with a tracker, for each value of a column.

    Parameters
    ----------
    rows : DataFrame
        As :func:`judged` gives it.
    by : str
        ``corpus``, ``year``, ``kind`` or ``language`` of the mail; or ``provider``, ``carrier``, ``declared_size`` or
        ``host_domain`` of its references.

    Returns
    -------
    DataFrame
        `by`; ``mails`` with such a reference; ``tracked``, those of them with such a reference that is flagged;
        ``share`` with ``low`` and ``high``, see :func:`clustered_share`; ``senders``; ``references`` and ``trackers`` of
        them; ``few`` (bool: fewer than :data:`FEW` mails). Most mails first; years in order.

    Raises
    ------
    TkitError
        If `by` is another column.
    """
    if by not in (*_OF_MESSAGE, *_OF_REFERENCE):
        raise TkitError(f"no prevalence by {by!r}: take one of {', '.join((*_OF_MESSAGE, *_OF_REFERENCE))}")
    mails = rows.groupby([by, "message_sha256"], as_index=False).agg(
        called=("called", "max"), trackers=("called", "sum"), references=("called", "size"), sender=("sender", "first")
    )
    shares = []
    for value, part in mails.groupby(by):
        share, low, high = clustered_share(part["called"].to_numpy(bool), part["sender"])
        shares.append(
            {
                by: value,
                "mails": len(part),
                "tracked": int(part["called"].sum()),
                "share": share,
                "low": low,
                "high": high,
                "senders": part["sender"].nunique(),
                "references": int(part["references"].sum()),
                "trackers": int(part["trackers"].sum()),
                "few": len(part) < FEW,
            }
        )
    table = pd.DataFrame(shares)
    return table if by == "year" else table.sort_values(["mails", by], ascending=[False, True], ignore_index=True)


def labelled_share(dataset: Dataset, by: str) -> pd.DataFrame:
    """Estimate from the gold labels the share of trackers among the clusters of similar references.

    Parameters
    ----------
    dataset : Dataset
    by : str
        A column of :meth:`tkit.dataset.Dataset.rows`.

    Returns
    -------
    DataFrame
        `by`; ``rows``, gold labels T, C and S of confidence 2 and 3; ``trackers`` among them; ``share`` of the clusters
        that they were sampled from (weighted by ``stratum_weight``) with ``low`` and ``high``; ``few`` (bool: fewer than
        :data:`FEW` rows).
    """
    rows = dataset.rows()
    rows = rows[headline(rows) & (rows["source"] == "gold").to_numpy()]
    shares = []
    for value, part in rows.groupby(by):
        tracker = (part["label"] == "T").to_numpy(bool)
        share, low, high = clustered_share(tracker, part["component"], part["stratum_weight"].to_numpy(np.float64))
        counts = {"rows": len(part), "trackers": int(tracker.sum())}
        shares.append({by: value, **counts, "share": share, "low": low, "high": high, "few": len(part) < FEW})
    return pd.DataFrame(shares)


def verdicts_on_labels(dataset: Dataset, bundle: Bundle) -> pd.DataFrame:
    """Count gold rows by label and by verdict.

    Returns
    -------
    DataFrame
        One row per label: ``label``, ``rows``, and ``called``, those that the bundle flags.
    """
    rows = dataset.rows()
    gold = rows[rows["source"] == "gold"].reset_index(drop=True)
    called = pd.Series(bundle.verdicts(gold), name="called")
    counted: pd.DataFrame = called.groupby(gold["label"]).agg(rows="size", called="sum").reset_index()
    return counted


def clustered_share(hit: NDArray[np.bool_], cluster: pd.Series, weight: Floats | None = None) -> tuple[float, float, float]:
    """Return a share and its 95% interval if observations of one cluster are alike.

    The effective number of independent observations comes from the variance of the share over clusters, by linearisation
    (Kish, Survey Sampling, 1965); :func:`tkit.arrays.wilson` gives the interval for this number (Franco et al.,
    JSSAM 7(3), 2019). For a share of 0 or 1 it is the number of clusters.

    Parameters
    ----------
    hit : ndarray of bool, shape (n,)
    cluster : Series, length n
    weight : ndarray of float64, shape (n,), optional

    Returns
    -------
    share, low, high : float
        NaN without observations.

    Examples
    --------
    >>> hit = np.array([True] * 8 + [False] * 2)
    >>> [round(end, 3) for end in clustered_share(hit, pd.Series(range(10)))]
    [0.8, 0.474, 0.947]
    >>> [round(end, 3) for end in clustered_share(hit, pd.Series([1] * 8 + [2] * 2))]
    [0.8, 0.188, 0.986]
    """
    if not len(hit):
        return (np.nan, np.nan, np.nan)
    mass = np.ones(len(hit)) if weight is None else weight
    share = float((mass * hit).sum() / mass.sum())
    code, names = pd.factorize(cluster)
    clusters = len(names)
    effective = float(clusters)
    if 0 < share < 1 and clusters > 1:
        off = np.bincount(code, mass * (hit - share), clusters)
        variance = clusters / (clusters - 1) * float((off**2).sum()) / float(mass.sum()) ** 2
        if variance > 0:
            effective = min(share * (1 - share) / variance, float(len(hit)))
    low, high = wilson(share * effective, effective)
    return share, float(low), float(high)
