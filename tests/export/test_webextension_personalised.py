"""Personalised pictures in the extension in a real Chromium: shown and listed, or held where the reader wants that."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from extended import Chromium, Tab
from made_verdicts import BOTH, LOGO, MAIL_OF_THREE, OPENED, PASS, of_three_verdicts
from made_webmail import SITES, Asked, Web, message_of

from tkit.bundle import explain, judge
from tkit.features import extract

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from playwright.sync_api import expect

from tkit.lab.extension import extended_chromium
from tkit.lab.render import CHROMIUM_NAMES

BLOCKED = "Blocked: its server was not contacted."
SHOWN = "Shown: its server can see that you opened the mail."
ALLOWED = "Shown: you allowed it."


@pytest.fixture(scope="module")
def chromium(missing_engine: Callable[[str], None], internet: Web) -> Iterator[Chromium]:
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        missing_engine(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    with extended_chromium(of_three_verdicts("element"), SITES, internet.server_port) as (context, worker):
        yield Chromium(context, worker)


@pytest.fixture
def tab(chromium: Chromium, internet: Web) -> Iterator[Callable[[str], Tab]]:
    """Opens a page, of mail or of a webmail; what was allowed and chosen before is forgotten."""
    internet.forget()
    internet.mails |= {f"/{year}.html": of_year(year, MAIL_OF_THREE) for year in (2026, 2027, 2028)}
    chromium.store(allowed=[], holdsPersonalised=False)
    before = len(chromium.context.pages)
    yield lambda url: Tab(chromium, url)
    for page in chromium.context.pages[before:]:
        page.close()


def of_year(year: int, text: str) -> str:
    """The same with other URLs, which no test before has left in the browser's memory."""
    return text.replace("/2026/", f"/{year}/")


def choose(chromium: Chromium, is_held: bool) -> None:
    """Move the switch on the options page."""
    options = chromium.context.new_page()
    options.goto(chromium.address + "/options.html")
    options.set_checked("#holds-personalised", is_held)
    chromium.reads("chrome.storage.local.get('holdsPersonalised').then((found) => found.holdsPersonalised)", is_held)
    options.close()


def not_asked(tab: Tab, internet: Web, urls: set[str]) -> None:
    tab.page.evaluate("fetch('/last')")
    assert not internet.asked() & set(map(Asked.of, urls))


def test_they_are_shown_and_listed_with_their_reasons(tab: Callable[[str], Tab], internet: Web) -> None:
    shown = tab("https://page.test/2026.html")
    internet.wait_for({LOGO, PASS, BOTH})
    shown.finds({OPENED})
    shown.finds({PASS, BOTH}, "personalised")
    shown.badge("1")  # trackers alone
    shown.fails({OPENED})
    not_asked(shown, internet, {OPENED})
    popup = shown.popup()
    expect(popup.locator("#told")).to_have_text("1 read tracker in this mail")
    expect(popup.locator("#personalised h1")).to_have_text("2 personalised pictures")
    expect(popup.locator("#trackers li p")).to_have_text([BLOCKED])
    expect(popup.locator("#personalised li p")).to_have_text([SHOWN, SHOWN])
    expect(popup.locator("#personalised code")).to_have_text([PASS, BOTH])
    assert popup.locator("#personalised button").count() == 0
    bundle = of_three_verdicts("element")
    rows = extract([message_of(MAIL_OF_THREE)])
    reasons = dict(zip(rows["resolved_url"], explain(bundle, rows, judge(bundle, rows).verdicts), strict=True))
    for place, url in (("#trackers", OPENED), ("#personalised li:nth-child(1)", PASS), ("#personalised li:nth-child(2)", BOTH)):
        assert popup.locator(f"{place} li:not(.found > *)").all_text_contents() == reasons[url]


def test_they_are_held_where_the_reader_wants_that(chromium: Chromium, tab: Callable[[str], Tab], internet: Web) -> None:
    opened, boarding, both, logo = (of_year(2027, url) for url in (OPENED, PASS, BOTH, LOGO))
    choose(chromium, True)
    held = tab("https://page.test/2027.html")
    internet.wait_for({logo})
    held.finds({boarding, both}, "personalised")
    held.fails({opened, boarding, both})
    not_asked(held, internet, {opened, boarding, both})
    held.badge("1")
    popup = held.popup()
    expect(popup.locator("#personalised li p")).to_have_text([BLOCKED, BLOCKED])
    popup.locator("#personalised button").first.click()
    internet.wait_for({boarding})
    expect(popup.locator("#personalised li p")).to_have_text([ALLOWED, BLOCKED])
    not_asked(held, internet, {opened, both})
    choose(chromium, False)
    internet.wait_for({both})
    expect(popup.locator("#personalised li p")).to_have_text([ALLOWED, SHOWN])
    not_asked(held, internet, {opened})


def test_one_that_was_shown_is_not_said_to_be_blocked(chromium: Chromium, tab: Callable[[str], Tab], internet: Web) -> None:
    opened, boarding, both, logo = (of_year(2028, url) for url in (OPENED, PASS, BOTH, LOGO))
    shown = tab("https://page.test/2028.html")
    internet.wait_for({logo, boarding, both})
    shown.finds({boarding, both}, "personalised")
    popup = shown.popup()
    choose(chromium, True)
    later = boarding.replace("1b2c", "2c3d")
    shown.page.evaluate("(src) => document.body.append(Object.assign(new Image(300, 300), { src }))", later)
    shown.finds({boarding, both, later}, "personalised")
    expect(popup.locator("#personalised li p")).to_have_text([SHOWN, SHOWN, BLOCKED])
    shown.fails({later})
    not_asked(shown, internet, {opened, later})


def test_a_tracker_of_one_mail_is_held_in_the_other_mails_of_the_page(tab: Callable[[str], Tab], internet: Web) -> None:
    page = tab("https://outlook.live.com/")
    opened, logo = (of_year(2029, url) for url in (OPENED, LOGO))
    mails = [f'<img src="{opened}" width="1">', f'<img src="{opened}" width="200"><img src="{logo}" width="90">']
    page.page.evaluate(
        """(mails) => mails.forEach((html, number) => {
          const message = Object.assign(document.createElement("div"), { id: `UniqueMessageBody_${number}`, innerHTML: html });
          document.body.append(message);
        })""",
        mails,
    )
    internet.wait_for({logo})
    page.finds({opened})
    page.finds(set(), "personalised")
    page.fails({opened})
    not_asked(page, internet, {opened})
