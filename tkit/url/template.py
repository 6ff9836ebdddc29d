"""Templates of URLs: what is left of a URL when its tokens are left out."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from tkit.url.parsing import after_origin, host_of, registrable_domain

ANY = "*"
"""What a template has in place of a token."""

KNOWN_ENDING = re.compile(
    r"\.(?:gif|png|jpe?g|webp|svg|bmp|ico|php\d?|aspx?|ashx|axd|jspx?|cgi|pl|cfm|dll|exe|do|dyn|s?html?|js|css)\Z",
    re.IGNORECASE,
)
"""A file name extension that a template keeps."""

_ANY_ENDING = re.compile(r"\.[a-z]{2,5}\Z", re.IGNORECASE)

_LONGEST_WORD = 20
# One case, or camel case whose humps have three letters: base64 without digits changes case faster.
_WORD = re.compile(r"[a-z]+|[A-Z]+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*")
_RANDOM = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}|^[a-f]{8,}$", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|\*")
_PARAMETER_NAME = re.compile(r"[A-Za-z_$][A-Za-z_.$\[\]-]*[0-9]{0,2}(?:\[\])?")


@lru_cache(maxsize=1 << 14)
def url_template(url: str) -> tuple[str, str]:
    """Return a URL's registrable domain, and its path and query without their tokens.

    >>> url_template("http://t1.a.example/open/8f3a9c?u=77")
    ('a.example', '/open/*?u=*')
    >>> url_template("http://t1.a.example/8f3a9c.gif"), url_template("http://t1.a.example/8f3a9c/x")
    (('a.example', '*.gif'), ('a.example', '/*/x'))
    """
    template = path_template(after_origin(url)) or ANY + file_type(url)
    return registrable_domain(host_of(url)), template


def file_type(url: str) -> str:
    """Return the file name extension of a URL's path, in lower case with its dot; ``""`` if it has none.

    >>> file_type("http://a.example/x/Logo.PNG?v=1.2"), file_type("http://a.example/open")
    ('.png', '')
    """
    ending = _ANY_ENDING.search(re.split("[?#]", after_origin(url), maxsplit=1)[0])
    return ending.group().lower() if ending else ""


def path_template(path_and_query: str) -> str:
    """Return the template that the trackers of one mailing kit share over all its domains.

    A segment of the path is kept, in lower case, if it consists of words (see :func:`is_word`). A number between words
    becomes ``*``. Any other segment (letters mixed with digits, hexadecimal, base64, an address) becomes ``*`` as a
    whole and keeps only a known file extension. Neighbouring ``*`` segments become one, because base64 may contain a
    slash. In the query, the names of parameters are kept and their values become ``*``. Rather too many URLs share a
    template than too few: templates are made for a split, and one that is missed puts a kit on both sides.

    Parameters
    ----------
    path_and_query : str
        What follows the host in a URL. A fragment is ignored.

    Returns
    -------
    str
        The template; the empty string if no word is left that could identify a kit (``/``, ``/*``, ``/*.gif``). The
        template of a template is the template itself.

    Examples
    --------
    >>> path_template("/wf/open?upn=v2.Kq7_bT4-9Lmx")
    '/wf/open?upn=*'
    >>> path_template("/op/1234_md/56/789/b.gif")
    '/op/*_md/*/b.gif'
    >>> path_template("/cmVhZGVyMTIz/4b7e.gif")
    ''
    """
    path, _, query = path_and_query.partition("#")[0].partition("?")
    segments = [_segment_template(segment) for segment in path.split("/") if segment]
    pieces = [_query_template(piece) for piece in re.split(r"&(?:amp;)?|;", query) if piece]
    if not any(has_word for _, has_word in segments + pieces):
        return ""
    slash = "/" if path.endswith("/") and segments else ""
    template = "/" + "/".join(_merge_neighbours(segments)) + slash
    return f"{template}?{'&'.join(_merge_neighbours(pieces))}" if pieces else template


def _segment_template(segment: str) -> tuple[str, bool]:
    """Return the template of one path segment (or bare query token), and whether it has a word."""
    segment = unquote(segment)
    extension = KNOWN_ENDING.search(segment)
    ending = extension.group().lower() if extension else ""
    parts = re.split(r"([._~-])", segment[: len(segment) - len(ending)])
    words = [part for part in parts[::2] if part and not _NUMBER.fullmatch(part)]
    if not words or not all(map(is_word, words)):
        return ANY + ending, False
    return "".join(ANY if _NUMBER.fullmatch(part) else part.lower() for part in parts) + ending, True


def _query_template(piece: str) -> tuple[str, bool]:
    """Return the template of one ``name=value`` or bare token of a query, and whether it has a name or word."""
    name, equals, _ = piece.partition("=")
    if not equals:
        return _segment_template(piece)
    name = unquote(name)
    if _PARAMETER_NAME.fullmatch(name) and all(map(is_word, re.findall("[A-Za-z]+", name))):
        return f"{name.lower()}={ANY}", True
    return ANY, False


def _merge_neighbours(parts: list[tuple[str, bool]]) -> list[str]:
    texts = [text for text, _ in parts]
    return texts[:1] + [text for before, text in pairwise(texts) if not before == text == ANY]


def is_word(text: str) -> bool:
    """Return whether a text is a plain word: one case or camel case, at most 20 letters, no six consonants in a row."""
    return len(text) <= _LONGEST_WORD and bool(_WORD.fullmatch(text)) and not _RANDOM.search(text)
