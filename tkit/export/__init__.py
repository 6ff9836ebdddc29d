"""Export: one detector for every blocking tool, each proven in that tool's own engine.

A target is one module with a ``TARGET``, named in :data:`tkit.export.base.TARGETS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.export.base import Loss, target
from tkit.files import whole_folder

__all__ = ["export"]


def export(
    bundle: Bundle,
    targets: Sequence[str],
    folder: str | Path,
    dataset: Dataset | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> list[Loss]:
    """Write a bundle's detector for other engines, a folder a target.

    Parameters
    ----------
    bundle : Bundle
    targets : sequence of str
        Names of :data:`tkit.export.base.TARGETS`.
    folder : str or Path
        Made where it is missing. Each target's folder in it is written at once, in place of an older one.
    dataset : Dataset, optional
        Where the decisions are compared; without it only on the bundle's replay vectors.
    progress : callable, optional
        Called with what is being done, how many targets are done, and of how many.

    Returns
    -------
    list of Loss
        In the order of ``targets``; each also stands in its folder as ``loss.json`` and ``LOSS.md``.

    Raises
    ------
    TkitError
        For an unknown target, a bundle that a target cannot hold, or a folder that cannot be written.
    """
    folder = Path(folder)
    losses = []
    chosen = [target(name) for name in targets]
    for number, one in enumerate(chosen):
        if progress:
            progress(f"exporting {one.name}", number, len(chosen))
        with whole_folder(folder / one.name) as new:
            one.write(bundle, new)
            loss = one.loss(new, bundle, dataset)
            (new / "loss.json").write_text(json.dumps(loss.to_json(), indent=1) + "\n", encoding="utf-8")
            (new / "LOSS.md").write_text(loss.to_markdown(), encoding="utf-8")
        losses.append(loss)
    if progress:
        progress("exporting", len(chosen), len(chosen))
    return losses
