"""What a real browser requests when it shows a mail; no request leaves the browser."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from tkit.errors import TkitError
from tkit.html import references
from tkit.mail import Message

try:
    from playwright.sync_api import (
        Browser,
        Error,
        Page,
        Playwright,
        Route,
        TimeoutError,
        ViewportSize,
        sync_playwright,
    )
except ImportError as missing:
    raise TkitError("tkit.lab.render needs Playwright: pip install 'tkit[lab]'") from missing

DOCUMENT_URL = "https://message.invalid/"
"""The URL that the mail is shown at. RFC 6761 section 6.4: no name under ``.invalid`` ever exists."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
"""Programs that are taken for Chromium, in this order."""

LAUNCH_ARGUMENTS = (
    # In addition to the interception of every request: no name resolves, not even localhost; the proxy for
    # everything, loopback included, is a port that nobody listens on; no protocol bypasses it.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--no-first-run",
    "--no-pings",
    # The page is https, most pictures of old mail are http: request them as written.
    "--allow-running-insecure-content",
    # Playwright does not see requests in an isolated sandboxed frame. From HttpsUpgrades on this is Playwright's own list
    # against requests at the start, repeated because only the last list counts.
    "--disable-features=AutoupgradeMixedContent,IsolateSandboxedIframes,LocalNetworkAccessChecks,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,OptimizationHints,NetworkTimeServiceQuerying,"
    "AimEnabled,PreconnectToSearch,PaintHolding",
)

_QUIET_MS = 400
_NARROW: ViewportSize = {"width": 400, "height": 800}
_WIDE: ViewportSize = {"width": 1280, "height": 2000}
_DEFAULT_ICON = DOCUMENT_URL + "favicon.ico"
_NO_REQUEST = ("data:", "blob:", "about:")
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


_TRANSPARENT = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
_OPAQUE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc000000114944415478da63b890a0801531"
    "0c2d0900fea85401fec71f5e0000000049454e44ae426082"
)
_SHOT: ViewportSize = {"width": 800, "height": 600}
_SHOT_HEIGHT = 4000  # what is further down is not compared


class ChromiumRenderer:
    """Shows HTML in a headless Chromium without scripts and records what it requests.

    Every request is answered inside the browser: pictures with an empty pixel, style sheets with an empty
    sheet, frames and redirections with "204 No Content"; the rest fails, so that Chromium tries the next source of a
    font or a video. Not recorded are ``preconnect`` and ``dns-prefetch``, which are not requests, and a ``meta`` refresh
    with a longer delay than the page takes to settle.

    Parameters
    ----------
    timeout_seconds : float
        Maximum time for one document; then the browser is ended and started again.
    executable : str, optional
        Path of the browser; by default the first of :data:`CHROMIUM_NAMES` on ``PATH``.

    Attributes
    ----------
    defects : tuple of str
        What went wrong with the last document: ``"time-out: ..."`` or ``"crash: ..."``; empty if it was shown
        completely. The URLs up to then are returned all the same.
    version : str
        The browser's version; ``""`` before it is started.

    Raises
    ------
    TkitError
        On entering, if there is no Chromium or it does not start.

    Examples
    --------
    >>> with ChromiumRenderer() as renderer:  # doctest: +SKIP
    ...     renderer.requested("<img src='http://a.example/o?id=1'>")
    ['http://a.example/o?id=1']
    """

    def __init__(self, timeout_seconds: float = 20.0, executable: str | None = None) -> None:
        self.timeout_seconds = timeout_seconds
        self.executable = executable
        self.defects: tuple[str, ...] = ()
        self.version = ""
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._process = 0

    def __enter__(self) -> Self:
        if self.executable is None:
            self.executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
        if self.executable is None:
            raise TkitError(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
        try:
            self._playwright = sync_playwright().start()
        except Error as error:
            raise TkitError(f"{_first_line(error)}: in a notebook, call tkit in a process of its own") from error
        try:
            self._running()
        except TkitError:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def pictured(self, html: str, blank: Collection[str] = ()) -> tuple[list[str], bytes]:
        """Show one HTML text as :meth:`requested` does, and take a picture of it.

        Parameters
        ----------
        html : str
            The text.
        blank : collection of str
            URLs, without fragment, that are answered with a transparent picture of one pixel; every other picture
            is an opaque square of 8 x 8 pixels.

        Returns
        -------
        list of str, bytes
            The requested URLs, and a PNG of the upper 4,000 pixels of the page, 800 wide; ``b""`` if it failed, see
            :attr:`defects`.
        """
        shot = _Shot(frozenset(map(comparable, blank)))
        return self._asked(html, shot), shot.png

    def requested(self, html: str) -> list[str]:
        """Show one HTML text and return the URLs that Chromium requests.

        The page is laid out for a narrow window and for a wide and very tall one.

        Parameters
        ----------
        html : str
            The text; it is served as UTF-8, whatever charset it declares.

        Returns
        -------
        list of str
            Distinct URLs as Chromium writes them, without fragment, in the order of the requests; also those that
            Chromium itself refuses (``cid:``, an SVG ``<use>`` of another server). Without ``data:``, ``blob:``
            and the document itself; relative URLs are below :data:`DOCUMENT_URL`.

        Raises
        ------
        TkitError
            Outside the ``with`` block, or if the browser has ended and does not start again.
        """
        return self._asked(html, None)

    def _asked(self, html: str, shot: _Shot | None) -> list[str]:
        browser = self._running()
        asked: dict[str, None] = {}
        failure = ""
        deadline = _Deadline(self.timeout_seconds, self._process)
        try:
            _show(browser, html, asked, shot)
        except Error as error:
            failure = _first_line(error)
        finally:  # also after an interrupt: a running clock could kill a process that is no longer the browser
            passed = deadline.passed()
        if passed:
            self.defects = (f"time-out: not laid out within {self.timeout_seconds:g} s",)
        else:
            self.defects = (f"crash: {failure}",) if failure else ()
        if self.defects:
            self._close_browser()
        return list(asked)

    def _running(self) -> Browser:
        """Return the browser; it is started again if it has ended."""
        if self._playwright is None:
            raise TkitError("the browser is not started: use ChromiumRenderer in a `with` block")
        if self._browser is None or not self._browser.is_connected():
            try:
                self._browser = self._playwright.chromium.launch(
                    executable_path=self.executable,
                    args=LAUNCH_ARGUMENTS,
                    chromium_sandbox=os.geteuid() != 0,  # root cannot have Chromium's sandbox
                )
                session = self._browser.new_browser_cdp_session()
                processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
            except Error as error:
                raise TkitError(f"{self.executable} does not start: {_first_line(error)}") from error
            self._process = next(process["id"] for process in processes if process["type"] == "browser")
            self.version = self._browser.version
        return self._browser

    def _close_browser(self) -> None:
        if self._browser is not None:
            with suppress(Error):
                self._browser.close()
            self._browser = None

    def _stop(self) -> None:
        self._close_browser()
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None


class _Deadline:
    """Kills the browser's process after a time, because a call to a page that hangs may have no time-out."""

    def __init__(self, seconds: float, process: int) -> None:
        self._process = process
        self._passed = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.start()

    def _end(self) -> None:
        self._passed = True
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)

    def passed(self) -> bool:
        """Stop the clock; return whether the time had run out."""
        self._timer.cancel()
        self._timer.join()
        return self._passed


class _Shot:
    """A picture to take: which URLs are blank in it, and the PNG once it is taken."""

    def __init__(self, blank: Collection[str]) -> None:
        self.blank = blank
        self.png = b""

    def answer(self, route: Route) -> None:
        """Answer requests for pictures with those of the shot, all others as usual."""
        if route.request.is_navigation_request() or route.request.resource_type != "image":
            _answer(route)
            return
        body = _TRANSPARENT if comparable(route.request.url) in self.blank else _OPAQUE
        with suppress(Error):
            route.fulfill(body=body, content_type="image/gif" if body is _TRANSPARENT else "image/png")

    def take(self, page: Page) -> None:
        """Take the picture."""
        page.set_viewport_size(_SHOT)
        height = page.evaluate("Math.ceil(document.documentElement.scrollHeight)")
        self.png = page.screenshot(
            full_page=True,
            animations="disabled",
            clip={"x": 0, "y": 0, "width": _SHOT["width"], "height": max(1, min(height, _SHOT_HEIGHT))},
        )


def _show(browser: Browser, html: str, asked: dict[str, None], shot: _Shot | None) -> None:
    """Lay a document out in a new context, and note what it requests."""

    def note(url: str) -> None:
        url = url.partition("#")[0]
        if url not in (DOCUMENT_URL, _DEFAULT_ICON) and not url.startswith(_NO_REQUEST):
            asked[url] = None

    context = browser.new_context(
        java_script_enabled=False,
        service_workers="block",
        bypass_csp=True,
        accept_downloads=False,
        viewport=_NARROW,
    )
    context.set_default_timeout(0)  # the deadline is the one time-out
    context.on("request", lambda request: note(request.url))
    context.route("**/*", shot.answer if shot else _answer)
    document = html.encode("utf-8", "replace")
    context.route(
        DOCUMENT_URL,
        lambda route: route.fulfill(body=document, content_type="text/html; charset=utf-8"),
        times=1,
    )
    page = context.new_page()
    # Playwright does not report URLs that end in /favicon.ico; Chromium's own protocol does.
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", lambda event: note(event["request"]["url"]))
    session.send("Network.enable")
    page.goto(DOCUMENT_URL, wait_until="commit")
    page.wait_for_load_state("load")
    page.set_viewport_size(_WIDE)
    page.evaluate("document.documentElement.offsetHeight")  # styles and layout of the new size, now
    with suppress(TimeoutError):
        while True:
            page.wait_for_event("request", timeout=_QUIET_MS)
    if shot:
        shot.take(page)
    context.close()


def _answer(route: Route) -> None:
    """Answer a request, so that nothing leaves the browser."""
    with suppress(Error):  # the page may be closed meanwhile
        if route.request.is_navigation_request():
            route.fulfill(status=204)
        elif route.request.resource_type == "image":
            route.fulfill(body=_PIXEL, content_type="image/png")
        elif route.request.resource_type == "stylesheet":
            route.fulfill(body="", content_type="text/css")
        else:
            route.abort()


def _first_line(error: Error) -> str:
    return error.message.partition("\n")[0]


class Asked(NamedTuple):
    """One URL that Chromium requests, and the carriers of tkit's references to it (empty: tkit missed it)."""

    part: int
    url: str
    carriers: tuple[str, ...]


def compare(message: Message, asked: Sequence[Sequence[str]]) -> list[Asked]:
    r"""Compare the requests of Chromium with the references that tkit lists.

    Parameters
    ----------
    message : Message
        The message.
    asked : sequence of sequence of str
        For each of its HTML parts, the result of :meth:`ChromiumRenderer.requested`.

    Returns
    -------
    list of Asked
        Every distinct ``http`` or ``https`` URL of each part, in the order of the requests; without relative URLs,
        which have no server. Fragments are not compared, and ``|`` equals ``%7C``: unlike the URL Standard, Chromium
        escapes it in a path.

    Examples
    --------
    >>> message = Message.from_bytes(b"Content-Type: text/html\n\n<img src=//a.example/o#1>")
    >>> for asked in compare(message, [["https://a.example/o", "https://b.example/"]]):
    ...     print(asked)
    Asked(part=0, url='https://a.example/o', carriers=('img-src',))
    Asked(part=0, url='https://b.example/', carriers=())
    """
    carriers: dict[tuple[int, str], dict[str, None]] = {}
    for reference in references(message):
        request = reference.part, comparable(reference.resolved_url)
        carriers.setdefault(request, {})[reference.carrier] = None
    return [
        Asked(part, url, tuple(carriers.get((part, comparable(url)), ())))
        for part, urls in enumerate(asked)
        for url in urls
        if url.startswith(("http://", "https://")) and not url.startswith(DOCUMENT_URL)
    ]


def comparable(url: str) -> str:
    """Return a URL for comparison: without fragment, and with ``|`` as Chromium writes it in a path."""
    return url.partition("#")[0].replace("|", "%7C")
