"""The sender's server: answers the pictures, links and redirections of its mailings and records who asked.

A request is answered only when its event is in the log's file, so that nothing that was answered is lost with the process.
Requests that come while a batch is being written make up the next batch.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

from tkit.errors import TkitError
from tkit.lab.clock import Clock, RealClock
from tkit.lab.sender.events import Event, EventLog, Owned, SentCopy, place_of
from tkit.lab.sender.forms import Address
from tkit.lab.sender.timelines import Timeline, Timelines

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Host, Mount, Route, Router
    from starlette.types import Receive, Scope, Send
except ImportError as missing:
    raise TkitError("tkit.lab.sender needs Starlette and uvicorn: pip install 'tkit[lab]'") from missing

PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
"""A transparent GIF of one pixel."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
"""Content-Security-Policy of the live page: nothing but its own script, style sheet and events, and its empty icon."""

_NOWHERE = Owned(Address("", "unknown"))
_FILES = {"": ("page.html", "text/html"), "page.js": ("page.js", "text/javascript"), "page.css": ("page.css", "text/css")}


class Recorder:
    """The application, for any number of mailings.

    Host names of this machine (``127.0.0.1``, ``localhost``) show the live page; every other name is the internet of the lab,
    on which all hosts belong to the sender.

    Parameters
    ----------
    log : EventLog
    clock : Clock, optional
        Dates the events; by default the computer's.
    """

    def __init__(self, log: EventLog, clock: Clock | None = None) -> None:
        self.log = log
        self.clock = clock or RealClock()
        self._owned = log.addresses()
        self._timelines = Timelines(log.copies(), log.events())
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, "tkit-lab-log")
        self._watchers: set[asyncio.Queue[Timeline | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None  # of the live pages
        self._lock = threading.Lock()  # copies are registered by another thread than that of the requests
        page = Router([Route("/events", self._live), Route("/{name:path}", self._page)])
        self.app = Starlette(routes=[Host("127.0.0.1", page), Host("localhost", page), Mount("/", app=self._record)])

    def register(self, mailing: str, recipient: str, addresses: tuple[Address, ...]) -> None:
        """Make a copy's addresses known before it is sent. May be called from any thread."""
        sent = self.clock.now()
        owned = self.log.register(mailing, recipient, addresses, sent)
        self._owned.update((place_of(one.address.url), one) for one in owned)
        with self._lock:
            timeline = self._timelines.sent(SentCopy(mailing, recipient, sent))
        if self._loop:
            self._loop.call_soon_threadsafe(self._show, timeline)

    def timelines(self) -> list[Timeline]:
        """Return what the sender believes by now."""
        with self._lock:
            return self._timelines.all()

    def end_streams(self) -> None:
        """End the streams of live pages, so that their connections close; to be called in the server's loop."""
        for watcher in self._watchers:
            watcher.put_nowait(None)

    def close(self) -> None:
        """End the thread that writes, once nothing is requested any more; the log stays open."""
        self._disk.shutdown()

    async def _record(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        place = place_of(f"//{request.headers.get('host', '')}{_target(scope)}")
        owned = self._owned.get(place, _NOWHERE)
        address = owned.address
        agent = request.headers.get("user-agent", "")
        await self._stored(Event(self.clock.now(), place, address.kind, owned.mailing, owned.recipient, address.picture, agent))
        response = Response(headers={"Cache-Control": "no-store"})
        if owned is _NOWHERE:
            response.status_code = 404
        elif address.leads_to:
            response.status_code = 302
            response.headers["Location"] = address.leads_to
        else:
            body = PICTURE if address.media.startswith("image/") else b""
            response = Response(body, headers={"Cache-Control": "no-store"}, media_type=address.media)
        await response(scope, receive, send)

    async def _stored(self, event: Event) -> None:
        """Return when the event is in the file."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((event, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await loop.run_in_executor(self._disk, self.log.write, [event for event, _ in batch])
            except Exception as error:  # each of them is answered with "500 Internal Server Error"
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error)
                continue
            for event, written in batch:
                with self._lock:
                    changed = self._timelines.add(event)
                if changed:
                    self._show(changed)
                if not written.done():
                    written.set_result(None)

    def _show(self, timeline: Timeline) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(timeline)

    async def _page(self, request: Request) -> Response:
        name, media = _FILES.get(request.path_params["name"], ("", ""))
        if not name:
            return Response("not found", 404)
        text = files("tkit.lab.sender").joinpath(name).read_bytes()
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return Response(text, headers=headers, media_type=media)

    async def _live(self, request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _stream(self) -> AsyncIterator[str]:
        self._loop = asyncio.get_running_loop()
        watcher: asyncio.Queue[Timeline | None] = asyncio.Queue()
        self._watchers.add(watcher)
        try:
            for timeline in self.timelines():
                yield _server_sent(timeline)
            while (changed := await watcher.get()) is not None:
                yield _server_sent(changed)
        finally:
            self._watchers.discard(watcher)


def _target(scope: Scope) -> str:
    """Return path and query as they were sent: escapes are not decoded."""
    query = scope["query_string"].decode("latin-1")
    path: str = scope["raw_path"].decode("latin-1").partition("?")[0]
    return f"{path}?{query}" if query else path


def _server_sent(timeline: Timeline) -> str:
    shown = timeline._replace(
        opens=tuple(one._asdict() for one in timeline.opens),  # type: ignore[misc]
        clicks=tuple(one._asdict() for one in timeline.clicks),  # type: ignore[misc]
    )
    return f"data: {json.dumps(shown._asdict())}\n\n"
