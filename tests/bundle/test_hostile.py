"""Bundles that came from elsewhere: each of the built-in ones, spoilt in one way, is refused with a reason."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tkit.bundle import Bundle, default_bundle
from tkit.errors import TkitError
from tkit.features import MAIL_VANTAGES

DEFAULT = Path(sys.modules["tkit"].__path__[0]) / "default"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT / "url", tmp_path / "bundle"))


def spoil(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    value = json.loads((folder / name).read_text())
    change(value)
    (folder / name).write_text(json.dumps(value))


def cycle(model: Any) -> None:
    tree = next(tree for tree in model["trees"] if len(tree["left"]) > 2)
    inner = next(node for node in range(1, len(tree["left"])) if tree["left"][node] > 0)
    tree["left"][inner] = 0


def loop(model: Any) -> None:
    model["trees"][0]["left"][0] = 0


def share(model: Any) -> None:
    model["trees"][0]["right"][0] = model["trees"][0]["left"][0]


SPOILT = {
    "feature version": ("schema.json", lambda schema: schema.update(feature_version=0), "train the model again"),
    "no feature version": ("schema.json", lambda schema: schema.pop("feature_version"), "feature_version None"),
    "format": ("schema.json", lambda schema: schema.update(format=99), "format 99"),
    "feature missing": ("schema.json", lambda schema: schema["features"].pop(), "missing: [a-z]"),
    "feature too many": (
        "schema.json",
        lambda schema: schema["features"].append({"name": "mine", "dtype": "float32", "absent": ""}),
        "unknown: mine",
    ),
    "feature twice": ("schema.json", lambda schema: schema["features"].append(schema["features"][0]), "another schema"),
    "features in another order": ("schema.json", lambda schema: schema["features"].reverse(), "order"),
    "vantage": ("schema.json", lambda schema: schema.update(vantage="element"), "another schema"),
    "cycle": ("tracker.json", cycle, "each child comes after its parent"),
    "loop": ("tracker.json", loop, "each child comes after its parent"),
    "shared child": ("tracker.json", share, "(child of 2 nodes|not a mean of its children)"),
    "not finite": (
        "tracker.json",
        lambda model: model["trees"][0]["threshold"].__setitem__(0, float("nan")),
        "not strict JSON",
    ),
    "infinite": ("tracker.json", lambda model: model["trees"][0]["threshold"].__setitem__(0, float("-inf")), "not strict JSON"),
    "kind": ("tracker.json", lambda model: model.update(kind="pickle"), "this tkit reads trees and linear"),
    "cycle in the second model": ("individual.json", cycle, "each child comes after its parent"),
    "code in the second model": ("individual.json", lambda model: model.update(code="import os"), "unknown: code"),
    "code": ("tracker.json", lambda model: model.update(code="import os"), "unknown: code"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_refused(folder: Path, case: str) -> None:
    name, change, message = SPOILT[case]
    spoil(folder, name, change)
    with pytest.raises(TkitError, match=rf"^bundle .*{name}: .*{message}"):
        Bundle.load(folder)


def test_number_that_overflows_is_refused(folder: Path) -> None:
    text = (folder / "tracker.json").read_text()
    where = text.index('"threshold":[') + len('"threshold":[')
    (folder / "tracker.json").write_text(text[:where] + "1e999," + text[text.index(",", where) + 1 :])
    with pytest.raises(TkitError, match="inf is not a finite number"):
        Bundle.load(folder)


def test_file_over_its_size_is_refused_before_it_is_parsed(folder: Path) -> None:
    (folder / "CARD.md").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(TkitError, match=r"CARD\.md: over 1048576 bytes"):
        Bundle.load(folder)


def test_nothing_but_the_five_files_is_read(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    (folder / "__init__.py").write_text("raise SystemExit(1)")
    assert Bundle.load(folder).vantage == "url"


@pytest.mark.parametrize("vantage", MAIL_VANTAGES)
def test_built_in_bundles_are_sound(vantage: str) -> None:
    assert default_bundle(vantage).vantage == vantage


def test_command_line_says_what_to_do(folder: Path) -> None:
    spoil(folder, "schema.json", SPOILT["feature version"][1])
    command = [sys.executable, "-m", "tkit", "scrub", "-", "--model", str(folder)]
    done = subprocess.run(command, input=b"Content-Type: text/html\n\n<p>", capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"train the model again" in done.stderr
    assert b"Traceback" not in done.stderr
