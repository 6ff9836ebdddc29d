r"""Read what the headers of a MIME part say of its body, broken values as mail programs do.

Comments and quotes may stand around every word. A transfer encoding ends at the first character that no encoding has, and
may be glued to the type. The line end of a fold is no part of a value, but programs disagree on the blanks beside it:
:attr:`Content.boundaries` has every reading of a boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

# A line that begins with white space continues the field; so does a parameter behind a semicolon if that space is missing.
_VALUE = re.compile(
    rb"[ \t]*+:[ \t]*+("
    rb"[^\r\n]*+(?:(?:\r\n|\r|\n)[ \t][^\r\n]*+"
    rb"|(?:(?<=;)|(?<=;[ \t]))(?:\r\n|\r|\n)(?=[A-Za-z*0-9-]++[ \t]*+=)[^\r\n]*+)*+)"
)
# The characters of a boundary mean themselves in every form of a parameter's value.
_BOUNDARY = re.compile(rb";[ \t\r\n]*+boundary=\"?([A-Za-z0-9+_,\-./:=?$#@!&~^{}|\[\]]+)", re.IGNORECASE)
_FOLD = re.compile(r"[\r\n]+")
_BLANKS_AT_FOLD = re.compile(r"[ \t]*\n[ \t]*")
_QUOTED_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\[\s\S])*+"|\\[\s\S]|[()]')
_SPACES = re.compile(r"\s*+")
_BLANKS = re.compile(r"[\s;]*+")
_BLANKS_OR_QUOTES = re.compile(r"[\s\"']*+")
_TYPE_WORD = re.compile(r"[A-Za-z0-9!#$%&*+.^_`|~-]++")
_NAME = re.compile(r"[^\s=;\"()]++")
_EQUALS = re.compile(r"\s*+=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\[\s\S])*+)("?)')
_ESCAPED = re.compile(r"\\([\s\S])")
_WORD = re.compile(r"[^\s;]*+")
_TO_SEMICOLON = re.compile(r"[^;]*+")
_NUMBERED = re.compile(r"(.+?)\*(?:([0-9]{1,4})(\*?))?")
_LANGUAGE = re.compile(r"\A[^']*+'[^']*+'")
_CHARSET_VALUE = re.compile(r"[\"']?\s*+([^\s\"';]++)")
_CHARSET = re.compile(r"charset\s*+=\s*+[\"']?\s*+([^\s\"';]++)", re.IGNORECASE)
_LOOSE_BOUNDARY = re.compile(r"boundary\s*+=\s*+[\"']?([^\s\"';]++)", re.IGNORECASE)
_ENCODING = re.compile(r"[A-Za-z0-9][\w-]*+")
_GLUED_ENCODING = re.compile(r"content-transfer-encoding\s*+[:=]", re.IGNORECASE)
_GLUED_TYPE = re.compile(r"content-type\s*+[:=]", re.IGNORECASE)
_STAND_IN = "\x01"  # for the boundary of a cached Content-Type
_LONGEST_CACHED = 1_000  # bytes of a field's value


class Content(NamedTuple):
    """What headers say of a body.

    Attributes
    ----------
    content_type, charset, encoding : str
        Lower case; charset and encoding are ``""`` if absent.
    boundaries : tuple of bytes
        The ways in which the boundary can be read, the likeliest first; empty if there is none.
    name : str
        The file name of an attachment of the main type ``application``, ``""`` if it has none.
    """

    content_type: str
    charset: str
    encoding: str
    boundaries: tuple[bytes, ...]
    name: str = ""


def read_content(block: bytes, default: str) -> Content:
    r"""Read an entity's header fields; the first value of a field counts, as in the standard library.

    Parameters
    ----------
    block : bytes
        The header fields.
    default : str
        The content type if the headers declare none.

    Examples
    --------
    >>> read_content(b'Content-Type: (a) "text/html"; charset=utf-8\nContent-Transfer-Encoding: base64;\n', "text/plain")
    Content(content_type='text/html', charset='utf-8', encoding='base64', boundaries=(), name='')
    """
    lowered = block.lower()
    if b"content-" not in lowered:
        return Content(default, "", "", ())
    declared = first_value(block, lowered, b"content-type")
    encoding = first_value(block, lowered, b"content-transfer-encoding") or b""
    stand_in = _STAND_IN.encode()
    named = _BOUNDARY.search(declared) if declared is not None and stand_in not in declared else None
    if declared is None or named is None:
        content = _declared_content(declared, encoding, default)
        if content.name or not content.content_type.startswith("application/"):
            return content
        disposition = first_value(block, lowered, b"content-disposition") or b""
        return content._replace(name=_Value(disposition.decode("latin-1")).parameter("filename") or "")
    # No two mails have the same boundary, and the other values do not depend on it. Without it, a few hundred different
    # values of the field remain, and each is parsed once.
    without_boundary = declared[: named.start(1)] + stand_in + declared[named.end(1) :]
    content = _declared_content(without_boundary, encoding, default)
    if content.boundaries != (stand_in,) or _STAND_IN in content.charset or b"charset" in named[1].lower():
        return _declared_content(declared, encoding, default)
    return content._replace(boundaries=(named[1],))


read_short_content = lru_cache(maxsize=1 << 12)(read_content)
"""As :func:`read_content`, for short headers: those of parts are often the same."""


def first_value(block: bytes, lowered: bytes, name: bytes) -> bytes | None:
    """Return a field's first value as written, folds included; None if the field is absent.

    Parameters
    ----------
    block, lowered : bytes
        The header fields, as written and in lower case.
    name : bytes
        In lower case.
    """
    start = lowered.find(name)
    while start >= 0:
        if start == 0 or lowered[start - 1] in b"\r\n":
            value = _VALUE.match(block, start + len(name))
            if value:
                return value[1]
        start = lowered.find(name, start + 1)
    return None


def parameter(value: str, name: str) -> str:
    """Return a parameter of a field's value, put together from its pieces (RFC 2231); ``""`` if it is absent.

    >>> parameter('multipart/report; (a) Report-Type="delivery-status"', "report-type")
    'delivery-status'
    """
    return _Value(value).parameter(name) or ""


def without_comments(value: str) -> str:
    """Return a field's value with a blank in place of each comment and each quoted string.

    >>> without_comments('"Lee, A" <a@b.example> (or (nested) c@d.example)')
    '  <a@b.example>  '
    """
    brackets = _Brackets(value)
    pieces, position = [], 0
    for found in _QUOTED_OR_BRACKET.finditer(value):
        if found.start() < position:
            continue
        end = found.end() if found[0][0] == '"' else brackets.end_of_comment(found.start())
        if end is not None:
            pieces.append(value[position : found.start()])
            position = end
    return " ".join([*pieces, value[position:]])


def _declared_content(declared: bytes | None, encoding: bytes, default: str) -> Content:
    short = len(declared or b"") + len(encoding) < _LONGEST_CACHED
    return (_cached if short else _parsed)(declared, encoding, default)


def _parsed(declared: bytes | None, encoding: bytes, default: str) -> Content:
    """Parse the values of Content-Type and Content-Transfer-Encoding."""
    encoding_text = encoding.decode("latin-1")
    if declared is None:
        glued = _GLUED_TYPE.search(encoding_text)
        type_text = encoding_text[glued.end() :] if glued else None
    else:
        type_text = declared.decode("latin-1")
    if type_text is None:
        return Content(default, "", _encoding_of(encoding_text), ())
    glued = _GLUED_ENCODING.search(type_text)
    if glued:
        encoding_text = encoding_text or type_text[glued.end() :]
        type_text = type_text[: glued.start()]
    value = _Value(type_text)
    name = (value.parameter("name") or "") if value.content_type.startswith("application/") else ""
    return Content(value.content_type, value.charset(), _encoding_of(encoding_text), value.boundaries(), name)


_cached = lru_cache(maxsize=1 << 12)(_parsed)


def _encoding_of(text: str) -> str:
    """Return the name of a transfer encoding."""
    found = _ENCODING.search(text, _Brackets(text).skipped(0, _BLANKS_OR_QUOTES))
    return found[0].lower() if found else ""


class _Brackets:
    """The comments of a value, found in one pass."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end: dict[int, int] = {}  # of the comment that begins at a position
        opened = []
        for found in _QUOTED_OR_BRACKET.finditer(text) if "(" in text else ():
            if found[0] == "(":
                opened.append(found.start())
            elif found[0] == ")" and opened:
                self._end[opened.pop()] = found.end()

    def end_of_comment(self, start: int) -> int | None:
        """Return the position behind the comment that begins at one, None if none begins there."""
        return self._end.get(start)

    def skipped(self, position: int, blanks: re.Pattern[str] = _BLANKS) -> int:
        """Return a position behind the blanks and comments at one."""
        while True:
            found = blanks.match(self._text, position)
            position = found.end() if found else position
            if position not in self._end:
                return position
            position = self._end[position]


class _Value:
    """The value of a Content-Type field.

    Attributes
    ----------
    content_type : str
        ``"text/plain"`` if it declares none, as in the standard library.
    """

    def __init__(self, text: str) -> None:
        self._text = _FOLD.sub("\n", text)
        self._brackets = _Brackets(self._text)
        self.content_type, position = self._type()
        self._parameters: dict[str, str] = {}
        self._starts: dict[str, int] = {}  # where values begin that can be read in two ways
        for name, value, start in self._read_parameters(position):
            if name not in self._parameters:
                self._parameters[name] = value
                if start is not None:
                    self._starts[name] = start

    def charset(self) -> str:
        """Return the charset in lower case, ``""`` if there is none."""
        declared = self.parameter("charset")
        found = _CHARSET.search(self._text) if declared is None else _CHARSET_VALUE.search(declared)
        return found[1].lower() if found else ""

    def boundaries(self) -> tuple[bytes, ...]:
        """Return every reading of the boundary, the likeliest first."""
        declared = self.parameter("boundary")
        readings = [] if declared is None else [declared]
        if "boundary" in self._starts:
            readings.append(self._to_semicolon(self._starts["boundary"]))
        if not readings:
            loose = _LOOSE_BOUNDARY.search(self._text)
            readings += [loose[1]] if loose else []
        unfolded = [form for reading in readings for form in _unfolded(reading)]
        return tuple(dict.fromkeys(form.strip().encode("latin-1") for form in unfolded))

    def _to_semicolon(self, start: int) -> str:
        """Return a value as the standard library reads it."""
        written = _TO_SEMICOLON.match(self._text, start)
        value = written[0].strip() if written else ""
        return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value

    def _type(self) -> tuple[str, int]:
        """Return the type and the position behind it."""
        words = []
        position = 0
        for slash in ("", "/"):
            position = self._brackets.skipped(position, _BLANKS_OR_QUOTES)
            if slash and not self._text.startswith(slash, position):
                return "text/plain", position
            position = self._brackets.skipped(position + len(slash), _BLANKS_OR_QUOTES)
            word = _TYPE_WORD.match(self._text, position)
            if word is None:
                return "text/plain", position
            words.append(word[0])
            position = word.end()
        return "/".join(words).lower(), position

    def _read_parameters(self, position: int) -> Iterator[tuple[str, str, int | None]]:
        """Yield name and value of every parameter, and where the value begins if it can be read in two ways."""
        text = self._text
        while (position := self._brackets.skipped(position)) < len(text):
            name = _NAME.match(text, position)
            if name is None:
                position += 1
                continue
            position = self._brackets.skipped(name.end(), _BLANKS_OR_QUOTES)
            equals = _EQUALS.match(text, position)
            if equals is None:
                continue
            position = self._brackets.skipped(equals.end(), _SPACES)
            quoted = _QUOTED.match(text, position)
            if quoted:
                yield name[0].lower(), _ESCAPED.sub(r"\1", quoted[1]), None if quoted[2] else equals.end()
                position = quoted.end()
            elif word := _WORD.match(text, position):
                yield name[0].lower(), word[0], equals.end()
                position = word.end()

    def parameter(self, name: str) -> str | None:
        """Return a parameter, put together from its pieces (RFC 2231); None if it is absent."""
        if name in self._parameters:
            return self._parameters[name]
        pieces = {}
        for written, value in self._parameters.items():
            numbered = _NUMBERED.fullmatch(written)
            if numbered and numbered[1] == name:
                extended = numbered[2] is None or numbered[3] == "*"
                number = int(numbered[2] or 0)
                coded = _LANGUAGE.sub("", value, count=1) if extended and number == 0 else value
                pieces[number] = unquote_to_bytes(coded).decode("latin-1") if extended else value
        return "".join(pieces[number] for number in sorted(pieces)) if pieces else None


def _unfolded(reading: str) -> Iterator[str]:
    """Yield a value without its folds, in the ways in which mail programs do it."""
    yield reading.replace("\n", "")
    if "\n" in reading:
        yield _BLANKS_AT_FOLD.sub(" ", reading)
        yield _BLANKS_AT_FOLD.sub("", reading)
