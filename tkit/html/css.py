"""The URLs in a style sheet or a style attribute, with what would load them.

It scans for the few tokens that matter (CSS Syntax Level 3, section 4), because a full tokenizer in Python takes longer than
everything else that tkit does to a mail. A test compares it with ``tinycss2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_BLANKS = re.compile(rf"(?:{_SPACE}++|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)*+")
_TRIGGER = re.compile(r"[/\"'(\\@]")
_INSIDE = {
    '"': re.compile(rf"(?:[^\"\\\n]++|\\(?:{_HEX}|[\s\S]))*+"),
    "'": re.compile(rf"(?:[^'\\\n]++|\\(?:{_HEX}|[\s\S]))*+"),
}
_SPACES = re.compile(rf"{_SPACE}*+")
_BARE = re.compile(rf"((?:[^ \"'()\\\x00-\x1f\x7f]++|\\(?:{_HEX}|[^\n]|\Z))*+){_SPACE}*+(?:\)|\Z)")
_BAD_URL = re.compile(r"(?:[^)\\]++|\\[\s\S]?)*+\)?")
_NESTED = re.compile(r"[/\"'()\[\]{}\\@]")
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
_AT_RULE = re.compile(
    rf"@(?:(?P<imports>{_ident('import')})|(?P<face>{_ident('font-face')})|(?P<namespace>{_ident('namespace')}))(?![\w\\-])",
    _FLAGS,
)
_TO_BLOCK = re.compile(r"[^;{}]*+")
_DASH = rf"(?:-|\\0{{0,4}}2d{_SPACE}?)"
_CUSTOM = re.compile(rf"(?<![\w\\-]){_DASH}{_DASH}(?:[\w\x80-\U0010ffff-]|\\(?:{_HEX}|[^\n]))*+", _FLAGS)
# Functions that another value is put in for, with or without quotes (CSS Values Level 5).
_SUBSTITUTION = re.compile(rf"(?:(?<![\w\\-])(?:{_ident('var')}|{_ident('env')}|{_ident('if')})|{_CUSTOM.pattern})\Z", _FLAGS)
_AT_DEFINITION = re.compile(rf"@(?:{_ident('property')}|{_ident('function')}){_BLANKS.pattern}\Z", _FLAGS)
_DESCRIPTOR = re.compile(rf"{_BLANKS.pattern}(?:{_ident('initial-value')}|{_ident('result')}){_BLANKS.pattern}:", _FLAGS)
_VALUE_TOKEN = re.compile(r"[/\"'()\[\]{};\\]")
_ESCAPE = re.compile(rf"\\(?:([0-9A-Fa-f]{{1,6}}){_SPACE}?|(\n)|([\s\S])|\Z)")
_HINTS = ("url(", "\\", "src(", "@import", "image-set(")
_LOOK_BACK = 80  # a function name with every letter escaped is shorter
_NONE: frozenset[str] = frozenset()


def css_urls(text: str, properties: frozenset[str] = _NONE) -> list[CssUrl]:
    r"""Return every URL that a style sheet or declaration list may load, in order.

    Parameters
    ----------
    text : str
        The content of a ``style`` element or attribute. No text raises an error; broken CSS is read as browsers read it.
    properties : frozenset of str
        The custom properties in which a string is a URL, see :class:`CustomProperties`.

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
    return _Scanner(_filtered(text), properties).scan() if properties or may_load(text) else []


class CustomProperties:
    """The custom properties of a document's style sheets, in some of which a string is a URL.

    ``image-set()`` takes a string as a URL, and ``var(--name)`` in it may be one. The style sheets are added one by one.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._named: dict[str, set[str]] = {}

    def add(self, text: str) -> None:
        """Add a style sheet or declaration list."""
        text = _filtered(text)
        scanner = _Scanner(text, _NONE)
        scanner.scan()
        self._used |= scanner.used
        for name, start, end in _declarations(text):
            self._named.setdefault(name, set()).update(_unescape(found[0]) for found in _CUSTOM.finditer(text, start, end))

    def of_urls(self) -> frozenset[str]:
        """Return the names of those in which a string is a URL, directly or through others."""
        waiting = list(self._used)
        found = set(waiting)
        while waiting:
            new = self._named.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return frozenset(found)


def may_use_properties(text: str) -> bool:
    """Return whether CSS may have ``image-set()`` with the value of a custom property."""
    return "(" in text and ("--" in text or "\\" in text) and ("set(" in text.lower() or "\\" in text)


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


def _declarations(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each custom property that a filtered text declares, and where its value starts and ends."""
    position = defined = 0
    while name := _CUSTOM.search(text, position):
        start = position = _end(_BLANKS, text, name.end())
        if text.startswith(":", start):
            position = _value_end(text, start + 1)
            yield _unescape(name[0]), start + 1, position
        elif start >= defined and _AT_DEFINITION.search(text, max(0, name.start() - _LOOK_BACK), name.start()):
            # The block of @property or @function: one of its descriptors is the value.
            position = end = _end(_TO_BLOCK, text, start)
            while text[end : end + 1] in ("{", ";"):
                begin = _DESCRIPTOR.match(text, end + 1)
                end = _value_end(text, end + 1)
                if begin:
                    yield _unescape(name[0]), begin.end(), end
            defined = end


def _value_end(text: str, position: int) -> int:
    """Return where the value of a declaration ends."""
    open_brackets = 0
    while token := _VALUE_TOKEN.search(text, position):
        kind, start = token[0], token.start()
        position = start + 1
        if kind in _INSIDE:
            position = _end(_INSIDE[kind], text, position) + 1
        elif kind == "\\":
            position += 1
        elif kind == "/":
            position = max(position, _end(_BLANKS, text, start))
        elif kind in "([{":
            open_brackets += 1
        elif not open_brackets and kind in ";})]":
            return start
        elif kind in ")]}":
            open_brackets -= 1
    return len(text)


class _Scanner:
    """One pass over one filtered text."""

    def __init__(self, text: str, properties: frozenset[str]) -> None:
        self._text = text
        self._urls: list[CssUrl] = []
        self.used: set[str] = set()
        """Custom properties and functions in ``image-set()``."""
        self._import = -1  # behind the name of the last @import and the blanks that follow
        self._face_end = -1  # of the last @font-face
        self._namespace_end = -1
        self._read = 0  # the end of the last string, URL or at-rule's name: a function's name comes after it
        # Where a string is a URL; the last comes first.
        self._values = (
            [(start, end) for name, start, end in _declarations(text) if name in properties][::-1] if properties else []
        )

    def scan(self) -> list[CssUrl]:
        text = self._text
        position = 0
        stack: list[_Open] = []
        while token := (_NESTED if stack else _TRIGGER).search(text, position):
            start = token.start()
            kind = token[0]
            if kind == "(":
                position, opened = self._function(start)
                if opened and stack and stack[-1].strings and not opened.strings:
                    opened = self._substitution(start, stack[-1])
                if opened and (stack or opened.strings):
                    stack.append(opened)
            elif kind == "\\":
                position = start + 2
            elif kind == "/":
                position = self._slash(start)
            elif kind == "@":
                position = self._at_rule(start)
            elif kind in _INSIDE:
                string, position = self._string(start)
                use = "import" if start == self._import else stack[-1].strings if stack else None
                self._add(string, use or self._in_property(start))
            else:
                position = start + 1
                if kind == stack[-1].closer:
                    stack.pop()
                elif kind in _CLOSERS:
                    stack.append(_Open(_CLOSERS[kind]))
        return self._urls

    def _at_rule(self, start: int) -> int:
        """Read the name of an at-rule; return where to go on."""
        text = self._text
        rule = _AT_RULE.match(text, start)
        if not rule:
            return start + 1
        end = self._read = _end(_BLANKS, text, rule.end())
        if rule["imports"]:
            self._import = end
        elif rule["namespace"]:
            if end > self._namespace_end:
                self._namespace_end = _end(_TO_BLOCK, text, end)
        elif text.startswith("{", end) and end > self._face_end:
            closed = text.find("}", end)
            self._face_end = closed if closed >= 0 else len(text)
        return end

    def _substitution(self, start: int, around: _Open) -> _Open:
        """Return the bracket that opens at ``start`` inside ``image-set()``; note the custom property that it stands for."""
        name = _SUBSTITUTION.search(self._text, max(self._read, start - _LOOK_BACK), start)
        if not name:
            return _Open(")")
        inner = _CUSTOM.match(self._text, _end(_BLANKS, self._text, start + 1))
        self.used.update(_unescape(found[0]) for found in (inner, _CUSTOM.match(name[0])) if found)
        return _Open(")", around.strings)

    def _in_property(self, start: int) -> Use | None:
        """Return what a string is for in the value of a custom property."""
        while self._values and self._values[-1][1] <= start:
            self._values.pop()
        return "value" if self._values and self._values[-1][0] <= start else None

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
        if start == self._import:
            return "import"
        if start < self._namespace_end:
            return None
        return "font" if start < self._face_end else "value"

    def _slash(self, start: int) -> int:
        """Return where to go on after a slash, past the comment that it may open."""
        if not self._text.startswith("/*", start):
            return start + 1
        end = self._text.find("*/", start + 2)
        return end + 2 if end >= 0 else len(self._text)

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
