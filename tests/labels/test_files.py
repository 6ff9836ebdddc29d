import csv
import re
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import SHARED

from tkit.errors import TkitError
from tkit.labels import read_labels, write_labels
from tkit.labels.files import MAX_CELL, carriers_as_in, check_labels, key_of, keyed, read_table, url_sha256

A, B = "a" * 64, "b" * 64
HEADER = "message_sha256,part,carrier,url,label,confidence"
ROW = f"{A},0,img,http://t.example/o,T,3"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def test_a_file_is_read_as_it_is(path: Path) -> None:
    lines = (
        f"{HEADER},cluster,note",
        f'{A},0,img," http://t.example/\to ",T,3,17,"a, ""b"""',
        f"{B},1,css,http://x.example,S,1,4,",
    )
    labels = read_labels(write(path, *lines))
    assert list(labels) == [*HEADER.split(","), "cluster", "note", "url_sha256"]
    assert labels["url"].tolist() == ["http://t.example/o", "http://x.example"]
    # printf http://t.example/o | sha256sum
    assert labels["url_sha256"][0] == "a226cf29ed03394a0f711cfd5396fe4e9d1c490a2d4352929f0dc2a1d0758a99"
    assert labels[["part", "confidence", "cluster"]].to_numpy().tolist() == [[0, 3, 17], [1, 1, 4]]
    assert labels["note"].tolist() == ['a, "b"', ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_byte_order_mark_and_last_line(path: Path, encoding: str, end: str) -> None:
    assert read_labels(write(path, HEADER, ROW + end, encoding=encoding))["label"].tolist() == ["T"]


def test_no_rows(path: Path) -> None:
    labels = read_labels(write(path, HEADER))
    assert len(labels) == 0
    assert labels["part"].dtype == "int64"


def test_a_whole_mail_whose_content_saw_no_second_pass(path: Path) -> None:
    lines = (f"{HEADER},first,second,full", f"{ROW},T,T,1", f"{A},0,other,http://x.example,C,3,C,,1")
    labels = read_labels(write(path, *lines))
    assert labels["carrier"].tolist() == ["img", "other"]
    assert labels["second"].tolist() == ["T", ""]
    assert labels["full"].tolist() == [1, 1]


def test_carriers_by_the_names_of_a_file() -> None:
    carriers = ["img-src", "img-lowsrc", "link-icon", "source-srcset", "font-face"]
    assert carriers_as_in({"img", "other"}, carriers) == ["img", "img", "other", "other", "css-sheet"]
    assert carriers_as_in({"img-src", "link-icon"}, carriers) == ["img-src", "img", "link-icon", "other", "css-sheet"]


@pytest.mark.parametrize("column", ["stratum_size", "stratum_drawn"])
def test_a_stratum_of_nothing(path: Path, column: str) -> None:
    # Of it a label would stand for infinitely many clusters, or for none.
    write(path, f"{HEADER},{column}", f"{ROW},0")
    with pytest.raises(TkitError, match=rf"row 2, column {column}: '0': give a whole number from 1"):
        read_labels(path)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([""], "row 1: no column message_sha256, part, label, confidence, index (or carrier and url): docs/labels.md"),
        (["message_sha256,part,url,label,confidence"], "row 1: no column index (or carrier and url)"),
        ([HEADER.replace(",", ";")], "row 1: one column 'message_sha256;part;carrier;url;label;confidence': separate"),
        ([f"{HEADER},label"], "row 1: column 'label' is repeated"),
        ([f"{HEADER},"], "row 1: column '' is repeated or has no name"),
        ([HEADER, f"{ROW},x"], "row 2: 7 cells, but the header has 6"),
        ([HEADER, ROW, "", ROW.replace("/o", "/p")], "row 3: 0 cells, but the header has 6"),
        ([HEADER, ROW.replace("http", '"http')], "line 2: unexpected end of data"),
        ([HEADER, ROW, ROW.replace("http", '"x"http')], "line 3: ',' expected after '\"'"),
        ([HEADER, ROW.replace("/o", "/" + "o" * 200_000)], "line 2: field larger than field limit"),
        ([HEADER, ROW.replace("/o", "/" + "o" * MAX_CELL)], "row 2, column url: 65,553 characters: give at most 65,536"),
        ([HEADER, ROW.replace(A, A.upper())], f"row 2, column message_sha256: '{'A' * 37}...': give a SHA-256 as 64"),
        ([HEADER, ROW.replace(A, A[1:])], "row 2, column message_sha256"),
        ([HEADER, ROW.replace(A, A[1:] + "\u0661")], "row 2, column message_sha256"),
        ([HEADER, ROW.replace(",0,", ",00,")], "row 2, column part: '00': give a whole number"),
        ([HEADER, ROW.replace(",0,", ",-1,")], "row 2, column part: '-1'"),
        ([HEADER, ROW.replace(",0,", ",\u0661,")], "row 2, column part"),
        ([HEADER, ROW.replace("img", "picture")], "row 2, column carrier: 'picture': take a name of docs/labels.md"),
        ([HEADER, ROW.replace("http://t.example/o", "")], "row 2, column url: empty"),
        ([HEADER, ROW.replace("/o", "/\0")], r"row 2, column url: 'http://t.example/\x00': a NUL or half a character"),
        ([HEADER, ROW, ROW.replace(A, B).replace("T", "t")], "row 3, column label: 't': give one of T P C S U"),
        ([HEADER, ROW.replace("T", "TP")], "row 2, column label: 'TP'"),
        ([HEADER, ROW.replace("T,3", ",3")], "row 2, column label: empty: give one of"),
        ([HEADER, ROW.replace("T,3", "T,4")], "row 2, column confidence: '4': give 1 (guess)"),
        ([f"{HEADER},label_ann", f"{ROW},X"], "row 2, column label_ann: 'X': give one of T P C S U, or nothing"),
        ([f"{HEADER},second", f"{ROW},X"], "row 2, column second: 'X': give one of T P C S U, or nothing"),
        (
            [f"{HEADER},full", f"{ROW},2"],
            "row 2, column full: '2': give 1 if every reference of the message is labelled, else 0",
        ),
        ([f"{HEADER},url_sha256", f"{ROW},{A}"], "row 2, column url_sha256: not the hash of the row's url"),
        ([HEADER, ROW, ROW.replace(A, B), ROW], "row 4, column message_sha256: repeats the reference of row 2"),
        ([HEADER, ROW, ROW.replace("img", "img-src")], "row 3, column message_sha256: repeats the reference of row 2"),
        ([f"{HEADER},index", f"{ROW},0", f"{ROW},0"], "row 3, column message_sha256: repeats the reference of row 2"),
        ([HEADER, ROW.replace("T", "X"), ROW.replace("3", "9")], "column label: 'X': give one of T P C S U (and 2 more: tkit"),
    ],
)
def test_what_is_wrong_is_named(path: Path, lines: list[str], what: str) -> None:
    with pytest.raises(TkitError, match=re.escape(what)) as refused:
        read_labels(write(path, *lines))
    assert str(refused.value).startswith(f"{path}: ")


def test_wrong_encodings_are_named(path: Path) -> None:
    with pytest.raises(TkitError, match="line 3: byte 0xe9 is not UTF-8: save it as CSV in UTF-8"):
        read_labels(write(path, HEADER, ROW, ROW.replace("/o", "/\u00e9"), encoding="latin-1"))
    with pytest.raises(TkitError, match="line 1: byte 0xff is not UTF-8"):
        read_labels(write(path, HEADER, ROW, encoding="utf-16"))


def test_no_file(path: Path) -> None:
    with pytest.raises(TkitError, match=r"labels.csv: cannot be read \(No such file or directory\)"):
        read_labels(path)


def test_check_tells_everything(path: Path) -> None:
    write(path, HEADER, ROW.replace("T", "t").replace("3", "0"), ROW.replace(",0,", ",x,"), ROW)
    assert [(problem.row, problem.column) for problem in check_labels(path)] == [
        (2, "label"),
        (2, "confidence"),
        (3, "part"),
        (4, "message_sha256"),
    ]
    assert check_labels(write(path, HEADER, ROW)) == []


def test_one_reference_written_twice_is_two_by_index(path: Path) -> None:
    assert len(read_labels(write(path, f"{HEADER},index", f"{ROW},0", f"{ROW},1"))) == 2


def test_a_bad_table_is_not_written(path: Path) -> None:
    labels = read_labels(write(path, HEADER, ROW))
    before = path.read_bytes()
    with pytest.raises(TkitError, match="row 2, column label: 'X'"):
        write_labels(path, labels.assign(label="X"))
    with pytest.raises(TkitError, match="column label: empty"):
        write_labels(path, labels.assign(label=None))
    with pytest.raises(TkitError, match="row 1: no column label"):
        write_labels(path, labels.drop(columns="label"))
    with pytest.raises(TkitError, match="half a character"):
        write_labels(path, labels.assign(note=pd.Series(["\ud800"], dtype=object)))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there(path: Path) -> None:
    labels = read_labels(write(path, HEADER, ROW))
    with pytest.raises(TkitError, match=r"cannot be written \(No such file or directory\)"):
        write_labels(path.parent / "none" / "labels.csv", labels)


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("TPCSU"), st.integers(1, 3), text, text), max_size=6))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str, str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    labels = pd.DataFrame(
        {
            "message_sha256": pd.Series([A] * len(rows), dtype="str"),
            "part": 0,
            "index": range(len(rows)),
            "label": pd.Series([row[0] for row in rows], dtype="str"),
            "confidence": [row[1] for row in rows],
            "note, \n": pd.Series([row[2] for row in rows], dtype="str"),
            "reason": pd.Series([re.sub(r"\s", " ", row[3]) for row in rows], dtype="str"),
        }
    ).astype({"part": "int64", "index": "int64", "confidence": "int64"})
    write_labels(path, labels)
    pd.testing.assert_frame_equal(read_labels(path), labels)


@given(st.binary(max_size=300) | text.map(lambda rest: f"{HEADER}\n{ROW}{rest}".encode()))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    path.write_bytes(data)
    with suppress(TkitError):
        assert set(read_labels(path)["label"]) <= set("TPCSU")


def test_key(path: Path) -> None:
    by_url = read_labels(write(path, HEADER, ROW))
    by_index = by_url.drop(columns=["carrier", "url", "url_sha256"]).assign(index=4)
    both = by_url.assign(index=4)
    assert key_of(both, by_index) == ["message_sha256", "part", "index"]
    assert key_of(both, by_url) == ["message_sha256", "part", "carrier", "url_sha256"]
    with pytest.raises(TkitError, match="the files identify references differently"):
        key_of(by_url, by_index)
    fine = keyed(both.assign(carrier="img-src"), key_of(by_url))
    assert fine.index.tolist() == [(A, 0, "img", url_sha256("http://t.example/o"))]


def test_the_gold_labels_are_read() -> None:
    path = SHARED / "gold" / "labels.csv"
    if not path.exists():
        pytest.skip("the gold labels are not beside the repository (../shared/gold or TKIT_SHARED)")
    labels = read_labels(path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert labels["label"].value_counts().to_dict() == {"C": 2281, "T": 1235, "S": 307, "U": 160, "P": 119}
    assert labels["url"].tolist() == [row["url"] for row in rows]
    assert (labels["stratum_size"] / labels["stratum_drawn"]).between(1, 1000).all()
    members = read_table(SHARED / "gold" / "members.csv", ("cluster", "message_sha256", "carrier", "url"))
    assert len(members) == 13_626
    assert set(members["cluster"]) <= set(labels["cluster"])
