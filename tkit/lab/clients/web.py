"""The internet as the lab's readers see it: every name is the sender's server on this machine."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tkit.errors import TkitError
from tkit.lab.loopback import HOST, loopback_address

try:
    import httpx
except ImportError as missing:
    raise TkitError("tkit.lab.clients needs httpx: pip install 'tkit[lab]'") from missing


class _ToRecorder(httpx.BaseTransport):
    """Sends every request to one port of this machine, whatever host it is for; the host stays in the ``Host`` header."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = loopback_address(host), port
        self._inner = httpx.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise httpx.UnsupportedProtocol("neither http nor https, or no host")
        request.headers["Host"] = request.url.host
        request.url = request.url.copy_with(scheme="http", host=self._host, port=self._port)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Web:
    """A network in which every host name is the recorder, for the time of a ``with`` block.

    No name is looked up, no proxy of the environment is used, and ``https`` is spoken as ``http``: the recorder has no
    certificate, and what it records does not depend on one.

    Parameters
    ----------
    port : int
        The recorder's.
    host : str
        Its loopback address.

    Raises
    ------
    TkitError
        If the address is not loopback.
    """

    def __init__(self, port: int, host: str = HOST) -> None:
        self._client = httpx.Client(transport=_ToRecorder(host, port), trust_env=False, follow_redirects=True, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def get(self, url: str, agent: str) -> int:
        """Request a URL as a program of a name, follow redirections, and return the last status.

        It is 310 after too many redirections, and 0 for a URL that no request can be made of.

        Raises
        ------
        TkitError
            If the recorder does not answer.
        """
        try:
            return self._client.get(url, headers={"User-Agent": agent}).status_code
        except httpx.TooManyRedirects:
            return 310
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return 0
        except httpx.HTTPError as error:
            raise TkitError(f"{url[:200]}: the recorder does not answer ({error}): is it running?") from error
