"""The bundle by hand of `made_scrubbing`, as a folder."""

import pytest
from made_scrubbing import ThreeVerdicts, three_verdicts


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> ThreeVerdicts:
    return three_verdicts(tmp_path_factory.mktemp("bundle") / "url")
