"""Tests of `tkit compare`."""

import csv
import json
import sys
from pathlib import Path

import pytest
from made_comparison import MAILS, raw, write_labels
from paths import ROOT


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_labels(tmp_path / "labels.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mails").mkdir()
    for name in MAILS:
        (tmp_path / "mails" / f"{name}.eml").write_bytes(raw(name))
    return tmp_path / "mails"


BLOCKER = f"""#!{sys.executable}
import json, sys
for line in sys.stdin:
    print(json.dumps({{"tracker": "/open/" in json.loads(line)["url"]}}))
"""


def test_the_verb_compares_and_reports_what_is_not_met(tkit, folder: Path, labels: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "my-blocker"
    blocker.write_text(BLOCKER)
    blocker.chmod(0o755)
    common = ["compare", "-d", "rule:1x1", "-d", blocker, "--labels", labels, folder]
    done = tkit(*common, "--format", "jsonl", "-o", tmp_path / "changed.csv", "--require", "my-blocker: fpr<=0.1%")
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["name"], second["name"]) == ("rule:1x1", "my-blocker")
    assert first["gain"] is None
    assert second["tpr"] == pytest.approx(2 / 3)
    with (tmp_path / "changed.csv").open(newline="") as file:
        assert [row["change"] for row in csv.DictReader(file)] == ["newly blocked"] * 2 + ["newly passed"] * 2
    failed = tkit(*common, "--require", "fpr<=0.1%", "--require", "tpr>=0.97")
    assert failed.returncode == 3
    told = failed.stderr.splitlines()
    assert told[0] == "not met: rule:1x1: fpr is 33.3333%, required fpr<=0.1%"
    assert [line.split(":")[1].strip() for line in told] == ["rule", "rule", "my-blocker"]
    assert "newly blocked" in failed.stdout
    table = tkit(*common, "--format", "csv").stdout.splitlines()
    assert table[0].startswith("name,vantage,tpr,tpr_low,tpr_high,fpr,")
    assert len(table) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "name at least one detector"),
        (["-d", "no/such.txt"], 2, "no such file or folder"),
        (["-d", "rule:1x1", "--require", "x"], 2, "is not a requirement"),
        (["-d", "rule:1x1", "--require", "b: fpr<1"], 2, "no detector 'b'"),
        (["-d", "rule:1x1", "--labels", "none.csv"], 2, "give a label file"),
        (["-d", "rule:1x1", "--format", "parquet"], 2, "table, jsonl or csv"),
        (["-d", "rule:1x1", "/no/such/mails"], 1, "none of the 2 labelled messages"),
        (["-d", "program:true"], 1, "ended with exit code 0 after 0 of 7 verdicts"),
    ],
)
def test_wrong_input_is_reported(tkit, folder: Path, labels: Path, arguments: list[str], code: int, reason: str) -> None:
    given = arguments if "--labels" in arguments else [*arguments, "--labels", str(labels)]
    done = tkit("compare", *given, *([] if any("mails" in one for one in arguments) else [folder]))
    assert done.returncode == code
    assert reason in " ".join(done.stderr.replace("│", " ").split())


def test_without_mails_the_dataset_is_compared_on(tkit) -> None:
    done = tkit("compare", "-d", "rule:1x1", "-d", "bundle:url", "--dataset", ROOT / "data" / "dataset", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    refused = tkit("compare", "-d", "peer:fairemail", "--dataset", ROOT / "data" / "dataset")
    assert refused.returncode == 2
    assert "cannot judge by features alone" in " ".join(refused.stderr.replace("│", " ").split())
