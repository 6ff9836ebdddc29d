import http.client
import os
import random
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from counting import CountingServer
from paths import SHARED

from tkit.corpus import CORPORA, Problem, PublicCorpus, read_raw
from tkit.errors import TkitError
from tkit.mail import Message

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from playwright.sync_api import Error, sync_playwright

from tkit.lab import render
from tkit.lab.render import CHROMIUM_NAMES, LAUNCH_ARGUMENTS, Asked, ChromiumRenderer, compare

# Of two sources a browser without scripts takes one, and it lays this page out for 400 and for 1280 pixels.
EVERY_CARRIER = """<!doctype html><html><head>
<link rel=stylesheet href=http://a.test/link.css>
<link rel=icon href=http://a.test/link-icon.png>
<link rel=preload as=image href=http://a.test/link-preload.png>
<link rel=prefetch href=http://a.test/link-prefetch.png>
<link rel=preconnect href=http://a.test/link-preconnect>
<link rel=dns-prefetch href=http://a.test/link-dns-prefetch>
<link rel=canonical href=http://a.test/link-canonical>
<meta http-equiv=refresh content="0; url=http://a.test/refresh">
<style>
@import "http://a.test/import.css";
@font-face { font-family: f; src: url(http://a.test/font.woff2), url(http://a.test/font.woff) }
.element { background: url(http://a.test/style-element.png); font-family: f }
.set { background-image: image-set("http://a.test/set-1x.png" 1x, "http://a.test/set-2x.png" 2x) }
.nowhere { background: url(http://a.test/unused-rule.png) }
@media (max-width: 600px) { .narrow { background: url(http://a.test/narrow.png) } }
@media (min-width: 1000px) { .narrow { background: url(http://a.test/wide.png) } }
</style></head>
<body background=http://a.test/body-background.png>
<img src=http://a.test/img-src.png><image src=http://a.test/image-src.png>
<img src=//b.test/protocol-relative.png>
<img srcset="http://a.test/srcset-1x.png 1x, http://a.test/srcset-2x.png 2x" src=http://a.test/srcset-src.png>
<img lowsrc=http://a.test/lowsrc.png dynsrc=http://a.test/dynsrc.avi>
<picture><source srcset=http://a.test/source-srcset.png><img src=http://a.test/picture-img.png></picture>
<input type=image src=http://a.test/input.png>
<table background=http://a.test/table-background.png><tr><td background=http://a.test/td-background.png>x</table>
<div style="background: url(http://a.test/style-attr.png)">x</div>
<div class=element>text</div><div class=set>x</div><div class=narrow>x</div>
<video poster=http://a.test/poster.png></video>
<video><source src=http://a.test/first.mp4><source src=http://a.test/second.webm></video>
<audio src=http://a.test/audio.mp3></audio>
<object type=image/png data=http://a.test/object.png></object><embed src=http://a.test/embed.png>
<iframe src=http://a.test/iframe.html></iframe><iframe srcdoc="<img src=http://a.test/srcdoc.png>"></iframe>
<script src=http://a.test/script.js></script><noscript><img src=http://a.test/noscript.png></noscript>
<svg><image href=http://a.test/svg-image.png /><use href="http://a.test/use.svg#part" />
<filter id=q><feImage href=http://a.test/fe-image.png /></filter>
<rect filter="url(#q)" width=9 height=9 /></svg>
<v:fill src=http://a.test/vml.png></v:fill><amp-img src=http://a.test/amp.png></amp-img>
<bgsound src=http://a.test/bgsound.mid>
<!--[if mso]><img src=http://a.test/outlook.png><![endif]--><template><img src=http://a.test/template.png></template>
<div style="display: none"><img src=http://a.test/hidden.png></div>
<div style="height: 20000px"></div><img loading=lazy src=http://a.test/far-below.png>
</body></html>"""

ASKED = {
    *("link.css", "link-icon.png", "link-preload.png", "link-prefetch.png", "refresh", "import.css"),
    # The first file of a font and of a film fails, so the second is asked for.
    *("font.woff2", "font.woff", "first.mp4", "second.webm", "audio.mp3"),
    *("style-element.png", "set-1x.png", "narrow.png", "wide.png", "style-attr.png"),
    *("body-background.png", "table-background.png", "td-background.png"),
    *("img-src.png", "image-src.png", "srcset-1x.png", "source-srcset.png", "input.png", "poster.png"),
    *("object.png", "embed.png", "iframe.html", "srcdoc.png", "noscript.png"),
    *("svg-image.png", "use.svg", "fe-image.png", "hidden.png", "far-below.png"),
}


@pytest.fixture(scope="module")
def renderer() -> Iterator[ChromiumRenderer]:
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium: apt-get install chromium")
    with ChromiumRenderer(timeout_seconds=60) as started:
        yield started


def test_every_carrier_that_a_browser_loads_is_asked_for(renderer: ChromiumRenderer) -> None:
    asked = renderer.requested(EVERY_CARRIER)
    assert renderer.defects == ()
    assert len(asked) == len(set(asked))
    assert set(asked) == {"http://a.test/" + name for name in ASKED} | {"https://b.test/protocol-relative.png"}


def test_nothing_reaches_a_server(renderer: ChromiumRenderer, server: CountingServer) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    asked = renderer.requested(
        f"""<link rel=stylesheet href={url}/css><link rel=preconnect href={url}>
        <link rel=dns-prefetch href={url}><link rel=prefetch href={url}/prefetch>
        <meta http-equiv=refresh content="0;url={url}/refresh">
        <img src={url}/img><img src=http://localhost:{server.server_port}/name>
        <iframe src={url}/frame></iframe><iframe sandbox srcdoc="<img src={url}/sandbox>"></iframe>
        <iframe src="data:text/html,<img src={url}/data>"></iframe><embed src={url}/embed>
        <video src={url}/video></video><a href={url}/link autofocus>x</a>"""
    )
    paths = {"css", "prefetch", "refresh", "img", "frame", "sandbox", "data", "embed", "video"}
    assert set(asked) == {f"{url}/{path}" for path in paths} | {f"http://localhost:{server.server_port}/name"}
    assert server.connections == 0

    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/")
    connection.getresponse().close()
    connection.close()
    assert server.connections == 1  # it does count


def test_the_walls_hold_where_nothing_is_intercepted(renderer: ChromiumRenderer, server: CountingServer) -> None:
    # In a thread of its own: one Playwright a thread.
    refused: list[str] = []

    def visit() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=renderer.executable, args=LAUNCH_ARGUMENTS, chromium_sandbox=os.geteuid() != 0
            )
            page = browser.new_page()
            for host in ("127.0.0.1", "localhost"):
                try:
                    page.goto(f"http://{host}:{server.server_port}/")
                except Error as error:
                    refused.append(error.message.split()[1])
            browser.close()

    thread = threading.Thread(target=visit)
    thread.start()
    thread.join()
    assert refused == ["net::ERR_PROXY_CONNECTION_FAILED"] * 2
    assert server.connections == 0


@pytest.mark.parametrize(
    ("html", "asked"),
    [
        ("", []),
        (
            "<img src=http://a.test/2><img src=http://a.test/1><img src=http://a.test/2>",
            ["a.test/2", "a.test/1"],
        ),
        ("<img src=http://a.test/o#1><img src=http://a.test/o#2>", ["a.test/o"]),
        ("<img src=data:image/gif;base64,R0lGODlhAQABAAAAACw=><iframe src=about:blank></iframe>", []),
        ("<img src=http://a.test/favicon.ico>", ["a.test/favicon.ico"]),
        ("<base href=http://a.test/b/><img src=o.gif>", ["a.test/b/o.gif"]),
        ("<frameset><frame src=http://a.test/frame></frameset>", ["a.test/frame"]),
        (
            "<meta charset=windows-1252><img src='http://a.test/\u00e9\U0001f4e7'>",
            ["a.test/%C3%A9%F0%9F%93%A7"],
        ),
        ("<p>\ud800</p><img src=http://a.test/after-a-lone-surrogate>", ["a.test/after-a-lone-surrogate"]),
        (
            "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\"><img src=http://a.test/o>",
            ["a.test/o"],
        ),
    ],
)
def test_urls_as_asked(renderer: ChromiumRenderer, html: str, asked: list[str]) -> None:
    assert renderer.requested(html) == ["http://" + url for url in asked]
    assert renderer.defects == ()


def test_the_document_itself_is_left_out(renderer: ChromiumRenderer) -> None:
    html = "<meta http-equiv=refresh content='0; url=#top'><img src=''><iframe src='?'></iframe><img src=o.gif>"
    assert set(renderer.requested(html)) == {"https://message.invalid/?", "https://message.invalid/o.gif"}


def test_one_document_does_not_change_what_the_next_asks_for(renderer: ChromiumRenderer) -> None:
    html = "<link rel=stylesheet href=http://a.test/a.css><img src=http://a.test/a.png>"
    assert renderer.requested(html) == renderer.requested(html) == ["http://a.test/a.css", "http://a.test/a.png"]


def test_a_page_that_hangs_is_ended_and_told(renderer: ChromiumRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = (f"<g id=g{level}>{f'<use href=#g{level - 1} />' * 10}</g>" for level in range(1, 9))
    hang = f"<img src=http://a.test/first><svg><g id=g0><rect /></g>{''.join(groups)}</svg>"
    monkeypatch.setattr(renderer, "timeout_seconds", 10)
    assert renderer.requested(hang) == ["http://a.test/first"]
    assert renderer.defects == ("time-out: not laid out within 10 s",)
    monkeypatch.undo()
    assert renderer.requested("<img src=http://a.test/next>") == ["http://a.test/next"]
    assert renderer.defects == ()


def test_a_crash_is_told_and_the_browser_started_again(renderer: ChromiumRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "_answer", lambda route: os.kill(renderer._process, signal.SIGKILL))
    assert renderer.requested("<img src=http://a.test/first>") == ["http://a.test/first"]
    assert [defect.partition(":")[0] for defect in renderer.defects] == ["crash"]
    monkeypatch.undo()
    assert renderer.requested("<img src=http://a.test/next>") == ["http://a.test/next"]
    assert renderer.defects == ()


def test_no_clock_runs_on_after_an_interrupt(renderer: ChromiumRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    monkeypatch.setattr(render, "_show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        renderer.requested("<p>")
    assert threading.active_count() == before


def test_no_chromium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TkitError, match="apt-get install chromium"), ChromiumRenderer():
        pass


def test_a_program_that_is_no_browser() -> None:
    program = shutil.which("false")
    assert program
    errors: list[TkitError] = []

    def start() -> None:
        try:
            ChromiumRenderer(executable=program).__enter__()
        except TkitError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert [str(error).partition(":")[0] for error in errors] == [f"{program} does not start"]


def test_not_entered() -> None:
    with pytest.raises(TkitError, match="in a `with` block"):
        ChromiumRenderer().requested("<p>")


def test_compare() -> None:
    message = Message.from_bytes(
        b"Content-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: text/html\n\n"
        b"<img src=http://a.test/o#1><p background=http://a.test/o#2>"
        b"<img src=http://a.test/a|b><img src=rel.gif>\n"
        b"--x\nContent-Type: text/html\n\n"
        b"<img src=http://b.test/second>\n--x--\n"
    )
    first = [
        "http://a.test/o",
        "http://a.test/a%7Cb",
        "https://message.invalid/rel.gif",
        "cid:x",
        "http://b.test/second",
    ]
    assert compare(message, [first, ["http://b.test/second"]]) == [
        Asked(0, "http://a.test/o", ("img-src", "background-attr")),
        Asked(0, "http://a.test/a%7Cb", ("img-src",)),
        Asked(0, "http://b.test/second", ()),
        Asked(1, "http://b.test/second", ("img-src",)),
    ]


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)
def test_tkit_lists_what_chromium_asks_for(renderer: ChromiumRenderer, corpus: PublicCorpus) -> None:
    archive = SHARED / "corpora" / corpus.archive
    if not archive.exists():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    places = set(random.Random(corpus.name).sample(range(corpus.messages), 400))
    problems: list[Problem] = []
    asked: list[Asked] = []
    shown = 0
    for place, mail in enumerate(read_raw([archive], problems=problems)):
        message = Message.from_bytes(mail.raw) if place in places else None
        if message is not None and message.html_parts:
            asked += compare(message, [renderer.requested(html) for html in message.html_parts])
            shown += 1
            if shown == 12:
                break
    assert shown == 12
    assert asked
    assert sum(bool(url.carriers) for url in asked) >= 0.999 * len(asked)
