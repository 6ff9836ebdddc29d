"""Tests of tkit.annotate.session."""

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="needs anywidget: pip install 'tkit[notebooks]'")

from tkit.annotate.session import COLUMNS, Session
from tkit.errors import TkitError
from tkit.labels import read_labels, write_labels
from tkit.labels.files import url_sha256

A = "a" * 64


QUEUE = [((A, 0, place), "img-src", url_sha256(f"http://t.example/{place}")) for place in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def given_labels(path: Path) -> list[list[object]]:
    return read_labels(path)[["index", "label", "confidence", "annotator"]].to_numpy().tolist()


def test_every_label_is_on_the_disk(path: Path) -> None:
    session = Session(path, QUEUE, "ann")
    assert (session.key, session.last, session.done, session.total) == (QUEUE[0][0], None, 0, 3)
    session.give("T", 3)
    assert given_labels(path) == [[0, "T", 3, "ann"]]
    session.give("S", 1)
    assert given_labels(path) == [[0, "T", 3, "ann"], [1, "S", 1, "ann"]]
    assert (session.key, session.last, session.done) == (QUEUE[2][0], QUEUE[1][0], 2)
    assert session.counts() == {"T": 1, "P": 0, "C": 0, "S": 1, "U": 0}
    session.give("U", 2)
    assert session.key is None
    with pytest.raises(TkitError, match="no reference is left"):
        session.give("T", 3)
    assert tuple(session.labels) == COLUMNS


def test_a_session_is_taken_up(path: Path) -> None:
    Session(path, QUEUE).give("T", 3)
    session = Session(path, QUEUE)
    assert (session.key, session.last, session.done) == (QUEUE[1][0], QUEUE[0][0], 1)
    # Another order, and a reference that is not in the file's queue: the file's label stays.
    other = Session(path, [QUEUE[2], QUEUE[0]])
    assert (other.key, other.done, other.total) == (QUEUE[2][0], 1, 2)
    other.give("C", 3)
    assert [row[0] for row in given_labels(path)] == [0, 2]


def test_undo(path: Path) -> None:
    session = Session(path, QUEUE)
    session.undo()
    assert not path.exists()
    session.give("T", 3)
    session.give("C", 3)
    session.undo()
    assert given_labels(path) == [[0, "T", 3, ""]]
    assert session.key == QUEUE[1][0]
    session = Session(path, QUEUE)
    session.undo()
    assert given_labels(path) == []
    assert (session.key, session.done) == (QUEUE[0][0], 0)
    session.give("P", 2)
    other = Session(path, QUEUE[1:])  # the last label is of another queue
    other.undo()
    assert given_labels(path) == [[0, "P", 2, ""]]


@pytest.mark.parametrize(("label", "confidence"), [("X", 3), ("T", 0), ("", 3)])
def test_what_is_no_label_is_not_given(path: Path, label: str, confidence: int) -> None:
    session = Session(path, QUEUE)
    with pytest.raises(TkitError, match=r"row 2, column (label|confidence)"):
        session.give(label, confidence)
    assert session.key == QUEUE[0][0]
    assert not path.exists()


def test_a_file_that_somebody_else_changed_is_left_alone(path: Path) -> None:
    first, second = Session(path, QUEUE), Session(path, QUEUE)
    first.give("T", 3)
    with pytest.raises(TkitError, match="changed by another program since it was read: run the cell again"):
        second.give("C", 3)
    assert given_labels(path) == [[0, "T", 3, ""]]
    assert second.done == 0


def test_files_that_are_no_session(path: Path, tmp_path: Path) -> None:
    Session(path, QUEUE).give("T", 3)
    write_labels(tmp_path / "other.csv", read_labels(path).assign(note="x"))
    with pytest.raises(TkitError, match="not a file of a labelling session"):
        Session(tmp_path / "other.csv", QUEUE)
    path.write_text(re.sub("T", "X", path.read_text()))
    with pytest.raises(TkitError, match="row 2, column label: 'X'"):
        Session(path, QUEUE)
    with pytest.raises(TkitError, match="no such folder: make it first"):
        Session(tmp_path / "none" / "labels.csv", QUEUE)


def test_a_disk_that_fails_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(path, QUEUE)
    session.give("T", 3)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TkitError, match="No space left on device"):
        session.give("C", 3)
    monkeypatch.undo()
    assert given_labels(path) == [[0, "T", 3, ""]]
    session.give("S", 3)
    assert given_labels(path) == [[0, "T", 3, ""], [1, "S", 3, ""]]
