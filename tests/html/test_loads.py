import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.html.loads import srcset_candidates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" , ,", []),
        ("a", [("a", "")]),
        ("a 2x", [("a", "2x")]),
        ("  a   2x  ", [("a", "2x")]),
        ("a, b", [("a", ""), ("b", "")]),
        ("a,b", [("a,b", "")]),  # a comma inside a URL
        ("a,, b", [("a", ""), ("b", "")]),
        (",a", [("a", "")]),
        ("a 1x,b 2x", [("a", "1x"), ("b", "2x")]),
        ("a 1x , b", [("a", "1x"), ("b", "")]),
        ("data:image/gif;base64,R0 1x, b", [("data:image/gif;base64,R0", "1x"), ("b", "")]),
        ("a (1x, 2x), b", [("a", "(1x, 2x)"), ("b", "")]),
        ("a (1x, b", [("a", "(1x, b")]),  # a parenthesis that is never closed takes the rest
        ("a 100w 50h, b", [("a", "100w 50h"), ("b", "")]),
        ("a\n1x,\n\tb\f2x", [("a", "1x"), ("b", "2x")]),
    ],
)
def test_srcset_candidates(text: str, expected: list[tuple[str, str]]) -> None:
    assert srcset_candidates(text) == expected


def test_srcset_white_space_is_that_of_html() -> None:
    assert srcset_candidates("a\xa0b 2x") == [("a\xa0b", "2x")]


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9/:.]{1,8}(,[a-z]{1,3})?", fullmatch=True), st.sampled_from(["", "1x", "2x", "100w 50h"])
        ),
        max_size=5,
    ),
    st.sampled_from([", ", " , ", ",\n", "\t,  "]),
)
def test_written_candidates_are_read_back(candidates: list[tuple[str, str]], comma: str) -> None:
    written = comma.join(f"{url} {descriptor}" if descriptor else url for url, descriptor in candidates)
    assert srcset_candidates(written) == candidates


@given(st.text())
def test_any_srcset_is_read(text: str) -> None:
    for url, _ in srcset_candidates(text):
        assert url in text
        assert set(url).isdisjoint(" \t\n\f\r")
        assert not url.startswith(",")
        assert not url.endswith(",")
