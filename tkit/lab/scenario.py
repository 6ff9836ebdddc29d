"""A scenario: a mailing, its recipients and their habits, as a TOML file says it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from tkit.errors import TkitError
from tkit.lab.clients import Group, Habits, groups_of
from tkit.lab.sender.forms import form_of

BUILT_IN = ("demo", "mixed")
"""The scenarios that come with tkit."""

MOST_RECIPIENTS = 20_000
_KEYS = {"title", "seed", "recipients", "form", "protected", "reading", "client"}


@dataclass(frozen=True)
class Scenario:
    """What happens in a run of the lab.

    Attributes
    ----------
    title : str
        For tables and pages.
    groups : tuple of Group
        The clients and their shares.
    habits : Habits
        When people read.
    recipients : int
        Their number.
    form : str
        How the tracker is written, see :data:`tkit.lab.sender.FORMS`.
    protected : float
        Share of the recipients, of each group alike, whose mails a blocker takes the trackers out of, if there is one.
    seed : int
        The same seed gives the same readers, readings and requests.
    """

    title: str
    groups: tuple[Group, ...]
    habits: Habits
    recipients: int = 100
    form: str = "gif-1x1"
    protected: float = 1.0
    seed: int = 0

    @property
    def needs_browser(self) -> bool:
        """Whether a client, at any depth, finds pictures with a real Chromium."""
        return '"eyes": "chromium"' in json.dumps([group.client for group in self.groups])

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario file, or a built-in scenario by its name.

        Raises
        ------
        TkitError
            If it cannot be read, or says something that the lab does not know; with the place and what is allowed.
        """
        where = str(path)
        try:
            if where in BUILT_IN:
                text = files("tkit.lab").joinpath("scenarios", f"{where}.toml").read_text("utf-8")
            else:
                text = Path(path).read_text("utf-8")
        except OSError as error:
            known = " or ".join(BUILT_IN)
            raise TkitError(f"{where}: cannot be read ({error.strerror}): give a scenario file, or {known}") from error
        except UnicodeDecodeError as error:
            raise TkitError(f"{where}: is not UTF-8: give a TOML file") from error
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise TkitError(f"{where}: is not valid TOML ({error}): correct that place") from error
        return cls.of(table, where)

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str = "scenario") -> Scenario:
        """Return the scenario that a table describes; errors as for :meth:`read`."""
        for key in table:
            if key not in _KEYS:
                raise TkitError(f"{where}: unknown key {key!r}: take {', '.join(sorted(_KEYS))}")
        clients = table.get("client")
        if not isinstance(clients, list) or not clients or not all(isinstance(one, dict) for one in clients):
            raise TkitError(f"{where}: no [[client]]: name at least one behaviour with share = 1")
        recipients = _number(table, "recipients", 100, where, most=MOST_RECIPIENTS)
        if recipients != int(recipients) or not recipients:
            raise TkitError(f"{where}: recipients = {recipients:g}: give a whole number from 1 to {MOST_RECIPIENTS:,}")
        return cls(
            title=str(table.get("title", where)),
            groups=tuple(groups_of(clients, where)),
            habits=_habits(table.get("reading", {}), f"{where}, reading"),
            recipients=int(recipients),
            form=_form(str(table.get("form", "gif-1x1")), where),
            protected=_number(table, "protected", 1.0, where, most=1),
            seed=int(_number(table, "seed", 0, where)),
        )


def _form(name: str, where: str) -> str:
    try:
        form_of(name)
    except TkitError as error:
        raise TkitError(f"{where}: {error}") from None
    return name


def _habits(table: object, where: str) -> Habits:
    if not isinstance(table, Mapping):
        raise TkitError(f"{where}: give a table [reading]")
    known = [one.name for one in fields(Habits)]
    for key in table:
        if key not in known:
            raise TkitError(f"{where}: unknown key {key!r}: take {', '.join(known)}")
    habits = Habits(**{name: _number(table, name, getattr(Habits, name), where) for name in known})
    if habits.read_share > 1 or not habits.median_hours:
        raise TkitError(f"{where}: read_share is at most 1, and median_hours more than 0")
    return habits


def _number(table: Mapping[str, Any], key: str, default: float, where: str, most: float = float("inf")) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most or value == float("inf"):
        raise TkitError(f"{where}: {key} = {value!r}: give a number from 0{f' to {most:,}' if most != float('inf') else ' up'}")
    return float(value)
