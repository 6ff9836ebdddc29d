import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.lab.loopback import listening_socket

SCENARIO = """
title = "Two clients"
recipients = 4
[reading]
read_share = 1
[[client]]
name = "{name}"
share = 1
behaviour = "loads-on-open"
"""


def tkit(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tkit", "lab", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "120"})


def test_the_demo_ends_with_both_timelines_and_a_page(tmp_path: Path) -> None:
    page = tmp_path / "demo.html"
    done = tkit("demo", "-o", page)
    assert done.returncode == 0, done.stderr
    for words in ("Without blocking", "With blocking", "false receipt", "missed", "This is a model.", "the sender believes: "):
        assert words in done.stdout
    assert done.stderr.count("live page while it runs: http://127.0.0.1:") == 2
    assert f"page: {page}" in done.stderr
    assert "<h2>With blocking</h2>" in page.read_text("utf-8")


def test_a_scenario_is_run(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO.format(name="plain [b]clients[/b]"))
    done = tkit("run", path, "-o", tmp_path / "run.html")
    assert done.returncode == 0, done.stderr
    assert "plain [b]clients[/b]" in done.stdout
    assert "4 of 4 opened" in done.stdout
    assert (tmp_path / "run.html").exists()


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO.format(name="x"))
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        done = tkit("run", path, "--port", port)
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == f"tkit: 127.0.0.1:{port}: cannot listen there (Address already in use): stop what uses it, or give port 0"
    )


def test_an_interrupt_ends_the_demo_and_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tkit", "lab", "demo", "-o", str(tmp_path / "demo.html")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}) as process:
        line = process.stderr.readline()
        port = int(line.rpartition(":")[2].strip("/\n"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest.strip() == "stopped; nothing of the lab is left running"
    listening_socket(port=port).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lab demo --form moon", "no form 'moon': take one of gif-1x1,"),
        ("lab demo --port 65536", "--port"),
        ("lab run mixed --block --postfix", "leave --block out"),
    ],
)
def test_wrong_arguments(line: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 2
    assert said in done.output
