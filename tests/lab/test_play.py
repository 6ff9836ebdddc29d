"""Scenarios really played: SMTP, HTTP, SQLite on this machine."""

import threading
from collections import defaultdict

import pytest
from made_lab import scenario

from tkit.errors import TkitError
from tkit.lab.clock import DAY
from tkit.lab.loopback import listening_socket
from tkit.lab.play import START, Lab, Played

TEXT = {"behaviour": "text-only"}
BUSY = {"read_share": 0.6, "again": 1.5, "days": 60}


def moments(played: Played) -> dict[str, list[float]]:
    """Return when each recipient read the mail, in order."""
    found = defaultdict(list)
    for read in played.reads:
        found[read.recipient].append(read.time)
    return found


def test_of_plain_clients_every_read_has_its_receipt_and_no_other_has_one() -> None:
    with Lab(scenario(12, {"behaviour": "loads-on-open"}, reading=BUSY, form="first-party")) as lab:
        played = lab.play()
    truth = moments(played)
    assert {line.recipient: [one.time for one in line.opens] for line in played.timelines if line.opens} == truth
    assert 0 < len(truth) < 12  # somebody read it, somebody did not
    assert len(played.reads) > len(truth)  # and somebody again
    assert played.requests == {"open": len(played.reads), "content": len(played.reads)}


def test_the_known_distortions() -> None:
    clients = (
        {"name": "caching", "behaviour": "caching-proxy"},
        {"name": "prefetch", "behaviour": "prefetches"},
        {"name": "text", "behaviour": "text-only"},
        {"name": "sender", "behaviour": "sent-folder", "opens": 2, "inside": TEXT},
        {"name": "scanned", "behaviour": "scanner", "inside": TEXT},
    )
    with Lab(scenario(40, *clients, reading=BUSY, seed=2)) as lab:
        played = lab.play()
    truth = moments(played)
    assert max(map(len, truth.values())) > 2
    for person, line in zip(played.people, played.timelines, strict=True):
        opens, reads = [one.time for one in line.opens], truth[person.address]
        if person.group == "caching":  # one receipt whatever the re-opens
            assert opens == reads[:1]
        elif person.group == "prefetch":  # a receipt for all
            assert len(opens) == 1
            assert opens[0] <= START + 0.5 * DAY
        elif person.group == "text":
            assert opens == []
        elif person.group == "sender":
            assert len(opens) == 2
        else:
            assert (len(opens), len(line.clicks)) == (1, 1)


def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    mixed = ({"behaviour": "loads-on-open"}, {"behaviour": "blocks", "asks": 0.5}, {"behaviour": "prefetches"})
    runs = []
    for seed in (1, 1, 2):
        with Lab(scenario(6, *mixed, seed=seed)) as lab:
            runs.append(lab.play())
    assert runs[0] == runs[1]
    assert runs[0].reads != runs[2].reads


def test_a_blocker_stands_before_the_mailboxes_of_the_protected() -> None:
    blocked: list[str] = []

    def change(recipient: str, raw: bytes) -> bytes:
        blocked.append(recipient)
        return raw.replace(b"<img src=3D", b"<img alt=3D")

    clients = ({"name": "a", "behaviour": "prefetches"}, {"name": "b", "behaviour": "sent-folder", "inside": TEXT})
    with Lab(scenario(8, *clients, protected=0.5), change=change) as lab:
        played = lab.play()
    protected = [person for person in played.people if person.protected]
    assert sorted(blocked) == sorted(person.address for person in protected)
    assert sorted(person.group for person in protected) == ["a", "a", "b", "b"]
    opened = {line.recipient for line in played.timelines if line.opens}
    # The sender's own copy was never in the mailbox that the blocker guards.
    assert opened == {person.address for person in played.people if person.group == "b" or not person.protected}


def test_what_happens_can_be_watched_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    seen: list[tuple[float, int]] = []
    with Lab(
        scenario(2, {"behaviour": "loads-on-open"}, reading={"read_share": 1, "again": 0, "days": 60}),
    ) as lab:
        lab.play(lambda: seen.append((lab.days, len(lab.reads))))
        assert lab.days == 60
    assert [reads for _, reads in seen] == [0, 1, 2]
    assert [days for days, _ in seen] == sorted(days for days, _ in seen)
    assert {
        thread for thread in set(threading.enumerate()) - before if thread.name.startswith("tkit-lab") and thread.is_alive()
    } == set()


def test_an_interrupt_ends_every_server() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    lab = Lab(scenario(1, TEXT))
    with pytest.raises(KeyboardInterrupt), lab:
        lab.play(stop)
    listening_socket(port=int(lab.url.rpartition(":")[2].strip("/"))).close()  # it is free again
    assert not [thread for thread in threading.enumerate() if thread.name in ("tkit-lab-recorder", "tkit-lab-mail")]


def test_a_taken_port_leaves_nothing_running() -> None:
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TkitError, match=f"{port}: cannot listen there"), Lab(scenario(1, TEXT), port=port):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name in ("tkit-lab-recorder", "tkit-lab-mail")]


def test_postfix_changes_no_mail() -> None:
    with pytest.raises(TkitError, match="Postfix delivers mails as they are"):
        Lab(scenario(1, TEXT), change=lambda recipient, raw: raw, postfix=True)
