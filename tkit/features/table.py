"""The feature table: numbers computed from references, one column at a time.

Every feature is a pure function of the references of one document (:mod:`tkit.html.reading`) and, at the vantage point
``message``, of the mail's headers. :mod:`tkit.features.schema` describes each feature.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow as pa

from tkit.arrays import Floats, column
from tkit.features.document import form_columns, place_columns, relation_columns
from tkit.features.element import element_columns
from tkit.features.message import message_columns
from tkit.features.numbering import Numbering
from tkit.features.schema import feature_names
from tkit.html import Document, RemoteReference, read_message
from tkit.html.hints import html_may_load
from tkit.mail import Message
from tkit.url import holds_address
from tkit.url.services import service_of
from tkit.url.stores import is_store

ROWS_AT_ONCE = 4096
"""References in a batch: enough to spread the cost of each call, few enough to stay in the processor's cache."""
MESSAGES_AT_ONCE = 4096
"""Messages read before a batch is computed, even if they contain fewer references."""

_FEATURE_NAMES = feature_names("message")
_TEXT = pd.StringDtype(na_value=np.nan)


def extract(messages: Iterable[Message]) -> pd.DataFrame:
    r"""Return the feature table of messages.

    Parameters
    ----------
    messages : iterable of Message

    Returns
    -------
    DataFrame
        One row per remote reference, in the order of the messages and of each document: the columns ``message_sha256``,
        ``part``, ``index``, ``carrier``, ``url``, ``resolved_url``, ``loaded_by`` (:data:`tkit.html.LOADED_BY`), and as
        float32 the features that can be computed from one mail (``feature_names("message")``). Local references have no row.
        :mod:`tkit.features.campaign` joins the features from the other copies of a mailing.

    Examples
    --------
    >>> raw = b"Content-Type: text/html\n\n<img src='http://a.example/open?id=b81e2c' width=1 height=1>"
    >>> extract([Message.from_bytes(raw)])[["carrier", "tiny", "path_open_track"]].values.tolist()
    [['img-src', 1.0, 1.0]]
    """
    frames = list(extract_batches(messages))
    return pd.concat(frames, ignore_index=True) if frames else _frame([], [], {})


def extract_batches(messages: Iterable[Message]) -> Iterator[pd.DataFrame]:
    """Yield the feature table in batches of :data:`ROWS_AT_ONCE` rows or a few more, so that any number of mails fits.

    A batch has fewer rows if :data:`MESSAGES_AT_ONCE` messages contain fewer.
    """
    waiting = iter(messages)
    more = True
    while more:
        with _collector_paused():
            frame, more = _batch(waiting)
        if frame is not None:
            yield frame


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from scanning a batch's many small objects: none is in a cycle, and all are freed with it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _batch(messages: Iterator[Message]) -> tuple[pd.DataFrame | None, bool]:
    """Return the next batch of the table, None if it has no row, and whether there may be more."""
    documents, more = _read_some(messages)
    return (_rows(documents) if documents else None), more


def _read_some(messages: Iterator[Message]) -> tuple[list[tuple[Message, Document]], bool]:
    """Return enough documents for a batch, and whether there may be more."""
    documents: list[tuple[Message, Document]] = []
    count = 0
    for number, message in enumerate(messages, 1):
        if any(map(html_may_load, message.html_parts)):
            for document in read_message(message):
                remote = sum(not reference.local for reference in document.references)
                if remote:
                    documents.append((message, document))
                    count += remote
        if count >= ROWS_AT_ONCE or number == MESSAGES_AT_ONCE:
            return documents, True
    return documents, False


def _rows(documents: list[tuple[Message, Document]]) -> pd.DataFrame:
    numbered = Numbering(documents)
    columns = _url_columns(numbered)
    columns |= element_columns(numbered)
    columns |= place_columns(numbered)
    columns |= relation_columns(numbered, columns)
    columns |= form_columns(numbered)
    columns |= message_columns(numbered)
    hashes = [numbered.owners[number].message_sha256 for number in numbered.document.tolist()]
    return _frame(hashes, numbered.references, columns)


def _frame(hashes: list[str], references: list[RemoteReference], columns: dict[str, Floats]) -> pd.DataFrame:
    keys = pd.DataFrame(
        {
            "message_sha256": _texts(hashes),
            "part": np.fromiter((reference.part for reference in references), np.int32, len(references)),
            "index": np.fromiter((reference[1] for reference in references), np.int32, len(references)),
            "carrier": _texts([reference.carrier for reference in references]),
            "url": _texts([reference.url for reference in references]),
            "resolved_url": _texts([reference.resolved_url for reference in references]),
            "loaded_by": _texts([reference.loaded_by for reference in references]),
        }
    )
    matrix = np.empty((len(_FEATURE_NAMES), len(references)), np.float32)
    if references:
        for row, name in zip(matrix, _FEATURE_NAMES, strict=True):
            row[:] = columns[name]
    numbers = pd.DataFrame(matrix.T, columns=_FEATURE_NAMES, index=keys.index, copy=False)
    return pd.concat([keys, numbers], axis=1)


def _texts(values: list[str]) -> pd.api.extensions.ExtensionArray:
    """Return a text column, made through Arrow because that is eight times as fast as pandas."""
    column: pd.api.extensions.ExtensionArray = pd.array(pa.array(values, pa.large_string()), dtype=_TEXT)
    return column


def _url_columns(rows: Numbering) -> dict[str, Floats]:
    urls = rows.urls[: rows.n_picture_urls]
    tails = [url[url.find("/", 8) :] for url in urls]
    unique = dict(rows.analysed.columns)
    services = [service_of(host, tail) for host, tail in zip(rows.hosts, tails, strict=False)]
    unique["provider_known"] = column([bool(name) for name, _ in services])
    unique["provider_open"] = column([is_open for _, is_open in services])
    unique["store_known"] = column([is_store(host) for host in rows.hosts[: rows.n_picture_urls]])
    encoded_text = (unique["base64_text"] > 0) | (unique["hex_text"] > 0)
    unique["address_in_url"] = column(
        [
            (has_text or "@" in url or "%40" in url) and holds_address(url)
            for url, has_text in zip(urls, encoded_text.tolist(), strict=True)
        ]
    )
    return {name: values[rows.url] for name, values in unique.items()}
