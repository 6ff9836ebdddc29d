import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tkit.errors import TkitError
from tkit.report.writers import open_writer

FRAME = pd.DataFrame({"url": ['http://a.example/"x"', "ü"], "score": [0.1, 1 / 3], "reasons": [["tiny", "hidden"], []]})


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_broken_off_file_never_appears(form: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_writer(form, tmp_path / "out") as writer:  # noqa: PT012
        writer.write(FRAME)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_jsonl_reads_back(tmp_path: Path) -> None:
    with open_writer("jsonl", tmp_path / "out") as writer:
        writer.write(FRAME)
        writer.write(FRAME.head(0))
        writer.write(FRAME)
    lines = [json.loads(line) for line in (tmp_path / "out").read_text("utf-8").splitlines()]
    assert len(lines) == 4
    assert lines[1] == {"url": "ü", "score": 1 / 3, "reasons": []}


def test_csv_has_one_header_and_joined_lists(tmp_path: Path) -> None:
    with open_writer("csv", tmp_path / "out") as writer:
        writer.write(FRAME)
        writer.write(FRAME)
    text = (tmp_path / "out").read_bytes().decode()
    assert text.splitlines()[0] == "url,score,reasons"
    assert text.splitlines()[1] == '"http://a.example/""x""",0.1,tiny; hidden'
    assert text.count("url,score") == 1


def test_parquet_keeps_lists_whatever_comes_first(tmp_path: Path) -> None:
    with open_writer("parquet", tmp_path / "out") as writer:
        writer.write(FRAME.tail(1))
        writer.write(FRAME)
    table = pq.read_table(tmp_path / "out").to_pydict()
    assert [list(reasons) for reasons in table["reasons"]] == [[], ["tiny", "hidden"], []]


def test_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="cannot be written"), open_writer("csv", tmp_path / "no" / "out"):
        pass


def test_jsonl_has_null_for_an_absent_number(tmp_path: Path) -> None:
    with open_writer("jsonl", tmp_path / "out") as writer:
        writer.write(pd.DataFrame({"a": [0.5, float("nan")], "b": ["x", None]}))
    assert (tmp_path / "out").read_text("utf-8") == '{"a": 0.5, "b": "x"}\n{"a": null, "b": null}\n'


def test_parquet_begins_with_a_frame_without_rows(tmp_path: Path) -> None:
    with open_writer("parquet", tmp_path / "out") as writer:
        writer.write(FRAME.head(0))
        writer.write(FRAME)
    table = pq.read_table(tmp_path / "out")
    assert [list(reasons) for reasons in table.to_pydict()["reasons"]] == [["tiny", "hidden"], []]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_without_rows_has_its_columns(form: str, tmp_path: Path) -> None:
    with open_writer(form, tmp_path / "out") as writer:
        writer.write(FRAME.head(0))
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet}[form](tmp_path / "out")
    assert (list(read), len(read)) == (["url", "score", "reasons"], 0)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "table"])
def test_only_a_table_ends_with_a_summary(form: str, tmp_path: Path) -> None:
    with open_writer(form, tmp_path / "out") as writer:
        writer.write(FRAME)
        writer.summarise({"mails": 12345}, [])
    assert (b"12,345" in (tmp_path / "out").read_bytes()) == (form == "table")
