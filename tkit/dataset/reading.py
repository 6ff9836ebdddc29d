"""The published dataset: features and labels of public corpora, without any text of the mails.

:func:`load_dataset` reads the dataset that comes with tkit, :func:`read` one in any folder, and :mod:`tkit.dataset.build`
makes one. ``data/README.md`` describes every column.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tkit.dataset.columns import FILES
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION, KEY, MAIL_VANTAGES
from tkit.features.campaign import with_campaigns
from tkit.manipulate.mailings import known_copies
from tkit.splits import Split
from tkit.splits.official import FOLDS
from tkit.version import __version__

FORMAT = 3
"""Version of the files' layout."""

FOLD_SPLITS = ("unseen_sender", "unseen_kit")
"""The official splits that have numbered folds; ``by_time`` is a single split, ``unseen_corpus`` has one for each corpus."""

_CAMPAIGNS = "campaigns.parquet"
_PACKAGE = Path(__file__).resolve().parents[1]
# An installed package has the dataset beside its modules, a clone has it in data/.
_FOLDERS = (_PACKAGE / "published", _PACKAGE.parent / "data" / "dataset")


@dataclass(frozen=True)
class Dataset:
    """The published dataset; the columns of each table are those of :mod:`tkit.dataset.columns`.

    Attributes
    ----------
    references : DataFrame
        One row per remote reference: its key, the columns that slices are cut by, and the features (float32).
    labels : DataFrame
        One row per labelled reference; ``source`` is gold, member or weak.
    messages : DataFrame
        One row per message of the corpora.
    splits : DataFrame
        One row per labelled reference: the official splits.
    manipulated : DataFrame
        One row per disguised copy of a gold reference (:mod:`tkit.manipulate.copies`): to train on, never to test.
    campaigns : DataFrame
        One row per remote reference: the features of the vantage point ``campaign`` (float32), by
        :mod:`tkit.features.campaign`, from the copies in its own corpus.
    description : mapping
        The content of ``dataset.json``: versions, counts, digests of the inputs, the number of labels without a reference.
    """

    references: pd.DataFrame
    labels: pd.DataFrame
    messages: pd.DataFrame
    splits: pd.DataFrame
    manipulated: pd.DataFrame
    campaigns: pd.DataFrame
    description: Mapping[str, Any]

    @property
    def tested_corpora(self) -> list[str]:
        """The names of the corpora with gold rows: the folds of the official split ``unseen_corpus``."""
        return list(self.description["splits"]["unseen_corpus"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by file name."""
        return {name: getattr(self, name.removesuffix(".parquet")) for name in FILES}

    def digest(self, vantage: str = "message") -> str:
        """Return one SHA-256, in hex, over the files that a vantage point reads, which its detectors are trained on."""
        of_file = self.description["sha256"]
        read_files = {name: digest for name, digest in of_file.items() if name != _CAMPAIGNS or not _is_of_mail(vantage)}
        return hashlib.sha256(json.dumps(read_files, sort_keys=True).encode()).hexdigest()

    def seen_from(self, vantage: str) -> pd.DataFrame:
        """Return the references with at least the features that the vantage point can compute."""
        return self.references if _is_of_mail(vantage) else with_campaigns(self.references, self.campaigns)

    def disguised(self, vantage: str = "message") -> pd.DataFrame:
        """Return the manipulated copies with the features of every vantage point, to train on beside :meth:`rows`.

        A sender disguises every copy of a mailing in the same way. So a comparison of the copies gives a disguised reference
        the features it had before. One inaccuracy: where the disguise changes tokens, their length stays the original one.

        Few labelled references have a known copy. So at the vantage point ``campaign`` they come again as if several were known
        (:func:`tkit.manipulate.mailings.known_copies`).
        """
        manipulated = with_campaigns(self.manipulated, self.campaigns)
        if _is_of_mail(vantage):
            return manipulated
        gold = self.labels.loc[self.labels["source"] == "gold", [*KEY, "label"]]
        of_gold = with_campaigns(gold.merge(self.references, on=list(KEY), validate="one_to_one"), self.campaigns)
        several = known_copies(of_gold, manipulated)
        return pd.concat([manipulated, several[list(manipulated)]], ignore_index=True)

    def rows(self, *, weak: bool = False) -> pd.DataFrame:
        """Return the labelled references with their features, to train and test detectors on.

        Parameters
        ----------
        weak : bool
            Whether to add the weak labels, after the others. They may train and never test.

        Returns
        -------
        DataFrame
            The columns of labels and references, ``kind``, ``wanted`` and ``language`` of the message, then the features of the
            vantage point ``campaign``. The weak labels depend on the latter: a model of ``campaign`` trained on weak rows
            relearns the rules that labelled them.
        """
        labels = self.labels
        if not weak:
            labels = labels[labels["source"] != "weak"]
            labels = labels.astype({name: bool for name in map(str, labels) if _is_of_list(name)})
        of_message = self.messages[["message_sha256", "kind", "wanted", "language"]]
        rows = labels.merge(self.references, on=list(KEY), how="left", validate="one_to_one").merge(
            of_message, on="message_sha256", how="left", validate="many_to_one"
        )
        return with_campaigns(rows, self.campaigns)

    def split(self, name: str, fold: int | str | None = None, *, weak: bool = False) -> Split:
        """Return one of the official splits of :meth:`rows`.

        Parameters
        ----------
        name : {"by_time", "unseen_sender", "unseen_kit", "unseen_corpus"}
            The test rows are mails sent from a day on; or senders, or connected components (of mail, sender, exact URL,
            tracker domain, path template and form), or a whole corpus, that are not trained on.
        fold : int or str, optional
            0 to 9 for senders and components; the name of the tested corpus for ``unseen_corpus``.
        weak : bool
            As given to :meth:`rows`.

        Returns
        -------
        Split
            Masks over the rows. Test rows are gold. No training row is in the same group (the sender or the component; for
            ``unseen_corpus`` neither the component nor the corpus) as a test row.

        Raises
        ------
        TkitError
            If there is no such split or fold.
        """
        rows = self.splits if weak else self.splits[: int((self.labels["source"] != "weak").sum())]
        if name == "by_time" and fold is None:
            return Split(name, (rows[name] == "train").to_numpy(), (rows[name] == "test").to_numpy())
        folds: dict[str, list[Any]] = {name: list(range(FOLDS)) for name in FOLD_SPLITS} | {
            "unseen_corpus": self.tested_corpora
        }
        if fold is None or fold not in folds.get(name, ()):
            raise TkitError(
                f"no official split {name!r} with fold {fold}: choose by_time without a fold,"
                f" {' or '.join(FOLD_SPLITS)} with a fold from 0 to {FOLDS - 1},"
                f" or unseen_corpus with one of {', '.join(self.tested_corpora)}"
            )
        number = folds[name].index(fold)
        gold = (self.labels["source"][: len(rows)] == "gold").to_numpy()
        held = (rows[f"{name}_held"].to_numpy() >> number & 1).astype(np.bool_)
        return Split(f"{name} {fold}", ~held, gold & (rows[name] == number).to_numpy())


def _is_of_mail(vantage: str) -> bool:
    return vantage in MAIL_VANTAGES


def _is_of_list(column: str) -> bool:
    return column == "listed" or column.startswith("published_")


def load_dataset() -> Dataset:
    """Return the dataset that comes with tkit.

    Raises
    ------
    TkitError
        If it is missing or has another version than this tkit reads.

    Examples
    --------
    >>> from tkit import load_dataset
    >>> sorted(load_dataset().labels["source"].unique())[:2]
    ['gold', 'member']
    """
    return read(default_folder())


def default_folder() -> Path:
    """Return the folder of the dataset that comes with tkit."""
    for folder in _FOLDERS:
        if (folder / "dataset.json").is_file():
            return folder
    raise TkitError(
        f"no dataset in {' or '.join(map(str, _FOLDERS))}: install tkit from its wheel or a clone, or give the folder"
        " of a dataset to tkit.dataset.read"
    )


def read(folder: str | os.PathLike[str]) -> Dataset:
    """Read a dataset.

    Raises
    ------
    TkitError
        If a file is missing, does not have the digest in ``dataset.json``, or has another version.
    """
    path = Path(folder)
    description = read_description(path)
    for name, version in (("format", FORMAT), ("feature_version", FEATURE_VERSION)):
        if description.get(name) != version:
            raise TkitError(
                f"{path}: {name} {description.get(name)}, but this tkit {__version__} reads {version}:"
                " rebuild the dataset with `tkit dataset build`, or install the tkit that made it"
            )
    tables = {}
    for name in FILES:
        file = path / name
        if not file.is_file():
            raise TkitError(f"{file}: missing: rebuild the dataset with `tkit dataset build`")
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != description["sha256"].get(name):
            raise TkitError(
                f"{file}: its bytes do not match dataset.json: restore it, or rebuild the dataset with `tkit dataset build`"
            )
        tables[name.removesuffix(".parquet")] = pq.read_table(pa.BufferReader(data)).to_pandas()
    return Dataset(**tables, description=description)


def read_description(folder: Path) -> Mapping[str, Any]:
    """Read only ``dataset.json``."""
    file = folder / "dataset.json"
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TkitError(f"{folder}: no dataset.json: make the dataset with `tkit dataset build -o {folder}`") from None
    except OSError as error:
        raise TkitError(f"{file}: cannot be read ({error.strerror}): give the folder of a dataset") from None
    except ValueError as error:
        raise TkitError(f"{file}: not JSON ({error}): rebuild the dataset with `tkit dataset build`") from None
    if not isinstance(description, dict) or not isinstance(description.get("sha256", {}), dict):
        raise TkitError(f"{file}: not an object with sha256: rebuild the dataset with `tkit dataset build`")
    return description


def messages_of_corpora(folder: Path) -> dict[str, set[str]]:
    """Return the hashes of the messages in a dataset, by corpus.

    Raises
    ------
    TkitError
        If there is no messages.parquet.
    """
    file = folder / "messages.parquet"
    if not file.is_file():
        raise TkitError(f"{file}: missing: rebuild the dataset with `tkit dataset build`")
    table = pq.read_table(file, columns=["corpus", "message_sha256"]).to_pandas()
    return {str(corpus): set(hashes) for corpus, hashes in table.groupby("corpus")["message_sha256"]}
