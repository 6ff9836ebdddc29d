from collections import Counter
from random import Random

import pytest

from tkit.errors import TkitError
from tkit.lab.clients import BEHAVIOURS, Habits, client_of, dealt, groups_of
from tkit.lab.clients.programs import LoadsOnOpen, SeveralDevices
from tkit.lab.clients.surroundings import Scanner

INSIDE = {"inside": {"behaviour": "text-only"}}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_every_behaviour_can_be_written_in_a_file(name: str) -> None:
    more = {"devices": [{"behaviour": "text-only"}]} if name == "several-devices" else {}
    around = INSIDE if name in ("scanner", "preview-pane", "forwards", "sent-folder") else {}
    assert type(client_of({"behaviour": name} | more | around, "here")) is BEHAVIOURS[name]
    documented = BEHAVIOURS[name].__doc__ or ""
    assert name == "text-only" or "Parameters" in documented


def test_clients_within_clients() -> None:
    table = {
        "behaviour": "scanner",
        "seconds": 3,
        "inside": {"behaviour": "several-devices", "devices": [{"behaviour": "loads-on-open", "agent": "a"}]},
    }
    assert client_of(table, "here") == Scanner(SeveralDevices([LoadsOnOpen("a")]), seconds=3)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "here: behaviour = None: take one of loads-on-open, blocks,"),
        ({"behaviour": "moon"}, "behaviour = 'moon'"),
        ({"behaviour": "blocks", "moon": 1}, "here: blocks has no parameter 'moon': it has asks, agent, eyes"),
        ({"behaviour": "blocks", "_asked": {}}, "no parameter '_asked'"),
        ({"behaviour": "blocks", "asks": "often"}, "here, asks: 'often': give a number that is not negative"),
        ({"behaviour": "blocks", "asks": -1}, "give a number that is not negative"),
        ({"behaviour": "blocks", "asks": True}, "give a number that is not negative"),
        ({"behaviour": "blocks", "agent": 1}, "here, agent: 1: give text"),
        ({"behaviour": "blocks", "eyes": "mine"}, "give reader or chromium"),
        ({"behaviour": "scanner"}, "here: scanner needs inside, a client"),
        ({"behaviour": "scanner", "inside": 1}, "here, inside: 1: give a client"),
        ({"behaviour": "scanner", "links": 1} | INSIDE, "here, links: 1: give true or false"),
        ({"behaviour": "several-devices"}, "several-devices needs devices, a list of clients"),
        ({"behaviour": "several-devices", "devices": []}, "give a list of clients"),
        ({"behaviour": "several-devices", "devices": [{"behaviour": "moon"}]}, "here, devices 1: behaviour = 'moon'"),
    ],
)
def test_wrong_clients_are_named(table: dict[str, object], said: str) -> None:
    with pytest.raises(TkitError) as error:
        client_of(table, "here")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([{"share": 0.5, "behaviour": "blocks"}], "f: the shares of the clients add up to 0.5"),
        ([{"share": "all", "behaviour": "blocks"}], "f: client 1: share = 'all': give a share from 0 to 1"),
        ([{"share": 0.5, "behaviour": "blocks"}] * 2, "two clients are named 'blocks'"),
    ],
)
def test_wrong_groups_are_named(tables: list[dict[str, object]], said: str) -> None:
    with pytest.raises(TkitError) as error:
        groups_of(tables, "f")
    assert said in str(error.value)


def test_recipients_are_dealt_by_the_shares() -> None:
    groups = groups_of(
        [{"name": name, "share": share, "behaviour": "blocks"} for name, share in (("a", 0.5), ("b", 0.26), ("c", 0.24))], "f"
    )
    ten = dealt(groups, 10, Random(0))
    assert Counter(group.name for group in ten) == {"a": 5, "b": 3, "c": 2}  # 2.6 is nearer to 3 than 2.4
    assert [group.name for group in ten] != sorted(group.name for group in ten)
    assert Counter(group.name for group in dealt(groups, 1, Random(0))) == {"a": 1}


def test_habits() -> None:
    assert Habits(read_share=0).moments(Random(1), 0) == []
    assert Habits(read_share=1, again=0, spread=0, median_hours=6).moments(Random(1), 100) == [pytest.approx(100 + 6 * 3600)]
    many = [Habits(read_share=1, again=2, days=10, spread=0).moments(Random(seed), 0) for seed in range(400)]
    assert all(times == sorted(times) and times[0] == pytest.approx(6 * 3600) and times[-1] <= 10 * 86400 for times in many)
    assert 1.7 < sum(len(times) - 1 for times in many) / 400 < 2.3  # the mean is 2, its standard error 0.12
    assert Habits(read_share=1, median_hours=300, spread=0, days=10).moments(Random(1), 0) == []
