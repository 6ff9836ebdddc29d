"""Browsers that show a page and say what they ask for; no request leaves this machine.

Chromium answers its requests itself. Firefox and WebKitGTK ask a proxy on loopback, which answers for every name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from glob import glob
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from tables import ROOT

from tkit.errors import TkitError
from tkit.lab.render import ChromiumRenderer

sys.path.append(str(ROOT / "tests" / "helpers"))
from gecko import gecko, program_of

_PAGES = "http://pages.test/"
_QUIET_SECONDS = 2.0
_MOST_SECONDS = 120.0
# Debian's package webkit2gtk-driver has the driver; the browser that it drives is no command.
_MINI_BROWSER = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


class Engine(NamedTuple):
    """A running browser: ``requested`` shows an HTML text without scripts and returns the URLs that it asks for."""

    name: str
    version: str
    requested: Callable[[str], Iterable[str]]


@contextmanager
def every_engine() -> Iterator[list[Engine]]:
    """Start Chromium, and Firefox and WebKitGTK where they are installed."""
    with ExitStack() as stack:
        yield [engine for start in (chromium, firefox, webkit) if (engine := stack.enter_context(start()))]


@contextmanager
def chromium() -> Iterator[Engine]:
    with ChromiumRenderer(timeout_seconds=300) as renderer:

        def requested(html: str) -> list[str]:
            urls = renderer.requested(html)
            if renderer.defects:
                raise TkitError(f"Chromium: {renderer.defects[0]}")
            return urls

        yield Engine("Chromium", renderer.version, requested)


@contextmanager
def firefox() -> Iterator[Engine | None]:
    program = program_of("firefox-esr", "firefox")
    if program is None:
        yield None
        return
    preferences = {"javascript.enabled": False, "dom.security.https_first": False}
    with (
        _web() as web,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        gecko(program, Path(profile), web.port, **preferences) as browser,
    ):
        browser("Marionette:SetContext", value="content")
        browser("WebDriver:SetWindowRect", width=1400, height=3000)
        yield Engine(
            "Firefox", browser.version, lambda html: web.shown(html, lambda url: browser("WebDriver:Navigate", url=url))
        )


@contextmanager
def webkit() -> Iterator[Engine | None]:
    browser = next(iter(glob(_MINI_BROWSER)), None)
    if browser is None or not all(map(shutil.which, ("WebKitWebDriver", "Xvfb"))):
        yield None
        return
    with _web() as web, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, _display() as display:
        variables = {"DISPLAY": display, "GDK_BACKEND": "x11", "HOME": home, "LIBGL_ALWAYS_SOFTWARE": "1"}
        with _driver(os.environ | variables) as driver:
            address = f"127.0.0.1:{web.port}"
            started = driver(
                "POST",
                "/session",
                capabilities={
                    "alwaysMatch": {
                        "proxy": {"proxyType": "manual", "httpProxy": address, "sslProxy": address},
                        "webkitgtk:browserOptions": {"binary": browser, "args": ["--automation", "--enable-javascript=false"]},
                    }
                },
            )
            session = f"/session/{started['sessionId']}"
            driver("POST", f"{session}/window/rect", width=1400, height=3000)
            version = started["capabilities"]["browserVersion"]
            yield Engine(
                "WebKitGTK", version, lambda html: web.shown(html, lambda url: driver("POST", f"{session}/url", url=url))
            )
            driver("DELETE", session)


class _Web:
    """The proxy: it has one page, and answers every other request with "404 Not Found"."""

    def __init__(self) -> None:
        self._page = b""
        self._asked: dict[str, None] = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web._asked[self.path] = None
                is_page = re.fullmatch(rf"{re.escape(_PAGES)}\d+", self.path)
                body = web._page if is_page else b""
                self.send_response(200 if is_page else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                self.send_error(403)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self._number = 0

    def shown(self, html: str, navigate: Callable[[str], object]) -> list[str]:
        """Show a page; return what was asked for until nothing new was in a while."""
        self._page = html.encode()
        self._number += 1
        self._asked.clear()
        navigate(f"{_PAGES}{self._number}")
        known, since, end = -1, 0.0, time.monotonic() + _MOST_SECONDS
        while time.monotonic() < end:
            if len(self._asked) != known:
                known, since = len(self._asked), time.monotonic()
            elif time.monotonic() - since > _QUIET_SECONDS:
                return list(self._asked)
            time.sleep(0.1)
        raise TkitError(f"a page still asks after {_MOST_SECONDS:g} s")


@contextmanager
def _web() -> Iterator[_Web]:
    web = _Web()
    Thread(target=web.server.serve_forever, daemon=True).start()
    try:
        yield web
    finally:
        web.server.shutdown()
        web.server.server_close()


@contextmanager
def _display() -> Iterator[str]:
    """Run an X server without a screen."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x3000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield f":{process.stdout.readline().strip()}"
        finally:
            process.terminate()


@contextmanager
def _driver(environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Run WebKit's WebDriver; yield what sends it a command (method, path, parameters) and returns the answer's value."""
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    opener = build_opener(ProxyHandler({}))

    def call(method: str, path: str, **parameters: object) -> Any:
        data = json.dumps(parameters).encode() if method == "POST" else None
        request = Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}, method=method)
        with opener.open(request, timeout=_MOST_SECONDS) as answer:
            return json.load(answer)["value"]

    command = ["WebKitWebDriver", f"--port={port}", "--host=127.0.0.1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + _MOST_SECONDS
            while True:
                try:
                    call("GET", "/status")
                    break
                except URLError as error:
                    if process.poll() is not None or time.monotonic() > end:
                        raise TkitError(f"WebKitWebDriver does not answer: {error}") from error
                    time.sleep(0.1)
            yield call
        finally:
            process.terminate()
