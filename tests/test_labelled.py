"""Tests of tkit.labelled: label files; their join to mails is tested with the comparison."""

from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.labelled import read_labels

HEAD = "message_sha256,part,carrier,url,label\n"


def test_labels_may_have_confidence_and_strata(tmp_path: Path) -> None:
    columns = HEAD.strip() + ",confidence,stratum_size,stratum_drawn,note\n"
    (tmp_path / "l.csv").write_text(columns + f"{'a' * 64},0,img,http://a.example/,T,2,30,10,x\n")
    (row,) = read_labels(tmp_path / "l.csv").to_dict("records")
    assert (row["confidence"], row["stratum_weight"]) == (2, 3.0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("zz,0,img,http://a.example/,T", "row 2, column message_sha256: 'zz': give 64 hex digits"),
        (f"{'a' * 64},x,img,http://a.example/,T", "column part: 'x'"),
        (f"{'a' * 64},0,pixel,http://a.example/,T", "column carrier: 'pixel': give one of background css"),
        (f"{'a' * 64},0,img,http://a.example/,X", "column label: 'X': give one of T P C S U"),
        (f"{'a' * 64},0,img,u,T\n{'a' * 64},0,img,u,C", "row 3, column url: 'u': it is labelled in an earlier row"),
    ],
)
def test_wrong_labels_are_named_by_row(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "l.csv").write_text(HEAD + line + "\n")
    with pytest.raises(TkitError, match=reason):
        read_labels(tmp_path / "l.csv")


def test_what_is_no_label_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="no such label file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "l.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(TkitError, match="no CSV"):
        read_labels(tmp_path / "l.csv")
    (tmp_path / "l.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TkitError, match="no column message_sha256, part, carrier, url, label"):
        read_labels(tmp_path / "l.csv")
