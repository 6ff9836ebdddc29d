"""Read every mail of the public corpora into the tables that the dataset is built from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tkit.campaigns import Copy, copy_of
from tkit.corpus import Problem, PublicCorpus, read_raw
from tkit.corpus.registry import WANTED, digest_of
from tkit.dataset.language import language_reader
from tkit.errors import TkitError
from tkit.features import KEY, extract
from tkit.features.sizes import declared_size
from tkit.html import references
from tkit.html.source import start_tag
from tkit.mail import Message
from tkit.manipulate.letters import letter_of
from tkit.url import host_of, is_registered, registrable_domain, unwrap
from tkit.url.services import service_names

SALT = "tkit sender "
"""The text before a sender's registrable domain in its hash."""

Progress = Callable[[str, int, int | None], None]
"""Called with the name of what is read, the bytes done, and the total of bytes, None if unknown."""


@dataclass
class Gathered:
    """What was read from the mails: the material of the published tables, and some that is not published.

    Attributes
    ----------
    references : DataFrame
        Feature rows with ``url``, ``resolved_url``, ``sender_domain``; sorted by corpus, day, message, part and index.
    messages : DataFrame
        The columns of ``messages.parquet``, in the same order.
    tags : dict
        Start tags of the references in labelled messages, by message, part and index.
    copies : dict of str to list of Copy
        What the comparison of copies needs from each message with references, by corpus, sorted by message.
    labelled : dict of str to Message
        The messages with gold labels, by hash.
    letters : dict of str to bytes
        Letters without a reference, by hash, that :mod:`tkit.manipulate.letters` places labelled pictures into.
    """

    references: pd.DataFrame
    messages: pd.DataFrame
    tags: dict[tuple[str, int, int], str] = field(default_factory=dict)
    copies: dict[str, list[Copy]] = field(default_factory=dict)
    labelled: dict[str, Message] = field(default_factory=dict)
    letters: dict[str, bytes] = field(default_factory=dict)


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
        Contains ``<name>.tar.xz`` for each corpus of the registry.
    labelled : frozenset of str
        Hashes of the messages with gold labels.
    described : bool
        Whether to keep the tags, which only :func:`tkit.dataset.build.build` needs.
    progress : callable, optional

    Raises
    ------
    TkitError
        If an archive is missing, or its mails are not those in the registry.
    """
    missing = [corpus.archive for corpus in corpora if not (folder / corpus.archive).is_file()]
    if missing:
        raise TkitError(f"{folder}: no {', '.join(missing)}: fetch them with `tkit corpus get -o {folder}`")
    language_of = language_reader()
    gathered = Gathered(pd.DataFrame(), pd.DataFrame())
    parts = [
        _read_corpus(folder / corpus.archive, corpus, labelled, described, gathered, language_of, progress)
        for corpus in corpora
    ]
    rows, messages = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    order = ["corpus", "date", "message_sha256"]
    messages = messages.sort_values(order, ignore_index=True).drop_duplicates("message_sha256", ignore_index=True)
    of_message = messages.drop(columns=["kind", "wanted", "language"])
    rows = rows.drop_duplicates(list(KEY)).merge(of_message, on="message_sha256", validate="many_to_one")
    rows = rows.sort_values([*order, "part", "index"], ignore_index=True)
    references_of = rows["message_sha256"].value_counts()
    messages["sender_key"] = messages["sender_domain"].map(sender_key)
    messages["references"] = messages["message_sha256"].map(references_of).fillna(0).astype(np.int32)
    rows["year"] = rows["date"].dt.year.fillna(0).astype(np.int16)
    rows["declared_size"] = declared_size(rows)
    rows["host_domain"] = _distinct(rows["resolved_url"], lambda url: _published_domain(host_of(unwrap(url))))
    rows["provider"] = _distinct(rows["resolved_url"], lambda url: service_names([url])[0])
    gathered.references, gathered.messages = rows, messages
    return gathered


def _read_corpus(
    archive: Path,
    corpus: PublicCorpus,
    labelled: frozenset[str],
    described: bool,
    gathered: Gathered,
    language_of: Callable[[tuple[str, ...]], str],
    progress: Progress | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the feature rows of an archive and one row per distinct message; add tags, copies and messages to `gathered`."""
    about: dict[str, tuple[object, str, str]] = {}
    kinds: dict[str, set[str]] = {}
    problems: list[Problem] = []
    copies: list[Copy] = []

    def report(done: int, total: int | None) -> None:
        if progress:
            progress(corpus.name, done, total)

    def messages() -> Iterator[Message]:
        for raw in read_raw([archive], problems=problems, progress=report):
            message = Message.from_bytes(raw.raw)
            name = message.message_sha256
            kinds.setdefault(name, set()).add(corpus.kind_of(raw.where.partition("!")[2]))
            if name in about:
                continue
            about[name] = (message.date, registrable_domain(message.from_domain), language_of(message.html_parts))
            if name in labelled:
                gathered.labelled[name] = message
            elif letter_of(raw.raw) is not None:
                gathered.letters[name] = raw.raw
            if message.html_parts:
                copies.extend(filter(None, [copy_of(message)]))
            if described and message.html_parts:
                for reference in references(message) if name in labelled else ():
                    gathered.tags[name, reference.part, reference.index] = start_tag(reference.element, reference.attributes)
            yield message

    frame = extract(messages())
    if digest_of(about) != corpus.messages_sha256:
        broken = f"; {problems[-1].where}: {problems[-1].what}" if problems else ""
        raise TkitError(
            f"{archive}: not the {corpus.messages:,} mails in the registry, but {len(about):,}{broken}:"
            f" see `tkit corpus verify`, or fetch the archive again with `tkit corpus get {corpus.name}`"
        )
    gathered.copies[corpus.name] = sorted(copies, key=lambda copy: copy.message_sha256)
    table = pd.DataFrame(
        [(name, corpus.name, *values) for name, values in about.items()],
        columns=["message_sha256", "corpus", "date", "sender_domain", "language"],
    )
    table["date"] = pd.to_datetime(table["date"], utc=True).dt.floor("D").astype("datetime64[ms, UTC]")
    # A mail that its corpus files under two different kinds has no kind.
    table["kind"] = [kinds[name].pop() if len(kinds[name]) == 1 else "" for name in about]
    table["wanted"] = table["kind"].map(WANTED)
    return frame, table


def _distinct(values: pd.Series, function: Callable[[str], str]) -> pd.Series:
    return values.map({value: function(value) for value in values.unique()})


def _published_domain(host: str) -> str:
    return registrable_domain(host) if is_registered(host) else ""


def sender_key(domain: str) -> str:
    """Return a salted hash that identifies a sender without naming it."""
    return hashlib.sha256(f"{SALT}{domain}".encode()).hexdigest()[:16] if domain else ""
