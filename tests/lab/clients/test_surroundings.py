"""What stands around a client, with times in hours after sending."""

from made_lab import LINK, LOGO, PIXEL, Room

from tkit.lab.clients.programs import Blocks, LoadsOnOpen, Prefetches, TextOnly
from tkit.lab.clients.surroundings import Forwards, PreviewPane, Scanner, SentFolder


def test_a_scanner_requests_pictures_and_links_on_delivery() -> None:
    scan = 36 / 3600
    assert Room().live(Scanner(TextOnly(), seconds=36)).requests == [(scan, LOGO), (scan, PIXEL), (scan, LINK)]
    assert Room().live(Scanner(TextOnly(), pictures=False)).times(PIXEL) == []
    assert Room().live(Scanner(TextOnly(), links=False)).times(LINK) == []
    assert Room().live(Scanner(LoadsOnOpen(), seconds=36), 5).times(PIXEL) == [scan, 5]


def test_a_preview_pane_opens_what_nobody_reads() -> None:
    times = Room().live(PreviewPane(LoadsOnOpen(), passes=3, within_days=1)).times(PIXEL)
    assert len(times) == 3
    assert max(times) <= 24
    assert Room().live(PreviewPane(Blocks(asks=0), passes=3)).requests == []


def test_a_forwarded_mail_counts_for_the_one_who_forwarded_it() -> None:
    times = Room().live(Forwards(LoadsOnOpen(), to=LoadsOnOpen(), opens=2, within_days=1), 5, 50).times(PIXEL)
    assert len(times) == 4
    assert {5, 50} < set(times)
    assert all(5 <= time <= 29 for time in set(times) - {50})
    assert Room().live(Forwards(LoadsOnOpen())).requests == []
    assert len(Room().live(Forwards(TextOnly(), opens=3, unread=True)).times(PIXEL)) == 3
    assert len(Room().live(Forwards(TextOnly(), to=Prefetches()), 5).times(PIXEL)) == 1


def test_the_sender_counts_the_own_openings() -> None:
    web = Room().live(SentFolder(TextOnly(), opens=2, within_days=1, agent="the sender"))
    assert len(web.times(PIXEL)) == 2
    assert web.agents == {"the sender"}


def test_what_is_inside_may_have_surroundings_too() -> None:
    web = Room().live(SentFolder(Scanner(PreviewPane(Prefetches(), passes=1)), opens=1))
    assert len(web.times(PIXEL)) == 3  # the sender's, the scanner's, and one of the proxy
