"""The verbs of ``tkit templates``: list and build the templates that filter lists are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import MAX_SEED, refuse
from tkit.cli.progress import steps

templates_app = typer.Typer(help="Templates: pieces of tracker URLs that filter lists are made of.", no_args_is_help=True)


@templates_app.command("list")
def list_(
    file: Annotated[Path | None, typer.Argument(help="File of templates; default: those that come with tkit.")] = None,
    format: Annotated[str, typer.Option("--format", help="table, jsonl or csv.")] = "table",
) -> None:
    """List the templates with the evidence for and against each.

    Example: `tkit templates list --format jsonl`
    """
    from dataclasses import asdict

    import pandas as pd

    from tkit.evaluate.percent import percent
    from tkit.report.writers import open_writer
    from tkit.templates import load_templates
    from tkit.templates.template import FEW

    if format not in ("table", "jsonl", "csv"):
        refuse("--format", "give table, jsonl or csv")
    templates = load_templates(file)
    if format == "table":
        names = ("trackers", "domains", "senders")
        rows = [
            {"template": template.pattern, "of": template.service or template.origin}
            | {name: f"{getattr(template, name):,}" for name in names}
            | {
                "good": f"{template.negatives + template.weak_negatives:,}",
                "error": "" if template.error is None else percent(template.error, 1),
                "at most": "" if template.error_high is None else percent(template.error_high, 0),
                "evidence": "none" if not template.trackers else "little" if template.domains < FEW else "",
            }
            for template in templates
        ]
        table = pd.DataFrame(rows)
    else:
        table = pd.DataFrame([asdict(template) for template in templates])
    with open_writer(format, None) as writer:
        writer.write(table)


@templates_app.command()
def build(
    shared: Annotated[Path, typer.Option(help="Folder with corpora/.")] = Path("../shared"),
    dataset: Annotated[Path, typer.Option(help="Dataset folder, for the labels.")] = Path("data/dataset"),
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("tkit/templates/trackers.json"),
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the folds that choose the minimum evidence.")] = 0,
) -> None:
    """Learn templates from the mails of the corpora and the labels of the dataset, and measure the known ones on them.

    Also writes matched.txt beside the file: the labelled references that the templates match.

    Example: `tkit templates build --shared ../shared -o tkit/templates/trackers.json`
    """
    from tkit.dataset import read
    from tkit.files import whole_file
    from tkit.templates.building import build_templates, matched_keys
    from tkit.templates.material import labelled_urls
    from tkit.templates.template import MATCHED

    published = read(dataset)
    with steps() as report:
        rows = labelled_urls(shared, published, report)
    templates = build_templates(rows, published.digest(), seed)
    templates.write(output)
    with whole_file(output.parent / MATCHED) as stream:
        stream.write("".join(f"{key}\n" for key in matched_keys(rows, templates)).encode("ascii"))
    learnt = sum(template.origin == "learnt" for template in templates)
    Console(highlight=False).print(
        f"{escape(str(output))}: {len(templates)} templates, {learnt} of them learnt", soft_wrap=True
    )
