"""The lab stays on this machine: only loopback addresses are listened on or connected to."""

from __future__ import annotations

import ipaddress
import socket

from tkit.errors import TkitError

HOST = "127.0.0.1"
"""Where the lab's servers listen."""


def loopback_address(host: str) -> str:
    """Return a host as a loopback address.

    Parameters
    ----------
    host : str
        An IP address, or ``"localhost"``, which RFC 6761 section 6.3 keeps on the machine. Other names are refused without
        being looked up.

    Raises
    ------
    TkitError
        For anything else, also for ``0.0.0.0`` and ``::``, which listen on every network.

    Examples
    --------
    >>> loopback_address("localhost")
    '127.0.0.1'
    """
    name = HOST if host.lower() == "localhost" else host
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise TkitError(f"{host}: the lab never leaves this machine: give a loopback address such as {HOST}")
    return str(address)


def listening_socket(host: str = HOST, port: int = 0) -> socket.socket:
    """Return a socket that listens on a loopback address; port 0 takes a free one.

    Raises
    ------
    TkitError
        If the address is not loopback, or the port is taken.
    """
    address = loopback_address(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off, which would delay the second half of answers by 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise TkitError(f"{address}:{port}: cannot listen there ({reason}): stop what uses it, or give port 0") from error
    return listening
