"""The file of templates is written, read back or refused; the templates that come with tkit."""

import re
from pathlib import Path

import pytest
from paths import ROOT

from tkit.dataset import read
from tkit.errors import TkitError
from tkit.templates import Template, Templates, load_templates
from tkit.templates.known import known_patterns
from tkit.templates.learning import GRID
from tkit.templates.template import load_matched
from tkit.url.template import is_word


def test_written_and_read_back(tmp_path: Path) -> None:
    made = Templates((Template("/a/b", "learnt", error=0.5), Template("/c/*", "known", "Nobody")), {"tkit_version": "1"})
    made.write(tmp_path / "t.json")
    assert load_templates(tmp_path / "t.json") == made
    assert made.patterns == ["/a/b", "/c/*"]
    assert len(made) == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "cannot be read"),
        ("{", "not a file of templates"),
        ("[]", "not a file of templates"),
        ('{"format": 9, "templates": []}', "format 9, but this tkit reads 1: rebuild it with `tkit templates build`"),
        (
            '{"format": 1, "templates": [{"pattern": "/a", "origin": "learnt", "colour": "red"}]}',
            "not a file .*colour",
        ),
        ('{"format": 1, "templates": [{"pattern": "**", "origin": "learnt"}]}', "is not a template"),
        ('{"format": 1, "templates": [{"pattern": "/a", "origin": "guessed"}]}', "is not a template"),
    ],
)
def test_invalid_files(tmp_path: Path, text: str | None, what: str) -> None:
    if text is not None:
        (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(TkitError, match=what):
        load_templates(tmp_path / "t.json")


def test_the_templates_that_come_with_tkit() -> None:
    shipped = load_templates()
    assert shipped.facts["dataset"] == read(ROOT / "data" / "dataset").digest(), "run `make templates`"
    learnt = [one for one in shipped if one.origin == "learnt"]
    assert len(learnt) > 10
    for one in learnt:
        # No host, no address, no identifier: words that three domains and three senders share.
        assert one.pattern[0] in "/?&"
        assert one.domains >= 3
        assert one.senders >= 3
        assert all(map(is_word, re.findall("[a-z]+", one.pattern)))
        assert not set(one.pattern) & set("@%0123456789")
        assert one.error is not None
        assert one.error <= max(limits.error for limits in GRID)
    assert {one.pattern for one in shipped if one.origin == "known"} <= {pattern for _, pattern in known_patterns()}
    assert 500 < len(load_matched()) < 3000
