"""A population: which share of the recipients uses which client, as a scenario file says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from random import Random
from typing import Any, NamedTuple

from tkit.errors import TkitError
from tkit.lab.clients.base import Client
from tkit.lab.clients.programs import Blocks, CachingProxy, LoadsOnOpen, Offline, Prefetches, SeveralDevices, TextOnly
from tkit.lab.clients.surroundings import Forwards, PreviewPane, Scanner, SentFolder

BEHAVIOURS: Mapping[str, type[Client]] = {
    "loads-on-open": LoadsOnOpen,
    "blocks": Blocks,
    "text-only": TextOnly,
    "caching-proxy": CachingProxy,
    "prefetches": Prefetches,
    "offline": Offline,
    "several-devices": SeveralDevices,
    "scanner": Scanner,
    "preview-pane": PreviewPane,
    "forwards": Forwards,
    "sent-folder": SentFolder,
}
"""The clients by the name that scenarios use."""


class Group(NamedTuple):
    """Recipients with the same client.

    Attributes
    ----------
    name : str
        For tables and figures.
    share : float
        Of all recipients.
    client : mapping
        The behaviour and its parameters, as :func:`client_of` takes them.
    source : str
        Where the share comes from.
    """

    name: str
    share: float
    client: Mapping[str, Any]
    source: str


def client_of(table: Mapping[str, Any], where: str) -> Client:
    """Make a client.

    Parameters
    ----------
    table : mapping
        ``behaviour``, a name of :data:`BEHAVIOURS`, and its parameters. A parameter that is a client is a table of this kind.
    where : str
        For messages.

    Raises
    ------
    TkitError
        If there is no such behaviour or parameter, or one is missing or of a wrong type.

    Examples
    --------
    >>> client_of({"behaviour": "scanner", "links": False, "inside": {"behaviour": "text-only"}}, "here").links
    False
    """
    name = table.get("behaviour")
    if not isinstance(name, str) or name not in BEHAVIOURS:
        raise TkitError(f"{where}: behaviour = {name!r}: take one of {', '.join(BEHAVIOURS)}")
    kind = BEHAVIOURS[name]
    types = {one.name: str(one.type) for one in fields(kind) if one.init}  # type: ignore[arg-type]
    given: dict[str, object] = {}
    for parameter, value in table.items():
        if parameter == "behaviour":
            continue
        if parameter not in types:
            raise TkitError(f"{where}: {name} has no parameter {parameter!r}: it has {', '.join(types) or 'none'}")
        given[parameter] = _value(types[parameter], value, f"{where}, {parameter}")
    try:
        return kind(**given)
    except TypeError:
        needed = "inside, a client" if "inside" in types else "devices, a list of clients"
        raise TkitError(f"{where}: {name} needs {needed}") from None


def _value(kind: str, value: Any, where: str) -> object:
    if kind == "Client" and isinstance(value, Mapping):
        return client_of(value, where)
    if kind == "list[Client]" and isinstance(value, Sequence) and value and all(isinstance(one, Mapping) for one in value):
        return [client_of(one, f"{where} {number}") for number, one in enumerate(value, 1)]
    whole = isinstance(value, int) and not isinstance(value, bool)
    right = {
        "bool": isinstance(value, bool),
        "int": whole and value >= 0,
        "float": (whole or isinstance(value, float)) and value >= 0,
        "str": isinstance(value, str),
        "Eyes": value in ("reader", "chromium"),
    }
    if not right.get(kind, False):
        words = {
            "Client": "a client",
            "list[Client]": "a list of clients",
            "Eyes": "reader or chromium",
            "bool": "true or false",
        }
        raise TkitError(
            f"{where}: {value!r}: give {words.get(kind, 'a number that is not negative' if kind != 'str' else 'text')}"
        )
    return value


def groups_of(tables: Sequence[Mapping[str, Any]], where: str) -> list[Group]:
    """Read the groups of a scenario, each a table with ``name``, ``share``, ``source`` and a client.

    Raises
    ------
    TkitError
        If a table is wrong, or the shares do not add up to 1.
    """
    groups = []
    for number, table in enumerate(tables, 1):
        here = f"{where}: client {number}"
        share = table.get("share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise TkitError(f"{here}: share = {share!r}: give a share from 0 to 1")
        client = {key: value for key, value in table.items() if key not in ("name", "share", "source")}
        client_of(client, here)
        groups.append(Group(str(table.get("name", client["behaviour"])), float(share), client, str(table.get("source", ""))))
    total = sum(group.share for group in groups)
    if abs(total - 1) > 1e-6:
        raise TkitError(f"{where}: the shares of the clients add up to {total:g}: they must add up to 1")
    names = [group.name for group in groups]
    for name in names:
        if names.count(name) > 1:
            raise TkitError(f"{where}: two clients are named {name!r}: give each a name of its own")
    return groups


def dealt(groups: Sequence[Group], count: int, random: Random) -> list[Group]:
    """Return one group for each of `count` recipients, in a random order, in numbers as near to the shares as possible."""
    exact = [group.share * count for group in groups]
    numbers = [int(number) for number in exact]
    left = sorted(range(len(groups)), key=lambda index: numbers[index] - exact[index])
    for index in left[: count - sum(numbers)]:
        numbers[index] += 1
    assigned = [group for group, number in zip(groups, numbers, strict=True) for _ in range(number)]
    random.shuffle(assigned)
    return assigned
