"""Every mail of the public corpora, as what the dataset is made of: feature rows, messages, and more that is not published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tkit.campaigns import Copy, copy_of
from tkit.corpus import Problem, PublicCorpus, read_raw
from tkit.corpus.registry import digest_of
from tkit.dataset.language import language_reader
from tkit.errors import TkitError
from tkit.features import KEY, extract
from tkit.features.sizes import declared_size
from tkit.html import references
from tkit.html.source import start_tag
from tkit.mail import Message
from tkit.url import host_of, is_registered, registrable_domain, unwrap
from tkit.url.providers import providers

SALT = "tkit sender "
"""What stands before a sender's registrable domain in its hash."""

Progress = Callable[[str, int, int | None], None]
"""Called with what is being read, bytes done, and bytes in all."""


@dataclass
class Gathered:
    """What the corpora's mails hold: what the published tables are made of, and more that is not published.

    Attributes
    ----------
    references : DataFrame
        Feature rows with ``url``, ``resolved_url``, ``sender_domain``; sorted by corpus, day, message, part and index.
    messages : DataFrame
        The columns of ``messages.parquet``, in the same order.
    tags : dict
        Start tag of the references in labelled messages, by message, part and index.
    copies : dict of str to list of Copy
        What the comparison of campaigns needs of each message with references, by corpus, sorted by message.
    labelled : dict of str to Message
        The messages that gold labels name.
    """

    references: pd.DataFrame
    messages: pd.DataFrame
    tags: dict[tuple[str, int, int], str] = field(default_factory=dict)
    copies: dict[str, list[Copy]] = field(default_factory=dict)
    labelled: dict[str, Message] = field(default_factory=dict)


def gather(
    corpora: Sequence[PublicCorpus],
    folder: Path,
    labelled: frozenset[str],
    described: bool,
    progress: Progress | None = None,
) -> Gathered:
    """Read every mail of some public corpora.

    Parameters
    ----------
    corpora : sequence of PublicCorpus
    folder : path
        With ``<name>.tar.xz`` for each corpus of the registry.
    labelled : frozenset of str
        Messages that gold labels name.
    described : bool
        Whether labels are to be made: only then tags are kept.
    progress : callable, optional

    Raises
    ------
    TkitError
        Where an archive is missing, or its mails are not those that the registry names.
    """
    missing = [corpus.archive for corpus in corpora if not (folder / corpus.archive).is_file()]
    if missing:
        raise TkitError(f"{folder}: no {', '.join(missing)}: fetch them with `tkit corpus get -o {folder}`")
    language_of = language_reader()
    found = Gathered(pd.DataFrame(), pd.DataFrame())
    parts = [
        _read_corpus(folder / corpus.archive, corpus, labelled, described, found, language_of, progress) for corpus in corpora
    ]
    tables = [pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True)]
    order = ["corpus", "date", "message_sha256"]
    found.messages = tables[1].sort_values(order, ignore_index=True).drop_duplicates("message_sha256", ignore_index=True)
    of_message = found.messages.drop(columns=["kind", "language"])
    rows = tables[0].drop_duplicates(list(KEY)).merge(of_message, on="message_sha256", validate="many_to_one")
    rows = rows.sort_values([*order, "part", "index"], ignore_index=True)
    found.messages["sender_key"] = found.messages["sender_domain"].map(_key)
    found.messages["references"] = (
        found.messages["message_sha256"].map(rows["message_sha256"].value_counts()).fillna(0).astype(np.int32)
    )
    rows["year"] = rows["date"].dt.year.fillna(0).astype(np.int16)
    rows["declared_size"] = declared_size(rows)
    rows["host_domain"] = _distinct(rows["resolved_url"], lambda url: _published_domain(host_of(unwrap(url))))
    rows["provider"] = _distinct(rows["resolved_url"], lambda url: providers([url])[0])
    found.references = rows
    return found


def _read_corpus(
    archive: Path,
    corpus: PublicCorpus,
    labelled: frozenset[str],
    described: bool,
    found: Gathered,
    language_of: Callable[[tuple[str, ...]], str],
    progress: Progress | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read one archive: the feature rows, and one row a different message; put what else is kept into `found`."""
    about: dict[str, tuple[object, str, str]] = {}
    kinds: dict[str, set[str]] = {}
    problems: list[Problem] = []
    copies: list[Copy] = []

    def tell(done: int, total: int | None) -> None:
        if progress:
            progress(corpus.name, done, total)

    def messages() -> Iterator[Message]:
        for raw in read_raw([archive], problems=problems, progress=tell):
            message = Message.from_bytes(raw.raw)
            name = message.message_sha256
            member = raw.where.partition("!")[2].partition("/")[2]
            kinds.setdefault(name, set()).add(corpus.kind_of(member))
            if name in about:
                continue
            about[name] = (message.date, registrable_domain(message.from_domain), language_of(message.html_parts))
            if name in labelled:
                found.labelled[name] = message
            if message.html_parts:
                copies.extend(filter(None, [copy_of(message)]))
            if described and message.html_parts:
                for reference in references(message) if name in labelled else ():
                    found.tags[name, reference.part, reference.index] = start_tag(reference.element, reference.attributes)
            yield message

    frame = extract(messages())
    if digest_of(about) != corpus.messages_sha256:
        broken = f"; {problems[-1].where}: {problems[-1].what}" if problems else ""
        raise TkitError(
            f"{archive}: not the {corpus.messages:,} mails that the registry names, but {len(about):,}{broken}:"
            f" see `tkit corpus verify`, or fetch it anew with `tkit corpus get {corpus.name}`"
        )
    found.copies[corpus.name] = sorted(copies, key=lambda copy: copy.message_sha256)
    table = pd.DataFrame(
        [(name, corpus.name, *values) for name, values in about.items()],
        columns=["message_sha256", "corpus", "date", "sender_domain", "language"],
    )
    table["date"] = pd.to_datetime(table["date"], utc=True).dt.floor("D").astype("datetime64[ms, UTC]")
    # A mail that its corpus files under two names of different kinds is of none.
    table["kind"] = [kinds[name].pop() if len(kinds[name]) == 1 else "" for name in about]
    return frame, table


def _distinct(values: pd.Series, function: Callable[[str], str]) -> pd.Series:
    return values.map({value: function(value) for value in values.unique()})


def _published_domain(host: str) -> str:
    return registrable_domain(host) if is_registered(host) else ""


def _key(domain: str) -> str:
    """Stand for a sender without naming it."""
    return hashlib.sha256(f"{SALT}{domain}".encode()).hexdigest()[:16] if domain else ""
