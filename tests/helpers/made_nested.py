"""Mails that load by SVG, by documents inside others and by custom properties: by hand and made by a generator."""

import random
from base64 import b64encode
from html import escape
from urllib.parse import quote

T = "http://t.test/"


def data(media_type: str, text: str, base64: bool = True) -> str:
    """Write a text as a ``data:`` URL."""
    if base64:
        return f"data:{media_type};base64,{b64encode(text.encode()).decode()}"
    return f"data:{media_type},{quote(text)}"


def svg(inner: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>'


IMAGE = f"<img src={T}1>"
PICTURE = svg(f'<image width="9" height="9" href="{T}1"/>')
SHEET = f"body{{background:url({T}1)}}"
BLANKS = "/* one */ \n" * 40

# By kind: an HTML text, and the paths below T that Chromium asks for.
KINDS: dict[str, list[tuple[str, list[str]]]] = {
    "attributes of SVG": [
        (f'<svg><path d="M0 0L9 9" stroke="url({T}1#s)" fill="url(#here)"/></svg>', ["1"]),
        (f'<svg><g CLIP-PATH="url(&quot;{T}1#c&quot;)"><rect width=9 height=9 /></g></svg>', ["1"]),
        (f'<svg marker-mid="URL( \'{T}1#m\' )" filter="u\\72l({T}2#f)"></svg>', ["1", "2"]),
        (f'<svg><rect cursor="url({T}1),url({T}2),auto"/></svg>', ["1", "2"]),
        (f'<svg><foreignObject mask="url({T}1#m)"><p mask="url({T}2#m)">x</foreignObject></svg>', ["1"]),
        (f'<rect fill="url({T}1#a)">x</rect>', []),
    ],
    "animations of SVG": [
        (f'<svg><use><set attributeName="href" to="{T}1#u"/></use></svg>', ["1"]),
        (f'<svg><image><animate attributeName="xlink:href" values="#a; {T}1 ;{T}2" dur="9s"/></image></svg>', ["1", "2"]),
        (f'<svg><rect><set ATTRIBUTENAME=clip-path to="url({T}1#c)"/></rect></svg>', ["1"]),
        (f'<svg><feImage><animate attributeName=href from={T}1 to={T}2 /></feImage></svg>', ["1", "2"]),
        (f'<svg><rect><set attributeName="width" to="{T}1"/></rect></svg>', []),
        (f'<set attributeName="href" to="{T}1">', []),
    ],
    "srcdoc": [
        (f"<iframe srcdoc='<p style=\"background:url({T}1)\">x'></iframe>", ["1"]),
        (f'<base href={T}><iframe srcdoc="<img src=1><a href=2>x</a>"></iframe>', ["1"]),
        (f'<iframe srcdoc="<base href={T}a/><img src=1>"></iframe>', ["a/1"]),
        (f'<iframe srcdoc="{escape(f"<iframe srcdoc={chr(34)}{escape(IMAGE)}{chr(34)}></iframe>")}"></iframe>', ["1"]),
        (f'<iframe srcdoc="<template>{IMAGE}</template><!-- {IMAGE} -->"></iframe>', []),
    ],
    "shadow trees": [
        (f"<p><template shadowrootmode=closed>{IMAGE}</template></p>", ["1"]),
        (f"<x-card><template SHADOWROOTMODE=OPEN><style>@import '{T}1'</style></template></x-card>", ["1"]),
        (f"<div><template shadowrootmode=open><b><template shadowrootmode=open>{IMAGE}</template></b></template></div>", ["1"]),
        (f"<div><template shadowrootmode=open><base href={T}><svg><image href={T}1 /></svg></template></div><img src=2>", ["1"]),  # noqa: E501
        (f"<div><template>{IMAGE}</template><template shadowroot=open>{IMAGE}</template></div>", []),
    ],
    "data documents": [
        (f'<embed src="{data("text/html", IMAGE, base64=False)}">', ["1"]),
        (f'<iframe src="{data("image/svg+xml", PICTURE)}"></iframe>', ["1"]),
        (f'<object data="DATA:text/html;charset=utf-8;base64,{data("", IMAGE)[13:]}"></object>', ["1"]),
        (f'<iframe src="{data("application/xhtml+xml", "<html><iframe/><img src=" + repr(T + "1") + "/></html>")}"></iframe>', ["1"]),  # noqa: E501
        (f'<frameset><frame src="{data("text/html", f"<base href={T}><img src=1>")}"></frameset>', ["1"]),
        (f'<iframe src="{data("text/plain", IMAGE)}"></iframe><img src="{data("image/svg+xml", PICTURE)}">', []),
        ('<iframe src="data:text/html;base64,!"></iframe><iframe src="data:text/html"></iframe>', []),
    ],
    "data style sheets": [
        (f'<link rel=stylesheet href="{data("text/css", SHEET, base64=False)}">', ["1"]),
        (f"<style>@import '{data('text/css', SHEET)}';</style>", ["1"]),
        (f"<style>@import url({data('text/css', f'@import {chr(34)}{T}1{chr(34)}')});p{{content:url({T}2)}}</style>", ["1", "2"]),  # noqa: E501
        (f'<base href={T}><link rel=stylesheet href="{data("text/css", "p{background:url(1)}")}"><p>x', ["1"]),
        (f'<link rel=alternate href="{data("text/css", SHEET)}">', []),
    ],
    "blanks in CSS": [
        (f"<style>@import{BLANKS}url({T}1);</style>", ["1"]),
        (f"<style>@import{' ' * 999}'{T}1';</style>", ["1"]),
        (f"<style>@\\69mport{BLANKS}\"{T}1\"</style>", ["1"]),
        (f"<style>@font-face{BLANKS}{{font-family:f;src:url({T}1)}}p{{font-family:f}}</style><p>x", ["1"]),
        (f"<style>@namespace{BLANKS}url({T}1);/* @import */ '{T}2'</style>", []),
    ],
    "custom properties": [
        (f"<p style='--u:\"{T}1\";background:image-set(var(--u) 1x)'>x", ["1"]),
        (f"<div style='--u:\"{T}1\"'><p style='background:image-set(var( --v,\"{T}2\") 1x)'>x</div>", ["2"]),
        (f'<style>:root{{--a:var(--b);--b:"{T}1";--c:"{T}2"}}p{{background:-webkit-image-set(var(--a) 1x)}}</style><p>x', ["1"]),  # noqa: E501
        (f"<style>@property --a{{syntax:'<string>';inherits:false;initial-value:'{T}1'}}p{{background:image-set(var(--a) 1x)}}</style><p>x", ["1"]),  # noqa: E501
        (f"<style>@function --f(){{result:'{T}1'}}p{{background:image-set(--f() 1x)}}</style><p>x", ["1"]),
        (f'<style>:root{{--a:"{T}1"}}p{{background:image-set("{T}2" type("image/png"))}}</style><p>x', ["2"]),
    ],
    "inert templates": [
        (f"<template>{IMAGE}<style>p{{background:url({T}2)}}</style></template>", []),
        (f"<template shadowroot>{IMAGE}</template>", []),
        (f"<div><template><template shadowrootmode=open>{IMAGE}</template></template></div>", []),
        (f'<template><iframe srcdoc="<img src={T}1>"></iframe><svg><image href={T}2 /></svg></template>', []),
        (f"<template><b background={T}1>x</b></template><img src={T}2>", ["2"]),
    ],
    "links loaded ahead": [
        (f"<link rel=prefetch href={T}1>", ["1"]),
        (f'<link rel="help COMPRESSION-DICTIONARY" href={T}1>', ["1"]),
        (f"<link rel=preload as=style href={T}1><link rel=preload as=image imagesrcset='{T}2 2x'>", ["1", "2"]),
        (f"<p>x<link rel='next nofollow' href={T}1>", ["1"]),  # Firefox
        (f"<link rel=nextpage href={T}1><link rel=prev href={T}2><link rel=dictionary href={T}3>", []),
    ],
    "bases that do not count": [
        (f"<math><base href=http://w.test/></math><base href={T}><a href=3>x</a><embed src=1>", ["1"]),
        (f"<!--[if mso]><base href=http://w.test/><![endif]--><base href={T}><img src=1>", ["1"]),
        (f"<svg><g><base href=http://w.test/></g></svg><base href={T}><table background=1><td>x</table>", ["1"]),
        (f"<svg><foreignObject><base href={T}></foreignObject></svg><img src=1>", ["1"]),
        (f"<template><base href=http://w.test/></template><base href={T}><img src=1>", ["1"]),
    ],
}  # fmt: skip


def generated(seed: int, depth: int = 3) -> tuple[str, list[str]]:
    """Make an HTML text of things in one another, and the URLs that it loads, in order."""
    choose = random.Random(seed)
    urls: list[str] = []

    def url() -> str:
        urls.append(f"{choose.choice(('http://t.test/', 'http://k.test/'))}{len(urls)}")
        return urls[-1]

    def sheet(level: int) -> str:
        if level and choose.random() < 0.5:
            blanks = choose.choice(("", " ", BLANKS))
            return f'@import{blanks}"{data("text/css", sheet(level - 1))}";i{{mask:u\\72l({url()})}}'
        return f"p{{background:url('{url()}')}}"

    def piece(level: int) -> str:
        inner = "".join(piece(level - 1) for _ in range(choose.randint(1, 3))) if level and choose.random() < 0.5 else ""
        return choose.choice(holders)(inner) if inner else choose.choice(leaves)(level)

    holders = (
        lambda inner: f'<iframe srcdoc="{escape(inner)}"></iframe>',
        lambda inner: f'<object data="{data("text/html", inner, choose.random() < 0.5)}"></object>',
        lambda inner: f"<div><template shadowrootmode=open>{inner}</template></div>",
        lambda inner: f"<p>{inner}</p>",
    )
    leaves = (
        lambda _: f"<img src={url()}>",
        lambda _: f"<svg><rect fill='url({url()})' stroke='none'/><image href={url()} /></svg>",
        lambda _: f"<svg><image><animate attributeName=href values='{url()};{url()}' /></image></svg>",
        lambda level: f"<style>{sheet(level)}</style>",
        lambda level: f'<link rel=stylesheet href="{data("text/css", sheet(level))}">',
        lambda _: f"<link rel={choose.choice(('prefetch', 'next', 'compression-dictionary'))} href={url()}>",
        lambda _: f"<b style='--u{len(urls)}:\"{url()}\";background:image-set(var(--u{len(urls) - 1}) 1x)'>x</b>",
        lambda _: f"<template><img src={T}inert></template>",
        lambda _: f"<svg><base href={T}base /></svg>",
    )
    return "".join(piece(depth) for _ in range(3)), urls
