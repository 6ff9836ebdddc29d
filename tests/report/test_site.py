from pathlib import Path

import nbformat
import pytest

from tkit.errors import TkitError
from tkit.report.site import write_site


def notebook(path: Path, executed: bool = True) -> None:
    code = nbformat.v4.new_code_cell("1 + 1", execution_count=1 if executed else None)
    if executed:
        code.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "<2>"}, execution_count=1)]
    cells = [nbformat.v4.new_markdown_cell("# 07 Sums & more\n\nWhat one and one are. The rest."), code]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.mark.filterwarnings("default")  # Jupyter's own
def test_a_page_a_notebook_and_an_index(tmp_path: Path) -> None:
    notebook(tmp_path / "07-sums.ipynb")
    index = write_site(tmp_path, tmp_path / "site")
    text = index.read_text("utf-8")
    assert "<a href='07-sums.html'>07 Sums &amp; more</a>: What one and one are.</li>" in text
    page = (tmp_path / "site" / "07-sums.html").read_text("utf-8")
    assert "&lt;2&gt;" in page
    for html in (text, page):
        assert "default-src 'none'" in html
        assert "<script" not in html
        assert "http://" not in html
        assert "https://" not in html


@pytest.mark.filterwarnings("default")
def test_what_was_not_executed_is_refused(tmp_path: Path) -> None:
    notebook(tmp_path / "07-sums.ipynb", executed=False)
    with pytest.raises(TkitError, match=r"07-sums.ipynb: a cell was not executed: run `make notebooks` first"):
        write_site(tmp_path, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_no_notebook(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="has no notebook"):
        write_site(tmp_path, tmp_path / "site")
