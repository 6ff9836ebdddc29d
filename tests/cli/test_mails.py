"""Tests of tkit.cli.mails and tkit.cli.batch: what the verbs write of each mail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tkit.cli.batch import find_verdicts
from tkit.cli.mails import _audit_format

Tkit = Callable[..., Any]

DOT = "<img src='http://t.example/open?id=b81e2c90ff' width=1 height=1>"
PHOTO = "<a href='http://a.example'><img src='http://a.example/cat.jpg' width=300 height=200></a>"
SEALED = b"From a@b.example\nFrom: a@b.example\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"


def mail(number: int, body: str) -> bytes:
    head = f"From x\nFrom: A <a@news{number}.example>\nDate: {number} May 2024 01:00:00 +0200\nContent-Type: text/html\n\n"
    return f"{head}{body}\n\n".encode()


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """An mbox of five mails: a tracker, a photo, both (twice the same mail), and one that cannot be read."""
    path = tmp_path / "box"
    path.write_bytes(mail(1, DOT) + mail(2, PHOTO) + mail(3, DOT + PHOTO) * 2 + SEALED)
    return path


def rows(done: Any) -> list[dict[str, object]]:
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("verb", ["scan", "references"])
def test_each_row_begins_with_its_mail(tkit: Tkit, box: Path, verb: str) -> None:
    found = rows(tkit(verb, box, "--format", "jsonl"))
    assert [list(row.values())[:3] for row in found] == [
        [f"{box}#1", "news1.example", "2024-04-30T23:00:00Z"],
        [f"{box}#2", "news2.example", "2024-05-01T23:00:00Z"],
        [f"{box}#3", "news3.example", "2024-05-02T23:00:00Z"],
        [f"{box}#3", "news3.example", "2024-05-02T23:00:00Z"],
        [f"{box}#4", "news3.example", "2024-05-02T23:00:00Z"],
        [f"{box}#4", "news3.example", "2024-05-02T23:00:00Z"],
    ]
    bare = rows(tkit(verb, box, "--format", "jsonl", "--no-provenance"))
    assert [list(row.items()) for row in bare] == [list(row.items())[3:] for row in found]
    assert str(box) not in json.dumps(bare)


def test_extract_has_the_mail_before_the_features(tkit: Tkit, box: Path, tmp_path: Path) -> None:
    tkit("extract", box, "-o", tmp_path / "with.parquet")
    tkit("extract", box, "-o", tmp_path / "without.parquet", "--no-provenance")
    found, bare = pd.read_parquet(tmp_path / "with.parquet"), pd.read_parquet(tmp_path / "without.parquet")
    assert list(found)[:4] == ["where", "from_domain", "date", "message_sha256"]
    assert found["where"].str.partition("#")[2].tolist() == ["1", "2", "3", "3", "4", "4"]
    pd.testing.assert_frame_equal(found.drop(columns=["where", "from_domain", "date"]), bare)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], {"tracker", "personalised", "clean"}),
        (["--trackers"], {"tracker"}),
        (["--personalised"], {"personalised"}),
        (["--trackers", "--personalised"], {"tracker", "personalised"}),
    ],
)
def test_only_the_verdicts_asked_for_are_found(
    tkit: Tkit, box: Path, options: list[str], shown: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def noted(messages: object, bundle: object, shown: frozenset[str], copies: object = None) -> object:
        asked.append(set(shown))
        return find_verdicts(messages, bundle, shown, copies)  # type: ignore[arg-type]

    monkeypatch.setattr("tkit.cli.batch.find_verdicts", noted)
    found = rows(tkit("scan", box, *options, "--format", "jsonl"))
    assert asked == [shown]
    assert {row["verdict"] for row in found} == shown - {"personalised"}
    assert {row["where"] for row in found if row["verdict"] == "tracker"} <= {f"{box}#{number}" for number in (1, 3, 4)}


def test_a_table_ends_with_a_summary_of_all_mails(tkit: Tkit, box: Path) -> None:
    done = tkit("scan", box, "--trackers")
    text = " ".join(done.stdout.split())
    assert text.endswith(
        "mails 5 not read fully 1 asking for a read receipt 0 with remote references 4 with trackers 3"
        " with personalised pictures alone 0 remote references 6 trackers 3 personalised pictures 0"
        f" not read fully, PGP: encrypted: 1 mail, such as {box}#5"
    )
    assert "cat.jpg" not in text
    assert "not read fully" not in done.stderr


def test_who_is_to_receive_a_read_receipt(tkit: Tkit, tmp_path: Path) -> None:
    head = b"From: a@b.example\nDisposition-Notification-To: A <a@c.example>\n"
    picture = b"Content-Type: text/html\n\n<img src=http://p.example/logo.png>"
    for name, raw in {"a.eml": head + picture, "b.eml": head + b"\nwords", "c.eml": picture}.items():
        (tmp_path / name).write_bytes(raw)
    text = " ".join(tkit("scan", tmp_path).stdout.split())
    assert "a.eml · b.example · asks for a read receipt to c.example" in text
    assert text.count("asks for a read receipt") == 1
    assert "asking for a read receipt 2" in text
    assert [row["receipt_to"] for row in rows(tkit("scan", tmp_path, "--format", "jsonl"))] == ["c.example", ""]


def test_a_summary_of_references(tkit: Tkit, box: Path) -> None:
    text = " ".join(tkit("references", box).stdout.split())
    assert "with remote references 4 remote references 6 local references 0 not read fully" in text


def test_what_is_written_to_a_file_is_told_beside_it(tkit: Tkit, box: Path, tmp_path: Path) -> None:
    for form in ("csv", "txt"):
        done = tkit("scan", box, "-o", tmp_path / f"verdicts.{form}")
        assert "not read fully: 1 mail\n" in done.stderr
    assert "Summary" in (tmp_path / "verdicts.txt").read_text("utf-8")
    assert "Summary" not in (tmp_path / "verdicts.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "form"),
    [
        (None, "table"),
        ("a.html", "html"),
        ("a.JSON", "json"),
        ("a.csv", "csv"),
        ("a.txt", "table"),
        ("folder", "html"),
        ("a.b", "html"),
    ],
)
def test_an_audit_is_written_as_the_file_is_named(file: str | None, form: str) -> None:
    assert _audit_format(None, Path(file) if file else None) == form


def test_an_audit_is_printed_as_asked(tkit: Tkit, box: Path, tmp_path: Path) -> None:
    read = json.loads(tkit("audit", box, "--format", "json").stdout)
    assert [(row["host"], row["mails"], row["examples"]) for row in read["servers"]] == [
        ("t.example", 3, [f"{box}#1", f"{box}#3", f"{box}#4"])
    ]
    assert read["unread"] == [{"why": "PGP: encrypted", "mails": 1, "examples": [f"{box}#5"]}]
    done = tkit("audit", box, "-o", tmp_path / "audit.json", "--workers", 2)
    assert "Servers that receive the reports" in done.stdout
    assert json.loads((tmp_path / "audit.json").read_text("utf-8")) == read
    assert "table,name," in tkit("audit", box, "--format", "csv").stdout
    assert tkit("audit", box, "--format", "html").stdout.startswith("<!DOCTYPE html>")
