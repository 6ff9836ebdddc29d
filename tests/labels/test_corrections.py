from pathlib import Path

import pandas as pd
import pytest
from paths import ROOT

from tkit.errors import TkitError
from tkit.labels import read_labels, write_labels
from tkit.labels.corrections import apply_corrections, read_corrections
from tkit.labels.files import url_sha256

A, B = "a" * 64, "b" * 64
URL = "http://t.example/o"
LABELS = f"message_sha256,part,carrier,url,label,first,second,confidence\n{A},0,img,{URL},T,T,T,2\n{B},0,css,{URL},U,C,S,1\n"
HEADER = "message_sha256,part,carrier,url_sha256,old,new,reason"
ROW = f"{B},0,style-attr,{url_sha256(URL)},U,S,a line of one pixel"


@pytest.fixture
def labels(tmp_path: Path) -> pd.DataFrame:
    (tmp_path / "labels.csv").write_text(LABELS)
    return read_labels(tmp_path / "labels.csv")


def corrections(folder: Path, *lines: str) -> pd.DataFrame:
    (folder / "corrections.csv").write_text("\n".join(lines))
    return read_corrections(folder / "corrections.csv")


def test_a_label_is_corrected(tmp_path: Path, labels: pd.DataFrame) -> None:
    before = labels.copy()
    corrected = apply_corrections(labels, corrections(tmp_path, HEADER, ROW))
    assert corrected[["label", "first", "second", "confidence", "reason"]].to_numpy().tolist() == [
        ["T", "T", "T", 2, ""],
        ["S", "C", "S", 3, "a line of one pixel"],
    ]
    pd.testing.assert_frame_equal(labels, before)
    write_labels(tmp_path / "corrected.csv", corrected)
    pd.testing.assert_frame_equal(read_labels(tmp_path / "corrected.csv"), corrected)


def test_confidence_is_that_of_the_file(tmp_path: Path, labels: pd.DataFrame) -> None:
    corrected = apply_corrections(labels, corrections(tmp_path, f"{HEADER},confidence", f"{ROW},2"))
    assert corrected["confidence"].tolist() == [2, 2]


def test_what_is_not_decided_changes_nothing(tmp_path: Path, labels: pd.DataFrame) -> None:
    undecided = ROW.replace("S,a line of one pixel", ",")
    table = corrections(tmp_path, HEADER, undecided, ROW.replace(B, A).replace("U,S", "T,C").replace("style-attr", "img"))
    assert table.index.tolist() == [3]
    assert apply_corrections(labels, table)["label"].tolist() == ["C", "U"]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([HEADER.replace(",reason", "")], "row 1: no column reason"),
        ([HEADER, ROW.replace("U,S", "U,X")], "row 2, column new: 'X': give one of T P C S U, or nothing"),
        ([HEADER, ROW.replace("U,S", "U,U")], "row 2, column new: 'U' is the old label"),
        ([HEADER, ROW.replace("a line of one pixel", " ")], "row 2, column reason: empty: say why the label is S and not U"),
        ([HEADER, ROW + "x" * 300], "row 2, column reason: 'a line of .*': give one line of at most 300"),
        ([HEADER, ROW, ROW], "row 3, column message_sha256: repeats the reference of row 2"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, lines: list[str], what: str) -> None:
    with pytest.raises(TkitError, match=f"corrections.csv: {what}"):
        corrections(tmp_path, *lines)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (ROW.replace(B, "c" * 64), "c.csv: row 3, column message_sha256: this reference has no label"),
        (ROW.replace("U,S", "C,S"), "c.csv: row 3, column old: 'C', but the label is 'U': check the row"),
    ],
)
def test_what_does_not_fit_the_labels_is_named(tmp_path: Path, labels: pd.DataFrame, row: str, what: str) -> None:
    good = ROW.replace(B, A).replace("U,S", "T,C").replace("style-attr", "img")
    with pytest.raises(TkitError, match=what):
        apply_corrections(labels, corrections(tmp_path, HEADER, good, row), "c.csv")


def test_the_published_corrections_are_sound() -> None:
    table = read_corrections(ROOT / "data" / "corrections.csv")
    assert set(table) == {"message_sha256", "part", "carrier", "url_sha256", "old", "new", "confidence", "reason"}
    assert not table["reason"].str.contains(r"://|@").any()
