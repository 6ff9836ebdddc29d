"""Tests of tkit.lists.dialects: expressions of other engines, with what they match worked out by hand."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tkit.lists.dialects import ICU, JAVASCRIPT, RUBY, UntranslatableError, translate


@pytest.mark.parametrize("pattern", [r"a\d", r"a\w", "a$", "^a", "a{b", "a}", "a]"])
def test_icu_refuses_what_it_reads_otherwise(pattern):
    with pytest.raises(UntranslatableError, match="may mean something else"):
        translate(pattern, ICU)


@pytest.mark.parametrize(
    ("pattern", "dialect", "literal"),
    [
        ("open/track", JAVASCRIPT, "open/track"),
        (r"Open\.aspx\?", JAVASCRIPT, "open.aspx?"),
        ("opens?/", JAVASCRIPT, "open"),
        ("opens*/go", JAVASCRIPT, "open"),
        ("opens{0,2}/", JAVASCRIPT, "open"),
        ("ab+cdef", JAVASCRIPT, "cdef"),
        ("ab{2}c", JAVASCRIPT, "ab"),
        ("(open|track)/o", JAVASCRIPT, "/o"),
        ("(open)?x", JAVASCRIPT, "x"),
        ("open|x", JAVASCRIPT, ""),
        ("(?!open)x", JAVASCRIPT, "x"),
        ("a{b", JAVASCRIPT, "a{b"),
        (".*", RUBY, ""),
        ("ab++c", ICU, "ab"),
    ],
)
def test_translate_finds_the_literal_that_every_match_holds(pattern, dialect, literal):
    assert translate(pattern, dialect)[1] == literal


@pytest.mark.parametrize(
    ("pattern", "dialect", "text", "expected"),
    [
        ("a.b", JAVASCRIPT, "a\rb", False),
        ("a.b", RUBY, "a\rb", True),
        ("a.b", ICU, "a\x85b", False),
        ("a.b", JAVASCRIPT, "a\x85b", True),
        (r"a\sb", JAVASCRIPT, "a\ufeffb", True),
        (r"a\Sb", JAVASCRIPT, "a\xa0b", False),
        (r"a\db", JAVASCRIPT, "a\u0663b", False),
        (r"a\wb", RUBY, "a\xe9b", False),
        ("x{d{1,2}}", JAVASCRIPT, "x{dd}", True),
        ("a{,2}", JAVASCRIPT, "a{,2}", True),
        ("a{,2}", JAVASCRIPT, "aa", False),
        ("[a-z.-_]+!", JAVASCRIPT, "/!", True),
    ],
)
def test_translate_keeps_the_meaning(pattern, dialect, text, expected):
    assert bool(re.search(translate(pattern, dialect)[0], text, re.ASCII)) is expected


@given(
    st.text(alphabet=r"abAB.*+?|()[]{}^$\d-,0129/", max_size=14),
    st.sampled_from([JAVASCRIPT, RUBY, ICU]),
    st.text(alphabet="abABd0129/.{}-,", max_size=20),
)
@example("a|b", JAVASCRIPT, "b")
@example("(a|b)*c", JAVASCRIPT, "C")
def test_translate_refuses_or_gives_an_expression_whose_literal_is_required(pattern, dialect, text):
    try:
        expression, literal = translate(pattern, dialect)
    except UntranslatableError:
        return
    if re.search(expression, text, re.ASCII | re.IGNORECASE):
        assert literal in text.lower()
