"""Compare what browsers ask for with what tkit lists, over elements, attributes and CSS properties; writes docs/carriers.md.

    python benchmarks/carriers.py

Every combination is one HTML text with one URL of its own. The texts are shown, each in a frame of its own, in Chromium (no
request leaves the browser) and, if it is installed, in Firefox (every name is answered by a proxy on this machine).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from rich.console import Console
from tables import ROOT, made_with, markdown, run

from tkit.html import read_document
from tkit.lab.render import ChromiumRenderer

HOST = "http://t.test/"
PER_PAGE = 100
_QUIET_SECONDS = 6.0


class Combination(NamedTuple):
    """One way to write a URL: its group, what varies in the group, and the HTML with ``URL`` in place of the URL."""

    group: str
    element: str
    way: str
    html: str

    def text(self, number: int) -> str:
        """Return the HTML with the URL of a number."""
        return self.html.replace("URL", f"{HOST}{number}")


def _words(text: str) -> list[str]:
    return text.split()


# HTML Standard, section 4 (the elements) and its index; obsolete ones of section 16.
HTML_ELEMENTS = _words(
    "a abbr address applet area article aside audio b base bdi bdo bgsound big blockquote body br button canvas caption center "
    "cite code col colgroup command data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure "
    "font footer form frame frameset h1 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend "  # noqa: E501
    "li link listing main map mark marquee menu menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option "  # noqa: E501
    "output p param picture portal pre progress q rp rt ruby s samp script search section select slot small source span strike "
    "strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr "  # noqa: E501
    "xmp amp-img v:fill x-card"
)
# HTML Standard, index of attributes: those whose value is a URL or has one, and what old clients read.
URL_ATTRIBUTES = _words(
    "src href srcset data poster background action formaction cite longdesc usemap lowsrc dynsrc code codebase archive classid "
    "icon manifest ping profile imagesrcset itemid xlink:href attributionsrc"
)
# SVG 2, index of elements.
SVG_ELEMENTS = _words(
    "a animate animateMotion animateTransform circle clipPath defs desc ellipse feBlend feImage feFlood feTile filter "
    "foreignObject g image line linearGradient marker mask metadata mpath path pattern polygon polyline radialGradient rect script "  # noqa: E501
    "set stop style svg switch symbol text textPath title tspan use view"
)
SVG_ATTRIBUTES = (
    "href xlink:href src clip-path cursor fill filter marker marker-end marker-mid marker-start mask stroke".split()  # noqa: SIM905
)
SVG_CSS = frozenset(_words("clip-path cursor fill filter marker marker-end marker-mid marker-start mask stroke"))
# CSS properties whose values have a URL or an image (the index of CSS properties of W3C), and old ones.
PROPERTIES = _words(
    "background background-image border-image border-image-source clip-path content cursor fill filter backdrop-filter "
    "list-style list-style-image marker marker-end marker-mid marker-start mask mask-border mask-border-source mask-image offset "  # noqa: E501
    "offset-path shape-outside stroke -webkit-mask -webkit-mask-image -webkit-mask-box-image -webkit-mask-box-image-source "
    "-webkit-border-image -webkit-box-reflect behavior -moz-binding color width"
)
VALUES = (
    "url(URL)",
    "url('URL')",
    "u\\72l(URL)",
    "src('URL')",
    "image-set('URL' 1x)",
    "-webkit-image-set(url(URL) 1x)",
    "image-set(var(--u) 1x)",
    "cross-fade(url(URL),url(URL),50%)",
    "image('URL')",
)
RELATIONS = _words(
    "alternate apple-touch-icon apple-touch-startup-image author canonical compression-dictionary dns-prefetch expect help icon "  # noqa: E501
    "import license manifest mask-icon me modulepreload monetization next pingback preconnect prefetch preload prerender prev "
    "privacy-policy search shortcut stylesheet tag terms-of-service"
)
DESTINATIONS = _words("audio document embed fetch font image object script style track video worker")
AT_RULES = (
    "@import 'URL';",
    "@import url(URL);",
    "@import url('URL') screen;",
    f"@import{'/* c */' * 30}'URL';",
    f"@import{' ' * 200}url(URL);",
    "@font-face{font-family:f;src:url(URL)}p{font-family:f}",
    "@font-face{font-family:f;src:local(x),url(URL) format('woff2')}p{font-family:f}",
    f"@font-face{'/**/' * 40}{{font-family:f;src:url(URL)}}p{{font-family:f}}",
    "@namespace url(URL);",
    "@namespace s 'URL';",
    "@page{background:url(URL)}",
    "@media screen{p{background:url(URL)}}",
    "@supports (color:red){p{background:url(URL)}}",
    "@layer l{p{background:url(URL)}}",
    "@container (width>0px){p{background:url(URL)}}",
    "@scope (body){p{background:url(URL)}}",
    "@property --u{syntax:'<string>';inherits:false;initial-value:'URL'}p{background:image-set(var(--u) 1x)}",
    "@function --u(){result:'URL'}p{background:image-set(--u() 1x)}",
    "@counter-style c{system:cyclic;symbols:url(URL)}p{list-style:c;display:list-item}",
    "@document url(URL){p{color:red}}",
    "p::before{content:url(URL)}",
    "p{&{background:url(URL)}}",
)
ANIMATED = (
    "href",
    "xlink:href",
    "clip-path",
    "cursor",
    "fill",
    "filter",
    "marker-start",
    "mask",
    "stroke",
    "class",
    "style",
    "width",
)


def combinations() -> list[Combination]:
    """Return all combinations in their order."""
    return [*_html(), *_links(), *_styles(), *_svg(), *_animations(), *_documents()]


def _html() -> Iterator[Combination]:
    for element in HTML_ELEMENTS:
        for attribute in URL_ATTRIBUTES:
            value = "URL 1x" if attribute in ("srcset", "imagesrcset") else "URL"
            extra = {"input": " type=image", "link": " rel=stylesheet", "track": " default kind=subtitles"}.get(element, "")
            yield Combination("HTML", element, attribute, _placed(element, f'{extra} {attribute}="{value}"'))


def _placed(element: str, attributes: str) -> str:
    """Write an element where a parser leaves it."""
    written = f"<{element}{attributes}>x</{element}>"
    if element in ("td", "th"):
        return f"<table><tr>{written}</table>"
    if element in ("tr", "tbody", "thead", "tfoot", "caption", "colgroup"):
        return f"<table><{element}{attributes}><td>x</table>"
    if element == "col":
        return f"<table><colgroup><col{attributes}></table>"
    if element == "frame":
        return f"<frameset><frame{attributes}></frameset>"
    if element in ("html", "head", "body"):
        return f"<{element}{attributes}><p>x"
    around = {"source": "<picture>{}<img></picture>", "track": "<video>{}</video>", "param": "<object>{}</object>"}
    return around.get(element, "{}").format(written)


def _links() -> Iterator[Combination]:
    for relation in RELATIONS:
        yield Combination("link", "link", f"rel={relation}", f"<link rel={relation} href=URL>")
        yield Combination("link", "svg link", f"rel={relation}", f"<svg><link rel={relation} href=URL></link></svg>")
    for destination in DESTINATIONS:
        for relation in ("preload", "modulepreload", "prefetch"):
            yield Combination(
                "link", "link", f"rel={relation} as={destination}", f"<link rel={relation} as={destination} href=URL>"
            )
        yield Combination(
            "link",
            "link",
            f"rel=preload as={destination} imagesrcset",
            f'<link rel=preload as={destination} imagesrcset="URL 1x">',
        )


def _styles() -> Iterator[Combination]:
    for name in PROPERTIES:
        for value in VALUES:
            rule = f"--u:'URL';{name}:{_whole(name, value)}"
            yield Combination("style sheet", "p", f"{name}: {value}", f"<style>p{{{rule}}}</style><p>x")
            yield Combination("style attribute", "p", f"{name}: {value}", f'<p style="{rule}">x')
    for rule in AT_RULES:
        yield Combination(
            "style sheet", "style", re.sub(r"\s{9,}|(?:/\*.*?\*/){9,}", " … ", rule), f"<style>{rule}</style><p>x"
        )


def _whole(name: str, value: str) -> str:
    """Complete a value of a property."""
    if name == "cursor":
        return f"{value},auto"
    if "border-image" in name or "box-image" in name or "mask-border" in name:
        return value if name.endswith("source") else f"{value} 1"
    return {"offset": f"{value} 0px", "-webkit-box-reflect": f"below 0 {value}"}.get(name, value)


def _svg() -> Iterator[Combination]:
    for element in SVG_ELEMENTS:
        for attribute in SVG_ATTRIBUTES:
            value = f"url(URL#a){',auto' if attribute == 'cursor' else ''}" if attribute in SVG_CSS else "URL#a"
            yield Combination("SVG", element, attribute, _in_svg(element, f'{attribute}="{value}"'))


def _in_svg(element: str, attributes: str, inner: str = "") -> str:
    written = f'<{element} width="9" height="9" d="M0 0L9 0L9 9" points="0,0 9,0 9,9" {attributes}>{inner}</{element}>'
    if element.startswith("fe"):
        written = f'<filter id="f">{written}</filter><rect width="9" height="9" filter="url(#f)"/>'
    return f"<svg width=9 height=9>{written}</svg>"


def _animations() -> Iterator[Combination]:
    for target in ("image", "use", "feImage", "rect", "path"):
        for name in ANIMATED:
            value = "URL#a" if "href" in name else "url(URL#a)"
            for animation in ("set", "animate"):
                for attribute in ("to", "values"):
                    inner = f'<{animation} attributeName="{name}" {attribute}="{value}" dur="9s"/>'
                    yield Combination("SMIL", target, f"{animation} {name} {attribute}", _in_svg(target, "", inner))


def _documents() -> Iterator[Combination]:
    inner = {
        "text/html": "<img src=URL>",
        "application/xhtml+xml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><img src='URL'/></body></html>",
        "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image width='9' height='9' href='URL'/></svg>",  # noqa: E501
        "text/xml": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image width='9' height='9' href='URL'/></svg>",  # noqa: E501
        "text/css": "p{background:url(URL)}",
        "text/plain": "<img src=URL>",
    }
    holders = {
        "iframe src": '<iframe src="{}"></iframe>',
        "frame src": '<frameset><frame src="{}"></frameset>',
        "embed src": '<embed src="{}">',
        "object data": '<object data="{}"></object>',
        "img src": '<img src="{}">',
        "link stylesheet": '<!doctype html><link rel=stylesheet href="{}"><p>x',
        "@import": '<!doctype html><style>@import "{}"</style><p>x',
    }
    for media_type, text in inner.items():
        for holder, written in holders.items():
            data = f"data:{media_type},{text.replace('#', '%23')}"
            value = data if holder == "@import" else escape(data)
            yield Combination("data: URL", holder, media_type, written.format(value))
    for host in ("div", "p", "span", "a", "td", "x-card", "font", "body", "section", "b"):
        for mode in ("open", "closed", "other"):
            html = f"<{host}><template shadowrootmode={mode}><img src=URL></template></{host}>"
            if host == "td":
                html = f"<table><tr>{html}</table>"
            yield Combination("shadow tree", host, f"shadowrootmode={mode}", html)
    for name, text in inner.items():
        yield Combination("srcdoc", "iframe srcdoc", name, f'<iframe srcdoc="{escape(text)}"></iframe>')


# What other clients ask for, or Chromium in other circumstances, by the carrier that tkit lists: an older client, one that shows  # noqa: E501
# more, a connection that is no request, an element that is not shown.
REASONS = {
    "script-src": "scripts are off in mail",
    "link-preconnect": "a connection, not a request",
    "link-preload": "if its destination is named and known",
    "link-icon": "some icons only on a telephone",
    "img-lowsrc": "old clients",
    "img-dynsrc": "old clients",
    "bgsound": "old clients",
    "background-attr": "old clients: any element",
    "vml-src": "Outlook",
    "amp-img": "AMP for Email",
    "media-src": "if it is played, or not inside a picture",
    "source-srcset": "inside a picture",
    "embed-src": "by its type",
    "meta-refresh": "only in a frame",
    "svg-use": "not animated by this",
    "svg-animation": "if the animated element has the attribute",
    "svg-attr": "if the element is drawn",
    "svg-image": "if it is drawn",
    "style-element": "if the value is valid and the element shown",
    "style-attr": "if the value is valid and the element shown",
    "css-import": "if the media type fits",
    "font-face": "if the text is drawn with it",
    "link-stylesheet": "",
    "link-imagesrcset": "",
}


class Measured(NamedTuple):
    """One combination: who asks for its URL, and the carriers by which tkit lists it."""

    combination: Combination
    chromium: bool
    firefox: bool | None
    carriers: tuple[str, ...]


def page_of(texts: Sequence[tuple[int, str]]) -> str:
    """Return a page with each text in a frame of its own."""
    frames = "".join(f'<iframe width=300 height=100 srcdoc="{escape(text)}"></iframe>' for _, text in texts)
    return f"<!doctype html><body>{frames}"


def numbers_in(urls: Iterable[str]) -> set[int]:
    """Return the numbers of the combinations whose URLs these are."""
    found = (re.match(rf"{re.escape(HOST)}(\d+)(?:$|[/?#])", url) for url in urls)
    return {int(match[1]) for match in found if match}


def pages(texts: Sequence[str]) -> Iterator[str]:
    """Yield pages that show all texts."""
    numbered = list(enumerate(texts))
    for start in range(0, len(numbered), PER_PAGE):
        yield page_of(numbered[start : start + PER_PAGE])


def asked_by_chromium(texts: Sequence[str], renderer: ChromiumRenderer) -> set[int]:
    """Return the numbers of the texts whose URL Chromium asks for."""
    asked: set[int] = set()
    for page in pages(texts):
        asked |= numbers_in(renderer.requested(page))
    return asked


@contextmanager
def proxy(documents: Sequence[str]) -> Iterator[tuple[int, dict[str, None]]]:
    """Answer every request on this machine, the documents by number; yield the port and the URLs asked for."""
    asked: dict[str, None] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] = None
            number = re.fullmatch(r"http://pages\.test/(\d+)", self.path)
            body = documents[int(number[1])].encode() if number else b""
            self.send_response(200 if number else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def asked_by_firefox(texts: Sequence[str], program: str) -> set[int]:
    """Return the numbers of the texts whose URL Firefox asks for, with scripts off."""
    documents = list(pages(texts))
    asked: set[int] = set()
    for number in range(len(documents)):
        with proxy(documents) as (port, seen), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            preferences = {
                "network.proxy.type": 1,
                "network.proxy.http": "127.0.0.1",
                "network.proxy.http_port": port,
                "network.proxy.ssl": "127.0.0.1",
                "network.proxy.ssl_port": port,
                "network.proxy.allow_hijacking_localhost": True,
                "javascript.enabled": False,
                "dom.security.https_first": False,
                "browser.shell.checkDefaultBrowser": False,
                "datareporting.policy.dataSubmissionEnabled": False,
                "browser.aboutwelcome.enabled": False,
                "browser.startup.homepage_override.mstone": "ignore",
            }
            lines = [
                f'user_pref("{name}", {str(value).lower() if isinstance(value, bool) else repr(value)});'
                for name, value in preferences.items()
            ]
            Path(profile, "user.js").write_text("\n".join(lines).replace("'", '"') + "\n", encoding="utf-8")
            command = [program, "--headless", "--no-remote", "--profile", profile, f"http://pages.test/{number}"]
            browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                _wait_until_quiet(seen)
            finally:
                browser.terminate()
                browser.wait()
            asked |= numbers_in(seen)
    return asked


def _wait_until_quiet(seen: dict[str, None]) -> None:
    """Return when nothing new was asked for in a while; at most after a minute and a half."""
    known, since, end = -1, time.monotonic(), time.monotonic() + 90
    while time.monotonic() < end:
        started = any(url.startswith("http://pages.test/") for url in seen)
        if len(seen) != known:
            known, since = len(seen), time.monotonic()
        elif started and time.monotonic() - since > _QUIET_SECONDS:
            return
        time.sleep(0.2)


def listed(text: str, number: int) -> tuple[str, ...]:
    """Return the carriers by which tkit lists the URL of a number."""
    return tuple(
        dict.fromkeys(one.carrier for one in read_document(text).references if number in numbers_in([one.resolved_url]))
    )


def measure(chosen: Sequence[Combination], renderer: ChromiumRenderer, firefox: str | None) -> list[Measured]:
    """Show all combinations and read them."""
    texts = [one.text(number) for number, one in enumerate(chosen)]
    chromium = asked_by_chromium(texts, renderer)
    other = asked_by_firefox(texts, firefox) if firefox else set()
    return [
        Measured(one, number in chromium, number in other if firefox else None, listed(texts[number], number))
        for number, one in enumerate(chosen)
    ]


def _sign(value: bool | None) -> str:
    return {True: "yes", False: "", None: "?"}[value]


def _count(values: Iterable[bool | None]) -> int | str:
    """Count what is true; a question mark if it was not measured."""
    known = list(values)
    return "?" if None in known else sum(map(bool, known))


def page(results: Sequence[Measured], chromium: str, firefox: str) -> str:
    """Return the page."""
    groups = list(dict.fromkeys(one.combination.group for one in results))
    lines = [
        "# Carriers: what browsers ask for, and what tkit lists",
        "",
        "Written by `python benchmarks/carriers.py`; do not edit.",
        "",
        f"{len(results):,} combinations of an element with an attribute, a relation, a CSS property or a media type, from the",
        "indexes of the HTML, SVG and CSS standards. Each is a document with one URL, shown without scripts in a frame of its own.",  # noqa: E501
        "tkit lists more than Chromium asks for where another client asks, or where Chromium does in other circumstances.",
        "",
        *markdown(
            (
                "group",
                "combinations",
                "Chromium asks",
                "Firefox asks",
                "tkit lists",
                "Chromium asks, tkit does not list",
                "the same for Firefox",
            ),
            [
                (
                    group,
                    *(
                        count if isinstance(count, str) else f"{count:,}"
                        for count in (
                            len(own),
                            sum(one.chromium for one in own),
                            _count(one.firefox for one in own),
                            sum(bool(one.carriers) for one in own),
                            sum(one.chromium and not one.carriers for one in own),
                            _count(one.firefox and not one.carriers for one in own),
                        )
                    ),
                )
                for group in groups
                for own in [[one for one in results if one.combination.group == group]]
            ],
        ),
        "",
        "## Listed, though Chromium does not ask here",
        "",
    ]
    more = Counter(carrier for one in results if one.carriers and not one.chromium for carrier in one.carriers)
    lines += markdown(
        ("carrier", "combinations", "Chromium asks"),
        [(f"`{name}`", f"{count:,}", REASONS.get(name, "")) for name, count in more.most_common()],
    )
    lines += ["", "## Every combination that a browser asks for or tkit lists", ""]
    rows = [
        (
            one.combination.group,
            f"`{one.combination.element}`",
            f"`{one.combination.way.replace('|', '¦')}`",
            _sign(one.chromium),
            _sign(one.firefox),
            ", ".join(f"`{carrier}`" for carrier in one.carriers),
        )
        for one in results
        if one.chromium or one.firefox or one.carriers
    ]
    lines += markdown(("group", "element", "with", "Chromium", "Firefox", "tkit"), rows)
    lines += ["", *made_with(("playwright", "tkit", "selectolax"), Chromium=chromium, Firefox=firefox)]
    return "\n".join(lines) + "\n"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", help="only combinations of this group; writes no page")
    parser.add_argument(
        "--firefox", default=shutil.which("firefox-esr") or shutil.which("firefox"), help="the program (%(default)s)"
    )
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "carriers.md", help="the page to write (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    console = Console()
    chosen = [one for one in combinations() if arguments.group in (None, one.group)]
    with ChromiumRenderer(timeout_seconds=300) as renderer:
        results = measure(chosen, renderer, arguments.firefox)
        chromium = renderer.version
        if renderer.defects:
            console.print(renderer.defects)
    missed = [one for one in results if one.chromium and not one.carriers]
    for one in missed:
        console.print(f"not listed: {one.combination.group}: {one.combination.element} {one.combination.way}", markup=False)
    console.print(
        f"{len(results):,} combinations, {sum(one.chromium for one in results):,} asked for, {len(missed):,} not listed"
    )
    if arguments.group is None:
        firefox = (
            subprocess.run([arguments.firefox, "--version"], capture_output=True, text=True, check=True)
            if arguments.firefox
            else None
        )
        arguments.page.write_text(page(results, chromium, firefox.stdout.split()[-1] if firefox else "none"), encoding="utf-8")
        console.print(f"written: {arguments.page}")
    return int(bool(missed))


if __name__ == "__main__":
    run(main)
