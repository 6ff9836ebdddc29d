"""Where mails come from: every kind of input, and every kind of input that is no mail."""

import builtins
import io
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import mail, mbox, read, tar, zipped

from tkit.corpus import read_raw, reading
from tkit.errors import TkitError


class TestFiles:
    def test_mail_file_is_given_as_it_is(self, tmp_path):
        path = tmp_path / "a.eml"
        path.write_bytes(mail(1).replace(b"\n", b"\r\n"))
        assert read(path) == ([(str(path), mail(1).replace(b"\n", b"\r\n"))], [])

    def test_suffix_does_not_count(self, tmp_path):
        (tmp_path / "really.tar.png").write_bytes(mail(1))
        (tmp_path / "really.eml").write_bytes(tar(("m", mail(2))))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("really.eml!m", mail(2)), ("really.tar.png", mail(1))]
        assert problems == []

    @pytest.mark.parametrize(
        "raw",
        [
            b"\xef\xbb\xbfSubject: after a byte order mark\n\nx",
            b"junk first\n\nReceived: from host\n\nx",
            b"From: a@example.com\rSubject: lone carriage returns\r\rx",
            b"subject : blank before the colon",
            b"X-Anything: x\n",
            b"Subject: NUL in the body\n\n\0\0\0",
            b"Subject: a picture\n\n\x89PNG\r\n",
        ],
    )
    def test_malformed_mail_is_mail(self, tmp_path, raw):
        path = tmp_path / "a"
        path.write_bytes(raw)
        assert read(path) == ([(str(path), raw)], [])

    def test_one_mail_with_from_line_loses_only_that_line(self, tmp_path):
        path = tmp_path / "a.eml"
        path.write_bytes(b"From a@example.com Thu Jan  1 00:00:00 2026\n" + mail(1, "Hello\n\n"))
        assert read(path) == ([(str(path), mail(1, "Hello\n\n"))], [])

    def test_paragraph_that_starts_with_from_cuts_no_mail_without_from_line(self, tmp_path):
        raw = mail(1, "Dear reader\n\nFrom the desk of the editor\n")
        path = tmp_path / "a.eml"
        path.write_bytes(raw)
        assert read(path) == ([(str(path), raw)], [])

    def test_several_paths_keep_their_order(self, tmp_path):
        for name in "ba":
            (tmp_path / name).write_bytes(mail(name))
        messages, _ = read(tmp_path / "b", str(tmp_path / "a"), tmp_path / "b", base=tmp_path)
        assert [where for where, _ in messages] == ["b", "a", "b"]

    def test_name_that_cannot_be_printed_is_escaped(self, tmp_path):
        path = os.fsencode(tmp_path) + b"/\xe9\x1b[31m.eml"
        Path(os.fsdecode(path)).write_bytes(mail(1))
        messages, _ = read(tmp_path, base=tmp_path)
        assert messages == [("\\udce9\\x1b[31m.eml", mail(1))]


class TestFolders:
    def test_folder_is_walked_by_name(self, tmp_path):
        for name in ["b/2", "b/10", "b/,3", "a.eml", "c/d/e/f", ".hidden", ".git/config"]:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mail(name))
        (tmp_path / "b" / "box").write_bytes(mbox(mail(1), mail(2)))
        (tmp_path / "c.zip").write_bytes(zipped(("m", mail(3))))
        messages, problems = read(tmp_path, base=tmp_path)
        names = ["a.eml", "b/,3", "b/10", "b/2", "b/box#1", "b/box#2", "c/d/e/f", "c.zip!m"]
        assert [where for where, _ in messages] == names
        assert problems == []

    def test_maildir(self, tmp_path):
        names = {
            "cur/1700000001.a.host:2,S": 1,
            "new/1700000002.b.host": 2,
            "tmp/1700000003.c.host": 3,
            "dovecot-uidlist": 4,
            ".Sent/cur/1700000004.d.host:2,": 5,
            ".Sent/new/1700000005.e.host": 6,
            ".Sent/tmp/1700000006.f.host": 7,
        }
        for name, number in names.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mail(number))
        messages, problems = read(tmp_path, base=tmp_path)
        assert [raw for _, raw in messages] == [mail(5), mail(6), mail(1), mail(2)]
        assert problems == []

    def test_mh_folder(self, tmp_path):
        for name in ["1", "12", ",3", "#4"]:
            (tmp_path / name).write_bytes(mail(name))
        (tmp_path / ".mh_sequences").write_text("cur: 1\n")
        assert read(tmp_path, base=tmp_path) == ([("1", mail(1)), ("12", mail(12))], [])

    def test_link_to_a_folder_is_not_followed_but_links_to_files_are(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        (tmp_path / "a.eml").write_bytes(mail(1))
        (folder / "file").symlink_to(tmp_path / "a.eml")
        (folder / "loop").symlink_to(folder)
        (folder / "nowhere").symlink_to(tmp_path / "missing")
        messages, problems = read(folder, base=folder)
        assert messages == [("file", mail(1))]
        assert problems == [
            ("loop", "a link to a folder is not followed: name the folder itself"),
            ("nowhere", "cannot be read: No such file or directory"),
        ]
        (tmp_path / "link").symlink_to(folder)
        assert len(read(tmp_path / "link")[0]) == 1

    def test_link_to_itself_hides_nothing_beside_it(self, tmp_path):
        (tmp_path / "a.eml").write_bytes(mail(1))
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("a.eml", mail(1))]
        assert problems == [("loop", "cannot be read: Too many levels of symbolic links")]

    def test_deep_folders(self, tmp_path):
        # Deeper than Python's stack; removed here in any case, since pytest's own clean-up is recursive.
        folders = [tmp_path / "d"]
        for _ in range(1100):
            folders.append(folders[-1] / "d")
        try:
            for folder in folders:
                folder.mkdir()
            (folders[-1] / "m").write_bytes(mail(1))
            assert read(tmp_path, base=tmp_path) == ([("d/" * len(folders) + "m", mail(1))], [])
        finally:
            (folders[-1] / "m").unlink(missing_ok=True)
            for folder in reversed(folders):
                if folder.exists():
                    folder.rmdir()


class TestStandardInput:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (mail(1), [("-", mail(1))]),
            (mbox(mail(1)), [("-", mail(1) + b"\n")]),
            (mbox(mail(1), mail(2)), [("-#1", mail(1)), ("-#2", mail(2))]),
            (tar(("m", mail(1)), mode="w:gz"), [("-!m", mail(1))]),
        ],
    )
    def test_one_mail_mbox_or_tar(self, monkeypatch, content, expected):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        steps = []
        problems = []
        messages = list(read_raw(["-"], problems=problems, progress=lambda *step: steps.append(step)))
        assert [tuple(message) for message in messages] == expected
        assert problems == []
        assert steps[-1] == (len(content), None)
        assert not sys.stdin.closed

    def test_zip_needs_a_file(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(zipped(("m", mail(1))))))
        assert read("-") == ([], [("-", "a ZIP archive on standard input: give its path instead")])

    def test_closed(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert read("-") == ([], [("-", "standard input is closed: pipe a mail or an mbox into it")])


class TestProgress:
    def test_bytes_of_the_input_files(self, tmp_path):
        (tmp_path / "a.eml").write_bytes(mail(1))
        (tmp_path / "b.tgz").write_bytes(tar(*((str(n), mail(n)) for n in range(50)), mode="w:gz"))
        (tmp_path / "c.zip").write_bytes(zipped(*((str(n), mail(n, "x" * 9000)) for n in range(50))))
        (tmp_path / "d").write_bytes(b"no mail")
        sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
        steps = []
        problems = []
        found = list(read_raw([tmp_path], problems=problems, progress=lambda *step: steps.append(step)))
        assert len(found) == 101
        assert len(problems) == 1
        done = [step[0] for step in steps]
        assert {step[1] for step in steps} == {sum(sizes)}
        assert done == sorted(done)
        assert set(done) >= {sum(sizes[:1]), sum(sizes[:2]), sum(sizes[:3]), sum(sizes)}

    @pytest.mark.parametrize("name", ["a.eml", "box", "x.tar.xz", "x.zip"])
    def test_interrupt_leaves_no_open_file(self, tmp_path, monkeypatch, name):
        content = {
            "a.eml": mail(1),
            "box": mbox(mail(1), mail(2)),
            "x.tar.xz": tar(("1", mail(1)), ("2", mail(2)), mode="w:xz"),
            "x.zip": zipped(("1", mail(1)), ("2", mail(2))),
        }[name]
        (tmp_path / name).write_bytes(content)
        opened = []
        real_open = builtins.open

        def recording_open(*arguments):
            opened.append(real_open(*arguments))
            return opened[-1]

        def interrupt(done, total):
            raise KeyboardInterrupt

        monkeypatch.setattr(reading, "open", recording_open, raising=False)
        with pytest.raises(KeyboardInterrupt) as interrupted:
            list(read_raw([tmp_path], problems=[], progress=interrupt))
        assert interrupted.traceback
        assert [file.closed for file in opened] == [True]
        with closing(read_raw([tmp_path], problems=[])) as messages:
            next(messages)
            assert [file.closed for file in opened] == [True, False]
        assert [file.closed for file in opened] == [True, True]


class TestNoMail:
    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"", "empty: it contains no mail"),
            (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture, not a mail"),
            (b"\x7fELF\x02\x01\x01" + bytes(20) + b"\nDate: x", "a program (ELF), not a mail"),
            (b"%PDF-1.7\nSubject: in a PDF", "a PDF document, not a mail"),
            (b"\xff\xfeS\0u\0b\0", "UTF-16 text: save the mail as it was received"),
            (bytes(100) + b"\nSubject: after NUL\n", "binary data, not a mail"),
            (b"term,frequency\na,1\n", "not a mail: no mail header in its first 50 lines"),
            (b"From the desk of the editor\n\nHello\n", "not a mail: no mail header in its first 50 lines"),
            (b"x\n" * 50 + b"Subject: too late\n", "not a mail: no mail header in its first 50 lines"),
            (b"<p>\nSee http://example.com/\n", "not a mail: no mail header in its first 50 lines"),
        ],
    )
    def test_file(self, tmp_path, content, what):
        (tmp_path / "bad").write_bytes(content)
        (tmp_path / "good").write_bytes(mail(1))
        assert read(tmp_path, base=tmp_path) == ([("good", mail(1))], [("bad", what)])

    def test_header_on_the_last_line_looked_at(self, tmp_path):
        (tmp_path / "a").write_bytes(b"x\n" * 49 + b"Subject: in time\n")
        assert len(read(tmp_path)[0]) == 1

    def test_no_such_path(self, tmp_path):
        (tmp_path / "good").write_bytes(mail(1))
        messages, problems = read(tmp_path / "missing", "nul\0name", tmp_path / "good", base=tmp_path)
        assert messages == [("good", mail(1))]
        assert problems[0] == ("missing", "cannot be read: No such file or directory")
        assert problems[1][0] == "nul\\x00name"

    def test_empty_folder(self, tmp_path):
        (tmp_path / "cur").mkdir()
        (tmp_path / "new").mkdir()
        assert read(tmp_path) == ([], [(str(tmp_path), "empty folder: it contains no mail, mbox or archive")])

    def test_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        what = "neither a file nor a folder: pipe its content into standard input"
        assert read(tmp_path, base=tmp_path) == ([], [("pipe", what)])

    def test_unreadable_file(self, tmp_path, monkeypatch):
        (tmp_path / "a").write_bytes(mail(1))
        (tmp_path / "b").write_bytes(mail(2))

        def refusing_open(path, mode):
            if path.endswith("a"):
                raise PermissionError(13, "Permission denied", path)
            return builtins.open(path, mode)

        monkeypatch.setattr(reading, "open", refusing_open, raising=False)
        assert read(tmp_path, base=tmp_path) == (
            [("b", mail(2))],
            [("a", "cannot be read: Permission denied")],
        )

    def test_unreadable_folder(self, tmp_path, monkeypatch):
        def refusing_scandir(path):
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr(os, "scandir", refusing_scandir)
        assert read(tmp_path) == ([], [(str(tmp_path), "cannot be read: Permission denied")])

    def test_single_path_is_refused(self):
        with pytest.raises(TkitError, match=r"single path 'a\.eml'; give a list of paths"):
            read_raw("a.eml", problems=[])

    @given(content=st.binary(max_size=600))
    def test_any_bytes_give_a_mail_or_a_problem(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("any") / "file"
        path.write_bytes(content)
        messages, problems = read(path)
        assert messages or problems
        assert all(raw and not raw.startswith(b"From ") for _, raw in messages)
