"""A mail as sent and as a webmail service shows it, every picture through a proxy, has the same features and so verdicts."""

import copy
import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import quote

import pandas as pd
import pytest
from paths import SAMPLE

from tkit.features import extract, feature_names
from tkit.mail import Message
from tkit.url import resolve
from tkit.url.parsing import clean

# Without a bare ampersand, which an attribute reads in its own way, and without NUL, which HTML cannot contain.
PICTURE = re.compile(r"""(<img\b[^<>]*?\ssrc\s*=\s*)(["'])(https?://(?:[^"'<>&\0]|&amp;)*)\2""", re.IGNORECASE)

PROXIES: dict[str, Callable[[str], str]] = {
    "original in the fragment": lambda url: f"https://ci3.googleusercontent.com/meips/AbC-dEf=s0-d-e1-ft#{url}",
    "original in the query": lambda url: f"https://mail.proton.me/api/core/v4/images?Url={quote(url, safe='')}&DryRun=0",
}


def proxied(message: Message, proxy: Callable[[str], str]) -> Message:
    """Return the mail with every quoted `<img src>` rewritten by a proxy."""

    def rewritten(match: re.Match[str]) -> str:
        resolved = resolve(clean(unescape(match[3])))
        return f"{match[1]}{match[2]}{escape(proxy(resolved))}{match[2]}" if resolved else match[0]

    shown = copy.copy(message)
    shown.html_parts = tuple(PICTURE.sub(rewritten, html) for html in message.html_parts)
    return shown


def differing(messages: list[Message], proxy: Callable[[str], str]) -> tuple[int, list[str]]:
    """Return how many references were rewritten, and the features that differ anywhere."""
    names = feature_names("message")
    sent, shown = extract(messages), extract([proxied(message, proxy) for message in messages])
    pd.testing.assert_frame_equal(sent[["message_sha256", "index"]], shown[["message_sha256", "index"]])
    rewritten = sent["url"] != shown["url"]
    return int(rewritten.sum()), [name for name in names if (sent[name] != shown[name]).any()]


@pytest.mark.parametrize("proxy", PROXIES)
def test_samples(proxy: str) -> None:
    messages = [Message.from_bytes(path.read_bytes()) for path in sorted(SAMPLE.glob("*.eml"))]
    rewritten, names = differing(messages, PROXIES[proxy])
    assert rewritten > 50
    assert names == []


@pytest.mark.parametrize("proxy", PROXIES)
def test_mails_of_every_corpus(proxy: str, corpus_mails: list[bytes]) -> None:
    _, names = differing(list(map(Message.from_bytes, corpus_mails)), PROXIES[proxy])
    assert names == []
