import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.features.tokens import analyse
from tkit.features.vocabulary import WORD_FEATURES, host_words, run_codes


def codes(*words: str) -> list[int]:
    length = np.array([len(word) for word in words], np.int64)
    start = np.cumsum(length) - length
    hashes: list[int] = run_codes(np.frombuffer("".join(words).encode(), np.uint8), start, length).tolist()
    return hashes


def counts(tail: str) -> dict[str, float]:
    columns = analyse([f"http://a.example/{tail}"]).columns
    return {name: columns[name][0] for name in WORD_FEATURES if columns[name][0]}


def test_equal_words_have_equal_codes() -> None:
    first, second, third = codes("open", "nepo", "open")
    assert first == third
    assert first != second


def test_no_words_have_no_codes() -> None:
    assert codes() == []


@given(st.lists(st.text("abz019", min_size=1, max_size=9), min_size=2, max_size=20))
def test_codes_tell_words_apart(words: list[str]) -> None:
    assert len(set(codes(*words))) == len(set(words))


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("Open/open.opened?READ", {"name_open": 4}),
        ("reopen/openly/open1", {}),
        ("img/spacer.gif", {"name_picture": 2, "name_spacer": 1}),  # img, gif
        ("o?uid=7&mid=8", {"name_recipient": 2, "name_beacon": 1}),
        ("r/x", {"name_recipient": 1, "name_click": 1}),  # a word of two meanings counts for both
        ("track/1x1.png", {"name_track": 1, "name_spacer": 1}),
        ("log_event%20stat", {"name_count": 2}),  # the escape makes 20stat one word
        ("zzz", {}),
        ("", {}),
    ],
)
def test_words_of_a_path(tail: str, expected: dict[str, float]) -> None:
    assert counts(tail) == expected


def test_more_words_than_any_url_holds_are_counted_up_to_a_limit() -> None:
    assert counts("open/" * 1000 + "uid") == {"name_open": 63, "name_recipient": 1}


def test_each_url_has_its_own_words() -> None:
    columns = analyse(["http://a.example/open", "http://a.example/", "http://a.example/pixel/open/open"]).columns
    assert columns["name_open"].tolist() == [1, 0, 2]
    assert columns["name_track"].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("click.e-mail.example", (3, 0)),
        ("img12.cdn3.example", (0, 2)),
        ("imgx.clicker.example", (0, 0)),
        ("url42.a.example", (1, 0)),
        ("[::1]", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_words_of_a_host(host: str, expected: tuple[int, int]) -> None:
    assert host_words(host) == expected
