"""Twenty mails before and after in Chromium; the full count is benchmarks/scrub.py."""

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from typing import cast

import pytest
from calls import Calls
from paths import SHARED

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from tkit.bundle import Bundle, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.lab.render import CHROMIUM_NAMES, ChromiumRenderer
from tkit.lab.scrubbed import compare_scrubbed
from tkit.scrubbing import scrub

HEAD = b"From: a@b.example\nContent-Type: text/html\n\n"
PAGE = b"<p>Hello <img src=http://c.test/logo.png width=40 height=30> <b>world</b></p>"
# The video is invisible: its player's own drawing is not the same from one time to the next.
TRACKERS = (
    b"<img src=http://t.test/1 width=1 height=1>",
    b"<img src=http://t.test/2>",
    b"x<img src=http://t.test/3 alt='a long text that takes some room'>y",
    b"<img src=http://t.test/4 width=120 height=90 alt=''>",
    b"<img src=http://t.test/5 style='display:block;width:100%;height:20px'>",
    b"<img srcset='http://t.test/6 1x, http://c.test/2 2x' src=http://c.test/3 width=9 height=9>",
    b"<table background=http://t.test/7><tr><td background=http://t.test/8>cell</table>",
    b"<p style='background:url(http://t.test/9),url(http://c.test/4)'>text</p>",
    b"<style>@import 'http://t.test/10';@import 'http://c.test/5';p{list-style:url(http://t.test/11)}</style><ul><li>x</ul>",
    b"<style>@font-face{font-family:f;src:url(http://t.test/12),url(http://c.test/6)}b{font-family:f}</style>",
    b"<svg width=9 height=9><image href=http://t.test/13 xlink:href=http://t.test/14 width=9 height=9 /></svg>",
    b"<iframe src=http://t.test/15 width=50 height=40></iframe><link rel=stylesheet href=http://t.test/16>",
    b"<meta http-equiv=refresh content='0;url=http://t.test/17'>",
    b"<video poster=http://t.test/18 width=30 height=20 style='opacity:0'></video>",
)


@pytest.fixture(scope="module")
def renderer() -> Iterator[ChromiumRenderer]:
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium: apt-get install chromium")
    with ChromiumRenderer(timeout_seconds=120) as started:
        yield started


@pytest.mark.parametrize("doctype", [b"", b"<!doctype html>"])
@pytest.mark.parametrize("replace", [False, True])
def test_every_way_of_writing(renderer: ChromiumRenderer, doctype: bytes, replace: bool) -> None:
    detector = cast(Bundle, Calls(lambda url: url.startswith("http://t.test")))
    raw = HEAD + doctype + PAGE + PAGE.join(TRACKERS) + PAGE
    done = scrub(raw, detector, replace=replace)
    assert len(done.removed) == 17  # of two href of one element one counts
    compared = compare_scrubbed(renderer, raw, done)
    assert compared.defects == ()
    assert (compared.still_asked, compared.no_longer_asked) == ((), ())
    assert compared.pixels == 0
    assert compared.asked_before >= compared.asked_after + 10


def test_a_difference_is_seen(renderer: ChromiumRenderer) -> None:
    raw = HEAD + PAGE + TRACKERS[0]
    done = scrub(raw, cast(Bundle, Calls(lambda url: "t.test" in url)))
    moved = done._replace(raw=done.raw.replace(b"Hello", b"Hallo"))
    assert compare_scrubbed(renderer, raw, moved).pixels > 0
    untouched = done._replace(raw=raw)
    assert compare_scrubbed(renderer, raw, untouched).still_asked == ("http://t.test/1",)
    emptied = done._replace(raw=done.raw.replace(b"src=http://c.test/logo.png", b""))
    assert compare_scrubbed(renderer, raw, emptied).no_longer_asked == ("http://c.test/logo.png",)


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)
def test_real_mails(renderer: ChromiumRenderer, corpus: object) -> None:
    archive = SHARED / "corpora" / corpus.archive  # type: ignore[attr-defined]
    if not archive.exists():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    problems: list[Problem] = []
    bundle = default_bundle()
    found = ((mail.raw, scrub(mail.raw, bundle)) for mail in islice(read_raw([archive], problems=problems), 0, None, 7))
    compared = [compare_scrubbed(renderer, raw, done) for raw, done in islice((two for two in found if two[1].removed), 4)]
    assert len(compared) == 4
    for one in compared:
        assert (one.defects, one.still_asked, one.no_longer_asked) == ((), (), ())
        assert one.pixels == 0 or one.pixels_without == 0  # a tracker of a size that nobody declares
