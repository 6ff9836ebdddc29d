"""Tables for the terminal, and pages of one file that load nothing, for studies and audits.

Every text that comes from mail is written as text: escaped, without characters that steer a terminal or turn the
direction of writing, and never as the target of a link or picture.
"""

from __future__ import annotations

import html
import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure
from rich import box
from rich.table import Table
from rich.text import Text

from tkit import __version__
from tkit.audit import Audit
from tkit.errors import TkitError
from tkit.evaluate import Evaluation
from tkit.figures import (
    DARK,
    LABELS,
    LIGHT,
    Theme,
    audit_figure,
    detector_names,
    percent,
    roc_figure,
    score_figure,
    svg,
    tpr_figure,
)
from tkit.scan import reasons
from tkit.schema import FEATURES
from tkit.url import host_of, registrable_domain, unwrap

if TYPE_CHECKING:
    from tkit.bundle import Bundle

MOST_ROWS = {"terminal": 20, "page": 100}
"""How many senders, domains or errors a table shows; the rest is counted below it."""


class _Grid(NamedTuple):
    """A table before it is drawn. A line end in a cell parts a figure from what is said of it in small.

    ``numeric`` counts the columns at the right that hold figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: int = 0
    note: str = ""


def comparison_table(comparison: pd.DataFrame) -> Table:
    """Draw detectors side by side for a terminal of 80 columns.

    Parameters
    ----------
    comparison : DataFrame
        As :func:`tkit.evaluate.comparison` gives it.
    """
    return _drawn(_comparison_grid(comparison, wide=False))


def audit_tables(audit: Audit) -> list[Table]:
    """Draw an audit for a terminal of 80 columns: one table for each of its frames that has rows."""
    return [_drawn(grid) for grid in _audit_grids(audit, MOST_ROWS["terminal"])]


def rows_table(rows: pd.DataFrame) -> Table:
    """Draw verdicts, references or features for a terminal of 80 columns, one row a reference.

    Parameters
    ----------
    rows : DataFrame
        Verdicts as :func:`tkit.scan.scan` yields them; references with ``local``, which tells those that need no
        server; compared campaigns, as :func:`tkit.batch.campaign_rows` gives them; or the feature table, of which the
        features are shown that are given and not 0. All have ``message_sha256``, ``part``, ``index``, ``carrier``, ``url``
        and ``resolved_url``.
    """
    about: Callable[[Mapping[Any, Any]], str]
    if "verdict" in rows:
        title, heading, about = "Verdicts", "verdict, score, because", _verdict
    elif "evidence" in rows:
        title, heading, about = "Campaigns", "evidence, copies", _evidence
    elif "local" in rows:
        title, heading, about = "References", "", lambda row: "local" if row["local"] else ""
    else:
        title, heading, about = "Features", "those that are given and not 0", _given_features
    cells = [
        (
            f"{row['message_sha256'][:8]}\n{row['part']}/{row['index']}",
            f"{_cut(row['resolved_url'] or row['url'])}\n{row['carrier']}",
            about(row),
        )
        for row in rows.to_dict("records")
    ]
    return _drawn(_Grid(title, ("mail", "reference", heading), cells))


def _evidence(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['evidence']}\nmailing {row['campaign']}: in {row['present']} of {row['copies']} copies,"
        f" {row['values']} URLs, {row['recipients']} recipients"
    )


def write_study(
    folder: str | os.PathLike[str],
    comparison: pd.DataFrame,
    evaluations: Sequence[Evaluation],
    facts: Mapping[str, str],
    bundle: Bundle | None = None,
) -> Path:
    """Write the page of a study, ``report.html``, and its figures into ``figures/``.

    Parameters
    ----------
    folder : path
        Made with its parents; files of equal names are replaced. The figures are ``roc.svg``, ``tpr.svg`` and,
        where a detector scores, ``scores.svg``.
    comparison : DataFrame
        :func:`tkit.evaluate.comparison` of `evaluations`.
    evaluations : sequence of Evaluation
        At least one; all of the same rows.
    facts : mapping of str to str
        What the page cannot know of itself, shown as given: ``"command"``, which makes the study anew, and any
        others, such as versions and digests of the data.
    bundle : Bundle, optional
        The detector whose errors are shown, each with the features that weighed most towards the wrong verdict.
        Without it the errors of the best detector are shown, without reasons.

    Returns
    -------
    Path
        Of the page. It names hosts by their registrable domains and shows no URL.

    Raises
    ------
    TkitError
        When `comparison` is not of `evaluations`, `facts` has no command, `bundle` is of none of the detectors, or
        the folder cannot be written.
    """
    pairs = [(evaluation.name, evaluation.vantage) for evaluation in evaluations]
    if not pairs or pairs != list(zip(comparison["name"], comparison["vantage"], strict=True)):
        raise TkitError("the comparison is not of these evaluations: give tkit.evaluate.comparison of them")
    if not facts.get("command", "").strip():
        raise TkitError("facts lack 'command': give the command that makes this study anew")
    if bundle is not None and (bundle.name, bundle.vantage) not in pairs:
        raise TkitError(f"no evaluation of {bundle.name} at {bundle.vantage}: give the bundle of a compared detector")
    best = _best(comparison) if bundle is None else pairs.index((bundle.name, bundle.vantage))
    chosen = evaluations[best]
    drawn: dict[str, tuple[Callable[[Theme], Figure], str]] = {
        "figures/roc.svg": (
            lambda theme: roc_figure(evaluations, theme),
            "Share of trackers found against share of good references called trackers. Rules are points.",
        ),
        "figures/tpr.svg": (
            lambda theme: tpr_figure(comparison, theme),
            "Share of trackers found when at most one good reference in a thousand is called a tracker.",
        ),
    }
    if not chosen.is_rule:
        drawn["figures/scores.svg"] = (
            lambda theme: score_figure(chosen, theme),
            f"Scores of {detector_names(comparison)[best]} by label, on a logarithmic scale of counts.",
        )
    figures = {name: (svg(draw(LIGHT)), svg(draw(DARK)), told) for name, (draw, told) in drawn.items()}
    others = [(key, value) for key, value in facts.items() if key != "command"]
    sections = [
        _section("What was done", _paragraph(_method(evaluations))),
        _section(
            "Data",
            _html(_label_grid(chosen.rows)),
            _html(_Grid("Versions and facts", ("fact", "value"), others)) if others else "",
        ),
        _section("Detectors compared", _html(_comparison_grid(comparison, wide=True))),
        _section("Figures", *(_figure(*figure) for figure in figures.values())),
        _section("Errors", _html(_error_grid(chosen, detector_names(comparison)[best], bundle))),
        _section("How to reproduce", f"<pre>{_escaped(facts['command'])}</pre>"),
    ]
    page = _page("How well detectors find e-mail read trackers", sections)
    return _write(Path(folder), {name: light for name, (light, _, _) in figures.items()} | {"report.html": page})


def write_audit(folder_or_file: str | os.PathLike[str], audit: Audit) -> Path:
    """Write the page of an audit.

    Parameters
    ----------
    folder_or_file : path
        A file where it ends in ``.html``; else a folder, made with its parents, for ``report.html``.
    audit : Audit
        See :func:`tkit.audit.audit`.

    Returns
    -------
    Path
        Of the page. It names senders and hosts by their registrable domains and shows no address and no URL.

    Raises
    ------
    TkitError
        Where it cannot be written.
    """
    path = Path(folder_or_file)
    folder, name = (path.parent, path.name) if path.suffix == ".html" else (path, "report.html")
    grids = _audit_grids(audit, MOST_ROWS["page"])
    totals = {row["what"]: row for row in audit.totals.to_dict("records")}
    tracked = totals["with trackers"]
    share = _interval(tracked, "share", ", 95 % interval ")
    lead = (
        f"{tracked['count']:,} of {totals['mails']['count']:,} mails ({share}) tell a server when they are opened, unless"
        " remote pictures are blocked."
    )
    method = (
        f"The detector {audit.detector} judged every remote reference at the vantage point {audit.vantage} and calls a"
        f" tracker what scores at least {audit.threshold:.4g}. Shares have 95 % Wilson intervals. A copy of a"
        " mail counts as a mail of its own. Nothing of any mail was loaded, for the audit or by this page."
    )
    told = (
        "Above: share of mails with a tracker. Below: number of mails. The first and last 1 % of the mails are not"
        " drawn, because wrong dates would set the scale."
    )
    figure = _figure(svg(audit_figure(audit, LIGHT)), svg(audit_figure(audit, DARK)), told)
    sections = [
        _section("In short", _paragraph(lead), _html(grids[0])),
        _section("Over time", figure),
        _section("In detail", *(_html(grid) for grid in grids[1:])),
        _section("How it was found", _paragraph(method)),
    ]
    return _write(folder, {name: _page("Who tracks this mailbox", sections)})


# -- what the tables say ------------------------------------------------------------------------------------


def _comparison_grid(comparison: pd.DataFrame, wide: bool) -> _Grid:
    rates = {
        "trackers found": "tpr",
        "false alarms": "fpr",
        "found at 0.1 % false alarms": "tpr_at_fpr_0.001",
        "mails with a false alarm": "mail_false_alarms",
    }
    if wide:
        rates["found at 1 % false alarms"] = "tpr_at_fpr_0.01"
    rows = []
    for row in comparison.to_dict("records"):
        kind = ", ".join(filter(None, (row["vantage"], "rule" if row["is_rule"] else "")))
        cells = [f"{row['name']}\n{kind}", *(_interval(row, rate) for rate in rates.values())]
        if wide:
            cells.append(f"{row['personalised_called']:,} of {row['personalised']:,}")
        rows.append(tuple(cells))
    columns = ("detector", *rates, *(("personalised pictures called",) if wide else ()))
    note = "Below each share its 95 % interval. A dash: the rule cannot be tuned to so few false alarms."
    return _Grid("Detectors", columns, rows, len(columns) - 1, note)


def _audit_grids(audit: Audit, most: int) -> list[_Grid]:
    """Give the totals, then every other frame that has rows."""
    totals = [
        (
            row["what"],
            row["of"],
            f"{row['count']:,}",
            _interval(row, "share") if row["of"] else "",
        )
        for row in audit.totals.to_dict("records")
    ]
    grids = [
        _Grid("Mailbox", ("", "of", "number", "share"), totals, 2),
        _counted("Senders", audit.senders, ["sender", "provider", "mails", "tracked", "share", "trackers"], most),
        _counted("Providers", audit.providers, ["provider", "trackers", "mails", "senders"], most),
        _counted(f"Over time, by {audit.period}", audit.over_time, ["period", "mails", "tracked", "share"], most * 5),
        _counted("How the trackers are written", audit.carriers, ["carrier", "trackers", "share"], most),
        _counted("How big the trackers are declared", audit.sizes, ["size", "trackers", "share"], most),
        _counted("Who is told the recipient's address", audit.addresses, ["domain", "mails", "senders"], most),
    ]
    return [grid for grid in grids if grid.rows]


_NOTHING = {"sender": "(no sender)", "provider": "(unknown)", "domain": "(no host)"}
_TEXTS = ("sender", "provider", "period", "carrier", "size", "domain")


def _counted(title: str, frame: pd.DataFrame, columns: list[str], most: int) -> _Grid:
    def cell(row: Mapping[Any, Any], column: str) -> str:
        if column in _TEXTS:
            return str(row[column]) or ("" if column != columns[0] else _NOTHING[column])
        if column == "share":
            return _interval(row, column) if "low" in row else percent(row[column])
        return f"{row[column]:,}"

    rows = [tuple(cell(row, column) for column in columns) for row in frame.head(most).to_dict("records")]
    numeric = len([column for column in columns if column not in _TEXTS])
    left = len(frame) - len(rows)
    return _Grid(title, tuple(columns), rows, numeric, f"and {left:,} more" if left else "")


def _label_grid(rows: pd.DataFrame) -> _Grid:
    corpus = rows["corpus"].astype(str) if "corpus" in rows else pd.Series("all", index=rows.index)
    counts = pd.crosstab(corpus, rows["label"]).reindex(columns=list(LABELS), fill_value=0)
    counts["all"] = counts.sum(axis=1)
    if len(counts) > 1:
        counts.loc["all"] = counts.sum()
    cells = [(str(name), *(f"{count:,}" for count in row)) for name, row in zip(counts.index, counts.to_numpy(), strict=True)]
    columns = ("corpus", *LABELS.values(), "all")
    return _Grid("References by label", columns, cells, len(columns) - 1)


def _error_grid(evaluation: Evaluation, name: str, bundle: Bundle | None) -> _Grid:
    errors = evaluation.errors()
    shown = errors.head(MOST_ROWS["page"])
    cells: list[tuple[str, ...]] = [
        (
            f"{row['error']}\n{LABELS[row['label']]}",
            f"{_domain(row)}\n{row.get('carrier', '')}",
            f"{row['message_sha256'][:12]}\n{row['part']}/{row['index']}",
            f"{percent(row['score'])}\n{percent(row['threshold'])}",
        )
        for row in shown.to_dict("records")
    ]
    columns: tuple[str, ...] = ("error", "host's domain", "mail, part/index", "score, threshold")
    note = f"{len(errors):,} references judged wrongly, the farthest from the threshold first."
    if bundle is not None:
        towards = (shown["error"] == "false alarm").to_numpy()
        why = reasons(shown, bundle.contributions(shown), towards)
        cells = [(*cell[:2], "; ".join(phrases), *cell[2:]) for cell, phrases in zip(cells, why, strict=True)]
        columns = (*columns[:2], "because", *columns[2:])
        note += " The reasons are of the exported detector, which has since seen these references."
    return _Grid(f"Errors of {name}", columns, cells, 1, note)


def _verdict(row: Mapping[Any, Any]) -> str:
    first = " ".join(filter(None, (row["verdict"], percent(row["score"]), row["provider"])))
    return f"{first}\n{'; '.join(row['reasons'])}"


def _given_features(row: Mapping[Any, Any]) -> str:
    given = (feature.name for feature in FEATURES if row[feature.name] not in (0, feature.absent))
    return ", ".join(f"{name} {row[name]:g}" for name in given)


def _domain(row: Mapping[Any, Any]) -> str:
    """Name the host's registrable domain, which the dataset holds instead of a URL."""
    if "host_domain" in row:
        return str(row["host_domain"])
    return registrable_domain(host_of(unwrap(row["resolved_url"]))) if "resolved_url" in row else ""


def _best(comparison: pd.DataFrame) -> int:
    """Choose the detector to look at closely: among those that score, who finds most at 0.1 % false alarms."""
    gain = (comparison["tpr"] - comparison["fpr"]).to_numpy()
    if comparison["is_rule"].all():
        return int(gain.argmax())
    scored = comparison["tpr_at_fpr_0.001"].where(~comparison["is_rule"].astype(bool))
    return int(scored.fillna(-1.0).to_numpy().argmax())


def _method(evaluations: Sequence[Evaluation]) -> str:
    one = evaluations[0]
    rates = one.rates()
    several = f"{len(evaluations)} detectors" if len(evaluations) > 1 else "One detector"
    return (
        f"{several} judged the same {len(one.rows):,} labelled remote references of"
        f" {one.rows['message_sha256'].nunique():,} mails. The rates are of those whose label is sure:"
        f" {rates.trackers:,} open trackers and {rates.negatives:,} content pictures and spacers. Personalised pictures,"
        " undecided references and unsure labels are counted beside them. Scores are out of fold. The intervals are 95 %"
        f" percentile intervals of {one.resamples:,} cluster bootstrap resamples (seed {one.seed}) that draw whole"
        f" groups of equal {one.cluster}, because copies of one mailing are no independent observations."
    )


def _interval(row: Mapping[Any, Any], share: str, between: str = "\n") -> str:
    """Write a share and, in per cent too, its interval: the columns `share` with _low and _high, or low and high."""
    if pd.isna(row[share]):
        return percent(row[share])
    low, high = (row[f"{share}_{end}" if f"{share}_{end}" in row else end] for end in ("low", "high"))
    return f"{percent(row[share])}{between}{percent(low).removesuffix(' %')}-{percent(high).removesuffix(' %')}"


def _cut(text: str, most: int = 96) -> str:
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-(most // 3) :]}"


# -- how they are drawn -------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Replace what steers a terminal or turns the direction of writing; line ends part the lines of a cell."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def _drawn(grid: _Grid) -> Table:
    table = Table(title=Text(grid.title), caption=Text(grid.note) if grid.note else None, box=box.SIMPLE_HEAD)
    table.title_justify = table.caption_justify = "left"
    first_numeric = len(grid.columns) - grid.numeric
    for number, name in enumerate(grid.columns):
        table.add_column(Text(name), overflow="fold", justify="left" if number < first_numeric else "right")
    for row in grid.rows:
        table.add_row(*(Text(_plain(cell)) for cell in row))
    return table


def _escaped(text: str) -> str:
    return html.escape(_plain(text))


def _paragraph(text: str) -> str:
    return f"<p>{_escaped(text)}</p>"


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{_escaped(title)}</h2>\n" + "\n".join(filter(None, parts)) + "\n</section>"


def _html(grid: _Grid) -> str:
    first_numeric = len(grid.columns) - grid.numeric
    kinds = ["" if number < first_numeric else ' class="n"' for number in range(len(grid.columns))]

    def cell(text: str, kind: str) -> str:
        main, _, small = _escaped(text).partition("\n")
        below = f"<br><small>{small}</small>" if small else ""
        return f"<td{kind}>{main}{below}</td>"

    head = "".join(f'<th scope="col"{kind}>{_escaped(name)}</th>' for name, kind in zip(grid.columns, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(cell(text, kind) for text, kind in zip(row, kinds, strict=True)) + "</tr>" for row in grid.rows
    )
    note = f'\n<p class="note">{_escaped(grid.note)}</p>' if grid.note else ""
    return (
        f'<div class="table"><table><caption>{_escaped(grid.title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>{note}"
    )


def _figure(light: str, dark: str, told: str) -> str:
    urls = ["data:image/svg+xml;base64," + b64encode(text.encode()).decode() for text in (light, dark)]
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{urls[1]}">'
        f'<img src="{urls[0]}" alt="{_escaped(told)}"></picture>'
        f"<figcaption>{_escaped(told)}</figcaption></figure>"
    )


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
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; padding: .8rem; border: 1px solid var(--faint); }}
"""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def _page(title: str, sections: Iterable[str]) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_escaped(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{_escaped(title)}</h1>
{chr(10).join(sections)}
<footer><p>Made by tkit {_escaped(__version__)}. This page loads nothing.</p></footer>
</body>
</html>
"""


def _write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write the files and give the path of the last."""
    path = folder
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error}): choose a folder that can be") from error
    return path
