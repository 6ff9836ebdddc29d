"""Patterns match anywhere in a URL, percent-encoded ones too."""

import pytest

from tkit.templates import Matcher
from tkit.templates.matching import encoded


@pytest.mark.parametrize(
    ("pattern", "twin"),
    [
        ("/track/open.php?u=", "%2Ftrack%2Fopen*.php%3Fu%3D"),
        (".emltrk.com/", ".emltrk*.com%2F"),
        ("/q/*~~/", "%2Fq%2F*~~%2F"),
        ("?email=", "%3Femail%3D"),
    ],
)
def test_twins_by_hand(pattern: str, twin: str) -> None:
    assert encoded(pattern) == twin


def test_matching_by_hand() -> None:
    matcher = Matcher(["/wf/open?upn=", "/op/*_md/"])
    verdicts = {
        "http://a.example/wf/open?upn=1": True,
        "http://a.example/WF/Open?UPN=1": True,
        "http://a.example/xwf/open?upn=1": False,
        "http://a.example/wf/open?u=1": False,
        "http://a.example/op/1/2_md/3": True,
        "http://a.example/op/_md/": True,
        "http://a.example/op/1_md": False,
        "https://ci3.googleusercontent.com/x#http://a.example/wf/open?upn=1": True,
        "https://ec.b.example/?url=http%3a%2f%2fa.example%2fwf%2fopen%3fupn%3d1": True,
        "": False,
    }
    assert matcher.match_many(list(verdicts)).tolist() == list(verdicts.values())
    assert matcher.first("http://a.example/op/1_md/") == "/op/*_md/"
    assert not Matcher([]).match("http://a.example/")
