"""Corpora are fetched by the real code from a server on the loopback, which breaks in every way that a server can."""

import hashlib
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made import mail, mbox, random_text, special, tar
from made_server import Answer, Server, answer, chunked

from tkit.corpus import PublicCorpus, download, read_raw
from tkit.corpus.download import ATTEMPTS, Checked, check, get
from tkit.corpus.registry import digest_of
from tkit.errors import TkitError

MAILS = [mail(number, random_text(number) + "\n") for number in range(6)]
# Cut out of its mbox, a mail may have kept the blank line after it.
CUT = mail(7, random_text(7) + "\n") + b"\n"
WANTED = {hashlib.sha256(raw).hexdigest() for raw in [*MAILS, CUT]}
CORPUS = PublicCorpus(
    name="made",
    title="made by hand",
    repository="nobody/nothing",
    commit="0123456789abcdef",
    folders={"data": "made"},
    licence="none",
    years=(2026, 2026),
    kinds={},
    messages=len(WANTED),
    messages_sha256=digest_of(WANTED),
)
MEMBERS = [
    ("nothing-0123456/README.md", b"Read me\n"),
    *((f"nothing-0123456/data/{number}.eml", raw) for number, raw in enumerate(MAILS[:4])),
    ("nothing-0123456/data/deeper/box", mbox(*MAILS[4:], CUT[:-1], mail(8))),
    ("nothing-0123456/data/unwanted.eml", mail(9)),
    ("nothing-0123456/elsewhere/0.eml", MAILS[0]),
]
ARCHIVE = tar(*MEMBERS, mode="w:gz")
BLOCK = 256
"""What is read of a connection at once, here: so small an archive would come in one block."""


def rest(start: int, etag: str = '"one"', claimed: int | None = None) -> Answer:
    """Send the archive from a byte on."""
    begin = start if claimed is None else claimed
    return answer(
        206,
        ARCHIVE[start:],
        ETag=etag,
        Content_Range=f"bytes {begin}-{len(ARCHIVE) - 1}/{len(ARCHIVE)}",
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_BLOCK_BYTES", BLOCK)
    found = Server()
    thread = threading.Thread(target=found.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.http.shutdown()
    found.http.server_close()
    thread.join()
    assert not found.answers


@pytest.fixture
def fetch(server: Server, tmp_path: Path) -> Callable[..., Path]:
    """Fetch from a server that gives these answers; the pauses between attempts are noted and not waited for."""

    def run(*answers: Answer, corpus: PublicCorpus = CORPUS, pauses: list[float] | None = None, **options: object) -> Path:
        server.answers = list(answers)
        waited = [] if pauses is None else pauses
        return get(
            corpus,
            WANTED,
            tmp_path / "corpora",
            cache=tmp_path / "cache",
            url=server.url,
            pause=waited.append,
            **options,  # type: ignore[arg-type]
        )

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


class TestGet:
    def test_the_wanted_mails_and_no_other_are_written(self, fetch, server, tmp_path):
        told = []
        made = fetch(answer(body=ARCHIVE, ETag='"one"'), progress=lambda *step: told.append(step))
        assert made == tmp_path / "corpora" / "made.tar.xz"
        assert names(made.parent) == ["made.tar.xz"]
        found = {raw.where.partition("!")[2]: raw.raw for raw in read_raw([made], problems=[])}
        assert found == {
            **{f"made/{number}.eml": raw for number, raw in enumerate(MAILS[:4])},
            "made/deeper/box#1": MAILS[4],
            "made/deeper/box#2": MAILS[5],
            "made/deeper/box#3": CUT,
        }
        assert server.asked[0]["User-Agent"].startswith("tkit/")
        assert "Range" not in server.asked[0]
        assert ("made: downloading", len(ARCHIVE), len(ARCHIVE)) in told
        assert {what for what, _, _ in told} == {"made: downloading", "made: selecting"}
        assert names(tmp_path / "cache") == ["made-0123456789ab.tar.gz"]

    def test_the_archive_is_the_same_whatever_the_download_was_like(self, fetch, tmp_path):
        first = fetch(answer(body=ARCHIVE)).read_bytes()
        for folder in ("corpora", "cache"):
            for path in (tmp_path / folder).iterdir():
                path.unlink()
        assert fetch(chunked(ARCHIVE[:1000], ARCHIVE[1000:], whole=True)).read_bytes() == first

    def test_what_is_there_is_not_fetched_again(self, fetch, server):
        made = fetch(answer(body=ARCHIVE))
        before = made.stat().st_mtime_ns
        assert fetch() == made
        assert made.stat().st_mtime_ns == before
        assert len(server.asked) == 1

    def test_an_archive_with_other_mails_is_replaced(self, fetch, tmp_path):
        (tmp_path / "corpora").mkdir()
        (tmp_path / "corpora" / "made.tar.xz").write_bytes(tar(("made/0", MAILS[0])))
        assert check(fetch(answer(body=ARCHIVE)), CORPUS, WANTED) == Checked("made", 7, 0, 0, True)

    def test_folder_of_the_whole_repository(self, fetch):
        corpus = CORPUS._replace(folders={"": "made"})
        found = {raw.where.partition("!")[2] for raw in read_raw([fetch(answer(body=ARCHIVE), corpus=corpus)], problems=[])}
        assert {"made/data/0.eml", "made/elsewhere/0.eml"} <= found

    def test_hashes_that_are_not_the_registry_s(self, tmp_path):
        with pytest.raises(TkitError, match=r"made: messages.parquet does not list the mails of the registry"):
            get(CORPUS, WANTED - {next(iter(WANTED))}, tmp_path)


class TestBrokenConnection:
    HALF = len(ARCHIVE) // 2 // BLOCK * BLOCK

    def test_goes_on_where_it_stopped(self, fetch, server):
        pauses: list[float] = []
        made = fetch(answer(body=ARCHIVE[: self.HALF], length=len(ARCHIVE), ETag='"one"'), rest(self.HALF), pauses=pauses)
        assert check(made, CORPUS, WANTED).sound
        assert (server.asked[1]["Range"], server.asked[1]["If-Range"]) == (f"bytes={self.HALF}-", '"one"')
        assert pauses == [2.0]

    def test_goes_on_in_another_run(self, fetch, server, tmp_path):
        def interrupt(what: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fetch(answer(body=ARCHIVE[: self.HALF], length=len(ARCHIVE), ETag='"one"'), progress=interrupt)
        assert names(tmp_path / "corpora") == []
        assert "made-0123456789ab.tar.gz" not in names(tmp_path / "cache")
        part = tmp_path / "cache" / "made-0123456789ab.tar.gz.part"
        had = part.stat().st_size
        assert ARCHIVE.startswith(part.read_bytes())
        assert check(fetch(rest(had)), CORPUS, WANTED).sound
        assert names(tmp_path / "cache") == ["made-0123456789ab.tar.gz"]

    @pytest.mark.parametrize("etag", [{}, {"ETag": 'W/"weak"'}])
    def test_begins_anew_where_nothing_tells_that_the_rest_is_of_the_same_file(self, fetch, server, etag):
        broken = answer(body=b"x" * self.HALF, length=len(ARCHIVE), **etag)
        assert check(fetch(broken, answer(body=ARCHIVE)), CORPUS, WANTED).sound
        assert "Range" not in server.asked[1]

    def test_begins_anew_where_the_file_has_changed(self, fetch, server):
        broken = answer(body=b"x" * self.HALF, length=len(ARCHIVE), ETag='"other"')
        assert check(fetch(broken, answer(body=ARCHIVE, ETag='"one"')), CORPUS, WANTED).sound
        assert server.asked[1]["If-Range"] == '"other"'

    def test_another_part_than_was_asked_for(self, fetch, server):
        broken = answer(body=ARCHIVE[: self.HALF], length=len(ARCHIVE), ETag='"one"')
        assert check(fetch(broken, rest(self.HALF, claimed=0), answer(body=ARCHIVE)), CORPUS, WANTED).sound
        assert "Range" not in server.asked[2]

    def test_rest_that_the_server_does_not_have(self, fetch, server):
        broken = answer(body=ARCHIVE[: self.HALF], length=len(ARCHIVE), ETag='"one"')
        assert check(fetch(broken, answer(416), answer(body=ARCHIVE)), CORPUS, WANTED).sound
        assert "Range" not in server.asked[2]

    def test_without_a_length(self, fetch):
        assert check(fetch(chunked(ARCHIVE[: 4 * BLOCK], whole=False), answer(body=ARCHIVE)), CORPUS, WANTED).sound

    def test_is_given_up(self, fetch, server, tmp_path):
        pauses: list[float] = []
        broken = [answer(body=ARCHIVE[: 4 * BLOCK], length=len(ARCHIVE)) for _ in range(ATTEMPTS)]
        with pytest.raises(TkitError, match=rf"the connection failed \(\w+\), {ATTEMPTS} times; what was downloaded is kept"):
            fetch(*broken, pauses=pauses)
        assert pauses == [2.0, 4.0, 8.0, 16.0]
        assert names(tmp_path / "corpora") == []

    def test_nobody_answers(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(TkitError, match=r"127\.0\.0\.1:9/x: the connection failed"):
            get(CORPUS, WANTED, tmp_path, cache=tmp_path / "c", url="http://127.0.0.1:9/x", pause=lambda seconds: None)


class TestServerError:
    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_is_tried_again_after_what_the_server_says(self, fetch, status):
        pauses: list[float] = []
        made = fetch(answer(status, Retry_After="7"), answer(status), answer(body=ARCHIVE), pauses=pauses)
        assert check(made, CORPUS, WANTED).sound
        assert pauses == [7.0, 5.0]

    @pytest.mark.parametrize("after", ["\xb2", "9" * 5000, "soon"])
    def test_a_wait_that_is_no_number(self, fetch, after):
        pauses: list[float] = []
        made = fetch(answer(503, Retry_After=after), answer(body=ARCHIVE), pauses=pauses)
        assert check(made, CORPUS, WANTED).sound
        assert pauses == [5.0]

    def test_a_rest_that_nobody_asked_for(self, fetch):
        pauses: list[float] = []
        assert check(fetch(answer(416), rest(4), answer(body=ARCHIVE), pauses=pauses), CORPUS, WANTED).sound
        assert pauses == [0.0, 2.0]

    def test_a_long_wait_is_cut(self, fetch):
        pauses: list[float] = []
        fetch(answer(503, Retry_After="86400"), answer(body=ARCHIVE), pauses=pauses)
        assert pauses == [60.0]

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_refusal_is_not_asked_twice(self, fetch, server, status, tmp_path):
        with pytest.raises(TkitError, match=rf"the server answers {status} .*: check whether the corpus has moved"):
            fetch(answer(status))
        assert len(server.asked) == 1
        assert names(tmp_path / "corpora") == []

    def test_it_goes_on_after_an_error_between(self, fetch, server):
        broken = answer(body=ARCHIVE[: 4 * BLOCK], length=len(ARCHIVE), ETag='"one"')
        assert check(fetch(broken, answer(503), rest(4 * BLOCK)), CORPUS, WANTED).sound
        assert server.asked[2]["Range"] == f"bytes={4 * BLOCK}-"


class TestSeveralFolders:
    def test_each_becomes_a_folder_of_the_archive(self, fetch):
        corpus = CORPUS._replace(folders={"data/deeper": "boxes", "data": "single"}, commit="")
        made = fetch(answer(body=ARCHIVE), corpus=corpus)
        found = {raw.where.partition("!")[2] for raw in read_raw([made], problems=[])}
        assert found == {*(f"single/{number}.eml" for number in range(4)), *(f"boxes/box#{number}" for number in (1, 2, 3))}


class TestWrongContent:
    """The checksum is over the mails: a download that does not contain them is deleted."""

    def dropped(self, tmp_path: Path) -> bool:
        return names(tmp_path / "corpora") == names(tmp_path / "cache") == []

    def test_a_mail_was_changed(self, fetch, tmp_path):
        body = tar(*MEMBERS[:-4], ("nothing-0123456/data/3.eml", MAILS[3] + b"!"), *MEMBERS[-3:], mode="w:gz")
        with pytest.raises(TkitError, match=r": 1 of the 7 wanted mails are missing: the download was deleted"):
            fetch(answer(body=body))
        assert self.dropped(tmp_path)

    def test_archive_that_is_cut_though_all_that_was_promised_came(self, fetch, tmp_path):
        with pytest.raises(TkitError, match=r"of the 7 wanted mails are missing \(truncated or damaged"):
            fetch(answer(body=ARCHIVE[: len(ARCHIVE) // 2]))
        assert self.dropped(tmp_path)

    @pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>Sign in", b"", b"\x1f\x8b"])
    def test_no_archive(self, fetch, tmp_path, body):
        with pytest.raises(TkitError, match=r": 7 of the 7 wanted mails are missing"):
            fetch(answer(body=body))
        assert self.dropped(tmp_path)

    def test_the_next_run_fetches_anew(self, fetch):
        with pytest.raises(TkitError, match="the download was deleted"):
            fetch(answer(body=b"no archive"))
        assert check(fetch(answer(body=ARCHIVE)), CORPUS, WANTED).sound


class TestHostileArchive:
    def test_members_that_lead_out_are_left_where_they_are(self, fetch, tmp_path):
        evil = [
            ("../../../evil.eml", MAILS[0]),
            (f"{tmp_path}/evil.eml", MAILS[0]),
            ("nothing-0123456/data/../../../evil.eml", MAILS[0]),
            special("nothing-0123456/data/link.eml", tarfile.SYMTYPE, linkname="/etc/passwd"),
            special("nothing-0123456/data/hard.eml", tarfile.LNKTYPE, linkname="../../../evil"),
            special("nothing-0123456/data/device", tarfile.CHRTYPE),
        ]
        made = fetch(answer(body=tar(*evil, *MEMBERS, mode="w:gz")))
        assert check(made, CORPUS, WANTED).sound
        assert names(tmp_path) == ["cache", "corpora"]
        with tarfile.open(made) as archive:
            assert all(member.isreg() and member.name.startswith("made/") for member in archive)
            assert not [member for member in archive.getnames() if ".." in member or "evil" in member]

    def test_only_outside_the_folder(self, fetch):
        body = tar(*((f"nothing-0123456/elsewhere/{name}", raw) for name, raw in enumerate(MAILS)), mode="w:gz")
        with pytest.raises(TkitError, match=r"7 of the 7 wanted mails are missing"):
            fetch(answer(body=body))


class TestCheck:
    def test_counts(self, tmp_path):
        path = tmp_path / "made.tar.xz"
        path.write_bytes(tar(*((str(number), raw) for number, raw in enumerate([*MAILS, MAILS[0], mail(9)])), mode="w:xz"))
        assert check(path, CORPUS, WANTED) == Checked("made", 6, 1, 1, False)

    def test_no_archive(self, tmp_path):
        with pytest.raises(TkitError, match=r"no such archive: download it with `tkit corpus get made`"):
            check(tmp_path / "made.tar.xz", CORPUS, WANTED)
