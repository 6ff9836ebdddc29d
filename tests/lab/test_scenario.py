from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.lab.clients import Habits
from tkit.lab.scenario import BUILT_IN, Scenario

CLIENT = '[[client]]\nshare = 1\nbehaviour = "text-only"\n'


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_scenarios_that_come_with_tkit(name: str) -> None:
    scenario = Scenario.read(name)
    assert sum(group.share for group in scenario.groups) == pytest.approx(1)
    assert not scenario.needs_browser
    if name != "demo":
        assert all(group.source for group in scenario.groups)


def test_a_scenario_is_what_its_file_says(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        f'title = "Own"\nseed = 7\nrecipients = 12\nform = "font"\nprotected = 0.5\n[reading]\ndays = 30\nagain = 2\n{CLIENT}'
    )
    scenario = Scenario.read(path)
    assert (scenario.title, scenario.seed, scenario.recipients, scenario.form, scenario.protected) == (
        "Own",
        7,
        12,
        "font",
        0.5,
    )
    assert scenario.habits == Habits(days=30, again=2)
    assert [(group.name, group.share, group.client) for group in scenario.groups] == [
        ("text-only", 1, {"behaviour": "text-only"})
    ]


def test_a_browser_is_needed_at_any_depth() -> None:
    inside = {"behaviour": "loads-on-open", "eyes": "chromium"}
    client = {"share": 1, "behaviour": "scanner", "inside": {"behaviour": "several-devices", "devices": [inside]}}
    assert Scenario.of({"client": [client]}).needs_browser


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no [[client]]"),
        ("client = 3", "no [[client]]"),
        ("moon = 1\n" + CLIENT, "unknown key 'moon': take client, form, protected, reading, recipients, seed, title"),
        ("recipients = 0\n" + CLIENT, "recipients = 0: give a whole number from 1 to 20,000"),
        ("recipients = 1.5\n" + CLIENT, "recipients = 1.5"),
        ("recipients = 30000\n" + CLIENT, "recipients = 30000: give a number from 0 to 20,000"),
        ("protected = 2\n" + CLIENT, "protected = 2: give a number from 0 to 1"),
        ('seed = "x"\n' + CLIENT, "seed = 'x': give a number from 0 up"),
        ("seed = inf\n" + CLIENT, "seed = inf"),
        ('form = "moon"\n' + CLIENT, "no form 'moon': take one of"),
        ("reading = 1\n" + CLIENT, "give a table [reading]"),
        ("[reading]\nmoon = 1\n" + CLIENT, "reading: unknown key 'moon'"),
        ("[reading]\nread_share = 2\n" + CLIENT, "read_share is at most 1"),
        ("[reading]\ndays = -1\n" + CLIENT, "reading: days = -1"),
        ("= 3", "is not valid TOML"),
        ('[[client]]\nshare = 1\nbehaviour = "moon"', "client 1: behaviour = 'moon'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(TkitError) as error:
        Scenario.read(path)
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match=r"nowhere\.toml: cannot be read .*: give a scenario file, or demo or mixed"):
        Scenario.read("nowhere.toml")
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(TkitError, match="is not UTF-8"):
        Scenario.read(tmp_path / "x")
