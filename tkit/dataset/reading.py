"""The published dataset: features and labels of public corpora, without a word of the mails.

:func:`load_dataset` gives it in one call, :func:`read` from any folder; :mod:`tkit.dataset.build` makes it. What is in each
column stands in ``data/README.md``.
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
from tkit.splits import Split
from tkit.splits.official import FOLDS
from tkit.version import __version__

FORMAT = 2
"""Version of the files' layout."""

FOLD_SPLITS = ("unseen_sender", "unseen_kit")
"""The official splits that are folds; ``by_time`` is a single one."""

_CAMPAIGNS = "campaigns.parquet"
_PACKAGE = Path(__file__).resolve().parents[1]
# An installed package has the dataset beside its modules, a clone in data/.
_PLACES = (_PACKAGE / "published", _PACKAGE.parent / "data" / "dataset")


@dataclass(frozen=True)
class Dataset:
    """The published dataset; the columns of each table are those of :mod:`tkit.dataset.columns`.

    Attributes
    ----------
    references : DataFrame
        One row a remote reference: where it stands, what it is cut by, and the features (float32).
    labels : DataFrame
        One row a labelled reference; ``source`` is gold, member or weak.
    messages : DataFrame
        One row a message of the corpora.
    splits : DataFrame
        One row a labelled reference: the official splits.
    manipulated : DataFrame
        One row a disguised copy of a gold reference (:mod:`tkit.manipulate.copies`): to train on, never to test.
    campaigns : DataFrame
        One row a remote reference: the features of the vantage point ``campaign`` (float32), by :mod:`tkit.features.campaign`;
        its copies were looked for in its own corpus.
    facts : mapping
        ``dataset.json``: versions, counts, digests of the inputs, what could not be joined.
    """

    references: pd.DataFrame
    labels: pd.DataFrame
    messages: pd.DataFrame
    splits: pd.DataFrame
    manipulated: pd.DataFrame
    campaigns: pd.DataFrame
    facts: Mapping[str, Any]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names of their files."""
        return {name: getattr(self, name.removesuffix(".parquet")) for name in FILES}

    def digest(self, vantage: str = "message") -> str:
        """Return one SHA-256, in hex, of the digests of the files that a vantage point sees: what its detectors learn from."""
        seen = {name: sha256 for name, sha256 in self.facts["sha256"].items() if name != _CAMPAIGNS or not _is_of_mail(vantage)}
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    def seen_from(self, vantage: str) -> pd.DataFrame:
        """Return the references with every feature that the vantage point can compute, and perhaps more."""
        return self.references if _is_of_mail(vantage) else with_campaigns(self.references, self.campaigns)

    def disguised(self) -> pd.DataFrame:
        """Return the manipulated copies with the features of every vantage point: what models learn from beside :meth:`rows`.

        A sender disguises every copy of a mailing alike, so that comparing them says of a disguised reference what it said
        before; only where the disguise writes other tokens their length is still that of the first ones.
        """
        return with_campaigns(self.manipulated, self.campaigns)

    def rows(self, *, weak: bool = False) -> pd.DataFrame:
        """Return the labelled references with their features: what detectors are trained and tested on.

        Parameters
        ----------
        weak : bool
            Whether the weak labels come too, after the others. They may train and never test.

        Returns
        -------
        DataFrame
            The columns of labels, references, and of the message ``kind`` and ``language``, then the features of the
            vantage point ``campaign``. These take part in the weak labels: a model of ``campaign`` that learns from weak rows
            learns back what the rules put in.
        """
        labels = self.labels
        if not weak:
            labels = labels[labels["source"] != "weak"]
            labels = labels.astype({name: bool for name in map(str, labels) if _is_of_list(name)})
        of_message = self.messages[["message_sha256", "kind", "language"]]
        found = labels.merge(self.references, on=list(KEY), how="left", validate="one_to_one").merge(
            of_message, on="message_sha256", how="left", validate="many_to_one"
        )
        return with_campaigns(found, self.campaigns)

    def split(self, name: str, fold: int | None = None, *, weak: bool = False) -> Split:
        """Return one of the official splits of :meth:`rows`.

        Parameters
        ----------
        name : {"by_time", "unseen_sender", "unseen_kit"}
            Test is what was sent from a day on; or senders, or connected components (of sender, exact URL, tracker
            domain, path template and form), that are not trained on.
        fold : int, optional
            0 to 9, for the two that are folds.
        weak : bool
            As given to :meth:`rows`.

        Returns
        -------
        Split
            Masks over the rows. Test rows are gold; no row is trained on that shares what the split is by with a test
            row.

        Raises
        ------
        TkitError
            Where there is no such split or fold.
        """
        rows = self.splits if weak else self.splits[: int((self.labels["source"] != "weak").sum())]
        if name == "by_time" and fold is None:
            return Split(name, (rows[name] == "train").to_numpy(), (rows[name] == "test").to_numpy())
        if name not in FOLD_SPLITS or fold is None or not 0 <= fold < FOLDS:
            raise TkitError(
                f"no official split {name!r} with fold {fold}: choose by_time without a fold,"
                f" or {' or '.join(FOLD_SPLITS)} with a fold from 0 to {FOLDS - 1}"
            )
        gold = (self.labels["source"][: len(rows)] == "gold").to_numpy()
        held = (rows[f"{name}_held"].to_numpy() >> fold & 1).astype(np.bool_)
        return Split(f"{name} {fold}", ~held, gold & (rows[name] == fold).to_numpy())


def _is_of_mail(vantage: str) -> bool:
    return vantage in MAIL_VANTAGES


def _is_of_list(column: str) -> bool:
    return column == "listed" or column.startswith("published_")


def load_dataset() -> Dataset:
    """Return the dataset that comes with tkit.

    Raises
    ------
    TkitError
        Where it is not there, or is not of this tkit's version.

    Examples
    --------
    >>> from tkit import load_dataset
    >>> sorted(load_dataset().labels["source"].unique())[:2]
    ['gold', 'member']
    """
    return read(default_folder())


def default_folder() -> Path:
    """Return the folder of the dataset that comes with tkit."""
    for place in _PLACES:
        if (place / "dataset.json").is_file():
            return place
    raise TkitError(
        f"no dataset in {' or '.join(map(str, _PLACES))}: install tkit from its wheel or a clone, or give the folder"
        " of one to tkit.dataset.read"
    )


def read(folder: str | os.PathLike[str]) -> Dataset:
    """Read a dataset.

    Raises
    ------
    TkitError
        Where a file is missing, does not have the digest that ``dataset.json`` gives, or has another version.
    """
    path = Path(folder)
    facts = read_facts(path)
    for name, version in (("format", FORMAT), ("feature_version", FEATURE_VERSION)):
        if facts.get(name) != version:
            raise TkitError(
                f"{path}: {name} {facts.get(name)}, but this tkit {__version__} reads {version}:"
                " make the dataset anew with `tkit dataset build`, or install the tkit that made it"
            )
    tables = {}
    for name in FILES:
        file = path / name
        if not file.is_file():
            raise TkitError(f"{file}: missing: make the dataset anew with `tkit dataset build`")
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["sha256"].get(name):
            raise TkitError(f"{file}: not the file that dataset.json names: restore it, or make the dataset anew")
        tables[name.removesuffix(".parquet")] = pq.read_table(pa.BufferReader(data)).to_pandas()
    return Dataset(**tables, facts=facts)


def read_facts(folder: Path) -> Mapping[str, Any]:
    """Read ``dataset.json`` alone."""
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TkitError(f"{folder}: no dataset.json: make the dataset with `tkit dataset build -o {folder}`") from None
    except OSError as error:
        raise TkitError(f"{folder / 'dataset.json'}: cannot be read ({error.strerror}): give the folder of a dataset") from None
    except ValueError as error:
        raise TkitError(f"{folder / 'dataset.json'}: not JSON ({error}): make the dataset anew") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("sha256", {}), dict):
        raise TkitError(f"{folder / 'dataset.json'}: not an object with sha256: make the dataset anew")
    return facts


def messages_of_corpora(folder: Path) -> dict[str, set[str]]:
    """Return the hashes of the messages that a dataset was made of, by corpus.

    Raises
    ------
    TkitError
        Where there is no messages.parquet.
    """
    file = folder / "messages.parquet"
    if not file.is_file():
        raise TkitError(f"{file}: missing: make the dataset anew with `tkit dataset build`")
    table = pq.read_table(file, columns=["corpus", "message_sha256"]).to_pandas()
    return {str(corpus): set(hashes) for corpus, hashes in table.groupby("corpus")["message_sha256"]}
