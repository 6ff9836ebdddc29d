"""References, URLs, hosts and domains of many documents as numbers, so that features are computed as columns, not in loops."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from tkit.arrays import codes
from tkit.features.places import MIN_IDENTIFIER
from tkit.features.runs import TokenTable
from tkit.features.tokens import UrlColumns, analyse, token_table
from tkit.html import Document
from tkit.mail import Message
from tkit.url import unwrap
from tkit.url.wrapping import Origin, origin_of


class Numbering:
    """The remote references of some documents, numbered.

    Parameters
    ----------
    documents : sequence of (Message, Document)
        Documents that have a remote reference, each with its message.

    Attributes
    ----------
    owners, documents : list
        Message and document, one each per document.
    references : list of RemoteReference
        The remote ones of all documents, in order.
    n, n_documents : int
        Number of references and of documents.
    sizes, first, document : int64 array
        For each document, its number of remote references and its first row; for each row, its document.
    urls, hosts, domains : list of str
        Every URL once, unwrapped: first those of references (``n_picture_urls`` of them), then those that only links have.
    url : int64 array
        For each row, its URL in ``urls``.
    host, domain : int64 array
        For each URL, a number of its host and of its registrable domain.
    link_document, link_url, n_links : int64 array
        For each link, its document and its URL; for each document, its number of links.
    pair, first_row : int64 array
        For each row, its pair of document and URL; for each pair, its first row. The other URLs of the document are the
        same for each repetition of a URL.
    pair_document, pair_url : int64 array
        For each pair, its document and its URL.
    analysed : UrlColumns
        Measures of the references' URLs.
    tokens : TokenTable
        The identifiers in all URLs: tokens of :data:`tkit.features.places.MIN_IDENTIFIER` or more characters with a digit.
    """

    def __init__(self, documents: Sequence[tuple[Message, Document]]) -> None:
        self.owners = [message for message, _ in documents]
        self.documents = [document for _, document in documents]
        remote = [[reference for reference in document.references if not reference.local] for document in self.documents]
        self.references = list(chain.from_iterable(remote))
        self.n = len(self.references)
        self.n_documents = len(self.documents)
        self.sizes = np.fromiter(map(len, remote), np.int64, self.n_documents)
        self.document = np.repeat(np.arange(self.n_documents), self.sizes)
        self.first = np.cumsum(self.sizes) - self.sizes
        originals = _Originals()
        resolved = [reference.resolved_url for reference in self.references]
        self.url = np.fromiter(map(originals.__getitem__, resolved), np.int64, self.n)
        self.n_picture_urls = len(originals.urls)
        links = [[link for link in document.links if link] for document in self.documents]
        self.n_links = np.fromiter(map(len, links), np.int64, self.n_documents)
        self.link_document = np.repeat(np.arange(self.n_documents), self.n_links)
        self.link_url = np.fromiter(map(originals.__getitem__, chain.from_iterable(links)), np.int64, int(self.n_links.sum()))
        self.urls = list(originals.urls)
        self.hosts = [origin.host for origin in originals.urls.values()]
        self.domains = [origin.domain for origin in originals.urls.values()]
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
    """A number for each resolved URL, assigned at its first lookup; URLs that unwrap to the same URL have the same number.

    ``urls`` contains the unwrapped URLs in the order of their numbers, each with its origin.
    """

    def __init__(self) -> None:
        super().__init__()
        self.urls: dict[str, Origin] = {}
        self._numbers: dict[str, int] = {}

    def __missing__(self, resolved_url: str) -> int:
        original, origin = resolved_url, origin_of(resolved_url)
        if origin.may_wrap:
            original = unwrap(resolved_url)
            origin = origin_of(original)
        number = self[resolved_url] = self._numbers.setdefault(original, len(self.urls))
        self.urls[original] = origin
        return number


def _identifiers(pictures: TokenTable, links: TokenTable, first_link: int) -> TokenTable:
    """Return the tokens that may be identifiers, in URLs of references and of links."""
    links = links._replace(url=links.url + first_link)
    digits = np.concatenate((pictures.digits, links.digits))
    length = np.concatenate((pictures.length, links.length))
    may_identify = (digits > 0) & (length >= MIN_IDENTIFIER)
    return TokenTable(
        np.concatenate((pictures.url, links.url))[may_identify],
        length[may_identify],
        digits[may_identify],
        np.concatenate((pictures.code, links.code))[may_identify],
        np.concatenate((pictures.shape, links.shape))[may_identify],
    )
