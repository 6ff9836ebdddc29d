"""Google Takeout: the mails of an export, packed or not, and no other file."""

from pathlib import Path

import pytest
from made import mail, mbox, tar, zipped

from tkit.corpus import Note, Problem, read_raw

BOX = mbox(b"X-GM-THRID: 1\n" + mail(1), b"X-Gmail-Labels: Inbox\n" + mail(2))
FILES = [
    ("Takeout/archive_browser.html", b"<html>From: x\n\n"),
    ("Takeout/Mail/All mail Including Spam and Trash.mbox", BOX),
    ("Takeout/Mail/User Settings/Filters.json", b"{}"),
    ("Takeout/Contacts/All.vcf", b"BEGIN:VCARD\nFrom: x\n"),
]
GERMAN = [
    (name.replace("Takeout/Mail/", "Takeout/E-Mail/").replace("All mail", "Alle Nachrichten"), raw) for name, raw in FILES
]


def read(path: Path) -> tuple[list[str], list[Problem], list[Note]]:
    problems: list[Problem] = []
    notes: list[Note] = []
    found = [mail.where for mail in read_raw([path], problems=problems, notes=notes)]
    return [where.removeprefix(str(path)) for where in found], problems, notes


@pytest.mark.parametrize("files", [FILES, GERMAN], ids=["English", "German"])
@pytest.mark.parametrize(("suffix", "pack"), [("zip", zipped), ("tgz", lambda *files: tar(*files, mode="w:gz"))])
def test_a_packed_export(tmp_path: Path, files, suffix: str, pack) -> None:
    path = tmp_path / f"takeout-20260101T000000Z-001.{suffix}"
    path.write_bytes(pack(*files))
    found, problems, notes = read(path)
    assert found == [f"!{files[1][0]}#1", f"!{files[1][0]}#2"]
    assert problems == []
    assert notes == [Note(str(path), "a Google Takeout: its .mbox files are read, 3 other files are left out")]


@pytest.mark.parametrize("pack", [zipped, tar])
def test_a_part_without_mails_says_so(tmp_path: Path, pack) -> None:
    path = tmp_path / "part"
    path.write_bytes(pack(FILES[0], FILES[3]))
    found, problems, _ = read(path)
    assert found == []
    assert [problem.where for problem in problems] == [str(path)]
    assert "name the part that holds Takeout/Mail" in problems[0].what


@pytest.mark.parametrize("inner", ["", "Takeout"])
def test_an_unpacked_export(tmp_path: Path, inner: str) -> None:
    for name, raw in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    found, problems, notes = read(tmp_path / inner)
    assert [where.rpartition("/")[2] for where in found] == [f"All mail Including Spam and Trash.mbox#{n}" for n in (1, 2)]
    assert problems == []
    assert notes == [Note(str(tmp_path / "Takeout"), "a Google Takeout: only its .mbox files are read")]


def test_another_folder_of_that_name_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "Takeout").mkdir()
    (tmp_path / "Takeout" / "1").write_bytes(mail(1))
    assert read(tmp_path) == (["/Takeout/1"], [], [])


def test_another_archive_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("mails/Takeout/1", mail(1)), ("Takeout.eml", mail(2))))
    assert read(path) == (["!mails/Takeout/1", "!Takeout.eml"], [], [])
