"""Build the published dataset from the mails of the corpora, the label files and the published lists."""

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
from tkit.html.carriers import request_type
from tkit.labels.corrections import apply_corrections, read_corrections
from tkit.labels.files import carriers_as_in, read_table
from tkit.labels.weak import weak_labels
from tkit.lists.sources import WEB_LISTS, load_all, verdicts
from tkit.manipulate.copies import manipulated_rows
from tkit.manipulate.letters import letter_rows
from tkit.splits.folds import connected_components
from tkit.splits.kits import component_keys
from tkit.splits.official import FOLDS, SEED, TIME, corpora_with_gold, official_splits
from tkit.url import host_of, unwrap

VERSION = "2.0.0"
"""Version of the release: the first number counts changes of the layout or of the meaning of a label, the second added
rows, columns or features, the third corrected labels."""

DAY = "2026-11-30"
"""Day of the release, YYYY-MM-DD."""

SURE = 0.99
"""Probability from which a weak label has confidence 3."""

_PUBLISHED = "published_"
# The gold labels of clusters, those of whole mails, and the members of the clusters.
_LABEL_FILES = ("labels.csv", "wanted.csv", "members.csv")
# The columns of gold labels: those of every label file, how they were drawn, and both passes.
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
    """Build the dataset from the archives of the corpora, the label files and the published lists.

    Parameters
    ----------
    shared : path
        A folder with ``corpora/<archive>``, ``gold/labels.csv``, ``gold/wanted.csv``, ``gold/members.csv`` and ``lists/``.
    folder : path
        Where to write; all files are replaced together at the end.
    progress : callable, optional
        See :data:`tkit.dataset.gather.Progress`.
    corrections : path, optional
        Corrections of gold labels, see :mod:`tkit.labels.corrections`; see also :func:`corrections_beside`.

    Returns
    -------
    Dataset
        The same mails, labels and library versions give the same bytes, regardless of the order of mails and archives.

    Raises
    ------
    TkitError
        If an input is missing or does not match the registry or the labels, or `folder` cannot be written.
    """
    source = Path(shared)
    gold, members = _read_labels(source / "gold", corrections)
    mails = gather(CORPORA, source / "corpora", frozenset(gold["message_sha256"]), True, progress)
    labels, lost = _join(mails.references, gold, members)
    labels = _described(labels, mails, source / "lists")
    compared = _compared(mails)
    labels = pd.concat([labels, _weak(labels, mails, compared)], ignore_index=True)
    inputs = [source / "gold" / name for name in _LABEL_FILES]
    inputs += sorted(path for path in (source / "lists").iterdir() if path.suffix in (".txt", ".json"))
    provenance = {
        "labels_without_a_reference": lost,
        "inputs": {str(path.relative_to(source)): _digest(path) for path in inputs},
    }
    return _write(Path(folder), mails, labels, compared, provenance)


def corrections_beside(folder: Path) -> Path | None:
    """Return the corrections of a dataset: the path of ``corrections.csv`` beside its folder, None if there is none."""
    file = folder.resolve().parent / "corrections.csv"
    return file if file.is_file() else None


def rebuild(
    corpora: str | os.PathLike[str],
    published: Dataset,
    folder: str | os.PathLike[str],
    progress: Progress | None = None,
) -> Dataset:
    """Rebuild the dataset from the mails alone, with the labels and the lists' verdicts of a published one.

    Parameters
    ----------
    corpora : path
        The folder with the archives of the corpora, as :func:`tkit.corpus.download.get` writes them.
    published : Dataset
        The source of the labels; each belongs to the reference with its message, part and index.
    folder, progress
        As for :func:`build`.

    Returns
    -------
    Dataset
        The same bytes as the published one if mails and library versions are the same.

    Raises
    ------
    TkitError
        If an archive is missing or does not contain the registry's mails, the reference of a label is not found, or
        `folder` cannot be written.
    """
    labels = published.labels
    gold = frozenset(labels.loc[labels["source"] == "gold", "message_sha256"])
    mails = gather(CORPORA, Path(corpora), gold, False, progress)
    located = labels[list(KEY)].merge(mails.references[[*KEY, "url"]], on=list(KEY), how="left")
    lost = int(located["url"].isna().sum())
    if lost:
        raise TkitError(
            f"{corpora}: {lost} labelled references are not found again, because this tkit reads the mails differently from"
            " the one that made the labels' dataset: build with the label files, or install that tkit"
        )
    provenance = {name: published.description[name] for name in ("labels_without_a_reference", "inputs")}
    return _write(Path(folder), mails, labels, _compared(mails), provenance)


def _read_labels(folder: Path, corrections: str | os.PathLike[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    files = [folder / name for name in _LABEL_FILES]
    for file in files:
        if not file.is_file():
            raise TkitError(
                f"{file}: no such label file: give the folder that contains gold/, or take the labels from a published"
                " dataset with `--labels`"
            )
    drawn, whole = read_table(files[0], _GOLD), read_table(files[1], (*_GOLD, "full"))
    # Each file numbers its own clusters; the members are of the first.
    whole["cluster"] += int(drawn["cluster"].max()) + 1
    gold = pd.concat([drawn.assign(full=0), whole], ignore_index=True).astype({"full": bool})
    gold["second"] = gold["second"].where(gold["second"] != "")
    if corrections is not None:
        gold = apply_corrections(gold, read_corrections(corrections), corrections).drop(columns="reason")
    members = read_table(files[2], ("cluster", "message_sha256", "carrier", "url"))
    return gold.drop(columns="url_sha256"), members.drop(columns="url_sha256")


def _join(references: pd.DataFrame, gold: pd.DataFrame, members: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Find the reference of every gold label and of every member of its cluster, and count the labels without one.

    A label names a reference by part, carrier and URL. If a message contains that several times, the label means the first.
    """
    located = references[[*KEY, "url", "resolved_url"]].assign(
        carrier=carriers_as_in(set(gold["carrier"]), references["carrier"])
    )
    gold = gold.assign(stratum_weight=gold["stratum_size"] / gold["stratum_drawn"], source="gold")
    of_gold = ["message_sha256", "part", "carrier", "url"]
    labelled = located.drop_duplicates(of_gold).merge(gold.drop(columns=["corpus", "path"]), on=of_gold)
    of_member = ["message_sha256", "carrier", "url"]
    label_of = gold[["cluster", "label", "first", "second", "confidence", "stratum", "stratum_weight"]]
    carried = located.drop_duplicates(of_member).merge(members.merge(label_of, on="cluster"), on=of_member)
    carried = carried.assign(source="member", full=False)
    both = pd.concat([labelled, carried], ignore_index=True).drop_duplicates(list(KEY), ignore_index=True)
    lost = {"gold": len(gold) - len(labelled), "members": len(members) - len(carried)}
    return both, lost


def _described(labels: pd.DataFrame, mails: Gathered, lists: Path) -> pd.DataFrame:
    """Add the component, the sender and the verdicts of the published lists to each label."""
    requested = labels["resolved_url"].tolist()
    keys = component_keys(_with_keys(labels, mails.references))
    listed = verdicts(
        load_all(lists),
        requested,
        [unwrap(url) for url in requested],
        [mails.tags.get(key, "") for key in zip(*(labels[name] for name in KEY), strict=True)],
        labels["carrier"].map(request_type).tolist(),
    ).add_prefix(_PUBLISHED)
    of_mail = [name for name in map(str, listed) if name.removeprefix(_PUBLISHED) not in WEB_LISTS]
    return pd.concat([labels, listed.set_axis(labels.index)], axis=1).assign(
        component=connected_components(keys),
        sender_key=labels["message_sha256"].map(mails.messages.set_index("message_sha256")["sender_key"]),
        listed=listed[of_mail].any(axis=1).to_numpy(),
    )


def _compared(mails: Gathered) -> pd.DataFrame:
    """Compare the copies of each mailing within each corpus."""
    return pd.concat([compare_copies(copies) for copies in mails.copies.values()], ignore_index=True)


def _weak(labels: pd.DataFrame, mails: Gathered, compared: pd.DataFrame) -> pd.DataFrame:
    """Label the references that are in no label file by the weak sources."""
    weak = weak_labels(mails.references, compared, labels).rename(columns={"confidence": "probability"})
    sender_of = mails.messages.set_index("message_sha256")["sender_key"]
    return weak.assign(
        source="weak",
        confidence=np.where(weak["probability"] >= SURE, 3, 2),
        full=False,
        cluster=-1,
        component=-1,
        sender_key=weak["message_sha256"].map(sender_of),
    )


def _with_keys(labels: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return key and label of each row with the day, corpus, sender, URL and host of its reference, unwrapped from proxies."""
    of_row = rows[[*KEY, "resolved_url", "sender_domain", "date", "corpus"]]
    keyed = labels[[*KEY, "label"]].merge(of_row, on=list(KEY), how="left", validate="one_to_one")
    keyed["resolved_url"] = keyed["resolved_url"].map(unwrap)
    keyed["host"] = keyed["resolved_url"].map(host_of)
    return keyed


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(
    folder: Path, mails: Gathered, labels: pd.DataFrame, compared: pd.DataFrame, provenance: Mapping[str, object]
) -> Dataset:
    keyed = _with_keys(labels, mails.references)
    dated = labels.assign(date=keyed["date"].to_numpy(), corpus=keyed["corpus"].to_numpy())
    splits = official_splits(dated, component_keys(keyed))
    letters = [raw for _, raw in sorted(mails.letters.items())]
    copies = [manipulated_rows(mails.labelled, labels), letter_rows(mails.labelled, labels, letters)]
    manipulated = pd.concat(copies, ignore_index=True, join="inner")
    # If two corpora contain the same message, its references and copies count for the first.
    campaigns = with_campaigns(mails.references[list(KEY)], campaign_features(compared.drop_duplicates(list(KEY))))
    frames = (mails.references, labels, mails.messages, splits, manipulated, campaigns)
    lists = [str(name).removeprefix(_PUBLISHED) for name in labels if str(name).startswith(_PUBLISHED)]
    tables = {
        name: pa.Table.from_pandas(frame, arrow_schema(name, lists), preserve_index=False).replace_schema_metadata(None)
        for name, frame in zip(FILES, frames, strict=True)
    }
    strong = labels[labels["source"] != "weak"]
    description = {
        "version": VERSION,
        "published": DAY,
        "format": FORMAT,
        "feature_version": FEATURE_VERSION,
        "lists": lists,
        "messages": len(mails.messages),
        "messages_with_references": int((mails.messages["references"] > 0).sum()),
        "references": len(mails.references),
        "labels": {str(name): int(count) for name, count in labels["source"].value_counts().sort_index().items()},
        "components": int(strong["component"].nunique()),
        "splits": {"folds": FOLDS, "seed": SEED, "by_time": TIME, "unseen_corpus": corpora_with_gold(dated)},
        "corpora": {corpus.name: corpus.messages_sha256 for corpus in CORPORA},
        **provenance,
    }
    with whole_folder(folder, (*FILES, "dataset.json", "croissant.json", "SHA256SUMS")) as new:
        for name, table in tables.items():
            pq.write_table(table, new / name, compression="zstd", compression_level=19, row_group_size=1 << 18)
        description["sha256"] = {name: _digest(new / name) for name in FILES}
        _write_json(new / "dataset.json", description)
        sizes = {name: (new / name).stat().st_size for name in FILES}
        _write_json(new / "croissant.json", croissant(description, sizes))
        sums = "".join(f"{_digest(path)}  {path.name}\n" for path in sorted(new.iterdir()))
        (new / "SHA256SUMS").write_text(sums, "utf-8")
    return Dataset(
        **{name.removesuffix(".parquet"): table.to_pandas() for name, table in tables.items()}, description=description
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
