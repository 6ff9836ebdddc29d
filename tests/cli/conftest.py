"""The command line in this process."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tkit.cli import main


class Done(NamedTuple):
    returncode: object
    stdout: str
    stderr: str


@pytest.fixture
def tkit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command line in this process: a new interpreter for each would take most of the time."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["tkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(ended.value.code, captured.out, captured.err)

    return run
