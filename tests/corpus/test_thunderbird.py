"""Profiles of Thunderbird: which folders are read, that nothing else is opened, and which mails are deleted."""

import builtins
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import mail, mbox

from tkit.corpus import Note, Problem, read_raw, reading, thunderbird
from tkit.corpus.thunderbird import is_deleted

SUMMARY = b'// <!-- <mdb:mork:z v="1.4"/> -->\n'


def of_thunderbird(number: int, status: str = "0001") -> bytes:
    return f"X-Account-Key: account1\nX-UIDL: 17\nX-Mozilla-Status: {status}\nX-Mozilla-Status2: 00000000\n".encode() + mail(
        number
    )


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Two accounts: mboxes, one with a subfolder and a deleted mail; a maildir; folders that are on the server only."""
    profile = tmp_path / "xyz.default"
    files = {
        "prefs.js": b'user_pref("mail.server.server1.name", "x");\n',
        "logins.json": b'{"logins": "Subject: secret"}',
        "key4.db": b"SQLite format 3\0",
        "abook.sqlite": b"From: an address book\n\n",
        "Mail/Local Folders/Inbox": mbox(of_thunderbird(1), of_thunderbird(2, "0009"), of_thunderbird(3)),
        "Mail/Local Folders/Inbox.msf": SUMMARY,
        "Mail/Local Folders/Inbox.sbd/News.2026": mbox(mail(4)),
        "Mail/Local Folders/Inbox.sbd/News.2026.msf": SUMMARY,
        "Mail/Local Folders/Kept": mbox(of_thunderbird(5, "0008")),
        "Mail/Local Folders/Trash": b"",
        "Mail/Local Folders/Trash.msf": SUMMARY,
        "Mail/Local Folders/msgFilterRules.dat": b"From: rules\n\n",
        "Mail/Local Folders/filterlog.html": b"From: log\n\n",
        "Mail/Local Folders/Odd": b"Subject: no mbox\n\n",
        "Mail/Feeds/feeds.json": b"[]",
        "Mail/Feeds/Blog": mbox(mail(6)),
        "Mail/Feeds/Blog.msf": SUMMARY,
        "ImapMail/imap.example.org.msf": SUMMARY,
        "ImapMail/imap.example.org/INBOX.msf": SUMMARY,
        "ImapMail/imap.example.org/Sent/cur/1700000001.eml": mail(7),
        "ImapMail/imap.example.org/Sent/cur/1700000002.eml": of_thunderbird(8, "0019"),
        "ImapMail/imap.example.org/Sent/tmp/1700000003.eml": mail(9),
        "ImapMail/imap.example.org/Sent.msf": SUMMARY,
        "ImapMail/imap.example.org/Sent.sbd/Old/cur/1700000004.eml": mail(10),
        "ImapMail/imap.example.org/Sent.sbd/Old.msf": SUMMARY,
        "ImapMail/imap.example.org/Sent.mozmsgs/1.wdseml": mail(11),
    }
    for name, content in files.items():
        path = profile / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return profile


def read(path: Path) -> tuple[list[str], list[Problem], list[Note]]:
    problems: list[Problem] = []
    notes: list[Note] = []
    found = [mail.where for mail in read_raw([path], problems=problems, notes=notes)]
    return [where.removeprefix(f"{path}{os.sep}") for where in found], problems, notes


LOCAL = ["Mail/Local Folders/Inbox#1", "Mail/Local Folders/Inbox#3", "Mail/Local Folders/Inbox.sbd/News.2026"]
IMAP = ["ImapMail/imap.example.org/Sent/cur/1700000001.eml", "ImapMail/imap.example.org/Sent.sbd/Old/cur/1700000004.eml"]


def test_a_whole_profile(profile: Path) -> None:
    found, problems, notes = read(profile)
    assert found == LOCAL + IMAP
    assert problems == []
    local, remote = profile / "Mail/Local Folders", profile / "ImapMail/imap.example.org"
    assert notes == [
        Note(str(profile / "Mail/Feeds"), "mail folders skipped (feeds, not mails): all"),
        Note(str(local), "mail folders read: Inbox, Inbox/News.2026, Kept, Trash"),
        Note(str(local), "mail folders skipped (neither an mbox nor a maildir): Odd"),
        Note(str(remote), "mail folders read: Sent, Sent/Old"),
        Note(str(remote), "mail folders skipped (its mails are on the server only: read them by imaps://): INBOX"),
        Note(str(local / "Inbox"), "1 deleted mail, not yet compacted: left out"),
        Note(str(local / "Kept"), "1 deleted mail, not yet compacted: left out"),
        Note(str(remote / "Sent/cur/1700000002.eml"), "1 deleted mail, not yet compacted: left out"),
    ]


def test_no_other_file_is_opened(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = builtins.open

    def recording(path: str, mode: str = "r"):
        opened.append(os.path.relpath(path, profile))
        return real(path, mode)

    monkeypatch.setattr(reading, "open", recording, raising=False)
    monkeypatch.setattr(thunderbird, "open", recording, raising=False)
    read(profile)
    mailboxes = {"Inbox", "News.2026", "Kept", "Trash", "Odd"}
    assert {Path(path).name for path in opened if not path.endswith(".eml")} == mailboxes
    assert {Path(path).parent.name for path in opened if path.endswith(".eml")} == {"cur"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Mail", LOCAL),
        ("Mail/Local Folders", LOCAL),
        ("ImapMail", IMAP),
        ("ImapMail/imap.example.org", IMAP),
        ("Mail/Local Folders/Inbox.sbd", LOCAL[2:]),
    ],
)
def test_parts_of_a_profile(profile: Path, part: str, expected: list[str]) -> None:
    found, problems, _ = read(profile / part)
    assert [f"{part}/{where}" for where in found] == expected
    assert problems == []


def test_one_file_of_a_profile(profile: Path) -> None:
    found, _, notes = read(profile / "Mail/Local Folders/Inbox")
    assert [where.rpartition("#")[2] for where in found] == ["1", "3"]
    assert [note.what for note in notes] == ["1 deleted mail, not yet compacted: left out"]


@pytest.mark.parametrize("place", ["", "Profiles"])
def test_all_profiles(profile: Path, place: str) -> None:
    root = profile.parent
    (root / "profiles.ini").write_bytes(b"[General]\n")
    (root / "Crash Reports").mkdir()
    (root / "Crash Reports" / "events").write_bytes(b"Subject: no mail\n\n")
    if place:
        (root / place).mkdir()
        profile.rename(root / place / profile.name)
    found, problems, _ = read(root)
    assert found == [os.path.join(place, profile.name, where) for where in LOCAL + IMAP]
    assert problems == []


def test_an_empty_profile_is_no_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "Mail" / "Local Folders").mkdir(parents=True)
    (tmp_path / "prefs.js").touch()
    assert read(tmp_path) == ([], [], [Note(str(tmp_path / "Mail" / "Local Folders"), "no mail folder")])


def test_a_link_is_not_followed(profile: Path) -> None:
    (profile / "Mail/Local Folders/Round").symlink_to(profile / "Mail/Local Folders")
    found, _, notes = read(profile)
    assert found == LOCAL + IMAP
    assert Note(str(profile / "Mail/Local Folders"), "mail folders skipped (a link is not followed): Round") in notes


def test_a_mark_in_another_mbox_deletes_nothing(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(of_thunderbird(1, "0009")))
    assert read(tmp_path)[0] == ["box"]


@pytest.mark.parametrize(
    ("head", "deleted"),
    [
        (b"X-Mozilla-Status: 0008\n", True),
        (b"X-Mozilla-Status: 0009\r\n", True),
        (b"X-Mozilla-Status: 000f\n", True),
        (b"X-Mozilla-Status: 1018\n", True),
        (b"X-Mozilla-Keys:   $label1  \nX-Mozilla-Status: 0008\n", True),
        (b"X-Mozilla-Status: 0001\nX-Mozilla-Status: 0008\n", False),
        (b"X-Mozilla-Status: 0007\n", False),
        (b"X-Mozilla-Status2: 00000008\n", False),
        (b"X-Mozilla-Status: 00080000\n", False),
        (b"Received: from x\nX-Mozilla-Status: 0008\n", False),
        (b"\nX-Mozilla-Status: 0008\n", False),
    ],
)
def test_the_mark_of_a_deleted_mail(head: bytes, deleted: bool) -> None:
    assert is_deleted(head + mail(1)) is deleted


@given(status=st.integers(0, 0xFFFF), before=st.lists(st.sampled_from(["X-Account-Key: a", "X-UIDL: b", "X-Mozilla-Keys: c"])))
def test_the_mark_is_one_bit(status: int, before: list[str]) -> None:
    head = "".join(f"{line}\n" for line in (*before, f"X-Mozilla-Status: {status:04x}"))
    assert is_deleted(head.encode() + mail(1)) is bool(status & 8)
