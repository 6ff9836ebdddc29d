r"""The columns of the vantage point ``campaign``: a reference compared with the other copies of its mailing, as numbers.

A mail provider can compute them, and so can anyone with an archive of mail. They need many mails at once, so
:func:`tkit.features.extract` does not compute them; they are joined to its rows. To judge mails by them:

>>> from tkit.campaigns.mailings import compare
>>> from tkit.features.table import extract
>>> from tkit.mail.message import Message
>>> raw = "From: a@shop.example\nTo: {0}@b.example\nSubject: Sale\nContent-Type: text/html\n\n<img src='http://a.example/{0}'>"
>>> messages = [Message.from_bytes(raw.format(name).encode()) for name in ("anna", "berta")]
>>> rows = with_campaigns(extract(messages), campaign_features(compare(messages)))

and then ``bundle.verdicts(rows)``, with a bundle of ``tkit train --vantage campaign``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tkit.arrays import Mask
from tkit.errors import TkitError
from tkit.features.schema import FEATURES, KEY

MOST = 5
"""The maximum of counts. The number of known copies depends on how much mail was collected rather than on the reference: a
model trained on larger counts would learn the size of our corpora. What matters is whether there are one, two, a few or many
copies."""

CAMPAIGN_FEATURES = tuple(feature.name for feature in FEATURES if feature.vantage == "campaign")
"""Names of the columns."""


def campaign_features(compared: pd.DataFrame) -> pd.DataFrame:
    """Compute the features of the vantage point ``campaign``.

    Parameters
    ----------
    compared : DataFrame
        The result of :func:`tkit.campaigns.compare`.

    Returns
    -------
    DataFrame
        One row per row of `compared`, in its order: ``message_sha256``, ``part``, ``index``, and the columns of
        :data:`CAMPAIGN_FEATURES` as float32. -1 means unknown: shares, tokens and flags if no other copy can be compared,
        ``own_of_mailing`` if no counterpart in another mailing of the sender is known.

    Raises
    ------
    TkitError
        If a column is missing.

    Notes
    -----
    After Englehardt, Han, Narayanan, PETS 2018, and PrivacyMail; see :mod:`tkit.campaigns.mailings`. Whether a signature or
    a cache buster was left out of a URL is not a feature here, because a single mail shows it.
    """
    missing = [name for name in (*KEY, *_READ) if name not in compared]
    if missing:
        raise TkitError(f"no column {', '.join(missing)}: give the table of tkit.campaigns.compare")
    copies, present = compared["copies"].to_numpy(), compared["present"].to_numpy()
    # With known copies, the evidence "none" means that the reference could not be aligned with theirs.
    others = (copies > 1) & (compared["evidence"] != "none").to_numpy()
    several = present > 1
    columns = {
        "copies_known": np.minimum(copies, MOST),
        "recipients_known": np.minimum(compared["recipients"].to_numpy(), MOST),
        "copies_share": np.where(others, present / np.maximum(copies, 1), -1),
        "copies_urls_share": np.where(several, (compared["values"].to_numpy() - 1) / np.maximum(present - 1, 1), -1),
        "copies_tokens": np.where(several, compared["tokens"], -1),
        "copies_token_length": np.where(several, compared["token_length"], -1),
        "own_of_recipient": np.where(several, compared["evidence"] == "recipient", -1),
        "own_of_copy": np.where(several, compared["evidence"] == "copy", -1),
        "own_of_mailing": np.where(compared["mailings"] > 1, compared["evidence"] == "mailing", -1),
        "url_messages_known": np.minimum(compared["url_messages"].to_numpy(), MOST),
        "url_recipients_known": np.minimum(compared["url_recipients"].to_numpy(), MOST),
        "url_mailings_known": np.minimum(compared["url_mailings"].to_numpy(), MOST),
    }
    keys = compared[list(KEY)].reset_index(drop=True)
    return keys.assign(**{name: columns[name].astype(np.float32) for name in CAMPAIGN_FEATURES})


PROOF = 3
"""Copies from which a token of its own in each shows that a URL is individual. In two copies it may be two pictures: of the
gold content pictures and spacers 6 of 412 differ in that way, in three copies or more 1 of 231."""


def own_in_each_copy(rows: pd.DataFrame) -> Mask:
    """Return which references have a token of their own in each of at least :data:`PROOF` known copies of their mailing.

    Such a URL is the recipient's or the message's own whatever the picture looks like. It is a tracker only if nobody is meant
    to see it.

    Parameters
    ----------
    rows : DataFrame
        With the columns of :data:`CAMPAIGN_FEATURES`.
    """
    own = (rows["own_of_recipient"] > 0) | (rows["own_of_copy"] > 0)
    return np.asarray(own & (rows["copies_known"] >= PROOF), dtype=bool)


_READ = (
    *("copies", "recipients", "present", "values", "tokens", "token_length"),
    *("mailings", "url_messages", "url_recipients", "url_mailings", "evidence"),
)


def with_campaigns(rows: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """Join the features of ``campaign`` to feature rows.

    Parameters
    ----------
    rows : DataFrame
        With ``message_sha256``, ``part``, ``index``: rows of :func:`tkit.features.extract`, or disguised copies, which get
        the values of their originals.
    campaigns : DataFrame
        The result of :func:`campaign_features`.

    Returns
    -------
    DataFrame
        `rows` in their order, with index from 0, with the columns of :data:`CAMPAIGN_FEATURES` after their own.

    Raises
    ------
    TkitError
        If `campaigns` lacks a row.
    """
    joined = rows.merge(campaigns[[*KEY, *CAMPAIGN_FEATURES]], on=list(KEY), how="left", validate="many_to_one")
    missing = int(joined[CAMPAIGN_FEATURES[0]].isna().sum())
    if missing:
        raise TkitError(f"{missing} rows are of messages that were not compared: give all of them to tkit.campaigns.compare")
    return joined
