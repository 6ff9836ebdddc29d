"""The columns of the published dataset: names, types and meanings.

The files are written with these types, the data card and the Croissant metadata contain these descriptions, and
``tkit dataset verify`` refuses any other column. A change of a description changes ``croissant.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from tkit.corpus import CORPORA
from tkit.features import FEATURES, KEY, MAIL_VANTAGES
from tkit.splits.official import FOLDS


class Column(NamedTuple):
    """One column: its name, the alias of its Arrow type, and its meaning."""

    name: str
    dtype: str
    meaning: str


_SHA256 = Column("message_sha256", "string", "SHA-256 of the message's raw bytes without a leading mbox From line")
_KEY = (
    _SHA256,
    Column("part", "int32", "HTML part of the message, from 0, in MIME order"),
    Column("index", "int32", "number of the reference in the message, from 0, local references counted"),
)
_CORPUS = Column("corpus", "string", f"corpus of the message, one of {', '.join(corpus.name for corpus in CORPORA)}")
_DATE = Column("date", "timestamp[ms, tz=UTC]", "day of the message's Date header; null where it cannot be read")

_OF_MAIL = tuple(
    Column(feature.name, feature.dtype, feature.meaning) for feature in FEATURES if feature.vantage in MAIL_VANTAGES
)

_REFERENCES = (
    *_KEY,
    Column("carrier", "string", "how the reference is written: docs/design.md"),
    _CORPUS,
    _DATE,
    Column("year", "int16", "year of date, as the header says it, however wrong; 0 where it cannot be read"),
    Column(
        "host_domain",
        "string",
        "registrable domain of the host, a wrapping proxy undone; empty where its suffix is not on the public suffix list",
    ),
    Column("declared_size", "string", "none, 1x1, other tiny (every declared side at most 3 px) or ordinary"),
    Column("provider", "string", "known mailing service behind the URL; empty where none is known"),
    *_OF_MAIL,
)

_MESSAGES = (
    _SHA256,
    _CORPUS,
    _DATE,
    Column(
        "kind",
        "string",
        "what the corpus says of the message: ham, spam, phishing, wanted, unwanted; empty where it says nothing",
    ),
    Column("wanted", "string", "wanted (of kind ham, wanted) or unwanted (of kind spam, phishing, unwanted); else empty"),
    Column("language", "string", "ISO 639-1 code of its HTML text's language; empty without HTML, with little text, or unsure"),
    Column("sender_key", "string", "salted hash of the sender's registrable domain: see the card; empty where there is none"),
    Column("references", "int32", "number of its rows in references.parquet"),
)

_LABELS = (
    *_KEY,
    Column("label", "string", "T open tracker, P personalised picture, C content, S spacer, U undecided"),
    Column(
        "source",
        "string",
        "gold: labelled itself; member: carried over from the labelled reference of its cluster; weak: by tkit.labels.weak",
    ),
    Column("confidence", "int8", "1 guess, 2 likely, 3 sure; of weak 3 from a probability of 0.99 on, else 2"),
    Column("probability", "float32", "that a weak label is right on tracker or not; null for gold and member"),
    Column("sources", "string", "weak sources that voted for the label, joined by spaces; null for gold and member"),
    Column("against", "string", "weak sources that voted against it, joined by spaces; null for gold and member"),
    Column("first", "string", "label of the first of two independent passes; null for weak"),
    Column(
        "second",
        "string",
        "label of the second pass; where the two differ the label is U; null for weak and where there was no second pass",
    ),
    Column("full", "bool", "gold, and every remote reference of its message is labelled, repeats once: for rates by mail"),
    Column(
        "cluster",
        "int32",
        "same sender domain, URL shape, size class and kind of carrier; -1 for weak; only rows that are full share one in gold",
    ),
    Column("stratum", "string", "stratum it was drawn from, all where nothing was left out; null for weak"),
    Column("stratum_weight", "float64", "how many of the corpora's clusters it stands for; null for weak"),
    Column(
        "component",
        "int32",
        "connected component over mail, sender's registrable domain, exact URL, tracker domain, path template and form;"
        " -1 for weak",
    ),
    Column("sender_key", "string", "as in messages.parquet"),
    Column("listed", "bool", "any of the published lists made for mail finds it; null for weak"),
)

_SPLITS = (
    *_KEY,
    Column("by_time", "string", "train (before the day that the card names), test (gold, from then on), or empty: in neither"),
    Column("unseen_sender", "int8", f"fold, 0 to {FOLDS - 1}, that tests its sender; -1 where none does"),
    Column("unseen_kit", "int8", f"fold, 0 to {FOLDS - 1}, that tests its component; -1 where none does"),
    Column("unseen_corpus", "int8", "number of its corpus among those with gold rows, in order; -1 for another corpus"),
    Column("unseen_sender_held", "int16", "bit f is set where fold f of unseen_sender must not train on it"),
    Column("unseen_kit_held", "int16", "bit f is set where fold f of unseen_kit must not train on it"),
    Column("unseen_corpus_held", "int16", "bit f is set where it must not be trained on if corpus f is tested"),
)

_MANIPULATED = (
    *_KEY,
    Column(
        "manipulation",
        "string",
        "what was done to it, as tkit.manipulate names it; two are joined by +; letter+FORM: placed into a letter",
    ),
    *_OF_MAIL,
)

_CAMPAIGNS = (
    *_KEY,
    *(Column(feature.name, feature.dtype, feature.meaning) for feature in FEATURES if feature.vantage not in MAIL_VANTAGES),
)

_TABLES = {
    "references.parquet": _REFERENCES,
    "labels.parquet": _LABELS,
    "messages.parquet": _MESSAGES,
    "splits.parquet": _SPLITS,
    "manipulated.parquet": _MANIPULATED,
    "campaigns.parquet": _CAMPAIGNS,
}
FILES = tuple(_TABLES)
"""The tables of the dataset."""

KEYS: dict[str, tuple[str, ...]] = dict.fromkeys(FILES, KEY) | {
    "messages.parquet": ("message_sha256",),
    "manipulated.parquet": (*KEY, "manipulation"),
}
"""The columns that identify a row of each table."""

TITLES = {
    "references.parquet": "a remote reference: where it stands, what it is cut by, and its features",
    "labels.parquet": "a labelled reference",
    "messages.parquet": "a message of the corpora, with or without references",
    "splits.parquet": "a labelled reference: the official splits",
    "manipulated.parquet": "a copy of a gold reference, disguised as senders do: its features, to train on",
    "campaigns.parquet": "a remote reference: what the other copies of its mailing in the corpus say, as features",
}
"""What one row of each table describes."""


def columns(file: str, lists: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of one table.

    Parameters
    ----------
    file : str
        One of :data:`FILES`.
    lists : sequence of str
        Names of the published lists that have a column in labels.parquet.
    """
    described = _TABLES[file]
    if file == "labels.parquet":
        described += tuple(
            Column(f"published_{name}", "bool", f"the published list {name} finds it, in its own engine; null for weak")
            for name in lists
        )
    return described


def arrow_schema(file: str, lists: Sequence[str]) -> pa.Schema:
    """Return the Arrow schema of a table."""
    types = {"bool": pa.bool_(), "timestamp[ms, tz=UTC]": pa.timestamp("ms", tz="UTC")}
    return pa.schema(
        [(column.name, types.get(column.dtype) or pa.type_for_alias(column.dtype)) for column in columns(file, lists)]
    )
