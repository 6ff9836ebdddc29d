"""Features that compare a reference with its document: its position, the other references, the links."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tkit.arrays import (
    Floats,
    Ints,
    codes,
    codes_of,
    column,
    expand,
    greatest,
    greatest_of_others,
    in_other_owner,
    lookup,
    others_alike,
    share,
)
from tkit.features.numbering import Numbering
from tkit.html import RemoteReference

_SEGMENT = re.compile(r"[a-z]+://[^/?#]*/[^/?#]+")


def place_columns(rows: Numbering) -> dict[str, Floats]:
    """Return the columns of a reference's position among the document's links and references, one value per row."""
    order = column([reference.order for reference in rows.references])
    marks = column([reference.marks for reference in rows.references])
    before = (np.arange(rows.n) - rows.first[rows.document]).astype(float)
    count = rows.sizes[rows.document].astype(float)
    local_before = np.zeros(rows.n)
    for number, document in enumerate(rows.documents):
        if len(document.references) != rows.sizes[number]:  # some are local; they count among the marks
            local_before[rows.document == number] = _locals_before(document.references)
    links = np.fromiter((len(document.links) for document in rows.documents), np.int64, rows.n_documents)
    links_before = order - before - local_before
    return {
        "place": order / np.maximum(marks - 1, 1),
        "marks_before": order,
        "marks_after": marks - 1 - order,
        "references_before": before,
        "references_after": count - 1 - before,
        "links_after": links[rows.document] - links_before,
    }


def relation_columns(rows: Numbering, own: dict[str, Floats]) -> dict[str, Floats]:
    """Return the columns that count similar references and links; ``own`` are the columns of the URL and the element."""
    document, url = rows.document, rows.url
    pair, pair_document, pair_url = rows.pair, rows.pair_document, rows.pair_url
    repeats = np.bincount(pair)[pair].astype(float)
    distinct = np.bincount(pair_document, minlength=rows.n_documents)
    others = (distinct[document] - 1).astype(float)
    directory = codes([rows.urls[code].partition("?")[0].rpartition("/")[0] for code in pair_url])
    same_host = others_alike(pair_document, rows.host[pair_url])[pair]
    same_domain = others_alike(pair_document, rows.domain[pair_url])[pair]
    same_directory = others_alike(pair_document, directory)[pair]
    small = (own["tiny"] > 0) | (own["hidden"] > 0) | (own["hidden_around"] > 0)
    ordinary = own["short_side"] > 3
    host_key = document * len(rows.urls) + rows.host[url]
    _, host_row = np.unique(host_key, return_inverse=True)
    ordinary_on_host = np.bincount(host_row, weights=ordinary)[host_row] - ordinary
    links = rows.n_links[document]
    ends_as_picture = own["extension_picture"][rows.first_row]
    pictures = np.bincount(pair_document, weights=ends_as_picture, minlength=rows.n_documents)
    return {
        "references": rows.sizes[document].astype(float),
        "links": np.fromiter((len(d.links) for d in rows.documents), np.int64, rows.n_documents)[document].astype(float),
        "tiny_others": np.bincount(document, weights=small)[document] - small.astype(float),
        "repeats": repeats,
        "same_host": same_host,
        "same_host_share": share(same_host, others),
        "same_domain_share": share(same_domain, others),
        "same_directory": same_directory,
        "host_shows_pictures": (ordinary_on_host > 0).astype(float),
        "links_same_host": share(_links_alike(rows, rows.host), links),
        "links_same_domain": share(_links_alike(rows, rows.domain), links),
        "picture_names_others": share(pictures[document] - own["extension_picture"], others),
    }


def _links_alike(rows: Numbering, code: Ints) -> Floats:
    """Count for each reference the document's links whose URL has the same code."""
    link_keys = rows.link_document * (len(rows.urls) + 1) + code[rows.link_url]
    keys, counts = np.unique(link_keys, return_counts=True)
    return lookup(keys, counts, rows.document * (len(rows.urls) + 1) + code[rows.url])


@dataclass(frozen=True)
class _Urls:
    """The distinct URLs of each document, those of its references or those of its links, and the identifiers in them.

    Attributes
    ----------
    document : int64 array
        For each URL its document.
    owner, token : int64 array
        For each identifier: the row of its URL here, and its row in the token table. Owners ascend.
    """

    document: Ints
    owner: Ints
    token: Ints

    def keys(self, code: Ints) -> Ints:
        """Return a number for each identifier, equal for equal codes in one document; codes are those of the token table."""
        return self.document[self.owner] * (len(code) + 1) + code[self.token]


def _urls_of(rows: Numbering, document: Ints, url: Ints) -> _Urls:
    return _Urls(document, *expand(url, rows.tokens.url, len(rows.urls)))


def form_columns(rows: Numbering) -> dict[str, Floats]:
    """Return the columns that compare the form of a URL's identifiers with that of the links and other references."""
    tokens, pair, pair_document = rows.tokens, rows.pair, rows.pair_document
    n_pairs = len(pair_document)
    pictures = _urls_of(rows, pair_document, rows.pair_url)
    link_pairs, link_counts = np.unique(rows.link_document * len(rows.urls) + rows.link_url, return_counts=True)
    links = _urls_of(rows, link_pairs // len(rows.urls), link_pairs % len(rows.urls))
    length = tokens.length[pictures.token].astype(float)
    columns: dict[str, Floats] = {}
    for name, code in (("token", codes_of(tokens.code)), ("shape", codes_of(tokens.shape))):
        in_pictures, in_links = pictures.keys(code), links.keys(code)
        common = np.isin(in_pictures, in_links)
        columns[f"{name}_in_links"] = greatest(pictures.owner, np.where(common, length, 0), n_pairs)[pair]
        picture, link = _sharing(pictures, in_pictures, links, in_links)
        sharing_links = np.bincount(picture, weights=link_counts[link], minlength=n_pairs)
        columns[f"{name}_links_share"] = share(sharing_links, rows.n_links[pair_document].astype(float))[pair]
        several = in_other_owner(in_pictures, pictures.owner)
        columns[f"{name}_in_pictures"] = greatest(pictures.owner, np.where(several, length, 0), n_pairs)[pair]
        if name == "token":
            columns["own_token"] = greatest(pictures.owner, np.where(several, 0, length), n_pairs)[pair]
    longest = greatest(pictures.owner, length, n_pairs)
    others = greatest_of_others(pair_document, longest, rows.n_documents)
    columns["longest_token_others"] = others[pair]
    columns["token_excess"] = (longest - others)[pair]
    distinct = np.bincount(pair_document, minlength=rows.n_documents)[pair_document] - 1
    plain = longest == 0
    plain_others = np.bincount(pair_document, weights=plain, minlength=rows.n_documents)[pair_document] - plain
    columns["plain_others_share"] = share(plain_others, distinct.astype(float))[pair]
    segment = codes([_first_segment(url) for url in rows.urls])
    columns["segment_in_links"] = (_links_alike(rows, segment) > 0).astype(float)
    return columns


def _sharing(pictures: _Urls, in_pictures: Ints, links: _Urls, in_links: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of a reference's URL and a link of its document that have an identifier in common, each pair once.

    Parameters
    ----------
    pictures, links : _Urls
    in_pictures, in_links : int64 array
        Their :meth:`_Urls.keys`.

    Returns
    -------
    tuple of two int64 arrays
        Rows of `pictures` and of `links`.
    """
    order = np.argsort(in_links, kind="stable")
    first = np.searchsorted(in_links[order], in_pictures, "left")
    hits = np.searchsorted(in_links[order], in_pictures, "right") - first
    # The hits of an identifier are a range of the sorted links, from its first hit on.
    start = np.repeat(first - (np.cumsum(hits) - hits), hits)
    link = links.owner[order[start + np.arange(len(start))]]
    picture = np.repeat(pictures.owner, hits)
    n_links = len(links.document) + 1  # never 0
    pairs = np.unique(picture * n_links + link)
    return pairs // n_links, pairs % n_links


def _first_segment(url: str) -> str:
    """Return host and first path segment, ``""`` if there is no segment."""
    match = _SEGMENT.match(url)
    return match[0] if match else ""


def _locals_before(references: list[RemoteReference]) -> Floats:
    """Count for each remote reference of a document the local ones before it."""
    local = np.array([reference.local for reference in references])
    return np.asarray(np.cumsum(local)[~local], np.float64)
