"""Find out who tracks a mailbox: its trackers by sender, server, time and form, and its personalised pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tkit.arrays import wilson
from tkit.bundle import Bundle
from tkit.campaigns import compare
from tkit.features import MAIL_VANTAGES
from tkit.features.campaign import campaign_features
from tkit.features.sizes import VISIBLE_SIZES
from tkit.html import LOADED_BY
from tkit.mail import Message
from tkit.parallel import batches
from tkit.verdicts.counting import Tally, tally

Period = Literal["month", "quarter", "year"]

PERIOD_MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
"""The periods of :attr:`Audit.over_time` and their lengths in months."""

MAILS_AT_ONCE = 256
"""Mails that are judged together."""

# What is counted, and the total that it is a share of.
_TOTALS = {
    "mails": "",
    "with HTML": "mails",
    "with remote references": "mails",
    "with trackers": "mails",
    "with trackers for Outlook alone": "with trackers",
    "with trackers in noscript alone": "with trackers",
    "with trackers and saying so": "with trackers",
    "with trackers and offering a choice": "with trackers",
    "with personalised pictures alone": "mails",
    "telling the recipient's address": "mails",
    "asking for a read receipt": "mails",
    "being a read receipt": "mails",
    "being a delivery report": "mails",
    "without readable date": "mails",
    "not read fully": "mails",
    "remote references": "",
    "trackers": "remote references",
    "personalised pictures": "remote references",
}
_MOST_PERIODS = 24
_OUTLIERS = 0.01  # share of mails at either end: dates are often forged or wrong and must not set the scale


@dataclass(frozen=True)
class Audit:
    """The trackers and personalised pictures of a mailbox. Every copy of a mail counts.

    A mail with either of them reports that it was opened. A personalised picture is there to be looked at, so that it is
    counted apart.

    Attributes
    ----------
    detector, vantage : str
        Name and vantage point of the bundle.
    threshold, individual_threshold : float
        The lowest scores for a tracker, and for a reference that is individual: probabilities.
    totals : DataFrame
        ``what``; ``count``; ``of``, the total that it is a share of; ``share``, ``low`` and ``high``, the share and
        its 95% Wilson interval, NaN if the total is 0 or there is none. Rows: ``mails``, and of these ``with HTML``,
        ``with remote references``, ``with trackers``; of these ``with trackers for Outlook alone`` and ``with trackers in
        noscript alone``, which report nothing in other programs (see `loaded_by`), and ``with trackers and saying so``
        and ``with trackers and offering a choice`` (see :mod:`tkit.verdicts.consent`); of the mails ``with personalised
        pictures alone`` (and no tracker), ``telling the recipient's address`` (see `addresses`), ``asking for a read receipt``
        (see `receipts`), ``being a read receipt`` and ``being a delivery report`` themselves, ``without readable date``, ``not
        read fully`` (see `unread`); then ``remote references``, and of these ``trackers`` and ``personalised pictures``.
    senders : DataFrame
        By ``sender``, the registrable domain of From (``""`` if there is none): ``mails``, ``tracked`` mails,
        ``share``, of the tracked mails those that ``said`` so and those that offer a ``choice``, ``trackers``,
        ``personalised`` pictures, and ``provider``, the known provider of most of its trackers (``""`` if unknown). Senders
        of the most tracked mails come first.
    providers : DataFrame
        By ``provider`` (``""`` for unknown ones): ``trackers``, and ``mails`` and ``senders`` with at least one.
    servers : DataFrame
        By ``host`` that receives the reports of trackers and personalised pictures, behind a proxy the original one:
        ``service``, the mailing service of most of them (``""`` if unknown); ``trackers`` and ``personalised`` pictures; the
        ``mails`` and ``senders`` with at least one; and ``examples``, the places of the first three mails, a list of str.
        Servers of the most mails come first.
    over_time : DataFrame
        By ``period`` (``"2024-05"``, ``"2024 Q2"``, ``"2024"``) and its ``start`` (a UTC time): ``mails``,
        ``tracked``, ``share``, ``low``, ``high``. Mails without a readable date and periods without mails are left out.
    period : {"month", "quarter", "year"}
        The shortest of month and quarter with at most 24 periods between the dates of the middle 98% of the mails; else
        year.
    carriers, sizes : DataFrame
        Trackers by ``carrier``, and by ``size``, one of :data:`tkit.features.sizes.VISIBLE_SIZES`: ``trackers`` and ``share``.
    loaded_by : DataFrame
        Trackers by the programs that load them, one of :data:`tkit.html.LOADED_BY`: ``trackers`` and ``share``.
    addresses : DataFrame
        By ``domain`` that receives a recipient's address in the URL of a remote reference, tracker or not:
        ``mails`` and ``senders``.
    receipts : DataFrame
        Receipts asked for by header fields, by ``sender``, ``receiver`` (the registrable domain of the address that is to
        receive it), ``kind`` and ``header`` (see :class:`tkit.mail.receipts.ReceiptRequest`): ``mails``. Fields without an
        address with a domain are left out. The most frequent come first.
    unread : DataFrame
        By ``why`` mails could not be read fully (:attr:`tkit.mail.Message.unread`): ``mails``, and ``examples``, the
        places of the first three, a list of str. The most frequent reason comes first.
    """

    detector: str
    vantage: str
    threshold: float
    individual_threshold: float
    totals: pd.DataFrame
    senders: pd.DataFrame
    providers: pd.DataFrame
    servers: pd.DataFrame
    over_time: pd.DataFrame
    period: Period
    carriers: pd.DataFrame
    sizes: pd.DataFrame
    loaded_by: pd.DataFrame
    addresses: pd.DataFrame
    receipts: pd.DataFrame
    unread: pd.DataFrame


def audit(messages: Iterable[Message], bundle: Bundle, progress: Callable[[int], None] | None = None) -> Audit:
    """Find out who tracks a mailbox.

    Parameters
    ----------
    messages : iterable of Message
        Read a batch at a time. Memory grows with the number of different senders, servers and months, not with the
        number of mails. A bundle of the vantage point ``campaign`` needs all of them in memory, to compare the copies of each
        mailing.
    bundle : Bundle
        The detector.
    progress : callable, optional
        Called after each batch with the number of mails read.

    Returns
    -------
    Audit
    """
    copies = None
    if bundle.vantage not in MAIL_VANTAGES:
        messages = list(messages)
        copies = campaign_features(compare(messages))
    total = Tally()
    for batch in batches(messages, MAILS_AT_ONCE):
        total.update(tally(batch, bundle, copies))
        if progress is not None:
            progress(total.counts["mails"])
    return audit_of(total, bundle)


def period_name(number: int, months: int) -> str:
    """Name the `number`-th period since year 0; a period has `months` months, one of :data:`PERIOD_MONTHS`.

    >>> period_name(4 * 2024 + 1, 3), period_name(2024, 12)
    ('2024 Q2', '2024')
    """
    year, month = divmod(number * months, 12)
    return {1: f"{year:04}-{month + 1:02}", 3: f"{year:04} Q{month // 3 + 1}", 12: f"{year:04}"}[months]


def middle_periods(over_time: pd.DataFrame) -> pd.DataFrame:
    """Return :attr:`Audit.over_time` without the periods that only the first or last 1% of the mails reach."""
    reached = over_time["mails"].cumsum() / over_time["mails"].sum()
    before = reached.shift(fill_value=0.0)
    middle: pd.DataFrame = over_time[(reached >= _OUTLIERS) & (before < 1 - _OUTLIERS)]
    return middle


def audit_of(counted: Tally, bundle: Bundle) -> Audit:
    """Return the audit of counted mails."""
    period = _period(counted.months)
    return Audit(
        detector=bundle.name,
        vantage=bundle.vantage,
        threshold=bundle.threshold_score,
        individual_threshold=bundle.individual.threshold_score,
        totals=_totals(counted),
        senders=_senders(counted),
        providers=_providers(counted),
        servers=_servers(counted),
        over_time=_over_time(counted, PERIOD_MONTHS[period]),
        period=period,
        carriers=_by_form("carrier", sorted(counted.carriers.items(), key=lambda item: (-item[1], item[0]))),
        sizes=_by_form("size", [(size, counted.sizes[size]) for size in VISIBLE_SIZES]),
        loaded_by=_by_form("loaded_by", [(name, counted.loaded_by[name]) for name in LOADED_BY]),
        addresses=_addresses(counted),
        receipts=_receipts(counted),
        unread=pd.DataFrame(
            [(why, mails, counted.unread_examples[why]) for why, mails in counted.unread.most_common()],
            columns=["why", "mails", "examples"],
        ),
    )


def _totals(counted: Tally) -> pd.DataFrame:
    totals = pd.DataFrame({"what": list(_TOTALS), "of": list(_TOTALS.values())})
    totals.insert(1, "count", [counted.counts[what] for what in _TOTALS])
    return _with_share(totals, totals["count"], totals["of"].map(lambda base: counted.counts[base]))


def _senders(counted: Tally) -> pd.DataFrame:
    main: dict[str, str] = {}
    for (provider, sender), _ in sorted(counted.providers.items(), key=lambda item: (-item[1], item[0])):
        if provider:
            main.setdefault(sender, provider)
    rows = [
        (
            sender,
            count["mails"],
            count["tracked"],
            count["tracked"] / count["mails"],
            count["said"],
            count["choice"],
            count["trackers"],
            count["personalised"],
        )
        for sender, count in counted.senders.items()
    ]
    senders = pd.DataFrame(rows, columns=["sender", "mails", "tracked", "share", "said", "choice", "trackers", "personalised"])
    senders["provider"] = [main.get(sender, "") for sender in senders["sender"]]
    return _ordered(senders, ["tracked", "mails"], "sender")


def _providers(counted: Tally) -> pd.DataFrame:
    trackers: Counter[str] = Counter()
    senders: Counter[str] = Counter()
    for (provider, _), count in counted.providers.items():
        trackers[provider] += count
        senders[provider] += 1
    rows = [(provider, count, counted.provider_mails[provider], senders[provider]) for provider, count in trackers.items()]
    table = pd.DataFrame(rows, columns=["provider", "trackers", "mails", "senders"])
    return _ordered(table, ["mails", "trackers"], "provider")


def _servers(counted: Tally) -> pd.DataFrame:
    rows = []
    for host, count in counted.servers.items():
        services = counted.server_services[host]
        service = min(services, key=lambda name: (not name, -services[name], name))
        senders = len(counted.server_senders[host])
        examples = counted.server_examples[host]
        rows.append((host, service, count["trackers"], count["personalised"], count["mails"], senders, examples))
    columns = ["host", "service", "trackers", "personalised", "mails", "senders", "examples"]
    return _ordered(pd.DataFrame(rows, columns=columns), ["mails", "trackers"], "host")


def _over_time(counted: Tally, months: int) -> pd.DataFrame:
    mails: Counter[int] = Counter()
    tracked: Counter[int] = Counter()
    for month, count in counted.months.items():
        mails[month // months] += count
        tracked[month // months] += counted.tracked_months[month]
    numbers = sorted(mails)
    # In seconds: nanoseconds reach only from 1677 to 2262, and forged dates lie outside.
    starts = np.array([number * months - 12 * 1970 for number in numbers], "datetime64[M]")
    over_time = pd.DataFrame(
        {
            "period": pd.array([period_name(number, months) for number in numbers], dtype="str"),
            "start": pd.DatetimeIndex(starts.astype("datetime64[s]")).tz_localize("UTC"),
            "mails": np.array([mails[number] for number in numbers], np.int64),
            "tracked": np.array([tracked[number] for number in numbers], np.int64),
        }
    )
    return _with_share(over_time, over_time["tracked"], over_time["mails"])


def _addresses(counted: Tally) -> pd.DataFrame:
    mails: Counter[str] = Counter()
    senders: Counter[str] = Counter()
    for (domain, _), count in counted.addresses.items():
        mails[domain] += count
        senders[domain] += 1
    rows = [(domain, mails[domain], senders[domain]) for domain in mails]
    return _ordered(pd.DataFrame(rows, columns=["domain", "mails", "senders"]), ["mails"], "domain")


def _receipts(counted: Tally) -> pd.DataFrame:
    rows = [(*key, mails) for key, mails in sorted(counted.receipts.items())]
    table = pd.DataFrame(rows, columns=["sender", "receiver", "kind", "header", "mails"])
    return table.sort_values("mails", ascending=False, kind="stable", ignore_index=True)


def _period(months: Counter[int]) -> Period:
    """Choose the length of the periods by the months that the middle 98% of the mails span."""
    if not months:
        return "month"
    numbers = np.array(sorted(months))
    reached = np.cumsum([months[number] for number in numbers]) / months.total()
    first = numbers[np.searchsorted(reached, _OUTLIERS)]
    last = numbers[np.searchsorted(reached, 1 - _OUTLIERS)]
    for period in ("month", "quarter"):
        length = PERIOD_MONTHS[period]
        if last // length - first // length < _MOST_PERIODS:
            return period
    return "year"


def _with_share(frame: pd.DataFrame, hits: pd.Series, trials: pd.Series) -> pd.DataFrame:
    low, high = wilson(hits, trials)
    share = hits / trials.where(trials > 0)
    return frame.assign(share=share.astype(np.float64), low=low, high=high)


def _by_form(name: str, counted: list[tuple[str, int]]) -> pd.DataFrame:
    frame = pd.DataFrame([item for item in counted if item[1]], columns=[name, "trackers"])
    return frame.assign(share=frame["trackers"] / max(frame["trackers"].sum(), 1))


def _ordered(frame: pd.DataFrame, falling: list[str], name: str) -> pd.DataFrame:
    ascending = [False] * len(falling) + [True]
    return frame.sort_values([*falling, name], ascending=ascending, ignore_index=True)
