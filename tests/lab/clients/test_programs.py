"""What each client requests, with times in hours after sending."""

import pytest
from made_lab import LOGO, PIXEL, Room

from tkit.errors import TkitError
from tkit.lab.clients import client_of
from tkit.lab.clients.programs import Blocks, CachingProxy, LoadsOnOpen, Offline, Prefetches, SeveralDevices, TextOnly


def test_a_plain_client_requests_everything_at_every_opening() -> None:
    web = Room().live(LoadsOnOpen(agent="Mine/1.0"), 5, 8)
    assert web.requests == [(5, LOGO), (5, PIXEL), (8, LOGO), (8, PIXEL)]
    assert web.agents == {"Mine/1.0"}


def test_nothing_is_requested_without_an_opening() -> None:
    for client in (
        LoadsOnOpen(),
        Blocks(asks=1),
        CachingProxy(),
        Offline(still_open=1),
        TextOnly(),
        SeveralDevices([LoadsOnOpen()]),
    ):
        assert Room().live(client).requests == []


def test_blocked_pictures_load_only_where_the_reader_asks() -> None:
    assert Room().live(Blocks(asks=0), 5, 8).requests == []
    assert Room().live(Blocks(asks=1), 5, 8).times(PIXEL) == [5, 8]
    asked = [Room(seed).live(Blocks(asks=0.5), 5, 8).times(PIXEL) for seed in range(40)]
    assert {tuple(times) for times in asked} == {(), (5, 8)}  # asked once, for all openings


def test_text_requests_nothing() -> None:
    assert Room().live(TextOnly(), 5, 8).requests == []


def test_a_caching_proxy_requests_once_whatever_the_openings() -> None:
    assert Room().live(CachingProxy(), 5, 8, 900).requests == [(5, LOGO), (5, PIXEL)]
    assert Room().live(CachingProxy(keeps_days=1), 5, 8, 29, 30, 54).times(PIXEL) == [5, 29, 54]


def test_a_privacy_proxy_requests_once_read_or_not() -> None:
    (unread,) = Room().live(Prefetches(within_hours=12)).times(PIXEL)
    assert 0 <= unread <= 12
    assert Room().live(Prefetches(within_hours=12), 50, 60).times(PIXEL) == [unread]
    assert Room().live(Prefetches(within_hours=12), unread / 2).times(PIXEL) == [unread / 2]


def test_offline_reading_requests_later_or_never() -> None:
    assert Room().live(Offline(still_open=0), 5).requests == []
    (time,) = Room().live(Offline(still_open=1, within_hours=10), 5).times(PIXEL)
    assert 5 < time <= 15


def test_each_opening_is_on_one_of_several_devices() -> None:
    devices = SeveralDevices([LoadsOnOpen(agent="phone"), LoadsOnOpen(agent="desk"), TextOnly()])
    web = Room().live(devices, *range(1, 31))
    assert web.agents == {"phone", "desk"}
    assert 10 < len(web.times(PIXEL)) < 30
    (fetched,) = Room().live(SeveralDevices([Prefetches(), TextOnly()])).times(PIXEL)
    assert fetched <= 12


def test_chromium_must_be_there_to_look_with() -> None:
    with pytest.raises(TkitError, match='eyes = "chromium" needs a started Chromium'):
        Room().live(client_of({"behaviour": "loads-on-open", "eyes": "chromium"}, "here"), 5)
