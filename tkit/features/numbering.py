"""References, URLs, hosts and domains of many documents as numbers, so that features are columns and not loops."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from tkit.arrays import codes, column
from tkit.features.places import MIN_IDENTIFIER
from tkit.features.tokens import TokenTable, UrlColumns, analyse, token_table
from tkit.html import Document
from tkit.mail import Message
from tkit.url import unwrap
from tkit.url.wrapping import Origin, origin_of


class Numbering:
    """The remote references of some documents, numbered.

    Parameters
    ----------
    documents : sequence of (Message, Document)
        Each document with the message that it is a part of; each has a remote reference.

    Attributes
    ----------
    owners, documents : list
        Message and document, one a document.
    references : list of RemoteReference
        The remote ones of all documents, in order.
    n, n_documents : int
        How many.
    sizes, first, document : int64 array
        Remote references of each document; its first row; of each row, its document.
    urls, hosts, domains : list of str
        Every URL once, unwrapped: the references' first (``n_picture_urls`` of them), then those of links alone.
    url, wrapped : int64, float64 array
        Of each row: its URL in ``urls``, and whether it was wrapped.
    host, domain : int64 array
        Of each URL: equal for equal hosts, equal for equal registrable domains.
    link_document, link_url, n_links : int64 array
        Of each link: its document and its URL; links of each document.
    pair, first_row : int64 array
        Of each row, its pair of document and URL; of each pair, its first row. What other URLs a URL stands beside does
        not change when it is repeated.
    pair_document, pair_url : int64 array
        Of each pair.
    analysed : UrlColumns
        Measures of the references' URLs.
    tokens : TokenTable
        The identifiers in all URLs: tokens of :data:`tkit.features.places.MIN_IDENTIFIER` or more with a digit.
    """

    def __init__(self, documents: Sequence[tuple[Message, Document]]) -> None:
        self.owners = [message for message, _ in documents]
        self.documents = [document for _, document in documents]
        remote = [[reference for reference in document.references if not reference.local] for document in self.documents]
        self.references = [reference for of in remote for reference in of]
        self.n = len(self.references)
        self.n_documents = len(self.documents)
        self.sizes = np.fromiter(map(len, remote), np.int64, self.n_documents)
        self.document = np.repeat(np.arange(self.n_documents), self.sizes)
        self.first = np.cumsum(self.sizes) - self.sizes
        known = _Originals()
        resolved = [reference.resolved_url for reference in self.references]
        self.url = np.fromiter(map(known.__getitem__, resolved), np.int64, self.n)
        self.n_picture_urls = len(known.urls)
        links = [[link for link in document.links if link] for document in self.documents]
        self.n_links = np.fromiter(map(len, links), np.int64, self.n_documents)
        self.link_document = np.repeat(np.arange(self.n_documents), self.n_links)
        self.link_url = np.fromiter(map(known.__getitem__, chain.from_iterable(links)), np.int64, int(self.n_links.sum()))
        self.urls = list(known.urls)
        self.wrapped = column([self.urls[code] != url for code, url in zip(self.url.tolist(), resolved, strict=True)])
        self.hosts = [origin.host for origin in known.urls.values()]
        self.domains = [origin.domain for origin in known.urls.values()]
        self.host = codes(self.hosts)
        self.domain = codes(self.domains)
        pairs, self.first_row, self.pair = np.unique(
            self.document * len(self.urls) + self.url, return_index=True, return_inverse=True
        )
        self.pair_document = pairs // max(len(self.urls), 1)
        self.pair_url = pairs % max(len(self.urls), 1)
        self.analysed: UrlColumns = analyse(self.urls[: self.n_picture_urls])
        self.tokens = _identifiers(self.analysed.tokens, token_table(self.urls[self.n_picture_urls :]), self.n_picture_urls)


class _Originals(dict[str, int]):
    """The number of each URL as resolved, given when it is first asked for; URLs that unwrap to one have one number.

    ``urls`` holds the unwrapped URLs in the order of their numbers, each with its origin.
    """

    def __init__(self) -> None:
        super().__init__()
        self.urls: dict[str, Origin] = {}
        self._places: dict[str, int] = {}

    def __missing__(self, resolved_url: str) -> int:
        original, origin = resolved_url, origin_of(resolved_url)
        if origin.may_wrap:
            original = unwrap(resolved_url)
            origin = origin_of(original)
        number = self[resolved_url] = self._places.setdefault(original, len(self.urls))
        self.urls[original] = origin
        return number


def _identifiers(pictures: TokenTable, links: TokenTable, first_link: int) -> TokenTable:
    """Return the tokens that may be identifiers, their URLs numbered through."""
    links = links._replace(url=links.url + first_link)
    digits = np.concatenate((pictures.digits, links.digits))
    length = np.concatenate((pictures.length, links.length))
    useful = (digits > 0) & (length >= MIN_IDENTIFIER)
    return TokenTable(
        np.concatenate((pictures.url, links.url))[useful],
        length[useful],
        digits[useful],
        np.concatenate((pictures.code, links.code))[useful],
        np.concatenate((pictures.shape, links.shape))[useful],
    )
