"""The arguments of `tkit study`; what it writes is in tests/study."""

import subprocess
import sys

import pytest

from tkit.cli.study import read_share


def tkit(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "tkit", *map(str, arguments)], capture_output=True, check=False)


@pytest.mark.parametrize("share", ["-1", "101%", "few", "nan", ""])
def test_a_budget_that_is_no_share(share: str) -> None:
    done = tkit("study", "--max-false-alarms", share)
    assert done.returncode == 2
    assert "give a share such as 0.1% or 0.001" in " ".join(done.stderr.decode().replace("│", " ").split())


@pytest.mark.parametrize(("text", "share"), [("0.1%", 0.001), ("0.001", 0.001), ("100%", 1.0), ("0", 0.0)])
def test_a_budget_is_a_share_or_per_cent(text: str, share: float) -> None:
    assert read_share(text) == pytest.approx(share)
