"""Regular expressions of other engines, translated for Python.

Lists are written for the engines of JavaScript, Ruby or ICU. A pattern is accepted only if Python can give it the same
meaning as its own engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tkit.errors import TkitError


class UntranslatableError(TkitError):
    """A rule that Python cannot read, or would read differently from its own engine."""


class Dialect(NamedTuple):
    """How a dialect of regular expressions differs from Python's with ``re.ASCII``.

    ``dot`` is the translation of ``.``. ``escapes`` and ``anchors`` translate letters after a backslash and anchors; others
    are refused. ``stray`` are the brackets that are literal if they open or close nothing. ``possessive`` says whether
    ``a++`` is one quantifier.
    """

    dot: str
    escapes: Mapping[str, str]
    anchors: Mapping[str, str]
    stray: str
    possessive: bool


_CONTROLS = {letter: "\\" + letter for letter in "fnrt"}
_CLASSES = {letter: "\\" + letter for letter in "dDwWbB"}
_JS_SPACE = r"\s\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_JS_SPACES = {"s": f"[{_JS_SPACE}]", "S": f"[^{_JS_SPACE}]"}
_JS_ANCHORS = {"^": "^", "$": r"\Z"}
JAVASCRIPT = Dialect(r"[^\n\r\u2028\u2029]", _CONTROLS | _CLASSES | _JS_SPACES, _JS_ANCHORS, "{}]", False)
RUBY = Dialect(".", _CONTROLS | _CLASSES, {}, "{}]", False)
ICU = Dialect(r"[^\n-\r\x85\u2028\u2029]", _CONTROLS, {}, "", True)

_TOKEN = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])*\])|(?P<escape>\\.)|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})[+?]?)"
    r"|(?P<open>\((?:\?[:=!])?)|(?P<other>.)",
    re.DOTALL,
)


def translate(pattern: str, dialect: Dialect) -> tuple[str, str]:
    r"""Translate a regular expression into one with the same meaning in Python's ``re``.

    Parameters
    ----------
    pattern : str
        As written in ``dialect``.
    dialect : Dialect
        :data:`JAVASCRIPT` (without the flags u, v, m and s), :data:`RUBY` or :data:`ICU`.

    Returns
    -------
    expression : str
        For ``re.compile`` with ``re.ASCII``. It matches the same texts, perhaps at another position; if
        case is ignored, only for ASCII texts, since other letters are not folded.
    literal : str
        A string that every match contains if both are in lower case; ``""`` if none is known.

    Raises
    ------
    UntranslatableError
        If the meaning would differ or is not known to be the same (back references, look-behind, named
        groups, flags, set operations, anchors of lines, ...) and if the pattern is invalid.

    Notes
    -----
    Sources: ECMA-262, 22.2 and annex B.1.2; ICU User Guide, Regular Expressions; Onigmo, doc/RE.

    Examples
    --------
    >>> translate(r"click\.(\w+)\/o[.]gif", JAVASCRIPT)
    ('click\\.(\\w+)/o[.]gif', 'click.')
    """
    parts: list[str] = []
    # Literals at the outermost level; a new one begins wherever other text may be in between.
    runs = [""]
    depth = 0
    alternatives = repeatable = False
    for match in _TOKEN.finditer(pattern):
        kind, token = str(match.lastgroup), match.group()
        if kind == "repeat" and not repeatable:
            raise UntranslatableError(f"{token!r} has nothing to repeat")
        parts.append(_translate_token(kind, token, dialect))
        depth += (kind == "open") - (token == ")")
        alternatives |= token == "|" and depth == 0
        if depth == 0 and _stands_for_itself(kind, token):
            runs[-1] += token[-1]
        else:
            if kind == "repeat" and re.match(r"[*?]|\{0", token):
                runs[-1] = runs[-1][:-1]
            runs.append("")
        repeatable = kind not in ("repeat", "open") and token not in ("|", "^", "$", r"\b", r"\B")
    expression = "".join(parts)
    try:
        re.compile(expression, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise UntranslatableError(f"not a regular expression: {error}") from None
    return expression, "" if alternatives else max(runs, key=len).lower()


def _stands_for_itself(kind: str, token: str) -> bool:
    return (kind == "other" and token not in ".)|^$") or (kind == "escape" and not token[1].isalnum())


def _translate_token(kind: str, token: str, dialect: Dialect) -> str:
    same = kind == "open" or token in (")", "|")
    if kind == "repeat":
        same = (dialect.possessive or not token[1:].endswith("+")) and not token.endswith("}?")
    elif kind == "set":
        same = _is_plain_set(token, dialect)
    if same:
        return token
    if token == ".":
        return dialect.dot
    if kind == "escape" and token[1] in dialect.escapes:
        return dialect.escapes[token[1]]
    if token in dialect.anchors:
        return dialect.anchors[token]
    if _stands_for_itself(kind, token) and (token not in ("{", "}", "[", "]", "\\") or token in dialect.stray):
        return re.escape(token[-1])
    raise UntranslatableError(f"{token!r} may mean something else in Python")


def _is_plain_set(token: str, dialect: Dialect) -> bool:
    """Return whether a set contains only characters, ranges and classes that mean the same in all dialects."""
    members = token[1:-1].removeprefix("^")
    escaped = re.findall(r"\\(.)", members, re.DOTALL)
    plain = re.sub(r"\\.", "", members, flags=re.DOTALL)
    known = all(not letter.isalnum() or (letter in "dDwWfnrt" and letter in dialect.escapes) for letter in escaped)
    return bool(members) and known and not re.search(r"\[|&&|--|~~|\|\|", plain)
