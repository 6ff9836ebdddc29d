r"""The columns of the vantage point ``campaign``: what the other copies of a mailing say of a reference, as numbers.

A mail provider sees them, and whoever has a mailbox to look back at. They come from many mails at once, so
:func:`tkit.features.extract` does not give them; they are joined to its rows. To judge mails by them:

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

from tkit.errors import TkitError
from tkit.features.schema import FEATURES, KEY

MOST = 5
"""Where counts end. How many copies are known says how much mail was collected more than what the reference is, and a model
that learns it learns the size of our corpora. Whether the evidence is of one, two, a few or many copies is what matters."""

CAMPAIGN_FEATURES = tuple(feature.name for feature in FEATURES if feature.vantage == "campaign")
"""Names of the columns."""


def campaign_features(compared: pd.DataFrame) -> pd.DataFrame:
    """Compute the features of the vantage point ``campaign``.

    Parameters
    ----------
    compared : DataFrame
        As :func:`tkit.campaigns.compare` gives it.

    Returns
    -------
    DataFrame
        One row a row of `compared`, in its order: ``message_sha256``, ``part``, ``index``, and the columns of
        :data:`CAMPAIGN_FEATURES` as float32. -1 stands for what is not known: shares, tokens and flags of a reference that
        no other copy is compared with; ``own_of_mailing`` where no counterpart in another mailing of the sender is known.

    Raises
    ------
    TkitError
        Where a column is missing.

    Notes
    -----
    After Englehardt, Han, Narayanan, PETS 2018, and PrivacyMail, by way of :mod:`tkit.campaigns.mailings`. What was left out
    of a URL,
    a signature or a cache buster, is no feature here: a single mail shows it.
    """
    missing = [name for name in (*KEY, *_READ) if name not in compared]
    if missing:
        raise TkitError(f"no column {', '.join(missing)}: give the table of tkit.campaigns.compare")
    copies, present = compared["copies"].to_numpy(), compared["present"].to_numpy()
    # Evidence "none" beside known copies is of a reference that could not be aligned with theirs.
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


_READ = (
    *("copies", "recipients", "present", "values", "tokens", "token_length"),
    *("mailings", "url_messages", "url_recipients", "url_mailings", "evidence"),
)


def with_campaigns(rows: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    """Join the features of ``campaign`` to feature rows.

    Parameters
    ----------
    rows : DataFrame
        With ``message_sha256``, ``part``, ``index``: rows of :func:`tkit.features.extract`, or disguised copies, which take
        what is known of their originals.
    campaigns : DataFrame
        As :func:`campaign_features` gives it.

    Returns
    -------
    DataFrame
        `rows` in their order, from index 0, with the columns of :data:`CAMPAIGN_FEATURES` behind their own.

    Raises
    ------
    TkitError
        For a row that `campaigns` does not name.
    """
    joined = rows.merge(campaigns[[*KEY, *CAMPAIGN_FEATURES]], on=list(KEY), how="left", validate="many_to_one")
    lost = int(joined[CAMPAIGN_FEATURES[0]].isna().sum())
    if lost:
        raise TkitError(f"{lost} rows of messages that were not compared: give all of them to tkit.campaigns.compare")
    return joined
