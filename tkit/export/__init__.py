"""One detector in the formats of other blocking tools, each checked in the tool's own engine.

A target is one module or package with a ``TARGET``, listed in :data:`tkit.export.base.TARGETS`.
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
    """Write a bundle's detector for other engines, one folder per target.

    Parameters
    ----------
    bundle : Bundle
    targets : sequence of str
        Names of :data:`tkit.export.base.TARGETS`.
    folder : str or Path
        Created if missing. The folder of each target in it appears only when complete, and replaces an older one.
    dataset : Dataset, optional
        To compare the decisions on; without it they are compared on the replay vectors of the bundle.
    progress : callable, optional
        Called with the name of the step, the number of finished targets and their total.

    Returns
    -------
    list of Loss
        In the order of ``targets``; each is also in its folder, as ``loss.json`` and ``LOSS.md``.

    Raises
    ------
    TkitError
        For an unknown target, a bundle that a target does not support, or a folder that cannot be written.
    """
    folder = Path(folder)
    losses = []
    chosen = [target(name) for name in targets]
    for number, chosen_target in enumerate(chosen):
        if progress:
            progress(f"exporting {chosen_target.name}", number, len(chosen))
        with whole_folder(folder / chosen_target.name) as new:
            chosen_target.write(bundle, new)
            loss = chosen_target.loss(new, bundle, dataset)
            (new / "loss.json").write_text(json.dumps(loss.to_json(), indent=1) + "\n", encoding="utf-8")
            (new / "LOSS.md").write_text(loss.to_markdown(), encoding="utf-8")
        losses.append(loss)
    if progress:
        progress("exporting", len(chosen), len(chosen))
    return losses
