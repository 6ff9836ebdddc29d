"""The data card of the published dataset: a template filled with figures from its files."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from string import Template

import pandas as pd

from tkit.corpus import CORPORA, PublicCorpus
from tkit.dataset.columns import FILES, TITLES, columns
from tkit.dataset.gather import SALT
from tkit.dataset.reading import FOLD_SPLITS, Dataset
from tkit.features import FEATURES
from tkit.files import whole_file

_LABELS = ("T", "P", "C", "S", "U")
_SOURCES = ("gold", "member", "weak")
_MOST_LANGUAGES = 6


def render_data_card(dataset: Dataset) -> str:
    """Return the data card of a dataset in Markdown. Every number comes from the dataset."""
    description = dataset.description
    labels = dataset.labels
    of_source = labels["source"].value_counts()
    twice = labels[(labels["source"] == "gold") & labels["second"].notna()]
    values = {
        "version": description["version"],
        "published": description["published"],
        "feature_version": description["feature_version"],
        "labels_all": f"{len(labels):,}",
        **{
            name: f"{int(of_source.get(source, 0)):,}"
            for name, source in zip(("gold", "members", "weak"), _SOURCES, strict=True)
        },
        "count": len(CORPORA),
        "wanted": _rows(_of_wanted(dataset)),
        "full_rows": f"{int(labels['full'].sum()):,}",
        "full_mails": f"{labels.loc[labels['full'], 'message_sha256'].nunique():,}",
        "files": _rows((f"dataset/{name}", f"{len(table):,}", TITLES[name]) for name, table in dataset.tables().items()),
        "references": f"{len(dataset.references):,}",
        "messages": f"{len(dataset.messages):,}",
        "with_references": f"{int((dataset.messages['references'] > 0).sum()):,}",
        "no_date": f"{int(dataset.references['date'].isna().sum()):,}",
        "corpora": _rows(_of_corpora(dataset)),
        "languages": _languages(dataset.messages),
        "label_counts": _rows(
            (source, *(f"{int((labels['label'][labels['source'] == source] == label).sum()):,}" for label in _LABELS))
            for source in _SOURCES
            if source in of_source
        ),
        "seed": description["splits"]["seed"],
        "folds": description["splits"]["folds"],
        "splits": _rows(_of_splits(dataset)),
        "components": f"{description['components']:,}",
        "twice": f"{len(twice):,}",
        "agree_five": f"{(twice['first'] == twice['second']).mean():.1%}",
        "agree_tracker": f"{((twice['first'] == 'T') == (twice['second'] == 'T')).mean():.1%}",
        "lost_gold": description["labels_without_a_reference"]["gold"],
        "lost_members": description["labels_without_a_reference"]["members"],
        "salt": SALT,
        "licences": _rows((corpus.name, corpus.licence) for corpus in CORPORA),
        "columns": "\n\n".join(_of_columns(name, description["lists"]) for name in FILES),
    }
    return Template(files("tkit.dataset").joinpath("data_card.md").read_text("utf-8")).substitute(values)


def write_data_card(dataset: Dataset, path: Path) -> None:
    """Write the data card to a file, whole or not at all."""
    with whole_file(path) as stream:
        stream.write(render_data_card(dataset).encode("utf-8"))


def _rows(rows: Iterable[Iterable[object]]) -> str:
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def _of_corpora(dataset: Dataset) -> Iterable[tuple[str, ...]]:
    gold = dataset.labels.loc[dataset.labels["source"] == "gold", "message_sha256"]
    for corpus in CORPORA:
        mails = dataset.messages[dataset.messages["corpus"] == corpus.name]
        first, last = mails["date"].dt.year.quantile([0.01, 0.99])
        kinds = mails["kind"].value_counts().sort_index()
        yield (
            corpus.name,
            f"{len(mails):,}",
            f"{int((mails['references'] > 0).sum()):,}",
            f"{int(mails['references'].sum()):,}",
            f"{int(gold.isin(mails['message_sha256']).sum()):,}",
            f"{first:.0f} to {last:.0f}" if first < last else f"{first:.0f}",
            ", ".join(f"{kind} {count:,}" for kind, count in kinds.items() if kind) or "none",
            f"[{corpus.repository}]({corpus.home}) {_commit(corpus)}",
        )


def _commit(corpus: PublicCorpus) -> str:
    return f"at {corpus.commit[:12]}" if corpus.commit else "(commit not recorded)"


def _of_wanted(dataset: Dataset) -> Iterable[tuple[str, ...]]:
    mails = dataset.messages[dataset.messages["references"] > 0]
    gold = dataset.labels[dataset.labels["source"] == "gold"]
    wanted = gold["message_sha256"].map(mails.set_index("message_sha256")["wanted"])
    for value, name in (("wanted", "wanted"), ("unwanted", "unwanted"), ("", "not known")):
        rows = gold[wanted == value]
        yield (
            name,
            f"{int((mails['wanted'] == value).sum()):,}",
            f"{rows['message_sha256'].nunique():,}",
            *(f"{int((rows['label'] == label).sum()):,}" for label in _LABELS),
        )


def _languages(messages: pd.DataFrame) -> str:
    language_of = messages["language"][messages["references"] > 0]
    share = language_of[language_of != ""].value_counts(normalize=True)
    named = ", ".join(f"{language} {part:.1%}" for language, part in share.head(_MOST_LANGUAGES).items())
    return (
        f"{named}, others {share.iloc[_MOST_LANGUAGES:].sum():.1%}; unknown for {(language_of == '').mean():.1%} of the mails"
    )


def _of_splits(dataset: Dataset) -> Iterable[tuple[str, ...]]:
    day = dataset.description["splits"]["by_time"]
    grouping = {
        "by_time": f"sent before {day}, or from then on",
        "unseen_sender": "the sender's registrable domain",
        "unseen_kit": "component",
        "unseen_corpus": "component and corpus",
    }
    tracker = (dataset.labels["label"] == "T").to_numpy()
    weak = (dataset.labels["source"] == "weak").to_numpy()
    for name, by in grouping.items():
        for fold in [0] if name in FOLD_SPLITS else dataset.tested_corpora if name == "unseen_corpus" else [None]:
            split = dataset.split(name, fold, weak=True)
            masks = (split.train & ~weak, split.train & weak, split.test, split.test & tracker)
            title = f"{name}, fold {fold}" if name in FOLD_SPLITS else split.name
            yield (title, by, *(f"{int(mask.sum()):,}" for mask in masks))


def _of_columns(file: str, lists: list[str]) -> str:
    features = {feature.name for feature in FEATURES}
    rows = _rows((column.name, column.dtype, column.meaning) for column in columns(file, lists) if column.name not in features)
    return f"### {file}\n\n| column | type | meaning |\n|---|---|---|\n{rows}"
