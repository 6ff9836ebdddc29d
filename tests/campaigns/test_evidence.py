from collections.abc import Mapping, Sequence

import pytest

from tkit.campaigns import Copy, copy_of
from tkit.campaigns.evidence import EVIDENCE, Spread, each_its_own, judge
from tkit.mail import Message


def copy_with(url: str, recipient: str, number: int) -> Copy:
    raw = f"To: {recipient}@reader.example\nMessage-ID: <{number}>\nContent-Type: text/html\n\n<img src='{url}'>"
    copy = copy_of(Message.from_bytes(raw.encode()))
    assert copy is not None
    return copy


def judged(
    owners: Mapping[str, Sequence[str]], copies: int = 0, one_picture: bool = True, own_token: bool = False
) -> tuple[str, int]:
    """The evidence and the number of tokens that differ; by default every copy has the reference."""
    pairs = [(url, recipient) for url, recipients in owners.items() for recipient in recipients]
    spread = Spread((copy_with(url, recipient, number), 0) for number, (url, recipient) in enumerate(pairs))
    evidence, difference = judge(owners, copies or len(pairs), one_picture, own_token, spread)
    assert evidence in EVIDENCE
    return evidence, len(difference.tokens)


def test_spread_counts_messages_recipients_and_mailings() -> None:
    url = "http://a.example/logo.png"
    spread = Spread([(copy_with(url, "anna", 1), 0), (copy_with(url, "anna", 2), 1), (copy_with(url, "berta", 3), 1)])
    assert spread.of(url) == (3, 2, 2)
    assert spread.of("http://a.example/other.png") == (0, 0, 0)


@pytest.mark.parametrize(
    ("urls", "own"),
    [
        (["http://a.example/o?u=81f3", "http://a.example/o?u=90c2"], True),
        (["http://a.example/o?u=81f3", "http://a.example/o?u=81f3"], False),
        (["http://a.example/red.jpg", "http://a.example/blue.jpg"], False),
        (["http://a.example/o?u=81f3"], False),
    ],
)
def test_each_its_own(urls: list[str], own: bool) -> None:
    assert each_its_own(urls) is own


def test_one_url() -> None:
    url = "http://a.example/logo.png"
    assert judged({url: ["anna"]}) == ("none", 0)
    assert judged({url: ["anna"]}, copies=2) == ("alone", 0)
    assert judged({url: ["anna", "berta"]}) == ("identical", 0)
    assert judged({url: ["anna", "berta"]}, own_token=True) == ("mailing", 0)
    assert judged({url: ["anna", "berta"]}, copies=3, own_token=True) == ("identical", 0)


def test_several_urls() -> None:
    first, second, third = (f"http://a.example/o?u={token}" for token in ("81f3c2", "90c2d4", "77e1f5"))
    assert judged({first: ["anna"], second: ["berta"], third: ["cem"]}) == ("recipient", 1)
    assert judged({first: ["anna"], second: ["anna"], third: ["anna"]}) == ("copy", 1)
    assert judged({first: ["anna", "anna"], second: ["berta", "berta"]}) == ("recipient", 1)
    assert judged({first: ["anna", "cem"], second: ["berta", "dora"]}) == ("variant", 1)
    assert judged({first: ["anna"], second: ["berta"], third: ["cem"]}, one_picture=False) == ("variant", 1)
    assert judged({"http://a.example/p271.jpg": ["anna"], "http://a.example/p284.jpg": ["berta"]}) == ("mixed", 1)
