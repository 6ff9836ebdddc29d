"""The exported browser extension in a real Chromium in which every host name resolves to this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tkit.bundle import Bundle
from tkit.errors import TkitError
from tkit.export.webextension import write
from tkit.lab.render import CHROMIUM_NAMES

try:
    from playwright.sync_api import BrowserContext, Worker, sync_playwright
except ImportError as missing:
    raise TkitError("tkit.lab.extension needs Playwright: pip install 'tkit[lab]'") from missing

_TURN_ON = """async (sites) => {
  await chrome.storage.local.set({ sites });
  const registered = () => chrome.scripting.getRegisteredContentScripts();
  while ((await registered()).length < sites.length) await new Promise((next) => setTimeout(next, 20));
}"""


def write_permitted(bundle: Bundle, folder: Path) -> None:
    """Export the extension with its permissions granted, because nobody can confirm them in a headless browser.

    Parameters
    ----------
    bundle : Bundle
    folder : Path
        An empty folder.
    """
    write(bundle, folder)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["host_permissions"] = manifest.pop("optional_host_permissions")
    path.write_text(json.dumps(manifest), encoding="utf-8")


@contextmanager
def extended_chromium(
    bundle: Bundle, sites: Sequence[Mapping[str, object]], port: int
) -> Iterator[tuple[BrowserContext, Worker]]:
    """Run a headless Chromium with the extension.

    Parameters
    ----------
    bundle : Bundle
        The detector.
    sites : sequence of mapping
        The sites that it is turned on for: each a ``host`` and a ``kind`` of ``sites.js``.
    port : int
        The port on 127.0.0.1 of every host; certificates are not checked.

    Yields
    ------
    BrowserContext, Worker
        The browser, and the extension's service worker.

    Raises
    ------
    TkitError
        If Chromium is not installed.
    """
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        raise TkitError(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    with TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary, "extension")
        folder.mkdir()
        write_permitted(bundle, folder)
        context = playwright.chromium.launch_persistent_context(
            Path(temporary, "profile"),
            executable_path=executable,
            headless=True,
            args=[
                "--headless=new",  # the older headless mode has no extensions
                f"--disable-extensions-except={folder}",
                f"--load-extension={folder}",
                f"--host-resolver-rules=MAP * 127.0.0.1:{port}",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-quic",
                "--no-first-run",
                "--disable-features=DisableLoadExtensionCommandLineSwitch,LocalNetworkAccessChecks,HttpsUpgrades",
            ],
            ignore_default_args=["--disable-extensions"],
            chromium_sandbox=os.geteuid() != 0,  # root cannot have Chromium's sandbox
            ignore_https_errors=True,
        )
        try:
            worker = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
            worker.evaluate(_TURN_ON, list(sites))
            yield context, worker
        finally:
            context.close()
