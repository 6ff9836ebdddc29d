from tkit.html.text import visible_text


def test_visible_text() -> None:
    html = "<title>No</title><script>var no</script><p>Yes,\n <b>yes</b> at http://no.example/no no@no.example 4no"
    assert visible_text((html, "<p>and this")) == "Yes, yes at and this"


def test_no_more_characters_than_asked_for() -> None:
    assert visible_text(("<p>one two", "<p>three"), most=5) == "one t three"
