"""The answers of a labelling session: saved after every one, and resumed where the last session ended."""

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
"""The columns of the label file, which contains no text of a mail and no URL."""


class Session:
    """Collects labels for references in a given order and keeps them in a label file.

    Parameters
    ----------
    path : path
        The label file. If it exists, the session continues it and does not ask about its references again.
    queue : sequence of (key, carrier, url_sha256)
        The references to ask about, in order.
    annotator : str
        Written with each label.

    Raises
    ------
    TkitError
        If the file exists and is not the file of a session, or its folder does not exist.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "labels.csv"
    >>> queue = [(("0" * 64, 0, index), "img-src", "1" * 64) for index in range(2)]
    >>> session = Session(path, queue)
    >>> session.give("T", 3)
    >>> session.done, session.total, Session(path, queue).key == queue[1][0]
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
        self._position = 0
        self._next()

    @property
    def key(self) -> Key | None:
        """The reference to label now; None if none is left."""
        return self._order[self._position] if self._position < len(self._order) else None

    @property
    def last(self) -> Key | None:
        """The reference in the last row of the file; None if it is not of this queue."""
        keys = self._keys()[-1:]
        return keys[0] if keys and keys[0] in self._queue else None

    @property
    def total(self) -> int:
        """The number of references in the queue."""
        return len(self._order)

    @property
    def done(self) -> int:
        """The number of references in the queue that have a label."""
        return len(self._answered.intersection(self._queue))

    @property
    def labels(self) -> pd.DataFrame:
        """A copy of the rows of the label file."""
        return self._labels.copy()

    def counts(self) -> dict[str, int]:
        """Return the number of rows with each label in the file."""
        return {label: int((self._labels["label"] == label).sum()) for label in LABELS}

    def give(self, label: str, confidence: int) -> None:
        """Label the current reference, and write the label to the disk.

        Raises
        ------
        TkitError
            For an unknown label or confidence, if nothing is left, or if the file cannot be written or was changed by
            another program. Then nothing is labelled.
        """
        if self.key is None:
            raise TkitError("no reference is left to label: choose more references")
        row = [*self.key, *self._queue[self.key], label, confidence, self.annotator]
        self._save(pd.concat([self._labels, pd.DataFrame([row], columns=list(COLUMNS))], ignore_index=True))
        self._answered.add(self.key)
        self._next()

    def undo(self) -> None:
        """Remove the last label and ask again; without a last label of this queue nothing happens.

        Raises
        ------
        TkitError
            As :meth:`give`.
        """
        last = self.last
        if last is not None:
            self._save(self._labels.iloc[:-1])
            self._answered.discard(last)
            self._position = self._order.index(last)

    def _save(self, labels: pd.DataFrame) -> None:
        if _stamp(self.path) != self._stamp:
            raise TkitError(f"{self.path}: changed by another program since it was read: run the cell again")
        write_labels(self.path, labels)
        self._stamp = _stamp(self.path)
        self._labels = labels

    def _next(self) -> None:
        open_positions = (position for position, key in enumerate(self._order) if key not in self._answered)
        self._position = next(open_positions, len(self._order))

    def _keys(self) -> list[Key]:
        return list(self._labels[list(KEY)].itertuples(index=False, name=None))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever the file is written; None if there is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
