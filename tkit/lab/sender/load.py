"""Many clients that request as fast as they are answered, to find out what a recorder holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tkit.lab.loopback import HOST, loopback_address
from tkit.lab.sender.events import place_of


def ask(
    port: int,
    urls: Sequence[str],
    clients: int,
    each: int,
    *,
    host: str = HOST,
    answered: Callable[[int], None] | None = None,
) -> list[str]:
    """Let clients, each with a connection of its own, make requests one after the other; return what was answered.

    Parameters
    ----------
    port : int
        Of the recorder.
    urls : sequence of str
        Requested in turn.
    clients, each : int
        Number of clients at the same time, and of the requests of each.
    host : str
        The recorder's loopback address.
    answered : callable, optional
        Called after each answer with their number so far.

    Returns
    -------
    list of str
        The user agents, one for each answered request and no two alike, such as ``"client 3 request 0"``. A client whose
        connection breaks makes no more requests.

    Raises
    ------
    TkitError
        If the address is not loopback.
    """
    address = loopback_address(host)
    done: list[str] = []

    async def client(number: int) -> None:
        try:
            reader, writer = await asyncio.open_connection(address, port)
        except OSError:
            return
        try:
            for request in range(each):
                name, _, path = place_of(urls[(number + request * clients) % len(urls)]).partition("/")
                agent = f"client {number} request {request}"
                writer.write(f"GET /{path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {agent}\r\n\r\n".encode("ascii"))
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
                done.append(agent)
                if answered:
                    answered(len(done))
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def all_clients() -> None:
        await asyncio.gather(*map(client, range(clients)))

    asyncio.run(all_clients())
    return done
