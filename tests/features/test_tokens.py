import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.features.tokens import analyse, token_table
from tkit.url import resolve

# Worked out by hand, character by character.
CASES = {
    "http://a.example/": {
        "words": 0,
        "longest_token": 0,
        "token_entropy": 0,
    },
    "https://u:p@mail-2.a.example:8443/o/Ab12cd34.gif?u=7&v=#frag": {
        "digits": 5,
        "uppercase": 1,
        "separators": 3,
        "words": 7,
        "longest_word": 4,
        "longest_mixed_word": 8,
        "mixed_words": 1,
        "decimal_words": 1,
        "longest_token": 8,
        "token_digit_share": 0.5,
        "token_upper_share": 0.125,
        "token_changes": 0.5,
        "token_entropy": 3.0,
    },
    "http://a.example/deadbeef01": {"longest_hex": 10, "longest_mixed_word": 10, "token_entropy": 677 / 256},
    "http://a.example/123e4567-e89b-12d3-a456-426614174000": {
        "uuid": 1,
        "longest_token": 36,
        "token_separators": 4,
        "long_tokens": 1,
    },
    # "hello you" in base64 and in hexadecimal
    "http://a.example/aGVsbG8geW91": {"base64_text": 12, "hex_text": 0},
    "http://a.example/68656c6c6f20796f75": {"hex_text": 18},
    "http://a.example/newsletter/images": {"base64_text": 0, "hex_text": 0, "consonant_run": 3, "longest_word": 10},
    "http://a.example/xkcdqrt": {"consonant_run": 7},
    "http://a.example/aBcDe1": {"longest_case_mixed": 6},
    "http://a.example/Spacer": {"longest_case_mixed": 0},
    "http://a.example/%41%2f": {"percent_escapes": 2},
}


@pytest.mark.parametrize("url", CASES)
def test_columns(url: str) -> None:
    columns = analyse([url]).columns
    measured = {name: float(columns[name][0]) for name in CASES[url]}
    assert measured == CASES[url]


def test_urls_do_not_mix() -> None:
    urls = list(CASES)
    together = analyse(urls).columns
    for number, url in enumerate(urls):
        alone = analyse([url]).columns
        assert {name: values[number] for name, values in together.items()} == {
            name: values[0] for name, values in alone.items()
        }


def test_tokens_compare_by_code_and_shape() -> None:
    tokens = token_table(["http://a.example/ab12cd34/ZZ99", "http://b.example/x?t=ab12cd34&u=ef56ab78"])
    named = dict(zip(["ab12", "ZZ99", "x", "t", "ab12 again", "u", "ef56"], range(7), strict=True))
    assert tokens.url.tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert tokens.length.tolist() == [8, 4, 1, 1, 8, 1, 8]
    assert tokens.digits.tolist() == [4, 2, 0, 0, 4, 0, 4]
    assert tokens.code[named["ab12"]] == tokens.code[named["ab12 again"]] != tokens.code[named["ef56"]]
    assert tokens.shape[named["ab12"]] == tokens.shape[named["ef56"]] != tokens.shape[named["ZZ99"]]


def test_nothing() -> None:
    assert analyse([]).columns == {}
    assert len(token_table(["http://a.example/"]).url) == 0


@given(st.lists(st.text(st.characters(codec="ascii"), max_size=60), min_size=1, max_size=6))
def test_any_url_is_measured(tails: list[str]) -> None:
    urls = [url for tail in tails if (url := resolve(f"http://a.example/{tail}"))]
    for name, values in analyse(urls).columns.items():
        assert values.shape == (len(urls),)
        assert np.isfinite(values).all(), name
        assert (values >= (-1 if name == "identifier_end" else 0)).all(), name
