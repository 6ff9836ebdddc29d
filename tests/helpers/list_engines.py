"""The engines that read tkit's lists of rules, each asked for its verdicts on requests, and requests to ask it."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import numpy as np

from tkit.templates import Matcher, Templates

SOURCE = "https://message.invalid/"

GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

Requests = Sequence[tuple[str, str]]
"""The type of each request, and its URL."""


def urls_by_hand(templates: Templates) -> list[str]:
    """For each template: URLs that match it, plain, in capitals and in proxies; and near ones that do not."""
    found = []
    for pattern in templates.patterns:
        text = pattern.replace("*", "q7-Zk2")
        front = {".": "http://t7", ":": "http", "//": "https:"}
        start = next((front[sign] for sign in ("//", ".", ":") if text.startswith(sign)), "http://mail.a.example")
        if text[0].isalnum():  # the pattern begins with a host
            start = "http://mail.a.example."
        url = f"{start}{text}9f3c/1.gif"
        found += [
            url,
            f"http://mail.a.example/proxy/AbC=s0-d-e1-ft#{url}",
            f"https://ec.b.example/mail?url={quoted(url)}&t=1",
            f"https://ec.b.example/mail?url={quoted(url).lower()}&t=1",
            url.replace("mail.a.example", "cdn.a.example").replace(text, text[:-1] + "x" + text[-1:]),
            url.replace("mail.a.example", "cdn.a.example").replace(
                text, text[: len(text) // 2] + "%20" + text[len(text) // 2 :]
            ),
            url.replace("mail.a.example", "cdn.a.example/x").replace(text, text.replace("/", "/y-", 1)),
        ]
        if "/" in url[8:]:
            host, _, tail = url[8:].partition("/")
            found.append(f"{url[:8]}{host}/{tail.upper()}")
    return found


def quoted(url: str) -> str:
    """Percent-encode as JavaScript's ``encodeURIComponent`` does."""
    return quote(url, safe="-_.!~*'()")


def expected(templates: Templates, requests: Requests) -> np.ndarray:
    """What tkit's own matcher makes of requests."""
    hits = Matcher(templates.patterns).match_many([url for _, url in requests])
    return hits & np.array([kind == "image" for kind, _ in requests])


def in_brave(text: str, requests: Requests) -> np.ndarray:
    """Verdicts of Brave's engine."""
    import adblock  # noqa: PLC0415

    filters = adblock.FilterSet()
    filters.add_filter_list(text)
    engine = adblock.Engine(filters, optimize=True)
    return np.array([engine.check_network_urls(url, SOURCE, kind).matched for kind, url in requests])


def in_node(npm: Path, file: Path, requests: Requests) -> dict[str, np.ndarray]:
    """Verdicts of uBlock Origin's engine and of Ghostery's."""
    command = ["node", npm / "lists.mjs", file]
    done = subprocess.run(command, input=json.dumps(list(requests)).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer = json.loads(done.stdout)
    return {name: np.array(answer[name]) for name in ("ublock", "ghostery")}


IN_CHROMIUM = """async (requests) => {
  const api = chrome.declarativeNetRequest;
  const hits = [];
  for (const [type, url] of requests) {
    const { matchedRules } = await api.testMatchOutcome({ url, type, initiator: "https://message.invalid" });
    hits.push(matchedRules.length > 0);
  }
  return hits;
}"""


@contextmanager
def chromium_with(folder: Path, beside: Path, executable: str, arguments: Sequence[str]) -> Iterator[Any]:
    """Start Chromium with a copy of an extension that has a script to ask it by; give Playwright's context."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    copy = beside / "extension"
    shutil.copytree(folder, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(json.dumps(manifest | {"background": {"service_worker": "ask.js"}}), encoding="utf-8")
    (copy / "ask.js").write_text("", encoding="utf-8")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(beside / "profile"),
            executable_path=executable,
            headless=False,  # Playwright's own kind of headless has no extensions; the argument makes it so
            args=[*arguments, f"--disable-extensions-except={copy}", f"--load-extension={copy}", "--headless=new"],
            chromium_sandbox=os.geteuid() != 0,
        )
        yield context
        context.close()


def worker_of(context: Any) -> Any:
    """The extension's script; once it is there, the rules are loaded."""
    return context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")


def in_chromium(folder: Path, beside: Path, requests: Requests, executable: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Verdicts of Chromium, and what it says of the rules that it has loaded."""
    from tkit.lab.render import LAUNCH_ARGUMENTS  # noqa: PLC0415

    with chromium_with(folder, beside, executable, LAUNCH_ARGUMENTS) as context:
        worker = worker_of(context)
        parts = [worker.evaluate(IN_CHROMIUM, list(requests[at : at + 2000])) for at in range(0, len(requests), 2000)]
        said = worker.evaluate(
            """async () => ({
              enabled: await chrome.declarativeNetRequest.getEnabledRulesets(),
              left: await chrome.declarativeNetRequest.getAvailableStaticRuleCount(),
            })"""
        )
    return np.concatenate(parts).astype(bool), said


class Recording(BaseHTTPRequestHandler):
    """Serves a page at ``/`` and a picture at every other path, and notes the paths."""

    page = b""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body, kind = (self.page, "text/html") if self.path == "/" else (GIF, "image/gif")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def asked_by_chromium(folder: Path, beside: Path, executable: str, tails: Sequence[str]) -> list[str]:
    """Load pictures in a page, every host being this machine, and give the paths that its server was asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Recording) as server:
        front = f"http://a.test:{server.server_port}"
        Recording.asked.clear()
        Recording.page = "".join(f'<img src="{front}{tail}">' for tail in tails).encode()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        arguments = ["--host-resolver-rules=MAP * 127.0.0.1", "--disable-background-networking", "--no-first-run"]
        with chromium_with(folder, beside, executable, arguments) as context:
            worker_of(context)
            context.new_page().goto(f"{front}/", wait_until="load")
        server.shutdown()
        thread.join()
    return [path for path in Recording.asked if path not in ("/", "/favicon.ico")]
