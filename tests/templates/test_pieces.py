"""Pieces of URLs and the patterns that they make."""

from tkit.templates.pieces import first_word, patterns_of, pieces_of, tail_of


def test_pieces_keep_words_and_nothing_else() -> None:
    assert pieces_of("/Read/open2?upn=Kq7_x") == ["/", "read", "/", "*", "?", "upn", "=", "*", "_", "x"]
    assert pieces_of("/o/anna.berg@b.example/x.gif") == ["/", "o", "/", "*", "/", "x", ".", "gif"]
    assert pieces_of("/o?m=anna%40b.example&k=1") == ["/", "o", "?", "m", "=", "*", "&", "k", "=", "*"]
    assert len(pieces_of("/a" * 9999)) == 48
    assert tail_of("HTTP://a.example:80") == ""
    assert first_word("") == ""


def test_patterns_of_a_tail() -> None:
    # Of ".gif" the extension's letters do not count: "/o.gif" has one letter.
    assert patterns_of("/o.gif") == frozenset()
    assert patterns_of("/open.gif") == {"/open.gif"}
    assert patterns_of("/open.gif?u=1") == {"/open.gif?", "/open.gif?u="}
    assert patterns_of("/op/1_md/2") == {"/op/*_md/"}
    assert "/open.php?m=*&l=" in patterns_of("/a/open.php?M=12&L=3")
    assert patterns_of("/track/anna@b.example/?to=anna%40b.example") == {"/track/", "/track/*/?to="}


def test_no_pattern_has_more_than_four_words() -> None:
    assert max(patterns_of("/alpha/beta/gamma/delta/epsilon/"), key=len) == "/beta/gamma/delta/epsilon/"
