from made_labelled import make

from tkit.labels import INDIVIDUAL, TRACKER, evaluated, headline, is_positive, trainable


def test_headline_rows() -> None:
    rows = make("TCSPUTC", confidence=[3, 2, 3, 3, 3, 1, 1])
    assert headline(rows).tolist() == [True, True, True, False, False, False, False]


def test_trainable_rows_have_a_sure_label_of_the_question() -> None:
    rows = make("TPCSUTP", confidence=[3, 2, 2, 3, 3, 1, 1])
    for target in (TRACKER, INDIVIDUAL):
        assert trainable(rows, target).tolist() == [True, True, True, True, False, False, False]


def test_the_answers_of_both_questions() -> None:
    rows = make("TPCSU")
    assert is_positive(rows).tolist() == is_positive(rows, TRACKER).tolist() == [True, False, False, False, False]
    assert is_positive(rows, INDIVIDUAL).tolist() == [True, True, False, False, False]


def test_a_personalised_picture_counts_against_trackers_only_if_it_is_surely_visible() -> None:
    rows = make("TPPPPC", confidence=[3, 3, 3, 3, 1, 3], long_side=[1, -1, 49, 50, 600, -1])
    assert evaluated(rows).tolist() == evaluated(rows, TRACKER).tolist() == [True, False, False, True, False, True]
    assert evaluated(rows, INDIVIDUAL).tolist() == [True, True, True, True, False, True]


def test_without_personalised_pictures_no_size_is_needed() -> None:
    assert evaluated(make("TCS").drop(columns="long_side")).tolist() == [True, True, True]
