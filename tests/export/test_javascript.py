import json
import random
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import md5, sha1, sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_nested import KINDS, generated
from made_verdicts import BOTH, LOGO, MAIL_OF_THREE, OPENED, PASS, of_three_verdicts
from paths import ROOT, SHARED

from tkit.bundle import QUESTIONS, Bundle, IntegerLinear, Output, Question, default_bundle, judge
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.dataset import read
from tkit.export.base import TARGETS
from tkit.export.javascript import TARGET, margins, module_text, script_text, write, write_modules
from tkit.export.javascript.data import DIGITS, packed_suffixes, suffixes
from tkit.features import MAIL_VANTAGES, extract, feature_names
from tkit.features.tokens import analyse
from tkit.html.css import css_urls
from tkit.html.loads import srcset_candidates
from tkit.html.style import dimension, parse_style
from tkit.mail import Message
from tkit.url import clean, registrable_domain, resolve, unwrap
from tkit.url.decoding import decoded_forms
from tkit.url.services import service_of

SAMPLE = [Message.from_bytes(path.read_bytes()) for path in sorted((ROOT / "data" / "sample").glob("*.eml"))]
Ask = Callable[..., dict[str, list[Any]]]

# What the samples lack: mails that no sender writes, but a program must read alike.
ODD = """\
<base href="https://b.example/x|y/">
<img src="a^b|c.png?d|e^f" width=" 1px" height="+2 %">
<constructor src=http://a.example/><img src="http://a.example/no|te" title="🧡 \ud7ff" alt=""></constructor>
<div hidden><table><td background=http://u:p@a.example:8080/%zz/é?ü><a href="http://X.A.Example:80/1abcdef">
<img style="width:1.5pt;max-height:.4em;width:3px!important;width:9px" srcset="http://a.example/1abcdef 1x,, b 2x (,) ,c"></a>
<style>@import "http://a.example/i.css"; @font-face{src:url(//f.example/f)}
b{background:u\\72l('http://a.example/\\31 .png')}</style><!--[if mso]><v:fill src=http://a.example/v>
<a href=http://a.example><img src=//o.example/><!--[if 1]><img src=/x><![endif]--></a>
<![endif]--><svg><image xlink:href="http://s.example/i" /><use href="#n"/><feImage href=http://s.example/f /></svg>
<meta http-equiv=Refresh content="0 ; URL = 'http://m.example/r' "><input type=" Image" src=http://a.example/i>
<object data=http://a.example/d></object><video poster=http://a.example/p src=http://a.example/m></video><link rel="x  Icon"
href=http://a.example/l><amp-img src=http://a.example/a srcset="http://a.example/b 2x"></amp-img><bgsound src=http://a.example/s>
<template><img src=http://a.example/t></template><noscript><img src=http://a.example/n></noscript><img lowsrc=http://a.example/l>
<img src=ftp://a/1234567><img src="https://xn--mgbaam7a8h.example/"><img src=https://www.bücher.example/b?mail=%61%40b.example>
<style src=http://a.example/only>*{background:url(http://a.example/unread)}</style>text<img src=http://1.2.3.4/5>
"""
HEADERS = (
    "From: =?utf-8?q?A?= <a@News.Example.co.uk>\nTo: B <b.c@d.example>,\n e@f.example\nReceived: by x for <G@H.example>; now\n"
    "Received: from y\nList-Unsubscribe: <https://a.example/u>\nMessage-ID: <1abcdef@mx.a.example>\nX-SG-EID: 1\n"
    "Precedence: bulk\n"
)


def message_of(html: str) -> Message:
    head = HEADERS + "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return Message.from_bytes(head.encode() + b64encode(html.encode("utf-8", "surrogatepass")))


def question(message: Message) -> dict[str, Any]:
    about = {
        "headers": message.header_text,
        "contentTypes": list(message.content_types),
        "htmlParts": len(message.html_parts),
    }
    return {"parts": list(message.html_parts), "message": about}


@pytest.fixture(scope="session")
def message_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    write_modules(default_bundle("message"), folder)
    return folder


@pytest.fixture(scope="session")
def ask(npm: Path, message_modules: Path) -> Ask:
    """Asks the modules in Node."""

    def asked(folder: Path = message_modules, **questions: list[Any]) -> dict[str, list[Any]]:
        done = subprocess.run(
            ["node", npm / "answers.mjs", folder], input=json.dumps(questions).encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        answers: dict[str, list[Any]] = json.loads(done.stdout)
        return answers

    return asked


def assert_same(found: list[dict[str, Any]], messages: list[Message], bundle: Bundle) -> None:
    """Hold what the module gives of messages against Python: references, every feature, margins, verdicts."""
    rows = extract(messages)
    names = feature_names(bundle.vantage)
    assert [row["resolvedUrl"] for row in found] == rows["resolved_url"].tolist()
    assert [row["carrier"] for row in found] == rows["carrier"].tolist()
    features = np.array([row["features"] for row in found], np.float32)
    wrong = features != rows[names].to_numpy(np.float32)
    assert not wrong.any(), {names[column]: found[row]["resolvedUrl"] for row, column in np.argwhere(wrong)}
    assert [row["margin"] for row in found] == bundle.margins(rows).tolist()
    assert [row["individualMargin"] for row in found] == bundle.margins(rows, "individual").tolist()
    assert [row["verdict"] for row in found] == judge(bundle, rows).verdicts.tolist()


@pytest.mark.parametrize("vantage", MAIL_VANTAGES)
def test_features_of_sample_mails_in_node(ask: Ask, npm: Path, tmp_path: Path, vantage: str) -> None:
    bundle = default_bundle(vantage)
    write_modules(bundle, tmp_path)
    messages = [*SAMPLE, message_of(ODD)]
    answers = ask(tmp_path, message=[question(message) for message in messages])["message"]
    found = [row for answer in answers for row in answer]
    assert len(found) > 150
    assert_same(found, messages, bundle)
    for name, question_of in (("score", "tracker"), ("individualScore", "individual")):
        np.testing.assert_allclose([row[name] for row in found], bundle.scores(extract(messages), question_of), rtol=1e-12)


def test_one_url_of_a_mail_has_one_verdict(ask: Ask, tmp_path: Path) -> None:
    bundle = of_three_verdicts("message")
    write_modules(bundle, tmp_path)
    first, second = f'<img src="{OPENED}" width="1">', f'<p>Hi</p><img src="{OPENED}" width="200"><img src="{LOGO}">'
    asked = [question(message_of(html)) for html in (MAIL_OF_THREE, first, second)]
    asked.append(asked[1] | {"parts": [first, second]})  # the same in two parts of one mail
    verdicts = [[(row["resolvedUrl"], row["verdict"]) for row in answer] for answer in ask(tmp_path, message=asked)["message"]]
    seen = (BOTH, "personalised")
    assert verdicts == [
        [(LOGO, "clean"), (PASS, "personalised"), seen, seen, (OPENED, "tracker")],
        [(OPENED, "tracker")],
        [(OPENED, "personalised"), (LOGO, "clean")],
        [(OPENED, "personalised"), (OPENED, "personalised"), (LOGO, "clean")],
    ]


def test_documents_in_one_another(ask: Ask) -> None:
    html = [html for cases in KINDS.values() for html, _ in cases] + [generated(seed)[0] for seed in range(60)]
    messages = [message_of(one) for one in html]
    found = [row for answer in ask(message=[question(message) for message in messages])["message"] for row in answer]
    assert len(found) > 400
    assert_same(found, messages, default_bundle("message"))


def test_margins_of_every_row_of_the_dataset(npm: Path, tmp_path: Path) -> None:
    bundle = default_bundle("message")
    write(bundle, tmp_path)
    rows = read(ROOT / "data" / "dataset").references
    assert len(rows) > 100_000
    found = margins(tmp_path, bundle, rows)
    for asked in QUESTIONS:
        assert (found[asked] == bundle.margins(rows, asked)).all()


def test_a_linear_model(npm: Path, tmp_path: Path) -> None:
    names = feature_names("url")
    numbers = np.random.default_rng(0)
    model = IntegerLinear(
        -70_000,
        tuple(numbers.normal(size=len(names)).tolist()),
        tuple(numbers.uniform(0.5, 2, len(names)).tolist()),
        tuple(numbers.normal(size=len(names)).tolist()),
    )
    base = default_bundle("url")
    bundle = replace(base, tracker=Output(model, 0, "by hand"))
    write(bundle, tmp_path)
    rows = pd.DataFrame(base.replay, columns=names)
    found = margins(tmp_path, bundle, rows)
    # The logarithm's last bit differs between mathematical libraries and can turn one rounding.
    assert np.abs(found["tracker"] - bundle.margins(rows)).max() <= model.tolerance
    assert (found["individual"] == bundle.margins(rows, "individual")).all()  # that of trees


@pytest.mark.parametrize("asked", QUESTIONS)
def test_contributions(ask: Ask, asked: Question) -> None:
    bundle = default_bundle("message")
    rows = pd.DataFrame(bundle.replay[:50], columns=bundle.features)
    answers = ask(contributions=[[row, asked] for row in bundle.replay[:50].tolist()])["contributions"]
    expected = bundle.contributions(rows, asked)
    for number, answer in enumerate(answers):
        found = dict(answer)
        # Means of nodes are kept to 1/63 of the way between their children.
        assert np.corrcoef([found[name] for name in bundle.features], expected.iloc[number])[0, 1] > 0.99


# Parted by white space; what has white space in it is added.
CSS_PIECES = [
    *r"""url( u\rl( \75rl( URL( src( image-set( -webkit-image-set( a( ) ' " \ /* */ @import @import/**/ @\69mport @font-face{
    @font-face/*}*/{ @namespace } { ; [ ] x.png #a <!-- é 🧡 \1F9E1 \0 \d800x : 1 - @""".split(),  # noqa: SIM905
    *(" ", "\t", "\n", "\r\n", "\f", "\0", "\\\n", "\\75 rl(", "@import ", "@font-face {", "\\0 "),
]
STYLE_PIECES = [
    *"""width HEIGHT max-width display visibility opacity overflow position left mso-hide : ; !important none hidden 0 1px .5em
    +2pt -999px 1e3 absolute clip all /* */""".split(),  # noqa: SIM905
    *(" ", "\xa0", "\n", "! important"),
]
URL_PIECES = [
    *"""http:// https: // \\ / ? # @ : a Z9 %41 % é | ^ ` { " ' < = & .. . _ - open.php example co.uk 😀 0x7f.1 [::1] ~ ! * $ ,
    ; c3Vubnk 616e6e6140622e6578616d706c65""".split(),  # noqa: SIM905
    " ",
]


def texts_of(pieces: list[str], number: int, most: int) -> list[str]:
    choose = random.Random(5)
    return ["".join(choose.choices(pieces, k=choose.randint(0, most))) for _ in range(number)]


def test_css(ask: Ask) -> None:
    texts = texts_of(CSS_PIECES, 6000, 14)
    texts += [
        "url(data:;base64," + "A" * 2_000_000 + ")",
        "url('" + "\\A" * 200_000 + "')",
        "@import" + " " * 70 + "x '",
        "(" * 9999,
    ]
    found = ask(css=texts)["css"]
    assert sum(map(len, found)) > 400
    assert found == [[{"url": url, "use": use} for url, use in css_urls(text)] for text in texts]


def test_style(ask: Ask) -> None:
    texts = texts_of(STYLE_PIECES, 6000, 12)
    for text, found in zip(texts, ask(style=texts)["style"], strict=True):
        style = parse_style(text)
        expected = [style.width, style.height, style.max_width, style.max_height, bool(style.hides), style.properties]
        assert list(found.values()) == expected, text
    values = ["1", " 1px", "+2.5", "50%", "50 %", "auto", "", "9" * 400, "1.", "\xa01", "-1"]
    assert ask(dimension=values)["dimension"] == list(map(dimension, values))


def test_srcset(ask: Ask) -> None:
    texts = texts_of(["a.png", ",", " ", "1x", "(", ")", "\n", "data:,", "2w"], 2000, 9)
    texts += ["a " + "(,)x" * 200_000, "a" + "," * 200_000 + "b 1x"]
    assert ask(srcset=texts)["srcset"] == [[url for url, _ in srcset_candidates(text)] for text in texts]


def test_resolved_urls(ask: Ask) -> None:
    texts = texts_of(URL_PIECES, 4000, 9) + ["http://a.example/" + text for text in texts_of(URL_PIECES, 4000, 9)]
    bases = ["", "http://b.example/c|d/e^f?g", "ftp://b.example"]
    pairs = [[text, bases[number % 3]] for number, text in enumerate(texts)]
    assert ask(resolve=pairs)["resolve"] == [resolve(clean(text), base) for text, base in pairs]


def test_what_takes_long_in_a_careless_pattern(ask: Ask) -> None:
    run = 200_000
    texts = [" \0" + "http://a.example/a" + " " * run + "b\n ", " " * run]
    assert ask(resolve=[[text, ""] for text in texts])["resolve"] == [f"http://a.example/a{'%20' * run}b", ""]
    assert ask(domain=["a" + "." * run + "example"])["domain"] == ["a" + "." * run + "example"]
    html = "<meta http-equiv=refresh content='{}'>".format
    message = message_of(html("0;" + " " * run + "url = http://m.example/r") + html(" " * run) + html("0" + " " * run + "x"))
    found = ask(message=[question(message)])["message"][0]
    assert [row["resolvedUrl"] for row in found] == ["http://m.example/r"]
    assert_same(found, [message], default_bundle("message"))


def test_measures_of_urls(ask: Ask) -> None:
    texts = ["http://a.example/" + text for text in texts_of(URL_PIECES, 4000, 12)]
    urls = [url for url in map(resolve, texts) if url]
    urls += [f"https://a.example/{b64encode(f'{n} anna@b.example'.encode()).decode()}" for n in range(50)]
    urls += ["http://a.example/" + "%20" * 70_000, "http://a.example/" + "1a" * 40_000]
    answers = ask(analyse=urls, decoded=urls)
    columns = analyse(urls).columns
    for number, (url, found) in enumerate(zip(urls, answers["analyse"], strict=True)):
        wrong = {name for name, values in columns.items() if np.float32(found[name]) != np.float32(values[number])}
        assert not wrong, (url, wrong)
    assert answers["decoded"] == list(map(decoded_forms, urls))


def test_services(ask: Ask) -> None:
    pairs = [
        ["x.list-manage.com", "/track/open.php?u=1"],
        ["a.example", "/wf/open?upn=1"],
        ["a.example", "/"],
        ["rsys2.net", "/x"],
        ["sendgrid.net.example", "/wf/open"],
        ["s7.exacttarget.com", "/open.aspx?f"],
        ["t.sidekickopen77.com", "/e2t/o/5"],
        ["links-2.govdelivery.com", "/CI0/0123456789abcdef-01234567-89ab-cdef-0123-456789abcdef-000000/x"],
        ["a.example", "/lists/ut.php?u=0123456789abcdef0123456789abcdef"],
        ["a.example", "/ut.php?u=0"],
    ]
    expected = [dict(zip(("name", "isOpen"), service_of(host, tail), strict=True)) for host, tail in pairs]
    assert ask(provider=pairs)["provider"] == expected


def test_wrapped_urls(ask: Ask) -> None:
    inner = "http%3A%2F%2Fa.example%2Fo.gif%3Fid%3D1"
    urls = [
        "https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://a.example/o.gif",
        f"https://eur01.safelinks.protection.outlook.com/?url={inner}&data=1",
        "https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_o.gif-3Fid-3D1&d=D",
        "https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_caf-C3-A9-FF.gif&d=D",
        "https://urldefense.com/v3/__http://a.example/o*x**Ay__;PyYm!z",
        "https://secure-web.cisco.com/1/2/" + inner,
        "https://camo.githubusercontent.com/" + "0" * 40 + "/" + b"http://a.example/o.gif".hex(),
        f"https://images.weserv.nl/?url={inner.replace('%', '%25')}",
        "https://a.example/?url=" + inner,
    ]
    found = ask(unwrap=urls)["unwrap"]
    assert found == list(map(unwrap, urls))
    assert sum(one != url for one, url in zip(found, urls, strict=True)) == 8


def test_registrable_domains(ask: Ask) -> None:
    rules = [f"{label}.{parent}" for parent, labels in suffixes().items() for label in labels]
    assert len(rules) > 5000
    names = [rule.lstrip("!").removeprefix("*.") for rule in rules]
    hosts = [front + name for name in names for front in ("", "a.", "b.a.", "c.b.a.")]
    hosts += ["", ".", "a", "localhost", "a..b", "10.0.0.1", "[::1]", "A.Example.COM.", "bücher.公司.cn", "x.unknown"]
    assert ask(domain=hosts)["domain"] == list(map(registrable_domain, hosts))


def test_digests(ask: Ask) -> None:
    texts = ["", "anna@b.example", "é" * 40, *("x" * n for n in (54, 55, 56, 63, 64, 65, 119, 120))]
    expected = [[h(text.encode()).hexdigest() for h in (md5, sha1, sha256)] for text in texts]
    assert ask(digests=texts)["digests"] == expected


def test_packed_suffixes_are_read_back_by_hand() -> None:
    rules = {"uk": ["co", "com"], "jp": ["*"]}
    pairs, text = packed_suffixes(rules)
    for pair in reversed(pairs):
        text = text.replace(pair[0], pair[1:])
    assert text == "ukAcoCm\njpA*"


def test_size_and_form() -> None:
    text = module_text(default_bundle("message"))
    assert len(text.encode()) < 210_000
    assert not any(line.startswith("import ") for line in text.splitlines())
    assert len(DIGITS) == 64
    assert "javascript" in TARGETS


def test_classic_script(npm: Path, tmp_path: Path) -> None:
    bundle = default_bundle("url")
    script = script_text(bundle, means=True) + (
        "const { margin } = tkit.classifyUrl('http://a.example/o?id=1a2b3c4d');\n"
        "console.log(JSON.stringify([Object.keys(tkit).sort(), margin]));\n"
    )
    (tmp_path / "script.cjs").write_text(script, encoding="utf-8")
    done = subprocess.run(["node", tmp_path / "script.cjs"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    names, found = json.loads(done.stdout)
    rows = extract([message_of("<img src='http://a.example/o?id=1a2b3c4d'>")])
    assert found == bundle.margins(rows)[0]
    expected = "classify classifyDocument classifyMessage classifyUrl contributions margin provider schema score"
    assert names == expected.split()


def test_types(npm: Path, tmp_path: Path) -> None:
    write(default_bundle("url"), tmp_path)
    shutil.copy(npm / "types.ts", tmp_path)
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--lib", "es2022,dom", "--types", ""]
    command = [npm / "node_modules/.bin/tsc", *options, tmp_path / "types.ts"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_loss_on_the_bundles_own_vectors(npm: Path, tmp_path: Path) -> None:
    bundle = default_bundle("url")
    TARGET.write(bundle, tmp_path)
    loss = TARGET.loss(tmp_path, bundle, None)
    assert (loss.compared, loss.different) == (len(bundle.replay), 0)
    assert loss.engine.startswith("Node v")


def test_messages_of_every_corpus_in_chromium(missing_engine: Callable[[str], None]) -> None:
    pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")
    from tkit.lab.module import ChromiumModule  # noqa: PLC0415
    from tkit.lab.render import CHROMIUM_NAMES  # noqa: PLC0415

    if not any(map(shutil.which, CHROMIUM_NAMES)):
        missing_engine(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    messages = [*SAMPLE, message_of(ODD)]
    problems: list[Problem] = []
    for corpus in CORPORA:
        archive = SHARED / "corpora" / corpus.archive
        if archive.exists():
            mails = (Message.from_bytes(mail.raw) for mail in read_raw([archive], problems=problems))
            messages += islice((message for message in mails if message.html_parts), 0, 400, 10)
    bundle = default_bundle("message")
    with ChromiumModule(module_text(bundle)) as module:
        found = [row for message in messages for row in module.classify(message)]
        timed = module.time(SAMPLE[:3], rounds=2)
        assert module.requests == []
    assert timed.references == [len(extract([message])) for message in SAMPLE[:3]]
    assert (len(timed.milliseconds), timed.processor_seconds > 0) == (3, True)
    assert_same([row._asdict() for row in found], messages, bundle)
