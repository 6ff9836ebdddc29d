"""What is written about each reference, beside its numbers: for detectors that read more than features.

A list reads the URL, a program the tag, somebody else's blocker whatever it likes. :func:`with_facts` gives the feature
table with the columns of :data:`FACTS` added; a detector names those that it reads in its attribute ``facts``.
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
    "resolved_url": "what a browser would ask for",
    "original_url": "the same without the proxies and gateways that wrap it",
    "element": "the element's tag, lower case",
    "written_attributes": "the element's attributes as written, names in lower case: a mapping of str to str",
    "tag": "the element's start tag, written anew from its tag and attributes",
    "from_domain": "domain of the From address, lower case; empty when absent",
}
"""The columns that detectors may read beside features, and what each holds."""

_AT_ONCE = 256


def with_facts(messages: Iterable[Message]) -> Iterator[pd.DataFrame]:
    r"""Return the feature table of messages with the columns of :data:`FACTS`, some messages at a time.

    Parameters
    ----------
    messages : iterable of Message
        Read as they are worked on.

    Yields
    ------
    DataFrame
        What :func:`tkit.features.extract` gives for up to 256 messages, and ``original_url``, ``element``, ``tag``,
        ``from_domain`` (str) and ``written_attributes`` (object). Whole messages: no message lies in two frames.

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
    found = [(message, reference) for message in messages for reference in references(message) if not reference.local]
    written = [reference for _, reference in found]
    facts: dict[str, Any] = {
        "original_url": pd.array([unwrap(reference.resolved_url) for reference in written], dtype="str"),
        "element": pd.array([reference.element for reference in written], dtype="str"),
        "written_attributes": pd.Series([dict(reference.attributes) for reference in written], rows.index, dtype=object),
        "tag": pd.array([_tag(reference) for reference in written], dtype="str"),
        "from_domain": pd.array([message.from_domain for message, _ in found], dtype="str"),
    }
    return rows.assign(**facts)


def _tag(reference: RemoteReference) -> str:
    return start_tag(reference.element, reference.attributes)


def fact(rows: pd.DataFrame, name: str, reader: str) -> list[Any]:
    """Return one column of :data:`FACTS` as a list.

    Raises
    ------
    TkitError
        Where rows do not have it.
    """
    if name not in rows.columns:
        raise TkitError(
            f"{reader}: rows have no column {name}: it reads the mails themselves, not their features alone;"
            " make the rows with tkit.detectors.facts.with_facts, or give `tkit compare` the mails"
        )
    values: list[Any] = rows[name].tolist()
    return values


def facts_of(detector: object) -> tuple[str, ...]:
    """Return the columns of :data:`FACTS` that a detector reads; none for one that reads features alone."""
    return tuple(getattr(detector, "facts", ()))
