"""An ES module without dependencies that computes the features from a DOM and the score from the model."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.bundle import Bundle
from tkit.export.base import Target, loss_on_rows, program, run
from tkit.export.javascript.data import data_section

MODULES = ("text", "url", "tokens", "style", "css", "document", "features", "hash", "message", "model", "index")
"""The hand-written modules, each after those that it imports."""

_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n|^ */\*\*[\s\S]*?\*/\n", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:const|function) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|class)", re.MULTILINE)


def module_text(bundle: Bundle, means: bool = False) -> str:
    """Return the whole detector as one ES module.

    The modules of this folder follow one another after their data; only ``index.js`` exports.

    Parameters
    ----------
    bundle : Bundle
    means : bool
        Whether ``contributions`` works: how much each feature moved a margin, for reasons. It adds some kilobytes.
    """
    sources = {name: resources.files(__name__).joinpath(f"{name}.js").read_text(encoding="utf-8") for name in MODULES}
    parts = [f"// tkit {bundle.tkit_version}: {bundle.name} of {bundle.date}, which sees the {bundle.vantage}. MIT licence.\n"]
    parts.append("\n// ---- data.js: written by tkit export ----\n" + _EXPORT.sub("", data_section(bundle, means)))
    for name, source in sources.items():
        own = _COMMENT.sub("", _IMPORT.sub("", source)).lstrip("\n")
        parts.append(f"\n// ---- {name}.js ----\n" + (own if name == "index" else _EXPORT.sub("", own)))
    return "".join(parts)


def script_text(bundle: Bundle, means: bool = False) -> str:
    """Return the same as a classic script with one constant, ``tkit``, that has the module's exports.

    It is for places where a module cannot be loaded, such as a browser extension's content scripts.
    """
    text = module_text(bundle, means)
    names = _EXPORTED.findall(text)
    (listed,) = _EXPORT_LIST.findall(text)
    body = _EXPORT.sub("", _EXPORT_LIST.sub("", text))
    return f"const tkit = (() => {{\n{body}\nreturn {{ {', '.join(names)}, {listed.strip()} }};\n}})();\n"


def write_modules(bundle: Bundle, folder: Path) -> None:
    """Write the hand-written modules as they are, with their ``data.js``: to read, to test, to build on."""
    (folder / "data.js").write_text(data_section(bundle, means=True), encoding="utf-8", newline="\n")
    (folder / "package.json").write_text('{"type": "module"}\n', encoding="utf-8")
    for name in MODULES:
        (folder / f"{name}.js").write_bytes(resources.files(__name__).joinpath(f"{name}.js").read_bytes())


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``tkit.js``, its types, a ``package.json`` and a README."""
    (folder / "tkit.js").write_text(module_text(bundle), encoding="utf-8", newline="\n")
    for name in ("tkit.d.ts", "package.json", "README.md"):
        text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("{{vantage}}", bundle.vantage), encoding="utf-8", newline="\n")


def margins(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return the margin of each feature row, computed by the exported module in Node.

    Raises
    ------
    EngineMissingError
        Without Node.
    """
    with TemporaryDirectory() as place:
        script, matrix = Path(place, "margins.mjs"), Path(place, "rows.f32")
        script.write_bytes(resources.files(__name__).joinpath("margins.mjs").read_bytes())
        rows[bundle.features].to_numpy(np.float32).tofile(matrix)
        out = run([node(), script, folder / "tkit.js", matrix])
    return np.frombuffer(out, np.float64).astype(np.int64)


def node() -> str:
    """Return the path of Node.

    Raises
    ------
    EngineMissingError
        Without one.
    """
    return program("node", "nodejs", install="apt-get install nodejs")


def engine() -> str:
    """Name the engine with its version.

    Raises
    ------
    EngineMissingError
        Without Node.
    """
    return f"Node {run([node(), '--version']).decode().strip()}"


def decide(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the verdict of each feature row, computed by the exported module in Node."""
    return np.asarray(margins(folder, bundle, rows) >= bundle.threshold)


TARGET = Target(
    "javascript",
    "an ES module that classifies the references of a DOM",
    write,
    loss_on_rows(
        "javascript",
        "It computes every feature of its vantage point from the DOM; at `message`, the headers must be passed in. On a live "
        "page the DOM is the page's own: what a webmail's sanitizer took out of the mail it cannot see.",
        engine,
        decide,
    ),
)
