"""The verbs of `tkit templates`."""

import json

from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.templates import load_templates


def test_list() -> None:
    told = CliRunner().invoke(app, ["templates", "list", "--format", "jsonl"])
    rows = [json.loads(line) for line in told.output.splitlines()]
    assert told.exit_code == 0
    assert [row["pattern"] for row in rows] == load_templates().patterns
    assert CliRunner().invoke(app, ["templates", "list"]).exit_code == 0
    assert CliRunner().invoke(app, ["templates", "list", "--format", "xml"]).exit_code == 2
