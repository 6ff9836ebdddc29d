from tkit.lab.sender import Event, Open, Timelines
from tkit.lab.sender.events import SentCopy


def event(time: float, kind: str = "open", picture: int = 0, recipient: str = "ada", mailing: str = "m") -> Event:
    return Event(time, "t.example/x", kind, mailing, recipient, picture, "agent")


def test_opens_and_clicks_of_one_recipient() -> None:
    lines = Timelines([SentCopy("m", "ada", 1.0), SentCopy("m", "ben", 2.0)], [event(5), event(9, "click"), event(7)])
    ada, ben = lines.all()
    assert ada == ("m", "ada", 1.0, (Open(5, "agent"), Open(7, "agent")), (Open(9, "agent"),), 1)
    assert ben == ("m", "ben", 2.0, (), (), 0)


def test_several_pictures_are_one_open() -> None:
    # Opened at 10 with all three, at 20 with the last two, at 30 with the last alone: three openings.
    events = [
        event(10, picture=0),
        event(11, picture=1),
        event(12, picture=2),
        event(20, picture=1),
        event(21, picture=2),
        event(30, picture=2),
    ]
    (line,) = Timelines([SentCopy("m", "ada", 0)], events).all()
    assert [one.time for one in line.opens] == [10, 20, 30]
    assert line.pictures == 3


def test_what_says_nothing_of_a_recipient_changes_nothing() -> None:
    lines = Timelines([SentCopy("m", "ada", 0)])
    others = [event(1, "content"), event(1, "hop"), event(1, "unknown"), event(1, recipient="eve"), event(1, mailing="n")]
    assert [lines.add(other) for other in others] == [None] * 5
    changed = lines.add(event(3))
    assert changed is not None
    assert [one.time for one in changed.opens] == [3]
