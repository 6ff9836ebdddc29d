"""Tests of tkit.detectors.loading: what each word names."""

import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

from tkit.bundle import default_bundle
from tkit.detectors import RULE_NAMES, RULES
from tkit.detectors.any_of import AnyOf
from tkit.detectors.base import threshold_of
from tkit.detectors.loading import is_prefixed, load_detector
from tkit.detectors.peers import PEERS
from tkit.detectors.program import ProgramDetector
from tkit.detectors.published import ListDetector, PublishedColumn, Unwrapped
from tkit.detectors.rules import Trocker
from tkit.errors import TkitError


def test_every_rule_has_a_word() -> None:
    assert {load_detector(f"rule:{name}").name for name in RULE_NAMES} == {rule.name for rule in RULES}
    assert load_detector("rule:trocker") == Trocker()


def test_lists_and_programs_come_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "pelton_hosts.json").write_text('["t.example"]')
    listed = load_detector("list:pelton", tmp_path)
    assert isinstance(listed, ListDetector)
    assert listed.name == "list: pelton"
    assert load_detector("peer:pelton", tmp_path).name == "program: Pelton"
    assert isinstance(load_detector("unwrapped:list:pelton", tmp_path), Unwrapped)
    assert load_detector("published:pelton") == PublishedColumn("pelton")
    assert load_detector("peer:fairemail").name == "program: FairEmail"
    assert "fairemail" in PEERS


def test_the_folder_of_lists_may_be_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TKIT_LISTS", str(tmp_path))
    with pytest.raises(TkitError, match=str(tmp_path / "neomd.json")):
        load_detector("list:neomd")


def test_bundles_by_vantage_point_and_folder(tmp_path: Path) -> None:
    bundle = default_bundle("url")
    assert load_detector("bundle:url") == bundle or load_detector("bundle:url").vantage == "url"
    bundle.save(tmp_path / "mine.bundle")
    loaded = load_detector(str(tmp_path / "mine.bundle"))
    assert threshold_of(loaded) == bundle.threshold_score
    assert threshold_of(Trocker()) == 0.5


def test_any_of_several_each_at_its_own_threshold() -> None:
    found = load_detector("any:rule:1x1, bundle:message")
    assert isinstance(found, AnyOf)
    assert found.thresholds == (0.5, default_bundle().threshold_score)
    assert (found.name, found.vantage) == ("declared 1x1 or boosting", "message")


def test_files_are_lists_or_programs_by_their_content(tmp_path: Path) -> None:
    listed, program = tmp_path / "list.txt", tmp_path / "blocker"
    listed.write_text("t.example\n")
    listed.chmod(0o755)  # as on file systems where everything can be executed
    program.write_text(f"#!{sys.executable}\n")
    assert load_detector(str(listed)).name == "list: list.txt"
    with pytest.raises(TkitError, match="a program that is not executable: chmod"):
        load_detector(str(program))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    found = load_detector(str(program))
    assert isinstance(found, ProgramDetector)
    assert found.command == (str(program),)
    words = load_detector(f"program:{sys.executable} '{program}' --quick")
    assert isinstance(words, ProgramDetector)
    assert words.command == (sys.executable, str(program), "--quick")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("rule:moon", "no rule 'moon': take one of none, 1x1"),
        ("peer:moon", "no program 'moon': take one of fairemail"),
        ("list:moon", "no list 'moon': take one of adguard_mail"),
        ("published:moon", "no list 'moon'"),
        ("bundle:moon", "no vantage point 'moon'"),
        ("unwrapped:rule:moon", "no rule 'moon'"),
        ("any:rule:1x1,rule:moon", "no rule 'moon'"),
        ("any:rule:1x1", "any of 1 detectors with 1 thresholds: give two detectors or more"),
        ("program:", "nothing is not an executable"),
        ("program:'x", "quote it as for a shell"),
        ("program:no-such-command-here", "is not an executable file or command"),
        ("no/such/file", "no/such/file: no such file or folder"),
        ("mylist.txt", "mylist.txt: no such file or folder"),
        ("moon", "moon: no file or folder, and no entry point of the group tkit.detectors.*built in are rule:"),
        ("", "no file or folder"),
    ],
)
def test_what_there_is_not_is_said(spec: str, reason: str) -> None:
    with pytest.raises(TkitError, match=reason):
        load_detector(spec)


def test_lists_that_block_nothing_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    (tmp_path / "empty.txt").write_text("! only a comment\n")
    (tmp_path / "hides.txt").write_text("##img\n##a\n")
    with pytest.raises(TkitError, match=r"empty\.txt: contains no rule: give a list"):
        load_detector(str(tmp_path / "empty.txt"))
    with pytest.raises(TkitError, match=r"none of its 2 rules can be applied; the first: ##img .hides an element"):
        load_detector(str(tmp_path / "hides.txt"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(TkitError, match=r"schema\.json"):
        load_detector(str(tmp_path / "folder"))


PLUGIN = """
class Every:
    name, vantage = "every", "url"
    def scores(self, rows):
        return rows["tiny"].to_numpy(float)
every = Every()
def broken():
    raise RuntimeError("no licence")
def nothing():
    return object()
"""


def test_installed_packages_give_detectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tkit_plugin_of_a_test.py").write_text(PLUGIN)
    info = tmp_path / "plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    names = {"cls": "Every", "one": "every", "broken": "broken", "nothing": "nothing", "missing": "moon"}
    points = "".join(f"{name} = tkit_plugin_of_a_test:{target}\n" for name, target in names.items())
    (info / "entry_points.txt").write_text(f"[tkit.detectors]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = pd.DataFrame({"tiny": [1.0]})
    for spec in ("cls", "one", "plugin:cls"):
        assert load_detector(spec).scores(rows).tolist() == [1.0]
    with pytest.raises(TkitError, match=r"broken: its package .* failed .RuntimeError: no licence"):
        load_detector("broken")
    with pytest.raises(TkitError, match=r"nothing: .* is not a detector: it has no name, vantage, scores"):
        load_detector("nothing")
    with pytest.raises(TkitError, match=r"missing: its package .* failed .AttributeError"):
        load_detector("missing")
    with pytest.raises(TkitError, match="installed: broken, cls, missing, nothing, one"):
        load_detector("moon")


def test_words_are_told_from_paths() -> None:
    assert is_prefixed("rule:x")
    assert not is_prefixed("c:x")
    assert not is_prefixed("rule")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    listed = tmp_path / "list.txt"
    listed.write_text("t.example\n")
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(TkitError, match=r"list\.txt: cannot be read \(Permission denied\): give a file"):
        load_detector(str(listed))
