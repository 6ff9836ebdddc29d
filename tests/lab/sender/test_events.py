import sqlite3
from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.lab.sender import Event, EventLog
from tkit.lab.sender.events import Owned, SentCopy, place_of
from tkit.lab.sender.forms import Address


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://t.example/o?u=%41&v=B", "t.example/o?u=%41&v=B"),
        ("https://T.Example:444/A", "t.example/A"),
        ("//t.example", "t.example/"),
        ("//t.example?a=1/2", "t.example/?a=1/2"),
        ("http://t.example/o#x", "t.example/o"),
    ],
)
def test_the_place_of_a_url(url: str, place: str) -> None:
    assert place_of(url) == place


def test_what_is_written_is_read_again_from_the_file(tmp_path: Path) -> None:
    events = [Event(2.5, "t.example/1", "open", "m", "ada", 0, "x"), Event(1.5, "t.example/2", "unknown", "", "", 0, "")]
    pixel, logo = Address("http://t.example/1", "open", 2, media="image/png"), Address("http://c.example/l", "content")
    first = EventLog(tmp_path / "log")
    assert first.register("m", "ada", [pixel, logo], 7.0) == [Owned(pixel, "m", "ada"), Owned(logo)]
    first.write(events)
    first.write([])
    first.close()
    again = EventLog(tmp_path / "log")
    assert again.events() == events
    assert again.copies() == [SentCopy("m", "ada", 7.0)]
    known = again.addresses()
    assert known["t.example/1"] == Owned(pixel._replace(url="t.example/1"), "m", "ada")
    assert known["c.example/l"].recipient == ""
    again.close()


def test_the_log_is_written_ahead_and_synchronised(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert log._rows("PRAGMA journal_mode") == [("wal",)]
    assert log._rows("PRAGMA synchronous") == [(2,)]  # FULL
    log.close()


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    good = Event(1, "t.example/1", "open", "m", "ada", 0, "x")
    with pytest.raises(sqlite3.Error):
        log.write([good, good._replace(agent=object())])  # type: ignore[arg-type]
    assert log.events() == []
    log.write([good])
    assert log.events() == [good]
    log.close()


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no database" * 100)
    for path in (other, tmp_path):
        with pytest.raises(TkitError, match="cannot be opened as a log"):
            EventLog(path)
