"""The exported JavaScript module in a real browser, on whole mails; not one request leaves the browser."""

from __future__ import annotations

import os
import shutil
from types import TracebackType
from typing import NamedTuple, Self

from tkit.errors import TkitError
from tkit.lab.render import CHROMIUM_NAMES, LAUNCH_ARGUMENTS
from tkit.mail import Message

try:
    from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright
except ImportError as missing:
    raise TkitError("tkit.lab.module needs Playwright: pip install 'tkit[lab]'") from missing

_LOAD = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.detector = await import(url);
}"""
# Browsers round their clock, so that several documents are classified between two looks at it; and a crowded machine
# only ever makes a program slower, so that the least of several rounds is the one to keep.
_CLASSIFY = """([parts, message, copies, rounds]) => parts.map((html) => {
  let least = Infinity;
  let found = [];
  for (let round = 0; round < rounds; round++) {
    const documents = Array.from({ length: copies }, () => new DOMParser().parseFromString(html, "text/html"));
    const start = performance.now();
    for (const document of documents) found = detector.classifyDocument(document, { message });
    least = Math.min(least, (performance.now() - start) / copies);
  }
  const rows = found.map((row) => [row.carrier, row.resolvedUrl, row.margin, row.tracker, Array.from(row.features)]);
  return { least, rows };
})"""


class Row(NamedTuple):
    """What the module gives of one reference, under the module's own names."""

    carrier: str
    resolvedUrl: str  # noqa: N815
    margin: int
    tracker: bool
    features: list[float]


class Classified(NamedTuple):
    """What the module gives of a message's references, in document order over all parts.

    ``milliseconds`` is what the module took for the whole message once, parsing left out.
    """

    rows: list[Row]
    milliseconds: float


class ChromiumModule:
    """Runs an exported ``tkit.js`` in a headless Chromium.

    Parameters
    ----------
    source : str
        The module's text.
    executable : str, optional
        Path of the browser; by default the first of :data:`tkit.lab.render.CHROMIUM_NAMES` on ``PATH``.

    Attributes
    ----------
    version : str
        The browser's version; ``""`` before it is started.
    requests : list of str
        URLs that the page asked for, which all failed; the module asks for none.

    Raises
    ------
    TkitError
        On entering, where there is no Chromium, it does not start, or the module does not load.
    """

    def __init__(self, source: str, executable: str | None = None) -> None:
        self.source = source
        self.executable = executable
        self.version = ""
        self.requests: list[str] = []
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._page: Page | None = None

    def __enter__(self) -> Self:
        path = self.executable or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
        if path is None:
            raise TkitError(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=path,
                args=LAUNCH_ARGUMENTS,
                chromium_sandbox=os.geteuid() != 0,  # root cannot have Chromium's sandbox
            )
            self.version = self._browser.version
            self._page = self._browser.new_page()
            self._page.on("request", lambda request: self._note(request.url))
            self._page.evaluate(_LOAD, self.source)
        except Error as error:
            self._stop()
            raise TkitError(f"{path}: {error.message.partition(chr(10))[0]}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def classify(self, message: Message, copies: int = 1, rounds: int = 1) -> Classified:
        """Give what the module gives for a message.

        Parameters
        ----------
        message : Message
        copies, rounds : int
            Classify so many copies of the message between two looks at the clock, so many times: the least time counts.
        """
        if self._page is None:
            raise TkitError("the browser is not started: use ChromiumModule in a `with` block")
        about = {
            "headers": message.header_text,
            "contentTypes": list(message.content_types),
            "htmlParts": len(message.html_parts),
        }
        parts = self._page.evaluate(_CLASSIFY, [list(message.html_parts), about, copies, rounds])
        rows = [Row(*row) for part in parts for row in part["rows"]]
        return Classified(rows, sum(part["least"] for part in parts))

    def _note(self, url: str) -> None:
        if not url.startswith("blob:"):
            self.requests.append(url)

    def _stop(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None
