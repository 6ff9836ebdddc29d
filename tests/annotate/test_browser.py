"""The labelling widget in a real JupyterLab, driven by key presses in a real browser, with mail that wants to be loaded."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import pytest
from counting import CountingServer
from paths import ROOT

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")
pytest.importorskip("jupyterlab", reason="needs JupyterLab: pip install 'tkit[notebooks]'")

from playwright.sync_api import Page, expect, sync_playwright

from tkit.lab.render import CHROMIUM_NAMES

TOKEN = "only-for-this-test"  # of a server on loopback that lives as long as the test
SECONDS = 60
TOTAL = 20  # references of the two mails
MARK = "subject-that-no-notebook-may-hold"

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "label",
            "metadata": {},
            "outputs": [],
            "source": [
                "import os, pathlib\n",
                "import pandas as pd\n",
                "from tkit.annotate import Labeller\n",
                "pathlib.Path('kernel.pid').write_text(str(os.getpid()))\n",
                "copies = pd.read_json('copies.json')\n",
                "Labeller('mails', 'labels.csv', one_of_each=False, copies=copies, annotator='ann')",
            ],
        },
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}

HOSTILE = """From: "<img src={0}/from>" <a@news.example>
Subject: {1} <img src={0}/subject onerror=fired()> ![x]({0}/markdown) </script><script>fired()</script>
Content-Type: text/html; charset=utf-8

<html><head><link rel=preconnect href={0}><link rel=stylesheet href={0}/sheet.css>
<style>@import "{0}/import.css"; .tkit-label {{ background: url({0}/style.png) }}</style></head>
<body background={0}/body.png><script>fetch("{0}/script")</script>
![markdown]({0}/markdown.png) [link]({0}/link) <b onmouseover="fired()">\u202e text</b>
<img src="{0}/open?id=b81e2c&quot;onerror=&quot;fired()" width=1 height=1 alt='"><img src={0}/alt>'>
<img src={0}/javascript.png onload="fired()" style="background: url({0}/style-attr.png)">
<a href="javascript:fired()">x</a><iframe src={0}/frame srcdoc="<script>parent.fired()</script>"></iframe>
<img src="{0}/%3Cimg%20src=x%20onerror=fired()%3E<img src=x onerror=fired()>">
</body></html>
"""


class Lab(NamedTuple):
    folder: Path
    origin: str


@pytest.fixture
def lab(tmp_path: Path, server: CountingServer) -> Iterator[Lab]:
    folder = tmp_path / "work"
    (folder / "mails").mkdir(parents=True)
    for number in range(2):
        text = HOSTILE.format(f"http://127.0.0.1:{server.server_port}/{number}", MARK)
        (folder / "mails" / f"{number}.eml").write_bytes(text.encode())
    (folder / "label.ipynb").write_text(json.dumps(NOTEBOOK))
    write_copies(folder, f"http://127.0.0.1:{server.server_port}")
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    with create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    arguments = (
        *("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--LabApp.extension_manager=readonly"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    )
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    environment = {
        **os.environ,
        **{name: str(tmp_path / name) for name in places},
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "PYTHONPATH": str(ROOT),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    running = threading.Event()

    def listen() -> None:
        assert server.stdout
        for line in server.stdout:
            said.append(line)
            if "is running at" in line:
                running.set()
        running.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert running.wait(SECONDS), "".join(said)
        assert server.poll() is None, "".join(said)
        yield Lab(folder, f"http://127.0.0.1:{port}")
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
        listener.join()
        assert server.stdout
        server.stdout.close()


def write_copies(folder: Path, url: str) -> None:
    from tkit.features import extract  # noqa: PLC0415
    from tkit.mail import Message  # noqa: PLC0415

    rows = extract([Message.from_bytes((folder / "mails" / "0.eml").read_bytes())])
    copies = rows[["message_sha256", "part", "index"]].assign(evidence=f"<img src={url}/copies onerror=fired()>", copies=7)
    copies.to_json(folder / "copies.json")


@pytest.fixture
def page() -> Iterator[Page]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"],
            chromium_sandbox=os.geteuid() != 0,
        )
        made = browser.new_page(viewport={"width": 1280, "height": 1100})
        made.set_default_timeout(1000 * SECONDS)
        yield made
        browser.close()


def noted_requests(page: Page) -> list[str]:
    """Return a list that grows with every URL that the page asks for, by Playwright's word and by Chromium's own."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda opened: asked.append(opened.url))
    session = page.context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    session.send("Network.enable")
    return asked


def saved(folder: Path) -> list[tuple[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["confidence"]) for row in csv.DictReader(file)]


def run_cell(page: Page) -> None:
    expect(page.get_by_role("button", name="Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-Notebook .jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")


def expect_done(page: Page, done: int) -> None:
    expect(page.locator(".tkit-progress")).to_contain_text(f"{done} of {TOTAL} labelled")


def press(page: Page, keys: str, done: int) -> None:
    for key in keys:
        page.keyboard.press(key)
    expect_done(page, done)


def test_labels_are_given_by_keys_survive_a_killed_kernel_and_load_nothing(
    page: Page, lab: Lab, server: CountingServer
) -> None:
    expect.set_options(timeout=1000 * SECONDS)
    asked = noted_requests(page)
    page.add_init_script("window.firings = 0; window.fired = () => { window.firings += 1; };")

    page.goto(f"{lab.origin}/lab/tree/label.ipynb?token={TOKEN}")
    run_cell(page)
    expect_done(page, 0)
    widget = page.locator(".tkit-label")
    expect(widget).to_contain_text(MARK)
    expect(widget).not_to_contain_text("the model says")
    assert widget.locator("img, a, iframe, script, style, link, svg, object, embed, video").count() == 0

    page.locator(".tkit-label .tkit-subject").click()
    press(page, "t", 1)
    expect(widget).to_contain_text("You said T open tracker (sure), the model says")
    assert saved(lab.folder) == [("T", "3")]
    press(page, "1P", 2)
    assert saved(lab.folder) == [("T", "3"), ("P", "1")]
    press(page, "c", 3)
    press(page, "z", 2)
    assert saved(lab.folder) == [("T", "3"), ("P", "1")]
    press(page, "2s", 3)
    press(page, "u", 4)
    given = [("T", "3"), ("P", "1"), ("S", "2"), ("U", "3")]
    assert saved(lab.folder) == given
    assert page.locator(".jp-Notebook .jp-Cell").count() == 1  # C, S, Z did nothing of JupyterLab's own

    os.kill(int((lab.folder / "kernel.pid").read_text()), signal.SIGKILL)
    assert saved(lab.folder) == given
    page.locator(".jp-Dialog button", has_text="Ok").click()
    run_cell(page)
    expect_done(page, 4)
    page.locator(".tkit-label .tkit-subject").click()
    for done in range(5, TOTAL + 1):  # every reference is shown once
        press(page, "c", done)
    assert saved(lab.folder) == [*given, *[("C", "3")] * (TOTAL - 4)]
    expect(widget).to_contain_text("All are labelled.")

    page.locator(".jp-Notebook .jp-InputArea-editor").click()
    with page.expect_response(lambda response: "api/contents/label.ipynb" in response.url and response.request.method == "PUT"):
        page.keyboard.press("Control+s")
    assert MARK not in (lab.folder / "label.ipynb").read_text()

    assert page.evaluate("window.firings") == 0
    own = (lab.origin, lab.origin.replace("http:", "ws:"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert len([url for url in asked if url.startswith(lab.origin)]) > 10
    assert server.connections == 0
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/")
    connection.getresponse().close()
    connection.close()
    assert server.connections == 1  # it does count
