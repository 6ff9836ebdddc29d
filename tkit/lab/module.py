"""The exported JavaScript module in a real browser, on whole mails; no request leaves the browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
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
_CLASSIFY = """([parts, message]) => {
  const documents = parts.map((html) => new DOMParser().parseFromString(html, "text/html"));
  return detector.classifyMessage(documents, { message }).map((row) => {
    return [row.carrier, row.resolvedUrl, row.margin, row.individualMargin, row.verdict, Array.from(row.features)];
  });
}"""
_KEEP = """(mails) => {
  window.mails = mails.map(([parts, message]) => ({
    documents: parts.map((html) => new DOMParser().parseFromString(html, "text/html")),
    message,
  }));
}"""
# Browsers round their clock, so that several rounds are run between two readings.
_TIME = """(rounds) => window.mails.map(({ documents, message }) => {
  let count = 0;
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    count += detector.classifyMessage(documents, { message }).length;
  }
  return [(performance.now() - start) / rounds, count / rounds];
})"""


class Row(NamedTuple):
    """What the module returns for one reference, with the module's own names."""

    carrier: str
    resolvedUrl: str  # noqa: N815
    margin: int
    individualMargin: int  # noqa: N815
    verdict: str
    features: list[float]


class Timed(NamedTuple):
    """The time that the module took for messages whose HTML was parsed before.

    ``milliseconds`` is the wall-clock time of each message, ``references`` its number of references; ``processor_seconds`` is
    the processor time of the page's thread for all of them, which does not depend on the load of the machine.
    """

    milliseconds: list[float]
    references: list[int]
    processor_seconds: float


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
        URLs that the page requested, which all failed; the module requests none.

    Raises
    ------
    TkitError
        On entering, if there is no Chromium, it does not start, or the module does not load.
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

    def classify(self, message: Message) -> list[Row]:
        """Return the module's results for the references of a message, in document order over all parts."""
        return [Row(*row) for row in self._running().evaluate(_CLASSIFY, _input(message))]

    def time(self, messages: Sequence[Message], rounds: int = 5) -> Timed:
        """Return the time for messages: the mean of `rounds` rounds over all of them, after one to warm up."""
        page = self._running()
        page.evaluate(_KEEP, [_input(message) for message in messages])
        page.evaluate(_TIME, 1)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def processor() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))

        start = processor()
        times = page.evaluate(_TIME, rounds)
        seconds = (processor() - start) / rounds
        session.detach()
        return Timed([ms for ms, _ in times], [int(count) for _, count in times], seconds)

    def _running(self) -> Page:
        if self._page is None:
            raise TkitError("the browser is not started: use ChromiumModule in a `with` block")
        return self._page

    def _note(self, url: str) -> None:
        if not url.startswith("blob:"):
            self.requests.append(url)

    def _stop(self) -> None:
        if self._browser is not None:
            with suppress(Error):  # it may have ended already
                self._browser.close()
            self._browser = None
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None


def _input(message: Message) -> list[object]:
    about = {
        "headers": message.header_text,
        "contentTypes": list(message.content_types),
        "htmlParts": len(message.html_parts),
    }
    return [list(message.html_parts), about]
