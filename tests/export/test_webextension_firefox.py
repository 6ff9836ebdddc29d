"""The same extension in a real Firefox; what both browsers do alike is tried in Chromium."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from gecko import Gecko, gecko, program_of
from made_verdicts import BOTH, LOGO, MAIL_OF_THREE, OPENED, PASS, of_three_verdicts
from made_webmail import MAIL, SITES, TRACKER, Asked, Web, judged, proxied

from tkit.bundle import Bundle, default_bundle

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from tkit.lab.extension import write_permitted

BROWSER = "Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser"
STORE = """
const { storage, scripting } = page.wrappedJSObject.browser;
await storage.local.set(Cu.cloneInto({ sites: given[0] }, page));
const number = async () => (await scripting.getRegisteredContentScripts()).length;
while ((await number()) < given[0].length) await new Promise((next) => page.setTimeout(next, 20));
"""
SETTLED = """
const shown = () => Array.from(page.document.images).filter((image) => image.complete && image.naturalWidth);
while (shown().length < given[0]) await new Promise((next) => page.setTimeout(next, 20));
return Array.from(page.document.images, (image) => image.naturalWidth);
"""
FOUND = """
for (;;) {
  const found = await page.wrappedJSObject.browser.storage.session.get();
  const tabs = Object.entries(found).filter(([key]) => key.startsWith("tab "));
  const all = tabs.flatMap(([, frames]) => Object.values(frames).flat());
  if (all.length) return all.map(({ url, verdict, isHeld }) => [url, verdict, isHeld]);
  await new Promise((next) => page.setTimeout(next, 20));
}
"""


class Firefox:
    """Firefox with the extension, turned on for SITES."""

    def __init__(self, program: Gecko, address: str) -> None:
        self.program = program
        self.options = f"{address}/options.html"
        self.open(self.options)
        self.run(STORE, SITES)

    def open(self, url: str) -> None:
        self.program("Marionette:SetContext", value="content")
        self.program("WebDriver:Navigate", url=url)

    def run(self, script: str, *arguments: object) -> Any:
        return self.program.page(BROWSER, script, *arguments)


Start = Callable[[Bundle], AbstractContextManager[Firefox]]


@pytest.fixture(scope="module")
def start(missing_engine: Callable[[str], None], internet: Web, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts Firefox with the extension of a bundle."""

    @contextmanager
    def starting(bundle: Bundle) -> Iterator[Firefox]:
        program = program_of("firefox-esr", "firefox")
        if program is None:
            missing_engine("no firefox-esr or firefox on PATH: apt-get install firefox-esr")
        folder = tmp_path_factory.mktemp("extension")
        write_permitted(bundle, folder)
        with gecko(str(program), tmp_path_factory.mktemp("profile"), internet.server_port) as started:
            yield Firefox(started, started.install(folder))

    return starting


@pytest.fixture(scope="module")
def firefox(start: Start) -> Iterator[Firefox]:
    with start(default_bundle("element")) as started:
        yield started


@pytest.mark.parametrize("way", ["page", "gmail", "outlook"])
def test_the_tracker_is_held_and_the_others_are_shown(firefox: Firefox, internet: Web, way: str) -> None:
    internet.forget()
    internet.redirects = {Asked("pictures.shop.example", "/2026/hero.jpg"): "https://cdn.shop.example/hero.jpg"}
    html = proxied(MAIL) if way == "gmail" else MAIL
    trackers, others = judged(html, default_bundle("element"))
    if way == "page":
        internet.mails["/firefox.html"] = html
        firefox.open("https://page.test/firefox.html")
        own = 0
    else:
        firefox.open({"gmail": "https://mail.google.com/", "outlook": "https://outlook.live.com/"}[way])
        own = {"gmail": 2, "outlook": 2}[way]
        firefox.run("page.wrappedJSObject.show(given[0]);", html)
    widths = firefox.run(SETTLED, own + len(others))
    assert widths == [1] * (own + len(others)) + [0]  # the tracker stands last
    internet.wait_for(others)
    if way != "gmail":
        internet.wait_for({"https://cdn.shop.example/hero.jpg"})
    assert not internet.asked() & set(map(Asked.of, trackers))
    firefox.run("await page.fetch('/last');")
    firefox.open(firefox.options)  # in the same tab, whose findings stay until the tab judges another mail
    found = firefox.run(FOUND)
    assert [one for one in found if one[1] == "tracker"] == [[url, "tracker", True] for url in trackers]


def test_allowing_one(firefox: Firefox, internet: Web) -> None:
    internet.forget()
    internet.mails["/allow.html"] = MAIL
    firefox.open(firefox.options)
    firefox.run("await page.wrappedJSObject.browser.storage.local.set(Cu.cloneInto({ allowed: [given[0]] }, page));", TRACKER)
    firefox.open("https://page.test/allow.html")
    internet.wait_for({TRACKER})


HOLD = """
page.document.getElementById("holds-personalised").click();
const { local } = page.wrappedJSObject.browser.storage;
while (!(await local.get("holdsPersonalised")).holdsPersonalised) await new Promise((next) => page.setTimeout(next, 20));
"""


def test_personalised_pictures_are_shown_or_held(start: Start, internet: Web) -> None:
    internet.forget()
    internet.mails |= {"/three.html": MAIL_OF_THREE, "/held.html": MAIL_OF_THREE.replace("/2026/", "/2027/")}
    with start(of_three_verdicts("element")) as firefox:
        firefox.open("https://page.test/three.html")
        assert firefox.run(SETTLED, 4) == [1, 1, 1, 1, 0]  # the tracker stands last
        firefox.run("await page.fetch('/last');")
        assert Asked.of(OPENED) not in internet.asked()
        firefox.open(firefox.options)
        assert firefox.run(FOUND) == [[PASS, "personalised", True], [BOTH, "personalised", True], [OPENED, "tracker", True]]
        firefox.run(HOLD)
        internet.forget()
        firefox.open("https://page.test/held.html")
        assert firefox.run(SETTLED, 1) == [1, 0, 0, 0, 0]
        firefox.run("await page.fetch('/last');")
        assert {asked for asked in internet.asked() if "/2027/" in asked.path} == {Asked.of(LOGO.replace("/2026/", "/2027/"))}
