"""Measure the receipts lab: what its recorder holds, what a mixed population does to receipts, what blocking changes by form.

    python benchmarks/lab.py

The recorder runs in a process of its own on loopback; 200 clients of this process ask it as fast as they are answered.
Processor seconds do not depend on what else the machine does. The tables are in docs/lab.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tables import ROOT, markdown, run, write_block

from tkit.bundle import default_bundle
from tkit.evaluate import Estimate
from tkit.evaluate.percent import percent_estimate
from tkit.lab.belief import by_client, sensitivity
from tkit.lab.belief.mixtures import LEVEL
from tkit.lab.belief.tables import sensitivity_grid
from tkit.lab.play import Lab
from tkit.lab.results import run_of
from tkit.lab.scenario import Scenario
from tkit.lab.sender import FORMS, EventLog, Mailing
from tkit.lab.sender.load import ask
from tkit.scrubbing import scrub

CLIENTS = 200
RECIPIENTS = 5  # of one form: every copy is written alike


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=50, help="requests of each of the 200 clients (%(default)s)")
    arguments = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [f"{os.cpu_count()} cores, {today}; written by `python benchmarks/lab.py`.", ""]
    lines += [*_population(), "", *_forms(), "", *_load(arguments.each)]
    write_block(ROOT / "docs" / "lab.md", "lab.py", lines)
    print("\n".join(lines))


def _population() -> Iterator[str]:
    with Lab(Scenario.read("mixed")) as lab:
        played = run_of("mixed", lab.play())
    yield f"{len(played.rows)} recipients of `tkit lab run mixed`:"
    yield ""
    rows = []
    for row in played.figures.to_dict("records"):
        estimate = Estimate(row["value"], row["low"], row["high"])
        if row["unit"] == "share":
            text = percent_estimate(estimate)
        else:
            scale, unit = (100, " points") if row["unit"] == "points" else (1, "")
            text = f"{scale * estimate.value:+.1f}{unit} [{scale * estimate.low:+.1f}, {scale * estimate.high:+.1f}]"
        rows.append((f"{row['name']}: {row['about']}", text))
    yield from markdown(("figure", "value"), rows)
    yield ""
    clients = by_client(played.rows)
    yield from markdown(
        ("client", "recipients", "read it", "receipt", "readings", "receipts"),
        [
            tuple(str(row[name]) for name in ("client", "recipients", "read", "receipt", "reads", "receipts"))
            for row in clients.to_dict("records")
        ],
    )
    yield ""
    yield f"Shares of the four most common clients at which a figure is {LEVEL:.0%} or more, the others in their proportions:"
    yield ""
    common = set(played.rows["client"].value_counts().index[:4])
    table = sensitivity(played.rows)
    grid = sensitivity_grid(table[table["client"].isin(common)])
    yield from markdown(grid.columns, grid.rows)


def _forms() -> Iterator[str]:
    bundle = default_bundle()
    yield f"Requests of {RECIPIENTS} plain readers, each opening the mail once, as it came, after `tkit scrub`'s function,"
    yield "and after it with `--personalised drop`:"
    yield ""
    rows = []
    for name, form in FORMS.items():
        counts = []
        table = {
            "recipients": RECIPIENTS,
            "form": name,
            "reading": {"read_share": 1, "again": 0, "spread": 0},
            "client": [{"share": 1, "behaviour": "loads-on-open"}],
        }
        for change in (
            lambda recipient, raw: raw,
            lambda recipient, raw: scrub(raw, bundle).raw,
            lambda recipient, raw: scrub(raw, bundle, personalised="drop").raw,
        ):
            with Lab(Scenario.of(table), change=change) as lab:
                requests = lab.play().requests
            counts += [str(requests.get("open", 0)), str(requests.get("content", 0))]
        rows.append((f"`{name}`: {form.about}", *counts[::2], *counts[1::2]))
    columns = ("as it came", "scrubbed", "personalised dropped")
    yield from markdown(
        ("form", *(f"trackers, {name}" for name in columns), *(f"other pictures, {name}" for name in columns)), rows
    )


def _load(each: int) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "log.sqlite")
        log = EventLog(path)
        urls = []
        for number in range(CLIENTS):
            copy = Mailing().copy(f"reader-{number}@mail.example", 0)
            log.register("m", copy.recipient, copy.addresses, 0)
            urls.append(copy.addresses[0].url)
        log.close()
        code = "import sys; from pathlib import Path; from tkit.lab.sender import serve; serve(Path(sys.argv[1]))"
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            port = int(process.stdout.readline().rpartition(":")[2].strip("/\n"))
            idle, own, start = _processor(process.pid), time.process_time(), time.perf_counter()
            answered = len(ask(port, urls, CLIENTS, each))
            seconds, asking, recording = time.perf_counter() - start, time.process_time() - own, _processor(process.pid) - idle
            process.kill()
        log = EventLog(path)
        stored = len(log.events())
        log.close()
    yield f"{CLIENTS} clients at the same time; the recorder is killed with SIGKILL after the last answer:"
    yield ""
    load = f"{os.getloadavg()[0]:.0f}"
    yield from markdown(
        (
            "answered",
            "in the log",
            "requests per second",
            "processor seconds per 1,000: recorder",
            "clients",
            "load of the machine",
        ),
        [
            (
                f"{answered:,}",
                f"{stored:,}",
                f"{answered / seconds:,.0f}",
                *(f"{1000 * used / answered:.2f}" for used in (recording, asking)),
                load,
            )
        ],
    )


def _processor(pid: int) -> float:
    """Return the processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run(main)
