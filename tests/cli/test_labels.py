import re
from pathlib import Path

import pandas as pd
import pytest
from paths import ROOT
from typer.testing import CliRunner, Result

from tkit.cli.main import app
from tkit.errors import TkitError
from tkit.labels import read_labels

A, B = "a" * 64, "b" * 64
HEADER = "message_sha256,part,index,label,confidence\n"


def tkit(*arguments: object) -> Result:
    done = CliRunner().invoke(app, ["labels", *map(str, arguments)])
    if isinstance(done.exception, TkitError):
        raise done.exception
    return done


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    ann, ben = tmp_path / "ann.csv", tmp_path / "ben.csv"
    ann.write_text(f"{HEADER}{A},0,0,T,3\n{A},0,1,C,3\n{B},0,0,S,2\n")
    ben.write_text(f"{HEADER}{A},0,0,T,2\n{A},0,1,T,3\n{B},0,0,S,3\n")
    return ann, ben


def test_check(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = tkit("check", *files)
    assert done.exit_code == 0
    assert f"{files[0]}: 3 labels (T 1, P 0, C 1, S 1, U 0)" in done.stdout
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{HEADER}{A},0,0,X,3\n{A},0,0,T,9\n")
    done = tkit("check", files[0], bad)
    assert done.exit_code == 1
    assert f"{bad}: row 2, column label: 'X'" in done.stdout
    assert f"{bad}: row 3, column confidence: '9'" in done.stdout
    assert f"{bad}: row 3, column message_sha256: repeats the reference of row 2" in done.stdout


def test_merge_adjudicate_and_correct(files: tuple[Path, Path], tmp_path: Path) -> None:
    merged, differing, final = (tmp_path / name for name in ("merged.csv", "differing.csv", "final.csv"))
    done = tkit("merge", *files, "-o", merged, "--adjudicate", differing)
    assert done.stdout == f"{merged}: 3 labels, 1 of them differ\n"
    assert read_labels(merged)["label"].tolist() == ["T", "U", "S"]
    assert tkit("correct", merged, differing, "-o", final).stdout == f"{final}: 3 labels, 0 corrected\n"
    differing.write_text(differing.read_text().replace("U,,,", "U,C,the logo of the sender,"))
    assert tkit("correct", merged, differing, "-o", final).stdout == f"{final}: 3 labels, 1 corrected\n"
    assert read_labels(final)["label"].tolist() == ["T", "C", "S"]
    assert read_labels(final)["reason"].tolist() == ["", "the logo of the sender", ""]


def test_annotators_have_names_of_their_own(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="a second file of the annotator 'ann'"):
        tkit("merge", files[0], files[0], "-o", tmp_path / "merged.csv")
    assert not (tmp_path / "merged.csv").exists()


def test_agreement(files: tuple[Path, Path], tmp_path: Path) -> None:
    table = tmp_path / "agreement.csv"
    done = tkit("agreement", *files, "-o", table)
    assert done.exit_code == 0
    assert re.search(r"ann, ben\s+. five\s+. raw\s+. 0.667 ", done.stdout)
    assert pd.read_csv(table)["value"][0] == pytest.approx(2 / 3)
    merged = tmp_path / "merged.csv"
    tkit("merge", *files, "-o", merged)
    assert tkit("agreement", merged).stdout == done.stdout


def test_audit_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    done = tkit("audit", "-o", tmp_path / "doubtful.csv", "--vantage", "mailbox")
    assert done.exit_code == 2


def test_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cleanlab", reason="needs cleanlab: pip install 'tkit[labels]'")
    monkeypatch.chdir(ROOT)
    done = tkit("audit", "-o", tmp_path / "doubtful.csv", "--vantage", "url", "--folds", 2, "--top", 3)
    assert done.exit_code == 0
    assert "The 3 most doubtful of" in done.stdout
    found = pd.read_csv(tmp_path / "doubtful.csv")
    assert found["quality"].is_monotonic_increasing
    assert set(found["label"]) == {"T", "C", "S"}
