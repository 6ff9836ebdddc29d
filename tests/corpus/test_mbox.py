"""One mail, or an mbox of them, and what is too large for a mail."""

import gzip
import os
import tracemalloc
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import mail, mbox, read, tar, zipped
from made_containers import msg

from tkit.corpus import mbox as mbox_module
from tkit.corpus import raw as rawmail
from tkit.corpus import read_raw
from tkit.mail import Message


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

    def test_from_lines_without_end_are_passed_over_once(self, tmp_path):
        # Four million of them: read anew for each, they would take days.
        (tmp_path / "m").write_bytes(b"From x\n" * 4_000_000 + mail(1))
        assert read(tmp_path / "m", base=tmp_path) == ([("m", mail(1))], [])

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
            ("box#3", "empty: it contains no mail"),
        ]

    @pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
    @pytest.mark.parametrize(
        "separator",
        [
            b"From - Fri Apr 11 16:36:11 2025\n",
            b"From a@b.example Thu Jan  1 00:00:00 2026\n",
            b"From a\n",
            b"From \n",
            b"From MAILER-DAEMON Fri, 11 Apr 2025 16:36:11 +0200\n",
        ],
    )
    @pytest.mark.parametrize("blank", [b"", b"\n"])
    def test_a_from_line_before_a_field_parts_with_or_without_an_empty_line(self, tmp_path, line_end, separator, blank):
        mails = [mail(1), mail(2, "--q1--\n"), b"X-Mozilla-Status: 0001\n" + mail(3), b"Return-Path: <a@b.example>\n" + mail(4)]
        path = tmp_path / "box"
        path.write_bytes(b"".join(separator + raw + blank for raw in mails).replace(b"\n", line_end))
        expected = [(f"box#{number}", raw.replace(b"\n", line_end)) for number, raw in enumerate(mails, 1)]
        assert read(path, base=tmp_path) == (expected, [])

    @pytest.mark.parametrize(
        "line",
        [
            "From our family to yours",
            "From our family:",
            "From 10:00 on",
            "From Monday, 4 November 2025",
            "From a@b.example",
            ">From a@b.example Thu Jan  1 00:00:00 2026\nSubject: quoted",
            ">>From a@b.example Thu Jan  1 00:00:00 2026\nSubject: quoted twice",
            " From a@b.example Thu Jan  1 00:00:00 2026\nSubject: indented",
            "From",
            "From: a@b.example",
        ],
    )
    @pytest.mark.parametrize("before", ["", "text\n", "\n"])
    @pytest.mark.parametrize("after", ["", "\nNote: it is not a field of mails\n"])
    def test_from_in_a_body_parts_nothing(self, tmp_path, line, before, after):
        one = mail(1, f"{before}{line}\nand so on\n{after}")
        path = tmp_path / "box"
        path.write_bytes(mbox(one, mail(2)))
        assert read(path, base=tmp_path) == ([("box#1", one), ("box#2", mail(2))], [])

    def test_a_from_field_with_a_blank_before_its_colon_is_no_from_line(self, tmp_path):
        first = "From : A <a@b.example>\nTo: c@d.example\nSubject: e\n\nshe wrote:\n\nFrom : x\nTo: y\n"
        path = tmp_path / "box"
        path.write_text(first)
        assert read(path, base=tmp_path) == ([("box", first.encode())], [])
        path.write_bytes(mbox(first.encode(), mail(2)))
        assert read(path, base=tmp_path) == ([("box#1", first.encode()), ("box#2", mail(2))], [])

    @pytest.mark.parametrize("length", [0, 1, 10**6, 10**30, -1])
    def test_content_length_is_not_believed(self, tmp_path, length):
        one = f"Content-Length: {length}\n".encode() + mail(1)
        (tmp_path / "box").write_bytes(mbox(one, mail(2)))
        assert read(tmp_path / "box", base=tmp_path) == ([("box#1", one), ("box#2", mail(2))], [])

    def test_a_line_that_a_program_wrote_twice_or_quoted(self, tmp_path):
        line = b"From a@b.example Thu Jan  1 00:00:00 2026\n"
        (tmp_path / "box").write_bytes(line * 2 + mail(1) + line * 2 + mail(2) + line + b">" + line + mail(3))
        expected = [("box#1", mail(1)), ("box#2", mail(2)), ("box#3", b">" + line + mail(3))]
        assert read(tmp_path / "box", base=tmp_path) == (expected, [])

    def test_a_byte_order_mark_before_the_first_line(self, tmp_path):
        (tmp_path / "box").write_bytes(b"\xef\xbb\xbf" + mbox(mail(1), mail(2)))
        assert read(tmp_path / "box", base=tmp_path) == ([("box#1", mail(1)), ("box#2", mail(2))], [])
        (tmp_path / "box").write_bytes(b"\xef\xbb\xbf" + mbox(mail(1)))
        assert [Message.from_bytes(raw).from_domain for _, raw in read(tmp_path / "box")[0]] == ["example.com"]

    @given(
        bodies=st.lists(
            st.lists(st.sampled_from(["", "x", "From us", "From a:", ">From - Fri Apr 11 16:36:11 2025", "To you", "y" * 40])),
            min_size=2,
            max_size=6,
        ),
        blanks=st.lists(st.booleans(), min_size=6, max_size=6),
        block=st.integers(1, 40),
    )
    def test_mails_without_empty_lines_between_them(self, tmp_path_factory, bodies, blanks, block):
        mails = [mail(number, "".join(f"{line}\n" for line in ["", *body, "end"])) for number, body in enumerate(bodies)]
        path = tmp_path_factory.mktemp("mbox") / "box"
        separator = b"From - Fri Apr 11 16:36:11 2025\n"
        path.write_bytes(b"".join(separator + raw + b"\n" * blank for raw, blank in zip(mails, blanks, strict=False)))
        with mock.patch.object(rawmail, "HEAD_BYTES", 64), mock.patch.object(mbox_module, "_BLOCK_BYTES", block):
            messages, problems = read(path)
        assert [raw for _, raw in messages] == mails
        assert problems == []

    def test_no_from_line_is_left_over(self, tmp_path):
        path = tmp_path / "box"
        path.write_bytes(b"From a\nFrom b\n" + mail(1))
        assert read(path, base=tmp_path) == ([("box", mail(1))], [])

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
        with mock.patch.object(rawmail, "HEAD_BYTES", 64), mock.patch.object(mbox_module, "_BLOCK_BYTES", block):
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


def too_large(limit):
    return f"larger than the {limit} bytes that a mail may have: skipped; remove its attachments, or leave it out"


class TestTooLarge:
    LIMIT = 2**20

    @pytest.fixture(autouse=True)
    def limit(self, monkeypatch):
        monkeypatch.setattr(mbox_module, "MAX_MESSAGE_BYTES", self.LIMIT)

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
            with mock.patch.multiple(mbox_module, MAX_MESSAGE_BYTES=200, _BLOCK_BYTES=64):
                messages, problems = read(tmp_path / "x", base=tmp_path)
            assert messages == [("x#2", mail(2).replace(b"\n", line_end))]
            assert problems == [("x#1", too_large(200))]

    def test_last_mail_of_an_mbox(self, tmp_path):
        (tmp_path / "x").write_bytes(mbox(mail(1), mail(2, "x" * 3 * self.LIMIT)))
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x#1", mail(1))],
            [("x#2", too_large(self.LIMIT))],
        )


def test_an_outlook_file_is_a_mail_and_another_ole_file_is_not(tmp_path):
    outlook = msg("From: a@b.example\r\n\r\n", {"10130102": b"<p>", "37010102": b"x" * 100_000})
    (tmp_path / "a.msg").write_bytes(outlook)
    (tmp_path / "b.doc").write_bytes(outlook.replace("__properties".encode("utf-16-le"), "__something!".encode("utf-16-le")))
    (tmp_path / "c.zip").write_bytes(zipped(("a.msg", outlook)))
    assert read(tmp_path, base=tmp_path) == (
        [("a.msg", outlook), ("c.zip!a.msg", outlook)],
        [("b.doc", "an OLE file, such as a Word or Excel document, not a mail")],
    )


def test_mail_file_of_200_mb_is_skipped_unread(tmp_path):
    path = tmp_path / "a.eml"
    path.write_bytes(mail(1))
    os.truncate(path, 200 * 2**20)
    assert mbox_module.MAX_MESSAGE_BYTES == 100 * 2**20
    tracemalloc.start()
    try:
        found = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == ([], [(str(path), too_large(100 * 2**20))])
    assert peak < 2**20
