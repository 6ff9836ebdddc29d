"""The label file of the two mails in `made_comparison`, and the mails joined to it."""

from pathlib import Path

import pytest
from made_comparison import MAILS, message, write_labels

from tkit.compare.labelled import LabelledMail, read_mail
from tkit.labels import read_labels


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_labels(tmp_path / "labels.csv")


@pytest.fixture
def mail(labels: Path) -> LabelledMail:
    return read_mail(map(message, MAILS), read_labels(labels), facts=True)
