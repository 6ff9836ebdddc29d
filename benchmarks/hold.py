"""Measure what reaches a tracker's server if a script cancels its picture, a rule blocks it, or the extension holds it.

    python benchmarks/hold.py

Runs a real Chromium; every host name resolves to this machine. Each way of putting pictures into a page gets --rounds rounds of
ten pictures. "script" removes each address as soon as a MutationObserver reports the element; "rule" blocks the page's
requests. The second table shows a mail of twenty pictures with the exported extension and without it. The tables are in
docs/export.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page
from tables import ROOT, markdown, write_block

from tkit.bundle import default_bundle
from tkit.lab.extension import extended_chromium

PICTURES = 10
MAIL_PICTURES = 20
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
OBSERVER = """new MutationObserver((records) => {
  for (const { addedNodes } of records) for (const node of addedNodes) {
    if (node.nodeType === 1) for (const image of [node, ...node.querySelectorAll('img')]) image.removeAttribute('src');
  }
}).observe(document, { childList: true, subtree: true });"""
WAYS = {
    "as the page is parsed": "",
    "innerHTML": "(urls) => { place.innerHTML = urls.map((url) => `<img src='${url}'>`).join(''); }",
    "createElement, then append": """(urls) => { for (const url of urls) {
        const image = document.createElement('img'); image.src = url; place.append(image); } }""",
    "append, then src": """(urls) => { for (const url of urls) {
        const image = document.createElement('img'); place.append(image); image.src = url; } }""",
}
# The rule alone: nothing judges the pictures and lets them pass.
RULE = """chrome.declarativeNetRequest.updateSessionRules({ addRules: [{ id: 9, action: { type: "block" },
  condition: { initiatorDomains: ["rule.test"], resourceTypes: ["image"] } }] })"""
SHOWN = """async (html) => {
  const start = performance.now();
  place.innerHTML = html;
  const isShown = () => Array.from(document.images).every((image) => image.complete && image.naturalWidth);
  while (!isShown()) await new Promise((next) => setTimeout(next, 1));
  return performance.now() - start;
}"""


class Server(ThreadingHTTPServer):
    """Records the requested paths. ``/`` and ``/parsed`` are pages, everything else is a picture."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requested: set[str] = set()
        self.parsed: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requested.add(self.path)
        page = self.path in ("/", "/parsed")
        images = "".join(f"<img src='{url}'>" for url in self.server.parsed) if self.path == "/parsed" else ""
        script = f"<script>{OBSERVER}</script>" if self.headers["Host"].startswith("script.") else ""
        body = f"<!doctype html>{script}<div id=place>{images}</div>".encode() if page else GIF
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if page else "image/gif")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # a cancelled request

    def log_message(self, *args: object) -> None:
        pass


def leaked(page: Page, server: Server, host: str, way: str, rounds: int) -> str:
    """Write how many of the pictures were requested."""
    count = 0
    for number in range(rounds):
        urls = [f"http://t.test/{host}/{len(way)}/{number}/{picture}.gif" for picture in range(PICTURES)]
        server.parsed = urls
        page.goto(f"http://{host}/{'' if WAYS[way] else 'parsed'}")
        if WAYS[way]:
            page.evaluate(WAYS[way], urls)
        page.wait_for_timeout(300)
        count += sum(url.removeprefix("http://t.test") in server.requested for url in urls)
    return f"{count} of {rounds * PICTURES}"


def milliseconds(page: Page, host: str, rounds: int) -> str:
    """Write how long the pictures of a mail took to appear."""
    taken: list[Any] = []
    for number in range(rounds):
        page.goto(f"http://{host}/")
        urls = [f"http://pictures.test/{host}/{number}/{picture}.jpg" for picture in range(MAIL_PICTURES)]
        images = "".join(f"<a href='http://shop.test/'><img src='{url}' width=90 height=60></a>" for url in urls)
        taken.append(page.evaluate(SHOWN, f"<table><tr><td>{images}</td></tr></table>"))
    return f"{statistics.median(taken):.0f} ms ({min(taken):.0f} to {max(taken):.0f})"


def main() -> int:
    """Measure, and write the tables into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="rounds per measurement (%(default)s)")
    rounds = parser.parse_args().rounds
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with extended_chromium(default_bundle("element"), [{"host": "held.test", "kind": "page"}], server.server_port) as (
        context,
        worker,
    ):
        worker.evaluate(RULE)
        page = context.new_page()
        version = context.browser.version if context.browser else ""
        rows = [[way, *(leaked(page, server, f"{host}.test", way, rounds) for host in ("script", "rule"))] for way in WAYS]
        shown = [[name, milliseconds(page, host, rounds)] for name, host in (("without", "plain.test"), ("with", "held.test"))]
    server.shutdown()
    thread.join()
    server.server_close()
    lines = [
        f"Chromium {version}, {os.cpu_count()} cores, {datetime.date.today()}; written by `python benchmarks/hold.py`.",
        "",
        *markdown(("pictures put into the page by", "requested: script", "requested: rule"), rows),
        "",
        *markdown(("the extension", f"{MAIL_PICTURES} pictures shown after, median and range"), shown),
    ]
    write_block(ROOT / "docs" / "export.md", "hold.py", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
