from typing import cast

from made_report import Dots

from tkit.bundle import Bundle
from tkit.mail import Message
from tkit.verdicts import Tally, tally

BUNDLE = cast(Bundle, Dots())
BODIES = (
    "<img src='http://x.list-manage.com/track/open.php?u=1&id=2' width=1 height=1>",
    "<p><!--[if mso]><img src='http://t.example.net/o' width=1 height=1><![endif]-->",
    "<img src='http://a.example.com/?u=reader%40example.org' width=90 height=60>",
    "<p>words",
)


def mails() -> list[Message]:
    made = []
    for number in range(24):
        head = f"From: news@s{number % 5}.example\nTo: reader@example.org\nDate: {1 + number} May 2024 10:00:00 +0000\n"
        body = BODIES[number % 4]
        kind = "text/html" if number % 7 else "text/html\nContent-Transfer-Encoding: x-odd"
        made.append(Message.from_bytes(f"{head}Content-Type: {kind}\n\n{body}".encode(), f"box#{number}"))
    return made


def test_the_counts_of_parts_add_up_to_those_of_the_whole() -> None:
    messages = mails()
    for size in (1, 5, 23):
        total = Tally()
        for start in range(0, len(messages), size):
            total.update(tally(messages[start : start + size], BUNDLE))
        assert vars(total) == vars(tally(messages, BUNDLE))


def test_the_first_mails_are_the_examples() -> None:
    counted = tally(mails(), BUNDLE)
    assert counted.server_examples["x.list-manage.com"] == ["box#0", "box#4", "box#8"]
    assert counted.unread_examples == {"transfer encoding: not known": ["box#0", "box#7", "box#14"]}


def test_adding_changes_only_the_sum() -> None:
    part = tally(mails()[:8], BUNDLE)
    total = Tally()
    total.update(part)
    total.update(part)
    assert part.counts["mails"] == 8
    assert part.server_examples["x.list-manage.com"] == ["box#0", "box#4"]
    assert total.server_examples["x.list-manage.com"] == ["box#0", "box#4", "box#0"]
