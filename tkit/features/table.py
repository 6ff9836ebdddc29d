"""Features: numbers computed from references, a column at a time.

Facts come first (:mod:`tkit.html.reading`), numbers second: every feature is a pure function of the facts of one document
and, at the ``message`` vantage point, of the mail's headers. :mod:`tkit.features.schema` says what each one means.
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
from tkit.url.providers import is_store, provider_of

ROWS_AT_ONCE = 4096
"""References computed at once: enough to spread the cost of a call, few enough to stay in the processor's cache."""
MESSAGES_AT_ONCE = 4096
"""Messages read before a batch is computed even where they hold fewer references."""


_FEATURE_NAMES = feature_names("message")  # what one mail gives
_TEXT = pd.StringDtype(na_value=np.nan)


def extract(messages: Iterable[Message]) -> pd.DataFrame:
    r"""Return the feature table of messages.

    Parameters
    ----------
    messages : iterable of Message

    Returns
    -------
    DataFrame
        One row a remote reference, in the order of the messages and, within one, of the document: the columns
        ``message_sha256``, ``part``, ``index``, ``carrier``, ``url``, ``resolved_url`` and every feature of
        :data:`tkit.features.FEATURES` that one mail gives (``feature_names("message")``) as float32. Local references have no
        row. What the other copies of a mailing add is joined by :mod:`tkit.features.campaign`.

    Examples
    --------
    >>> raw = b"Content-Type: text/html\n\n<img src='http://a.example/open?id=b81e2c' width=1 height=1>"
    >>> extract([Message.from_bytes(raw)])[["carrier", "tiny", "path_open_track"]].values.tolist()
    [['img-src', 1.0, 1.0]]
    """
    frames = list(extract_batches(messages))
    return pd.concat(frames, ignore_index=True) if frames else _frame([], [], {})


def extract_batches(messages: Iterable[Message]) -> Iterator[pd.DataFrame]:
    """Return the feature table in pieces of :data:`ROWS_AT_ONCE` rows or a little more, so that any number of mails fits.

    A piece has fewer rows where :data:`MESSAGES_AT_ONCE` messages do not hold as many.
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
    """Keep the garbage collector from going through a batch's many small objects: no cycle holds one, and all die with it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _batch(messages: Iterator[Message]) -> tuple[pd.DataFrame | None, bool]:
    """Return the next piece of the table, None where the messages hold no reference; tell whether there may be more."""
    documents, more = _read_some(messages)
    return (_rows(documents) if documents else None), more


def _read_some(messages: Iterator[Message]) -> tuple[list[tuple[Message, Document]], bool]:
    """Read until there are documents enough for a batch; tell whether there may be more of them."""
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


def _url_columns(rows: Numbering) -> dict[str, Floats]:
    pictures = rows.urls[: rows.n_picture_urls]
    tails = [url[url.find("/", 8) :] for url in pictures]
    unique = dict(rows.analysed.columns)
    known = [provider_of(host, tail) for host, tail in zip(rows.hosts, tails, strict=False)]
    unique["provider_known"] = column([bool(name) for name, _ in known])
    unique["provider_open"] = column([is_open for _, is_open in known])
    unique["store_known"] = column([is_store(host) for host in rows.hosts[: rows.n_picture_urls]])
    maybe = (unique["base64_text"] > 0) | (unique["hex_text"] > 0)
    unique["address_in_url"] = column(
        [
            (decodes or "@" in url or "%40" in url) and holds_address(url)
            for url, decodes in zip(pictures, maybe.tolist(), strict=True)
        ]
    )
    columns = {name: values[rows.url] for name, values in unique.items()}
    columns["wrapped"] = rows.wrapped
    return columns
