"""Templates are built from labelled references, by hand and from mails by the command line."""

from pathlib import Path

import pandas as pd
import pytest
from made_rows import ROWS, rows_of
from made_shared import CORPORA, make_shared, use_made_registry
from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.dataset import build as release
from tkit.templates import load_templates, material
from tkit.templates.building import build_templates, matched_keys
from tkit.templates.known import KNOWN
from tkit.templates.template import keys_of


def test_templates_of_rows() -> None:
    made = build_templates(ROWS, "digest")
    assert made.facts["trackers"] == 17
    assert made.facts["negatives"] == 9
    learnt = [one.pattern for one in made if one.origin == "learnt"]
    assert learnt == ["/mailkit/seen.php?k="]
    (sendgrid,) = [one for one in made if one.pattern == "/wf/open?upn="]
    assert (sendgrid.origin, sendgrid.service, sendgrid.trackers) == ("known", "SendGrid", 5)
    assert {one.pattern for one in made if one.origin == "known"} == {pattern for _, pattern in KNOWN}
    rows = ROWS.assign(request=["stylesheet", *["image"] * (len(ROWS) - 1)])
    assert len(matched_keys(rows, made)) == 5 + 5  # a filter list's rules are for images
    assert keys_of(ROWS.iloc[:1]) == ["000000000000/0/0"]


def test_a_known_template_that_is_mostly_wrong_is_left_out() -> None:
    wrong = rows_of(*(("C", f"v{number}.example", "/mtracking.gif") for number in range(3)))
    made = build_templates(pd.concat([ROWS, wrong], ignore_index=True), "digest")
    assert "/mtracking.gif" not in made.patterns


def test_build_from_mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_made_registry(monkeypatch)
    monkeypatch.setattr(material, "CORPORA", CORPORA)
    shared = make_shared(tmp_path / "shared")
    made = release.build(shared, tmp_path / "dataset")
    output = tmp_path / "out" / "t.json"
    output.parent.mkdir()
    arguments = ["templates", "build", "--shared", str(shared), "--dataset", str(tmp_path / "dataset"), "-o", str(output)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert load_templates(output).facts["dataset"] == made.digest()
    # The twelve senders' trackers share no word: "/opena?au=", "/openb?bu=".
    assert [one.pattern for one in load_templates(output) if one.origin == "learnt"] == []
