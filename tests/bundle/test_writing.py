"""Tests of saving in tkit.bundle.bundle: a bundle is saved whole or not at all."""

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_bundle import (
    MODELS,
    PATH,
    QUERY,
    THREE,
    THREE_INDIVIDUAL_MARGINS,
    THREE_MARGINS,
    THREE_VERDICTS,
    made,
    trained,
)

from tkit.bundle import MAX_BYTES, QUESTIONS, Bundle
from tkit.detectors.models import Model
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION


def plain(bundle: Bundle) -> dict[str, Any]:
    """Return the attributes as values that can be compared."""
    return (
        vars(bundle) | {question: vars(bundle.output(question)) for question in QUESTIONS} | {"replay": bundle.replay.tolist()}
    )


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    bundle = made()
    folder = tmp_path / "models" / "url"
    bundle.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(MAX_BYTES)
    assert [path.name for path in folder.parent.iterdir()] == ["url"]
    for loaded in (Bundle.load(folder), Bundle.load(str(folder))):
        assert plain(loaded) == plain(bundle)
        assert loaded.replay.tolist() == THREE.to_numpy().tolist()
    Bundle.load(folder).save(tmp_path / "again")
    for name in MAX_BYTES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("make", MODELS)
def test_trained_models_survive_being_saved(make: Callable[[], Model], tmp_path: Path) -> None:
    rows, tracker, weight = trained()
    bundle = made(make().fit(rows, tracker, weight).exported(), replay=rows[:50])
    bundle.save(tmp_path / "url")
    loaded = Bundle.load(tmp_path / "url")
    assert loaded.tracker.model == bundle.tracker.model
    assert loaded.margins(rows).tolist() == bundle.margins(rows).tolist()


def test_files_say_what_exporters_need(tmp_path: Path) -> None:
    made().save(tmp_path / "url")
    model = json.loads((tmp_path / "url" / "tracker.json").read_text())
    assert model == {
        "kind": "trees",
        "link": "logistic",
        "unit": 65536,
        "intercept": 8192,
        "trees": [
            {
                "feature": [PATH, -1, QUERY, -1, -1],
                "threshold": [10.5, 0.0, 3.25, 0.0, 0.0],
                "left": [1, -1, 3, -1, -1],
                "right": [2, -1, 4, -1, -1],
                "value": [8192, -32768, 49152, 16384, 65536],
            }
        ],
    }
    model = json.loads((tmp_path / "url" / "individual.json").read_text())
    assert model == {
        "kind": "trees",
        "link": "logistic",
        "unit": 65536,
        "intercept": 16384,
        "trees": [
            {
                "feature": [QUERY, -1, -1],
                "threshold": [3.5, 0.0, 0.0],
                "left": [1, -1, -1],
                "right": [2, -1, -1],
                "value": [-8192, -49152, 32768],
            }
        ],
    }
    schema = json.loads((tmp_path / "url" / "schema.json").read_text())
    assert schema["features"][PATH] == {"name": "path_length", "dtype": "float32", "absent": None}
    assert schema["format"] == 2
    assert schema["thresholds"] == {
        "tracker": {"margin": 0, "score": 0.5, "chosen": "by hand"},
        "individual": {"margin": 0, "score": 0.5, "chosen": "as one pleases"},
    }
    assert schema["feature_version"] == FEATURE_VERSION
    vectors = [json.loads(line) for line in (tmp_path / "url" / "vectors.jsonl").read_text().splitlines()]
    assert [vector["tracker"]["margin"] for vector in vectors] == THREE_MARGINS
    assert [vector["individual"]["margin"] for vector in vectors] == THREE_INDIVIDUAL_MARGINS
    assert [vector["verdict"] for vector in vectors] == THREE_VERDICTS
    assert vectors[1]["features"]["path_length"] == 11
    assert vectors[1]["tracker"]["score"] == pytest.approx(1 / (1 + math.exp(-0.375)))
    assert vectors[1]["individual"]["score"] == pytest.approx(1 / (1 + math.exp(0.5)))


def test_saving_replaces_a_bundle_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "url"
    made().save(folder)
    made(threshold=0.75).save(folder)
    assert Bundle.load(folder).threshold_score == pytest.approx(0.75, abs=1e-5)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(TkitError, match=r"contains other files, such as notes\.txt: choose another folder"):
        made().save(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TkitError, match="file: cannot be written"):
        made().save(tmp_path / "file")


def test_interrupted_saving_leaves_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "url"
    made().save(folder)
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no space")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(TkitError, match=r"url: cannot be written \(no space\)"):
        made(threshold=0.75).save(folder)
    assert Bundle.load(folder).tracker.threshold == 0
    assert [path.name for path in tmp_path.iterdir()] == ["url"]


def test_bundles_load_from_zipped_packages(tmp_path: Path) -> None:
    made().save(tmp_path / "url")
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in (tmp_path / "url").iterdir():
            archive.write(path, f"default/url/{path.name}")
    loaded = Bundle.load(zipfile.Path(tmp_path / "package.zip", "default/url/"))
    assert loaded.margins(THREE).tolist() == THREE_MARGINS
