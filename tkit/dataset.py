"""The published dataset: features and labels of public corpora, without a word of the mails.

``build`` makes it from the corpora's archives, the label files and the published lists; ``read`` gives it back. What is in
each column stands in ``data/README.md``.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tkit import __version__
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.detectors.lists import load_all, verdicts
from tkit.errors import TkitError
from tkit.features import extract
from tkit.html import RemoteReference, references
from tkit.mail import Message
from tkit.schema import FEATURE_VERSION, FEATURES
from tkit.splits import component_keys, connected_components
from tkit.url import clean, host_of, is_registered, registrable_domain, unwrap

FORMAT = 1
"""Version of the files' layout."""

WEB_LISTS = ("easyprivacy_full",)
"""Lists made for web pages: measured, but no part of ``listed``, which stands for the lists made for mail."""

_FILES = ("references.parquet", "labels.parquet")
_ROW = ["message_sha256", "part", "index"]
# The label files name carriers more coarsely than tkit does.
_GOLD_CARRIER = {
    "img-src": "img",
    "input-image": "input",
    "background-attr": "background",
    "style-attr": "css",
    "style-element": "css-sheet",
    "css-import": "css-sheet",
    "font-face": "css-sheet",
}
_LABELS = frozenset("TPCSU")

Progress = Callable[[str, int, int | None], None]
"""Called with what is being read, bytes done, and bytes in all."""


@dataclass(frozen=True)
class Dataset:
    """The published dataset.

    Attributes
    ----------
    references : DataFrame
        One row a remote reference: ``message_sha256``, ``part``, ``index``, ``carrier``, ``corpus``, ``date``,
        ``host_domain`` and the features (float32).
    labels : DataFrame
        One row a labelled reference: the key of ``references``, ``label``, ``first``, ``second``, ``confidence``,
        ``source`` (gold, member), ``cluster``, ``stratum``, ``stratum_weight``, ``component``, ``sender_key``, ``listed``
        and one column ``published_<name>`` for each published list.
    facts : mapping
        ``dataset.json``: versions, counts, digests of the inputs, what could not be joined.
    """

    references: pd.DataFrame
    labels: pd.DataFrame
    facts: Mapping[str, object]

    def digest(self) -> str:
        """Give one SHA-256, in hex, of the digests of its files."""
        return hashlib.sha256(json.dumps(self.facts["sha256"], sort_keys=True).encode()).hexdigest()

    def rows(self) -> pd.DataFrame:
        """Give the labelled references with their features: what detectors are trained and tested on."""
        return self.labels.merge(self.references, on=_ROW, how="left", validate="one_to_one")


def read(folder: str | os.PathLike[str]) -> Dataset:
    """Read a dataset.

    Raises
    ------
    TkitError
        Where a file is missing, does not have the digest that ``dataset.json`` gives, or has another version.
    """
    path = Path(folder)
    try:
        facts = json.loads((path / "dataset.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TkitError(f"{path}: no dataset.json: make the dataset with `tkit dataset build -o {path}`") from None
    except ValueError as error:
        raise TkitError(f"{path / 'dataset.json'}: not JSON ({error}): make the dataset anew") from None
    for name, version in (("format", FORMAT), ("feature_version", FEATURE_VERSION)):
        if facts.get(name) != version:
            raise TkitError(
                f"{path}: {name} {facts.get(name)}, but this tkit {__version__} reads {version}:"
                " make the dataset anew with `tkit dataset build`, or install the tkit that made it"
            )
    tables = []
    for name in _FILES:
        file = path / name
        if not file.is_file():
            raise TkitError(f"{file}: missing: make the dataset anew with `tkit dataset build`")
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["sha256"].get(name):
            raise TkitError(f"{file}: not the file that dataset.json names: restore it, or make the dataset anew")
        tables.append(pq.read_table(pa.BufferReader(data)).to_pandas())
    return Dataset(tables[0], tables[1], facts)


def build(shared: str | os.PathLike[str], folder: str | os.PathLike[str], progress: Progress | None = None) -> Dataset:
    """Make the dataset from the corpora's archives, the label files and the published lists.

    Parameters
    ----------
    shared : path
        A folder with ``corpora/<archive>``, ``gold/labels.csv``, ``gold/members.csv`` and ``lists/``.
    folder : path
        Where to write; the files are replaced together, at the end.
    progress : callable, optional
        See :data:`Progress`.

    Returns
    -------
    Dataset
        The same inputs and library versions give the same bytes.

    Raises
    ------
    TkitError
        Where an input is missing or is not the file that the registry or the labels name.
    """
    source = Path(shared)
    gold, members = _read_labels(source / "gold")
    wanted = frozenset(gold["message_sha256"])
    inputs = [source / "corpora" / corpus.archive for corpus in CORPORA]
    for corpus, archive in zip(CORPORA, inputs, strict=True):
        if not archive.is_file() or _digest(archive) != corpus.archive_sha256:
            raise TkitError(f"{archive}: missing, or not the archive that the registry of corpora names: fetch it anew")
    frames: list[pd.DataFrame] = []
    senders: dict[str, str] = {}
    tags: dict[tuple[str, int, int], str] = {}
    problems: list[Problem] = []
    for corpus, archive in zip(CORPORA, inputs, strict=True):
        frames.append(_read_corpus(archive, corpus.name, wanted, senders, tags, problems, progress))
    found = pd.concat(frames, ignore_index=True).drop_duplicates(_ROW, ignore_index=True)
    found["host_domain"] = _distinct(found["resolved_url"], lambda url: _published_domain(host_of(unwrap(url))))
    labels, lost = _join(found, gold, members)
    labels["sender_domain"] = labels["message_sha256"].map(senders)
    labels["host"] = labels["resolved_url"].map(lambda url: host_of(unwrap(url)))
    asked = labels["resolved_url"].tolist()
    labels["resolved_url"] = labels["resolved_url"].map(unwrap)
    labels["component"] = connected_components(component_keys(labels))
    labels["sender_key"] = labels["sender_domain"].map(_key)
    listed = verdicts(
        load_all(source / "lists"),
        asked,
        labels["resolved_url"].tolist(),
        [tags.get(key, "") for key in zip(labels["message_sha256"], labels["part"], labels["index"], strict=True)],
    ).add_prefix("published_")
    mail_lists = [name for name in map(str, listed) if name.removeprefix("published_") not in WEB_LISTS]
    labels["listed"] = listed[mail_lists].any(axis=1).to_numpy()
    labels = pd.concat([labels[_LABEL_COLUMNS], listed.reset_index(drop=True)], axis=1)
    kept = found[[*_ROW, "carrier", "corpus", "date", "host_domain", *(feature.name for feature in FEATURES)]]
    inputs += [source / "gold" / name for name in ("labels.csv", "members.csv")]
    inputs += sorted(path for path in (source / "lists").iterdir() if path.suffix in (".txt", ".json"))
    facts = {
        "format": FORMAT,
        "feature_version": FEATURE_VERSION,
        "references": len(kept),
        "messages_with_references": int(kept["message_sha256"].nunique()),
        "labels": {str(name): int(count) for name, count in labels["source"].value_counts().sort_index().items()},
        "components": int(labels["component"].nunique()),
        "labels_without_a_reference": lost,
        "members_that_are_no_mail": len(problems),
        "inputs": {str(path.relative_to(source)): _digest(path) for path in inputs},
    }
    return _write(Path(folder), kept, labels, facts)


_LABEL_COLUMNS = [
    *_ROW,
    "label",
    "first",
    "second",
    "confidence",
    "source",
    "cluster",
    "stratum",
    "stratum_weight",
    "component",
    "sender_key",
    "listed",
]


def _read_corpus(
    archive: Path,
    name: str,
    wanted: frozenset[str],
    senders: dict[str, str],
    tags: dict[tuple[str, int, int], str],
    problems: list[Problem],
    progress: Progress | None,
) -> pd.DataFrame:
    """Extract one archive; keep each message's sender, and the start tags of the references in labelled messages."""
    dates: dict[str, object] = {}

    def tell(done: int, total: int | None) -> None:
        if progress:
            progress(name, done, total)

    def messages() -> Iterator[Message]:
        for raw in read_raw([archive], problems=problems, progress=tell):
            message = Message.from_bytes(raw.raw)
            if message.html_parts:
                dates[message.message_sha256] = message.date
                senders[message.message_sha256] = registrable_domain(message.from_domain)
                if message.message_sha256 in wanted:
                    for found in references(message):
                        tags[message.message_sha256, found.part, found.index] = start_tag(found)
            yield message

    frame = extract(messages())
    frame["corpus"] = name
    frame["date"] = pd.to_datetime(frame["message_sha256"].map(dates), utc=True).dt.floor("D").astype("datetime64[ms, UTC]")
    return frame


def start_tag(reference: RemoteReference) -> str:
    """Write an element's start tag anew from its facts, for lists whose rules look at the tag's text."""
    facts = "".join(f' {name}="{value}"' for name, value in reference.attributes.items())
    return f"<{reference.element}{facts}>"


def _read_labels(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    try:
        gold = pd.read_csv(folder / "labels.csv")
        members = pd.read_csv(folder / "members.csv")
    except FileNotFoundError as error:
        raise TkitError(f"{error.filename}: no such label file: give the folder that holds gold/") from None
    strange = gold.loc[~gold["label"].isin(_LABELS)]
    if len(strange):
        raise TkitError(
            f"{folder / 'labels.csv'}: row {strange.index[0] + 2}, column label: {strange['label'].iloc[0]!r}:"
            " give one of T P C S U"
        )
    gold["url"] = gold["url"].map(clean)
    members["url"] = members["url"].map(clean)
    return gold, members


def _join(found: pd.DataFrame, gold: pd.DataFrame, members: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Find the reference of every gold label and of every member of its cluster; say how many have none.

    A label names a reference by part, carrier and URL; where a message writes it several times, the first is meant.
    """
    located = found[[*_ROW, "url", "resolved_url"]].assign(carrier=found["carrier"].map(_GOLD_CARRIER))
    gold = gold.assign(stratum_weight=gold["stratum_size"] / gold["stratum_drawn"], source="gold")
    of_gold = ["message_sha256", "part", "carrier", "url"]
    labelled = located.drop_duplicates(of_gold).merge(gold.drop(columns=["corpus", "path"]), on=of_gold)
    of_member = ["message_sha256", "carrier", "url"]
    label_of = gold[["cluster", "label", "first", "second", "confidence", "stratum", "stratum_weight"]]
    carried = located.drop_duplicates(of_member).merge(members.merge(label_of, on="cluster"), on=of_member)
    carried["source"] = "member"
    both = pd.concat([labelled, carried], ignore_index=True).drop_duplicates(_ROW, ignore_index=True)
    lost = {"gold": len(gold) - len(labelled), "members": len(members) - len(carried)}
    return both, lost


def _distinct(values: pd.Series, function: Callable[[str], str]) -> pd.Series:
    return values.map({value: function(value) for value in values.unique()})


def _published_domain(host: str) -> str:
    return registrable_domain(host) if is_registered(host) else ""


def _key(domain: str) -> str:
    """Stand for a sender without naming it."""
    return hashlib.sha256(f"tkit sender {domain}".encode()).hexdigest()[:16] if domain else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, found: pd.DataFrame, labels: pd.DataFrame, facts: dict[str, object]) -> Dataset:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".dataset-") as temporary:
        for name, frame in zip(_FILES, (found, labels), strict=True):
            table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
            pq.write_table(table, Path(temporary) / name, compression="zstd", compression_level=19, row_group_size=1 << 18)
        facts["sha256"] = {name: _digest(Path(temporary) / name) for name in _FILES}
        text = json.dumps(facts, indent=1, sort_keys=True) + "\n"
        (Path(temporary) / "dataset.json").write_text(text, encoding="utf-8")
        for name in (*_FILES, "dataset.json"):
            os.replace(Path(temporary) / name, folder / name)
    return Dataset(found, labels, facts)
