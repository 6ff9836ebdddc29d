"""The quick study on the published dataset, run once for all tests of it."""

from pathlib import Path

import pytest
from paths import ROOT

from tkit.dataset import Dataset, read
from tkit.study import StudyResult, run_study, write_results


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return read(ROOT / "data" / "dataset")


@pytest.fixture(scope="session")
def done(folder: Path, dataset: Dataset) -> StudyResult:
    result = run_study(dataset, quick=True, folds=3, date="2025-01-01", workers=2)
    write_results(folder, result)
    return result
