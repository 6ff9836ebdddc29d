"""Mails of the public corpora for the tests that hold a parser against another one."""

import os
from itertools import islice
from pathlib import Path

import pytest

from tkit.corpus import CORPORA, Problem, read_raw
from tkit.mail import Message

SHARED = Path(os.environ.get("TKIT_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))


@pytest.fixture(scope="session", params=CORPORA, ids=lambda corpus: corpus.name)
def corpus_mails(request: pytest.FixtureRequest) -> list[bytes]:
    """A hundred mails of a public corpus that name HTML: every tenth of the first thousand."""
    archive = SHARED / "corpora" / request.param.archive
    if not archive.exists():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    problems: list[Problem] = []
    with_html = (mail.raw for mail in read_raw([archive], problems=problems) if b"text/html" in mail.raw.lower())
    mails = list(islice(with_html, 0, 1000, 10))
    assert len(mails) == 100
    return mails


@pytest.fixture(scope="session")
def corpus_html(corpus_mails: list[bytes]) -> list[str]:
    """The HTML parts of those mails."""
    return [html for raw in corpus_mails for html in Message.from_bytes(raw).html_parts]
