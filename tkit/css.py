"""The URLs in a style sheet or a style attribute, with what would load them.

A scanner over the few tokens that matter (CSS Syntax Level 3, section 4), because a full tokenizer in Python costs more
than everything else that tkit does to a mail; a test holds it against ``tinycss2``.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Use = Literal["value", "import", "font"]


class CssUrl(NamedTuple):
    """One URL of a style sheet: its text with CSS escapes decoded, and its use."""

    url: str
    use: Use


def _ident(word: str) -> str:
    """Give a pattern for an identifier in which any letter may be escaped (``\\75rl``, ``u\\rl``)."""
    letters = []
    for letter in word:
        codes = f"{ord(letter.lower()):x}|{ord(letter.upper()):x}"
        plain = letter if letter in "abcdef-" else rf"\\?{letter}"
        letters.append(rf"(?:{plain}|\\0{{0,4}}(?:{codes})(?:\r\n|[ \t\r\n\f])?)")
    return "".join(letters)


_TRIGGER = re.compile(r"/\*|[\"'(]")
# Possessive quantifiers: an embedded picture of a megabyte is one step, and hostile text cannot make them backtrack.
_STRING = re.compile(
    r"\"(?:[^\"\\\n]++|\\[\s\S])*+(?:\"|(?=\n)|\Z)|'(?:[^'\\\n]++|\\[\s\S])*+(?:'|(?=\n)|\Z)"
)
_BARE = re.compile(r"\s*+((?:[^\s\"'()\\]++|\\[^\n])*+)\s*+(?:\)|\Z)")
_BAD_URL = re.compile(r"(?:[^)\\]++|\\[\s\S])*+(?:\)|\Z)")
_SPACE = re.compile(r"\s*")
_PARENTHESIS = re.compile(r"[()\"']|/\*")
_FUNCTION = re.compile(
    rf"(?:^|[^\w\\-])(?:(?P<url>{_ident('url')})|(?P<src>{_ident('src')})|(?P<set>(?:-webkit-)?{_ident('image-set')}))\Z",
    re.IGNORECASE,
)
_AT_IMPORT = re.compile(rf"@{_ident('import')}(?:\s|/\*.*?\*/)*\Z", re.IGNORECASE | re.DOTALL)
_AT_FONT_FACE = re.compile(rf"@{_ident('font-face')}", re.IGNORECASE)
_AT_NAMESPACE = re.compile(r"@(?:namespace|charset)[^;{}]*\Z", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|([\s\S]))")
_HINT = re.compile(r"url|\\|src\(|import|image-set", re.IGNORECASE)
_LOOK_BACK = 80  # an at-rule or function name with every letter escaped is shorter


def css_urls(text: str) -> list[CssUrl]:
    """Give every URL that a style sheet or declaration list may load, in order.

    Parameters
    ----------
    text : str
        The content of a ``style`` element or attribute. Never raises; broken CSS is read as browsers read it.

    Returns
    -------
    list of CssUrl
        ``use`` is ``"import"`` for ``@import``, ``"font"`` inside ``@font-face``, else ``"value"``. References to
        the document itself (``url(#gradient)``) and ``@namespace`` names are left out: they load nothing.

    Examples
    --------
    >>> css_urls("a{background:\\\\75rl( 'x\\\\.png' )}")
    [CssUrl(url='x.png', use='value')]
    >>> css_urls('@import "a.css" screen; @font-face{src:url(f.woff)}')
    [CssUrl(url='a.css', use='import'), CssUrl(url='f.woff', use='font')]
    """
    if not _HINT.search(text):
        return []
    found: list[CssUrl] = []
    fonts = [face.end() for face in _AT_FONT_FACE.finditer(text)]
    position = 0
    while trigger := _TRIGGER.search(text, position):
        start = trigger.start()
        if trigger[0] == "/*":
            position = _after_comment(text, start)
        elif trigger[0] != "(":
            string = _STRING.match(text, start)
            position = string.end() if string else start + 1
            if string and _AT_IMPORT.search(text, max(0, start - _LOOK_BACK), start):
                _add(found, _unquote(string[0]), "import")
        else:
            position = _function(text, start, fonts, found)
    return found


def _function(text: str, start: int, fonts: list[int], found: list[CssUrl]) -> int:
    """Read the function whose parenthesis opens at ``start``; give where to go on."""
    name_start = max(0, start - _LOOK_BACK)
    name = _FUNCTION.search(text, name_start, start)
    if not name:
        return start + 1
    use = _use(text, name.start() + 1 if name.start() else 0, fonts)
    if name["set"]:
        return _image_set(text, start + 1, fonts, found, use or "value")
    inner = _SPACE.match(text, start + 1)
    string = _STRING.match(text, inner.end() if inner else start + 1)
    if string:
        if use:
            _add(found, _unquote(string[0]), use)
        return string.end()
    if name["src"]:
        return start + 1
    bare = _BARE.match(text, start + 1)
    if bare:
        if use:
            _add(found, bare[1], use)
        return bare.end()
    bad = _BAD_URL.match(text, start + 1)  # CSS Syntax, section 4.3.14: browsers drop it whole
    return bad.end() if bad else len(text)


def _image_set(text: str, position: int, fonts: list[int], found: list[CssUrl], use: Use) -> int:
    """Read the strings and functions right inside ``image-set(``; a string in ``type("...")`` is no URL."""
    depth = 1
    while depth and (token := _PARENTHESIS.search(text, position)):
        position = token.end()
        if token[0] == "/*":
            position = _after_comment(text, token.start())
        elif token[0] == ")":
            depth -= 1
        elif token[0] == "(":
            name = _FUNCTION.search(text, max(0, token.start() - _LOOK_BACK), token.start())
            if name and not name["set"]:
                position = _function(text, token.start(), fonts, found)
                if position and text[position - 1] != ")":
                    depth += 1  # the string of a quoted url( was read, its parenthesis is still open
            else:
                depth += 1
        else:
            string = _STRING.match(text, token.start())
            position = string.end() if string else position
            if string and depth == 1:
                _add(found, _unquote(string[0]), use)
    return position


def _use(text: str, start: int, fonts: list[int]) -> Use | None:
    """Tell what a URL function that begins at ``start`` is for; None for a name that loads nothing."""
    window = max(0, start - _LOOK_BACK)
    if _AT_IMPORT.search(text, window, start):
        return "import"
    if _AT_NAMESPACE.search(text, window, start):
        return None
    face = next((end for end in reversed(fonts) if end <= start), -1)
    return "font" if face >= 0 and text.find("}", face, start) < 0 else "value"


def _after_comment(text: str, start: int) -> int:
    end = text.find("*/", start + 2)
    return end + 2 if end >= 0 else len(text)


def _add(found: list[CssUrl], text: str, use: Use) -> None:
    url = _unescape(text)
    if url and not url.startswith("#"):
        found.append(CssUrl(url, use))


def _unquote(string: str) -> str:
    return string[1:-1] if len(string) > 1 and string[-1] == string[0] else string[1:]


def _unescape(text: str) -> str:
    """Decode CSS escapes (CSS Syntax Level 3, section 4.3.7)."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    digits, line_end, other = found.groups()
    if line_end:
        return ""
    if other is not None:
        return str(other)
    code = int(digits, 16)
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
