"""The files of a bundle, written: their text, and a folder replaced at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tkit.bundle.integers import link_scores
from tkit.bundle.reading import FORMAT, MAX_BYTES, described
from tkit.errors import TkitError
from tkit.schema import FEATURE_VERSION

if TYPE_CHECKING:
    from tkit.bundle.bundle import Bundle


def texts(bundle: Bundle) -> dict[str, str]:
    """Give the text of each file of the folder."""
    margins = bundle.model.margins(bundle.replay)
    vectors = zip(bundle.replay.tolist(), margins.tolist(), link_scores(margins, bundle.model.link).tolist(), strict=True)
    schema = {
        "format": FORMAT,
        "feature_version": FEATURE_VERSION,
        "tkit_version": bundle.tkit_version,
        "name": bundle.name,
        "vantage": bundle.vantage,
        "features": described(bundle.features),
        "threshold": {
            "margin": bundle.threshold,
            "score": bundle.threshold_score,
            "chosen": bundle.threshold_chosen,
        },
        "training_sha256": bundle.training_sha256,
        "seed": bundle.seed,
        "date": bundle.date,
    }
    lines = [
        _dumps(
            {
                "features": dict(zip(bundle.features, row, strict=True)),
                "margin": margin,
                "score": score,
                "verdict": margin >= bundle.threshold,
            }
        )
        for row, margin, score in vectors
    ]
    return {
        # A tree a line keeps differences between two models readable.
        "model.json": _dumps(bundle.model.to_json()).replace("},{", "},\n{") + "\n",
        "schema.json": json.dumps(schema, indent=1, allow_nan=False) + "\n",
        "vectors.jsonl": "\n".join(lines) + "\n",
        "CARD.md": bundle.card,
    }


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def write_folder(folder: Path, files: Mapping[str, str], check: Callable[[Path], object]) -> None:
    """Write the files of a bundle, at once; see :meth:`tkit.bundle.Bundle.save`.

    Parameters
    ----------
    folder : Path
    files : mapping of str to str
        Text of each file.
    check : callable
        Reads the new folder before it takes its place; raises where it is no bundle.
    """
    try:
        if folder.exists() and not {entry.name for entry in folder.iterdir()} <= set(MAX_BYTES):
            raise TkitError(f"{folder}: holds other files than a bundle's: choose another folder or empty it")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            new.mkdir()
            for name, text in files.items():
                (new / name).write_text(text, encoding="utf-8", newline="\n")
            check(new)
            if folder.exists():
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as error:
        raise TkitError(f"{folder}: cannot write the bundle ({error}): choose a folder that can be written") from error
