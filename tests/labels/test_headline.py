from made_labelled import make

from tkit.labels import headline


def test_headline_rows() -> None:
    rows = make("TCSPUTC", confidence=[3, 2, 3, 3, 3, 1, 1])
    assert headline(rows).tolist() == [True, True, True, False, False, False, False]
