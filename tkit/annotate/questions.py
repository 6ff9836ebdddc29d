"""Which references of a mailbox to ask about, and what to show about each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from tkit.annotate.neighbourhood import LONGEST, Neighbourhood, neighbourhood, visible
from tkit.bundle import Bundle, Judgement, Verdict, explain, judge
from tkit.corpus import Problem, read_raw
from tkit.errors import TkitError
from tkit.features import KEY, extract, extract_batches
from tkit.features.words import reason, size_words
from tkit.html import RemoteReference, references
from tkit.labels.files import url_sha256
from tkit.mail import Message
from tkit.url import host_of, registrable_domain, unwrap
from tkit.url.services import service_names
from tkit.url.template import path_template

Sampling = Literal["uncertain", "random"]
Key = tuple[str, int, int]
"""message_sha256, part, index."""

Progress = Callable[[int, int | None], None]
"""Called with the number of bytes read and their total."""

_TEXT = ["message_sha256", "carrier", "url", "resolved_url", "loaded_by"]

# For each heading the features that are always shown, then those that are shown if they are not 0.
_FACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "How it looks": (
        ("hidden", "alt_length", "in_link"),
        ("hidden_around", "link_same_domain", "text_beside", "conditional"),
    ),
    "Its URL": (
        ("longest_token", "recipient_in_url"),
        (
            *("provider_open", "address_in_url", "name_open", "name_track", "name_count", "name_spacer", "name_recipient"),
            *("query_parameters", "base64_text", "hex_text", "uuid"),
        ),
    ),
    "Compared with the rest of the mail": (
        ("repeats", "references", "same_host_share", "own_token", "sender_same_domain"),
        ("tiny_others", "token_in_links", "token_in_pictures", "token_in_headers", "unsubscribe_same_domain"),
    ),
}


class Question(NamedTuple):
    """One reference as shown to the annotator: text only, with every invisible character written out.

    Attributes
    ----------
    key : tuple of str, int, int
        message_sha256, part, index.
    carrier, url, original : str
        The URL as written, and the original URL if a gateway or proxy wrapped it, else ``""``.
    host : str
        The host of the original URL.
    url_sha256 : str
        See :func:`tkit.labels.files.url_sha256`; of the whole URL.
    sender, subject, date : str
        Of the message; the sender is the domain of From.
    around : Neighbourhood
        The HTML around the reference.
    facts : tuple of (str, tuple of str)
        Headings, each with facts in words.
    copies : tuple of str
        The evidence of other copies of the campaign, one text per row.
    """

    key: Key
    carrier: str
    url: str
    original: str
    host: str
    url_sha256: str
    sender: str
    subject: str
    date: str
    around: Neighbourhood
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    copies: tuple[str, ...]


class Opinion(NamedTuple):
    """The opinion of the model.

    Attributes
    ----------
    verdict : {"tracker", "personalised", "clean"}
    score : float
        The probability that the reasons explain: for the verdict tracker that it is a tracker, else that it is individual.
    reasons : tuple of str
    """

    verdict: Verdict
    score: float
    reasons: tuple[str, ...]


class Choice(NamedTuple):
    """The references to ask about, in order; the number of mails with the URL of each; mails that could not be read."""

    keys: list[Key]
    mails_with_url: dict[Key, int]
    problems: list[Problem]


def choose(
    paths: Sequence[str | os.PathLike[str]],
    bundle: Bundle,
    sampling: Sampling = "uncertain",
    count: int = 200,
    seed: int = 0,
    one_of_each: bool = True,
    progress: Progress | None = None,
) -> Choice:
    """Choose references to ask about.

    Parameters
    ----------
    paths : sequence of path
        See :func:`tkit.corpus.read_raw`.
    bundle : Bundle
        The model that decides what is uncertain.
    sampling : {"uncertain", "random"}
        ``uncertain``: those with a margin nearest the threshold first (uncertainty sampling: Lewis and Gale
        1994, "A sequential algorithm for training text classifiers"). ``random``: in random order.
    count : int
        Maximum number of references.
    seed : int
        Of the random order: the same mails and seed give the same order.
    one_of_each : bool
        Ask only once about references with the same carrier, domain, path template and ``tiny``. Without it, random
        sampling is a simple random sample, whose shares estimate those of the mailbox.
    progress : callable, optional
        See :data:`Progress`.

    Raises
    ------
    TkitError
        If ``sampling`` is neither, or no mail contains a remote reference.
    """
    if sampling not in ("uncertain", "random"):
        raise TkitError(f"sampling {sampling!r}: take 'uncertain' or 'random'")
    problems: list[Problem] = []
    mails: Counter[str] = Counter()
    tables = []
    messages = (Message.from_bytes(raw.raw) for raw in read_raw(paths, problems=problems, progress=progress))
    for rows in extract_batches(messages):
        mails.update(rows[["message_sha256", "resolved_url"]].drop_duplicates()["resolved_url"])
        table = rows[[*KEY, "resolved_url"]].copy()
        table["doubt"] = -np.abs(bundle.margins(rows) - bundle.tracker.threshold)
        table["kind"] = [
            (carrier, *kind, tiny)
            for carrier, kind, tiny in zip(rows["carrier"], map(_kind, rows["resolved_url"]), rows["tiny"], strict=True)
        ]
        tables.append(table)
    if not tables:
        details = "; ".join(f"{problem.where}: {problem.what}" for problem in problems[:3])
        raise TkitError(f"{', '.join(map(str, paths))}: no remote reference to label{': ' + details if details else ''}")
    table = pd.concat(tables).drop_duplicates(list(KEY)).sort_values(list(KEY), ignore_index=True)
    if sampling == "uncertain":
        table = table.sort_values("doubt", ascending=False, kind="stable")
    else:
        table = table.iloc[np.random.default_rng(seed).permutation(len(table))]
    table = (table.drop_duplicates("kind") if one_of_each else table).head(count)
    keys = _keys(table)
    return Choice(keys, dict(zip(keys, map(mails.__getitem__, table["resolved_url"]), strict=True)), problems)


def _kind(resolved_url: str) -> tuple[str, str]:
    url = unwrap(resolved_url)
    host = host_of(url)
    return registrable_domain(host), path_template(url[url.find(host) + len(host) :])


def _keys(table: pd.DataFrame) -> list[Key]:
    return list(zip(table["message_sha256"], map(int, table["part"]), map(int, table["index"]), strict=True))


def ask(
    paths: Sequence[str | os.PathLike[str]],
    choice: Choice,
    bundle: Bundle,
    copies: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> dict[Key, tuple[Question, Opinion]]:
    """Read the mails again and make the questions.

    Parameters
    ----------
    paths : sequence of path
    choice : Choice
        As :func:`choose` gave it for these paths.
    bundle : Bundle
        The model whose opinion is shown after the answer.
    copies : DataFrame, optional
        The evidence of campaigns: ``message_sha256``, ``part``, ``index`` and any other columns, one or more rows per
        reference; each row is shown as ``column: value`` without empty values.
    progress : callable, optional

    Raises
    ------
    TkitError
        If the table of copies has no such key.
    """
    wanted = frozenset(choice.keys)
    messages = {key[0] for key in wanted}
    evidence = _evidence(copies, wanted)
    questions: dict[Key, tuple[Question, Opinion]] = {}
    for raw in read_raw(paths, problems=[], progress=progress):
        message = Message.from_bytes(raw.raw)
        if message.message_sha256 in messages:
            messages.remove(message.message_sha256)
            for key, reference, row, opinion in _asked(message, wanted, bundle):
                facts = _facts(reference, row, choice.mails_with_url[key])
                questions[key] = _question(message, key, reference, facts, evidence.get(key, ())), opinion
    return {key: questions[key] for key in choice.keys if key in questions}


def _asked(
    message: Message, wanted: frozenset[Key], bundle: Bundle
) -> Iterator[tuple[Key, RemoteReference, pd.DataFrame, Opinion]]:
    rows = extract([message])
    judged = judge(bundle, rows)  # the whole mail, since a URL has one verdict
    by_index = {(reference.part, reference.index): reference for reference in references(message)}
    for number, key in enumerate(_keys(rows)):
        if key in wanted:
            row = rows.iloc[[number]]
            yield key, by_index[key[1:]], row, _opinion(row, judged.only(np.arange(len(rows)) == number), bundle)


def _question(
    message: Message,
    key: Key,
    reference: RemoteReference,
    facts: tuple[tuple[str, tuple[str, ...]], ...],
    copies: tuple[str, ...],
) -> Question:
    original = unwrap(reference.resolved_url)
    return Question(
        key,
        reference.carrier,
        visible(reference.url[:LONGEST]),
        visible(original[:LONGEST]) if original != reference.resolved_url else "",
        visible(host_of(original)),
        url_sha256(reference.url),
        visible(message.from_domain),
        visible(message.subject[:300]),
        f"{message.date:%Y-%m-%d}" if message.date else "",
        neighbourhood(message.html_parts[reference.part], reference, references(message)),
        facts,
        copies,
    )


def _facts(reference: RemoteReference, row: pd.DataFrame, mails: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    value = {str(name): float(number) for name, number in row.iloc[0].drop(_TEXT, errors="ignore").items()}
    facts = {
        heading: [reason(name, value[name]) for name in (*always, *(name for name in if_positive if value[name] > 0))]
        for heading, (always, if_positive) in _FACTS.items()
    }
    shows, url, beside = facts.values()
    shows.insert(0, size_words(value["width"], value["height"]))
    shows.append(reason("place", value["place"]))
    url[:0] = [f"on a server of {provider}" for provider in service_names([reference.resolved_url]) if provider]
    others = "1 other mail" if mails == 2 else f"{mails - 1:,} other mails" if mails > 2 else "no other mail"
    beside.append(f"the same URL is in {others} of this selection")
    return tuple((heading, tuple(dict.fromkeys(phrases))) for heading, phrases in facts.items())


def _opinion(row: pd.DataFrame, judged: Judgement, bundle: Bundle) -> Opinion:
    (verdict,), (score,) = judged.verdicts.tolist(), judged.deciding_scores(bundle).tolist()
    return Opinion(verdict, score, tuple(explain(bundle, row, judged.verdicts)[0]))


def _evidence(copies: pd.DataFrame | None, wanted: Iterable[Key]) -> dict[Key, tuple[str, ...]]:
    if copies is None:
        return {}
    missing = [name for name in KEY if name not in copies]
    if missing:
        raise TkitError(f"the table of copies has no column {', '.join(missing)}: name each reference by {', '.join(KEY)}")
    lines: dict[Key, tuple[str, ...]] = {}
    keys = set(wanted)
    others = [name for name in copies if name not in KEY]
    for key, values in zip(_keys(copies), copies[others].astype(object).to_numpy(), strict=True):
        if key in keys:
            line = "; ".join(f"{name}: {value}" for name, value in zip(others, values, strict=True) if not _empty(value))
            lines[key] = (*lines.get(key, ()), visible(line[:LONGEST]))
    return lines


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and np.isnan(value))
