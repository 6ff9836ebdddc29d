"""The extension in a real Chromium, on made-up webmails: what reaches the server, what it says, and what one can allow."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_webmail import Asked, Web, web

from tkit.bundle import Bundle, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.errors import TkitError
from tkit.export import export
from tkit.export.packaging import reasons_script
from tkit.export.webextension import TARGET, write
from tkit.features import extract
from tkit.html import references
from tkit.mail import Message
from tkit.scan import reason, reasons
from tkit.schema import feature_names

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from tkit.lab.render import CHROMIUM_NAMES

SHARED = Path(os.environ.get("TKIT_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
SITES = [
    {"host": "mail.google.com", "kind": "gmail"},
    {"host": "outlook.live.com", "kind": "outlook"},
    {"host": "mail.roundcube.test", "kind": "roundcube"},
    {"host": "page.test", "kind": "page"},
]
BLOCKED = "net::ERR_BLOCKED_BY_CLIENT"
TRACKER = "https://t.mailer.example/wf/open?upn=u001.9fQ2xK7b3LmZp0RtVw8YcN4sHd6JgEaTqUiPoBkXl5rMvC1zWnSyDhFeGjA2"
MAIL = f"""
<table width="600"><tr><td><a href="https://shop.example/spring?c=17"><img src="https://pictures.shop.example/2026/hero.jpg"
width="600" height="240" alt="Spring sale"></a></td></tr><tr><td>Everything is <b>half price</b> until Sunday.
<a href="https://shop.example/hats">Hats</a> <a href="https://shop.example/coats">Coats</a>
<img src="https://pictures.shop.example/2026/hat.png" width="120" height="90" alt="A hat"></td></tr></table>
<p><a href="https://shop.example/unsubscribe">Unsubscribe</a></p>
<img src="{TRACKER}" width="1" height="1" alt="" border="0">
"""


class Chromium:
    """Chromium with the extension, turned on for SITES."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.worker = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
        self.address = self.worker.url.rpartition("/")[0]
        self.store(sites=SITES)
        self.until("chrome.scripting.getRegisteredContentScripts().then((found) => found.length === 4)")

    def store(self, **values: object) -> None:
        self.worker.evaluate("(values) => chrome.storage.local.set(values)", values)

    def until(self, condition: str, page: Any = None) -> None:
        """Wait in the browser until a condition holds."""
        poll = f"async () => {{ while (!(await ({condition}))) await new Promise((next) => setTimeout(next, 20)); }}"
        (page or self.worker).evaluate(poll)

    def open(self, url: str) -> "Tab":
        return Tab(self, url)


class Tab:
    """A page, and what the extension says of it."""

    def __init__(self, chromium: Chromium, url: str) -> None:
        self.chromium = chromium
        self.page = chromium.context.new_page()
        self.failed: dict[Asked, str] = {}
        self.page.on("requestfailed", self._note)
        self.page.goto(url)
        query = "chrome.tabs.query({}).then((tabs) => tabs.at(-1).id)"
        self.number = chromium.worker.evaluate(query)

    def _note(self, request: Any) -> None:
        self.failed.setdefault(Asked.of(request.url), request.failure)

    def badge(self, expected: str) -> None:
        """Wait until the badge says so."""
        self.chromium.until(f"chrome.action.getBadgeText({{ tabId: {self.number} }}).then((text) => text === {expected!r})")

    def trackers(self) -> list[dict[str, Any]]:
        found = self.chromium.worker.evaluate(f"chrome.storage.session.get('tab {self.number}')")
        return [tracker for frame in found[f"tab {self.number}"].values() for tracker in frame]

    def popup(self) -> Any:
        """Open what the toolbar's button of this tab opens."""
        address = self.chromium.worker.evaluate(f"chrome.action.getPopup({{ tabId: {self.number} }})")
        page = self.chromium.context.new_page()
        page.goto(address)
        return page


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return default_bundle("element")


@pytest.fixture(scope="module")
def internet(missing_engine: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if shutil.which("openssl") is None:
        missing_engine("no openssl on PATH: apt-get install openssl")
    with web(tmp_path_factory.mktemp("certificate")) as started:
        yield started


@pytest.fixture(scope="module")
def chromium(
    missing_engine: Callable[[str], None], internet: Web, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        missing_engine(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    folder = tmp_path_factory.mktemp("extension")
    write(bundle, folder)
    # The tested copy differs in this alone: nobody is there to answer the browser's question for a permission.
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["host_permissions"] = manifest.pop("optional_host_permissions")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    arguments = [
        f"--disable-extensions-except={folder}",
        f"--load-extension={folder}",
        f"--host-resolver-rules=MAP * 127.0.0.1:{internet.server_port}",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-quic",
        "--no-first-run",
        "--disable-features=DisableLoadExtensionCommandLineSwitch,LocalNetworkAccessChecks,HttpsUpgrades",
    ]
    with playwright.sync_playwright() as started:
        context = started.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=executable,
            headless=True,
            args=["--headless=new", *arguments],
            ignore_default_args=["--disable-extensions"],
            chromium_sandbox=os.geteuid() != 0,
            ignore_https_errors=True,
        )
        yield Chromium(context)
        context.close()


@pytest.fixture
def open_page(chromium: Chromium, internet: Web) -> Iterator[Callable[[str], Tab]]:
    internet.forget()
    internet.redirects.clear()
    chromium.store(allowed=[])
    opened: list[Tab] = []

    def opening(url: str) -> Tab:
        opened.append(chromium.open(url))
        return opened[-1]

    yield opening
    for tab in opened:
        tab.page.close()


def message_of(html: str) -> Message:
    return Message.from_bytes(b"Content-Type: text/html; charset=utf-8\n\n" + html.encode("utf-8", "replace"))


def judged(html: str, bundle: Bundle) -> tuple[set[str], set[str]]:
    """What Python says of a mail: the URLs of trackers, and of what is none."""
    rows = extract([message_of(html)])
    called = bundle.verdicts(rows)
    trackers = set(rows["resolved_url"][called])
    return trackers, set(rows["resolved_url"]) - trackers


def assert_held(tab: Tab, internet: Web, trackers: set[str], others: set[str]) -> None:
    """The other pictures reach the server; no tracker does, and the browser says that the extension is why."""
    assert trackers
    assert others
    tab.badge(str(len(trackers)))
    internet.wait_for(others)
    tab.page.evaluate("fetch('/last')")
    assert not internet.asked() & set(map(Asked.of, trackers))
    assert {tab.failed.get(Asked.of(url)) for url in trackers} == {BLOCKED}
    assert {tracker["url"] for tracker in tab.trackers()} == trackers


def proxied(html: str) -> str:
    for number, url in enumerate(("https://pictures.shop.example/2026/hero.jpg", "https://pictures.shop.example/2026/hat.png", TRACKER)):
        html = html.replace(url, f"https://ci{number}.googleusercontent.com/meips/ADKq_N{number}x7=s0-d-e1-ft#{url}")
    return html


@pytest.mark.parametrize("way", ["show", "showAtOnce", "showNodeByNode"])
def test_a_mail_behind_a_picture_proxy(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle, way: str) -> None:
    tab = open_page("https://mail.google.com/")
    internet.wait_for(
        {
            "https://ssl.gstatic.com/ui/logo.png",
            "https://lh3.googleusercontent.com/a/avatar=s40",
            "https://mail.google.com/mail/own-icon.png",
        }
    )
    html = proxied(MAIL)
    tab.page.evaluate(f"(html) => {way}(html)", html)
    assert_held(tab, internet, *judged(html, bundle))


def test_a_mail_swapped_for_another(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle) -> None:
    tab = open_page("https://outlook.live.com/")
    tab.page.evaluate("(html) => show(html)", MAIL)
    assert_held(tab, internet, *judged(MAIL, bundle))
    without = MAIL.replace(f'<img src="{TRACKER}" width="1" height="1" alt="" border="0">', "").replace("2026/", "2027/")
    tab.page.evaluate("(html) => show(html)", without)
    tab.badge("")
    internet.wait_for({"https://pictures.shop.example/2027/hero.jpg", "https://pictures.shop.example/2027/hat.png"})
    internet.forget()
    tab.failed.clear()
    tab.page.evaluate("(html) => show(html)", MAIL)
    assert_held(tab, internet, *judged(MAIL, bundle))
