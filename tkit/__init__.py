"""tkit: find, measure and block e-mail read trackers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tkit.dataset import load_dataset as load_dataset

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # What needs pandas is imported when it is asked for, so that `tkit --help` answers at once.
    if name == "load_dataset":
        from tkit.dataset import load_dataset  # noqa: PLC0415

        return load_dataset
    raise AttributeError(f"module 'tkit' has no attribute {name!r}")
