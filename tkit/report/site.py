"""The executed notebooks as a static site that loads nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tkit.errors import TkitError
from tkit.report.draw import escaped, page, section, write

# The page has its own title, outputs wider than the page scroll, and readers need no prompts.
_STYLE = """<style>
h1 ~ * h1, .jp-InputPrompt, .jp-OutputPrompt, .prompt { display: none }
.jp-OutputArea-output, .output_area, .highlight { overflow-x: auto; margin: .6rem 0 }
pre { white-space: pre-wrap; font-size: .85rem; margin: .2rem 0 }
.highlight pre, .jp-InputArea pre { padding: .5rem .7rem; border-left: 3px solid #8886; background: #8881 }
table { font-size: .85rem }
</style>"""
_WORD = re.compile(r"[^a-z0-9]+")


def write_site(notebooks: Path, folder: Path) -> Path:
    """Write one page per executed notebook, and an index.

    Parameters
    ----------
    notebooks : Path
        Folder of ``.ipynb`` files.
    folder : Path
        Folder to write the pages to.

    Returns
    -------
    Path
        Of the index page.

    Raises
    ------
    TkitError
        If there is no notebook, or one was not executed.
    """
    import nbformat  # noqa: PLC0415  of the extra "notebooks"
    from nbconvert import HTMLExporter  # noqa: PLC0415

    exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
    pages: dict[str, str] = {}
    entries = []
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if any(cell.execution_count is None for cell in code):
            raise TkitError(f"{path}: a cell was not executed: run `make notebooks` first")
        title, summary = _head(notebook.cells[0].source, path.stem)
        name = f"{path.stem}.html"
        body, _ = exporter.from_notebook_node(notebook)
        pages[name] = page(title, ["<p><a href='index.html'>All notebooks</a></p>", _STYLE, body])
        entries.append(f"<li><a href='{escaped(name)}'>{escaped(title)}</a>: {escaped(summary)}</li>")
    if not pages:
        raise TkitError(f"{notebooks}: has no notebook: give the folder of the .ipynb files")
    pages["index.html"] = page("tkit: notebooks", [section("Notebooks", f"<ol>{''.join(entries)}</ol>")])
    write(folder, pages)
    return folder / "index.html"


def _head(text: str, name: str) -> tuple[str, str]:
    """Return a notebook's title and its first sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    title = lines[0].lstrip("# ") if lines else _WORD.sub(" ", name)
    sentence = re.match(r"[^.?]*[.?]", lines[1]) if len(lines) > 1 else None
    return title, sentence[0] if sentence else ""
