"""The quick study on the published dataset: what it writes, what it claims, and its floors."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tkit.bundle import Bundle
from tkit.dataset import Dataset, read
from tkit.evaluate import comparison
from tkit.features import VANTAGES, feature_names
from tkit.report import Details, write_study
from tkit.study import StudyResult, models, run_study, train_bundle, write_results
from tkit.study.gate import check

Requested = Callable[[str], list[str]]
HOSTILE = "\"><img src=http://evil.example/x><script src='http://evil.example/s.js'></script><!--"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read(ROOT / "data" / "dataset")


@pytest.fixture(scope="module")
def done(folder: Path, dataset: Dataset) -> StudyResult:
    result = run_study(dataset, quick=True, folds=3, date="2025-01-01")
    write_results(folder, result)
    return result


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


def test_boosting_is_compared_at_every_vantage_point() -> None:
    names = {factory().vantage for name, factory in models(0).items() if name.endswith("boosting")}
    assert names == set(VANTAGES)


def test_a_bundle_of_campaign_is_of_all_files_of_the_dataset(dataset: Dataset, tmp_path: Path) -> None:
    train_bundle(dataset, "campaign", folds=2, date="2025-01-01").save(tmp_path / "bundle")
    bundle = Bundle.load(tmp_path / "bundle")
    assert bundle.features == feature_names("campaign")
    assert bundle.training_sha256 == dataset.digest("campaign") != dataset.digest()
    assert bundle.verdicts(dataset.seen_from("campaign")).any()


def test_no_key_figure_fell(done: StudyResult) -> None:
    # Pinned by `make pin`; `make gate` does the same for the whole study.
    assert check(Path(__file__).with_name("floors.json"), done.figures, done.inputs) == []


def test_what_is_written_is_what_was_found(folder: Path, done: StudyResult) -> None:
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv") if path.stat().st_size > 1}
    assert sorted(tables) == ["comparison", "differences", "errors", "slices", "splits"]
    assert tables["comparison"]["tpr"].tolist() == pytest.approx(done.comparison["tpr"].tolist())
    assert tables["splits"]["split"].tolist() == ["unseen kit or provider"]
    assert len(tables["errors"]) == len(done.errors)
    assert Bundle.load(folder / "bundle").name == "boosting"


def test_each_error_tells_its_reasons_and_neighbours(done: StudyResult, dataset: Dataset) -> None:
    errors = done.errors
    rates = done.evaluations[-1].rates()
    assert len(errors) == rates.missed + rates.false_alarms > 0
    assert errors["reasons"].map(len).between(0, 3).all()
    assert errors[["near_1", "near_2", "near_3"]].notna().all(axis=None)
    assert (errors["near_1_distance"] <= errors["near_2_distance"]).all()
    # What is near was learnt from: another component, and no guess.
    component = dataset.labels.set_index(["message_sha256", "part", "index"])["component"]
    near = errors["near_1"].str.split("/", expand=True)
    keys = pd.MultiIndex.from_arrays([near[0], near[1].astype("int32"), near[2].astype("int32")])
    assert (component.loc[keys].to_numpy() != errors["component"].to_numpy()).all()
    assert errors["near_1_confidence"].ge(2).all()


def test_the_budget_is_reported_as_what_it_became(done: StudyResult) -> None:
    best = done.evaluations[-1]
    assert f"of the good pictures ({best.rates().false_alarms} of {best.rates().negatives:,})" in done.summary[1]
    assert len(np.unique(best.rows["threshold"])) == 3  # one a fold, frozen before its test


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
