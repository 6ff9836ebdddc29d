"""Grids as tables of a terminal or of a page, and pages of one file that load nothing.

Every text that comes from mail is written as text: escaped, without characters that steer a terminal or turn the
direction of writing, and never as the target of a link or picture.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from tkit.errors import TkitError
from tkit.files import whole_file
from tkit.report.figures import DARK, LIGHT, percent
from tkit.version import __version__


class Grid(NamedTuple):
    """A table before it is drawn. A line end in a cell parts a figure from what is said of it in small.

    ``numeric`` counts the columns at the right that hold figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: int = 0
    note: str = ""


def drawn(grid: Grid) -> Table:
    """Draw a grid for a terminal."""
    table = Table(title=Text(grid.title), caption=Text(grid.note) if grid.note else None, box=box.SIMPLE_HEAD)
    table.title_justify = table.caption_justify = "left"
    first_numeric = len(grid.columns) - grid.numeric
    for number, name in enumerate(grid.columns):
        table.add_column(Text(name), overflow="fold", justify="left" if number < first_numeric else "right")
    for row in grid.rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table


def grid_html(grid: Grid) -> str:
    """Return a grid as the HTML of a table."""
    first_numeric = len(grid.columns) - grid.numeric
    kinds = ["" if number < first_numeric else ' class="n"' for number in range(len(grid.columns))]

    def cell(text: str, kind: str) -> str:
        main, _, small = escaped(text).partition("\n")
        below = f"<br><small>{small}</small>" if small else ""
        return f"<td{kind}>{main}{below}</td>"

    head = "".join(f'<th scope="col"{kind}>{escaped(name)}</th>' for name, kind in zip(grid.columns, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(cell(text, kind) for text, kind in zip(row, kinds, strict=True)) + "</tr>" for row in grid.rows
    )
    note = f'\n<p class="note">{escaped(grid.note)}</p>' if grid.note else ""
    return (
        f'<div class="table"><table><caption>{escaped(grid.title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>{note}"
    )


def figure_html(light: str, dark: str, told: str) -> str:
    """Return two drawings of one figure, SVG texts, as HTML that holds them; `told` is what it shows in words."""
    urls = ["data:image/svg+xml;base64," + b64encode(text.encode()).decode() for text in (light, dark)]
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{urls[1]}">'
        f'<img src="{urls[0]}" alt="{escaped(told)}"></picture>'
        f"<figcaption>{escaped(told)}</figcaption></figure>"
    )


def section(title: str, *parts: str) -> str:
    """Return a section with its heading; empty parts are left out."""
    return f"<section><h2>{escaped(title)}</h2>\n" + "\n".join(filter(None, parts)) + "\n</section>"


def paragraph(text: str) -> str:
    """Return a text as a paragraph."""
    return f"<p>{escaped(text)}</p>"


def escaped(text: str) -> str:
    """Return a text as HTML that shows exactly it."""
    return html.escape(plain(text))


def plain(text: str) -> str:
    """Replace what steers a terminal or turns the direction of writing; line ends part the lines of a cell."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def share_with_interval(row: Mapping[Any, Any], share: str, between: str = "\n") -> str:
    """Write a share and, in per cent too, its interval: the columns `share` with _low and _high, or low and high."""
    if pd.isna(row[share]):
        return percent(row[share])
    low, high = (row[f"{share}_{end}" if f"{share}_{end}" in row else end] for end in ("low", "high"))
    return f"{percent(row[share])}{between}{percent(low).removesuffix(' %')}-{percent(high).removesuffix(' %')}"


def cut(text: str, most: int = 96) -> str:
    """Shorten a text in its middle."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-(most // 3) :]}"


_STYLE = f"""
:root {{ color-scheme: light dark; --paper: {LIGHT.paper}; --ink: {LIGHT.ink}; --faint: {LIGHT.faint}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: {DARK.paper}; --ink: {DARK.ink}; --faint: {DARK.faint}; }}
}}
body {{ margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ line-height: 1.2; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid var(--faint); }}
p {{ max-width: 46rem; }}
figure {{ margin: 1.5rem 0; }}
figure img {{ max-width: 100%; height: auto; }}
figcaption, .note, small, footer {{ font-size: .85rem; opacity: .8; }}
.table {{ overflow-x: auto; margin-top: 1.5rem; }}
table {{ border-collapse: collapse; }}
caption {{ text-align: left; font-weight: 600; padding-bottom: .3rem; }}
th, td {{ padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid var(--faint); min-width: 4rem; }}
th {{ vertical-align: bottom; }}
td:first-child {{ min-width: 9rem; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }}
td.n {{ white-space: nowrap; }}
details {{ padding: .2rem 0; border-bottom: 1px solid var(--faint); }}
summary {{ cursor: pointer; }}
dl {{ margin: .4rem 0 .8rem 1.1rem; font-size: .9rem; }}
dt {{ font-weight: 600; }}
dd {{ margin: 0 0 .4rem 0; overflow-wrap: anywhere; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; padding: .8rem; border: 1px solid var(--faint); }}
"""


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, sections: Iterable[str]) -> str:
    """Return the whole page, which forbids the browser to load anything."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escaped(title)}</h1>
{chr(10).join(sections)}
<footer><p>Made by tkit {escaped(__version__)}. This page loads nothing.</p></footer>
</body>
</html>
"""


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write the files and give the path of the last."""
    path = folder
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(text.encode("utf-8"))
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error}): choose a folder that can be") from error
    return path
