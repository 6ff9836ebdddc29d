from urllib.parse import quote

import pytest

from tkit.url import host_of, resolve, unwrap

INNER = "http://a.example/o.gif?id=1"
WRAPPED = [
    f"https://ci3.googleusercontent.com/meips/AbC_d-e=s0-d-e1-ft#{INNER}",
    f"https://lh3.googleusercontent.com/proxy/AbC=w1#{INNER}",
    f"https://ecp.yusercontent.com/mail?url={quote(INNER, '')}&t=1700000000&ymreqid=0",
    f"https://a.mail.yimg.com/ec?x=1&url={quote(INNER, '')}",
    f"https://nam01.safelinks.protection.outlook.com/?url={quote(INNER, '')}&data=05%7C01&reserved=0",
    f"https://outlook.live.com/mail/safelink.html?url={quote(INNER, '')}",
    f"https://outlook.office.com/mail/safelink.html?url={quote(INNER, '')}",
    f"https://urldefense.proofpoint.com/v1/url?u={quote(INNER, '')}&k=AbC",
    "https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_o.gif-3Fid-3D1&d=DwM&c=x",
    "https://urldefense.com/v3/__http://a.example/o.gif?id=1__;!!AbC!xyz$",
    "https://urldefense.us/v3/__http:/a.example/o.gif*id=1__;Pw!!AbC!xyz$",
    f"https://secure-web.cisco.com/1AbC-x_y/{quote(INNER, '')}",
    f"https://camo.githubusercontent.com/{'0f' * 20}/{INNER.encode().hex()}",
    f"https://camo.a.example/{'0F' * 20}/{INNER.encode().hex().upper()}.gif",
    f"https://linkprotect.cudasvc.com/url?a={quote(INNER, '')}&c=E,1,x&typo=1",
    f"https://imsva91-ctp.trendmicro.com/wis/clicktime/v1/query?url={quote(INNER, '')}&umid=0",
    f"https://mail.proton.me/api/core/v4/images?Url={quote(INNER, '')}&DryRun=0",
    f"https://mail.protonmail.com/api/core/v4/images?Url={quote(INNER, '')}",
    f"https://external-content.duckduckgo.com/iu/?u={quote(INNER, '')}&f=1",
    f"https://images.weserv.nl/?w=1&url={quote(INNER, '')}",
    f"https://proxy.fastmail.com/?url={quote(INNER, '')}",
    f"https://nam01.safelinks.protection.outlook.com/?url={quote(quote(INNER, ''), '')}",  # encoded twice
]


@pytest.mark.parametrize("url", WRAPPED, ids=[host_of(url) for url in WRAPPED])
def test_unwrap(url: str) -> None:
    assert unwrap(resolve(url)) == INNER


def test_unwrap_characters_of_proofpoint_2() -> None:
    # -C3-A9 are the bytes of "é" in UTF-8; -FF is a byte of no text.
    wrapped = "https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_{}&d=D".format
    assert unwrap(wrapped("caf-C3-A9")) == "http://a.example/caf%C3%A9"
    assert unwrap(wrapped("a-FFb-2Dc-2540")) == "http://a.example/a%EF%BF%BDb-c%40"


def test_unwrap_characters_of_proofpoint_3() -> None:
    # "*" stands for one character, "**" and a letter for a run: A is two, B three. Kys9IQ is base64 for "++=!".
    assert unwrap("https://urldefense.com/v3/__http://a.example/a**Bc*d__;Kys9IQ!!A!b$") == "http://a.example/a++=c!d"
    assert unwrap("https://urldefense.com/v3/__http://a.example/a**Ab__;Kys!!A!b$") == "http://a.example/a++b"
    assert unwrap("https://urldefense.com/v3/__http://a.example/*/*__;w6k!!A!b$") == "http://a.example/%C3%A9/*"


def test_unwrap_in_layers() -> None:
    safelink = f"https://eur02.safelinks.protection.outlook.com/?url={quote(INNER, '')}"
    proofpoint = f"https://urldefense.proofpoint.com/v1/url?u={quote(safelink, '')}"
    gmail = f"https://ci3.googleusercontent.com/proxy/A#{proofpoint}"
    yahoo = f"https://ecp.yusercontent.com/mail?url={quote(gmail, '')}"
    assert unwrap(proofpoint) == INNER
    assert unwrap(gmail) == INNER
    assert unwrap(yahoo) == safelink  # the fourth layer stays


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/o.gif",
        "http://a.example/?url=http%3A%2F%2Fb.example%2F",
        "https://lh3.googleusercontent.com/logo=w1",
        "https://a.example/googleusercontent#http://b.example/",
        "https://xsafelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2F",
        "https://safelinks.protection.outlook.com.a.example/?url=https%3A%2F%2Fa.example%2F",
        "https://nam01.safelinks.protection.outlook.com/?url=cid%3Alogo",
        "https://nam01.safelinks.protection.outlook.com/?url=",
        "https://nam01.safelinks.protection.outlook.com/?data=1",
        "https://urldefense.com/v3/__http://a.example/",
        "https://urldefense.proofpoint.com/v3/url?d=1",
        f"https://camo.a.example/{'0f' * 20}/logo.png",
        "",
    ],
)
def test_nothing_to_unwrap(url: str) -> None:
    assert unwrap(url) == url
