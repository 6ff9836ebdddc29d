"""The URLs in a style sheet or a style attribute, with what would load them.

It scans for the few tokens that matter (CSS Syntax Level 3, section 4), because a full tokenizer in Python takes longer than
everything else that tkit does to a mail. A test compares it with ``tinycss2``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Use = Literal["value", "import", "font"]


class CssUrl(NamedTuple):
    """One URL of a style sheet: its text with CSS escapes decoded, and its use."""

    url: str
    use: Use


_SPACE = r"[ \t\n]"
_HEX = rf"[0-9A-Fa-f]{{1,6}}+{_SPACE}?+"  # after the backslash; one white space character belongs to it


def _ident(word: str) -> str:
    r"""Return a pattern for an identifier in which any letter may be escaped (``\75rl``, ``u\rl``)."""
    letters = []
    for letter in word:
        codes = f"{ord(letter.lower()):x}|{ord(letter.upper()):x}"
        plain = letter if letter in "abcdef" else rf"\\?{letter}"
        code = rf"\\(?:0000(?:{codes})|0{{0,3}}(?:{codes})(?![0-9a-f])){_SPACE}?"
        letters.append(f"(?:{plain}|{code})")
    return "".join(letters)


_FLAGS = re.IGNORECASE | re.ASCII
# Possessive quantifiers: an embedded picture of a megabyte is one step, and hostile text cannot make them backtrack.
_BLANK = rf"(?:{_SPACE}++|/\*(?:[^*]|\*(?!/)){{0,80}}+\*/){{0,8}}+"
_TRIGGER = re.compile(r"[/\"'(\\]")
_INSIDE = {
    '"': re.compile(rf"(?:[^\"\\\n]++|\\(?:{_HEX}|[\s\S]))*+"),
    "'": re.compile(rf"(?:[^'\\\n]++|\\(?:{_HEX}|[\s\S]))*+"),
}
_SPACES = re.compile(rf"{_SPACE}*+")
_BARE = re.compile(rf"((?:[^ \"'()\\\x00-\x1f\x7f]++|\\(?:{_HEX}|[^\n]|\Z))*+){_SPACE}*+(?:\)|\Z)")
_BAD_URL = re.compile(r"(?:[^)\\]++|\\[\s\S]?)*+\)?")
_NESTED = re.compile(r"[/\"'()\[\]{}\\]")
_CLOSERS = {"[": "]", "{": "}"}
# The character before a function's name must end a token: "@url(" is an at-keyword, "1url(" a dimension.
_FUNCTION = re.compile(
    rf"(?:(?<![\w\\@#\x80-\U0010ffff-])|(?<=<!--)(?<!\\<!--))"
    rf"(?:(?P<url>{_ident('url')})|(?P<src>{_ident('src')})"
    rf"|(?P<set>(?:{_ident('-webkit-')})?{_ident('image-set')}))\Z",
    _FLAGS,
)
_LAST_LETTERS = "lLcCtT"
_ESCAPE_BEFORE = re.compile(rf"(?<!\\)(?:\\\\)*\\(?:[0-9a-f]{{1,6}}{_SPACE}?|[^\n])\Z", _FLAGS)
_AT_IMPORT = re.compile(rf"(?<!\\)@{_ident('import')}{_BLANK}\Z", _FLAGS)
_AT_FONT_FACE = re.compile(rf"@(?<!\\@){_ident('font-face')}{_BLANK}\{{", _FLAGS)  # "@" first: it is found fast
_AT_NAMESPACE = re.compile(rf"(?<!\\)@{_ident('namespace')}(?![\w\\-])[^;{{}}]*\Z", _FLAGS)
_ESCAPE = re.compile(rf"\\(?:([0-9A-Fa-f]{{1,6}}){_SPACE}?|(\n)|([\s\S])|\Z)")
_HINTS = ("url(", "\\", "src(", "@import", "image-set(")
_LOOK_BACK = 80  # an at-rule or function name with every letter escaped is shorter


def css_urls(text: str) -> list[CssUrl]:
    r"""Return every URL that a style sheet or declaration list may load, in order.

    Parameters
    ----------
    text : str
        The content of a ``style`` element or attribute. No text raises an error; broken CSS is read as browsers read it.

    Returns
    -------
    list of CssUrl
        ``use`` is ``"import"`` for ``@import``, ``"font"`` inside ``@font-face``, otherwise ``"value"``. URLs that load
        nothing are left out: those of the document itself (``url(#gradient)``) and of ``@namespace``.

    Examples
    --------
    >>> css_urls("a{background:\\75rl( 'x\\.png' )}")
    [CssUrl(url='x.png', use='value')]
    >>> css_urls('@import "a.css" screen; @font-face{src:url(f.woff)}')
    [CssUrl(url='a.css', use='import'), CssUrl(url='f.woff', use='font')]
    """
    return _Scanner(_filtered(text)).scan() if may_load(text) else []


@lru_cache(maxsize=1 << 14)
def may_load(text: str) -> bool:
    """Return whether CSS may contain a URL: every form of one is a function, an escape or an ``@import``."""
    return any(map(text.lower().__contains__, _HINTS))


def _filtered(text: str) -> str:
    """Return the code points that a tokenizer sees (CSS Syntax Level 3, section 3.3)."""
    if "\r" in text or "\f" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return text.replace("\0", "\ufffd")


class _Open(NamedTuple):
    """A bracket that is open inside ``image-set(``: its closer, and what a string right inside it is for."""

    closer: str
    strings: Use | None = None


class _Scanner:
    """One pass over one filtered text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._urls: list[CssUrl] = []
        self._face = _AT_FONT_FACE.search(text)  # the next @font-face, or the one around the position
        self._face_end = -1  # where it ends; -1 if that is not known yet
        self._read = 0  # the end of the last string or URL: the name of an at-rule or a function comes after it

    def scan(self) -> list[CssUrl]:
        text = self._text
        position = 0
        stack: list[_Open] = []
        while token := (_NESTED if stack else _TRIGGER).search(text, position):
            start = token.start()
            kind = token[0]
            if kind == "(":
                position, opened = self._function(start)
                if opened and (stack or opened.strings):
                    stack.append(opened)
            elif kind == "\\":
                position = start + 2
            elif kind == "/":
                position = self._slash(start)
            elif kind in _INSIDE:
                imported = _AT_IMPORT.search(text, self._window(start), start)
                string, position = self._string(start)
                self._add(string, "import" if imported else stack[-1].strings if stack else None)
            else:
                position = start + 1
                if kind == stack[-1].closer:
                    stack.pop()
                elif kind in _CLOSERS:
                    stack.append(_Open(_CLOSERS[kind]))
        return self._urls

    def _function(self, start: int) -> tuple[int, _Open | None]:
        """Read the function that opens at ``start``; return where to go on, and the bracket that is still open there."""
        name = self._name(start)
        if not name:
            return start + 1, _Open(")")
        use = self._use(name.start())
        if name["set"]:
            return start + 1, _Open(")", use or "value")
        inner = _end(_SPACES, self._text, start + 1)
        if self._text[inner : inner + 1] in _INSIDE:
            string, position = self._string(inner)
            self._add(string, use)
            return position, _Open(")")
        if name["url"]:
            return self._bare_url(inner, use), None
        return inner, _Open(")")

    def _bare_url(self, start: int, use: Use | None) -> int:
        """Read a URL without quotes up to behind its parenthesis; return where to go on."""
        bare = _BARE.match(self._text, start)
        if bare:
            self._add(bare[1], use)
        # CSS Syntax, section 4.3.14: a bad URL is dropped up to its parenthesis.
        self._read = bare.end() if bare else _end(_BAD_URL, self._text, start)
        return self._read

    def _name(self, start: int) -> re.Match[str] | None:
        """Return the name of the function that opens at ``start``, None if it takes no URL."""
        text = self._text
        window = self._window(start)
        if text[start - 1 : start] not in _LAST_LETTERS and text.find("\\", window, start) < 0:
            return None
        name = _FUNCTION.search(text, window, start)
        return name if name and not _ESCAPE_BEFORE.search(text, window, name.start()) else None

    def _window(self, start: int) -> int:
        return max(self._read, start - _LOOK_BACK)

    def _use(self, start: int) -> Use | None:
        """Return what a URL function that begins at ``start`` is for; None if its URL is not loaded."""
        text = self._text
        window = self._window(start)
        if text.find("@", window, start) >= 0:
            if _AT_IMPORT.search(text, window, start):
                return "import"
            if _AT_NAMESPACE.search(text, window, start):
                return None
        return "font" if self._in_font_face(start) else "value"

    def _in_font_face(self, start: int) -> bool:
        """Return whether a position is inside ``@font-face``, and move on from the rules that end before it."""
        while self._face and self._face.end() <= start:
            if self._face_end < 0:
                closed = self._text.find("}", self._face.end())
                self._face_end = closed if closed >= 0 else len(self._text)
            if start < self._face_end:
                return True
            self._face, self._face_end = _AT_FONT_FACE.search(self._text, self._face_end), -1
        return False

    def _slash(self, start: int) -> int:
        """Return where to go on after a slash, past the comment that it may open."""
        text = self._text
        if not text.startswith("/*", start):
            return start + 1
        end = text.find("*/", start + 2)
        end = end + 2 if end >= 0 else len(text)
        if self._face and start < self._face.start() < end:
            self._face = _AT_FONT_FACE.search(text, end)
        return end

    def _string(self, start: int) -> tuple[str, int]:
        """Return the inside of the string that opens at ``start`` (``""`` for a bad one) and where to go on."""
        text = self._text
        end = _end(_INSIDE[text[start]], text, start + 1)
        if text.startswith("\n", end):
            self._read = end
            return "", end
        self._read = end + 1
        return text[start + 1 : end], self._read

    def _add(self, text: str, use: Use | None) -> None:
        url = _unescape(text) if use else ""
        if use and url and not url.startswith("#"):
            self._urls.append(CssUrl(url, use))


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return where a match that begins at ``position`` ends; ``position`` itself if there is none."""
    match = pattern.match(text, position)
    return match.end() if match else position


def _unescape(text: str) -> str:
    """Decode CSS escapes (CSS Syntax Level 3, section 4.3.7)."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    digits, line_end, other = escape.groups()
    if line_end or other:
        return other or ""
    code = int(digits or "0", 16)
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
