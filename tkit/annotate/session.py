"""The answers of one sitting: saved after every one, taken up again where the last sitting ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tkit.annotate.questions import Key
from tkit.errors import TkitError
from tkit.features import KEY
from tkit.labels import LABELS, read_labels, write_labels

COLUMNS = ("message_sha256", "part", "index", "carrier", "url_sha256", "label", "confidence", "annotator")
"""The columns of the label file: no text of a mail, no URL."""


class Session:
    """Takes labels for references in a given order and keeps them in a label file.

    Parameters
    ----------
    path : path
        The label file. One that is there is taken up: its references are not asked again.
    queue : sequence of (key, carrier, url_sha256)
        What to ask, in order.
    annotator : str
        Written beside each label.

    Raises
    ------
    TkitError
        Where the file is there and is not one of a session, or its folder is not.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels.csv"
    >>> asked = [(("0" * 64, 0, place), "img-src", "1" * 64) for place in range(2)]
    >>> session = Session(path, asked)
    >>> session.give("T", 3)
    >>> session.done, session.total, Session(path, asked).key == asked[1][0]
    (1, 2, True)
    """

    def __init__(self, path: str | os.PathLike[str], queue: Sequence[tuple[Key, str, str]], annotator: str = "") -> None:
        self.path = Path(path)
        self.annotator = annotator
        self._queue = {key: (carrier, url_sha256) for key, carrier, url_sha256 in queue}
        self._order = list(self._queue)
        self._stamp = _stamp(self.path)
        self._labels = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})
        if self._stamp is not None:
            self._labels = read_labels(self.path)
            if tuple(self._labels) != COLUMNS:
                raise TkitError(f"{self.path}: not a file of a labelling session: give a new file, and merge the two later")
        elif not self.path.parent.is_dir():
            raise TkitError(f"{self.path}: no such folder: make it first")
        self._answered = set(self._keys())
        self._place = 0
        self._next()

    @property
    def key(self) -> Key | None:
        """The reference to label now; None where none is left."""
        return self._order[self._place] if self._place < len(self._order) else None

    @property
    def last(self) -> Key | None:
        """The reference of this queue that was labelled last in the file; None where its last row is of another queue."""
        keys = self._keys()[-1:]
        return keys[0] if keys and keys[0] in self._queue else None

    @property
    def total(self) -> int:
        """How many references the queue holds."""
        return len(self._order)

    @property
    def done(self) -> int:
        """How many of the queue have a label."""
        return len(self._answered.intersection(self._queue))

    @property
    def labels(self) -> pd.DataFrame:
        """The label file's rows, a copy."""
        return self._labels.copy()

    def counts(self) -> dict[str, int]:
        """Return how often each label stands in the file."""
        return {label: int((self._labels["label"] == label).sum()) for label in LABELS}

    def give(self, label: str, confidence: int) -> None:
        """Label the current reference; the label is on the disk when this returns.

        Raises
        ------
        TkitError
            For another label or confidence, where nothing is left, or where the file cannot be written or was changed
            by somebody else: then the label is not given.
        """
        if self.key is None:
            raise TkitError("no reference is left to label: choose more of them")
        row = [*self.key, *self._queue[self.key], label, confidence, self.annotator]
        self._save(pd.concat([self._labels, pd.DataFrame([row], columns=list(COLUMNS))], ignore_index=True))
        self._answered.add(self.key)
        self._next()

    def undo(self) -> None:
        """Take the last label back and ask again; nothing happens where there is none of this queue.

        Raises
        ------
        TkitError
            As :meth:`give`.
        """
        last = self.last
        if last is not None:
            self._save(self._labels.iloc[:-1])
            self._answered.discard(last)
            self._place = self._order.index(last)

    def _save(self, labels: pd.DataFrame) -> None:
        if _stamp(self.path) != self._stamp:
            raise TkitError(f"{self.path}: changed by another program since it was read: run the cell again")
        write_labels(self.path, labels)
        self._stamp = _stamp(self.path)
        self._labels = labels

    def _next(self) -> None:
        self._place = next((place for place, key in enumerate(self._order) if key not in self._answered), len(self._order))

    def _keys(self) -> list[Key]:
        return list(self._labels[list(KEY)].itertuples(index=False, name=None))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Tell one version of a file from another."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
