"""Tests of tkit.places through tkit.tokens.analyse: values counted by hand."""

import pytest

from tkit.tokens import analyse

NAMES = (
    "first_segment",
    "longest_segment",
    "short_directories",
    "number_segments",
    "path_dots",
    "identifier_share",
    "identifier_end",
    "identifier_in_directory",
    "identifier_in_name",
    "identifier_in_query",
    "identifier_in_fragment",
    "size_in_url",
)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("/", (0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0)),
        ("/open", (4, 4, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0)),
        ("/o/12/abc.def.gif", (1, 11, 2, 1, 2, 0, -1, 0, 0, 0, 0, 0)),
        # 20 characters behind the host, of them the 6 of b81e2c and the 7 of 1234567; the longer ends at the 11th
        ("/w/1234567/b81e2c.gi", (1, 9, 1, 1, 1, 13 / 20, 0.5, 7, 6, 0, 0, 0)),
        ("/a?upn=b81e2c#b81e2cd", (1, 1, 0, 0, 0, 13 / 21, 1, 0, 0, 6, 7, 0)),
        ("//abc123/", (0, 6, 0, 0, 0, 6 / 9, 8 / 9, 6, 0, 0, 0, 0)),  # the first segment is empty
        ("/abc12/a12345", (5, 6, 0, 0, 0, 6 / 13, 1, 0, 6, 0, 0, 0)),  # abc12 is too short
        ("/b81e2c/c92f3d", (6, 6, 0, 0, 0, 12 / 14, 0.5, 6, 6, 0, 0, 0)),  # of equals the first counts
    ],
)
def test_segments_and_identifiers(tail: str, expected: tuple[float, ...]) -> None:
    columns = analyse([f"http://a.example{tail}"]).columns
    assert [columns[name][0] for name in NAMES] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("ad;sz=468x60;ord=1", 1),
        ("logo_120X60.gif", 1),
        ("p50x50/a.jpg", 1),
        ("a.png?w=300&q=75", 1),
        ("a.png?SIZE=48", 1),
        ("a.png?height=1", 0),  # one digit: a tracker's as well
        ("1x1.gif", 0),
        ("a.png?w=30000", 0),  # no side of a picture
        ("a.png?w=012", 0),
        ("a.png?v=300", 0),
        ("w-300", 0),
        ("12x3456789012345", 0),
        ("0x3E12", 0),
        ("", 0),
    ],
)
def test_sizes(tail: str, expected: float) -> None:
    assert analyse([f"http://a.example/{tail}"]).columns["size_in_url"].tolist() == [expected]


def test_each_url_has_its_own() -> None:
    urls = ["http://a.example/o/b81e2c", "http://a.example/", "http://a.example/a.png?w=300", "http://a.example/o?u=b81e2c"]
    columns = analyse(urls).columns
    assert columns["identifier_in_name"].tolist() == [6, 0, 0, 0]
    assert columns["identifier_in_query"].tolist() == [0, 0, 0, 6]
    assert columns["size_in_url"].tolist() == [0, 0, 1, 0]
    assert columns["first_segment"].tolist() == [1, 0, 5, 1]
