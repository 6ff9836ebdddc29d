"""The recorder as a running server, on loopback only."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tkit.errors import TkitError
from tkit.lab.loopback import HOST, listening_socket
from tkit.lab.sender.events import EventLog
from tkit.lab.sender.recorder import Recorder

try:
    import uvicorn
except ImportError as missing:
    raise TkitError("tkit.lab.sender needs Starlette and uvicorn: pip install 'tkit[lab]'") from missing


class _Server(uvicorn.Server):
    """Tells when it listens, and ends the live pages before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, recorder: Recorder) -> None:
        super().__init__(config)
        self.listens = threading.Event()
        self._recorder = recorder

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        self.listens.set()

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self._recorder.end_streams()
        await super().shutdown(sockets)  # type: ignore[arg-type]
        self._recorder.close()


def _server(recorder: Recorder) -> _Server:
    config = uvicorn.Config(
        recorder.app,
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    return _Server(config, recorder)


class RecorderServer:
    """Runs a recorder in a thread for the time of a ``with`` block.

    Parameters
    ----------
    recorder : Recorder
    host : str
        A loopback address.
    port : int
        0 takes a free one.

    Attributes
    ----------
    port : int
        Where it listens.
    url : str
        Of the live page.

    Raises
    ------
    TkitError
        If the address is not loopback, or the port is taken.
    """

    def __init__(self, recorder: Recorder, host: str = HOST, port: int = 0) -> None:
        self.recorder = recorder
        self._socket = listening_socket(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self.url = f"http://{self.host}:{self.port}/"
        self._server = _server(recorder)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="tkit-lab-recorder")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.listens.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def serve(log: Path, host: str = HOST, port: int = 0) -> None:
    """Run a recorder in this process until it is interrupted; its first line of output is the address of the live page.

    Raises
    ------
    TkitError
        If the address is not loopback, or the port is taken.
    """
    listening = listening_socket(host, port)
    print(f"http://{':'.join(map(str, listening.getsockname()[:2]))}/", flush=True)
    with suppress(KeyboardInterrupt):
        _server(Recorder(EventLog(log))).run([listening])
