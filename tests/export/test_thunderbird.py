"""The MailExtension in a real Thunderbird: what it says of mails, and which pictures are asked for."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from gecko import Gecko, gecko, program_of
from made_verdicts import BOTH, LOGO, MAIL_OF_THREE, OPENED, PASS, of_three_verdicts
from made_webmail import MAIL, TRACKER, Asked, Web
from paths import ROOT, SHARED

from tkit.bundle import Bundle, default_bundle, explain, judge
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.export import export
from tkit.export.thunderbird import write
from tkit.features import MAIL_VANTAGES, extract
from tkit.mail import Message

HEAD = (
    "From: Shop <news@shop.example>\r\nTo: Ann <ann@reader.example>\r\nSubject: Spring\r\nMessage-ID: <1@mailer.example>\r\n"
    "Date: Thu, 26 Nov 2026 04:00:00 +0000\r\nList-Unsubscribe: <https://shop.example/unsubscribe>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSpring\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
)


def raw_of(html: str) -> bytes:
    return (HEAD + html.replace("\n", "\r\n") + "--b--\r\n").encode()


RAW = raw_of(MAIL)
OTHERS = {f"https://pictures.shop.example/2026/{name}" for name in ("hero.jpg", "hat.png")}

TABMAIL = "Services.wm.getMostRecentWindow('mail:3pane').document.getElementById('tabmail')"
MESSAGE = f"{TABMAIL}.tabInfo[1].chromeBrowser.contentWindow.getMessagePaneBrowser()"
POPUP = f"{TABMAIL}.tabInfo.at(-1).browser"
OPEN_MAIL = """
const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
file.initWithPath(given[0]);
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");
const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
const window = Services.wm.getMostRecentWindow("mail:3pane");
const tabmail = window.document.getElementById("tabmail");
const wait = () => new Promise((next) => window.setTimeout(next, 20));
while (tabmail.tabInfo.length > 1) tabmail.closeTab(tabmail.tabInfo.at(-1));
MailUtils.openEMLFile(window, file, Services.io.newFileURI(file));
while (tabmail.tabInfo.length < 2) await wait();
return ExtensionParent.apiManager.global.tabTracker.getId(tabmail.tabInfo[1]);
"""
OPEN_POPUP = """
const window = Services.wm.getMostRecentWindow("mail:3pane");
const triggeringPrincipal = WebExtensionPolicy.getByID("read-trackers@tkit.example").extension.principal;
const tab = window.document.getElementById("tabmail").openTab("contentTab", { url: given[0], triggeringPrincipal });
while (tab.browser.currentURI.spec !== given[0] || tab.busy) await new Promise((next) => window.setTimeout(next, 20));
"""
BADGE = """
const window = Services.wm.getMostRecentWindow("mail:3pane");
const browser = window.document.getElementById("tabmail").tabInfo[1].chromeBrowser; // at first it shows about:blank
const button = () => browser.contentDocument.querySelector("[id$='-messageDisplayAction-toolbarbutton']");
const badge = () => button()?.getAttribute("badge") ?? "";
while (badge() !== given[0]) await new Promise((next) => window.setTimeout(next, 20));
"""
JUDGED = """
const { session } = page.wrappedJSObject.messenger.storage;
for (;;) {
  const found = (await session.get(given[0]))[given[0]];
  if (found) return Array.from(found.individual).filter(({ verdict }) => verdict === given[1]).map(({ url }) => url);
  await new Promise((next) => page.setTimeout(next, 20));
}
"""
TEXT = "return Array.from(page.document.querySelectorAll(given[0]), ({ textContent }) => textContent);"
READS = """
const texts = () => Array.from(page.document.querySelectorAll(given[0]), ({ textContent }) => textContent);
const isRight = () => JSON.stringify(texts()) === JSON.stringify(given[1]);
for (const end = Date.now() + 30_000; !isRight() && Date.now() < end; ) await new Promise((next) => page.setTimeout(next, 20));
return texts();
"""
FINISHED = """
const finished = () => Array.from(page.document.images).every(({ complete }) => complete);
while (page.document.readyState !== "complete" || !finished()) await new Promise((next) => page.setTimeout(next, 20));
"""
ALLOW = f"{TABMAIL}.tabInfo[1].chromeBrowser.contentWindow.LoadMsgWithRemoteContent();"  # what the notification's button does
STOP = """
const { extension } = WebExtensionPolicy.getByID("read-trackers@tkit.example");
await extension.terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true });
"""
REMOTE_OFF = "mailnews.message_display.disable_remote_image"

BLOCKED = "Blocked: its server was not contacted."
NOT_BLOCKED = "Not blocked: remote content is on for this mail or for its server."
UNKNOWN = "Blocked only if remote content is off for this mail and for its server."
CLICK = """
const found = () => Array.from(page.document.querySelectorAll("button")).find(({ textContent }) => textContent === given[0]);
while (!found()) await new Promise((next) => page.setTimeout(next, 20));
found().click();
"""
WIDTHS = """
const shown = () => Array.from(page.document.images).filter(({ complete, naturalWidth }) => complete && naturalWidth > 0);
while (shown().length < given[0]) await new Promise((next) => page.setTimeout(next, 20));
return Array.from(page.document.images, ({ src, naturalWidth }) => [src.slice(0, 5), naturalWidth]);
"""


class Thunderbird:
    """Thunderbird with the extension."""

    def __init__(self, program: Gecko, address: str, folder: Path) -> None:
        self.program = program
        self.address = address
        self.folder = folder
        self.shown = 0

    def show(self, raw: bytes, badge: str = "") -> str:
        """Open a mail in the second tab, wait for its badge, open its popup in the third; give the key of what was found."""
        self.shown += 1
        path = self.folder / f"{self.shown}.eml"  # Thunderbird remembers for which files remote content is on
        path.write_bytes(raw)
        number = self.program.chrome(OPEN_MAIL, str(path))
        self.program.chrome(BADGE, badge)
        self.program.chrome(OPEN_POPUP, f"{self.address}/popup.html?tab={number}")
        return f"tab {number}"

    def open_popup_again(self, key: str) -> None:
        """Open another popup of the shown mail in one more tab, the last."""
        self.program.chrome(OPEN_POPUP, f"{self.address}/popup.html?tab={key.removeprefix('tab ')}&again")

    def popup(self, script: str, *arguments: object) -> Any:
        return self.program.page(POPUP, script, *arguments)

    def states(self, expected: list[str]) -> None:
        """Wait until the popup says this of the trackers."""
        assert self.popup(READS, "#trackers p", expected) == expected

    def asked(self, internet: Web) -> set[Asked]:
        """What was asked for by a mail; Thunderbird also asks for its own settings when it likes."""
        return {asked for asked in internet.asked() if not asked.host.endswith(".thunderbird.net")}

    def message(self, script: str, *arguments: object) -> Any:
        return self.program.page(MESSAGE, script, *arguments)


Start = Callable[[Bundle], AbstractContextManager[Thunderbird]]


@pytest.fixture(scope="module")
def start(missing_engine: Callable[[str], None], internet: Web, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts Thunderbird with the extension of a bundle."""

    @contextmanager
    def starting(bundle: Bundle) -> Iterator[Thunderbird]:
        program = program_of("thunderbird")
        if program is None:
            missing_engine("no thunderbird on PATH: apt-get install thunderbird")
        folder = tmp_path_factory.mktemp("extension")
        write(bundle, folder)
        with gecko(str(program), tmp_path_factory.mktemp("profile"), internet.server_port) as started:
            yield Thunderbird(started, started.install(folder), tmp_path_factory.mktemp("mails"))

    return starting


@pytest.fixture(scope="module")
def thunderbird(start: Start) -> Iterator[Thunderbird]:
    with start(default_bundle("message")) as started:
        yield started


def test_trackers_are_named_and_the_others_are_shown(thunderbird: Thunderbird, internet: Web) -> None:
    rows = extract([Message.from_bytes(RAW)])
    bundle = default_bundle("message")
    verdicts = judge(bundle, rows).verdicts
    assert rows["resolved_url"][verdicts == "tracker"].tolist() == [TRACKER]
    internet.forget()
    key = thunderbird.show(RAW, badge="1")
    assert thunderbird.popup(JUDGED, key, "tracker") == [TRACKER]
    assert not thunderbird.asked(internet)  # remote content is off, as Thunderbird is from the start
    thunderbird.states([BLOCKED])
    thunderbird.popup(CLICK, "Show 2 other pictures")
    assert thunderbird.message(WIDTHS, 2) == [["data:", 1], ["data:", 1], ["https", 0]]
    assert thunderbird.asked(internet) == set(map(Asked.of, OTHERS))
    assert thunderbird.popup(TEXT, "#told") == ["1 read tracker in this mail"]
    explained = zip(explain(bundle, rows, verdicts), verdicts, strict=True)
    (expected,) = (told for told, verdict in explained if verdict == "tracker")
    assert thunderbird.popup(TEXT, "#trackers ul li") == expected
    internet.forget()
    thunderbird.popup(CLICK, "Show it")
    assert thunderbird.message(WIDTHS, 3) == [["data:", 1]] * 3
    assert thunderbird.asked(internet) == {Asked.of(TRACKER)}
    thunderbird.states(["Shown: you asked for it."])


HOLD = """
page.document.getElementById("holds-personalised").click();
const { local } = page.wrappedJSObject.messenger.storage;
while (!(await local.get("holdsPersonalised")).holdsPersonalised) await new Promise((next) => page.setTimeout(next, 20));
"""


def test_personalised_pictures_are_shown_or_held_back(start: Start, internet: Web) -> None:
    internet.forget()
    with start(of_three_verdicts("message")) as thunderbird:
        key = thunderbird.show(raw_of(MAIL_OF_THREE), badge="1")
        assert thunderbird.popup(JUDGED, key, "tracker") == [OPENED]
        assert thunderbird.popup(JUDGED, key, "personalised") == [PASS, BOTH]
        thunderbird.states([BLOCKED])
        assert thunderbird.popup(TEXT, "#told, #personalised h1") == ["1 read tracker in this mail", "2 personalised pictures"]
        digits = "a hexadecimal code of 20 digits in the URL"
        assert thunderbird.popup(TEXT, "#personalised ul ul li") == [digits, digits]
        assert thunderbird.popup(TEXT, "#personalised li p") == [BLOCKED, BLOCKED]
        assert not thunderbird.asked(internet)
        thunderbird.popup(CLICK, "Show 3 other pictures")
        assert thunderbird.message(WIDTHS, 4) == [["data:", 1]] * 4 + [["https", 0]]
        assert thunderbird.asked(internet) == set(map(Asked.of, {LOGO, PASS, BOTH}))
        shown = ["Shown: you asked for it."] * 2
        assert thunderbird.popup(READS, "#personalised li p", shown) == shown
        thunderbird.popup(HOLD)
        internet.forget()
        thunderbird.show(raw_of(MAIL_OF_THREE), badge="1")
        thunderbird.popup(CLICK, "Show 1 other picture")
        assert thunderbird.message(WIDTHS, 1) == [["data:", 1]] + [["https", 0]] * 4
        assert thunderbird.asked(internet) == {Asked.of(LOGO)}


@pytest.fixture
def remote_content(thunderbird: Thunderbird) -> Iterator[None]:
    """Remote content is on for every mail."""
    thunderbird.program.chrome("Services.prefs.setBoolPref(given[0], false);", REMOTE_OFF)
    yield
    thunderbird.program.chrome("Services.prefs.clearUserPref(given[0]);", REMOTE_OFF)


@pytest.mark.usefixtures("remote_content")
def test_remote_content_that_is_on_is_told(thunderbird: Thunderbird, internet: Web) -> None:
    internet.forget()
    with internet.holding(TRACKER):
        key = thunderbird.show(RAW, badge="1")
        internet.wait_for({TRACKER, *OTHERS})
        thunderbird.states([NOT_BLOCKED])
    thunderbird.message(WIDTHS, 3)
    thunderbird.open_popup_again(key)
    thunderbird.states([NOT_BLOCKED])


@pytest.mark.usefixtures("remote_content")
def test_a_tracker_whose_server_sends_no_picture_is_not_blocked(thunderbird: Thunderbird, internet: Web) -> None:
    internet.forget()
    internet.missing = set(map(Asked.of, {TRACKER, *OTHERS}))
    key = thunderbird.show(RAW, badge="1")
    thunderbird.message(FINISHED)
    assert thunderbird.asked(internet) == set(map(Asked.of, {TRACKER, *OTHERS}))
    assert not internet.missing
    thunderbird.open_popup_again(key)
    thunderbird.states([NOT_BLOCKED])


def test_remote_content_that_the_reader_turns_on_is_told(thunderbird: Thunderbird, internet: Web) -> None:
    internet.forget()
    thunderbird.show(RAW, badge="1")
    thunderbird.states([BLOCKED])
    assert not thunderbird.asked(internet)
    thunderbird.program.chrome(ALLOW)
    thunderbird.states([NOT_BLOCKED])
    internet.wait_for({TRACKER, *OTHERS})


def test_a_tracker_that_is_no_image_is_judged_by_the_images_of_its_server(thunderbird: Thunderbird, internet: Web) -> None:
    internet.forget()
    image = f'<img src="{TRACKER}" width="1" height="1" alt="" border="0">'
    in_style = f"{TRACKER.partition('?')[0]}?upn={'VwYcN4sHd6JgEaT9fQ2xK7b3LmZp0Rt8' * 2}"
    style = f"<div style=\"background: url('{in_style}'); width: 1px; height: 1px\"></div>"
    thunderbird.show(raw_of(MAIL.replace(image, style)), badge="1")
    thunderbird.states([UNKNOWN])
    thunderbird.show(raw_of(MAIL.replace(image, image + style)), badge="2")
    thunderbird.states([BLOCKED, BLOCKED])
    assert not thunderbird.asked(internet)
    thunderbird.program.chrome(ALLOW)
    thunderbird.states([NOT_BLOCKED, NOT_BLOCKED])
    internet.wait_for({TRACKER, in_style, *OTHERS})


def test_a_tracker_that_thunderbird_never_reads_is_blocked(thunderbird: Thunderbird) -> None:
    image = f'<img src="{TRACKER}" width="1" height="1" alt="" border="0">'
    thunderbird.show(raw_of(MAIL.replace(image, f"<!--[if mso]>{image}<![endif]-->")), badge="1")
    thunderbird.states([BLOCKED])


def test_what_the_reader_asked_for_is_known_after_the_background_was_stopped(thunderbird: Thunderbird, internet: Web) -> None:
    internet.forget()
    key = thunderbird.show(RAW, badge="1")
    thunderbird.states([BLOCKED])
    thunderbird.program.chrome(STOP)
    thunderbird.popup(CLICK, "Show it")
    internet.wait_for({TRACKER})
    thunderbird.states(["Shown: you asked for it."])
    thunderbird.program.chrome(STOP)
    thunderbird.open_popup_again(key)
    thunderbird.states(["Shown: you asked for it."])


def mails() -> list[bytes]:
    """Of the samples and, where they are, of each public corpus some mails with HTML."""
    found = [path.read_bytes() for path in sorted((ROOT / "data" / "sample").glob("*.eml"))[::12]]
    problems: list[Problem] = []
    for corpus in CORPORA:
        archive = SHARED / "corpora" / corpus.archive
        if archive.exists():
            with_html = (mail.raw for mail in read_raw([archive], problems=problems) if Message.from_bytes(mail.raw).html_parts)
            found += islice(with_html, 0, 120, 30)
    return found


def test_verdicts_are_those_of_python(thunderbird: Thunderbird) -> None:
    bundle = default_bundle("message")
    called = 0
    for raw in mails():
        rows = extract([Message.from_bytes(raw)])
        verdicts = judge(bundle, rows).verdicts
        key = thunderbird.show(raw)
        for verdict in ("tracker", "personalised"):
            expected = set(rows["resolved_url"][verdicts == verdict])
            assert set(thunderbird.popup(JUDGED, key, verdict)) == expected
            called += len(expected)
    assert called >= 5


def test_a_mail_that_is_shown_when_it_is_installed_is_judged(
    missing_engine: Callable[[str], None], internet: Web, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = program_of("thunderbird")
    if program is None:
        missing_engine("no thunderbird on PATH: apt-get install thunderbird")
    folder = tmp_path_factory.mktemp("extension")
    write(default_bundle("message"), folder)
    mail = tmp_path_factory.mktemp("mails") / "mail.eml"
    mail.write_bytes(RAW)
    with gecko(str(program), tmp_path_factory.mktemp("profile"), internet.server_port) as started:
        started.chrome(OPEN_MAIL, str(mail))
        started.install(folder)
        assert started.chrome(f"{BADGE} return badge();", "1") == "1"


BACKGROUND = """
const taken = [];
const listeners = {};
const event = (name) => ({ addListener: (listener) => (listeners[name] = listener) });
const session = new Map();
const badges = [];
const waiting = [];
globalThis.DOMParser = class { parseFromString(html) { return html; } };
globalThis.tkit = { classifyMessage: (parts, context) => (taken.push([parts, context.message]), []), provider: () => "" };
globalThis.reasonsOf = () => [];
globalThis.messenger = {
  messageDisplay: {
    onMessagesDisplayed: event("displayed"),
    getDisplayedMessages: async (id) => {
      if (!(id in shown)) throw new Error("not a tab of mails");
      return { messages: shown[id] };
    },
  },
  runtime: { onMessage: event("message") },
  tabs: { onRemoved: event("removed"), sendMessage: async () => [], query: async () => [3, 5, 9].map((id) => ({ id })) },
  scripting: { messageDisplay: { getRegisteredScripts: async () => [{}] } },
  storage: {
    local: { get: async () => ({}) },
    session: {
      get: async (key) => ({ [key]: session.get(key) }),
      set: async (items) => Object.entries(items).forEach(([key, value]) => session.set(key, value)),
      remove: async (key) => session.delete(key),
    },
  },
  messageDisplayAction: { setBadgeText: async ({ text }) => badges.push(text), setPopup: async () => {} },
  messages: {
    getRaw: async () => new Blob([RAW]),
    getFull: (id) => new Promise((next) => waiting.push(() => next({ parts: PARTS[id] }))),
  },
};
"""


def run_background(
    parts: dict[str, list[dict[str, str]]], raw: str, script: str, shown: dict[str, list[dict[str, int]]] | None = None
) -> Any:
    """Run the background script in Node with a messenger of its own, and what a test does with it."""
    own = ROOT / "tkit" / "export" / "thunderbird" / "background.js"
    given = {"RAW": raw, "PARTS": parts, "shown": shown or {}}
    made = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items()) + BACKGROUND
    source = made + own.read_text(encoding="utf-8") + script
    done = subprocess.run(["node", "--input-type=module", "-"], input=source.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_what_the_mail_says_of_itself_is_what_python_reads(npm: Path) -> None:
    raw = (
        "From: a@shop.example\r\nX-Long: 1\r\n 2\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n<p>A\r\n"
        "--b\r\nContent-Type: Text/HTML\r\n\r\n<p>B\r\n--b\r\nContent-Type: text/html\r\n\r\n\r\n--b--\r\n"
    )
    types = {"text/plain": "Hi", "text/x-amp-html": "<p>A", "Text/HTML": "<p>B", "text/html": ""}
    parts = {"1": [{"contentType": name, "body": body} for name, body in types.items()]}
    script = """
const judged = listeners.displayed({ id: 7 }, { messages: [{ id: 1 }] });
while (!waiting.length) await null;
waiting[0]();
await judged;
console.log(JSON.stringify(taken));
"""
    message = Message.from_bytes(raw.encode())
    about = {
        "headers": message.header_text,
        "contentTypes": list(message.content_types),
        "htmlParts": len(message.html_parts),
    }
    assert run_background(parts, raw, script) == [[["<p>B"], about]]
    assert about["htmlParts"] == 3


def test_a_mail_judged_too_late_is_not_taken_for_the_one_shown(npm: Path) -> None:
    parts = {name: [{"contentType": "text/html", "body": f"<p>{name}"}] for name in ("1", "2")}
    script = """
const first = listeners.displayed({ id: 7 }, { messages: [{ id: 1 }] });
const second = listeners.displayed({ id: 7 }, { messages: [{ id: 2 }] });
while (waiting.length < 2) await null;
waiting[1]();
await second;
waiting[0]();
await first;
const kept = session.get("tab 7").mail;
await listeners.displayed({ id: 7 }, { messages: [{ id: 1 }, { id: 2 }] });
console.log(JSON.stringify([kept, session.has("tab 7"), badges.at(-1)]));
"""
    assert run_background(parts, "From: a@shop.example\n\n", script) == [2, False, ""]


def test_a_mail_that_was_shown_before_anything_listened_is_judged(npm: Path) -> None:
    parts = {"1": [{"contentType": "text/html", "body": "<p>A"}]}
    script = """
while (!waiting.length) await null;
waiting[0]();
while (!session.has("tab 9")) await null;
console.log(JSON.stringify([Array.from(session.keys()), taken.map(([parts]) => parts)]));
"""
    found = run_background(parts, "From: a@shop.example\n\n", script, shown={"5": [], "9": [{"id": 1}]})
    assert found == [["tab 9"], [["<p>A"]]]


def test_a_mail_is_judged_once_whoever_asks(npm: Path) -> None:
    parts = {"1": [{"contentType": "text/html", "body": "<p>A"}]}
    script = """
const started = listeners.message({ type: "started" }, { tab: { id: 4 } });
const opened = listeners.message({ type: "opened", tabId: 4 }, { tab: { id: 5 } });
while (!waiting.length) await null;
waiting[0]();
await Promise.all([started, opened]);
await listeners.message({ type: "opened", tabId: 4 }, {});
displayed.clear(); // as after the background was stopped
await listeners.message({ type: "opened", tabId: 4 }, {});
console.log(JSON.stringify([Array.from(session.keys()), taken.length]));
"""
    shown = {"4": [{"id": 1}]}
    assert run_background(parts, "From: a@shop.example\n\n", script, shown=shown) == [["tab 4"], 1]


@pytest.mark.parametrize("vantage", MAIL_VANTAGES)
def test_loss(npm: Path, tmp_path: Path, vantage: str) -> None:
    (loss,) = export(default_bundle(vantage), ["thunderbird"], tmp_path)
    assert (loss.target, loss.vantage, loss.different) == ("thunderbird", vantage, 0)


def test_lint(npm: Path, tmp_path: Path) -> None:
    write(default_bundle("url"), tmp_path)
    command = [npm / "node_modules/.bin/addons-linter", "--output", "json", tmp_path]
    told = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    assert told["summary"]["errors"] == 0
    # The linter knows Firefox: Thunderbird's own two permissions, and a key that only Firefox asks for.
    known = ["MANIFEST_PERMISSIONS", "MANIFEST_PERMISSIONS", "MISSING_DATA_COLLECTION_PERMISSIONS"]
    assert sorted(warning["code"] for warning in told["warnings"]) == known
