import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from paths import ROOT

from tkit.cli.arguments import Format, format_of
from tkit.version import __version__

SAMPLE = ROOT / "data" / "sample"
BEACON = (
    b"From: a@b.example\nContent-Type: text/html\n\n<p>x</p><img src='http://t.example/open?id=b81e2c90ff' width=1 height=1>\n"
)
SCAN_FIELDS = [
    "where",
    "from_domain",
    "date",
    "message_sha256",
    "part",
    "index",
    "carrier",
    "url",
    "resolved_url",
    "loaded_by",
    "vantage",
    "score",
    "individual_score",
    "verdict",
    "reasons",
    "provider",
    "receipt_to",
]


def tkit(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tkit", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def rows(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_version() -> None:
    assert tkit("--version").stdout.decode().strip() == f"tkit {__version__}"


@pytest.mark.parametrize(
    "verb",
    [
        *("references", "extract", "scan", "audit", "campaigns", "study", "train", "compare", "lists get", "dataset build"),
        *("lab demo", "lab run", "labels check", "labels merge", "labels agreement", "labels correct", "labels audit"),
    ],
)
def test_help_shows_an_example(verb: str) -> None:
    done = tkit(*verb.split(), "--help")
    assert done.returncode == 0
    assert f"Example: tkit {verb}" in done.stdout.decode()


def test_scan_of_standard_input() -> None:
    done = tkit("scan", "-", "--format", "jsonl", stdin=BEACON)
    assert done.returncode == 0
    (row,) = rows(done)
    assert list(row) == SCAN_FIELDS
    assert row["verdict"] == "tracker"
    assert row["vantage"] == "message"
    assert row["reasons"]


@pytest.mark.parametrize("verb", ["scan", "references"])
def test_what_could_not_be_read_is_said(tmp_path: Path, verb: str) -> None:
    sealed = b"From: a@b.example\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    for number in range(4):
        (tmp_path / f"{number}.eml").write_bytes(sealed)
    (tmp_path / "5.eml").write_bytes(BEACON)
    done = tkit(verb, tmp_path, "--format", "jsonl")
    assert len(rows(done)) == 1
    assert "not read fully: 4 mails" in done.stderr.decode()
    named = ", ".join(str(tmp_path / f"{number}.eml") for number in range(3))
    assert f"PGP: encrypted: 4, such as {named}" in done.stderr.decode()
    assert "not read fully" not in tkit(verb, "-", stdin=BEACON).stderr.decode()


@pytest.mark.parametrize(
    ("asked", "file", "form"),
    [
        (None, None, "table"),
        (None, "rows", "table"),
        (None, "rows.txt", "table"),
        (None, "rows.jsonl", "jsonl"),
        (None, "rows.CSV", "csv"),
        (None, "rows.parquet", "parquet"),
        ("jsonl", "rows.csv", "jsonl"),
    ],
)
def test_rows_are_written_as_asked_or_as_the_file_is_named(asked: str | None, file: str | None, form: str) -> None:
    assert format_of(Format(asked) if asked else None, Path(file) if file else None) == form


@pytest.mark.parametrize("vantage", ["url", "element", "message"])
def test_every_vantage_point_has_a_built_in_bundle(vantage: str) -> None:
    found = rows(tkit("scan", SAMPLE, "--vantage", vantage, "--format", "jsonl"))
    assert {row["vantage"] for row in found} == {vantage}


def test_references_list_local_ones_too() -> None:
    found = rows(tkit("references", "-", "--format", "jsonl", stdin=b"Content-Type: text/html\n\n<img src=cid:x>"))
    assert [(row["url"], row["local"], row["resolved_url"]) for row in found] == [("cid:x", True, "")]


def test_extract_is_the_same_with_more_workers(tmp_path: Path) -> None:
    assert tkit("extract", SAMPLE, "-o", tmp_path / "one.parquet").returncode == 0
    assert tkit("extract", SAMPLE, "-o", tmp_path / "two.parquet", "--workers", 2).returncode == 0
    one, two = pd.read_parquet(tmp_path / "one.parquet"), pd.read_parquet(tmp_path / "two.parquet")
    pd.testing.assert_frame_equal(one, two)
    assert len(one) > 100


def test_audit_writes_a_page(tmp_path: Path) -> None:
    done = tkit("audit", SAMPLE, "-o", tmp_path / "audit.html")
    assert done.returncode == 0
    assert "with trackers" in done.stdout.decode()
    assert "<html" in (tmp_path / "audit.html").read_text("utf-8")


def test_campaigns_compare_mails_of_several_files(tmp_path: Path) -> None:
    words = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")
    for name in ("anna", "berta", "cem"):
        (tmp_path / f"{name}.eml").write_text(
            f"From: shop@a.example\nTo: {name}@b.example\nMessage-ID: <{name}>\nContent-Type: text/html\n\n"
            f"<p>{words}<img src='http://a.example/logo.gif'><img src='http://a.example/open?u=7{name}31'>"
        )
    found = rows(tkit("campaigns", tmp_path, "--format", "jsonl"))
    assert [row["evidence"] for row in found] == ["identical", "recipient"] * 3
    assert {row["copies"] for row in found} == {3}
    assert b"recipient" in tkit("campaigns", tmp_path).stdout
    features = rows(tkit("campaigns", tmp_path, "--features", "--format", "jsonl"))
    assert [row["own_of_recipient"] for row in features] == [0, 1] * 3
    assert [row["url"] for row in features] == [row["url"] for row in found]
    assert b"own_of_recipient 1" in tkit("campaigns", tmp_path, "--features").stdout


def test_no_such_path() -> None:
    done = tkit("scan", "no-such-mailbox")
    assert done.returncode == 1
    assert b"no-such-mailbox" in done.stderr
    assert b"no mail was read" in done.stderr


def test_wrong_arguments() -> None:
    assert tkit("scan").returncode == 2
    assert tkit("scan", SAMPLE, "--vantage", "moon").returncode == 2
    assert tkit("scan", SAMPLE, "--format", "parquet").returncode == 2


def test_a_model_that_is_none(tmp_path: Path) -> None:
    done = tkit("scan", SAMPLE, "--model", tmp_path)
    assert done.returncode == 1
    assert b"schema.json" in done.stderr


def test_good_mail_is_processed_beside_bad_input(tmp_path: Path) -> None:
    archive = tmp_path / "mails.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in (("a.eml", BEACON), ("../b.eml", BEACON), ("c.png", b"\x89PNG\r\n\x1a\n\0\0\0")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    (tmp_path / "empty").mkdir()
    done = tkit("scan", archive, tmp_path / "empty", "--format", "jsonl")
    assert done.returncode == 0
    assert len(rows(done)) == 1
    for named in ("../b.eml", "c.png", "empty"):
        assert named in done.stderr.decode()


def test_nothing_is_left_where_no_mail_was_read(tmp_path: Path) -> None:
    done = tkit("scan", "no-such-mailbox", "--format", "csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
