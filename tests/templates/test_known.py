"""The known templates are the services' open trackers as plain patterns."""

import re

import pytest

from tkit.templates import known
from tkit.templates.known import known_patterns, listed
from tkit.templates.matching import Matcher
from tkit.url.services import Service


def service(**columns: object) -> Service:
    basis = {"name": "Post", "kind": "other", "hosts": (), "open": (), "branded": (), "sources": ("trocker",), "year": 2026}
    return Service(**basis | columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("post#.com/t/{token}/o.gif$", "post*.com/t/*/o.gif"),
        ("*/ut.php?u={word:8+}", "/ut.php?u="),
        ("/open/{uuid}*&r={digits}&x=1", "/open/*&r=*&x=1"),
        ("/o", "/o"),
    ],
)
def test_classes_become_any_characters(pattern: str, expected: str) -> None:
    assert listed(pattern) == expected


def test_a_pattern_for_any_host_says_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    branded = ("/o/{token}", "/email/{hex:32}.gif$", "/opened/{token}", "/track/opened/{hex:32}")
    table = (service(hosts=("post.com",), open=("/o/",), branded=branded), service(name="Two", branded=("/opened/*/x",)))
    monkeypatch.setattr(known, "services", lambda: table)
    assert known_patterns.__wrapped__() == (
        *(("Post", pattern) for pattern in ("post.com/o/", "/opened/", "/track/opened/")),
        ("Two", "/opened/*/x"),
    )


def test_every_shipped_pattern_names_a_path_and_matches_what_it_is_made_for() -> None:
    patterns = [pattern for _, pattern in known_patterns()]
    assert len(set(patterns)) == len(patterns) > 300
    for pattern in patterns:
        assert re.fullmatch(r"[!-~]+", pattern)
        assert "/" in pattern
        written = pattern.replace("*", "x")
        url = f"https://a.example{written}" if pattern[0] == "/" else f"https://{written}"
        assert Matcher([pattern]).match(url)
