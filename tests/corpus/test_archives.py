"""Mails out of archives, sound and hostile."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import pytest
from made import mail, mbox, random_text, read, special, tar, zipped

from tkit.corpus import archives


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


class TestHostileArchives:
    @pytest.mark.parametrize("name", ["../a", "/a", "d/../../a", "..", "C:\\a", "..\\a", "d/.."])
    def test_name_that_leads_out(self, tmp_path, name):
        (tmp_path / "x.tar").write_bytes(tar((name, mail(1)), ("a..b", mail(2))))
        (tmp_path / "y.zip").write_bytes(zipped((name, mail(1)), ("a..b", mail(2))))
        before = sorted(tmp_path.rglob("*"))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("x.tar!a..b", mail(2)), ("y.zip!a..b", mail(2))]
        what = "a member with a path outside the archive (absolute, or with '..'): skipped"
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
        what = "not a regular file (a link, a device, a sparse file): skipped"
        assert problems == [(f"x!{info.name}", what) for info in specials]

    def test_symlink_in_a_zip(self, tmp_path):
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        (tmp_path / "x").write_bytes(zipped((link, b"/etc/passwd"), ("m", mail(1))))
        assert read(tmp_path / "x", base=tmp_path) == (
            [("x!m", mail(1))],
            [("x!link", "not a regular file (a link, a device, a sparse file): skipped")],
        )

    @pytest.mark.parametrize("inner", [tar(("m", mail(1))), zipped(("m", mail(1))), gzip.compress(mail(1))])
    def test_archive_in_an_archive(self, tmp_path, inner):
        (tmp_path / "a.tar").write_bytes(tar(("inner", inner), ("m", mail(2))))
        (tmp_path / "b.zip").write_bytes(zipped(("inner", inner), ("m", mail(2))))
        messages, problems = read(tmp_path, base=tmp_path)
        assert messages == [("a.tar!m", mail(2)), ("b.zip!m", mail(2))]
        assert [where for where, _ in problems] == ["a.tar!inner", "b.zip!inner"]
        assert all(what.endswith("in an archive is not opened: unpack it first") for _, what in problems)

    @pytest.mark.parametrize("content", [tar(special("d", tarfile.DIRTYPE)), zipped(), zipped(("d/", b""))])
    def test_empty_archive(self, tmp_path, content):
        (tmp_path / "x").write_bytes(content)
        assert read(tmp_path / "x", base=tmp_path) == ([], [("x", "empty archive: it contains no file")])

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
                "truncated or damaged (bad checksum, and no end-of-archive mark): read up to the damage; get the file again",
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
        [("2", ["x"], "unexpected end of data"), ("/2", ["x!/2", "x"], "it ends inside a member")],
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
                f"truncated or damaged (a header of {2**33} bytes): read up to the damage; get the file again",
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

    def test_xz_that_asks_for_more_memory_than_any_preset(self, tmp_path):
        raw = bytearray(lzma.compress(mail(1), filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}]))
        # The first block's header: its size, flags, filter 0x21 with one byte of properties, the dictionary's size.
        assert raw[12:16] == b"\x02\x00\x21\x01"
        raw[16] = 40  # 4 GiB
        raw[20:24] = struct.pack("<I", zlib.crc32(raw[12:20]))
        (tmp_path / "x").write_bytes(raw)
        assert read(tmp_path / "x", base=tmp_path) == (
            [],
            [("x", "truncated or damaged (Memory usage limit exceeded): read up to the damage; get the file again")],
        )

    def test_xz_of_several_streams_and_what_stands_behind(self, tmp_path):
        whole = mail(1) + b"x" * 200_000
        streams = lzma.compress(whole[:100_000]) + lzma.compress(whole[100_000:])
        for end in (b"", bytes(8), b"strange"):
            (tmp_path / "x").write_bytes(streams + end)
            assert read(tmp_path / "x", base=tmp_path) == ([("x", whole)], [])
        (tmp_path / "x").write_bytes(streams[:-20])
        problems = read(tmp_path / "x", base=tmp_path)[1]
        assert problems == [
            ("x", "truncated or damaged (it ends inside the compressed data): read up to the damage; get the file again")
        ]

    @pytest.mark.parametrize("block", [1, 2, 5, 7, 100])
    def test_xz_cut_into_blocks_anywhere(self, tmp_path, monkeypatch, block):
        monkeypatch.setattr(archives, "_XZ_BLOCK_BYTES", block)
        (tmp_path / "x").write_bytes(lzma.compress(mail(1)) + lzma.compress(b"more") + lzma.compress(b"\n"))
        assert read(tmp_path / "x", base=tmp_path) == ([("x", mail(1) + b"more\n")], [])

    def test_map_of_a_sparse_file_is_not_read(self, tmp_path):
        # The map says that it has a thousand million pieces; it would be held whole.
        records = b"22 GNU.sparse.major=1\n" + b"22 GNU.sparse.minor=0\n"
        header = special("pax", tarfile.XHDTYPE, size=len(records)).tobuf(tarfile.USTAR_FORMAT) + records.ljust(512, b"\0")
        sparse = tar(("1", b"1000000000\n" + b"0\n" * 5000), tar_format=tarfile.USTAR_FORMAT)
        sparse = sparse[: 512 + 512 * -(-10_011 // 512)]
        (tmp_path / "x").write_bytes(header + sparse + tar(("2", mail(2)), tar_format=tarfile.USTAR_FORMAT))
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert messages == [("x!2", mail(2))]
        assert problems == [("x!1", "not a regular file (a link, a device, a sparse file): skipped")]

    @pytest.mark.parametrize(
        ("rest", "wheres", "wanted"),
        [
            (b"\1".rjust(505, b"\0").ljust(512, b"\0") + bytes(512) + tar(("2", mail(2))), ["x!1"], [("x!2", mail(2))]),
            (b"\1".rjust(505, b"\0").ljust(512, b"\0"), ["x"], []),
        ],
    )
    def test_sparse_file_of_old_gnu_tar(self, tmp_path, rest, wheres, wanted):
        header = bytearray(special("1", tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
        header[482] = 1  # another header of it follows
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        (tmp_path / "x").write_bytes(bytes(header) + rest)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert (messages, [where for where, _ in problems]) == (wanted, wheres)

    def test_headers_without_end(self, tmp_path):
        long_name = special("long", tarfile.GNUTYPE_LONGNAME, size=2).tobuf(tarfile.GNU_FORMAT)
        (tmp_path / "x").write_bytes((long_name + b"ab".ljust(512, b"\0")) * 3000)
        messages, problems = read(tmp_path / "x", base=tmp_path)
        assert (messages, [where for where, _ in problems]) == ([], ["x"])
