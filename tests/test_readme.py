"""The README shows what tkit prints."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from paths import ROOT


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The module docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_scan_is_what_is_printed(generate: ModuleType, tmp_path: Path) -> None:
    printed = generate.output_of(generate.BLOCKS["scan"], str(tmp_path))
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"<!-- begin scan -->\n```\n{printed}\n```\n<!-- end scan -->" in readme


def test_the_table_of_accuracy_is_that_of_the_peers(generate: ModuleType) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"<!-- begin accuracy -->\n{generate.accuracy_table()}\n<!-- end accuracy -->" in readme
    assert len(readme.splitlines()) <= 150
