"""Count what the mails of a mailbox report, some mails at a time; the counts of several processes add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from tkit.bundle import Bundle, Verdicts, judge
from tkit.features import extract
from tkit.features.campaign import with_campaigns
from tkit.features.sizes import visible_size
from tkit.html import LoadedBy
from tkit.mail import Message
from tkit.mail.receipts import receipt_requests, receipt_sent
from tkit.url import host_of, registrable_domain, unwrap
from tkit.url.services import service_names
from tkit.verdicts.consent import Consent, consent_of

_MOST_EXAMPLES = 3
_FOR_FEW: Mapping[LoadedBy, str] = {
    "noscript": "with trackers in noscript alone",
    "outlook": "with trackers for Outlook alone",
}


class Report(NamedTuple):
    """A reference that reports that the mail was opened: the server that receives it, and what is counted of it."""

    host: str
    service: str
    is_tracker: bool
    carrier: str
    size: str
    loaded_by: LoadedBy


class Tally:
    """Counts of a mailbox, to which one batch after another is added.

    Attributes
    ----------
    counts : Counter
        By what is counted; the names are those of :attr:`tkit.verdicts.Audit.totals`.
    months, tracked_months : Counter
        Mails, and mails with trackers, by month since year 0.
    senders : dict of Counter
        By registrable domain of From: mails, tracked, said (tracked mails that say so), choice, trackers, personalised.
    providers, provider_mails : Counter
        Trackers by (provider, sender), and mails by provider.
    servers, server_senders, server_services : dict of Counter
        By host that receives reports: trackers, personalised, mails; mails by sender; references by service.
    carriers, sizes, loaded_by : Counter
        Trackers by form.
    addresses : Counter
        Mails by (domain that receives the recipient's address, sender).
    receipts : Counter
        Mails by (sender, domain of the address that is to receive a receipt, kind, header that asks).
    unread : Counter
        Mails by reason why they could not be read fully.
    unread_examples, server_examples : dict of list of str
        The places of the first mails, by reason and by host.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.months: Counter[int] = Counter()
        self.tracked_months: Counter[int] = Counter()
        self.senders: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.providers: Counter[tuple[str, str]] = Counter()
        self.provider_mails: Counter[str] = Counter()
        self.servers: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.server_senders: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.server_services: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.server_examples: defaultdict[str, list[str]] = defaultdict(list)
        self.carriers: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()
        self.loaded_by: Counter[str] = Counter()
        self.addresses: Counter[tuple[str, str]] = Counter()
        self.receipts: Counter[tuple[str, str, str, str]] = Counter()
        self.unread: Counter[str] = Counter()
        self.unread_examples: defaultdict[str, list[str]] = defaultdict(list)

    def update(self, other: Tally) -> None:
        """Add the counts of other mails, which come after those counted here."""
        for name, counted in vars(other).items():
            mine = getattr(self, name)
            if isinstance(counted, Counter):
                mine.update(counted)
                continue
            for key, values in counted.items():
                if isinstance(values, Counter):
                    mine[key].update(values)
                else:
                    mine[key] = (mine[key] + values)[:_MOST_EXAMPLES]

    def add(self, batch: Sequence[Message], rows: pd.DataFrame, verdicts: Verdicts) -> None:
        """Count mails, with the feature rows of each different one and the verdicts on them."""
        references = Counter(rows["message_sha256"].tolist())
        reports = _reports(rows[verdicts != "clean"], verdicts[verdicts != "clean"] == "tracker")
        domains: defaultdict[str, set[str]] = defaultdict(set)
        telling = rows[rows["recipient_in_url"] > 0]
        for key, url in zip(telling["message_sha256"], telling["resolved_url"], strict=True):
            domains[key].add(registrable_domain(host_of(unwrap(url))))
        for message in batch:
            key = message.message_sha256
            self._add_mail(message, references[key], reports.get(key, []), domains.get(key, set()))

    def _add_mail(self, message: Message, references: int, reports: list[Report], domains: set[str]) -> None:
        """Add one mail; ``domains`` receive the recipient's address."""
        sender = registrable_domain(message.from_domain)
        where = message.where or message.message_sha256[:12]
        date = message.date
        trackers = [report for report in reports if report.is_tracker]
        personalised = len(reports) - len(trackers)
        tracked = int(bool(trackers))
        consent = consent_of(message) if trackers else Consent(says=False, choice=False)
        receipts = {
            (sender, registrable_domain(domain), request.kind, request.header)
            for request in receipt_requests(message)
            for domain in request.domains
        }
        sent = receipt_sent(message)
        self.counts.update(
            {
                "mails": 1,
                "with HTML": int(bool(message.html_parts)),
                "with remote references": int(bool(references)),
                "with trackers": tracked,
                "with trackers and saying so": int(consent.says),
                "with trackers and offering a choice": int(consent.choice),
                "with personalised pictures alone": int(personalised and not tracked),
                "telling the recipient's address": int(bool(domains)),
                "asking for a read receipt": int(any(kind != "delivery" for _, _, kind, _ in receipts)),
                "being a read receipt": int(sent == "read"),
                "being a delivery report": int(sent == "delivery"),
                "without readable date": int(date is None),
                "not read fully": int(bool(message.unread)),
                "remote references": references,
                "trackers": len(trackers),
                "personalised pictures": personalised,
            }
        )
        self.senders[sender].update(mails=1, tracked=tracked, said=int(consent.says), choice=int(consent.choice))
        self.senders[sender].update(trackers=len(trackers), personalised=personalised)
        if reports:
            self._add_reports(reports, trackers, sender, where)
        self.addresses.update((domain, sender) for domain in domains)
        self.receipts.update(receipts)
        self.unread.update(message.unread)
        for why in message.unread:
            _name(self.unread_examples[why], where)
        if date is not None:
            month = 12 * date.year + date.month - 1
            self.months[month] += 1
            self.tracked_months[month] += tracked

    def _add_reports(self, reports: list[Report], trackers: list[Report], sender: str, where: str) -> None:
        self.providers.update((tracker.service, sender) for tracker in trackers)
        self.provider_mails.update({tracker.service for tracker in trackers})
        self.carriers.update(tracker.carrier for tracker in trackers)
        self.sizes.update(tracker.size for tracker in trackers)
        self.loaded_by.update(tracker.loaded_by for tracker in trackers)
        loaded_by = {tracker.loaded_by for tracker in trackers}
        # Programs that run no scripts are many, and Outlook is one.
        if loaded_by and "any" not in loaded_by:
            self.counts[_FOR_FEW["noscript" if "noscript" in loaded_by else "outlook"]] += 1
        for report in reports:
            self.servers[report.host].update({"trackers" if report.is_tracker else "personalised": 1})
            self.server_services[report.host][report.service] += 1
        for host in {report.host for report in reports}:
            self.servers[host].update(mails=1)
            self.server_senders[host][sender] += 1
            _name(self.server_examples[host], where)


def tally(messages: Iterable[Message], bundle: Bundle, copies: pd.DataFrame | None = None) -> Tally:
    """Count some mails, which are all in memory at once.

    Parameters
    ----------
    messages : iterable of Message
    bundle : Bundle
    copies : DataFrame, optional
        Of these and other mails, see :func:`tkit.features.campaign.campaign_features`; needed by a bundle of the vantage point
        ``campaign``.
    """
    batch = list(messages)
    rows = extract(batch).drop_duplicates(["message_sha256", "index"], ignore_index=True)
    if copies is not None:
        rows = with_campaigns(rows, copies)
    counted = Tally()
    counted.add(batch, rows, judge(bundle, rows).verdicts)
    return counted


def _reports(rows: pd.DataFrame, is_tracker: Sequence[bool]) -> dict[str, list[Report]]:
    """Return what the references of each mail report, by ``message_sha256``."""
    urls = rows["resolved_url"].tolist()
    hosts = [host_of(unwrap(url)) for url in urls]
    columns = (hosts, service_names(urls), is_tracker, rows["carrier"], visible_size(rows), rows["loaded_by"])
    reports: defaultdict[str, list[Report]] = defaultdict(list)
    for key, *report in zip(rows["message_sha256"], *columns, strict=True):
        reports[key].append(Report(*report))
    return reports


def _name(examples: list[str], where: str) -> None:
    if len(examples) < _MOST_EXAMPLES:
        examples.append(where)
