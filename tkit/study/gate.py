"""Floors under the key figures: a change that makes tkit worse is refused until somebody lowers a floor on purpose."""

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
"""How far below the figure its floor is pinned, since another processor's sums differ in the last bits."""


def check(file: str | os.PathLike[str], figures: Mapping[str, float], inputs: str) -> list[str]:
    """Hold figures against the floors of a file.

    Parameters
    ----------
    file : path
        As `pin` writes it.
    figures : mapping of str to float
        Shares from 0 to 1, more is better.
    inputs : str
        Digest of what the figures were made of.

    Returns
    -------
    list of str
        What falls below its floor or is missing, in words; empty where the gate is open.

    Raises
    ------
    TkitError
        Where the file is missing or no file of floors, or is of other inputs: such figures cannot be compared.
    """
    pinned = read_floors(file)
    if pinned["inputs"] != inputs:
        raise TkitError(
            f"{file}: floors of other inputs or settings ({pinned['inputs'][:12]}, now {inputs[:12]}):"
            " pin them anew, or restore data and settings"
        )
    failed = []
    for name, floor in pinned["floors"].items():
        figure = figures.get(name, math.nan)
        if math.isnan(figure):
            failed.append(f"{name}: no such figure any more, its floor is {floor:.4f}")
        elif figure < floor:
            failed.append(f"{name}: {figure:.4f} is below its floor of {floor:.4f}")
    return failed


def pin(
    file: str | os.PathLike[str], figures: Mapping[str, float], inputs: str, *, command: str, allow_lower: bool = False
) -> list[str]:
    """Pin floors at :data:`SLACK` below the figures, rounded down to 4 digits.

    Parameters
    ----------
    file : path
        Written at once; floors that it holds are only raised.
    figures, inputs
        See `check`; figures that are NaN, or no more than the slack, get no floor.
    command : str
        What makes the figures anew.
    allow_lower : bool
        Let a floor fall, or one without a figure go.

    Returns
    -------
    list of str
        The floors that fell, in words.

    Raises
    ------
    TkitError
        Where a floor would fall and must not, or the file is there and is none of floors.
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
        raise TkitError(f"{file}: floors would fall ({'; '.join(lower)}): repair what made them fall, or give --allow-lower")
    _write(path, {"format": FORMAT, "command": command, "inputs": inputs, "slack": SLACK, "floors": floors})
    return lower


def read_floors(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a file of floors.

    Raises
    ------
    TkitError
        Where it is missing, or no file of floors.
    """
    path = Path(file)
    try:
        pinned = json.loads(path.read_text(encoding="utf-8"))
        floors: Mapping[object, object] = pinned["floors"]
        known = pinned["format"] == FORMAT and isinstance(pinned["inputs"], str)
        numbers = all(type(floor) in (int, float) and math.isfinite(floor) for floor in floors.values())  # type: ignore[arg-type]
    except FileNotFoundError:
        raise TkitError(f"{path}: no file of floors: make one with `tkit study --pin {path}`") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TkitError(f"{path}: no file of floors ({error!r:.80}): restore it, or pin another") from error
    if not known or not numbers:
        raise TkitError(f"{path}: floors of another format, or no numbers: restore it, or pin another")
    return dict(pinned)


def _write(path: Path, pinned: Mapping[str, object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error.strerror}): choose another place") from error
    with whole_file(path) as file:
        file.write((json.dumps(pinned, indent=1) + "\n").encode())


def told(failed: Sequence[str]) -> str:
    """Word a closed gate as one message."""
    return f"{len(failed)} figures fell: {'; '.join(failed)}: repair what made them fall, or pin with --allow-lower"
