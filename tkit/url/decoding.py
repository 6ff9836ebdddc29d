"""Decode the percent-encoded, hex and base64 tokens of a URL."""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import unquote

_HEX_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z])")
_BASE64_DIGITS = re.compile(r"[A-Za-z0-9+_-]{8,}")  # a slash separates path segments far more often than it is a digit


def decoded_forms(url: str) -> list[str]:
    """Return the URL and the texts that its percent-encoded, hex and base64 tokens decode to, two layers deep.

    Tokens that do not decode to printable ASCII are left out.

    >>> decoded_forms("http://a.example/o?u=YW5uYUBhLmV4YW1wbGU")[-1]
    'anna@a.example'
    """
    forms = [url]
    layer = [url]
    for _ in range(2):
        decoded: list[str] = []
        for text in layer:
            if "%" in text:
                decoded.append(unquote(text))
            decoded.extend(filter(None, map(_printable, map(bytes.fromhex, _HEX_DIGITS.findall(text)))))
            decoded.extend(filter(None, map(_printable, map(from_base64, _BASE64_DIGITS.findall(text)))))
        if not decoded:
            break
        known = set(forms)
        layer = [text for text in decoded if text not in known]
        forms.extend(layer)
    return forms


def from_base64(token: str) -> bytes:
    """Decode base64 digits of either alphabet without padding; a single digit at the end is dropped."""
    digits = token.replace("-", "+").replace("_", "/")
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return b64decode(digits + "=" * (-len(digits) % 4))


def _printable(data: bytes) -> str:
    """Return bytes as text if they are printable ASCII, else ``""``."""
    text = data.decode("ascii") if data.isascii() else ""
    return text if text.isprintable() else ""
