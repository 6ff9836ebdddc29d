"""Floors of the key figures: a change that makes tkit worse is refused until somebody lowers a floor on purpose."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tkit.errors import TkitError
from tkit.files import whole_file

FORMAT = 1
SLACK = 0.005
"""How far below the figure its floor is set, because sums differ in the last bits between processors."""


def check(file: str | os.PathLike[str], figures: Mapping[str, float], inputs: str) -> list[str]:
    """Compare figures with the floors of a file.

    Parameters
    ----------
    file : path
        As `pin` writes it.
    figures : mapping of str to float
        Shares from 0 to 1, more is better.
    inputs : str
        Digest of what the figures depend on.

    Returns
    -------
    list of str
        One text for each figure that is below its floor or missing; empty if all floors hold.

    Raises
    ------
    TkitError
        If the file is missing or is not a file of floors, or if its inputs are different, so that its figures cannot be
        compared.
    """
    pinned = read_floors(file)
    if pinned["inputs"] != inputs:
        raise TkitError(
            f"{file}: the floors are of other data or settings ({pinned['inputs'][:12]}, now {inputs[:12]}):"
            " pin them again, or restore data and settings"
        )
    failed = []
    for name, floor in pinned["floors"].items():
        figure = figures.get(name, math.nan)
        if math.isnan(figure):
            failed.append(f"{name}: this figure is missing, its floor is {floor:.4f}")
        elif figure < floor:
            failed.append(f"{name}: {figure:.4f} is below its floor of {floor:.4f}")
    return failed


def pin(
    file: str | os.PathLike[str], figures: Mapping[str, float], inputs: str, *, command: str, allow_lower: bool = False
) -> list[str]:
    """Write floors :data:`SLACK` below the figures, rounded down to 4 digits.

    Parameters
    ----------
    file : path
        Floors that it has already are only raised.
    figures, inputs
        See `check`; figures that are NaN or at most the slack get no floor.
    command : str
        Reproduces the figures.
    allow_lower : bool
        Allow floors to be lowered, or removed if their figure is missing.

    Returns
    -------
    list of str
        One text for each floor that was lowered.

    Raises
    ------
    TkitError
        If a floor would be lowered without `allow_lower`, or the file exists and is not a file of floors.
    """
    path = Path(file)
    floors = {name: math.floor((figure - SLACK) * 1e4) / 1e4 for name, figure in figures.items() if figure > SLACK}
    before = read_floors(path)["floors"] if path.exists() else {}
    lower = [
        f"{name}: {floor:.4f} to {floors[name]:.4f}" if name in floors else f"{name}: {floor:.4f} to none"
        for name, floor in before.items()
        if floors.get(name, -math.inf) < floor
    ]
    if lower and not allow_lower:
        raise TkitError(
            f"{file}: floors would be lowered ({'; '.join(lower)}): find what lowered the figures, or give --allow-lower"
        )
    _write(path, {"format": FORMAT, "command": command, "inputs": inputs, "slack": SLACK, "floors": floors})
    return lower


def read_floors(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file of floors.

    Raises
    ------
    TkitError
        If it is missing or is not a file of floors.
    """
    path = Path(file)
    try:
        pinned = json.loads(path.read_text(encoding="utf-8"))
        floors: Mapping[object, object] = pinned["floors"]
        known = pinned["format"] == FORMAT and isinstance(pinned["inputs"], str)
        numbers = all(type(floor) in (int, float) and math.isfinite(floor) for floor in floors.values())  # type: ignore[arg-type]
    except FileNotFoundError:
        raise TkitError(f"{path}: does not exist: create it with `tkit study --pin {path}`") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TkitError(f"{path}: not a file of floors ({error!r:.80}): restore it, or pin another") from error
    if not known or not numbers:
        raise TkitError(f"{path}: not a file of floors (another format, or not numbers): restore it, or pin another")
    return dict(pinned)


def _write(path: Path, pinned: Mapping[str, object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error.strerror}): choose another path") from error
    with whole_file(path) as file:
        file.write((json.dumps(pinned, indent=1) + "\n").encode())


def failure(failed: Sequence[str]) -> str:
    """Return what `check` found as one message."""
    return f"{len(failed)} figures fell: {'; '.join(failed)}: find what lowered them, or pin with --allow-lower"
