"""Mailboxes on the command line: what a user sees of them, and that no password is seen."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made import mail, mbox
from made_dovecot import PASSWORD, USER, Dovecot
from paths import ROOT

NEWS = (
    b"From: News <news@example.com>\r\nDate: Mon, 30 Nov 2026 12:00:00 +0000\r\nContent-Type: text/html\r\n\r\n"
    b'<p>Hello</p><img src="https://t.example.com/open/%d.gif" width="1" height="1">\r\n'
)


@pytest.fixture(autouse=True)
def _no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TKIT_IMAP_PASSWORD", "TKIT_IMAP_TOKEN_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def mailbox(imap_server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server.certificate))
    return imap_server


def test_a_folder_on_a_server(mailbox: Dovecot, tkit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox.deliver([NEWS % number for number in range(3)], "Audited")
    mailbox.deliver([NEWS % 9], "Audited", flags="T")
    url = mailbox.url("Audited")
    monkeypatch.setenv("TKIT_IMAP_PASSWORD", PASSWORD)
    done = tkit("references", url, "--format", "csv")
    assert done.returncode == 0
    assert [f"/open/{number}.gif" in done.stdout for number in (0, 1, 2, 9)] == [True, True, True, False]
    assert done.stderr == f"{url}: 1 mail is marked as deleted: left out\n"
    monkeypatch.setenv("TKIT_IMAP_PASSWORD", "wrong-17")
    wrong = tkit("audit", url)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith(f"tkit: {mailbox.url('')[:-1]}: the server refused the password")
    assert wrong.stderr.count("\n") == 1
    assert "wrong-17" not in wrong.stderr


def test_the_password_is_asked_in_a_terminal(mailbox: Dovecot, tmp_path: Path) -> None:
    mailbox.deliver([NEWS % 1], "Asked in a terminal")
    output = tmp_path / "references.csv"
    command = [sys.executable, "-m", "tkit", "references", mailbox.url("Asked in a terminal"), "-o", str(output)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = ""
    try:
        while f"Password of {USER}@localhost: " not in shown:
            shown += os.read(ours, 1000).decode()
        os.write(ours, f"{PASSWORD}\n".encode())
        while piece := os.read(ours, 1000):
            shown += piece.decode("utf-8", "replace")
    except OSError:  # the terminal of a process that has ended
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0
    assert PASSWORD not in shown
    assert "https://t.example.com/open/1.gif" in output.read_text()


@pytest.mark.parametrize("verb", [["audit"], ["scan"], ["references"], ["extract", "-o", "x.parquet"], ["scrub"]])
def test_a_password_in_a_url_is_not_repeated(tkit: Callable[..., Any], verb: list[str]) -> None:
    done = tkit(*verb, "imaps://anna:bluefish@mail.example/INBOX")
    assert done.returncode == 1
    assert "bluefish" not in done.stdout + done.stderr
    assert done.stderr.startswith("tkit: a ")


def test_what_was_read_of_a_profile_and_what_was_left_out(tkit: Callable[..., Any], tmp_path: Path) -> None:
    account = tmp_path / "profile" / "Mail" / "Local Folders"
    account.mkdir(parents=True)
    (tmp_path / "profile" / "prefs.js").touch()
    (account / "Inbox").write_bytes(mbox(mail(1), b"X-Mozilla-Status: 0008\n" + mail(2)))
    (account / "Inbox.msf").touch()
    (account / "Far.msf").touch()
    done = tkit("references", str(tmp_path / "profile"))
    assert done.returncode == 0
    assert done.stderr == (
        f"{account}: mail folders read: Inbox\n"
        f"{account}: mail folders skipped (its mails are on the server only: read them by imaps://): Far\n"
        f"{account / 'Inbox'}: 1 deleted mail, not yet compacted: left out\n"
    )
