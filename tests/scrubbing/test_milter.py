"""The mail filter, tested by a client of our own, by Debian's miltertest and by a real Postfix."""

import os
import shutil
import signal
import smtplib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from queue import Queue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import ClassVar

import pytest
from made_scrubbing import ThreeVerdicts

from tkit.errors import TkitError
from tkit.scrubbing.milter import MAX_PACKET, serve

PIXEL = b"<img src='http://t.example/open.php?u=8f3ac09e17d24b65' width=1 height=1>"
NEUTRAL = b"<img  width=1 height=1>"
HEADERS = [(b"From", b" News <a@b.example>"), (b"Subject", b" one\r\n two"), (b"Content-Type", b" text/html")]
LOGO = b"<p>Hello</p><img src='http://b.example/logo.png' width=200 height=60>"
BODY = LOGO + PIXEL + b"\r\n"
ADD_HEADER, CHANGE_BODY, CHANGE_HEADER, ALL_ACTIONS, ALL_STEPS = 0x1, 0x2, 0x10, 0x1FF, 0x1FFFFF


def engine(*names: str) -> str:
    """Return the path of an installed program; if it is missing, fail in CI and skip elsewhere."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {names[0]}: apt-get install {names[0]}")
    return found


class Server:
    """`tkit milter` as a process on a free loopback port."""

    def __init__(self, *options: object) -> None:
        command = [sys.executable, "-m", "tkit", "milter", "--listen", "inet:0@127.0.0.1", *map(str, options)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.log = self.process.stderr
        line = self.log.readline()
        assert "listening on inet:" in line, line
        self.port = int(line.split("inet:")[1].split("@")[0])

    def stop(self) -> str:
        """Stop it as a service manager does; return the rest of its log."""
        self.process.send_signal(signal.SIGTERM)
        rest = self.log.read()
        assert self.process.wait(60) == 0
        self.log.close()
        return rest


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Server("--timeout", 600)
    yield started
    log = started.stop()
    assert "Traceback" not in log
    assert "example" not in log  # no address, no host


class Client:
    """The mail server's side of the protocol."""

    def __init__(self, port: int, actions: int = ALL_ACTIONS, steps: int = ALL_STEPS) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.stream = self.socket.makefile("rwb")
        self.send(b"O", struct.pack(">III", 6, actions, steps))
        command, data = self.receive()
        assert command == b"O"
        self.version, self.actions, self.steps = struct.unpack(">III", data)

    def send(self, command: bytes, data: bytes = b"") -> None:
        self.stream.write(struct.pack(">I", len(data) + 1) + command + data)
        self.stream.flush()

    def receive(self) -> tuple[bytes, bytes]:
        (length,) = struct.unpack(">I", self.stream.read(4))
        packet = self.stream.read(length)
        return packet[:1], packet[1:]

    def begin(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        for name, value in headers:
            self.send(b"L", name + b"\0" + value + b"\0")
        self.send(b"N")
        for start in range(0, len(body), 65535):
            self.send(b"B", body[start : start + 65535])

    def end(self) -> tuple[bytes | None, list[bytes]]:
        """Return the new body, None if it stays the same, and the added headers."""
        self.send(b"E")
        body: list[bytes] = []
        added: list[bytes] = []
        while (reply := self.receive())[0] != b"c":
            {b"b": body, b"h": added}[reply[0]].append(reply[1])
        return b"".join(body) if body else None, added

    def dropped(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> list[tuple[int, bytes]]:
        """Return the header fields that are deleted from a mail: the number among those of the name, and the name."""
        self.begin(headers, body)
        self.send(b"E")
        deleted = []
        while (reply := self.receive())[0] != b"c":
            if reply[0] == b"m":
                name, value, end = reply[1][4:].split(b"\0")
                assert (value, end) == (b"", b"")
                deleted.append((struct.unpack(">I", reply[1][:4])[0], name))
        return deleted

    def mail(self, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> tuple[bytes | None, list[bytes]]:
        self.begin(headers, body)
        return self.end()

    def close(self) -> None:
        with suppress(OSError):  # the server may have closed it
            self.send(b"Q")
        with suppress(OSError):
            self.stream.close()
        self.socket.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    connected = Client(server.port)
    yield connected
    connected.close()


def test_only_what_is_needed_is_negotiated(client: Client) -> None:
    assert client.version == 6
    assert client.actions == ADD_HEADER | CHANGE_BODY
    assert client.steps & 0x10 == 0  # bodies are requested
    assert client.steps & 0x1 == 0x1  # who connects is not


def test_a_tracker_goes_and_the_next_mail_of_the_connection_is_its_own(client: Client) -> None:
    body, added = client.mail(HEADERS, BODY)
    assert body == LOGO + NEUTRAL + b"\r\n"
    assert added == [b"X-Tkit-Scrubbed\0 1 tracker removed; tkit 0.1.0\0"]
    assert client.mail(HEADERS, LOGO) == (None, [])
    assert client.mail(HEADERS, BODY)[0] == body


def test_an_old_mail_server_is_answered_step_by_step(server: Server) -> None:
    old = Client(server.port, steps=0)
    assert old.steps == 0
    for command, data in [(b"C", b"host\0U"), (b"H", b"helo\0"), (b"M", b"<a@b.example>\0"), (b"R", b"<c@d.example>\0")]:
        old.send(command, data)
        assert old.receive() == (b"c", b"")
    old.send(b"D", b"Bi\x000815\0")  # macros have no answer
    for name, value in HEADERS:
        old.send(b"L", name + b"\0" + value.strip() + b"\0")
        assert old.receive() == (b"c", b"")
    for command, data in [(b"N", b""), (b"B", BODY)]:
        old.send(command, data)
        assert old.receive() == (b"c", b"")
    assert old.end() == (LOGO + NEUTRAL + b"\r\n", [b"X-Tkit-Scrubbed\x001 tracker removed; tkit 0.1.0\0"])
    old.close()


def test_aborted_mail_is_forgotten(client: Client) -> None:
    client.begin(HEADERS, BODY)
    client.send(b"A")
    assert client.mail(HEADERS, LOGO) == (None, [])


def test_the_last_chunk_may_come_with_the_end(client: Client) -> None:
    client.begin(HEADERS, b"")
    client.send(b"E", BODY)
    assert client.receive() == (b"b", LOGO + NEUTRAL + b"\r\n")
    assert client.receive()[0] == b"h"
    assert client.receive()[0] == b"c"


def test_without_the_right_to_change_bodies_mails_pass(server: Server) -> None:
    restricted = Client(server.port, actions=ADD_HEADER)
    assert restricted.mail(HEADERS, BODY) == (None, [])
    restricted.close()


def test_mail_of_20_megabytes(client: Client) -> None:
    line = b"lorem ipsum dolor sit amet " * 2 + b"\r\n"
    attachment = b"--x\r\nContent-Type: application/octet-stream\r\n\r\n" + line * (20_000_000 // len(line)) + b"\r\n--x--\r\n"
    body = b"--x\r\nContent-Type: text/html\r\n\r\n" + BODY + b"\r\n" + attachment
    headers = [(b"From", b" a@b.example"), (b"Content-Type", b" multipart/mixed; boundary=x")]
    changed, added = client.mail(headers, body)
    assert changed == body.replace(PIXEL, NEUTRAL)
    assert len(added) == 1


BROKEN = {
    "empty": ([], b""),
    "no header": ([], BODY),
    "bytes": ([(b"\xff\xfe", b"\x00\x01"), (b"Content-Type", b"text/html; charset*=x'y'z")], bytes(range(256)) * 40),
    "header that is none": ([(b"a b", b"c"), *HEADERS], BODY),
    "cut multipart": ([(b"Content-Type", b" multipart/mixed; boundary=x")], b"--x\r\nContent-Type: text/html\r\n\r\n<img s"),
    "cut base64": ([*HEADERS, (b"Content-Transfer-Encoding", b" base64")], b"PGltZyBzcmM9aHR0cDov"),
    "deep": ([(b"Content-Type", b" multipart/mixed; boundary=b0")], b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(100_000)
    )),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_mail_passes(client: Client, case: str) -> None:
    assert client.mail(*BROKEN[case]) == (None, [])
    assert client.mail(HEADERS, BODY)[0] is not None


def test_fifty_connections_at_once(server: Server) -> None:
    clients = [Client(server.port) for _ in range(50)]
    bodies = [LOGO + PIXEL + b"%d\r\n" % number for number in range(50)]
    for client, body in zip(clients, bodies, strict=True):
        client.begin(HEADERS, body)
    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(Client.end, clients))
    assert [body for body, _ in results] == [body.replace(PIXEL, NEUTRAL) for body in bodies]
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 0), struct.pack(">I", MAX_PACKET + 1), b"\0\0\0\2O"]
)
def test_what_is_no_packet_ends_only_its_connection(server: Server, client: Client, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as other:
        other.sendall(garbage)
        other.shutdown(socket.SHUT_WR)
        assert other.recv(100) == b""
    assert client.mail(HEADERS, BODY)[0] is not None


def test_too_large_or_too_slow_passes_and_is_counted() -> None:
    small = Server("--max-size", 1000)
    client = Client(small.port)
    assert client.mail(HEADERS, BODY + b" " * 1000) == (None, [])
    assert client.mail(HEADERS, BODY)[0] is not None
    client.close()
    assert (
        "2 mails, 1 changed, 1 trackers and 0 personalised pictures removed, 0 personalised pictures kept, 1 passed unscrubbed"
        in small.stop()
    )


@pytest.mark.parametrize(
    ("personalised", "header", "counted"),
    [
        ("keep", b"1 tracker", "1 trackers and 0 personalised pictures removed, 1 personalised pictures kept"),
        (
            "drop",
            b"1 tracker and 1 personalised picture",
            "1 trackers and 1 personalised pictures removed, 0 personalised pictures kept",
        ),
    ],
)
def test_personalised_pictures_are_kept_or_dropped_and_counted(
    verdicts: ThreeVerdicts, personalised: str, header: bytes, counted: str
) -> None:
    started = Server("--model", verdicts.model, "--personalised", personalised, "--timeout", 600)
    with closing(Client(started.port)) as client:
        body, added = client.mail(HEADERS, verdicts.html)
    log = started.stop()
    assert body == verdicts.left[personalised]
    assert added == [b"X-Tkit-Scrubbed\0 %s removed; tkit 0.1.0\0" % header]
    assert f"1 mails, 1 changed, {counted}, 0 passed unscrubbed" in log


def test_receipt_requests_are_dropped_where_asked() -> None:
    started = Server("--headers", "--timeout", 600)
    asking = [(b"Return-Receipt-To", b" a@b.example"), (b"X-PMRQC", b" 1"), (b"return-receipt-to", b" c@d.example")]
    with closing(Client(started.port)) as client, closing(Client(started.port, actions=ADD_HEADER | CHANGE_BODY)) as old:
        assert client.actions == ADD_HEADER | CHANGE_BODY | CHANGE_HEADER
        last_first = [(2, b"return-receipt-to"), (1, b"X-PMRQC"), (1, b"Return-Receipt-To")]
        assert client.dropped([*HEADERS, *asking], LOGO) == last_first
        assert client.dropped(HEADERS, LOGO) == []
        assert client.dropped([*asking[:1], *HEADERS], BODY) == last_first[2:]
        assert old.dropped([*HEADERS, *asking], BODY) == []
        with closing(Client(started.port)) as same:
            assert same.mail(HEADERS, BODY)[0] == LOGO + NEUTRAL + b"\r\n"
    assert "1 passed unscrubbed, 4 receipt requests dropped" in started.stop()


def test_without_the_option_receipt_requests_stay(client: Client) -> None:
    assert client.dropped([*HEADERS, (b"Return-Receipt-To", b" a@b.example")], BODY) == []


def test_mail_under_way_is_finished_on_sigterm() -> None:
    stopping = Server("--timeout", 600)
    with closing(Client(stopping.port)) as idle, closing(Client(stopping.port, steps=0)) as busy:
        for name, value in HEADERS:
            busy.send(b"L", name + b"\0" + value.strip() + b"\0")
            assert busy.receive()[0] == b"c"
        stopping.process.send_signal(signal.SIGTERM)
        assert idle.stream.read(1) == b""  # the signal has been seen
        busy.send(b"B", BODY)
        assert busy.receive()[0] == b"c"
        assert busy.end()[0] == LOGO + NEUTRAL + b"\r\n"
        assert busy.stream.read(1) == b""
    assert "1 changed" in stopping.stop()


def test_a_process_that_is_gone_is_started_again() -> None:
    hurt = Server("--workers", 1, "--timeout", 600)
    with closing(Client(hurt.port)) as client:
        assert client.mail(HEADERS, BODY)[0] is not None
        task = Path(f"/proc/{hurt.process.pid}/task/{hurt.process.pid}/children")
        (worker,) = map(int, task.read_text().split())
        os.kill(worker, signal.SIGKILL)
        client.mail(HEADERS, BODY)  # passes, changed or not: it is uncertain when the end of a process is noticed
        assert client.mail(HEADERS, BODY)[0] is not None
    hurt.stop()


@pytest.mark.parametrize(
    ("listen", "match"),
    [
        ("tcp:25", "not an address to listen on"),
        ("inet:99999", "not an address"),
        ("unix:/nowhere/at/all", "cannot be listened on"),
    ],
)
def test_wrong_place_to_listen(listen: str, match: str) -> None:
    with pytest.raises(TkitError, match=match):
        serve(listen)


MILTERTEST = """
function mail(body)
    local conn = mt.connect("inet:%d@127.0.0.1")
    if conn == nil then error("no connection") end
    if mt.negotiate(conn, nil, nil, nil) ~= nil then error("no negotiation") end
    mt.set_timeout(250)
    mt.header(conn, "From", "a@b.example")
    mt.header(conn, "Content-Type", "text/html")
    mt.eoh(conn)
    mt.bodystring(conn, body)
    mt.eom(conn)
    if mt.getreply(conn) ~= SMFIR_CONTINUE then error("not continued") end
    return conn
end
local conn = mail("%s")
if not mt.eom_check(conn, MT_BODYCHANGE, "%s") then error("body not as meant") end
local said = mt.getheader(conn, "X-Tkit-Scrubbed", 0)
if said ~= " 1 tracker removed; tkit 0.1.0" then error("header not as meant") end
mt.disconnect(conn)
conn = mail("%s")
if mt.eom_check(conn, MT_BODYCHANGE) or mt.eom_check(conn, MT_HDRADD) then error("changed for nothing") end
mt.disconnect(conn)
"""


def test_debians_miltertest(server: Server, tmp_path: Path) -> None:
    program = engine("miltertest")
    script = tmp_path / "script.lua"
    script.write_text(MILTERTEST % (server.port, *((LOGO + rest).decode() for rest in (PIXEL, NEUTRAL, b""))))
    done = subprocess.run([program, "-s", str(script)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Sink(StreamRequestHandler):
    """Takes mails as the next mail server would."""

    taken: ClassVar[Queue[bytes]] = Queue()

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(text.removeprefix(b".") if text.startswith(b"..") else text)
                self.taken.put(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


MAIN_CF = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = localhost.example
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
smtp_connection_cache_on_demand = no
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtp_host_lookup = native
relayhost = [127.0.0.1]:{sink}
smtpd_milters = inet:127.0.0.1:{milter}
milter_default_action = tempfail
"""
MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
defer unix - - n - 0 bounce
bounce unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postfix() -> Iterator[tuple[int, Path]]:
    """A separate Postfix with its own queue that filters every mail and sends it on to the sink."""
    program = engine("postfix", "/usr/sbin/postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    server = Server("--headers", "--timeout", 600)
    with tempfile.TemporaryDirectory(prefix="tkit-postfix-") as folder, ThreadingTCPServer(("127.0.0.1", 0), Sink) as sink:
        home = Path(folder)
        home.chmod(0o755)
        thread = threading.Thread(target=sink.serve_forever)
        thread.start()
        (home / "etc").mkdir()
        (home / "queue").mkdir()
        (home / "data").mkdir()
        shutil.chown(home / "data", "postfix")
        port = free_port()
        (home / "etc/main.cf").write_text(MAIN_CF.format(home=home, sink=sink.server_address[1], milter=server.port))
        (home / "etc/master.cf").write_text(MASTER_CF.format(smtp=port))
        command = [program, "-c", str(home / "etc")]
        started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False, timeout=120)
        log = home / "log"
        assert started.returncode == 0, started.stderr + (log.read_text() if log.exists() else "")
        try:
            yield port, log
        finally:
            subprocess.run([*command, "stop"], capture_output=True, check=False, timeout=120)
            sink.shutdown()
            thread.join()
            server.stop()


def test_real_postfix(postfix: tuple[int, Path]) -> None:
    port, log = postfix
    text = b"From: a@b.example\r\nTo: c@d.example\r\nContent-Type: text/html\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as smtp:
        smtp.sendmail("a@b.example", ["c@d.example"], text + BODY)
        smtp.sendmail("a@b.example", ["c@d.example"], text + LOGO + b"\r\n")
        request = b"Return-Receipt-To: A\r\n <a@b.example>\r\n"
        asking = b"X-PMRQC: 1\r\n" + request + text.replace(b"To:", request.lower() + b"To:", 1)
        smtp.sendmail("a@b.example", ["c@d.example"], asking + LOGO + request)
    taken = [Sink.taken.get(timeout=120) for _ in range(3)]
    assert "warning" not in log.read_text()
    scrubbed, untouched, asked = sorted(taken, key=lambda mail: (b"X-Tkit-Scrubbed" not in mail, request in mail))
    assert asked.lower().count(b"return-receipt-to") == 1
    assert b"X-PMRQC" not in asked
    assert asked.endswith(b"\r\n\r\n" + LOGO + request)
    assert text.removesuffix(b"\r\n") in asked
    assert scrubbed.partition(b"\r\n\r\n")[2] == LOGO + NEUTRAL + b"\r\n"
    assert b"\r\nX-Tkit-Scrubbed: 1 tracker removed; tkit 0.1.0\r\n" in scrubbed
    assert untouched.partition(b"\r\n\r\n")[2] == LOGO + b"\r\n"
    assert b"X-Tkit" not in untouched
