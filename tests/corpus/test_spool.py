"""Mails kept between two runs: whole, private, and for a short time."""

import os
import stat
import time
from pathlib import Path

import pytest

from tkit.corpus.spool import MAX_AGE_DAYS, Spool, SpoolError


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tkit" / "imap"


def test_mails_are_there_in_the_next_run(cache: Path) -> None:
    spool = Spool("imaps://a@h/INBOX")
    assert spool.uidvalidity is None
    spool.start(7)
    spool.add([(1, b"one"), (9, b"\0nine")])
    spool.close()
    spool = Spool("imaps://a@h/INBOX")
    assert (spool.uidvalidity, spool.uids()) == (7, {1, 9})
    assert (spool.mail(9), spool.mail(2)) == (b"\0nine", None)
    other = Spool("imaps://a@h/Sent")
    assert other.uids() == set()
    other.delete()
    spool.start(8)
    assert (spool.uidvalidity, spool.uids()) == (8, set())
    spool.delete()
    assert list(cache.iterdir()) == []


def test_only_the_owner_can_read_it(cache: Path) -> None:
    umask = os.umask(0)
    try:
        spool = Spool("x")
        spool.start(1)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in cache.iterdir()] == [0o600] * len(list(cache.iterdir()))
    spool.delete()


def test_two_runs_at_a_time() -> None:
    spool = Spool("x")
    with pytest.raises(SpoolError, match="another run of tkit is reading this folder"):
        Spool("x")
    spool.close()
    Spool("x").delete()


def test_a_killed_write_leaves_the_mails_before_it() -> None:
    spool = Spool("x")
    spool.start(1)
    spool.add([(1, b"one")])

    def killed():
        yield 2, b"two"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool.add(killed())
    spool.close()
    spool = Spool("x")
    assert spool.uids() == {1}
    spool.delete()


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b""])
def test_a_damaged_file_is_begun_anew(cache: Path, content: bytes) -> None:
    spool = Spool("x")
    spool.start(1)
    spool.close()
    spool.path.write_bytes(content)
    spool = Spool("x")
    assert (spool.uidvalidity, spool.uids()) == (None, set())
    spool.delete()


def test_an_old_one_is_deleted(cache: Path) -> None:
    old, new = Spool("old"), Spool("new")
    old.close()
    new.close()
    before = time.time() - (MAX_AGE_DAYS + 1) * 24 * 3600
    os.utime(old.path, (before, before))
    Spool("x").delete()
    assert list(cache.iterdir()) == [new.path]


def test_a_full_disk_loses_nothing_that_was_kept() -> None:
    spool = Spool("x")
    spool.start(1)
    spool.add([(1, b"one")])
    assert not spool.has_failed
    spool._database.execute("PRAGMA max_page_count=4")
    with pytest.raises(SpoolError, match="database or disk is full"):
        spool.add([(2, os.urandom(100_000))])
    assert spool.has_failed
    assert spool.mail(1) == b"one"
    spool.delete()


def test_a_folder_that_cannot_be_written(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_bytes(b"a file")
    with pytest.raises(SpoolError, match="File exists"):
        Spool("x")
