import pytest
from made_outcomes import played

from tkit.lab.belief import outcomes
from tkit.lab.belief.drawing import MOST_ROWS, along, mixture_figure, strip, timelines_figure, verdict
from tkit.lab.play import Person
from tkit.lab.sender import Timeline
from tkit.report.figures import svg


def test_places_on_the_line_of_time() -> None:
    # From 1 minute to 100 minutes an hour-long line is not used: 90 days are 129,600 minutes.
    assert along(0, 90) == 0
    assert along(60, 90) == 0
    assert along(90 * 86400, 90) == pytest.approx(1)
    assert along(360 * 60, 90) == pytest.approx(0.5)  # the square root of 129,600
    assert along(1e12, 90) == 1


def test_strips_of_characters() -> None:
    assert strip([], 90, 5, "o") == "·····"
    assert strip([0, 360 * 60, 360 * 60], 90, 5, "o") == "o·2··"
    assert strip([0] * 30, 90, 3, "o") == "9··"


def test_verdicts() -> None:
    assert [verdict(read, receipt) for read in (True, False) for receipt in (True, False)] == [
        *("right: read", "missed", "false receipt", "right: not read"),
    ]


def test_the_timelines_have_a_mark_for_every_reading_and_receipt() -> None:
    run = played()
    figure = timelines_figure(run.people, run.reads, run.timelines, 90)
    (axes,) = figure.axes
    filled = [line for line in axes.lines if line.get_marker() == "o" and line.get_fillstyle() == "full"]
    rings = [line for line in axes.lines if line.get_fillstyle() == "none"]
    assert [len(line.get_xdata()) for line in filled] == [3, 0, 1, 1, 1, 0]
    assert [len(line.get_xdata()) for line in rings] == [3, 0, 1, 3, 0, 1]
    assert [text.get_text() for text in axes.texts] == [
        *("right: read", "right: not read", "right: read", "right: read", "false receipt", "missed"),
    ]
    assert svg(figure).count("<image") == 0


def test_of_many_recipients_some_of_each_client_are_drawn() -> None:
    people = [Person(f"r{number}", "ab"[number % 2], False) for number in range(4 * MOST_ROWS)]
    lines = [Timeline("m", person.address, 0) for person in people]
    (axes,) = timelines_figure(people, [], lines, 90).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["a"] * (MOST_ROWS // 2) + ["b"] * (MOST_ROWS // 2)


def test_the_shares_are_drawn_from_none_to_all() -> None:
    (axes,) = mixture_figure(outcomes(played()), "proxy").axes
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert drawn["receipt if read"][[0, -1]].tolist() == pytest.approx([1, 0.5])
