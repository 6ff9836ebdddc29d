"""Each notebook runs from a fresh kernel."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from paths import ROOT

PUBLISHED = "folds = 10"  # fewer in a test: the code is the same, the figures are not compared
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
@pytest.mark.filterwarnings("default")  # Jupyter's own
def test_runs_from_a_fresh_kernel(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            assert PUBLISHED in cell.source
            cell.source = cell.source.replace(PUBLISHED, "folds = 3")
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
