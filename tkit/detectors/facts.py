"""Facts: the columns that detectors may read besides features, such as the URL or the start tag.

A list reads the URL, a program the tag, an external blocker any of them. :func:`with_facts` returns the feature table with
the columns of :data:`FACTS` added. A detector names those that it reads in its attribute ``facts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from tkit.errors import TkitError
from tkit.features import extract
from tkit.html import RemoteReference, references
from tkit.html.source import start_tag
from tkit.mail import Message
from tkit.url import unwrap

FACTS: Mapping[str, str] = {
    "message_sha256": "SHA-256 of the message's raw bytes, in hex",
    "part": "number of the HTML part, from 0",
    "index": "number of the reference in the message, from 0, in document order",
    "carrier": "how the reference is written, see docs/design.md",
    "url": "the URL as written, entities and escapes decoded",
    "resolved_url": "the URL that a browser would request",
    "original_url": "the resolved URL without the proxies and gateways that wrap it",
    "element": "the element's tag, lower case",
    "written_attributes": "the element's attributes as written, names in lower case: a mapping of str to str",
    "tag": "the element's start tag, rebuilt from its tag and attributes",
    "from_domain": "domain of the From address, lower case; empty when absent",
}
"""The columns that detectors may read besides features, each with its description."""

_AT_ONCE = 256


def with_facts(messages: Iterable[Message]) -> Iterator[pd.DataFrame]:
    r"""Yield the feature table of messages with the columns of :data:`FACTS`, some messages at a time.

    Parameters
    ----------
    messages : iterable of Message
        Read lazily.

    Yields
    ------
    DataFrame
        The table of :func:`tkit.features.extract` for up to 256 messages, and ``original_url``, ``element``, ``tag``,
        ``from_domain`` (str) and ``written_attributes`` (object). A message is never split across two frames.

    Examples
    --------
    >>> raw = b"From: a@b.example\nContent-Type: text/html\n\n<img src=http://t.example/o width=1>"
    >>> next(with_facts([Message.from_bytes(raw)]))[["tag", "from_domain"]].values.tolist()
    [['<img src="http://t.example/o" width="1">', 'b.example']]
    """
    waiting: list[Message] = []
    for message in messages:
        if message.html_parts:
            waiting.append(message)
        if len(waiting) == _AT_ONCE:
            yield _frame(waiting)
            waiting = []
    if waiting:
        yield _frame(waiting)


def _frame(messages: Sequence[Message]) -> pd.DataFrame:
    rows = extract(messages)
    remote = [(message, reference) for message in messages for reference in references(message) if not reference.local]
    remote_references = [reference for _, reference in remote]
    facts: dict[str, Any] = {
        "original_url": pd.array([unwrap(reference.resolved_url) for reference in remote_references], dtype="str"),
        "element": pd.array([reference.element for reference in remote_references], dtype="str"),
        "written_attributes": pd.Series(
            [dict(reference.attributes) for reference in remote_references], rows.index, dtype=object
        ),
        "tag": pd.array([_tag(reference) for reference in remote_references], dtype="str"),
        "from_domain": pd.array([message.from_domain for message, _ in remote], dtype="str"),
    }
    return rows.assign(**facts)


def _tag(reference: RemoteReference) -> str:
    return start_tag(reference.element, reference.attributes)


def fact(rows: pd.DataFrame, name: str, reader: str) -> list[Any]:
    """Return one column of :data:`FACTS` as a list.

    Raises
    ------
    TkitError
        If the rows do not have it.
    """
    if name not in rows.columns:
        raise TkitError(
            f"{reader}: rows have no column {name}: it reads the mails themselves, not only their features;"
            " make the rows with tkit.detectors.facts.with_facts, or give `tkit compare` the mails"
        )
    values: list[Any] = rows[name].tolist()
    return values


def facts_of(detector: object) -> tuple[str, ...]:
    """Return the columns of :data:`FACTS` that a detector reads; none if it reads features only."""
    return tuple(getattr(detector, "facts", ()))
