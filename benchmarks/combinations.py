"""The ways to write a URL that benchmarks/carriers.py tries: elements, attributes, relations, CSS properties and documents.

The lists are the indexes of the HTML, SVG and CSS standards, with what old clients read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

HOST = "http://t.test/"


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
