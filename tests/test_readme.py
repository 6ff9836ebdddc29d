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


def test_the_audit_of_the_sample_mailbox_is_what_is_printed(generate: ModuleType, tmp_path: Path) -> None:
    printed = generate.output_of(generate.BLOCKS["audit"], str(tmp_path))
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"<!-- begin audit -->\n```\n{printed}\n```\n<!-- end audit -->" in readme
