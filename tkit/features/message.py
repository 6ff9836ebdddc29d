"""Features of the whole mail: its headers, and its sender and recipients compared with the URL."""

from __future__ import annotations

import re
from functools import lru_cache

from tkit.arrays import Floats, column, table
from tkit.features.numbering import Numbering
from tkit.mail import Message
from tkit.url import names_recipient, registrable_domain

BULK_HEADERS = (
    "list-id",
    "precedence",
    "feedback-id",
    "x-campaign",
    "x-campaignid",
    "x-campaign-id",
    "x-job",
    "x-list",
    "x-mailing-list",
    "x-report-abuse",
    "x-abuse-reports-to",
    "list-unsubscribe-post",
    "x-csa-complaints",
    "x-bulkmail",
    "x-auto-response-suppress",
)
SERVICE_HEADERS = re.compile(
    r"x-(?:sg-|mc-|mailgun-|ses-|sfmc|sib-|mailin|mj-|pm-|msys-|accounttype|klaviyo|kmail|hs-|hubspot|marketo|mktarchive"
    r"|mktmail|cheetah|et-|roving|ctct|elq|eloqua|emarsys|emv-|criticalimpact|mandrill|sparkpost|iterable|responsys"
    r"|rsys|zohocampaign|zcampaign|mailerlite|mlsend|braze|customerio|drip|getresponse|aweber|cmail|cm-|250ok|simplelists"
    r"|sendgrid|postmark|rext|acxiom|binding|jobid|subscriber|ss-|sailthru|tm-id|vr-|yourmailinglist|virtualserver)"
)

_MESSAGE_NUMBERS = (
    "list_unsubscribe",
    "bulk_headers",
    "service_headers",
    "received",
    "plain_alternative",
    "html_parts",
)

_HEADER_TOKEN = re.compile(r"[A-Za-z0-9]{6,}")


def message_columns(rows: Numbering) -> dict[str, Floats]:
    """Return the columns of the whole mail, one float64 value per row."""
    numbers = [_numbers_of(message) for message in rows.owners]
    columns = {name: column([of_message[name] for of_message in numbers])[rows.document] for name in _MESSAGE_NUMBERS}
    headers = [_Headers(message) for message in rows.owners]
    of_url = rows.analysed.columns
    encoded = (of_url["base64_text"] > 0) | (of_url["hex_text"] > 0) | (of_url["longest_hex"] >= 32)
    pairs = [
        headers[document].with_url(rows.urls[url], rows.domains[url], bool(encoded[url]))
        for document, url in zip(rows.pair_document.tolist(), rows.pair_url.tolist(), strict=True)
    ]
    return columns | dict(zip(_COMPARED, table(pairs, len(_COMPARED))[rows.pair].T, strict=True))


_COMPARED = (
    "sender_same_domain",
    "sender_in_url",
    "recipient_in_url",
    "token_in_headers",
    "unsubscribe_same_domain",
    "identity_same_domain",
)


class _Headers:
    """The headers of one message that URLs are compared with, read once per message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.sender = registrable_domain(message.from_domain)
        self.name = self.sender.partition(".")[0]
        self.unsubscribe = message.header("list-unsubscribe").lower()
        self.identities = _identity_domains(message)
        self._tokens: dict[str, int] = {}

    def with_url(self, url: str, domain: str, encoded: bool) -> tuple[float, ...]:
        """Compare one URL with the headers; returns values in the order of ``_COMPARED``."""
        return (
            bool(self.sender) and self.sender == domain,
            len(self.name) > 2 and self.name in url.lower(),
            (encoded or "@" in url or "%40" in url) and names_recipient(url, self.message.recipients),
            max(map(self._length_in_headers, _header_tokens(url)), default=0),
            bool(domain) and domain in self.unsubscribe,
            domain in self.identities,
        )

    def _length_in_headers(self, token: str) -> int:
        """Return a token's length if the headers contain it, else 0. URLs of one mail have many tokens in common."""
        length = self._tokens.get(token)
        if length is None:
            length = self._tokens[token] = len(token) if token in self.message.header_text else 0
        return length


def _numbers_of(message: Message) -> dict[str, float]:
    names = message.header_names
    return {
        "list_unsubscribe": "list-unsubscribe" in names,
        "bulk_headers": sum(name in names for name in BULK_HEADERS),
        "service_headers": sum(map(_is_of_service, names)),
        "received": message.header_count("received"),
        "plain_alternative": "text/plain" in message.content_types,
        "html_parts": len(message.html_parts),
    }


@lru_cache(maxsize=1 << 13)
def _is_of_service(header: str) -> bool:
    return SERVICE_HEADERS.match(header) is not None


def _identity_domains(message: Message) -> set[str]:
    domains = set()
    for name in ("message-id", "return-path", "sender"):
        _, at, host = message.header(name).rpartition("@")
        if at:
            domains.add(registrable_domain(host.strip("<> \t").lower()))
    return domains


@lru_cache(maxsize=1 << 14)
def _header_tokens(url: str) -> tuple[str, ...]:
    return tuple(token for token in _HEADER_TOKEN.findall(url, url.find("/", 8)) if not token.isalpha())
