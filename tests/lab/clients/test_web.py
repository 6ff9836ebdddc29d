from collections.abc import Iterator
from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.lab.clients import Web
from tkit.lab.sender import EventLog, Recorder, RecorderServer
from tkit.lab.sender.forms import Address


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[tuple[Recorder, Web]]:
    log = EventLog(tmp_path / "log", "NORMAL")
    with RecorderServer(Recorder(log)) as server, Web(server.port) as web:
        yield server.recorder, web
    log.close()


def test_every_name_is_the_recorder_and_keeps_its_own(recorder: tuple[Recorder, Web]) -> None:
    sender, web = recorder
    for url in ("http://a.example/1?b=%2f", "https://b.example:8443/2", "http://192.0.2.7/3", "http://x@c.example"):
        assert web.get(url, "mine") == 404
    places = [(event.place, event.agent) for event in sender.log.events()]
    assert places == [("a.example/1?b=%2f", "mine"), ("b.example/2", "mine"), ("192.0.2.7/3", "mine"), ("c.example/", "mine")]


def test_redirections_are_followed_within_the_lab_until_there_are_too_many(recorder: tuple[Recorder, Web]) -> None:
    sender, web = recorder
    there, here = Address("http://a.example/1", "hop", leads_to="https://b.example/2"), Address("https://b.example/2", "open")
    circle = Address("http://c.example/", "hop", leads_to="http://c.example/")
    sender.register("m", "ada", (there, here, circle))
    assert web.get(there.url, "mine") == 200
    assert [event.place for event in sender.log.events()] == ["a.example/1", "b.example/2"]
    assert web.get(circle.url, "mine") == 310


@pytest.mark.parametrize("url", ["http:///x", "http://a.example:x/", "ftp://a.example/", "x", ""])
def test_a_url_that_no_request_can_be_made_of(url: str, recorder: tuple[Recorder, Web]) -> None:
    sender, web = recorder
    assert web.get(url, "mine") == 0
    assert sender.log.events() == []


def test_a_recorder_that_does_not_answer_is_named(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log", "NORMAL")
    with RecorderServer(Recorder(log)) as server:
        port = server.port
    log.close()
    with Web(port) as web, pytest.raises(TkitError, match=r"http://a\.example/: the recorder does not answer"):
        web.get("http://a.example/", "mine")
