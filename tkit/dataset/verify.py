"""Check the published dataset."""

from __future__ import annotations

import json
import re
import tempfile
import warnings
from hashlib import file_digest
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tkit.corpus import CORPORA
from tkit.corpus.registry import WANTED, digest_of
from tkit.dataset.build import build, corrections_beside, rebuild
from tkit.dataset.card import render_data_card
from tkit.dataset.columns import FILES, KEYS, arrow_schema
from tkit.dataset.croissant import croissant
from tkit.dataset.gather import Progress
from tkit.dataset.privacy import texts
from tkit.dataset.reading import FOLD_SPLITS, Dataset, read, read_description
from tkit.errors import TkitError
from tkit.splits.folds import require_whole_groups, sender_groups
from tkit.splits.official import FOLDS, TIME

SUMS = "SHA256SUMS"
ALL_FILES = (*FILES, "dataset.json", "croissant.json")
"""The files in SHA256SUMS."""

# Columns of names that may contain a space, which texts() takes for a sign of prose.
_NAMES = {"declared_size", "provider"}
_HASH = re.compile(r"[0-9a-f]{64}")
_SENDER = re.compile(r"(?:[0-9a-f]{16})?")
_DOMAIN = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)?")
_SOURCES = re.compile(r"(?:[a-z_]+(?: [a-z_]+)*)?")
_FORMS = {
    "message_sha256": _HASH,
    "sender_key": _SENDER,
    "host_domain": _DOMAIN,
    "label": re.compile("[TPCSU]"),
    "source": re.compile("gold|member|weak"),
    "sources": _SOURCES,
    "against": _SOURCES,
    "kind": re.compile("|".join(WANTED)),
    "wanted": re.compile("|".join(set(WANTED.values()))),
    "language": re.compile("[a-z]{2}|"),
    "corpus": re.compile("|".join(corpus.name for corpus in CORPORA)),
    "by_time": re.compile("train|test|"),
    "manipulation": re.compile(r"(?:letter\+)?[a-z0-9-]+(?:\+[a-z0-9-]+){0,2}"),
}


class Check(NamedTuple):
    """One check: its name, whether it holds, and the finding in words."""

    name: str
    holds: bool
    found: str


def verify(folder: Path, shared: Path | None = None, card: Path | None = None, progress: Progress | None = None) -> list[Check]:
    """Check files, columns, keys, joins, splits, privacy and metadata of a dataset, and with `shared` that it can be rebuilt.

    Parameters
    ----------
    folder : path
        Folder of the dataset.
    shared : path, optional
        A folder with ``corpora/``. If it also contains ``gold/`` and ``lists/``, the labels are rebuilt too, otherwise
        they are taken from the dataset itself.
    card : path, optional
        Data card that must match these files.
    progress : callable, optional
        Called while the dataset is rebuilt, see :data:`tkit.dataset.gather.Progress`.

    Returns
    -------
    list of Check
        In the order of the checks. Checks that depend on a failed one are left out.

    Raises
    ------
    TkitError
        If there is no dataset.
    """
    description = read_description(folder)
    checks = [_checksums(folder)]
    try:
        checks.append(_columns(folder, list(description.get("lists", []))))
        dataset = read(folder)
    except TkitError as error:
        return [*checks, Check("files can be read", False, str(error))]
    checks += [_text(dataset), _messages_of_registry(dataset), _keys(dataset), _joins(dataset)]
    if not all(check.holds for check in checks[-2:]):
        return checks
    checks += [_counts(dataset), _splits(dataset), _metadata(folder, dataset)]
    if card is not None:
        checks.append(_card(dataset, card))
    if shared is not None:
        checks.append(_rebuilt(folder, dataset, shared, progress))
    return checks


def _checksums(folder: Path) -> Check:
    wrong = []
    named: dict[str, str] = {}
    sums = folder / SUMS
    for line in sums.read_text("utf-8", "replace").splitlines() if sums.is_file() else []:
        digest, _, name = line.partition("  ")
        named[name] = digest
    for name in ALL_FILES:
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif name not in named:
            wrong.append(f"{SUMS} does not name {name}")
        else:
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != named[name]:
                    wrong.append(f"the bytes of {name} do not match")
    others = sorted(path.name for path in folder.iterdir() if path.name not in (*ALL_FILES, SUMS))
    wrong += [f"{name} does not belong here" for name in others]
    return _check("checksums", wrong, f"{len(ALL_FILES)} files match {SUMS}")


def _columns(folder: Path, lists: list[str]) -> Check:
    wrong = []
    for name in FILES:
        if not (folder / name).is_file():
            continue
        try:
            schema = pq.read_schema(folder / name)
        except (pa.ArrowInvalid, OSError) as error:
            wrong.append(f"{name} is not a Parquet file ({error})")
            continue
        expected = arrow_schema(name, lists)
        if not schema.equals(expected):
            both = zip_longest(map(str, schema), map(str, expected), fillvalue="nothing")
            has, documented = next(pair for pair in both if pair[0] != pair[1])
            wrong.append(f"{name} has {has} where {documented} is documented")
    return _check("columns", wrong, f"names and types of {len(FILES)} tables as documented")


def _keys(dataset: Dataset) -> Check:
    wrong = []
    for name, table in dataset.tables().items():
        duplicates = int(table.duplicated(list(KEYS[name])).sum())
        absent = int(table[list(KEYS[name])].isna().any(axis=1).sum())
        if duplicates or absent:
            wrong.append(f"{name}: {duplicates} duplicate keys, {absent} null keys")
    return _check("keys", wrong, "unique in each table")


def _joins(dataset: Dataset) -> Check:
    wrong = []
    references = pd.MultiIndex.from_frame(dataset.references[list(KEYS["references.parquet"])])
    labels = pd.MultiIndex.from_frame(dataset.labels[list(KEYS["labels.parquet"])])
    if not labels.isin(references).all():
        wrong.append("a label has no reference")
    if not labels.equals(pd.MultiIndex.from_frame(dataset.splits[list(KEYS["splits.parquet"])])):
        wrong.append("splits.parquet does not list the labels in their order")
    gold = dataset.labels[dataset.labels["source"] == "gold"]
    copied = pd.MultiIndex.from_frame(dataset.manipulated[list(KEYS["labels.parquet"])])
    if not copied.isin(pd.MultiIndex.from_frame(gold[list(KEYS["labels.parquet"])])).all():
        wrong.append("a manipulated copy has no gold reference")
    if not references.equals(pd.MultiIndex.from_frame(dataset.campaigns[list(KEYS["campaigns.parquet"])])):
        wrong.append("campaigns.parquet does not list the references in their order")
    per_message = dataset.references["message_sha256"].value_counts()
    messages = dataset.messages.set_index("message_sha256")
    if not per_message.index.isin(messages.index).all():
        wrong.append("a reference has no message")
    elif not (messages["references"] == per_message.reindex(messages.index, fill_value=0)).all():
        wrong.append("messages.parquet has a wrong count of references")
    else:
        of_message = messages.loc[dataset.references["message_sha256"], ["corpus", "date"]].reset_index(drop=True)
        if not of_message.equals(dataset.references[["corpus", "date"]]):
            wrong.append("a reference differs from its message in corpus or day")
        if not (messages.loc[dataset.labels["message_sha256"], "sender_key"].to_numpy() == dataset.labels["sender_key"]).all():
            wrong.append("a label differs from its message in the sender")
    return _check("joins", wrong, f"{len(labels):,} labels to {len(references):,} references to {len(messages):,} messages")


def _counts(dataset: Dataset) -> Check:
    labels = {str(name): int(count) for name, count in dataset.labels["source"].value_counts().items()}
    counted = {
        "references": len(dataset.references),
        "messages": len(dataset.messages),
        "labels": labels,
        "components": int(dataset.labels.loc[dataset.labels["source"] != "weak", "component"].nunique()),
    }
    wrong = [
        f"dataset.json: {name} {dataset.description.get(name)}, counted {value}"
        for name, value in counted.items()
        if dataset.description.get(name) != value
    ]
    return _check("counts", wrong, ", ".join(f"{count:,} {name}" for name, count in labels.items()))


def _messages_of_registry(dataset: Dataset) -> Check:
    wrong = []
    for corpus in CORPORA:
        hashes = dataset.messages.loc[dataset.messages["corpus"] == corpus.name, "message_sha256"]
        if digest_of(hashes) != corpus.messages_sha256:
            wrong.append(f"{corpus.name}: not the registry's {corpus.messages:,} messages")
    return _check("messages", wrong, f"those of the {len(CORPORA)} corpora in the registry")


def _splits(dataset: Dataset) -> Check:
    """Check that no group is on both sides and no weak row is tested."""
    wrong = []
    strong = dataset.rows()
    groups = {"unseen_sender": sender_groups(strong), "unseen_kit": strong["component"]}
    gold = (strong["source"] == "gold").to_numpy()
    tested = np.zeros(len(strong), dtype=np.int64)
    try:
        time = dataset.split("by_time")
        require_whole_groups(time, strong["component"])
        moment = pd.Timestamp(TIME, tz="UTC")
        if not ((strong["date"][time.train] < moment).all() and (strong["date"][time.test] >= moment).all()):
            wrong.append("by_time: a row is on the wrong side of the day")
        for name in FOLD_SPLITS:
            for fold in range(FOLDS):
                split = dataset.split(name, fold)
                require_whole_groups(split, groups[name])
                tested += split.test
                if not (split.train.any() and split.test.any()):
                    wrong.append(f"{split.name} has no row to train on or no row to test")
                weak = dataset.split(name, fold, weak=True)
                if (weak.train & weak.test).any() or weak.test.sum() != split.test.sum():
                    wrong.append(f"{split.name}: a weak row is tested, or a row is on both sides")
        corpus_of = dataset.messages.set_index("message_sha256")["corpus"]
        corpora = dataset.labels["message_sha256"].map(corpus_of).to_numpy()
        for name in dataset.tested_corpora:
            split = dataset.split("unseen_corpus", name)
            require_whole_groups(split, strong["component"])
            require_whole_groups(dataset.split("unseen_corpus", name, weak=True), corpora)
            if not np.array_equal(split.test, gold & (corpora[: len(gold)] == name)):
                wrong.append(f"{split.name} does not test the gold rows of the corpus")
    except TkitError as error:
        wrong.append(str(error))
    else:
        if not (tested[gold] == len(FOLD_SPLITS)).all() or tested[~gold].any():
            wrong.append("the folds do not test every gold row exactly once, and no other row")
    return _check(
        "splits",
        wrong,
        f"no group is on both sides in by_time, {len(FOLD_SPLITS)} x {FOLDS} folds and {len(dataset.tested_corpora)} corpora",
    )


def _text(dataset: Dataset) -> Check:
    wrong = []
    count = 0
    for name, table in dataset.tables().items():
        for column in table.select_dtypes(exclude=["number", "bool", "datetimetz"]):
            values = [value for value in table[column].unique() if isinstance(value, str)]
            count += bool(values)
            form = _FORMS.get(str(column))
            if form is not None:
                bad = [value for value in values if not form.fullmatch(value)]
            elif column in _NAMES:
                bad = texts(str(value).replace(" ", "") for value in values)
            else:
                bad = texts(values)
            if bad:
                wrong.append(f"{name}: {column} contains {len(bad)} values that are not a code, name or hash")
    return _check("no text", wrong, f"{count} columns contain only codes, names and hashes, no address, URL or prose")


def _metadata(folder: Path, dataset: Dataset) -> Check:
    sizes = {name: (folder / name).stat().st_size for name in FILES}
    try:
        metadata = json.loads((folder / "croissant.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        return Check("croissant.json", False, f"cannot be read ({error})")
    if metadata != croissant(dataset.description, sizes):
        return Check("croissant.json", False, "does not match the files and dataset.json")
    try:
        import mlcroissant  # noqa: PLC0415  a development tool
    except ImportError:
        return Check("croissant.json", True, "matches the files; install mlcroissant to have it validated")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of its JSON-LD library
            mlcroissant.Dataset(jsonld=metadata)
    except (mlcroissant.ValidationError, ValueError) as error:
        return Check("croissant.json", False, f"mlcroissant: {error}")
    return Check("croissant.json", True, f"valid according to mlcroissant {version('mlcroissant')}")


def _card(dataset: Dataset, card: Path) -> Check:
    try:
        text = card.read_text("utf-8")
    except OSError as error:
        return Check("data card", False, f"{card}: {error.strerror}")
    if text != render_data_card(dataset):
        return Check("data card", False, f"{card} does not match the files: write it with `tkit dataset card`")
    return Check("data card", True, f"{card} matches the files")


def _rebuilt(folder: Path, dataset: Dataset, shared: Path, progress: Progress | None) -> Check:
    with tempfile.TemporaryDirectory(prefix="tkit-rebuild-") as temporary:
        again = Path(temporary) / "dataset"
        if (shared / "gold").is_dir():
            build(shared, again, progress, corrections_beside(folder))
            sources = "mails, label files and lists"
        else:
            rebuild(shared / "corpora", dataset, again, progress)
            sources = "mails, with the dataset's own labels"
        wrong = [
            f"{name} differs" for name in (*ALL_FILES, SUMS) if (folder / name).read_bytes() != (again / name).read_bytes()
        ]
    return _check("rebuilt", wrong, f"byte for byte from the {sources}")


def _check(name: str, wrong: list[str], finding: str) -> Check:
    return Check(name, not wrong, "; ".join(wrong) if wrong else finding)
