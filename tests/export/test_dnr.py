import json
from pathlib import Path

import numpy as np
import pytest
from list_engines import asked_by_chromium, expected, in_brave, in_chromium, in_node, urls_by_hand

from tkit.bundle import default_bundle
from tkit.errors import TkitError
from tkit.export import adblock, export
from tkit.export.dnr import MOST_RULES, TARGET, manifest, rules
from tkit.templates import Template, Templates, load_templates


def made_up(*patterns: str) -> Templates:
    return Templates(tuple(Template(pattern, "learnt") for pattern in patterns), {"tkit_version": "1.2.3"})


def test_rules_by_hand() -> None:
    first, twin = rules(made_up("/wf/open?upn="))
    assert first == {
        "id": 1,
        "priority": 1,
        "action": {"type": "block"},
        "condition": {"urlFilter": "/wf/open?upn=", "isUrlFilterCaseSensitive": False, "resourceTypes": ["image"]},
    }
    assert twin["id"] == 2
    assert twin["condition"]["urlFilter"] == "%2Fwf%2Fopen%3Fupn%3D"


def test_manifest_asks_for_one_permission() -> None:
    told = manifest(made_up())
    assert (told["manifest_version"], told["version"], told["permissions"]) == (3, "1.2.3", ["declarativeNetRequest"])
    assert "background" not in told
    assert "host_permissions" not in told


@pytest.mark.parametrize("pattern", ["||a.example/", "*x", "/open|", "/é/"])
def test_what_a_url_filter_cannot_hold(pattern: str) -> None:
    with pytest.raises(TkitError, match=r"dnr: .*a urlFilter is ASCII and has no anchors here"):
        rules(made_up(pattern))


def test_more_rules_than_chrome_guarantees() -> None:
    with pytest.raises(TkitError, match="30002 rules, but Chrome guarantees 30000"):
        rules(made_up(*(f"/a{number}/" for number in range(MOST_RULES // 2 + 1))))


def test_files(tmp_path: Path) -> None:
    (loss,) = export(default_bundle("url"), ["dnr"], tmp_path)
    folder = tmp_path / "dnr"
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "rules.json", "README.md", "loss.json", "LOSS.md"}
    told = json.loads((folder / "rules.json").read_text("utf-8"))
    assert told == rules(load_templates())
    # No regular expression, so that none can be too big for Chrome.
    assert all("regexFilter" not in rule["condition"] for rule in told)
    assert loss.engine == ""


def assert_four_engines_agree(npm: Path, chromium: str, folder: Path, requests: list[tuple[str, str]]) -> None:
    bundle, templates = default_bundle("url"), load_templates()
    for name, target in (("dnr", TARGET), ("adblock", adblock.TARGET)):
        (folder / name).mkdir()
        target.write(bundle, folder / name)
    hits, said = in_chromium(folder / "dnr", folder, requests, chromium)
    # Loaded whole: Chrome leaves out a rule that it cannot read, and would have more left.
    assert said["enabled"] == ["trackers"]
    assert said["left"] == 330_000 - 2 * len(templates)
    list_file = folder / "adblock" / "tkit.txt"
    found = {"chromium": hits, "brave": in_brave(list_file.read_text("utf-8"), requests), **in_node(npm, list_file, requests)}
    verdicts = expected(templates, requests)
    for name, engine in found.items():
        assert [requests[row] for row in np.flatnonzero(engine != verdicts)] == [], name


@pytest.mark.usefixtures("brave")
def test_four_engines_on_urls_by_hand(npm: Path, chromium: str, tmp_path: Path) -> None:
    urls = urls_by_hand(load_templates())
    requests = [("image", url) for url in urls] + [("script", url) for url in urls[::7]]
    assert_four_engines_agree(npm, chromium, tmp_path, requests)


@pytest.mark.usefixtures("brave")
def test_four_engines_on_labelled_references(
    npm: Path, chromium: str, tmp_path: Path, labelled_requests: list[tuple[str, str]]
) -> None:
    assert_four_engines_agree(npm, chromium, tmp_path, labelled_requests)


def test_pictures_of_a_page(chromium: str, tmp_path: Path) -> None:
    (tmp_path / "dnr").mkdir()
    TARGET.write(default_bundle("url"), tmp_path / "dnr")
    blocked = [
        "/wf/open?upn=1",
        "/WF/Open?UPN=2",
        "/proxy/x=s0-d-e1-ft#http://b.test/wf/open?upn=3",
        "/mail?url=http%3A%2F%2Fb.test%2Fwf%2Fopen%3Fupn%3D4",
    ]
    shown = ["/logo.png", "/wf/opened?u=1", "/proxy/y=s0-d-e1-ft#http://b.test/logo.png"]
    asked = asked_by_chromium(tmp_path / "dnr", tmp_path, chromium, [*blocked, *shown])
    assert sorted(asked) == sorted(tail.partition("#")[0] for tail in shown)
