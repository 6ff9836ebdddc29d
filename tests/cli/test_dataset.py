"""The verbs of `tkit dataset`."""

import re
import shutil
from pathlib import Path

import pytest
from made_shared import make_shared, use_made_registry
from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.dataset import read
from tkit.dataset.card import render_data_card

run = CliRunner().invoke


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_made_registry(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    make_shared(tmp_path / "shared")
    arguments = ["--shared", f"{tmp_path}/shared", "-o", f"{tmp_path}/dataset", "--card", f"{tmp_path}/CARD.md"]
    done = run(app, ["dataset", "build", *arguments])
    assert done.exit_code == 0, done.output
    assert re.search(r"dataset: 54 references, \d+ labels, 12 components", done.output.replace("\n", ""))
    return tmp_path


def test_build_writes_the_card_beside(made: Path) -> None:
    assert (made / "CARD.md").read_text("utf-8") == render_data_card(read(made / "dataset"))


def test_build_from_published_labels(made: Path) -> None:
    shutil.rmtree(made / "shared" / "gold")
    shutil.rmtree(made / "shared" / "lists")
    arguments = ["--shared", f"{made}/shared", "--labels", f"{made}/dataset", "-o", f"{made}/again"]
    assert run(app, ["dataset", "build", *arguments]).exit_code == 0
    assert (made / "again" / "SHA256SUMS").read_text() == (made / "dataset" / "SHA256SUMS").read_text()


def test_verify(made: Path) -> None:
    arguments = [f"{made}/dataset", "--rebuild", f"{made}/shared", "--card", f"{made}/CARD.md"]
    done = run(app, ["dataset", "verify", *arguments])
    assert done.exit_code == 0, done.output
    assert "byte for byte from the mails, label files and lists" in done.output
    assert (done.output.count("holds"), done.output.count("fails")) == (11, 0)
    (made / "dataset" / "splits.parquet").unlink()
    done = run(app, ["dataset", "verify", f"{made}/dataset"])
    assert done.exit_code == 1
    assert "splits.parquet is missing" in done.output


def test_card_of_the_dataset_that_comes_with_tkit(tmp_path: Path) -> None:
    assert run(app, ["dataset", "card", "-o", f"{tmp_path}/CARD.md"]).exit_code == 0
    assert (tmp_path / "CARD.md").read_text("utf-8").startswith("# The dataset\n")
