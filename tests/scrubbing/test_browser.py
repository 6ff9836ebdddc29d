"""Twenty mails before and after in Chromium; the full count is benchmarks/scrub.py."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from typing import cast

import pytest
from calls import Calls
from paths import SHARED

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from tkit.bundle import Bundle, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.lab.render import CHROMIUM_NAMES, ChromiumRenderer
from tkit.lab.scrubbed import Comparison, compare_scrubbed
from tkit.scrubbing import Scrubbed, scrub

HEAD = b"From: a@b.example\nContent-Type: text/html\n\n"
PAGE = b"<p>Hello <img src=http://c.test/logo.png width=40 height=30> <b>world</b></p>"
# The video is invisible, because its player does not look the same every time.
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
    assert len(done.removed) == 17  # of two href of one element only one counts
    compared = compare_scrubbed(renderer, raw, done)
    assert compared.defects == ()
    assert (compared.still_asked, compared.no_longer_asked) == ((), ())
    assert compared.pixels == 0
    assert compared.asked_before >= compared.asked_after + 10


class TestDifferencesAreSeen:
    RAW = HEAD + PAGE + TRACKERS[0]

    def after(self, renderer: ChromiumRenderer, change: Callable[[bytes], bytes]) -> Comparison:
        """Compare the mail with a change of its scrubbed form."""
        done = scrub(self.RAW, cast(Bundle, Calls(lambda url: "t.test" in url)))
        return compare_scrubbed(renderer, self.RAW, done._replace(raw=change(done.raw)))

    def test_another_text(self, renderer: ChromiumRenderer) -> None:
        assert self.after(renderer, lambda raw: raw.replace(b"Hello", b"Hallo")).pixels > 0

    def test_a_tracker_that_stays(self, renderer: ChromiumRenderer) -> None:
        assert self.after(renderer, lambda raw: self.RAW).still_asked == ("http://t.test/1",)

    def test_a_picture_that_goes(self, renderer: ChromiumRenderer) -> None:
        compared = self.after(renderer, lambda raw: raw.replace(b"src=http://c.test/logo.png", b""))
        assert compared.no_longer_asked == ("http://c.test/logo.png",)


MAILS = 4
"""Mails of each corpus that are shown."""


@pytest.fixture(scope="module", params=CORPORA, ids=lambda corpus: corpus.name)
def scrubbed(request: pytest.FixtureRequest) -> list[tuple[bytes, Scrubbed]]:
    """Mails of a corpus with a tracker, before and after: the first among every seventh."""
    archive = SHARED / "corpora" / request.param.archive
    if not archive.exists():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    problems: list[Problem] = []
    bundle = default_bundle()
    every = ((mail.raw, scrub(mail.raw, bundle)) for mail in islice(read_raw([archive], problems=problems), 0, None, 7))
    mails = list(islice((pair for pair in every if pair[1].removed), MAILS))
    assert len(mails) == MAILS
    return mails


@pytest.mark.parametrize("number", range(MAILS))
def test_real_mails(renderer: ChromiumRenderer, scrubbed: list[tuple[bytes, Scrubbed]], number: int) -> None:
    compared = compare_scrubbed(renderer, *scrubbed[number])
    assert (compared.defects, compared.still_asked, compared.no_longer_asked) == ((), (), ())
    assert compared.pixels == 0 or compared.pixels_without == 0  # a tracker of a size that nobody declares
