import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tkit.lab.clock import SimulatedClock
from tkit.lab.sender import Event, EventLog, Mailing, Recorder, RecorderServer
from tkit.lab.sender.load import ask
from tkit.lab.sender.recorder import POLICY

CLIENTS = 200


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Recorder, RecorderServer]]:
    log = EventLog(tmp_path / "log")
    recorder = Recorder(log, SimulatedClock(1000))
    with RecorderServer(recorder) as server:
        yield recorder, server
    log.close()


def get(server: RecorderServer, url: str) -> httpx.Response:
    host, _, path = url.partition("//")[2].partition("/")
    return httpx.get(f"http://127.0.0.1:{server.port}/{path}", headers={"Host": host, "User-Agent": "me"}, trust_env=False)


def test_requests_are_answered_and_matched_to_recipient_and_mailing(running: tuple[Recorder, RecorderServer]) -> None:
    recorder, server = running
    copy = Mailing(name="m", form="redirects").copy("ada@mail.example", 0)
    recorder.register("m", copy.recipient, copy.addresses)
    answers = [get(server, address.url) for address in copy.addresses]
    answers.append(get(server, "http://elsewhere.example/x%2fy?z=%41"))
    assert [(answer.status_code, answer.headers.get("location", "")) for answer in answers] == [
        (302, copy.addresses[1].url),
        (302, copy.addresses[2].url),
        (200, ""),
        (200, ""),  # the logo
        (302, "http://www.harbourbooks.example/novels"),
        (200, ""),
        (404, ""),
    ]
    assert answers[2].content[:6] == b"GIF89a"
    assert answers[2].headers["cache-control"] == "no-store"
    events = recorder.log.events()
    assert [(one.kind, one.mailing, one.recipient) for one in events] == [
        *[("hop", "m", "ada@mail.example")] * 2,
        ("open", "m", "ada@mail.example"),
        ("content", "", ""),
        ("click", "m", "ada@mail.example"),
        ("content", "", ""),
        ("unknown", "", ""),
    ]
    assert events[-1] == Event(1000, "elsewhere.example/x%2fy?z=%41", "unknown", "", "", 0, "me")


def test_a_new_recorder_goes_on_where_the_log_ends(running: tuple[Recorder, RecorderServer]) -> None:
    recorder, server = running
    copy = Mailing(name="m").copy("ada@mail.example", 0)
    recorder.register("m", copy.recipient, copy.addresses)
    get(server, copy.addresses[0].url)
    assert Recorder(recorder.log).timelines() == recorder.timelines()
    assert len(recorder.timelines()[0].opens) == 1


def test_the_live_page_streams_what_the_sender_believes(running: tuple[Recorder, RecorderServer]) -> None:
    recorder, server = running
    copy = Mailing(name="m").copy("ada@mail.example", 0)
    recorder.register("m", copy.recipient, copy.addresses)
    with httpx.stream("GET", f"{server.url}events", trust_env=False, timeout=60) as stream:
        lines = (line for line in stream.iter_lines() if line)
        before = json.loads(next(lines).removeprefix("data: "))
        get(server, copy.addresses[0].url)
        after = json.loads(next(lines).removeprefix("data: "))
        recorder.register("m", "ben@mail.example", ())
        added = json.loads(next(lines).removeprefix("data: "))
    assert (added["recipient"], added["opens"]) == ("ben@mail.example", [])
    assert (before["recipient"], before["sent"], before["opens"]) == ("ada@mail.example", 1000, [])
    assert after["opens"] == [{"time": 1000, "agent": "me"}]
    page = httpx.get(server.url, trust_env=False)
    assert page.headers["content-security-policy"] == POLICY
    assert httpx.get(f"{server.url}events.py", trust_env=False).status_code == 404
    assert [one.kind for one in recorder.log.events()] == ["open"]  # the page's own requests are none of the mailing


def test_the_page_is_for_names_of_this_machine_alone(running: tuple[Recorder, RecorderServer]) -> None:
    _, server = running
    assert get(server, "http://rebound.example/events").status_code == 404


@pytest.mark.parametrize(
    "wrong", [b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\n\r\n", b"\x00\x01\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"]
)
def test_what_is_no_proper_request_does_no_harm(running: tuple[Recorder, RecorderServer], wrong: bytes) -> None:
    import socket  # noqa: PLC0415

    recorder, server = running
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(wrong)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass
    assert get(server, "http://a.example/").status_code == 404
    assert recorder.log.events()[-1].place == "a.example/"


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = EventLog(path)
    urls = []
    for number in range(CLIENTS):
        copy = Mailing(name="m").copy(f"reader-{number}@mail.example", 0)
        log.register("m", copy.recipient, copy.addresses[:1], 0)
        urls.append(copy.addresses[0].url)
    log.close()
    code = f"from pathlib import Path; from tkit.lab.sender import serve; serve(Path({str(path)!r}))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline().rpartition(":")[2].strip("/\n"))
            whole = ask(port, urls, CLIENTS, 5)
            assert len(whole) == CLIENTS * 5  # every request of the bounded load is answered

            def kill(count: int) -> None:
                if count == CLIENTS:
                    os.kill(process.pid, signal.SIGKILL)

            cut = ask(port, urls, CLIENTS, 50, answered=kill)
        finally:
            process.kill()
    assert CLIENTS <= len(cut) < CLIENTS * 50
    log = EventLog(path)
    events = log.events()
    log.close()
    stored = Counter(event.agent for event in events)
    answered = Counter(whole) + Counter(cut)
    assert not answered - stored
    assert {event.kind for event in events} == {"open"}
    # What was stored and not answered was on its way: at most one request of each client.
    assert (stored - answered).total() <= CLIENTS
    for event in events[: CLIENTS * 5]:
        client = int(event.agent.split()[1])
        assert event.recipient == f"reader-{(client + int(event.agent.split()[3]) * CLIENTS) % CLIENTS}@mail.example"
