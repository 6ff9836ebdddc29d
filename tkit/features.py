"""Features: numbers computed from references, a column at a time.

Facts come first (:mod:`tkit.html`), numbers second: every feature is a pure function of the facts of one document
and, at the ``message`` vantage point, of the mail's headers. :mod:`tkit.schema` says what each one means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tkit.html import Document, RemoteReference, read_message
from tkit.mail import Message
from tkit.providers import is_store, provider_of
from tkit.schema import FEATURES
from tkit.style import ABSENT, Style, dimension, parse_style
from tkit.tokens import TokenTable, UrlColumns, analyse, token_table
from tkit.url import holds_address, names_recipient, origin_of, registrable_domain, unwrap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROWS_AT_ONCE = 1024
"""References computed at once: enough to spread the cost of a call, few enough to stay in the processor's cache."""

_MIN_TOKEN = 6  # a shorter token with a digit is a size or a number as often as an identifier

_FEATURE_NAMES = [feature.name for feature in FEATURES]
_TEXT = pd.StringDtype(na_value=np.nan)
_BULK_HEADERS = (
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
_SERVICE_HEADERS = re.compile(
    r"x-(?:sg-|mc-|mailgun-|ses-|sfmc|sib-|mailin|mj-|pm-|msys-|accounttype|klaviyo|kmail|hs-|hubspot|marketo|mktarchive"
    r"|mktmail|cheetah|et-|roving|ctct|elq|eloqua|emarsys|emv-|criticalimpact|mandrill|sparkpost|iterable|responsys"
    r"|rsys|zohocampaign|zcampaign|mailerlite|mlsend|braze|customerio|drip|getresponse|aweber|cmail|cm-|250ok|simplelists"
    r"|sendgrid|postmark|rext|acxiom|binding|jobid|subscriber|ss-|sailthru|tm-id|vr-|yourmailinglist|virtualserver)"
)


def extract(messages: Iterable[Message]) -> pd.DataFrame:
    r"""Give the feature table of messages.

    Parameters
    ----------
    messages : iterable of Message

    Returns
    -------
    DataFrame
        One row a remote reference, in the order of the messages and, within one, of the document: the columns
        ``message_sha256``, ``part``, ``index``, ``carrier``, ``url``, ``resolved_url`` and every feature of
        :data:`tkit.schema.FEATURES` as float32. Local references have no row.

    Examples
    --------
    >>> raw = b"Content-Type: text/html\n\n<img src='http://a.example/open?id=b81e2c' width=1 height=1>"
    >>> extract([Message.from_bytes(raw)])[["carrier", "tiny", "path_open_track"]].values.tolist()
    [['img-src', 1.0, 1.0]]
    """
    frames = list(extract_batches(messages))
    return pd.concat(frames, ignore_index=True) if frames else _frame([], [], {})


def extract_batches(messages: Iterable[Message]) -> Iterator[pd.DataFrame]:
    """Give the feature table in pieces of :data:`ROWS_AT_ONCE` rows or a little more, so that any number of mails fits."""
    batch = _Batch()
    for message in messages:
        if message.html_parts:
            for document in read_message(message):
                batch.add(message, document)
            if len(batch.references) >= ROWS_AT_ONCE:
                yield batch.frame()
                batch = _Batch()
    if batch.references:
        yield batch.frame()


def _frame(hashes: list[str], references: list[RemoteReference], columns: dict[str, Floats]) -> pd.DataFrame:
    keys = pd.DataFrame(
        {
            "message_sha256": _texts(hashes),
            "part": np.fromiter((reference.part for reference in references), np.int32, len(references)),
            "index": np.fromiter((reference[1] for reference in references), np.int32, len(references)),
            "carrier": _texts([reference.carrier for reference in references]),
            "url": _texts([reference.url for reference in references]),
            "resolved_url": _texts([reference.resolved_url for reference in references]),
        }
    )
    matrix = np.empty((len(_FEATURE_NAMES), len(references)), np.float32)
    if references:
        for row, name in zip(matrix, _FEATURE_NAMES, strict=True):
            row[:] = columns[name]
    numbers = pd.DataFrame(matrix.T, columns=_FEATURE_NAMES, index=keys.index, copy=False)
    return pd.concat([keys, numbers], axis=1)


def _texts(values: list[str]) -> pd.api.extensions.ExtensionArray:
    """Make a column of texts by way of Arrow, which is eight times as fast as pandas' own way."""
    column: pd.api.extensions.ExtensionArray = pd.array(pa.array(values, pa.large_string()), dtype=_TEXT)
    return column


class _Batch:
    """The references of some documents, and the columns computed from them."""

    def __init__(self) -> None:
        self.owners: list[Message] = []
        self.documents: list[Document] = []
        self.references: list[RemoteReference] = []
        self._sizes: list[int] = []

    def add(self, message: Message, document: Document) -> None:
        """Take in a document of a message, unless all its references are local."""
        remote = [reference for reference in document.references if not reference.local]
        if remote:
            self.owners.append(message)
            self.documents.append(document)
            self.references += remote
            self._sizes.append(len(remote))

    def frame(self) -> pd.DataFrame:
        """Compute the rows of what was taken in."""
        self._number()
        hashes = [self.owners[number].message_sha256 for number in self.document.tolist()]
        return _frame(hashes, self.references, self.columns())

    def _number(self) -> None:
        """Number documents, URLs, hosts and domains, so that columns can be computed from the numbers."""
        references, documents = self.references, self.documents
        self.n = len(references)
        self.n_documents = len(documents)
        self.sizes = np.array(self._sizes, np.int64)
        self.document = np.repeat(np.arange(self.n_documents), self.sizes)
        self.first = np.cumsum(self.sizes) - self.sizes
        # Every URL once: the references' originals first, then the links'.
        codes: dict[str, int] = {}
        resolved = [reference.resolved_url for reference in references]
        self.originals = [unwrap(url) for url in resolved]
        self.wrapped = np.array([a is not b and a != b for a, b in zip(resolved, self.originals, strict=True)], float)
        self.url = np.fromiter((codes.setdefault(url, len(codes)) for url in self.originals), np.int64, self.n)
        self.n_picture_urls = len(codes)
        links = [[link for link in document.links if link] for document in documents]
        self.n_links = np.fromiter(map(len, links), np.int64, len(links))
        self.link_document = np.repeat(np.arange(len(links)), self.n_links)
        self.link_url = np.fromiter(
            (codes.setdefault(unwrap(link), len(codes)) for of in links for link in of), np.int64, int(self.n_links.sum())
        )
        self.urls = list(codes)
        origins = [origin_of(url) for url in self.urls]
        self.hosts = [origin.host for origin in origins]
        self.domains = [origin.domain for origin in origins]
        self.host = _codes(self.hosts)
        self.domain = _codes(self.domains)
        self.analysed: UrlColumns = analyse(self.urls[: self.n_picture_urls])
        self.tokens = _useful_tokens(self.analysed.tokens, token_table(self.urls[self.n_picture_urls :]), self.n_picture_urls)

    def columns(self) -> dict[str, Floats]:
        columns = self._url_columns()
        columns |= self._own_columns()
        columns |= self._place_columns()
        columns |= self._relation_columns(columns)
        columns |= self._form_columns()
        columns |= self._message_columns()
        return columns

    # -- the URL ------------------------------------------------------------------------------------------------

    def _url_columns(self) -> dict[str, Floats]:
        pictures = self.urls[: self.n_picture_urls]
        tails = [url[url.find("/", 8) :] for url in pictures]
        unique = dict(self.analysed.columns)
        known = [provider_of(host, tail) for host, tail in zip(self.hosts, tails, strict=False)]
        unique["provider_known"] = np.array([bool(name) for name, _ in known], float)
        unique["provider_open"] = np.array([is_open for _, is_open in known], float)
        unique["store_known"] = np.array([is_store(host) for host in self.hosts[: self.n_picture_urls]], float)
        maybe = (unique["base64_text"] > 0) | (unique["hex_text"] > 0)
        unique["address_in_url"] = np.array(
            [
                (decodes or "@" in url or "%40" in url) and holds_address(url)
                for url, decodes in zip(pictures, maybe, strict=True)
            ],
            float,
        )
        columns = {name: values[self.url] for name, values in unique.items()}
        columns["wrapped"] = self.wrapped
        return columns

    # -- the element --------------------------------------------------------------------------------------------

    def _own_columns(self) -> dict[str, Floats]:
        facts = [reference.attributes for reference in self.references]
        carriers = [reference.carrier for reference in self.references]
        ancestries = [reference.ancestry for reference in self.references]
        attr_width = _column([dimension(own.get("width")) for own in facts])
        attr_height = _column([dimension(own.get("height")) for own in facts])
        styles = [parse_style(style) if (style := own.get("style")) else _NO_STYLE for own in facts]
        style_width = _column([style.width for style in styles])
        style_height = _column([style.height for style in styles])
        max_width = _column([style.max_width for style in styles])
        max_height = _column([style.max_height for style in styles])
        width = _least(attr_width, style_width, max_width)
        height = _least(attr_height, style_height, max_height)
        given = (width >= 0).astype(float) + (height >= 0)
        short = _least(width, height)
        long = np.maximum(width, height)
        hidden = _column([bool(style.hides) or "hidden" in own for style, own in zip(styles, facts, strict=True)])
        links = [ancestry.link for ancestry in ancestries]
        own_domain = [self.domains[code] for code in self.url]
        return {
            "carrier_img": _column([carrier in _PICTURE_CARRIERS for carrier in carriers]),
            "carrier_background": _column([carrier == "background-attr" for carrier in carriers]),
            "carrier_css": _column([carrier in ("style-attr", "style-element") for carrier in carriers]),
            "carrier_sheet": _column([carrier in _SHEET_CARRIERS for carrier in carriers]),
            "conditional": _column([reference.conditional for reference in self.references]),
            "attr_width": attr_width,
            "attr_height": attr_height,
            "style_width": style_width,
            "style_height": style_height,
            "style_max_width": max_width,
            "style_max_height": max_height,
            "width": width,
            "height": height,
            "sides_given": given,
            "short_side": short,
            "long_side": long,
            "tiny": ((given > 0) & (long <= 3)).astype(float),
            "thin": ((given == 2) & (short <= 3) & (long > 3)).astype(float),
            "hidden": hidden,
            "hidden_around": _column([bool(ancestry.hidden_by) for ancestry in ancestries]),
            "alt_length": _lengths(facts, "alt"),
            "title_length": _lengths(facts, "title"),
            "border_given": _column(["border" in own for own in facts]),
            "name_given": _column(["id" in own or "class" in own for own in facts]),
            "attributes": _column([len(own) for own in facts]),
            "style_properties": _column([style.properties for style in styles]),
            "depth": _column([ancestry.depth for ancestry in ancestries]),
            "tables": _column([ancestry.tables for ancestry in ancestries]),
            "parent_body": _column([ancestry.parent == "body" for ancestry in ancestries]),
            "parent_cell": _column([ancestry.parent in ("td", "th") for ancestry in ancestries]),
            "text_beside": _column([r.text_before or r.text_after for r in self.references]),
            "in_link": _column([link is not None for link in links]),
            "link_same_domain": _column(
                [link is not None and _domain_of_link(link) == domain for link, domain in zip(links, own_domain, strict=True)]
            ),
        }

    # -- its place ----------------------------------------------------------------------------------------------

    def _place_columns(self) -> dict[str, Floats]:
        order = _column([reference.order for reference in self.references])
        marks = _column([reference.marks for reference in self.references])
        before = (np.arange(self.n) - self.first[self.document]).astype(float)
        count = self.sizes[self.document].astype(float)
        local_before = np.zeros(self.n)
        for number, document in enumerate(self.documents):
            if len(document.references) != self.sizes[number]:  # some are local, and count among the marks
                local_before[self.document == number] = _locals_before(document.references)
        links = np.fromiter((len(document.links) for document in self.documents), np.int64, self.n_documents)
        links_before = order - before - local_before
        return {
            "place": order / np.maximum(marks - 1, 1),
            "marks_before": order,
            "marks_after": marks - 1 - order,
            "references_before": before,
            "references_after": count - 1 - before,
            "links_after": links[self.document] - links_before,
        }

    # -- the document's other references ------------------------------------------------------------------------

    def _relation_columns(self, own: dict[str, Floats]) -> dict[str, Floats]:
        document, url = self.document, self.url
        # Each URL of a document once: what other URLs it stands beside does not change when it is repeated.
        pairs, first_row, pair = np.unique(document * len(self.urls) + url, return_index=True, return_inverse=True)
        pair_document = pairs // len(self.urls)
        pair_url = pairs % len(self.urls)
        self.pair, self.pair_document, self.pair_url, self.first_row = pair, pair_document, pair_url, first_row
        repeats = np.bincount(pair)[pair].astype(float)
        distinct = np.bincount(pair_document, minlength=self.n_documents)
        others = (distinct[document] - 1).astype(float)
        directory = _codes([self.urls[code].partition("?")[0].rpartition("/")[0] for code in pair_url])
        same_host = _others_alike(pair_document, self.host[pair_url])[pair]
        same_domain = _others_alike(pair_document, self.domain[pair_url])[pair]
        same_directory = _others_alike(pair_document, directory)[pair]
        small = (own["tiny"] > 0) | (own["hidden"] > 0) | (own["hidden_around"] > 0)
        ordinary = own["short_side"] > 3
        host_key = document * len(self.urls) + self.host[url]
        _, host_row = np.unique(host_key, return_inverse=True)
        ordinary_on_host = np.bincount(host_row, weights=ordinary)[host_row] - ordinary
        links = self.n_links[document]
        picture_end = own["extension_picture"][first_row]
        alike = np.bincount(pair_document, weights=picture_end, minlength=self.n_documents)
        return {
            "references": self.sizes[document].astype(float),
            "links": np.fromiter((len(d.links) for d in self.documents), np.int64, self.n_documents)[document].astype(float),
            "tiny_others": np.bincount(document, weights=small)[document] - small.astype(float),
            "repeats": repeats,
            "same_host": same_host,
            "same_host_share": _share(same_host, others),
            "same_domain_share": _share(same_domain, others),
            "same_directory": same_directory,
            "host_shows_pictures": (ordinary_on_host > 0).astype(float),
            "links_same_host": _share(self._links_alike(self.host), links),
            "links_same_domain": _share(self._links_alike(self.domain), links),
            "picture_names_others": _share(alike[document] - own["extension_picture"], others),
        }

    def _links_alike(self, code: Ints) -> Floats:
        """Count for each reference the document's links with the same code of their URL."""
        of_links = self.link_document * (len(self.urls) + 1) + code[self.link_url]
        keys, counts = np.unique(of_links, return_counts=True)
        return _lookup(keys, counts, self.document * (len(self.urls) + 1) + code[self.url])

    # -- how its form compares ----------------------------------------------------------------------------------

    def _form_columns(self) -> dict[str, Floats]:
        tokens = self.tokens
        code, shape = _codes_of(tokens.code), _codes_of(tokens.shape)
        length = tokens.length.astype(float)
        pair, pair_document, pair_url = self.pair, self.pair_document, self.pair_url
        n_pairs = len(pair_url)
        p_owner, p_token = _expand(pair_url, tokens.url, len(self.urls))
        link_pairs = np.unique(self.link_document * len(self.urls) + self.link_url, return_counts=True)
        l_document, l_url = link_pairs[0] // len(self.urls), link_pairs[0] % len(self.urls)
        l_owner, l_token = _expand(l_url, tokens.url, len(self.urls))
        size = len(tokens.url) + 1

        def keys(documents: Ints, owner: Ints, token: Ints, of: Ints) -> Ints:
            return documents[owner] * size + of[token]

        out: dict[str, Floats] = {}
        token_length = length[p_token]
        for name, of in (("token", code), ("shape", shape)):
            mine = keys(pair_document, p_owner, p_token, of)
            theirs = keys(l_document, l_owner, l_token, of)
            common = np.isin(mine, theirs)
            out[f"{name}_in_links"] = _greatest(p_owner, np.where(common, token_length, 0), n_pairs)[pair]
            out[f"{name}_links_share"] = self._sharing(mine, p_owner, theirs, l_owner, l_document, link_pairs[1], n_pairs)
            several = _in_other_owner(mine, p_owner)
            out[f"{name}_in_pictures"] = _greatest(p_owner, np.where(several, token_length, 0), n_pairs)[pair]
            if name == "token":
                out["own_token"] = _greatest(p_owner, np.where(several, 0, token_length), n_pairs)[pair]
        longest = _greatest(p_owner, token_length, n_pairs)
        others = _greatest_of_others(pair_document, longest, self.n_documents)
        out["longest_token_others"] = others[pair]
        out["token_excess"] = (longest - others)[pair]
        distinct = np.bincount(pair_document, minlength=self.n_documents)[pair_document] - 1
        plain = longest == 0
        plain_others = np.bincount(pair_document, weights=plain, minlength=self.n_documents)[pair_document] - plain
        out["plain_others_share"] = _share(plain_others, distinct.astype(float))[pair]
        segment = _codes([_first_segment(url) for url in self.urls])
        out["segment_in_links"] = (self._links_alike(segment) > 0).astype(float)
        return out

    def _sharing(
        self, mine: Ints, p_owner: Ints, theirs: Ints, l_owner: Ints, l_document: Ints, l_counts: Ints, n_pairs: int
    ) -> Floats:
        """Give for each reference the share of the document's links that have one of its tokens (or shapes)."""
        order = np.argsort(theirs, kind="stable")
        left = np.searchsorted(theirs[order], mine, "left")
        right = np.searchsorted(theirs[order], mine, "right")
        hits = right - left
        pair_of_hit = np.repeat(p_owner, hits)
        start = np.repeat(left - (np.cumsum(hits) - hits), hits)
        link_of_hit = l_owner[order[start + np.arange(len(start))]]
        once = np.unique(pair_of_hit * (len(l_document) + 1) + link_of_hit)
        pairs, links = once // (len(l_document) + 1), once % (len(l_document) + 1)
        shared = np.bincount(pairs, weights=l_counts[links], minlength=n_pairs)
        return _share(shared, self.n_links[self.pair_document].astype(float))[self.pair]

    # -- headers and the whole mail -----------------------------------------------------------------------------

    def _message_columns(self) -> dict[str, Floats]:
        rows = [_headers_of(message) for message in self.owners]
        self.identities = [_identity_domains(message) for message in self.owners]
        self.senders = [registrable_domain(message.from_domain) for message in self.owners]
        self.unsubscribe = [message.header("list-unsubscribe").lower() for message in self.owners]
        per_message = {name: _column([row[name] for row in rows])[self.document] for name in _MESSAGE_NUMBERS}
        pairs = [self._in_message(*pair) for pair in zip(self.pair_document.tolist(), self.pair_url.tolist(), strict=True)]
        cells = np.array(pairs, float)[self.pair]
        names = (
            "sender_same_domain",
            "sender_in_url",
            "recipient_in_url",
            "token_in_headers",
            "unsubscribe_same_domain",
            "identity_same_domain",
        )
        return per_message | dict(zip(names, cells.T, strict=True))

    def _in_message(self, number: int, code: int) -> tuple[float, ...]:
        message, url, domain = self.owners[number], self.urls[code], self.domains[code]
        sender = self.senders[number]
        label = sender.partition(".")[0]
        hidden = self.analysed.columns
        encoded = hidden["base64_text"][code] > 0 or hidden["hex_text"][code] > 0 or hidden["longest_hex"][code] >= 32
        headers = message.header_text
        return (
            bool(sender) and sender == domain,
            len(label) > 2 and label in url.lower(),
            (encoded or "@" in url or "%40" in url) and names_recipient(url, message.recipients),
            max((len(token) for token in _header_tokens(url) if token in headers), default=0),
            bool(domain) and domain in self.unsubscribe[number],
            domain in self.identities[number],
        )


_NO_STYLE = Style(ABSENT, ABSENT, ABSENT, ABSENT, "", 0)
_PICTURE_CARRIERS = frozenset(
    ("img-src", "img-srcset", "source-srcset", "img-lowsrc", "img-dynsrc", "input-image", "amp-img", "svg-image", "vml-src")
)
_SHEET_CARRIERS = frozenset(("link-stylesheet", "css-import", "font-face"))
_MESSAGE_NUMBERS = (
    "list_unsubscribe",
    "bulk_headers",
    "service_headers",
    "received",
    "plain_alternative",
    "html_parts",
)
_SEGMENT = re.compile(r"[a-z]+://[^/?#]*/[^/?#]+")
_HEADER_TOKEN = re.compile(r"[A-Za-z0-9]{6,}")


def _useful_tokens(pictures: TokenTable, links: TokenTable, first_link: int) -> TokenTable:
    """Give the tokens that may be identifiers: of six characters or more, with a digit; URLs numbered through."""
    links = links._replace(url=links.url + first_link)
    digits = np.concatenate((pictures.digits, links.digits))
    length = np.concatenate((pictures.length, links.length))
    useful = (digits > 0) & (length >= _MIN_TOKEN)
    return TokenTable(
        np.concatenate((pictures.url, links.url))[useful],
        length[useful],
        digits[useful],
        np.concatenate((pictures.code, links.code))[useful],
        np.concatenate((pictures.shape, links.shape))[useful],
    )


def _headers_of(message: Message) -> dict[str, float]:
    headers = message.header_counts
    return {
        "list_unsubscribe": "list-unsubscribe" in headers,
        "bulk_headers": sum(name in headers for name in _BULK_HEADERS),
        "service_headers": sum(map(_is_of_service, headers)),
        "received": headers.get("received", 0),
        "plain_alternative": "text/plain" in message.content_types,
        "html_parts": len(message.html_parts),
    }


@lru_cache(maxsize=1 << 13)
def _is_of_service(header: str) -> bool:
    return _SERVICE_HEADERS.match(header) is not None


def _identity_domains(message: Message) -> set[str]:
    found = set()
    for name in ("message-id", "return-path", "sender"):
        _, at, host = message.header(name).rpartition("@")
        if at:
            found.add(registrable_domain(host.strip("<> \t").lower()))
    return found


@lru_cache(maxsize=1 << 14)
def _header_tokens(url: str) -> tuple[str, ...]:
    return tuple(token for token in _HEADER_TOKEN.findall(url, url.find("/", 8)) if not token.isalpha())


@lru_cache(maxsize=1 << 14)
def _domain_of_link(link: str) -> str:
    found = re.match(r"[a-zA-Z]+:[/\\]+(?:[^/?#@\\]*@)?([^/?#:\\]+)", link)
    return registrable_domain(found[1].lower()) if found else ""


def _first_segment(url: str) -> str:
    """Give host and first path segment, ``""`` where there is no segment."""
    found = _SEGMENT.match(url)
    return found[0] if found else ""


def _locals_before(references: list[RemoteReference]) -> Floats:
    """Give for each remote reference of a document how many local ones stand before it."""
    local = np.array([reference.local for reference in references])
    return np.asarray(np.cumsum(local)[~local], np.float64)


def _column(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)


def _lengths(facts: Sequence[Mapping[str, str]], name: str) -> Floats:
    return _column([ABSENT if (value := own.get(name)) is None else len(value) for own in facts])


def _least(*columns: Floats) -> Floats:
    """Give the least value that is given, ABSENT where none is."""
    least = np.min([np.where(column >= 0, column, np.inf) for column in columns], axis=0)
    return np.where(np.isinf(least), ABSENT, least)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0))


def _codes(values: Sequence[str]) -> Ints:
    known: dict[str, int] = {}
    return np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64, len(values))


def _codes_of(values: NDArray[np.generic]) -> Ints:
    return np.asarray(np.unique(values, return_inverse=True)[1], np.int64)


def _others_alike(group: Ints, code: Ints) -> Floats:
    """Count the other rows of the same group with the same code."""
    _, row, counts = np.unique(group * (int(code.max(initial=0)) + 1) + code, return_inverse=True, return_counts=True)
    return np.asarray(counts[row] - 1, np.float64)


def _lookup(keys: Ints, counts: Ints, wanted: Ints) -> Floats:
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, counts[place], 0).astype(float)


def _expand(urls: Ints, token_url: Ints, n_urls: int) -> tuple[Ints, Ints]:
    """Give (row of ``urls``, row of the token table) for every token of every URL; tokens are in the order of URLs."""
    number = np.bincount(token_url, minlength=n_urls)
    first = np.cumsum(number) - number
    mine = number[urls]
    owner = np.repeat(np.arange(len(urls)), mine)
    start = np.repeat(first[urls] - (np.cumsum(mine) - mine), mine)
    return owner, start + np.arange(len(owner))


def _greatest(owner: Ints, values: Floats, n: int) -> Floats:
    """Give the greatest value of each owner, 0 without values; owners ascend."""
    out = np.zeros(n)
    if len(owner):
        has, first = np.unique(owner, return_index=True)
        out[has] = np.maximum.reduceat(values, first)
    return out


def _in_other_owner(key: Ints, owner: Ints) -> Bools:
    """Tell for each row whether another owner has the same key."""
    if not len(key):
        return np.zeros(0, bool)
    _, row = np.unique(key, return_inverse=True)
    least = np.full(row.max() + 1, np.iinfo(np.int64).max)
    greatest = np.full(row.max() + 1, -1)
    np.minimum.at(least, row, owner)
    np.maximum.at(greatest, row, owner)
    return np.asarray(least[row] != greatest[row])


def _greatest_of_others(group: Ints, values: Floats, n: int) -> Floats:
    """Give for each row the greatest value of the other rows of its group, 0 where there is none."""
    greatest = np.zeros(n)
    np.maximum.at(greatest, group, values)
    is_greatest = values == greatest[group]
    ties = np.bincount(group, weights=is_greatest, minlength=n)
    second = np.zeros(n)
    np.maximum.at(second, group, np.where(is_greatest, 0, values))
    return np.where(is_greatest & (ties[group] == 1), second[group], greatest[group])
