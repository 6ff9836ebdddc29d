"""The web on loopback: webmails and mails that are pages; every other host serves pictures and is asked or not."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from paths import ROOT

from tkit.bundle import Bundle, judge
from tkit.features import extract
from tkit.mail import Message

WEBMAIL = ROOT / "tests" / "webmail"
PAGES = {
    "mail.google.com": "gmail.html",
    "outlook.live.com": "outlook.html",
    "mail.roundcube.test": "roundcube.html",
}
"""Which made-up page stands on which host."""

SITES = [
    {"host": "mail.google.com", "kind": "gmail"},
    {"host": "outlook.live.com", "kind": "outlook"},
    {"host": "mail.roundcube.test", "kind": "roundcube"},
    {"host": "page.test", "kind": "page"},
]
TRACKER = "https://t.mailer.example/wf/open?upn=u001.9fQ2xK7b3LmZp0RtVw8YcN4sHd6JgEaTqUiPoBkXl5rMvC1zWnSyDhFeGjA2"
MAIL = f"""
<table width="600"><tr><td><a href="https://shop.example/spring?c=17"><img src="https://pictures.shop.example/2026/hero.jpg"
width="600" height="240" alt="Spring sale"></a></td></tr><tr><td>Everything is <b>half price</b> until Sunday.
<a href="https://shop.example/hats">Hats</a> <a href="https://shop.example/coats">Coats</a>
<img src="https://pictures.shop.example/2026/hat.png" width="120" height="90" alt="A hat"></td></tr></table>
<p><a href="https://shop.example/unsubscribe">Unsubscribe</a></p>
<img src="{TRACKER}" width="1" height="1" alt="" border="0">
"""

_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_TYPES = {".css": ("text/css", b"p{}"), ".svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>")}
_TLS = b"\x16"  # a ClientHello begins so (RFC 8446, section 5.1)


class Asked(NamedTuple):
    """One request that reached the server, without scheme and fragment: a fragment stays in the browser."""

    host: str
    path: str

    @classmethod
    def of(cls, url: str) -> "Asked":
        whole = url.partition("#")[0].replace("|", "%7C")  # Chromium escapes it, where the URL Standard does not
        return cls(urlsplit(whole).hostname or "", whole[whole.index("/", 8) :])


class Web(ThreadingHTTPServer):
    """Answers for every host, also as a proxy, in TLS where a client begins it; keeps what it was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mails: dict[str, str] = {}
        self.redirects: dict[Asked, str] = {}
        self.missing: set[Asked] = set()  # once
        self.held: dict[Asked, threading.Event] = {}
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._asked: list[Asked] = []
        self._changed = threading.Condition()

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            if request.recv(1, socket.MSG_PEEK) == _TLS:
                self.secure(request, client_address)
            else:
                super().finish_request(request, client_address)
        except OSError:
            pass  # the browser hung up

    def secure(self, request: Any, client_address: Any) -> None:
        """Answer what is asked in TLS."""
        with self._tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def note(self, asked: Asked) -> None:
        with self._changed:
            self._asked.append(asked)
            self._changed.notify_all()

    def forget(self) -> None:
        """Begin anew."""
        self.redirects.clear()
        self.missing.clear()
        with self._changed:
            self._asked.clear()

    @contextmanager
    def holding(self, url: str) -> Iterator[None]:
        """Leave a URL without an answer meanwhile."""
        self.held[Asked.of(url)] = threading.Event()
        try:
            yield
        finally:
            self.held.pop(Asked.of(url)).set()

    def asked(self) -> set[Asked]:
        """Return what it was asked for since the last :meth:`forget`."""
        with self._changed:
            return set(self._asked)

    def wait_for(self, urls: set[str], seconds: float = 60) -> None:
        """Wait until all of these were asked for."""
        wanted = set(map(Asked.of, urls))
        with self._changed:
            self._changed.wait_for(lambda: wanted <= set(self._asked), seconds)
            assert wanted <= set(self._asked), wanted - set(self._asked)


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_CONNECT(self) -> None:
        """Be the server that a browser wants a proxy to reach."""
        self.send_response_only(200)
        self.end_headers()
        self.server.secure(self.connection, self.client_address)
        self.close_connection = True

    def do_GET(self) -> None:
        path = self.requestline.split(" ")[1]  # self.path has no second slash at its beginning
        host = (self.headers["Host"] or "").partition(":")[0]
        asked = Asked.of(path) if path.startswith("http://") else Asked(host, path)
        held = self.server.held.get(asked)
        self.server.note(asked)
        if held:
            held.wait()
        if asked in self.server.missing:
            self.server.missing.discard(asked)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if asked in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[asked])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind, body = self._content(asked)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if asked.path.partition("?")[0].endswith(".html"):
            self.send_header("Content-Security-Policy", "script-src 'none'")  # no webmail lets a mail's scripts run
        self.end_headers()
        self.wfile.write(body)

    def _content(self, asked: Asked) -> tuple[str, bytes]:
        path, _, name = asked.path.partition("?")
        if asked.host == "page.test" and path.endswith(".html"):
            return "text/html; charset=utf-8", self.server.mails[path].encode("utf-8", "replace")
        if asked.host in PAGES and path in ("/", "/preview.html"):
            page = (WEBMAIL / (PAGES[asked.host] if path == "/" else "preview.html")).read_text(encoding="utf-8")
            return "text/html; charset=utf-8", page.replace("<!-- message -->", self.server.mails.get(name, "")).encode()
        return _TYPES.get(Path(path).suffix, ("image/gif", _GIF))

    def log_message(self, *args: object) -> None:
        pass


def make_certificate(folder: Path) -> Path:
    """Make a key and a certificate that nobody signed, in one file."""
    path = folder / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=test",
    ]
    done = subprocess.run([*command, "-keyout", path, "-out", folder / "public.pem"], capture_output=True, check=True)
    assert done.returncode == 0
    with path.open("ab") as file:
        file.write((folder / "public.pem").read_bytes())
    return path


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    """Serve on loopback."""
    with Web(make_certificate(folder)) as started:
        thread = threading.Thread(target=started.serve_forever)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def message_of(html: str) -> Message:
    return Message.from_bytes(b"Content-Type: text/html; charset=utf-8\n\n" + html.encode("utf-8", "replace"))


def judged(html: str, bundle: Bundle) -> tuple[set[str], set[str]]:
    """What Python says of a mail: the URLs of trackers, and of what is none."""
    rows = extract([message_of(html)])
    trackers = set(rows["resolved_url"][judge(bundle, rows).verdicts == "tracker"])
    return trackers, set(rows["resolved_url"]) - trackers


def proxied(html: str) -> str:
    """Write the URLs of MAIL as Gmail does."""
    pictures = [f"https://pictures.shop.example/2026/{name}" for name in ("hero.jpg", "hat.png")]
    for number, url in enumerate((*pictures, TRACKER)):
        html = html.replace(url, f"https://ci{number}.googleusercontent.com/meips/ADKq_N{number}x7=s0-d-e1-ft#{url}")
    return html
