"""Folders of an IMAP server: a real Dovecot on loopback, and a made server for what Dovecot does not do."""

import logging
import socketserver
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from made import mail
from made_dovecot import PASSWORD, REMOTE, TOKEN, USER, Dovecot, certify, dovecot, missing_dovecot

from tkit.corpus import Note, Problem, RawMessage, imap, read_raw
from tkit.corpus.credentials import PASSWORD as PASSWORD_VARIABLE
from tkit.corpus.credentials import TOKEN_COMMAND
from tkit.corpus.spool import Spool, SpoolError
from tkit.errors import TkitError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(imap_server: Dovecot) -> Dovecot:
    return imap_server


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    monkeypatch.delenv(TOKEN_COMMAND, raising=False)
    if "server" in request.fixturenames:
        monkeypatch.setenv("SSL_CERT_FILE", str(request.getfixturevalue("server").certificate))


@pytest.fixture
def folder(server: Dovecot, request: pytest.FixtureRequest) -> str:
    """A folder of this test's own with 120 mails, the 5th of which is marked as deleted."""
    name = "".join(c for c in request.node.name if c.isalnum())
    server.deliver(mails(4), name)
    server.deliver([crlf(mail(5))], name, flags="T")
    server.deliver(mails(120)[5:], name)
    return name


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def mails(count: int) -> list[bytes]:
    return [crlf(mail(number + 1, "Hello\n" * 50)) for number in range(count)]


class Read(SimpleNamespace):
    mails: list[RawMessage]
    problems: list[Problem]
    notes: list[Note]


def read(*urls: str, ask: Callable[[str], str | None] | None = None) -> Read:
    problems: list[Problem] = []
    notes: list[Note] = []
    found = list(read_raw(urls, problems=problems, notes=notes, ask=ask))
    return Read(mails=found, problems=problems, notes=notes)


def expected(url: str, count: int = 120) -> list[RawMessage]:
    wheres = [f"{url}/;UID={number}" for number in range(1, count + 1)]
    return [RawMessage(where, raw) for where, raw in zip(wheres, mails(count), strict=True) if not where.endswith("UID=5")]


class TestReading:
    @pytest.mark.parametrize("scheme", ["imaps", "imap"])
    def test_every_mail_as_it_is_and_nothing_is_marked(self, server: Dovecot, folder: str, scheme: str) -> None:
        url = server.url(folder, scheme)
        before = server.flags(folder)
        found = read(url)
        assert found.mails == expected(url)
        assert (found.problems, found.notes) == ([], [Note(url, "1 mail is marked as deleted: left out")])
        assert server.flags(folder) == before
        assert not any("\\Seen" in flag for flag in before)

    def test_tls_comes_before_the_password(self, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        url = server.url(folder, "imap").replace("localhost", REMOTE)
        assert len(read(url).mails) == 119
        logins = [line for line in server.log.splitlines() if "imap-login: Info: Login" in line and f"lip={REMOTE}" in line]
        assert logins
        assert all(", TLS, " in line for line in logins)
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(TkitError, match=r"certificate is not valid for 127\.0\.0\.2"):
            read(url)

    def test_progress_in_bytes(self, server: Dovecot, folder: str) -> None:
        steps: list[tuple[int, int | None]] = []
        list(read_raw([server.url(folder)], problems=[], progress=lambda done, total: steps.append((done, total))))
        sizes = [len(raw) for number, raw in enumerate(mails(120), 1) if number != 5]
        assert steps[0] == (sizes[0], sum(sizes))
        assert steps[-1] == (sum(sizes), sum(sizes))

    def test_one_mail_by_the_place_that_a_row_names(self, server: Dovecot, folder: str) -> None:
        where = f"{server.url(folder)}/;UID=17"
        assert read(where).mails == [RawMessage(where, mails(17)[-1])]
        with pytest.raises(TkitError, match="UID=700: there is no such mail"):
            read(f"{server.url(folder)}/;UID=700")

    def test_two_folders_of_one_account_and_a_file(self, server: Dovecot, folder: str, tmp_path: Path) -> None:
        (tmp_path / "a.eml").write_bytes(mail(1))
        server.deliver(mails(2), "Second")
        other = server.url("Second")
        found = [where for where, _ in read(server.url(folder), str(tmp_path / "a.eml"), other).mails]
        assert len(found) == 119 + 1 + 2
        assert found[119:] == [str(tmp_path / "a.eml"), f"{other}/;UID=1", f"{other}/;UID=2"]

    def test_several_folders(self, server: Dovecot) -> None:
        for name in ("Many", "Many.b", "Many.a"):
            server.deliver(mails(1), name)
        url = server.url("Many*")
        found = read(url)
        separator = "." if "Many.a" in found.notes[0].what else "/"
        names = ["Many", f"Many{separator}a", f"Many{separator}b"]
        assert [mail.where for mail in found.mails] == [f"{server.url(name)}/;UID=1" for name in names]
        assert found.notes == [Note(server.url("")[:-1], f"folders read: {', '.join(names)}")]
        with pytest.raises(TkitError, match=r"no folder matches Nothing here\*: its folders: .*INBOX"):
            read(server.url("Nothing here*"))

    def test_a_folder_whose_name_is_not_ascii(self, server: Dovecot) -> None:
        server.doveadm("mailbox", "create", "-u", USER, "Grüße & mehr")
        box = next(path for path in (server.folder / "mail").iterdir() if path.name.startswith(".Gr"))
        server.deliver(mails(1), box.name[1:])
        found = read(server.url("Grüße & mehr")).mails
        assert found == [RawMessage(f"{server.url('Grüße & mehr')}/;UID=1", mails(1)[0])]

    def test_an_empty_folder_and_an_empty_mail(self, server: Dovecot) -> None:
        server.deliver([], "Nothing")
        assert read(server.url("Nothing")).mails == []
        server.deliver([b"", *mails(1)], "Hollow")
        found = read(server.url("Hollow"))
        assert [where for where, _ in found.mails] == [f"{server.url('Hollow')}/;UID=2"]
        assert found.problems == [Problem(f"{server.url('Hollow')}/;UID=1", "empty: it contains no mail")]

    def test_a_mail_that_is_too_large_is_not_fetched(
        self, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imap, "MAX_MESSAGE_BYTES", len(mails(20)[-1]) - 1)  # from the 10th on, they are a byte longer
        found = read(server.url(folder))
        assert len(found.mails) == 8
        assert len(found.problems) == 111
        assert "larger than the" in found.problems[0].what

    def test_a_mail_that_another_program_deletes_meanwhile(self, server: Dovecot, folder: str) -> None:
        problems: list[Problem] = []
        found = read_raw([server.url(folder)], problems=problems)
        with closing(found):
            next(found)
            server.doveadm("expunge", "-u", USER, "mailbox", folder, "uid", "100")
            assert sum(1 for _ in found) == 117
        assert problems == [
            Problem(f"{server.url(folder)}/;UID=100", "no longer on the server: another program has moved or deleted it")
        ]


class TestGoingOn:
    def test_a_killed_run_goes_on(self, server: Dovecot, folder: str, tmp_path: Path) -> None:
        script = (
            "import os, signal, sys\nfrom tkit.corpus import read_raw\n"
            "for number, _ in enumerate(read_raw(sys.argv[1:], problems=[]), 1):\n"
            "    if number == 60: os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        url = server.url(folder)
        killed = subprocess.run([sys.executable, "-c", script, url], check=False, cwd=ROOT, capture_output=True)
        assert killed.returncode == -9
        assert len(list((tmp_path / "cache").rglob("*.sqlite"))) == 1
        found = read(url)
        assert found.mails == expected(url)
        assert found.notes[1] == Note(url, "goes on after 100 of 119 mails, which an interrupted run had fetched")
        assert not list((tmp_path / "cache").rglob("*.sqlite*"))

    def test_only_what_is_on_the_server_now_is_read(self, server: Dovecot, folder: str) -> None:
        with closing(read_raw([server.url(folder)], problems=[])) as found:
            next(found)
        server.doveadm("expunge", "-u", USER, "mailbox", folder, "uid", "2:50")
        again = read(server.url(folder))
        assert [where for where, _ in again.mails] == [
            where for where, _ in expected(server.url(folder)) if not 2 <= int(where.rpartition("=")[2]) <= 50
        ]
        assert again.problems == []

    def test_a_server_that_numbers_its_mails_anew_is_read_from_the_start(self, server: Dovecot, folder: str) -> None:
        with closing(read_raw([server.url(folder)], problems=[])) as found:
            next(found)
        server.doveadm("mailbox", "update", "-u", USER, "--uid-validity", "1999999999", folder)
        again = read(server.url(folder))
        assert again.mails == expected(server.url(folder))
        assert Note(server.url(folder), "the server has numbered its mails anew (UIDVALIDITY): read again from the start") in (
            again.notes
        )

    def test_a_dropped_connection_is_made_again(self, server: Dovecot, folder: str) -> None:
        with closing(read_raw([server.url(folder)], problems=[])) as found:
            first = next(found)
            server.disconnect()
            assert [first, *found] == expected(server.url(folder))

    def test_numbered_anew_while_it_is_read(self, server: Dovecot, folder: str) -> None:
        with closing(read_raw([server.url(folder)], problems=[])) as found:
            next(found)
            server.doveadm("mailbox", "update", "-u", USER, "--uid-validity", "1999999998", folder)
            server.disconnect()
            with pytest.raises(TkitError, match=r"numbered its mails anew .* run the same command again"):
                list(found)
        assert read(server.url(folder)).mails == expected(server.url(folder))

    def test_a_server_that_ends(self, missing_engine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
        if missing := missing_dovecot():
            missing_engine(missing)
        with dovecot() as other:
            monkeypatch.setenv("SSL_CERT_FILE", str(other.certificate))
            other.deliver(mails(120))
            found = read_raw([other.url()], problems=[])
            next(found)
        with pytest.raises(
            TkitError, match=r"INBOX: the connection was lost after 4\d% .*: run the same command again"
        ) as lost:
            list(found)
        assert "Connection refused" in str(lost.value)

    def test_a_cache_that_cannot_be_written(self, server: Dovecot, folder: str, tmp_path: Path) -> None:
        (tmp_path / "cache").write_bytes(b"")
        found = read(server.url(folder))
        assert found.mails == expected(server.url(folder))
        assert found.notes[1].what == "if this run is interrupted, it cannot go on later (Not a directory)"

    def test_a_disk_that_is_full_meanwhile(self, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(spool: Spool, mails: object) -> None:
            spool.has_failed = True
            raise SpoolError("database or disk is full")

        monkeypatch.setattr(Spool, "add", full)
        found = read(server.url(folder))
        assert found.mails == expected(server.url(folder))
        assert [note.what for note in found.notes[1:]] == [
            "if this run is interrupted, it cannot go on here (database or disk is full)"
        ]


class TestRefused:
    """Each fault has its words, and none of them shows the password."""

    @pytest.fixture(autouse=True)
    def _keeps_the_secret(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
        caplog.set_level(logging.DEBUG)
        yield
        output = capfd.readouterr()
        for secret in (PASSWORD, TOKEN, "wrong-17"):
            assert secret not in caplog.text + output.out + output.err

    def refused(self, url: str) -> str:
        with pytest.raises(TkitError) as error:
            read(url)
        shown = traceback.TracebackException.from_exception(error.value, capture_locals=True)
        frames = [f"{frame.filename} {frame.locals}" for frame in shown.stack if "/tests/" not in frame.filename]
        for secret in (PASSWORD, TOKEN, "wrong-17"):
            assert secret not in "".join(traceback.format_exception(error.value))
            assert secret not in "".join(frames)
        assert error.value.__context__ is None or "wrong-17" not in repr(error.value.__context__)
        return str(error.value)

    def test_wrong_password(self, server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "wrong-17")
        message = self.refused(server.url())
        assert message.startswith(f"{server.url('')[:-1]}: the server refused the password ([AUTHENTICATIONFAILED]")

    def test_no_password(self, server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(PASSWORD_VARIABLE)
        monkeypatch.setitem(sys.modules, "keyring", None)
        assert "no password: set TKIT_IMAP_PASSWORD" in self.refused(server.url())

    def test_tokens(self, server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
        server.deliver(mails(1), "ByToken")
        monkeypatch.setenv(TOKEN_COMMAND, f"echo {TOKEN}")
        assert len(read(server.url("ByToken")).mails) == 1
        monkeypatch.setenv(TOKEN_COMMAND, "echo wrong-17")
        assert "the server refused the token ([AUTHENTICATIONFAILED]" in self.refused(server.url("ByToken"))

    def test_the_user_is_asked_once(self, server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(PASSWORD_VARIABLE)
        monkeypatch.setitem(sys.modules, "keyring", None)
        server.deliver(mails(1), "Asked")
        asked: list[str] = []

        def ask(account: str) -> str:
            asked.append(account)
            return PASSWORD

        assert len(read(server.url("Asked"), server.url("Asked", "imaps") + "/;UID=1", ask=ask).mails) == 2
        assert asked == [f"{USER}@localhost"]

    def test_wrong_folder_and_none(self, server: Dovecot) -> None:
        server.deliver([], "Archive")
        message = self.refused(server.url("Nix"))
        assert "cannot open the folder Nix (select failed: Mailbox doesn't exist: Nix" in message
        assert "name one of its folders: " in message
        assert "Archive" in message
        assert "INBOX" in message
        assert "no folder is named: name one of its folders: " in self.refused(server.url(""))

    def test_certificates(self, server: Dovecot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        url = server.url().replace("localhost", "127.0.0.1")
        assert "certificate is not valid for 127.0.0.1 (IP address mismatch" in self.refused(url)
        certify(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert "certificate is not valid for localhost (self-signed certificate" in self.refused(server.url())

    def test_no_server_and_no_tls(self, server: Dovecot) -> None:
        message = self.refused(server.url().replace(f":{server.imaps}", ":1"))
        assert "cannot connect to port 1 (Connection refused)" in message
        message = self.refused(server.url().replace(f":{server.imaps}", f":{server.imap}"))
        assert f"no TLS at port {server.imap}" in message
        assert "is written imap://" in message

    def test_a_missing_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "imapclient", None)
        assert "pip install 'tkit[imap]'" in self.refused("imaps://a@localhost/INBOX")


Answer = list[str] | Callable[[str], list[str]]


class _Scripted(socketserver.StreamRequestHandler):
    """Answers each command as a table says; ``{line}`` is the command."""

    def handle(self) -> None:
        answers: dict[str, Answer] = self.server.answers  # type: ignore[attr-defined]
        self.wfile.write(f"{self.server.greeting}\r\n".encode())  # type: ignore[attr-defined]
        while line := self.rfile.readline().decode().strip():
            tag, _, command = line.partition(" ")
            words = command.split()
            verb = " ".join(words[:2]) if words[0] == "UID" else words[0]
            if verb == "AUTHENTICATE":
                self.wfile.write(b"+ \r\n")
                line = self.rfile.readline().decode().strip()
            answer = answers.get(verb.upper(), ["{tag} OK done"])
            lines = answer(command) if callable(answer) else answer
            self.wfile.write("".join(f"{each.format(tag=tag, line=line)}\r\n" for each in lines).encode())


@contextmanager
def scripted(capabilities: str = "IMAP4rev1", greeting: str = "* OK ready", **answers: Answer) -> Iterator[str]:
    """Serve on loopback and yield the URL of its INBOX."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Scripted) as made:
        capability = {"CAPABILITY": [f"* CAPABILITY {capabilities}", "{tag} OK done"]}
        made.answers = capability | {name.replace("_", " "): lines for name, lines in answers.items()}  # type: ignore[attr-defined]
        made.greeting = greeting  # type: ignore[attr-defined]
        made.daemon_threads = True
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        try:
            yield f"imap://anna@127.0.0.1:{made.server_address[1]}/INBOX"
        finally:
            made.shutdown()
            thread.join()


class TestOtherServers:
    @pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 AUTH=PLAIN"])
    def test_an_answer_that_repeats_the_password_is_not_shown(
        self, capabilities: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        monkeypatch.setenv(PASSWORD_VARIABLE, 'open"sesame')
        answer = ["{tag} NO what is {line}"]
        with (
            scripted(capabilities, LOGIN=answer, AUTHENTICATE=answer) as url,
            pytest.raises(TkitError, match=r"refused the password \(its answer repeats the password\)") as refused,
        ):
            read(url)
        assert "sesame" not in "".join(traceback.format_exception(refused.value)) + caplog.text

    def test_no_password_is_sent_where_it_can_be_read(self) -> None:
        with scripted("IMAP4rev1 LOGINDISABLED") as url, pytest.raises(TkitError, match=r"no TLS \(STARTTLS\)"):
            read(url)

    def test_a_password_that_the_server_cannot_take(self) -> None:
        with scripted() as url, pytest.raises(TkitError, match="only ASCII characters"):
            read(url)

    def test_no_tokens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(TOKEN_COMMAND, f"echo {TOKEN}")
        with scripted() as url, pytest.raises(TkitError, match=f"takes no OAuth token: unset {TOKEN_COMMAND}"):
            read(url)

    def test_another_program_at_the_port(self) -> None:
        with (
            scripted(greeting="220 mail.example ESMTP") as url,
            pytest.raises(TkitError, match="does not answer as an IMAP server does"),
        ):
            read(url)

    @pytest.mark.parametrize(
        ("special", "read_folders", "skipped"),
        [
            (r"\All", "All Mail, Spam", "INBOX, Lists, Starred"),
            (r"\HasNoChildren", "All Mail, INBOX, Lists, Spam", "Starred"),
        ],
    )
    def test_each_mail_of_an_account_is_read_once(
        self, special: str, read_folders: str, skipped: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "x")
        folders = {"INBOX": "", "Top": r"\Noselect", "All Mail": special, "Starred": r"\Flagged", "Lists": "", "Spam": r"\Junk"}
        listed = [f'* LIST ({flags}) "/" "{name}"' for name, flags in folders.items()] + ["{tag} OK done"]
        examined = ["* 0 EXISTS", "* OK [UIDVALIDITY 5] x", "{tag} OK [READ-ONLY] done"]
        with scripted(LIST=listed, EXAMINE=examined, UID_SEARCH=["* SEARCH", "{tag} OK done"]) as url:
            found = read(url.replace("INBOX", "*"))
        assert [note.what for note in found.notes] == [
            f"folders read: {read_folders}",
            f"folders skipped (their mails are in those that are read): {skipped}",
        ]

    def test_a_mail_that_the_server_cannot_read_hides_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "x")

        def fetched(command: str) -> list[str]:
            if "RFC822.SIZE" in command:
                return [f"* {uid - 2} FETCH (UID {uid} RFC822.SIZE 14 FLAGS ())" for uid in (3, 4)] + ["{tag} OK done"]
            if "FETCH 3 " in command:
                return ["* 1 FETCH (UID 3 BODY[] {{14}}", "Subject: x", "", ")", "{tag} OK done"]
            return ["{tag} NO [SERVERBUG] internal error"]

        examined = ["* 2 EXISTS", "* OK [UIDVALIDITY 5] x", "* OK [UIDNEXT 9] x", "{tag} OK [READ-ONLY] done"]
        with scripted(EXAMINE=examined, UID_SEARCH=["* SEARCH 3 4", "{tag} OK done"], UID_FETCH=fetched) as url:
            found = read(url)
        assert found.mails == [RawMessage(f"{url}/;UID=3", b"Subject: x\r\n\r\n")]
        what = "the server does not give this mail (fetch failed: [SERVERBUG] internal error)"
        assert found.problems == [Problem(f"{url}/;UID=4", what)]


def test_a_folder_of_a_million_mails_is_listed_in_pieces() -> None:
    asked: list[list[str]] = []

    def run(do: Callable[..., list[int]]) -> list[int]:
        return do(SimpleNamespace(search=lambda criterion: asked.append(criterion) or [len(asked)]))

    url = imap.MailboxUrl("imaps", "a", "h", 993, "INBOX", None)
    folder = imap.ImapFolder(url, SimpleNamespace(run=run), [])  # type: ignore[arg-type]
    assert folder._search({b"EXISTS": 100_000, b"UIDNEXT": 160_001}) == [1, 2]
    assert asked == [["UID", "1:80000"], ["UID", "80001:160000"]]
    assert folder._search({b"EXISTS": 80_000, b"UIDNEXT": 160_001}) == [3]
    assert asked[2:] == [["ALL"]]
