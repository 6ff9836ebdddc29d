import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_verdicts import of_three_verdicts
from typer.testing import CliRunner

from tkit.bundle import Bundle, default_bundle
from tkit.cli.main import app
from tkit.dataset import Dataset
from tkit.errors import TkitError
from tkit.export import Loss, base, export, target
from tkit.export.base import TARGETS, EngineMissingError, Target, loss_on_rows, program, run


def writes(text: str, verdicts: list[str] | None) -> Target:
    """A target that writes one file, and whose engine gives these verdicts, or is missing."""

    def write(bundle: Bundle, folder: Path) -> None:
        (folder / "a.txt").write_text(text, encoding="utf-8")

    def decide(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> np.ndarray:
        assert (folder / "a.txt").read_text(encoding="utf-8") == text
        if verdicts is None:
            raise EngineMissingError("no engine")
        return np.array(verdicts)

    return Target("made-up", "for tests", write, loss_on_rows("made-up", "It sees nothing.", lambda: "engine 1", decide))


@pytest.fixture
def dataset() -> Dataset:
    """Six references: T, C, S, P, another P and a T of little confidence"""
    bundle = of_three_verdicts("url")
    keys = pd.DataFrame({"message_sha256": list("abcdef"), "part": 0, "index": 0})
    numbers = pd.DataFrame(0.0, index=range(6), columns=bundle.features, dtype="float32")
    numbers.loc[[0, 1, 3, 4], "longest_hex"] = 20  # individual
    numbers.loc[[0, 4], "query_length"] = 5  # trackers of these
    labels = keys.assign(label=["T", "C", "S", "P", "P", "T"], confidence=[3, 2, 2, 3, 2, 1], source="gold")
    none = pd.DataFrame()
    return Dataset(pd.concat([keys, numbers], axis=1), labels, none, none, none, none, {})


def use(monkeypatch: pytest.MonkeyPatch, made_up: Target) -> None:
    monkeypatch.setattr("tkit.export.target", lambda name: made_up)
    monkeypatch.setitem(TARGETS, made_up.name, "")


def test_files_and_loss_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    bundle = of_three_verdicts("url")
    assert bundle.verdicts(dataset.references).tolist() == [
        "tracker",
        "personalised",
        "clean",
        "personalised",
        "tracker",
        "clean",
    ]
    use(monkeypatch, writes("new", ["tracker", "clean", "tracker", "clean", "personalised", "tracker"]))
    told: list[str] = []
    (loss,) = export(bundle, ["made-up"], tmp_path / "out", dataset, lambda what, done, total: told.append(what))
    folder = tmp_path / "out" / "made-up"
    assert {path.name for path in folder.iterdir()} == {"a.txt", "loss.json", "LOSS.md"}
    # The last is compared, but its label counts for nothing.
    assert (loss.compared, loss.different, loss.engine) == (6, 5, "engine 1")
    assert loss.by_bundle == base.Agreement(trackers=1, found=1, negatives=2, flagged=0, personalised=2, agreed=1)
    assert loss.by_export == base.Agreement(trackers=1, found=1, negatives=2, flagged=1, personalised=2, agreed=1)
    assert json.loads((folder / "loss.json").read_text(encoding="utf-8")) == loss.to_json()
    report = (folder / "LOSS.md").read_text(encoding="utf-8")
    assert "**5 of 6** verdicts differ" in report
    assert "| bundle | 1 of 1 | 1.0000 | 0 of 2 | 1 of 2 |" in report
    assert "| export | 1 of 1 | 1.0000 | 1 of 2 | 1 of 2 |" in report
    assert told == ["exporting made-up", "exporting"]


def test_a_missing_engine_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, writes("new", None))
    (loss,) = export(default_bundle("url"), ["made-up"], tmp_path)
    assert (loss.engine, loss.different) == ("", None)
    assert "not compared" in (tmp_path / "made-up" / "LOSS.md").read_text(encoding="utf-8")


def test_an_older_export_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = default_bundle("url")
    use(monkeypatch, writes("old", None))
    export(bundle, ["made-up"], tmp_path)
    (tmp_path / "made-up" / "left-over").touch()
    use(monkeypatch, writes("new", None))
    export(bundle, ["made-up"], tmp_path)
    assert {path.name for path in (tmp_path / "made-up").iterdir()} == {"a.txt", "loss.json", "LOSS.md"}

    def fails(bundle: Bundle, folder: Path) -> None:
        raise TkitError("made-up: cannot")

    use(monkeypatch, replace(writes("newer", None), write=fails))
    with pytest.raises(TkitError, match=r"made-up: cannot"):
        export(bundle, ["made-up"], tmp_path)
    assert (tmp_path / "made-up" / "a.txt").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["made-up"]


def test_no_place_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, writes("new", None))
    (tmp_path / "file").touch()
    with pytest.raises(TkitError, match=r"made-up: cannot be written .*: choose a folder that can be written"):
        export(default_bundle("url"), ["made-up"], tmp_path / "file")


def test_every_target_is_one() -> None:
    for name in TARGETS:
        assert target(name).name == name
    with pytest.raises(TkitError, match=r"no export target 'fax': take one of .*javascript, "):
        target("fax")


def test_programs(tmp_path: Path) -> None:
    with pytest.raises(EngineMissingError, match="no tkit-none on PATH: build it"):
        program("tkit-none", install="build it")
    assert run([program("sh", install=""), "-c", "printf $A"], {"A": "b"}) == b"b"
    with pytest.raises(TkitError, match="sh failed with code 3: why"):
        run(["sh", "-c", "echo why >&2; exit 3"])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, writes("new", None))
    monkeypatch.chdir(tmp_path)  # where no dataset is
    arguments = ["export", "default:url", "--to", "made-up", "-o", "out"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "loses as made-up" in result.output


def test_loss_without_trackers_has_no_recall() -> None:
    assert np.isnan(base.Agreement(0, 0, 3, 1, 0, 0).recall)
    assert Loss("a", "b", "url", "", "rows", "sees").to_json()["by_export"] is None


def test_verdicts_from_the_margins_of_an_engine() -> None:
    bundle = of_three_verdicts("url")
    margins = {"tracker": np.array([0, -1, -1, 5]), "individual": np.array([-1, 0, -1, 5])}
    assert base.verdicts_at(bundle, margins).tolist() == ["tracker", "personalised", "clean", "tracker"]
