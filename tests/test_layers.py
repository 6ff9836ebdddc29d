"""The order of the packages: each imports only what stands above it, and no private name of another."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from paths import ROOT

LAYERS = (
    *("errors", "version", "arrays", "files", "parallel"),
    *("url", "mail", "html", "corpus", "features", "campaigns", "splits", "labels", "lists", "bundle", "detectors", "evaluate"),
    *("manipulate", "dataset", "verdicts", "compare", "scrubbing", "templates", "report", "study", "export", "annotate"),
    *("lab", "cli"),
)
"""Every module and package of tkit/, ground first; docs/design.md shows them in the same order."""

ROOM = 34
"""How many entries tkit/ may hold before a newcomer no longer sees it at a glance."""


class Import(NamedTuple):
    """One name that a module takes from another: dotted module, name (``""`` for the module itself), line."""

    module: str
    name: str
    line: int


def imports_of(source: str) -> Iterator[Import]:
    """Return what a text imports from tkit, and the private names that it reads of modules imported as such."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "tkit":
                    yield Import(alias.name, "", node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: a relative import"
            if (node.module or "").partition(".")[0] == "tkit":
                for alias in node.names:
                    modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    yield Import(str(node.module), alias.name, node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield Import(modules[node.value.id], node.attr, node.lineno)


def faults(source: str, home: str) -> list[str]:
    """Return what a module of the layer ``home`` imports and may not."""
    found = []
    for module, name, line in imports_of(source):
        layer = (f"{module}.{name}".split("."))[1]
        if layer not in LAYERS:
            found.append(f"line {line}: {module}.{name}: import it from the package that defines it, not from tkit")
        elif LAYERS.index(layer) > LAYERS.index(home):
            found.append(f"line {line}: {home} imports {layer}, which stands on it")
        elif layer != home and re.match("_(?!_)", name):
            found.append(f"line {line}: {module}.{name} is private to {layer}")
    return found


def modules() -> list[Path]:
    return [path for path in sorted((ROOT / "tkit").rglob("*.py")) if path.parent != ROOT / "tkit" or path.stem in LAYERS]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    home = path.relative_to(ROOT / "tkit").parts[0].removesuffix(".py")
    assert faults(path.read_text("utf-8"), home) == []


def test_modules_of_a_package_import_one_another_one_way() -> None:
    sources = {".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text("utf-8") for path in modules()}
    arrows = {
        name: {
            target
            for found in imports_of(text)
            for target in (found.module, f"{found.module}.{found.name}")
            if target in sources and target != name
        }
        for name, text in sources.items()
        if not name.endswith("__init__")
    }
    while leaves := [name for name, targets in arrows.items() if not targets & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert not arrows, f"these import one another in a circle: {', '.join(sorted(arrows))}"


def test_every_entry_has_its_layer() -> None:
    entries = {path.name for path in (ROOT / "tkit").iterdir() if path.name != "__pycache__"}
    packages = {path.name for path in (ROOT / "tkit").iterdir() if (path / "__init__.py").exists()}
    alone = {path.stem for path in (ROOT / "tkit").glob("*.py")} - {"__init__", "__main__"}
    assert packages | alone == set(LAYERS)
    assert len(entries) <= ROOM


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("from tkit.html import references", "line 1: mail imports html, which stands on it"),
        ("def late():\n    from tkit.cli.main import app", "line 2: mail imports cli, which stands on it"),
        ("import tkit.report.draw", "line 1: mail imports report, which stands on it"),
        ("from tkit.url.parsing import _HOST", "line 1: tkit.url.parsing._HOST is private to url"),
        ("from tkit.url import parsing\nparsing._HOST", "line 2: tkit.url.parsing._HOST is private to url"),
        ("from tkit import scan", "line 1: tkit.scan: import it from the package that defines it, not from tkit"),
    ],
)
def test_what_is_refused(source: str, fault: str) -> None:
    assert faults(source, "mail") == [fault]


def test_what_may_stand_in_a_module_of_mail() -> None:
    source = "from tkit.errors import TkitError\nfrom tkit.mail.parts import _leaf\nfrom tkit.url import clean"
    assert faults(source, "mail") == []


def test_the_design_page_shows_the_layers_in_their_order() -> None:
    page = (ROOT / "docs" / "design.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", page.partition("## The house")[2], re.MULTILINE)
    assert tuple(rows) == LAYERS


@pytest.mark.parametrize("module", ["tkit.cli.batch", "tkit.report.writers", "tkit.scrubbing.worker", "tkit.verdicts"])
def test_what_judges_mails_loads_nothing_that_trains_or_draws(module: str) -> None:
    script = f"import sys, {module}; print(*sorted({{'sklearn', 'scipy', 'lightgbm', 'matplotlib'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
