"""The lab cannot reach anything but this machine."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from made_lab import scenario

from tkit.errors import TkitError
from tkit.lab.clients import Web
from tkit.lab.loopback import listening_socket, loopback_address
from tkit.lab.play import Lab
from tkit.lab.sender import EventLog, MailServer, Recorder, RecorderServer, send, serve
from tkit.lab.sender.load import ask


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1"), ("127.9.9.9", "127.9.9.9")]
)
def test_loopback_addresses(host: str, address: str) -> None:
    assert loopback_address(host) == address


# Every network, a private one, the documentation's (RFC 5737), link-local, names, which could resolve to anything, nonsense.
FOREIGN = (
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "192.0.2.1",
    "169.254.1.1",
    "::ffff:192.0.2.1",
    "example.org",
    "localhost.example",
    "127.1",
    "",
)


@pytest.mark.parametrize("host", FOREIGN)
def test_every_way_in_or_out_refuses_other_addresses(host: str, tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    ways: list[Callable[[], object]] = [
        lambda: listening_socket(host),
        lambda: RecorderServer(Recorder(log), host),
        lambda: serve(tmp_path / "other", host),
        lambda: MailServer(tmp_path, host),
        lambda: Web(9, host),
        lambda: send([], "a@b.example", 9, host),
        lambda: ask(9, ["http://a.example/"], 1, 1, host=host),
    ]
    for way in ways:
        with pytest.raises(TkitError, match="never leaves this machine: give a loopback address"):
            way()
    log.close()


def test_a_taken_port_is_named() -> None:
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TkitError, match=rf"127\.0\.0\.1:{port}: cannot listen there \(Address already in use\)"):
            listening_socket(port=port)


def test_a_run_connects_to_this_machine_alone_and_looks_no_name_up(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    looked_up: list[str] = []
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def noted_connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        connect(self, address)

    def noted_lookup(host: str, *arguments: object, **options: object) -> object:
        looked_up.append(host)
        return lookup(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", noted_connect)
    monkeypatch.setattr(socket, "getaddrinfo", noted_lookup)
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    clients = scenario(
        2,
        {"behaviour": "loads-on-open"},
        {"name": "scanned", "behaviour": "scanner", "inside": {"behaviour": "text-only"}},
        form="redirects",
        reading={"read_share": 1},
    )
    with Lab(clients) as lab:
        played = lab.play()
    assert played.requests["hop"] >= 4
    assert set(connected) == {"127.0.0.1"}
    assert set(looked_up) == {"127.0.0.1"}
