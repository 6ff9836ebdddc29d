import json
import math
from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.study.gate import SLACK, check, failure, pin

FIGURES = {"a: tpr": 0.97, "b: tpr": 0.91234, "c: tpr": math.nan, "block none: tpr": 0.0}
INPUTS = "0f" * 32


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    pin(tmp_path / "floors.json", FIGURES, INPUTS, command="tkit study")
    return tmp_path / "floors.json"


def test_floors_stand_just_below_the_figures(floors: Path) -> None:
    pinned = json.loads(floors.read_text())
    assert SLACK == 0.005
    assert pinned["floors"] == {"a: tpr": 0.965, "b: tpr": 0.9073}
    assert (pinned["inputs"], pinned["command"]) == (INPUTS, "tkit study")
    assert [path.name for path in floors.parent.iterdir()] == ["floors.json"]


def test_the_gate_is_open_for_the_same_figures_and_better_ones(floors: Path) -> None:
    assert check(floors, FIGURES, INPUTS) == []
    assert check(floors, {"a: tpr": 0.9651, "b: tpr": 1.0, "new": 0.1}, INPUTS) == []


def test_a_figure_below_its_floor_and_a_lost_one_close_it(floors: Path) -> None:
    failed = check(floors, {"a: tpr": 0.9649}, INPUTS)
    assert failed == ["a: tpr: 0.9649 is below its floor of 0.9650", "b: tpr: this figure is missing, its floor is 0.9073"]
    assert failure(failed).startswith("2 figures fell: a: tpr: 0.9649 is below")
    assert check(floors, {"a: tpr": math.nan, "b: tpr": 1.0}, INPUTS) == ["a: tpr: this figure is missing, its floor is 0.9650"]


def test_figures_of_other_inputs_are_not_compared(floors: Path) -> None:
    with pytest.raises(TkitError, match=r"of other data or settings \(0f0f0f0f0f0f, now aaaaaaaaaaaa\): pin them"):
        check(floors, FIGURES, "a" * 64)


def test_pinning_raises_floors_and_refuses_to_lower_one(floors: Path) -> None:
    assert pin(floors, {"a: tpr": 0.98, "b: tpr": 0.92}, "b" * 64, command="tkit study") == []
    before = floors.read_bytes()
    with pytest.raises(TkitError, match=r"floors would be lowered \(a: tpr: 0.9750 to 0.8950; b: tpr: 0.9150 to none\): find"):
        pin(floors, {"a: tpr": 0.9}, INPUTS, command="tkit study")
    assert floors.read_bytes() == before


def test_lowering_on_purpose_tells_what_fell(floors: Path) -> None:
    assert pin(floors, {"a: tpr": 0.9}, INPUTS, command="tkit study", allow_lower=True) == [
        "a: tpr: 0.9650 to 0.8950",
        "b: tpr: 0.9073 to none",
    ]
    assert json.loads(floors.read_text())["floors"] == {"a: tpr": 0.895}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "inputs": "a", "floors": {}}',
        '{"format": 1, "inputs": "a", "floors": {"a": "0.5"}}',
        '{"format": 1, "inputs": "a", "floors": {"a": NaN}}',
        '{"format": 1, "inputs": "a", "floors": {"a": true}}',
        '{"format": 1, "inputs": 1, "floors": {"a": 0.5}}',
        '{"format": 1, "inputs": "a", "floors": [0.5]}',
    ],
)
def test_what_is_no_file_of_floors_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "floors.json").write_text(text)
    with pytest.raises(TkitError, match=r"floors\.json: not a file of floors"):
        check(tmp_path / "floors.json", FIGURES, "a")


def test_no_file_and_no_place(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="does not exist: create it with `tkit study --pin"):
        check(tmp_path / "none.json", FIGURES, INPUTS)
    (tmp_path / "file").touch()
    with pytest.raises(TkitError, match=r"cannot be written|not a file of floors"):
        pin(tmp_path / "file" / "floors.json", FIGURES, INPUTS, command="tkit study")
