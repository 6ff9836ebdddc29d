"""Tables for a terminal or a page, and pages of one file that load nothing.

Every text that comes from mail is shown as text: escaped, without characters that control a terminal or change the
writing direction, and never as the target of a link or picture.
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
from tkit.evaluate.percent import percent, percent_interval
from tkit.files import whole_file
from tkit.report.figures import DARK, LIGHT
from tkit.version import __version__


class Grid(NamedTuple):
    """A table before it is drawn. What follows a line end in a cell is shown in small print.

    ``numeric`` is the number of right-aligned columns, the last ones.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: int = 0
    note: str = ""


def drawn(grid: Grid) -> Table:
    """Return a grid as a table for a terminal."""
    table = Table(title=Text(grid.title), caption=Text(grid.note) if grid.note else None, box=box.SIMPLE_HEAD)
    table.title_justify = table.caption_justify = "left"
    first_numeric = len(grid.columns) - grid.numeric
    for number, name in enumerate(grid.columns):
        if number < first_numeric:
            table.add_column(Text(name), overflow="fold")
        else:  # as wide as its figures, so that none is broken where the text columns are long
            width = max(map(len, [*name.split(), *(line for row in grid.rows for line in row[number].split("\n"))]), default=1)
            table.add_column(Text(name), justify="right", width=width)
    for row in grid.rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(cell: str) -> Text:
    main, line_end, small = plain(cell).partition("\n")
    return Text(main).append(line_end + small, "dim")


def grid_html(grid: Grid) -> str:
    """Return a grid as the HTML of a table."""
    first_numeric = len(grid.columns) - grid.numeric
    kinds = ["" if number < first_numeric else ' class="n"' for number in range(len(grid.columns))]

    def cell(text: str, kind: str) -> str:
        main, _, small = escaped(text).partition("\n")
        below = f"<br><small>{_broken(small)}</small>" if small else ""
        return f"<td{kind}>{main}{below}</td>"

    head = "".join(f'<th scope="col"{kind}>{escaped(name)}</th>' for name, kind in zip(grid.columns, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(cell(text, kind) for text, kind in zip(row, kinds, strict=True)) + "</tr>" for row in grid.rows
    )
    note = f'\n<p class="note">{_broken(escaped(grid.note))}</p>' if grid.note else ""
    return (
        f'<div class="table"><table><caption>{escaped(grid.title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>{note}"
    )


def _broken(text: str) -> str:
    """Return HTML text whose line ends are shown."""
    return text.replace("\n", "<br>")


def figure_html(light: str, dark: str, caption: str) -> str:
    """Return a figure, drawn in both themes as SVG text, as HTML with a caption."""
    urls = ["data:image/svg+xml;base64," + b64encode(text.encode()).decode() for text in (light, dark)]
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{urls[1]}">'
        f'<img src="{urls[0]}" alt="{escaped(caption)}"></picture>'
        f"<figcaption>{escaped(caption)}</figcaption></figure>"
    )


def section(title: str, *parts: str) -> str:
    """Return a section with a heading; empty parts are left out."""
    return f"<section><h2>{escaped(title)}</h2>\n" + "\n".join(filter(None, parts)) + "\n</section>"


def paragraph(text: str) -> str:
    """Return a text as a paragraph."""
    return f"<p>{escaped(text)}</p>"


def escaped(text: str) -> str:
    """Return the HTML that shows a text unchanged."""
    return html.escape(plain(text))


def plain(text: str) -> str:
    """Replace every character that is not printable, except line ends, by U+FFFD."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def share_with_interval(row: Mapping[Any, Any], share: str, between: str = "\n") -> str:
    """Return a share and its interval as text.

    They are the columns `share`, and `share` with ``_low`` and ``_high`` or ``low`` and ``high`` alone.
    """
    if pd.isna(row[share]):
        return percent(row[share])
    low, high = (row[f"{share}_{end}" if f"{share}_{end}" in row else end] for end in ("low", "high"))
    return f"{percent(row[share])}{between}{percent_interval(low, high)}"


def cut(text: str, most: int = 96) -> str:
    """Shorten a text of more than `most` characters by leaving out its middle."""
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
td:first-child {{ min-width: 13rem; }}
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
    """Return a whole page, whose policy forbids the browser to load anything."""
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
    """Write files into a folder and return the path of the last one."""
    path = folder
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(text.encode("utf-8"))
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error}): choose another folder") from error
    return path
