"""The extension in a real Chromium, on made-up webmails: what reaches the server, what it says, and what one can allow."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from extended import Chromium, Tab
from made_webmail import MAIL, SITES, TRACKER, Asked, Web, judged, message_of, proxied
from paths import ROOT, SHARED

from tkit.bundle import Bundle, default_bundle, explain, judge
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.errors import TkitError
from tkit.export import export
from tkit.export.webextension import write
from tkit.features import extract
from tkit.html import references
from tkit.mail import Message

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from playwright.sync_api import expect

from tkit.lab.extension import extended_chromium
from tkit.lab.render import CHROMIUM_NAMES

NOT_HELD = ("script-src", "link-preconnect", "meta-refresh")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return default_bundle("element")


@pytest.fixture(scope="module")
def chromium(missing_engine: Callable[[str], None], internet: Web, bundle: Bundle) -> Iterator[Chromium]:
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        missing_engine(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    with extended_chromium(bundle, SITES, internet.server_port) as (context, worker):
        yield Chromium(context, worker)


@pytest.fixture
def open_page(chromium: Chromium, internet: Web) -> Iterator[Callable[[str], Tab]]:
    internet.forget()
    chromium.store(allowed=[])
    opened: list[Tab] = []

    def opening(url: str) -> Tab:
        opened.append(Tab(chromium, url))
        return opened[-1]

    yield opening
    for tab in opened:
        tab.page.close()


def assert_held(tab: Tab, internet: Web, trackers: set[str], others: set[str]) -> None:
    """The other pictures reach the server; no tracker does, and the browser says that the extension is why."""
    assert trackers
    assert others
    tab.badge(str(len(trackers)))
    internet.wait_for(others)
    tab.finds(trackers)
    tab.fails(trackers)
    tab.page.evaluate("fetch('/last')")
    assert not internet.asked() & set(map(Asked.of, trackers))


@pytest.mark.parametrize("way", ["show", "showAtOnce", "showNodeByNode"])
def test_a_mail_behind_a_picture_proxy(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle, way: str) -> None:
    tab = open_page("https://mail.google.com/")
    internet.wait_for(
        {
            "https://ssl.gstatic.com/ui/logo.png",
            "https://lh3.googleusercontent.com/a/avatar=s40",
            "https://mail.google.com/mail/own-icon.png",
        }
    )
    html = proxied(MAIL)
    tab.page.evaluate(f"(html) => {way}(html)", html)
    assert_held(tab, internet, *judged(html, bundle))


def test_a_mail_swapped_for_another(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle) -> None:
    tab = open_page("https://outlook.live.com/")
    internet.wait_for({"https://res.cdn.office.net/owa/icon.png", "https://outlook.live.com/mail/own-icon.png"})
    tab.page.evaluate("(html) => show(html)", MAIL)
    assert_held(tab, internet, *judged(MAIL, bundle))
    without = MAIL.replace(f'<img src="{TRACKER}" width="1" height="1" alt="" border="0">', "").replace("2026/", "2027/")
    tab.page.evaluate("(html) => show(html)", without)
    tab.badge("")
    internet.wait_for(judged(without, bundle)[1])
    another = MAIL.replace("2026/", "2028/").replace("upn=u001", "upn=u002")
    tab.page.evaluate("(html) => show(html)", another)
    assert_held(tab, internet, *judged(another, bundle))


def test_a_mail_in_a_frame(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle) -> None:
    internet.mails["first"] = MAIL
    tab = open_page("https://mail.roundcube.test/")
    tab.page.evaluate("show('first')")
    assert_held(tab, internet, *judged(MAIL, bundle))
    own = {"https://mail.roundcube.test/skins/logo.svg", "https://mail.roundcube.test/skins/contact.png"}
    internet.wait_for(own)


# Of a source set a browser takes one; here the tracker is the one that it would take.
CARRIERS = f"""<!doctype html><html><head>
<style>@import "https://pictures.shop.example/import.css";
@namespace other url(https://pictures.shop.example/rule.png);
@keyframes k {{ from {{ background: url(https://pictures.shop.example/frame.png) }} }}
h1 {{ animation: k 60s }}
@font-face {{ font-family: f; src: url(https://pictures.shop.example/font.woff2) }}
@media screen {{ h1 {{ background: url(https://pictures.shop.example/rule.png); font-family: f }} }}
p {{ background: url('https://t.mailer.example/wf/open?upn=css.{"9fQ2xK7b3LmZp0RtVw8YcN4sHd6JgEaT" * 2}') }}</style>
<link rel="stylesheet" href="https://pictures.shop.example/link.css"></head>
<body background="https://pictures.shop.example/body.png"><h1>Spring</h1>
<img srcset="https://t.mailer.example/wf/open?upn=set.{"Zp0RtVw8YcN4sHd6JgEaT9fQ2xK7b3Lm" * 2} 1x" width="1" height="1" alt="">
<img srcset="https://pictures.shop.example/set-1x.jpg 1x, https://pictures.shop.example/set-2x.jpg 2x" width="600" height="240">
<div style="background-image: url('https://t.mailer.example/wf/open?upn=style.{"VwYcN4sHd6JgEaT9fQ2xK7b3LmZp0Rt8" * 2}');
width: 1px; height: 1px"></div>
<div style="background: #fff url(https://pictures.shop.example/style.png) no-repeat; height: 90px">x</div>
<table width="600" background="https://pictures.shop.example/table.png"><tr><td><a href="https://shop.example/spring">
<img src="https://pictures.shop.example/hero.jpg" width="600" height="240" alt="Spring sale"></a></td></tr></table>
<video poster="https://pictures.shop.example/poster.jpg" width="320" height="200"></video>
<svg width="90" height="90"><image href="https://pictures.shop.example/svg.png" width="90" height="90" /></svg>
<iframe src="https://pictures.shop.example/frame"></iframe>
<p>Until Sunday. <a href="https://shop.example/unsubscribe">Unsubscribe</a></p><img src="{TRACKER}" width="1" height="1" alt="">
</body></html>"""


def test_every_carrier_of_a_page_that_is_a_mail(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle) -> None:
    trackers, others = judged(CARRIERS, bundle)
    assert len(trackers) == 4
    internet.mails["/carriers.html"] = CARRIERS
    tab = open_page("https://page.test/carriers.html")
    frame = "https://pictures.shop.example/frame"  # could read the mark
    assert_held(tab, internet, trackers, others - {"https://pictures.shop.example/set-2x.jpg", frame})
    assert Asked.of(frame) not in internet.asked()
    # The mail's own style is what was judged, and what is judged again.
    another = TRACKER.replace("upn=u001", "upn=u002")
    tab.page.evaluate("(src) => document.body.append(Object.assign(new Image(1, 1), { src }))", another)
    tab.badge("5")
    tab.finds(trackers | {another})


def test_what_is_not_held(open_page: Callable[[str], Tab], internet: Web) -> None:
    """Frames of an origin of their own: the browser does not say on which page they stand. docs/export.md says so."""
    picture = "<img src=https://pictures.shop.example/{}.png>"
    internet.mails["/frames.html"] = (
        f'<iframe sandbox srcdoc="{picture.format("sandboxed")}"></iframe><iframe srcdoc="{picture.format("written")}&#x200b;'
        f'<img src=\'{TRACKER}\' width=1 height=1>"></iframe><iframe src="data:text/html,{picture.format("data")}"></iframe>'
    )
    tab = open_page("https://page.test/frames.html")
    internet.wait_for({f"https://pictures.shop.example/{name}.png" for name in ("sandboxed", "data", "written")})
    tab.badge("1")  # a frame that is written into the page is judged as a mail of its own
    assert Asked.of(TRACKER) not in internet.asked()


def test_a_redirected_picture_keeps_its_mark(open_page: Callable[[str], Tab], internet: Web) -> None:
    internet.redirects[Asked("pictures.shop.example", "/2026/hero.jpg")] = "https://cdn.shop.example/hero.jpg"
    internet.redirects[Asked("pictures.shop.example", "/2026/hat.png")] = "https://cdn.shop.example/hat.png#own"
    internet.mails["/redirected.html"] = MAIL
    tab = open_page("https://page.test/redirected.html")
    internet.wait_for({"https://cdn.shop.example/hero.jpg", "https://pictures.shop.example/2026/hat.png"})
    tab.page.evaluate("fetch('/last')")
    assert Asked.of("https://cdn.shop.example/hat.png") not in internet.asked()  # a fragment of its own takes the mark's place


def test_a_released_picture_that_fails_is_requested_once_more(open_page: Callable[[str], Tab], internet: Web) -> None:
    picture = "https://pictures.shop.example/2026/hero.jpg"
    internet.missing = {Asked.of(picture)}
    internet.mails["/retried.html"] = MAIL
    tab = open_page("https://page.test/retried.html")
    expect(tab.page.locator("img").first).to_have_js_property("naturalWidth", 1, timeout=30_000)
    assert not internet.missing


def test_a_picture_that_joined_a_held_request_is_shown(open_page: Callable[[str], Tab], internet: Web) -> None:
    tab = open_page("https://outlook.live.com/")
    request_it_until_it_is_released = """(html) => {
  show(html);
  const picture = document.querySelector("img[src*=hero]");
  const { src } = picture;
  const again = setInterval(() => { new Image().src = src; }, 1);
  new MutationObserver(() => clearInterval(again)).observe(picture, { attributes: true });
}"""
    tab.page.evaluate(request_it_until_it_is_released, MAIL)
    expect(tab.page.locator("img[src*=hero]")).to_have_js_property("naturalWidth", 1, timeout=30_000)


def test_reasons_and_allowing_one(open_page: Callable[[str], Tab], internet: Web, chromium: Chromium, bundle: Bundle) -> None:
    internet.mails["/allow.html"] = MAIL
    tab = open_page("https://page.test/allow.html")
    tab.badge("1")
    popup = tab.popup()
    expect(popup.locator("#told")).to_have_text("1 read tracker in this mail")
    assert popup.text_content("#trackers h2") == "SendGrid"
    assert popup.text_content("code") == TRACKER
    rows = extract([message_of(MAIL)])
    verdicts = judge(bundle, rows).verdicts
    explained = zip(explain(bundle, rows, verdicts), verdicts, strict=True)
    (expected,) = (told for told, verdict in explained if verdict == "tracker")
    assert popup.locator("#trackers ul li").all_text_contents() == expected
    internet.wait_for(judged(MAIL, bundle)[1])
    assert Asked.of(TRACKER) not in internet.asked()
    popup.click("text=Show it")
    internet.wait_for({TRACKER})
    tab.badge("")
    popup.wait_for_selector("text=Block it again")
    options = chromium.context.new_page()
    options.goto(chromium.address + "/options.html")
    assert options.text_content("#allowed code") == TRACKER
    options.click("#allowed button")
    tab.badge("1")
    options.wait_for_selector("#allowed >> text=none")
    internet.forget()
    internet.mails["/again.html"] = MAIL.replace("2026/", "2029/")
    again = open_page("https://page.test/again.html")
    assert_held(again, internet, *judged(internet.mails["/again.html"], bundle))
    for page in (popup, options):
        page.close()


def test_what_a_sender_writes_is_only_text(open_page: Callable[[str], Tab], internet: Web) -> None:
    evil = TRACKER + "&x=<img/src=x/onerror=document.title='no'>\"'><b>"
    internet.mails["/evil.html"] = MAIL.replace(TRACKER, evil.replace('"', "&quot;"))
    tab = open_page("https://page.test/evil.html")
    tab.badge("1")
    popup = tab.popup()
    tab.finds({popup.text_content("code")})
    assert popup.locator("img, b").count() == 0
    assert popup.title() == "Read trackers"
    popup.close()


def test_options(chromium: Chromium) -> None:
    options = chromium.context.new_page()
    options.goto(chromium.address + "/options.html")
    expect(options.locator("tr.on td:first-child")).to_have_text([site["host"] for site in SITES])
    options.fill("[name=host]", "http://mail.example.org/")
    options.click("form button")
    assert "is not a host" in options.text_content("#problem")
    options.fill("[name=host]", " ")
    options.fill("[name=own]", "static.example.net")
    options.click("form button")
    assert options.text_content("#problem").startswith("Nothing is not a host")
    options.fill("[name=host]", "mail.example.org")
    options.fill("[name=own]", "static.example.net, cdn.example.net")
    options.click("form button")
    chromium.reads("chrome.declarativeNetRequest.getDynamicRules().then((rules) => rules.length)", 7)
    rules = chromium.worker.evaluate("chrome.declarativeNetRequest.getDynamicRules()")
    (added,) = (rule["condition"] for rule in rules if rule["condition"]["initiatorDomains"] == ["mail.example.org"])
    assert added["excludedRequestDomains"] == ["mail.example.org", "static.example.net", "cdn.example.net"]
    chromium.store(sites=SITES)
    chromium.reads("chrome.declarativeNetRequest.getDynamicRules().then((rules) => rules.length)", 6)
    options.close()


EACH = 3
"""Real mails of each public corpus."""


@pytest.fixture(scope="module")
def corpus_pages() -> list[str]:
    """The HTML of mails of the public corpora that have one HTML part with pictures, evenly taken."""
    found: list[str] = []
    problems: list[Problem] = []
    for corpus in CORPORA:
        archive = SHARED / "corpora" / corpus.archive
        if not archive.exists():
            pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
        mails = (Message.from_bytes(mail.raw) for mail in read_raw([archive], problems=problems))
        # A page has scripts, so that what stands in <noscript> is nothing there.
        fit = (
            mail.html_parts[0]
            for mail in mails
            if len(mail.html_parts) == 1
            and "<noscript" not in mail.html_parts[0].lower()
            and sum(map(is_shown, references(mail))) > 1
        )
        found += islice(fit, 0, EACH * 10, 10)
    return found


def is_shown(reference: Any) -> bool:
    return reference.carrier == "img-src" and bool(reference.resolved_url)


@pytest.mark.parametrize("way", ["page", "frame"])
def test_real_mails(open_page: Callable[[str], Tab], internet: Web, bundle: Bundle, corpus_pages: list[str], way: str) -> None:
    assert len(corpus_pages) == EACH * len(CORPORA)
    called = 0
    for number, html in enumerate(corpus_pages):
        trackers, others = judged(html, bundle)
        of_mail = references(message_of(html))
        pictures = {reference.resolved_url for reference in of_mail if is_shown(reference)}
        held = trackers - {reference.resolved_url for reference in of_mail if reference.carrier in NOT_HELD}
        internet.forget()
        internet.mails |= {f"/{number}.html": html, str(number): html}
        if way == "page":
            tab = open_page(f"https://page.test/{number}.html")
        else:
            tab = open_page("https://mail.roundcube.test/")
            tab.page.evaluate(f"show('{number}')")
        tab.badge(str(len(held)) if held else "")
        internet.wait_for(others & pictures)
        tab.finds(trackers)
        assert not internet.asked() & set(map(Asked.of, trackers))
        called += len(trackers)
    assert called >= 5


def test_a_stopped_worker_is_woken(chromium: Chromium, internet: Web, bundle: Bundle) -> None:
    """The last test of this browser: Chromium ends an extension's worker when it likes, and Playwright loses sight of it."""
    page = chromium.context.new_page()
    session = chromium.context.new_cdp_session(page)
    found = session.send("Target.getTargets")["targetInfos"]
    (worker,) = (target["targetId"] for target in found if target["type"] == "service_worker")
    session.send("Target.closeTarget", {"targetId": worker})
    internet.forget()
    internet.mails["/woken.html"] = MAIL.replace("2026/", "2030/")
    trackers, others = judged(internet.mails["/woken.html"], bundle)
    page.goto("https://page.test/woken.html")
    internet.wait_for(others)
    page.evaluate("fetch('/last')")
    assert not internet.asked() & set(map(Asked.of, trackers))
    assert "service_worker" in {target["type"] for target in session.send("Target.getTargets")["targetInfos"]}


def test_a_page_shows_no_headers(tmp_path: Path) -> None:
    with pytest.raises(
        TkitError, match="a web page does not show the headers of a mail: export a bundle of the vantage point element"
    ):
        write(default_bundle("message"), tmp_path)


HELD = [
    ("roundcube", "https://a.example/o.gif", ["img-src"], True),
    ("roundcube", "https://static.mail.example/o.gif", ["img-src"], False),
    ("roundcube", "https://own.example/o.gif", ["img-src"], False),
    ("roundcube", "https://notown.example/o.css", ["link-stylesheet"], True),
    ("roundcube", "https://a.example/o.js", ["script-src"], False),
    ("page", "https://a.example/o", ["img-src", "meta-refresh"], False),
    ("gmail", "https://ci3.googleusercontent.com/meips/x#http://a.example/o", ["img-src"], True),
    ("gmail", "https://lh3.googleusercontent.com/a/x", ["img-src"], False),
    ("gmail", "https://a.example/o.gif", ["img-src"], False),
    ("outlook", "https://a.example/o.gif", ["style-attr"], True),
    ("outlook", "https://a.example/o.html", ["iframe-src"], False),
    ("outlook", "https://res.cdn.office.net/icon.png", ["img-src"], False),
    ("outlook", "https://eur01.outlook.com/proxy/x", ["img-src"], True),
]


def test_what_the_popup_calls_held(npm: Path) -> None:
    sites = ROOT / "tkit" / "export" / "webextension" / "sites.js"
    source = sites.read_text(encoding="utf-8") + (
        f"const asked = {json.dumps(HELD)};\n"
        "const site = (kind) => ({ host: 'mail.example', kind, own: ['own.example'] });\n"
        "console.log(JSON.stringify(asked.map(([kind, url, carriers]) => isHeld(site(kind), url, carriers))));\n"
    )
    done = subprocess.run(["node", "--input-type=module", "-"], input=source.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout) == [held for _, _, _, held in HELD]


def test_lint(npm: Path, bundle: Bundle, tmp_path: Path) -> None:
    write(bundle, tmp_path)
    command = [npm / "node_modules/.bin/addons-linter", "--output", "json", tmp_path]
    told = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    # Chromium takes one form of the background, Firefox the other; the manifest has both.
    assert told["summary"] == {"errors": 0, "notices": 0, "warnings": 1}
    assert [warning["code"] for warning in told["warnings"]] == ["BACKGROUND_SERVICE_WORKER_IGNORED"]


def test_loss(npm: Path, tmp_path: Path) -> None:
    (loss,) = export(default_bundle("url"), ["webextension"], tmp_path)
    assert (loss.target, loss.vantage, loss.different) == ("webextension", "url", 0)
    assert loss.compared == len(default_bundle("url").replay)
