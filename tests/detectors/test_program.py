"""Tests of tkit.detectors.program: real child processes, good ones and bad ones."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from paths import ROOT

from tkit.detectors.facts import FACTS, with_facts
from tkit.detectors.program import ProgramDetector
from tkit.errors import TkitError
from tkit.mail import Message


def rows_of(count: int, padding: int = 0) -> pd.DataFrame:
    html = "".join(f"<img src=http://t.example/{n} alt={'x' * padding}>" for n in range(count))
    raw = f"From: a@b.example\nContent-Type: text/html\n\n{html}".encode()
    return pd.concat(with_facts([Message.from_bytes(raw)]), ignore_index=True)


@pytest.fixture
def program(tmp_path: Path):
    def make(body: str, timeout: float = 20.0) -> ProgramDetector:
        path = tmp_path / "blocker"
        path.write_text(f"#!{sys.executable}\nimport json, sys, time, os\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return ProgramDetector((str(path),), "mine", timeout)

    return make


def test_scores_and_verdicts_in_the_order_of_the_references(program) -> None:
    body = """
for line in sys.stdin:
    seen = json.loads(line)
    number = int(seen["url"].rpartition("/")[2])
    print(json.dumps([{"score": 0.25}, {"tracker": True}, {"tracker": False, "score": 1, "id": 2, "why": []}][number]))
"""
    assert program(body).scores(rows_of(3)).tolist() == [0.25, 1.0, 0.0]


def test_the_documented_example_works(program) -> None:
    text = (ROOT / "docs" / "detectors.md").read_text("utf-8")
    body = text.split("#!/usr/bin/env python3\n")[1].split("```")[0]
    html = b"<img src=http://a.example/open><img src=http://a.example/b><img src=http://a.example/c width=1 height=1>"
    raw = b"Content-Type: text/html\n\n" + html
    rows = pd.concat(with_facts([Message.from_bytes(raw)]), ignore_index=True)
    assert program(body).scores(rows).tolist() == [1.0, 0.0, 1.0]
    assert all(f"`{name}`" in text for name in FACTS)


def test_it_is_given_every_fact(program) -> None:
    body = """
wanted = {"id": 0, "part": 0, "index": 0, "carrier": "img-src", "url": "http://t.example/0", "resolved_url":
    "http://t.example/0", "original_url": "http://t.example/0", "element": "img", "from_domain": "b.example",
    "written_attributes": {"src": "http://t.example/0", "alt": ""}, "tag": '<img src="http://t.example/0" alt="">'}
seen = json.loads(sys.stdin.readline())
assert len(seen.pop("message_sha256")) == 64
print(json.dumps({"tracker": seen == wanted}))
"""
    assert program(body).scores(rows_of(1)).tolist() == [1.0]


@pytest.mark.parametrize("late", [True, False], ids=["at the end", "at once"])
def test_more_than_the_pipes_hold_locks_up_neither_side(program, late: bool) -> None:
    # 3,000 references of 500 bytes in, 3,000 verdicts of 300 bytes out: each over the 64 KiB of a pipe.
    lines = "sys.stdin.readlines()" if late else "sys.stdin"
    body = f'for line in {lines}: print(json.dumps({{"score": 0.5, "why": "y" * 300}}), flush={not late})'
    scores = program(body).scores(rows_of(3000, 200))
    assert scores.shape == (3000,)
    assert set(scores) == {0.5}


def test_nothing_is_started_for_no_reference(program) -> None:
    assert program("sys.exit(1)").scores(rows_of(1).iloc[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print('hello')", r"mine: line 1 of its output is not JSON: 'hello.*nothing else to standard output"),
        ("print('{}')", "line 1 of its output contains no verdict"),
        ("print('[]')", "line 1 of its output is not an object"),
        ("print('{\"score\": 1.5}')", "contains no verdict"),
        ("print('{\"score\": NaN}')", "contains no verdict"),
        ("print('{\"score\": true}')", "contains no verdict"),
        ("print('{\"tracker\": 1}')", "contains no verdict"),
        ("print('{\"score\": 0}\\n\\n')", "line 2 of its output is not JSON"),
        ('print(\'{"score": 0, "id": 7}\')', "line 1 of its output is about id 7, not 0"),
        ("print('[' * 100000)", "line 1 of its output is longer than 65536 bytes"),
        ("print('[' * 60000)", "line 1 of its output is not JSON"),
        ("sys.stdout.buffer.write(bytes(range(128, 256)))", "line 1 of its output is not JSON"),
        ("print('{\"score\": 0}')", "ended with exit code 0 after 1 of 2 verdicts"),
        ("sys.exit(4)", "ended with exit code 4 after 0 of 2 verdicts"),
        ("sys.stderr.write('no model\\n'); sys.exit(4)", "after 0 of 2 verdicts; its last words: 'no model'"),
        ("print('{\"score\": 0}\\n' * 2, end=''); sys.exit(1)", "ended with exit code 1 after 2 of 2 verdicts"),
        ("print('{\"score\": 0}\\n' * 3, end='')", "more than 2 verdicts"),
        ("os.kill(os.getpid(), 9)", "ended with exit code -9 after 0 of 2"),
    ],
)
def test_what_a_bad_program_does_is_said(program, body: str, reason: str) -> None:
    with pytest.raises(TkitError, match=reason):
        program(body).scores(rows_of(2))


def test_an_endless_line_or_output_ends_the_program(program) -> None:
    with pytest.raises(TkitError, match="longer than 65536 bytes"):
        program("while True: sys.stdout.write('x' * 4096)").scores(rows_of(1))
    with pytest.raises(TkitError, match="more than 1 verdicts"):
        program("while True: print('{\"score\": 0}')").scores(rows_of(1))


def test_a_program_that_hangs_is_ended_with_what_it_started(program, tmp_path: Path) -> None:
    body = f"""
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
time.sleep(600)
"""
    with pytest.raises(TkitError, match=r"nothing in or out for 1 s: it hangs, or needs a longer time limit"):
        program(body, timeout=1.0).scores(rows_of(1))
    if Path("/proc/self/stat").exists():
        state = Path("/proc") / (tmp_path / "child").read_text() / "stat"
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_an_interrupt_ends_the_program(tmp_path: Path, program) -> None:
    detector = program(f"open({str(tmp_path / 'started')!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    script = f"""
import os, signal, sys, threading
from pathlib import Path
from tests.detectors.test_program import rows_of
from tkit.detectors.program import ProgramDetector
def interrupt():
    while not Path({str(tmp_path / "started")!r}).exists() or not Path({str(tmp_path / "started")!r}).read_text():
        threading.Event().wait(0.02)
    os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background has it ignored
threading.Thread(target=interrupt, daemon=True).start()
try:
    ProgramDetector({detector.command!r}, "mine", 60.0).scores(rows_of(1))
except KeyboardInterrupt:
    print("interrupted")
"""
    helpers = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "helpers")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT, env=helpers)
    assert done.stdout == "interrupted\n", done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "started").read_text()), signal.SIGTERM)


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no program")
    path.chmod(0o755)
    for command, reason in ((str(tmp_path / "none"), "No such file"), (str(path), "Exec format error")):
        with pytest.raises(TkitError, match=f"cannot be started .{reason}"):
            ProgramDetector((command,), "mine").scores(rows_of(1))
