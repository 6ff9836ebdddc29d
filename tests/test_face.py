"""What ``import tkit`` offers: the public names, wherever they are defined, and nothing slow."""

import subprocess
import sys
from pkgutil import iter_modules

import pytest
from paths import ROOT

import tkit

NAMES = {
    "Bundle",
    "Evaluation",
    "Labeller",
    "Message",
    "audit",
    "default_bundle",
    "extract",
    "load_dataset",
    "references",
    "scan",
    "scrub",
}
IMPORT_ALL = f"from tkit import {', '.join(sorted(NAMES))}"
MODULES = ["tkit.verdicts.mails", *sorted(f"tkit.{module.name}" for module in iter_modules(tkit.__path__) if module.ispkg)]


def run(*lines: str) -> str:
    """Run lines of Python in a fresh interpreter and return what they print."""
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_names_are_listed() -> None:
    assert set(dir(tkit)) == set(tkit.__all__) == NAMES | {"__version__"}


@pytest.mark.parametrize("modules", [[], MODULES, MODULES[::-1]], ids=["none", "ascending", "descending"])
def test_a_name_means_the_same_after_any_import(modules: list[str]) -> None:
    names = [*map("import {}".format, modules), IMPORT_ALL, f"for name in {sorted(NAMES)}: print(name, eval(name).__name__)"]
    attributes = ["import tkit", f"for name in {sorted(NAMES)}: print(name, getattr(tkit, name).__name__)"]
    assert run(*names, *attributes).splitlines() == 2 * [f"{name} {name}" for name in sorted(NAMES)]


def test_import_is_lazy() -> None:
    assert run("import sys, tkit", "print({'numpy', 'pandas'} & set(sys.modules))") == "set()"


def test_the_version_of_the_module_run_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "tkit", "--version"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert tkit.__version__ in done.stdout


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'tkit' has no attribute 'nonsense'"):
        _ = tkit.nonsense
    assert not hasattr(tkit, "_PRIVATE")
