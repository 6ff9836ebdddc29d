"""Find out who tracks a mailbox: its trackers by sender, provider, time and form, and its personalised pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from tkit.arrays import wilson
from tkit.bundle import Bundle, Verdicts, judge
from tkit.features import extract, require_one_mail
from tkit.features.sizes import VISIBLE_SIZES, visible_size
from tkit.mail import Message
from tkit.parallel import batches
from tkit.url import host_of, registrable_domain, unwrap
from tkit.url.services import service_names

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
    "with personalised pictures alone": "mails",
    "telling the recipient's address": "mails",
    "without readable date": "mails",
    "not read fully": "mails",
    "remote references": "",
    "trackers": "remote references",
    "personalised pictures": "remote references",
}
_MOST_NAMES = 3  # of mails that could not be read fully, a reason
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
        ``with remote references``, ``with trackers``, ``with personalised pictures alone`` (and no tracker), ``telling the
        recipient's address`` (see `addresses`), ``without readable date``, ``not read fully`` (see `unread`); then
        ``remote references``, and of these ``trackers`` and ``personalised pictures``.
    senders : DataFrame
        By ``sender``, the registrable domain of From (``""`` if there is none): ``mails``, ``tracked`` mails,
        ``share``, ``trackers``, ``personalised`` pictures, and ``provider``, the known provider of most of its trackers
        (``""`` if unknown). Senders of the most tracked mails come first.
    providers : DataFrame
        By ``provider`` (``""`` for unknown ones): ``trackers``, and ``mails`` and ``senders`` with at least one.
    over_time : DataFrame
        By ``period`` (``"2024-05"``, ``"2024 Q2"``, ``"2024"``) and its ``start`` (a UTC time): ``mails``,
        ``tracked``, ``share``, ``low``, ``high``. Mails without a readable date and periods without mails are left out.
    period : {"month", "quarter", "year"}
        The shortest of month and quarter with at most 24 periods between the dates of the middle 98% of the mails; else
        year.
    carriers, sizes : DataFrame
        Trackers by ``carrier``, and by ``size``, one of :data:`tkit.features.sizes.VISIBLE_SIZES`: ``trackers`` and ``share``.
    addresses : DataFrame
        By ``domain`` that receives a recipient's address in the URL of a remote reference, tracker or not:
        ``mails`` and ``senders``.
    unread : DataFrame
        By ``why`` mails could not be read fully (:attr:`tkit.mail.Message.unread`): ``mails``, and ``first``, the places of
        the first of them, separated by commas. The most frequent reason comes first.
    """

    detector: str
    vantage: str
    threshold: float
    individual_threshold: float
    totals: pd.DataFrame
    senders: pd.DataFrame
    providers: pd.DataFrame
    over_time: pd.DataFrame
    period: Period
    carriers: pd.DataFrame
    sizes: pd.DataFrame
    addresses: pd.DataFrame
    unread: pd.DataFrame


def audit(messages: Iterable[Message], bundle: Bundle, progress: Callable[[int], None] | None = None) -> Audit:
    """Find out who tracks a mailbox.

    Parameters
    ----------
    messages : iterable of Message
        Read a batch at a time. Memory grows with the number of different senders, providers and months, not with the
        number of mails.
    bundle : Bundle
        The detector.
    progress : callable, optional
        Called after each batch with the number of mails read.

    Returns
    -------
    Audit

    Raises
    ------
    TkitError
        For a bundle of the vantage point ``campaign``.
    """
    require_one_mail(bundle.vantage, "audit")
    tally = _Tally()
    for batch in batches(messages, MAILS_AT_ONCE):
        rows = extract(batch).drop_duplicates(["message_sha256", "index"], ignore_index=True)
        tally.add(batch, rows, judge(bundle, rows).verdicts)
        if progress is not None:
            progress(tally.counts["mails"])
    return tally.audit(bundle)


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


class _Tracker(NamedTuple):
    provider: str
    carrier: str
    size: str


class _Tally:
    """Counts, to which one batch after another is added."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.months: Counter[int] = Counter()
        self.tracked_months: Counter[int] = Counter()
        self.senders: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.providers: Counter[tuple[str, str]] = Counter()  # trackers of (provider, sender)
        self.provider_mails: Counter[str] = Counter()
        self.addresses: Counter[tuple[str, str]] = Counter()  # mails of (domain, sender)
        self.unread: Counter[str] = Counter()  # mails by reason
        self.unread_names: defaultdict[str, list[str]] = defaultdict(list)
        self.carriers: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()

    def add(self, batch: Sequence[Message], rows: pd.DataFrame, verdicts: Verdicts) -> None:
        references = Counter(rows["message_sha256"].tolist())
        personalised = Counter(rows.loc[verdicts == "personalised", "message_sha256"].tolist())
        flags = rows[verdicts == "tracker"]
        names = service_names(flags["resolved_url"].tolist())
        trackers: defaultdict[str, list[_Tracker]] = defaultdict(list)
        for key, *form in zip(flags["message_sha256"], names, flags["carrier"], visible_size(flags), strict=True):
            trackers[key].append(_Tracker(*form))
        domains: defaultdict[str, set[str]] = defaultdict(set)
        telling = rows[rows["recipient_in_url"] > 0]
        for key, url in zip(telling["message_sha256"], telling["resolved_url"], strict=True):
            domains[key].add(registrable_domain(host_of(unwrap(url))))
        for message in batch:
            key = message.message_sha256
            self._add_mail(message, references[key], trackers.get(key, []), personalised[key], domains.get(key, set()))

    def _add_mail(
        self, message: Message, references: int, trackers: list[_Tracker], personalised: int, domains: set[str]
    ) -> None:
        """Add one mail; ``domains`` receive the recipient's address."""
        sender = registrable_domain(message.from_domain)
        date = message.date
        tracked = int(bool(trackers))
        self.counts.update(
            {
                "mails": 1,
                "with HTML": int(bool(message.html_parts)),
                "with remote references": int(bool(references)),
                "with trackers": tracked,
                "with personalised pictures alone": int(personalised and not tracked),
                "telling the recipient's address": int(bool(domains)),
                "without readable date": int(date is None),
                "not read fully": int(bool(message.unread)),
                "remote references": references,
                "trackers": len(trackers),
                "personalised pictures": personalised,
            }
        )
        self.senders[sender].update(mails=1, tracked=tracked, trackers=len(trackers), personalised=personalised)
        self.providers.update((tracker.provider, sender) for tracker in trackers)
        self.provider_mails.update({tracker.provider for tracker in trackers})
        self.carriers.update(tracker.carrier for tracker in trackers)
        self.sizes.update(tracker.size for tracker in trackers)
        self.addresses.update((domain, sender) for domain in domains)
        self.unread.update(message.unread)
        for why in message.unread:
            if len(self.unread_names[why]) < _MOST_NAMES:
                self.unread_names[why].append(message.where or message.message_sha256[:12])
        if date is not None:
            month = 12 * date.year + date.month - 1
            self.months[month] += 1
            self.tracked_months[month] += tracked

    def audit(self, bundle: Bundle) -> Audit:
        period = _period(self.months)
        return Audit(
            detector=bundle.name,
            vantage=bundle.vantage,
            threshold=bundle.threshold_score,
            individual_threshold=bundle.individual.threshold_score,
            totals=self._totals(),
            senders=self._senders(),
            providers=self._providers(),
            over_time=self._over_time(PERIOD_MONTHS[period]),
            period=period,
            carriers=_by_form("carrier", sorted(self.carriers.items(), key=lambda item: (-item[1], item[0]))),
            sizes=_by_form("size", [(size, self.sizes[size]) for size in VISIBLE_SIZES]),
            addresses=self._addresses(),
            unread=pd.DataFrame(
                [(why, mails, ", ".join(self.unread_names[why])) for why, mails in self.unread.most_common()],
                columns=["why", "mails", "first"],
            ),
        )

    def _totals(self) -> pd.DataFrame:
        totals = pd.DataFrame({"what": list(_TOTALS), "of": list(_TOTALS.values())})
        totals.insert(1, "count", [self.counts[what] for what in _TOTALS])
        return _with_share(totals, totals["count"], totals["of"].map(lambda base: self.counts[base]))

    def _senders(self) -> pd.DataFrame:
        main: dict[str, str] = {}
        for (provider, sender), _ in sorted(self.providers.items(), key=lambda item: (-item[1], item[0])):
            if provider:
                main.setdefault(sender, provider)
        rows = [
            (
                sender,
                count["mails"],
                count["tracked"],
                count["tracked"] / count["mails"],
                count["trackers"],
                count["personalised"],
            )
            for sender, count in self.senders.items()
        ]
        senders = pd.DataFrame(rows, columns=["sender", "mails", "tracked", "share", "trackers", "personalised"])
        senders["provider"] = [main.get(sender, "") for sender in senders["sender"]]
        return _ordered(senders, ["tracked", "mails"], "sender")

    def _providers(self) -> pd.DataFrame:
        trackers: Counter[str] = Counter()
        senders: Counter[str] = Counter()
        for (provider, _), count in self.providers.items():
            trackers[provider] += count
            senders[provider] += 1
        rows = [(provider, count, self.provider_mails[provider], senders[provider]) for provider, count in trackers.items()]
        table = pd.DataFrame(rows, columns=["provider", "trackers", "mails", "senders"])
        return _ordered(table, ["mails", "trackers"], "provider")

    def _over_time(self, months: int) -> pd.DataFrame:
        mails: Counter[int] = Counter()
        tracked: Counter[int] = Counter()
        for month, count in self.months.items():
            mails[month // months] += count
            tracked[month // months] += self.tracked_months[month]
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

    def _addresses(self) -> pd.DataFrame:
        mails: Counter[str] = Counter()
        senders: Counter[str] = Counter()
        for (domain, _), count in self.addresses.items():
            mails[domain] += count
            senders[domain] += 1
        rows = [(domain, mails[domain], senders[domain]) for domain in mails]
        return _ordered(pd.DataFrame(rows, columns=["domain", "mails", "senders"]), ["mails"], "domain")


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
