"""Mails with the evidence of their copies, ready to be judged by a bundle of the vantage point ``campaign``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from tkit.campaigns.copies import Copy, copy_of
from tkit.campaigns.mailings import compare_copies
from tkit.features import extract
from tkit.features.campaign import campaign_features, with_campaigns
from tkit.mail import Message


def extract_with_copies(messages: Iterable[Message]) -> pd.DataFrame:
    r"""Extract the references of mails, compared with the copies of the same mailing among these mails.

    A mailbox holds copies if it belongs to several people or addresses, or if people forward what they got. All mails are read
    before the first can be judged; of a mail only its rows and what identifies its mailing stay in memory.

    Parameters
    ----------
    messages : iterable of Message
        In any order; repeated messages count once as copies.

    Returns
    -------
    DataFrame
        The rows of :func:`tkit.features.extract`, with the columns of :data:`tkit.features.campaign.CAMPAIGN_FEATURES`. Give
        them to :func:`tkit.bundle.judge` with a bundle of the vantage point ``campaign``.

    Examples
    --------
    >>> mail = "From: shop@a.example\nTo: {0}@b.example\nMessage-ID: <{0}>\nSubject: Sale\nContent-Type: text/html\n\n" + (
    ...     "<p>" + " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")
    ...     + "<img src='http://a.example/logo.gif'><img src='http://a.example/open?u=7{0}31'>")
    >>> rows = extract_with_copies(Message.from_bytes(mail.format(name).encode()) for name in ("anna", "berta"))
    >>> rows["copies_known"].tolist(), rows["own_of_recipient"].tolist()
    ([2.0, 2.0, 2.0, 2.0], [0.0, 1.0, 0.0, 1.0])
    """
    copies: dict[str, Copy | None] = {}

    def compared() -> Iterator[Message]:
        for message in messages:
            if message.message_sha256 not in copies:
                copies[message.message_sha256] = copy_of(message)
            yield message

    rows = extract(compared())
    return with_campaigns(rows, campaign_features(compare_copies(filter(None, copies.values()))))
