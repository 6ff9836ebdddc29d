"""The verbs of `tkit lists`."""

import csv
from pathlib import Path


def test_lists_are_listed_verified_and_named(tkit, tmp_path: Path) -> None:
    (tmp_path / "pelton_hosts.json").write_text('["t.example"]')
    rows = list(csv.DictReader(tkit("lists", "list", "--folder", tmp_path, "--format", "csv").stdout.splitlines()))
    assert {row["name"]: row["rules"] for row in rows if row["copy"] == "True"} == {"pelton": "1"}
    done = tkit("lists", "verify", "pelton", "neomd", "--folder", tmp_path)
    assert (done.returncode, done.stdout) == (1, "pelton: other rules\nneomd: missing\n")
    assert tkit("lists", "get", "moon").returncode == 2
    assert tkit("lists", "get", "easyprivacy_full", "--folder", tmp_path).returncode == 1
