"""The known templates are plain patterns."""

from tkit.templates.known import KNOWN


def test_known_templates_are_different_and_name_no_bare_host() -> None:
    patterns = [pattern for _, pattern in KNOWN]
    assert len(set(patterns)) == len(patterns)
    for pattern in patterns:
        assert pattern.isascii()
        assert set("/?") & set(pattern)
        assert pattern[0] in "/.:?"
