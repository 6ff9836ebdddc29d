import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from made_verdicts import MAIL_OF_THREE, of_three_verdicts

from tkit.bundle import default_bundle, explain, judge
from tkit.export.javascript import script_text
from tkit.export.packaging import COPIED, reasons_script, write_extension
from tkit.features import extract, feature_names
from tkit.features.words import reason
from tkit.mail import Message


def test_reasons_are_those_of_python(npm: Path, tmp_path: Path) -> None:
    values = dict.fromkeys(feature_names("message"), (-1, 0, 1, 2, 0.004, 0.125, 0.375, 1.25, 1234.56, 0.5))
    script = f"{reasons_script()}\nconst values = {json.dumps(values)};\n"
    script += "console.log(JSON.stringify(Object.entries(values).map(([name, all]) => all.map((one) => reasonOf(name, one)))));"
    (tmp_path / "reasons.cjs").write_text(script, encoding="utf-8")
    done = subprocess.run(["node", tmp_path / "reasons.cjs"], capture_output=True, check=True)
    assert json.loads(done.stdout) == [[reason(name, one) for one in all_of] for name, all_of in values.items()]


def test_the_verdict_decides_which_question_gives_the_reasons(npm: Path, tmp_path: Path) -> None:
    bundle = of_three_verdicts("message")
    rows = extract([Message.from_bytes(b"Content-Type: text/html\n\n" + MAIL_OF_THREE.encode())])
    verdicts = judge(bundle, rows).verdicts
    asked = [
        {"features": features, "verdict": verdict}
        for features, verdict in zip(rows[bundle.features].to_numpy().tolist(), verdicts.tolist(), strict=True)
    ]
    script = f"{script_text(bundle, means=True)}\n{reasons_script()}\nconst asked = {json.dumps(asked)};\n"
    (tmp_path / "reasons.cjs").write_text(script + "console.log(JSON.stringify(asked.map(reasonsOf)));", encoding="utf-8")
    done = subprocess.run(["node", tmp_path / "reasons.cjs"], capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found == explain(bundle, rows, verdicts)
    digits = "a hexadecimal code of 20 digits in the URL"
    assert found[1] == [digits]  # personalised
    assert found[-1] == ["declared 1 x 1 px", digits]  # a tracker


@pytest.mark.parametrize(("of_tkit", "of_browsers"), [("0.1.0", "0.1.0"), ("1.2.dev3+local", "1.2"), ("unknown", "0")])
def test_files_and_version(tmp_path: Path, of_tkit: str, of_browsers: str) -> None:
    bundle = replace(default_bundle("url"), tkit_version=of_tkit)
    write_extension("tkit.export.thunderbird", ["manifest.json"], bundle, tmp_path)
    own = {"manifest.json", "README.md", "tkit.js", "reasons.js", "popup.html"}
    assert {path.name for path in tmp_path.iterdir()} == {*own, *COPIED}
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["version"] == of_browsers
    assert "{{" not in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_popup_has_the_controls_of_its_extension(tmp_path: Path) -> None:
    pages = {}
    for name in ("webextension", "thunderbird"):
        (tmp_path / name).mkdir()
        write_extension(f"tkit.export.{name}", [], default_bundle("url"), tmp_path / name)
        pages[name] = (tmp_path / name / "popup.html").read_text(encoding="utf-8")
    assert [(name, 'id="options"' in page, 'id="always"' in page) for name, page in pages.items()] == [
        ("webextension", True, False),
        ("thunderbird", False, True),
    ]
    lists = ('<ul id="trackers"', '<section id="personalised"', 'id="told"')
    assert all(one in page for page in pages.values() for one in lists)
    assert all("{{" not in page for page in pages.values())
