import pytest

from tkit.features.tokens import analyse

NAMES = (
    "first_segment", "longest_segment", "short_directories", "number_segments", "path_dots", "size_in_url",
    "identifier_share", "identifier_end", "identifier_in_directory", "identifier_in_name", "identifier_in_query",
    "identifier_in_fragment",
)  # fmt: skip


def measured(tail: str) -> dict[str, float]:
    columns = analyse([f"http://a.example{tail}", "http://b.example/x/1234567890.gif#abcdef1"]).columns
    return {name: float(columns[name][0]) for name in NAMES}


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("/", {"identifier_end": -1}),
        # 20 characters behind the host; the identifier a1b2c3 stands from 7 to 13.
        ("/o/img/a1b2c3/logo.b", {
            "first_segment": 1, "longest_segment": 6, "short_directories": 1, "path_dots": 1,
            "identifier_share": 6 / 20, "identifier_end": 13 / 20, "identifier_in_directory": 6}),
        ("/open/x1y2z3.gif", {
            "first_segment": 4, "longest_segment": 10, "path_dots": 1,
            "identifier_share": 6 / 16, "identifier_end": 12 / 16, "identifier_in_name": 6}),
        ("/o?u=a1b2c3d4", {
            "first_segment": 1, "longest_segment": 1,
            "identifier_share": 8 / 13, "identifier_end": 1, "identifier_in_query": 8}),
        ("/12/345/o#a1b2c3", {
            "first_segment": 2, "longest_segment": 3, "short_directories": 1, "number_segments": 2,
            "identifier_share": 6 / 16, "identifier_end": 1, "identifier_in_fragment": 6}),
        # Of two as long the first decides; the short one is no identifier.
        ("/a1b2c3/d4e5f6/a1", {
            "first_segment": 6, "longest_segment": 6,
            "identifier_share": 12 / 17, "identifier_end": 7 / 17, "identifier_in_directory": 6}),
    ],
)  # fmt: skip
def test_places_by_hand(tail: str, expected: dict[str, float]) -> None:
    assert measured(tail) == pytest.approx({name: expected.get(name, 0) for name in NAMES})


@pytest.mark.parametrize(
    ("tail", "named"),
    [
        ("/ad-468x60.gif", 1),
        ("/a?w=300", 1),
        ("/a?Size=48", 1),
        ("/a?w=3", 0),  # one digit is no picture's side
        ("/a?w=0300", 0),
        ("/a?w:300", 0),
        ("/a?vw=300", 0),
        ("/0x12345.gif", 0),
        ("/1x1.gif", 0),
    ],
)
def test_a_size_in_the_url(tail: str, named: int) -> None:
    assert measured(tail)["size_in_url"] == named
