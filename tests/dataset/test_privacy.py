"""What must not be published is found, and what may be published is not."""

import pytest

from tkit.dataset.privacy import LONGEST_VALUE, addresses, texts, urls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to jane.doe+news@corp.co.uk, please", ["jane.doe+news@corp.co.uk"]),
        ("<a@b.example> a@mail.test c@localhost d@x.example.com", []),
        ("logo@2x.png icon@3x.webp", []),
        ("an @ alone, @handle, user@", []),
        ("x=jane%40corp.com&y=joe@corp.de", ["joe@corp.de"]),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert addresses(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://corp.com/o.gif?u=1", ["http://corp.com/o.gif?u=1"]),
        ("HTTPS://corp.com?u=1", ["HTTPS://corp.com?u=1"]),
        ("https://corp.com/a/b", ["https://corp.com/a/b"]),
        ("https://corp.com and https://corp.com/", []),
        ("https://a.example/o.gif?u=1", []),
        ("https://github.com/owner/name", []),
        ("https://github.com/owner/name?token=1", ["https://github.com/owner/name?token=1"]),
        ("ftp://corp.com/x", ["ftp://corp.com/x"]),
        ('"https://corp.com/q\\n"', ["https://corp.com/q"]),
    ],
)
def test_urls(text: str, found: list[str]) -> None:
    assert urls(text, ["github.com"]) == found


def test_texts() -> None:
    codes = ["T", "img-src", "a-b.co.uk", "", "0" * 64, "nosize+url"]
    assert texts([*codes, None, 3, 0.5]) == []
    assert texts(["two words", "a/b", "a@b", "x?y", "line\n", "l" * (LONGEST_VALUE + 1)]) == [
        "two words",
        "a/b",
        "a@b",
        "x?y",
        "line\n",
        "l" * (LONGEST_VALUE + 1),
    ]
