import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tkit.cli.main import app
from tkit.errors import TkitError
from tkit.lab.loopback import listening_socket

SCENARIO = """
title = "Two clients"
recipients = 4
[reading]
read_share = 1
[[client]]
name = "plain [b]clients[/b]"
share = 1
behaviour = "loads-on-open"
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "120")
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO)
    return path


def test_the_demo_ends_with_both_timelines_and_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    page = tmp_path / "demo.html"
    done = CliRunner().invoke(app, ["lab", "demo", "-o", str(page)])
    assert done.exit_code == 0
    for words in ("Without blocking", "With blocking", "false receipt", "missed", "This is a model.", "the sender believes: "):
        assert words in done.stdout
    assert "<h2>With blocking</h2>" in page.read_text("utf-8")


def test_a_scenario_is_run(scenario: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["lab", "run", str(scenario), "-o", str(tmp_path / "run.html")])
    assert done.exit_code == 0
    assert "plain [b]clients[/b]" in done.stdout
    assert "4 of 4 opened" in done.stdout
    assert (tmp_path / "run.html").exists()


def test_a_taken_port_is_named(scenario: Path) -> None:
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["lab", "run", str(scenario), "--port", str(port)])
    assert isinstance(done.exception, TkitError)
    assert str(done.exception).startswith(f"127.0.0.1:{port}: cannot listen there (Address already in use): stop what uses it")


def test_what_is_not_installed_is_named() -> None:
    code = "import sys; sys.modules['aiosmtpd'] = None; sys.argv = ['tkit', 'lab', 'demo']; from tkit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "tkit: tkit.lab.sender needs aiosmtpd: pip install 'tkit[lab]'\n")


def test_an_interrupt_ends_the_demo_and_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tkit", "lab", "demo", "-o", str(tmp_path / "demo.html")]
    started = {
        "env": os.environ | {"TMPDIR": str(tmp_path)},
        "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    }
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **started) as process:  # a shell's & ignores the signal
        line = process.stderr.readline()
        port = int(line.rpartition(":")[2].strip("/\n"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    # rich may write a line again if the signal came while it was writing it.
    assert rest.splitlines()[-1] == "stopped; nothing of the lab is left running"
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
