"""Evaluations and an audit, made once for each module that asks."""

import pytest
from made_report import Dots, evaluations, mail, study_rows

from tkit.evaluate import Evaluation
from tkit.verdicts import Audit, audit


@pytest.fixture(scope="module")
def done() -> list[Evaluation]:
    return evaluations(study_rows())


@pytest.fixture(scope="module")
def found() -> Audit:
    dot = "<img src='http://x.list-manage.com/track/open.php?u=1&id={}' width=1 height=1>"
    telling = "<img src='http://t.example.net/?u=reader%40example.org' width=90 height=60>"
    return audit([mail(dot.format(1), 1), mail(telling, 2), mail("<p>words", 3, "b@example.org")], Dots())
