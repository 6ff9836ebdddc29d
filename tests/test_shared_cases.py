"""The small inputs of ../shared/cases give what its README says."""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from paths import SHARED

from tkit import Message, default_bundle, references, scan
from tkit.corpus import Problem, read_raw

CASES = SHARED / "cases"
TRACKERS = {"M06d-mbox-noblank-multipart.mbox": 3}
"""The mails of a file of formats/, where it has more than one: each has one open tracker."""

KNOWN = {"README.md", "carriers", "csv.eml", "esc.eml", "formats", "hostile.py"}


@pytest.fixture(scope="module", autouse=True)
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip("the cases are not beside the repository (../shared/cases or TKIT_SHARED)")
    return CASES


def messages(path: Path) -> Iterator[Message]:
    problems: list[Problem] = []
    for mail in read_raw([path], problems=problems):
        yield Message.from_bytes(mail.raw, mail.where)
    assert problems == []


def remote(path: Path) -> list[str]:
    return [one.resolved_url for message in messages(path) for one in references(message) if not one.local]


def test_every_case_is_tested(cases: Path) -> None:
    assert {path.name for path in cases.iterdir() if path.name != "__pycache__"} == KNOWN


def test_every_mail_of_every_format_has_its_tracker(cases: Path) -> None:
    files = sorted((cases / "formats").iterdir())
    assert len(files) >= 14
    mails = [(path.name, message) for path in files for message in messages(path)]
    rows = pd.concat(scan([message for _, message in mails], default_bundle()))
    verdicts = [
        (name, rows.loc[rows["message_sha256"] == message.message_sha256, "verdict"].tolist()) for name, message in mails
    ]
    assert verdicts == [(path.name, ["tracker"]) for path in files for _ in range(TRACKERS.get(path.name, 1))]


def test_every_carrier_is_listed(cases: Path) -> None:
    expected = json.loads((cases / "carriers" / "expected.json").read_text(encoding="utf-8"))
    files = sorted((cases / "carriers").glob("*.eml"))
    assert sorted(expected) == [path.name for path in files]
    assert {path.name: sorted({url.partition("#")[0] for url in remote(path)}) for path in files} == expected


def test_mails_that_cost_much_are_read(cases: Path) -> None:
    forms = runpy.run_path(str(cases / "hostile.py"))["FORMS"]
    for name, form in forms.items():
        raw = form(5)
        message = Message.from_bytes(raw)
        assert isinstance(message.defects, tuple), name
        written = len(re.findall(rb"<img ", raw))
        assert len(references(message)) == written, name


def test_controls_and_formulas_are_no_obstacle(cases: Path) -> None:
    (escapes,) = remote(cases / "esc.eml")
    assert escapes.startswith("http://t.example/open.php?u=8f3ac09e17d24b65%1B]0;PWNED%1B")
    assert escapes.isascii()
    assert escapes.isprintable()
    assert remote(cases / "csv.eml") == [
        "http://t.example/=cmd|'/C%20calc'!A0?u=8f3ac09e17d24b65",
        *(f"http://t.example/{written}" for written in ("@SUM(1+1)", "+1", "-1")),
    ]
