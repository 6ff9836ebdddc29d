import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.campaigns import alignment
from tkit.campaigns.alignment import UNALIGNED, Slot, align


def slots(*urls: str) -> list[Slot]:
    return [Slot(url, "img-src", "") for url in urls]


def columns(*sequences: list[Slot]) -> list[list[int]]:
    return [aligned.tolist() for aligned in align(sequences)]


def test_equal_sequences_have_equal_columns() -> None:
    one = slots("http://a.example/a.gif", "http://a.example/b.gif", "http://a.example/a.gif")
    assert columns(one, one) == [[0, 1, 2], [0, 1, 2]]


def test_an_insertion_gets_a_column_of_its_own() -> None:
    usual = slots("http://a.example/logo.png", "http://t.example/open?u=1")
    longer = slots("http://a.example/logo.png", "http://ads.example/big.jpg", "http://t.example/open?u=2")
    assert columns(usual, usual, longer) == [[0, 1], [0, 1], [0, 2, 1]]


def test_later_sequences_are_aligned_with_inserted_columns() -> None:
    usual = slots("http://a.example/logo.png", "http://t.example/open?u=1")
    one = slots("http://a.example/logo.png", "http://ads.example/big.jpg", "http://t.example/open?u=2")
    other = slots("http://ads.example/big.jpg", "http://t.example/open?u=3")
    assert columns(usual, usual, one, other) == [[0, 1], [0, 1], [0, 2, 1], [2, 1]]


def test_paths_of_another_domain_are_partners_and_names_alone_are_not() -> None:
    one = slots("http://a.example/x/8f31", "http://a.example/71.gif")
    other = slots("http://b.example/x/90c2", "http://b.example/44.gif")
    assert columns(one, other) == [[0, 1], [0, 2]]


def test_a_repeated_picture_is_aligned_in_order() -> None:
    spacer, photo = "http://a.example/s.gif", "http://a.example/p.jpg"
    assert columns(slots(spacer, photo, spacer), slots(spacer, spacer)) == [[0, 1, 2], [0, 2]]


def test_nothing() -> None:
    assert columns([], slots("http://a.example/x"), []) == [[], [0], []]
    assert columns() == []


def test_what_is_too_long_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MAX_LENGTH", 2)
    one = slots("http://a.example/a.gif", "http://b.example/b.gif", "http://c.example/c.gif")
    assert columns(one, one) == [[0, 1, UNALIGNED], [0, 1, UNALIGNED]]


def test_a_full_profile_takes_no_more_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MAX_LENGTH", 2)
    usual = slots("http://a.example/a.gif", "http://b.example/b.gif")
    one, other = slots("http://d.example/d.gif", "http://b.example/b.gif"), slots("http://d.example/d.gif")
    assert columns(usual, usual, one, other) == [[0, 1], [0, 1], [2, 1], [3]]


@given(st.lists(st.lists(st.sampled_from(["a/1", "a/2", "b/1", "c/x.gif"]), max_size=8), max_size=6))
def test_no_two_slots_of_a_sequence_share_a_column(words: list[list[str]]) -> None:
    sequences = [slots(*(f"http://{word[0]}.example/{word[2:]}" for word in sequence)) for sequence in words]
    for sequence, aligned in zip(sequences, columns(*sequences), strict=True):
        assert len(aligned) == len(set(aligned)) == len(sequence)
