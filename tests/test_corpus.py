"""Where mails come from: every kind of input, and every kind of input that is no mail."""

import builtins
import bz2
import gzip
import hashlib
import io
import lzma
import os
import struct
import sys
import tarfile
import tracemalloc
import zipfile
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tkit import corpus
from tkit.corpus import CORPORA, Problem, corpus_of, read_raw
from tkit.errors import TkitError

SHARED = Path(os.environ.get("TKIT_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
ARCHIVES = SHARED / "corpora"
needs_archives = pytest.mark.skipif(not ARCHIVES.is_dir(), reason="the archives of the public corpora are absent")


def mail(number, body="Hello\n"):
    return f"From: a{number}@example.com\nSubject: {number}\n\n{body}".encode()


def read(*paths, base=None):
    """Give what was read, as (where, raw), and the problems, as (where, what); `where` relative to `base`."""
    problems = []
    messages = [tuple(message) for message in read_raw(paths, problems=problems)]
    prefix = "" if base is None else f"{base}{os.sep}"
    return (
        [(where.removeprefix(prefix), raw) for where, raw in messages],
        [(where.removeprefix(prefix), what) for where, what in problems],
    )


def mbox(*mails, separator=b"From a@example.com Thu Jan  1 00:00:00 2026\n"):
    return b"".join(separator + raw + b"\n" for raw in mails)


def tar(*members, mode="w", tar_format=tarfile.PAX_FORMAT):
    """Build a tar of (name, content); a TarInfo stands for itself, without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tar_format) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name, kind, **attributes):
    info = tarfile.TarInfo(name)
    info.type = kind
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


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


class TestMbox:
    def test_mails_are_numbered_and_lose_the_blank_line_between(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(mbox(mail(1), mail(2, "two\n\n"), mail(3)))
        assert read(path, base=tmp_path) == (
            [("box#1", mail(1)), ("box#2", mail(2, "two\n\n")), ("box#3", mail(3))],
            [],
        )

    def test_crlf(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(mbox(mail(1), mail(2)).replace(b"\n", b"\r\n"))
        expected = [(f"box#{n}", mail(n).replace(b"\n", b"\r\n")) for n in (1, 2)]
        assert read(path, base=tmp_path) == (expected, [])

    def test_from_inside_a_paragraph_and_quoted_from_are_no_separators(self, tmp_path):
        body = "one\nFrom two\n\n>From three\n\n From four\n\nFrom: five\n"
        path = tmp_path / "box"
        path.write_bytes(mbox(mail(1, body), mail(2)))
        assert read(path, base=tmp_path) == ([("box#1", mail(1, body)), ("box#2", mail(2))], [])

    def test_blank_lines_before_the_first_from_line(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(b"\n\r\n" + mbox(mail(1), mail(2)))
        assert read(path, base=tmp_path) == ([("box#1", mail(1)), ("box#2", mail(2))], [])
        path.write_bytes(b"\n\r\nFrom a\n" + mail(1))
        assert read(path, base=tmp_path) == ([("box", mail(1))], [])

    def test_piece_without_header_is_a_problem_and_the_rest_is_read(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(mbox(mail(1), b"no header\n", b"", mail(4)))
        messages, problems = read(path, base=tmp_path)
        assert messages == [("box#1", mail(1)), ("box#4", mail(4))]
        assert problems == [
            ("box#2", "not a mail: no mail header in its first 50 lines"),
            ("box#3", "empty: no mail in it"),
        ]

    def test_no_from_line_is_left_over(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(b"From a\nFrom b\n" + mail(1))
        assert read(path, base=tmp_path) == ([("box", mail(1))], [])

    @settings(deadline=None)
    @given(
        bodies=st.lists(
            st.lists(st.sampled_from(["", "x", ">From x", "From", " From x", "y" * 40, "é"])),
            min_size=2,
            max_size=6,
        ),
        block=st.integers(1, 40),
        line_end=st.sampled_from(["\n", "\r\n"]),
    )
    def test_any_block_border_gives_the_mails_that_were_written(self, tmp_path_factory, bodies, block, line_end):
        mails = [
            mail(number, "".join(f"{line}\n" for line in body)).replace(b"\n", line_end.encode())
            for number, body in enumerate(bodies)
        ]
        separator = b"From a" + line_end.encode()
        path = tmp_path_factory.mktemp("mbox") / "box"
        path.write_bytes(b"".join(separator + raw + line_end.encode() for raw in mails))
        with mock.patch.multiple(corpus, _HEAD_BYTES=64, _BLOCK_BYTES=block):
            messages, problems = read(path)
        assert [raw for _, raw in messages] == mails
        assert problems == []

    def test_large_mbox_is_streamed(self, tmp_path):
        path = tmp_path / "box"
        count = 4_000
        one = mbox(mail(1, "x" * 4_000 + "\n"))
        path.write_bytes(one * count)
        problems = []
        tracemalloc.start()
        try:
            found = sum(1 for _ in read_raw([path], problems=problems))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (found, problems) == (count, [])
        assert peak < 6 * 2**20 < path.stat().st_size


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


class TestArchives:
    @pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
    @pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_tar(self, tmp_path, mode, tar_format):
        long_name = "d/" * 60 + "m"
        folder = special("d", tarfile.DIRTYPE)
        content = [
            folder,
            ("d/2", mail(2)),
            ("./d/1", mail(1)),
            (long_name, mail(3)),
            ("box", mbox(mail(4), mail(5))),
        ]
        (tmp_path / "x").write_bytes(tar(*content, mode=mode, tar_format=tar_format))
        assert read(tmp_path / "x", base=tmp_path) == (
            [
                ("x!d/2", mail(2)),
                ("x!./d/1", mail(1)),
                (f"x!{long_name}", mail(3)),
                ("x!box#1", mail(4)),
                ("x!box#2", mail(5)),
            ],
            [],
        )

    def test_tar_of_the_form_without_magic_number(self, tmp_path):
        raw = bytearray(tar(("m", mail(1)), tar_format=tarfile.USTAR_FORMAT))
        raw[257:265] = bytes(8)
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw[:512])
        (tmp_path / "x").write_bytes(raw)
        assert read(tmp_path / "x", base=tmp_path) == ([("x!m", mail(1))], [])

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_zip(self, tmp_path, method):
        members = [("d/", b""), ("d/2", mail(2)), ("1", mail(1)), ("box", mbox(mail(3), mail(4)))]
        (tmp_path / "x").write_bytes(zipped(*members, method=method))
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x!d/2", mail(2)), ("x!1", mail(1)), ("x!box#1", mail(3)), ("x!box#2", mail(4))],
            [],
        )

    @pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
    def test_single_compressed_file(self, tmp_path, compress):
        (tmp_path / "a.eml.z").write_bytes(compress(mail(1)))
        (tmp_path / "box.z").write_bytes(compress(mbox(mail(2), mail(3))))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("a.eml.z", mail(1)), ("box.z#1", mail(2)), ("box.z#2", mail(3))]
        assert problems == []

    def test_maildir_in_an_archive(self, tmp_path):
        content = [
            ("M/tmp/1700000003.c.host", mail(3)),
            ("M/new/1700000002.b.host", mail(2)),
            ("M/.mh_sequences", b"cur: 1"),
            ("tmp/a.eml", mail(4)),
        ]
        (tmp_path / "x").write_bytes(tar(*content))
        (tmp_path / "y").write_bytes(zipped(*content))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [
            ("x!M/new/1700000002.b.host", mail(2)),
            ("x!tmp/a.eml", mail(4)),
            ("y!M/new/1700000002.b.host", mail(2)),
            ("y!tmp/a.eml", mail(4)),
        ]
        assert problems == []


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
        assert read("-") == ([], [("-", "a ZIP archive on standard input: name it as a file")])

    def test_closed(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert read("-") == ([], [("-", "standard input is closed: pipe a mail or an mbox to it")])


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

        monkeypatch.setattr(corpus, "open", recording_open, raising=False)
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
            (b"", "empty: no mail in it"),
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
        assert read(tmp_path) == ([], [(str(tmp_path), "empty folder: no mail, mbox or archive in it")])

    def test_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        what = "neither a file nor a folder: pipe its content to standard input"
        assert read(tmp_path, base=tmp_path) == ([], [("pipe", what)])

    def test_unreadable_file(self, tmp_path, monkeypatch):
        (tmp_path / "a").write_bytes(mail(1))
        (tmp_path / "b").write_bytes(mail(2))

        def refusing_open(path, mode):
            if path.endswith("a"):
                raise PermissionError(13, "Permission denied", path)
            return builtins.open(path, mode)

        monkeypatch.setattr(corpus, "open", refusing_open, raising=False)
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

    @settings(deadline=None)
    @given(content=st.binary(max_size=600))
    def test_any_bytes_give_a_mail_or_a_problem(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("any") / "file"
        path.write_bytes(content)
        messages, problems = read(path)
        assert messages or problems
        assert all(raw and not raw.startswith(b"From ") for _, raw in messages)


class TestHostileArchives:
    @pytest.mark.parametrize("name", ["../a", "/a", "d/../../a", "..", "C:\\a", "..\\a", "d/.."])
    def test_name_that_leads_out(self, tmp_path, name):
        (tmp_path / "x.tar").write_bytes(tar((name, mail(1)), ("a..b", mail(2))))
        (tmp_path / "y.zip").write_bytes(zipped((name, mail(1)), ("a..b", mail(2))))
        before = sorted(tmp_path.rglob("*"))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("x.tar!a..b", mail(2)), ("y.zip!a..b", mail(2))]
        what = "a member whose name leads out of the archive (absolute, or with '..'): skipped"
        assert problems == [(f"x.tar!{name}", what), (f"y.zip!{name}", what)]
        assert sorted(tmp_path.rglob("*")) == before

    def test_links_and_devices(self, tmp_path):
        specials = [
            special("symlink", tarfile.SYMTYPE, linkname="/etc/passwd"),
            special("hardlink", tarfile.LNKTYPE, linkname="m"),
            special("device", tarfile.CHRTYPE, devmajor=1, devminor=5),
            special("fifo", tarfile.FIFOTYPE),
            special("sparse", tarfile.GNUTYPE_SPARSE),
        ]
        (tmp_path / "x").write_bytes(tar(*specials, ("m", mail(1))))
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!m", mail(1))]
        what = "a link, a device, a sparse file or the like: skipped"
        assert problems == [(f"x!{info.name}", what) for info in specials]

    def test_symlink_in_a_zip(self, tmp_path):
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        (tmp_path / "x").write_bytes(zipped((link, b"/etc/passwd"), ("m", mail(1))))
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x!m", mail(1))],
            [("x!link", "a link, a device, a sparse file or the like: skipped")],
        )

    @pytest.mark.parametrize("inner", [tar(("m", mail(1))), zipped(("m", mail(1))), gzip.compress(mail(1))])
    def test_archive_in_an_archive(self, tmp_path, inner):
        (tmp_path / "a.tar").write_bytes(tar(("inner", inner), ("m", mail(2))))
        (tmp_path / "b.zip").write_bytes(zipped(("inner", inner), ("m", mail(2))))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("a.tar!m", mail(2)), ("b.zip!m", mail(2))]
        assert [where for where, _ in problems] == ["a.tar!inner", "b.zip!inner"]
        assert all(what.endswith("in an archive is not opened: unpack it") for _, what in problems)

    @pytest.mark.parametrize("content", [tar(special("d", tarfile.DIRTYPE)), zipped(), zipped(("d/", b""))])
    def test_empty_archive(self, tmp_path, content):
        (tmp_path / "x").write_bytes(content)
        assert read(tmp_path / "x", base=tmp_path) == ([], [("x", "empty archive: no file in it")])

    # bzip2 in its smallest blocks: what is lost is a whole block.
    @pytest.mark.parametrize(
        "compress",
        [bytes, gzip.compress, lambda raw: bz2.compress(raw, 1), lzma.compress],
        ids=["", "gz", "bz2", "xz"],
    )
    def test_truncated_tar_gives_what_stands_before_the_break(self, tmp_path, compress):
        mails = [mail(n, random_text(n)) for n in range(20)]
        whole = compress(tar(*((str(n), raw) for n, raw in enumerate(mails))))
        (tmp_path / "x").write_bytes(whole[: len(whole) * 4 // 5])
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert 0 < len(messages) < 20
        assert [raw for _, raw in messages] == mails[: len(messages)]
        assert [where for where, _ in problems] == ["x"]
        assert problems[0][1].startswith("truncated or damaged (")

    @pytest.mark.parametrize("cut", [512, 700, 1024, 1200, 1536])
    def test_tar_cut_anywhere_is_not_taken_for_complete(self, tmp_path, cut):
        # Each member takes a header and a data block of 512 bytes.
        (tmp_path / "x").write_bytes(tar(("1", mail(1)), ("2", mail(2)), tar_format=tarfile.GNU_FORMAT)[:cut])
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == ([("x!1", mail(1))] if cut >= 512 + len(mail(1)) else [])
        assert [where for where, _ in problems] == ["x"]

    def test_broken_header_is_not_taken_for_the_end(self, tmp_path):
        raw = bytearray(tar(("1", mail(1)), ("2", mail(2)), tar_format=tarfile.GNU_FORMAT))
        raw[1024 + 148] ^= 1
        (tmp_path / "x").write_bytes(raw)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!1", mail(1))]
        assert problems == [
            (
                "x",
                "truncated or damaged (bad checksum, and no end-of-archive mark): read up to the break; get the file again",
            )
        ]

    def test_truncated_zip_gives_the_members_before_the_break(self, tmp_path):
        mails = [mail(n, random_text(n)) for n in range(5)]
        whole = zipped(*((str(n), raw) for n, raw in enumerate(mails)))
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            break_at = archive.getinfo("3").header_offset + 100
        (tmp_path / "x").write_bytes(whole[:break_at])
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [(f"x!{n}", mails[n]) for n in range(3)]
        assert [where for where, _ in problems] == ["x!3", "x"]
        assert problems[1][1].startswith("truncated or damaged (File is not a zip file): members may be missing")

    def test_truncated_zip_without_sizes_is_a_problem(self, tmp_path):
        class Pipe(io.BytesIO):
            def seek(self, *_):
                raise io.UnsupportedOperation

            def tell(self):
                raise io.UnsupportedOperation

        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w") as archive:
            archive.writestr("1", mail(1))
        (tmp_path / "x").write_bytes(pipe.getvalue()[:-60])
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == []
        assert [where for where, _ in problems] == ["x"]

    def test_damaged_zip_member_does_not_stop_the_others(self, tmp_path):
        raw = bytearray(zipped(("1", mail(1)), ("2", mail(2)), method=zipfile.ZIP_STORED))
        raw[raw.index(b"Hello")] ^= 1
        (tmp_path / "x").write_bytes(raw)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!2", mail(2))]
        assert problems == [("x!1", "damaged member (Bad CRC-32 for file '1'): skipped; get the archive again")]

    def test_encrypted_zip_member(self, tmp_path):
        raw = bytearray(zipped(("1", mail(1)), ("2", mail(2))))
        raw[6] |= 1
        raw[raw.index(b"PK\x01\x02") + 8] |= 1
        (tmp_path / "x").write_bytes(raw)
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x!2", mail(2))],
            [("x!1", "encrypted: unpack the archive with its password")],
        )

    @pytest.mark.parametrize(
        ("name", "wheres", "what"),
        [("2", ["x"], "unexpected end of data"), ("/2", ["x!/2", "x"], "it ends within a member")],
    )
    def test_size_beyond_all_data_ends(self, tmp_path, name, wheres, what):
        raw = bytearray(tar(("1", mail(1)), (name, mail(2)), tar_format=tarfile.GNU_FORMAT))
        raw[1024 + 124 : 1024 + 136] = b"\x80" + struct.pack(">3xQ", 2**62)
        raw[1024 + 148 : 1024 + 156] = b" " * 8
        raw[1024 + 148 : 1024 + 156] = b"%06o\0 " % sum(raw[1024:1536])
        (tmp_path / "x").write_bytes(raw)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!1", mail(1))]
        assert [where for where, _ in problems] == wheres
        assert problems[-1][1].startswith(f"truncated or damaged ({what})")

    def test_header_that_would_be_read_whole(self, tmp_path):
        long_name = special("long", tarfile.GNUTYPE_LONGNAME, size=2**33)
        (tmp_path / "x").write_bytes(long_name.tobuf(tarfile.GNU_FORMAT) + bytes(2000))
        assert read(tmp_path / "x", base=tmp_path)[1] == [
            (
                "x",
                f"truncated or damaged (a header of {2**33} bytes): read up to the break; get the file again",
            )
        ]

    @pytest.mark.parametrize(
        "record",
        [
            b"25 GNU.sparse.map=0,1,x\n",
            b"29 size=100000000000000000000\n",
            b"11 size=-5\n",
            b"14 hdrcharset=\xff\n",
            b"100000000000000000000 path=a\n",
        ],
    )
    def test_pax_header_that_cannot_be_read(self, tmp_path, record):
        header = special("pax", tarfile.XHDTYPE, size=len(record)).tobuf(tarfile.USTAR_FORMAT)
        second = header + record.ljust(512, b"\0") + tar(("2", mail(2)), tar_format=tarfile.USTAR_FORMAT)
        (tmp_path / "x").write_bytes(tar(("1", mail(1)), tar_format=tarfile.USTAR_FORMAT)[:1024] + second)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!1", mail(1))]
        assert problems[-1][0] == "x"
        assert problems[-1][1].startswith("truncated or damaged (")

    def test_headers_without_end(self, tmp_path):
        long_name = special("long", tarfile.GNUTYPE_LONGNAME, size=2).tobuf(tarfile.GNU_FORMAT)
        (tmp_path / "x").write_bytes((long_name + b"ab".ljust(512, b"\0")) * 3000)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert (messages, [where for where, _ in problems]) == ([], ["x"])


def too_large(limit):
    return f"larger than the {limit} bytes that a mail may have: skipped; take out what it carries, or drop it"


def random_text(seed):
    return "\n".join(hashlib.sha256(f"{seed} {line}".encode()).hexdigest() for line in range(200))


class TestTooLarge:
    LIMIT = 2**20

    @pytest.fixture(autouse=True)
    def limit(self, monkeypatch):
        monkeypatch.setattr(corpus, "MAX_MESSAGE_BYTES", self.LIMIT)

    def test_limit_itself_is_allowed(self, tmp_path):
        raw = mail(1).ljust(self.LIMIT, b"x")
        (tmp_path / "a.eml").write_bytes(raw)
        (tmp_path / "b.eml").write_bytes(raw + b"x")
        (tmp_path / "c.eml.gz").write_bytes(gzip.compress(raw))
        (tmp_path / "d.eml.gz").write_bytes(gzip.compress(raw + b"x"))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("a.eml", raw), ("c.eml.gz", raw)]
        assert problems == [("b.eml", too_large(self.LIMIT)), ("d.eml.gz", too_large(self.LIMIT))]

    @pytest.mark.parametrize("kind", ["file", "gz", "tar", "tar.xz", "zip", "mbox", "mbox.gz"])
    def test_nothing_is_read_whole(self, tmp_path, kind):
        huge = mail(1, "x" * 40 * 2**20 + "\n")
        small = mail(2)
        build = {
            "file": lambda: huge,
            "gz": lambda: gzip.compress(huge),
            "tar": lambda: tar(("1", huge), ("2", small)),
            "tar.xz": lambda: tar(("1", huge), ("2", small), mode="w:xz"),
            "zip": lambda: zipped(("1", huge), ("2", small)),
            "mbox": lambda: mbox(huge, small),
            "mbox.gz": lambda: gzip.compress(mbox(huge, small)),
        }
        (tmp_path / "x").write_bytes(build[kind]())
        tracemalloc.start()
        try:
            messages, problems = read(tmp_path / "x", base=tmp_path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        place = {"file": "", "gz": "", "mbox": "#", "mbox.gz": "#"}.get(kind, "!")
        assert problems == [(f"x{place}1" if place else "x", too_large(self.LIMIT))]
        assert messages == ([(f"x{place}2", small)] if place else [])
        assert peak < 12 * 2**20

    @pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
    def test_separator_across_blocks_ends_a_large_mail(self, tmp_path, line_end):
        for length in range(500, 760):
            mails = mbox(mail(1, "x" * length + "\n"), mail(2)).replace(b"\n", line_end)
            (tmp_path / "x").write_bytes(mails)
            with mock.patch.multiple(corpus, MAX_MESSAGE_BYTES=200, _BLOCK_BYTES=64):
                messages, problems = read(tmp_path / "x", base=tmp_path)
            assert messages == [("x#2", mail(2).replace(b"\n", line_end))]
            assert problems == [("x#1", too_large(200))]

    def test_last_mail_of_an_mbox(self, tmp_path):
        (tmp_path / "x").write_bytes(mbox(mail(1), mail(2, "x" * 3 * self.LIMIT)))
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x#1", mail(1))],
            [("x#2", too_large(self.LIMIT))],
        )


def test_mail_file_of_200_mb_is_skipped_unread(tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(mail(1))
    os.truncate(path, 200 * 2**20)
    assert corpus.MAX_MESSAGE_BYTES == 100 * 2**20
    tracemalloc.start()
    try:
        found = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == ([], [(str(path), too_large(100 * 2**20))])
    assert peak < 2**20


class TestPublicCorpora:
    def test_registry_is_sorted_and_complete(self):
        assert [entry.name for entry in CORPORA] == [
            "csdmc2010",
            "nazario",
            "phishing_pot",
            "spamassassin",
            "trec07p",
        ]
        assert all(entry.archive == f"{entry.name}.tar.xz" for entry in CORPORA)
        assert all(entry.years[0] <= entry.years[1] for entry in CORPORA)

    @pytest.mark.parametrize(
        ("where", "name"),
        [
            ("nazario.tar.xz!nazario/a.eml", "nazario"),
            ("/home/me/corpora/phishing_pot.tar.xz!phishing_pot/sample-1.eml", "phishing_pot"),
            ("C:\\corpora\\trec07p.tar.xz!trec07p/inmail.1", "trec07p"),
            ("my-nazario.tar.xz!nazario/a.eml", ""),
            ("nazario.tar.xz", ""),
            ("nazario.tar!nazario/a.eml", ""),
            ("nazario/a.eml", ""),
            ("", ""),
        ],
    )
    def test_corpus_of(self, where, name):
        assert corpus_of(where) == name

    @needs_archives
    @pytest.mark.parametrize("entry", CORPORA, ids=lambda entry: entry.name)
    def test_archive_is_the_registered_one(self, entry):
        with open(ARCHIVES / entry.archive, "rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == entry.archive_sha256

    @needs_archives
    @pytest.mark.parametrize(
        "entry",
        [pytest.param(entry, marks=pytest.mark.slow if entry.name == "phishing_pot" else ()) for entry in CORPORA],
        ids=lambda entry: entry.name,
    )
    def test_every_real_mail_is_read(self, entry):
        # The SpamAssassin archive holds two tables of words besides its mails.
        tables = ["easyham_df.csv", "spam_df.csv"] if entry.name == "spamassassin" else []
        problems = []
        count = 0
        for message in read_raw([ARCHIVES / entry.archive], problems=problems):
            count += 1
            assert corpus_of(message.where) == entry.name
        assert count == entry.messages
        assert problems == [
            Problem(
                f"{ARCHIVES / entry.archive}!{entry.name}/{table}",
                "not a mail: no mail header in its first 50 lines",
            )
            for table in tables
        ]
