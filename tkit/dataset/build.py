"""Making the published dataset: from the corpora's mails, the label files and the published lists to its files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tkit.campaigns import compare_copies
from tkit.corpus import CORPORA
from tkit.dataset.columns import FILES, arrow_schema
from tkit.dataset.croissant import croissant
from tkit.dataset.gather import Gathered, Progress, gather
from tkit.dataset.reading import FORMAT, Dataset
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION, KEY
from tkit.features.campaign import campaign_features, with_campaigns
from tkit.files import whole_folder
from tkit.html.carriers import COARSE_CARRIER, request_type
from tkit.labels.corrections import apply_corrections, read_corrections
from tkit.labels.files import read_table
from tkit.labels.weak import weak_labels
from tkit.lists.sources import WEB_LISTS, load_all, verdicts
from tkit.manipulate.copies import manipulated_rows
from tkit.splits.folds import connected_components
from tkit.splits.kits import component_keys
from tkit.splits.official import FOLDS, SEED, TIME, official_splits
from tkit.url import host_of, unwrap

VERSION = "1.1.0"
"""Version of the release: the first number counts changes of the files' layout or of what a label means, the second added
rows or columns and new features, the third corrected labels."""

DAY = "2026-11-25"
"""Day of the release, YYYY-MM-DD."""

SURE = 0.99
"""Probability from which a weak label is of confidence 3."""

_PUBLISHED = "published_"
# What the gold labels have beside what every label file has: how they were drawn, and both passes.
_GOLD = (
    *("message_sha256", "part", "carrier", "url", "label", "confidence", "first", "second"),
    *("corpus", "path", "cluster", "stratum", "stratum_size", "stratum_drawn"),
)


def build(
    shared: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    progress: Progress | None = None,
    corrections: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Make the dataset from the corpora's archives, the label files and the published lists.

    Parameters
    ----------
    shared : path
        A folder with ``corpora/<archive>``, ``gold/labels.csv``, ``gold/members.csv`` and ``lists/``.
    folder : path
        Where to write; the files are replaced together, at the end.
    progress : callable, optional
        See :data:`tkit.dataset.gather.Progress`.
    corrections : path, optional
        Corrections of gold labels, see :mod:`tkit.labels.corrections`; see also :func:`corrections_beside`.

    Returns
    -------
    Dataset
        The same mails, labels and library versions give the same bytes, in whatever order or archive the mails come.

    Raises
    ------
    TkitError
        Where an input is missing or is not what the registry or the labels name.
    """
    source = Path(shared)
    gold, members = _read_labels(source / "gold", corrections)
    found = gather(CORPORA, source / "corpora", frozenset(gold["message_sha256"]), True, progress)
    labels, lost = _join(found.references, gold, members)
    labels = _described(labels, found, source / "lists")
    compared = _compared(found)
    labels = pd.concat([labels, _weak(labels, found, compared)], ignore_index=True)
    inputs = [source / "gold" / name for name in ("labels.csv", "members.csv")]
    inputs += sorted(path for path in (source / "lists").iterdir() if path.suffix in (".txt", ".json"))
    facts = {
        "labels_without_a_reference": lost,
        "inputs": {str(path.relative_to(source)): _digest(path) for path in inputs},
    }
    return _write(Path(folder), found, labels, compared, facts)


def corrections_beside(folder: Path) -> Path | None:
    """Return the corrections that belong to a dataset: ``corrections.csv`` beside its folder, None where there is none."""
    file = folder.resolve().parent / "corrections.csv"
    return file if file.is_file() else None


def rebuild(
    corpora: str | os.PathLike[str],
    published: Dataset,
    folder: str | os.PathLike[str],
    progress: Progress | None = None,
) -> Dataset:
    """Make the dataset anew from the mails alone; the labels and the lists' verdicts are taken over from a published one.

    Parameters
    ----------
    corpora : path
        The folder with the corpora's archives, as :func:`tkit.corpus.download.get` writes them.
    published : Dataset
        Where labels come from; they keep their place by message, part and index.
    folder, progress
        As for :func:`build`.

    Returns
    -------
    Dataset
        With the same mails and library versions the same bytes as the published one.

    Raises
    ------
    TkitError
        Where an archive is missing or does not hold the registry's mails, or a label's reference is not found.
    """
    labels = published.labels
    gold = frozenset(labels.loc[labels["source"] == "gold", "message_sha256"])
    found = gather(CORPORA, Path(corpora), gold, False, progress)
    where = labels[list(KEY)].merge(found.references[[*KEY, "url"]], on=list(KEY), how="left")
    lost = int(where["url"].isna().sum())
    if lost:
        raise TkitError(
            f"{corpora}: {lost} labelled references are not found again: this tkit reads the mails otherwise than the one"
            " that made the labels' dataset; build with the label files, or install that tkit"
        )
    facts = {name: published.facts[name] for name in ("labels_without_a_reference", "inputs")}
    return _write(Path(folder), found, labels, _compared(found), facts)


def _read_labels(folder: Path, corrections: str | os.PathLike[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    files = folder / "labels.csv", folder / "members.csv"
    for file in files:
        if not file.is_file():
            raise TkitError(
                f"{file}: no such label file: give the folder that holds gold/, or take the labels of a published"
                " dataset with `--labels`"
            )
    gold = read_table(files[0], _GOLD)
    if corrections is not None:
        gold = apply_corrections(gold, read_corrections(corrections), corrections).drop(columns="reason")
    members = read_table(files[1], ("cluster", "message_sha256", "carrier", "url"))
    return gold.drop(columns="url_sha256"), members.drop(columns="url_sha256")


def _join(found: pd.DataFrame, gold: pd.DataFrame, members: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Find the reference of every gold label and of every member of its cluster; say how many have none.

    A label names a reference by part, carrier and URL; where a message writes it several times, the first is meant.
    """
    located = found[[*KEY, "url", "resolved_url"]].assign(carrier=found["carrier"].map(COARSE_CARRIER))
    gold = gold.assign(stratum_weight=gold["stratum_size"] / gold["stratum_drawn"], source="gold")
    of_gold = ["message_sha256", "part", "carrier", "url"]
    labelled = located.drop_duplicates(of_gold).merge(gold.drop(columns=["corpus", "path"]), on=of_gold)
    of_member = ["message_sha256", "carrier", "url"]
    label_of = gold[["cluster", "label", "first", "second", "confidence", "stratum", "stratum_weight"]]
    carried = located.drop_duplicates(of_member).merge(members.merge(label_of, on="cluster"), on=of_member)
    carried["source"] = "member"
    both = pd.concat([labelled, carried], ignore_index=True).drop_duplicates(list(KEY), ignore_index=True)
    lost = {"gold": len(gold) - len(labelled), "members": len(members) - len(carried)}
    return both, lost


def _described(labels: pd.DataFrame, found: Gathered, lists: Path) -> pd.DataFrame:
    """Add the component, and what the published lists say of each labelled reference."""
    asked = labels["resolved_url"].tolist()
    keys = component_keys(_with_keys(labels, found.references))
    listed = verdicts(
        load_all(lists),
        asked,
        [unwrap(url) for url in asked],
        [found.tags.get(key, "") for key in zip(*(labels[name] for name in KEY), strict=True)],
        labels["carrier"].map(request_type).tolist(),
    ).add_prefix(_PUBLISHED)
    of_mail = [name for name in map(str, listed) if name.removeprefix(_PUBLISHED) not in WEB_LISTS]
    return pd.concat([labels, listed.set_axis(labels.index)], axis=1).assign(
        component=connected_components(keys),
        sender_key=labels["message_sha256"].map(found.messages.set_index("message_sha256")["sender_key"]),
        listed=listed[of_mail].any(axis=1).to_numpy(),
    )


def _compared(found: Gathered) -> pd.DataFrame:
    """Compare the copies of the mailings of each corpus."""
    return pd.concat([compare_copies(copies) for copies in found.copies.values()], ignore_index=True)


def _weak(labels: pd.DataFrame, found: Gathered, compared: pd.DataFrame) -> pd.DataFrame:
    """Label what no label file names by the weak sources."""
    weak = weak_labels(found.references, compared, labels).rename(columns={"confidence": "probability"})
    sender_of = found.messages.set_index("message_sha256")["sender_key"]
    return weak.assign(
        source="weak",
        confidence=np.where(weak["probability"] >= SURE, 3, 2),
        cluster=-1,
        component=-1,
        sender_key=weak["message_sha256"].map(sender_of),
    )


def _with_keys(labels: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return each label's key and label with the sender, the URL and the host of its reference, proxies undone."""
    of_row = rows[[*KEY, "resolved_url", "sender_domain", "date"]]
    keyed = labels[[*KEY, "label"]].merge(of_row, on=list(KEY), how="left", validate="one_to_one")
    keyed["resolved_url"] = keyed["resolved_url"].map(unwrap)
    keyed["host"] = keyed["resolved_url"].map(host_of)
    return keyed


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, found: Gathered, labels: pd.DataFrame, compared: pd.DataFrame, facts: Mapping[str, object]) -> Dataset:
    keyed = _with_keys(labels, found.references)
    splits = official_splits(labels.assign(date=keyed["date"].to_numpy()), component_keys(keyed))
    manipulated = manipulated_rows(found.labelled, labels)
    # Of a message that two corpora hold the references are the first one's, and so are its copies.
    campaigns = with_campaigns(found.references[list(KEY)], campaign_features(compared.drop_duplicates(list(KEY))))
    frames = (found.references, labels, found.messages, splits, manipulated, campaigns)
    lists = [str(name).removeprefix(_PUBLISHED) for name in labels if str(name).startswith(_PUBLISHED)]
    tables = {
        name: pa.Table.from_pandas(frame, arrow_schema(name, lists), preserve_index=False).replace_schema_metadata(None)
        for name, frame in zip(FILES, frames, strict=True)
    }
    strong = labels[labels["source"] != "weak"]
    counts = {
        "version": VERSION,
        "published": DAY,
        "format": FORMAT,
        "feature_version": FEATURE_VERSION,
        "lists": lists,
        "messages": len(found.messages),
        "messages_with_references": int((found.messages["references"] > 0).sum()),
        "references": len(found.references),
        "labels": {str(name): int(count) for name, count in labels["source"].value_counts().sort_index().items()},
        "components": int(strong["component"].nunique()),
        "splits": {"folds": FOLDS, "seed": SEED, "by_time": TIME},
        "corpora": {corpus.name: corpus.messages_sha256 for corpus in CORPORA},
    }
    with whole_folder(folder, (*FILES, "dataset.json", "croissant.json", "SHA256SUMS")) as place:
        for name, table in tables.items():
            pq.write_table(table, place / name, compression="zstd", compression_level=19, row_group_size=1 << 18)
        told = counts | dict(facts) | {"sha256": {name: _digest(place / name) for name in FILES}}
        _write_json(place / "dataset.json", told)
        files = [*FILES, "dataset.json"]
        _write_json(place / "croissant.json", croissant(told, {name: (place / name).stat().st_size for name in files}))
        files.append("croissant.json")
        (place / "SHA256SUMS").write_text("".join(f"{_digest(place / name)}  {name}\n" for name in sorted(files)), "utf-8")
    return Dataset(**{name.removesuffix(".parquet"): table.to_pandas() for name, table in tables.items()}, facts=told)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
