"""The verbs of `tkit templates`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_shared import CORPORA, make_shared, use_made_registry
from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.dataset import build as release
from tkit.errors import TkitError
from tkit.templates import load_templates, material


def test_list() -> None:
    told = CliRunner().invoke(app, ["templates", "list", "--format", "jsonl"])
    rows = [json.loads(line) for line in told.output.splitlines()]
    assert told.exit_code == 0
    assert [row["pattern"] for row in rows] == load_templates().patterns
    assert CliRunner().invoke(app, ["templates", "list"]).exit_code == 0
    assert CliRunner().invoke(app, ["templates", "list", "--format", "xml"]).exit_code == 2


def test_build_from_mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_made_registry(monkeypatch)
    monkeypatch.setattr(material, "CORPORA", CORPORA)
    shared = make_shared(tmp_path / "shared")
    made = release.build(shared, tmp_path / "dataset")
    rows = material.labelled_urls(shared, made)
    assert rows["url"].str.startswith("http://t").sum() >= 24
    assert rows["tracker"].sum() >= 24
    output = tmp_path / "out" / "t.json"
    output.parent.mkdir()
    arguments = ["templates", "build", "--shared", str(shared), "--dataset", str(tmp_path / "dataset"), "-o", str(output)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert load_templates(output).facts["dataset"] == made.digest()
    # The twelve senders' trackers share no word: "/opena?au=", "/openb?bu=".
    assert [one.pattern for one in load_templates(output) if one.origin == "learnt"] == []
    with pytest.raises(TkitError, match="labelled references are not found"):
        material.labelled_urls(shared, replace(made, labels=made.labels.assign(index=99)))
    (shared / "corpora" / "first.tar.xz").unlink()
    with pytest.raises(TkitError, match="no such archive"):
        material.labelled_urls(shared, made)
