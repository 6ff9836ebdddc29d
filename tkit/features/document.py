"""Features that compare a reference with the document around it: its place, the other references, the links."""

from __future__ import annotations

import re

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
    """Return the columns of a reference's place among the document's links and references, one float64 value a row."""
    order = column([reference.order for reference in rows.references])
    marks = column([reference.marks for reference in rows.references])
    before = (np.arange(rows.n) - rows.first[rows.document]).astype(float)
    count = rows.sizes[rows.document].astype(float)
    local_before = np.zeros(rows.n)
    for number, document in enumerate(rows.documents):
        if len(document.references) != rows.sizes[number]:  # some are local, and count among the marks
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
    """Return the columns that count like references and links; ``own`` are the URL's and the element's columns."""
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
    picture_end = own["extension_picture"][rows.first_row]
    alike = np.bincount(pair_document, weights=picture_end, minlength=rows.n_documents)
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
        "picture_names_others": share(alike[document] - own["extension_picture"], others),
    }


def _links_alike(rows: Numbering, code: Ints) -> Floats:
    """Count for each reference the document's links with the same code of their URL."""
    of_links = rows.link_document * (len(rows.urls) + 1) + code[rows.link_url]
    keys, counts = np.unique(of_links, return_counts=True)
    return lookup(keys, counts, rows.document * (len(rows.urls) + 1) + code[rows.url])


def form_columns(rows: Numbering) -> dict[str, Floats]:
    """Return the columns that compare the form of a URL's identifiers with that of the links and other references."""
    tokens = rows.tokens
    code, shape = codes_of(tokens.code), codes_of(tokens.shape)
    length = tokens.length.astype(float)
    pair, pair_document, pair_url = rows.pair, rows.pair_document, rows.pair_url
    n_pairs = len(pair_url)
    p_owner, p_token = expand(pair_url, tokens.url, len(rows.urls))
    link_pairs = np.unique(rows.link_document * len(rows.urls) + rows.link_url, return_counts=True)
    l_document, l_url = link_pairs[0] // len(rows.urls), link_pairs[0] % len(rows.urls)
    l_owner, l_token = expand(l_url, tokens.url, len(rows.urls))
    size = len(tokens.url) + 1

    def keys(documents: Ints, owner: Ints, token: Ints, of: Ints) -> Ints:
        return documents[owner] * size + of[token]

    out: dict[str, Floats] = {}
    token_length = length[p_token]
    for name, of in (("token", code), ("shape", shape)):
        mine = keys(pair_document, p_owner, p_token, of)
        theirs = keys(l_document, l_owner, l_token, of)
        common = np.isin(mine, theirs)
        out[f"{name}_in_links"] = greatest(p_owner, np.where(common, token_length, 0), n_pairs)[pair]
        out[f"{name}_links_share"] = _sharing(rows, mine, p_owner, theirs, l_owner, l_document, link_pairs[1], n_pairs)
        several = in_other_owner(mine, p_owner)
        out[f"{name}_in_pictures"] = greatest(p_owner, np.where(several, token_length, 0), n_pairs)[pair]
        if name == "token":
            out["own_token"] = greatest(p_owner, np.where(several, 0, token_length), n_pairs)[pair]
    longest = greatest(p_owner, token_length, n_pairs)
    others = greatest_of_others(pair_document, longest, rows.n_documents)
    out["longest_token_others"] = others[pair]
    out["token_excess"] = (longest - others)[pair]
    distinct = np.bincount(pair_document, minlength=rows.n_documents)[pair_document] - 1
    plain = longest == 0
    plain_others = np.bincount(pair_document, weights=plain, minlength=rows.n_documents)[pair_document] - plain
    out["plain_others_share"] = share(plain_others, distinct.astype(float))[pair]
    segment = codes([_first_segment(url) for url in rows.urls])
    out["segment_in_links"] = (_links_alike(rows, segment) > 0).astype(float)
    return out


def _sharing(
    rows: Numbering, mine: Ints, p_owner: Ints, theirs: Ints, l_owner: Ints, l_document: Ints, l_counts: Ints, n_pairs: int
) -> Floats:
    """Return for each reference the share of the document's links that have one of its tokens (or shapes)."""
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
    return share(shared, rows.n_links[rows.pair_document].astype(float))[rows.pair]


def _first_segment(url: str) -> str:
    """Return host and first path segment, ``""`` where there is no segment."""
    found = _SEGMENT.match(url)
    return found[0] if found else ""


def _locals_before(references: list[RemoteReference]) -> Floats:
    """Return for each remote reference of a document how many local ones stand before it."""
    local = np.array([reference.local for reference in references])
    return np.asarray(np.cumsum(local)[~local], np.float64)
