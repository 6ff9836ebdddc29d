"""The verbs of the receipts lab: demo and run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from tkit.cli.arguments import Model, Personalised, Vantage, refuse
from tkit.cli.progress import errors, steps
from tkit.cli.reading import bundle_of
from tkit.cli.scrubbing import PersonalisedOption

if TYPE_CHECKING:
    from tkit.lab.clients.base import Browser
    from tkit.lab.play import Lab, Played
    from tkit.lab.results import Run
    from tkit.lab.scenario import Scenario
    from tkit.lab.sender.delivery import Change

lab_app = typer.Typer(
    help="What read tracking learns, how often it is wrong, and what blocking changes; nothing leaves this machine.",
    no_args_is_help=True,
)

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the sender's live page on 127.0.0.1; 0 takes a free one.")]
Block = Annotated[
    bool, typer.Option("--block/--no-block", help="Play it a second time, with the trackers taken out on delivery.")
]

_PAUSE = 0.15  # seconds in which a person sees what has changed
_LONGEST = 15.0  # seconds of pauses in one run


@lab_app.command()
def demo(
    form: Annotated[str, typer.Option(help="How the tracker is written, such as gif-1x1; docs/lab.md lists all.")] = "gif-1x1",
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Page to write.")] = Path("out/lab/demo.html"),
    port: Port = 0,
    personalised: PersonalisedOption = Personalised.KEEP,
    model: Model = None,
    vantage: Vantage = None,
) -> None:
    """Send a mailing to ten simulated recipients, watch three months of receipts in seconds, then the same with blocking.

    Example: `tkit lab demo`
    """
    from dataclasses import replace

    from tkit.lab.scenario import Scenario
    from tkit.lab.sender.forms import FORMS

    if form not in FORMS:
        refuse("--form", f"no form {form!r}: take one of {', '.join(FORMS)}")
    _run(replace(Scenario.read("demo"), form=form), output, port, blocker=_blocker(model, vantage, personalised), live=True)


@lab_app.command("run")
def run_scenario(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO.toml", help="Scenario file, or `demo` or `mixed`.")],
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Page to write.")] = Path("out/lab/run.html"),
    port: Port = 0,
    block: Block = False,
    postfix: Annotated[bool, typer.Option("--postfix", help="Deliver by Debian's Postfix, which needs root.")] = False,
    personalised: PersonalisedOption = Personalised.KEEP,
    model: Model = None,
    vantage: Vantage = None,
) -> None:
    """Play a scenario, and show what the sender believes against what happened.

    Example: `tkit lab run mixed -o out/lab/mixed.html`
    """
    from tkit.lab.scenario import Scenario

    if postfix and block:
        refuse("--postfix", "Postfix delivers mails as they are: leave --block out")
    read = Scenario.read(scenario)
    _run(read, output, port, blocker=_blocker(model, vantage, personalised) if block else None, postfix=postfix)


def _blocker(model: Path | None, vantage: Vantage, personalised: Personalised) -> Change:
    """Return what `tkit scrub` does, for a mail server."""
    from tkit.scrubbing import scrub

    bundle = bundle_of(model, vantage)
    return lambda recipient, raw: scrub(raw, bundle, personalised=personalised.value).raw


def _run(
    scenario: Scenario, output: Path, port: int, *, blocker: Change | None, live: bool = False, postfix: bool = False
) -> None:
    from tkit.lab.play import Lab
    from tkit.lab.results import run_of, write_page
    from tkit.lab.sender.delivery import unchanged

    console = Console(highlight=False)
    ways: list[tuple[str, Change]] = [("Without blocking", unchanged)]
    if blocker:
        ways.append(("With blocking", blocker))
    runs = []
    try:
        with _browser(scenario) as browser:
            for name, change in ways:
                with Lab(scenario, change=change, postfix=postfix, port=port, browser=browser) as lab:
                    runs.append(run_of(name, _play(lab, name, console, live)))
    except KeyboardInterrupt:
        errors.print("stopped; nothing of the lab is left running")
        raise typer.Exit(130) from None
    _show(console, runs)
    errors.print(f"page: {escape(str(write_page(output, runs)))}", soft_wrap=True)


def _play(lab: Lab, name: str, console: Console, live: bool) -> Played:
    scenario = lab.scenario
    errors.print(f"{name}: {scenario.recipients} recipients; live page while it runs: {lab.url}", soft_wrap=True)
    if live and console.is_terminal:
        with Live(console=console, auto_refresh=False, transient=True) as screen:
            return lab.play(_shown(lab, name, screen))
    with steps() as report:
        return lab.play(lambda: report("days", round(lab.days), round(scenario.habits.days)))


@contextmanager
def _browser(scenario: Scenario) -> Iterator[Browser | None]:
    """Yield a Chromium, if the scenario has a client that uses one."""
    if not scenario.needs_browser:
        yield None
        return
    from tkit.lab.clients.eyes import ChromiumEyes
    from tkit.lab.render import ChromiumRenderer

    with ChromiumRenderer() as renderer:
        yield ChromiumEyes(renderer)


def _shown(lab: Lab, name: str, screen: Live) -> Callable[[], None]:
    """Return a function that draws what has happened so far, and waits until it was seen."""
    from tkit.lab.belief.tables import first_opens, timelines_grid
    from tkit.report.draw import drawn

    paused = 0.0

    def draw() -> None:
        nonlocal paused
        lines = lab.recorder.timelines()
        title = f"{name}, day {lab.days:.1f}"
        grid = timelines_grid(lab.people, lab.reads, lines, lab.scenario.habits.days, title)
        screen.update(Group(drawn(grid), Text(f"The sender believes: {first_opens(lines)}")), refresh=True)
        if paused < _LONGEST:
            paused += _PAUSE
            time.sleep(_PAUSE)

    return draw


def _show(console: Console, runs: list[Run]) -> None:
    from tkit.lab.belief import by_client, sensitivity
    from tkit.lab.belief.tables import clients_grid, first_opens, sensitivity_grid
    from tkit.lab.results import FEW, MODEL, figures_of, requests_grid, timelines_of
    from tkit.report.draw import drawn

    small = len(runs[0].rows) <= FEW
    for run in runs:
        if small:
            console.print(drawn(timelines_of(run)))
        console.print(Text(f"{run.name}, the sender believes: {first_opens(run.played.timelines)}"), soft_wrap=True)
    console.print(drawn(figures_of(runs)))
    console.print(drawn(requests_grid(runs)))
    if not small:
        console.print(drawn(clients_grid(by_client(runs[0].rows))))
        console.print(drawn(sensitivity_grid(sensitivity(runs[0].rows))))
    console.print(MODEL)
