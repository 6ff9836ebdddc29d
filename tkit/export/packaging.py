"""What the extensions for browsers and mail clients share: files, the words of reasons, the loss report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from tkit.bundle import Bundle, Verdicts
from tkit.dataset import Dataset
from tkit.export import javascript
from tkit.export.base import Loss, loss_on_rows
from tkit.features.words import MAX_REASONS, SIZE_FEATURES, WORDS

_VERSION = re.compile(r"\d+(?:\.\d+){0,3}")

_COMMON = resources.files("tkit.export") / "common"

COPIED = ("release.js", "view.js", "style.css", "icon-48.png", "icon-128.png")
"""The files of ``common/`` that are copied into every extension."""


def write_extension(package: str, names: Sequence[str], bundle: Bundle, folder: Path) -> None:
    """Write an extension: its own files, the common files, the detector and the wording of its reasons.

    The popup is the same page in all; ``controls.html`` of the extension goes below its lists.

    Parameters
    ----------
    package : str
        The package that contains the extension's own files and ``README.md``.
    names : sequence of str
        Those files; ``{{version}}``, ``{{vantage}}`` and ``{{bundle}}`` in them are filled in.
    bundle : Bundle
    folder : Path
        An empty folder.
    """
    version = _VERSION.match(bundle.tkit_version)
    values = {"version": version[0] if version else "0", "vantage": bundle.vantage, "bundle": bundle.name}
    own = resources.files(package)
    for name in (*names, "README.md"):
        text = own.joinpath(name).read_text(encoding="utf-8")
        for placeholder, value in values.items():
            text = text.replace(f"{{{{{placeholder}}}}}", value)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    for name in COPIED:
        (folder / name).write_bytes((_COMMON / name).read_bytes())
    controls = (own / "controls.html").read_text(encoding="utf-8").strip()
    popup = (_COMMON / "popup.html").read_text(encoding="utf-8").replace("{{controls}}", controls)
    (folder / "popup.html").write_text(popup, encoding="utf-8", newline="\n")
    (folder / "tkit.js").write_text(javascript.script_text(bundle, means=True), encoding="utf-8", newline="\n")
    (folder / "reasons.js").write_text(reasons_script(), encoding="utf-8", newline="\n")


def reasons_script() -> str:
    """Return the script with ``reasonsOf(verdict)``, which words a verdict as :func:`tkit.features.words.reasons` does."""
    phrases = {name: {case: text for case, text in words._asdict().items() if text} for name, words in WORDS.items()}
    data = {"words": phrases, "size": sorted(SIZE_FEATURES), "most": MAX_REASONS}
    script = (_COMMON / "reasons.js").read_text(encoding="utf-8")
    return f"const REASONS = {json.dumps(data, ensure_ascii=False, indent=1)};\n\n{script}"


def loss_of_script(target: str, sees: str) -> Callable[[Path, Bundle, Dataset | None], Loss]:
    """Return the ``loss`` of a target that runs the detector as the classic script ``tkit.js``.

    The script is run in Node, with an export of its functions appended.
    """

    def decide(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> Verdicts:
        script = (folder / "tkit.js").read_text(encoding="utf-8")
        with TemporaryDirectory() as module:
            names = "\nexport const { margin, schema } = tkit;\n"
            Path(module, "tkit.js").write_text(script + names, encoding="utf-8")
            Path(module, "package.json").write_text('{"type": "module"}\n', encoding="utf-8")
            return javascript.decide(Path(module), bundle, rows)

    return loss_on_rows(target, sees, javascript.engine, decide)
