"""What two trackers of one mailing kit share, so that no split puts one of them in training and the other in the test.

A kit is known by its senders, hosts and URLs. Where it writes random words into its paths, no single URL tells which of
them are random; but what the trackers of one domain alone write names no kit that others use: :func:`kit_forms`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.errors import TkitError
from tkit.url import registrable_domain

_ANY = "*"
_LONGEST_WORD = 20
_ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_EXTENSION = re.compile(
    r"\.(?:gif|png|jpe?g|webp|svg|bmp|ico|php\d?|aspx?|ashx|axd|jspx?|cgi|pl|cfm|dll|exe|do|dyn|s?html?|js|css)\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9]+|\*")
# One case, or camel case whose humps have three letters: base64 without digits changes case faster.
_WORD = re.compile(r"[a-z]+|[A-Z]+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*")
_RANDOM = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}|^[a-f]{8,}$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_$][A-Za-z_.$\[\]-]*[0-9]{0,2}(?:\[\])?")
_PIECE = re.compile(r"[^/?&=*._~-]+")


def _stem_template(stem: str) -> tuple[str, bool]:
    """Template of one path segment (or bare query token), and whether a word of it was kept."""
    stem = unquote(stem)
    extension = _EXTENSION.search(stem)
    ending = extension.group().lower() if extension else ""
    parts = re.split(r"([._~-])", stem[: len(stem) - len(ending)])
    words = [part for part in parts[::2] if part and not _NUMBER.fullmatch(part)]
    if not words or not all(map(is_word, words)):
        return _ANY + ending, False
    return "".join(_ANY if _NUMBER.fullmatch(part) else part.lower() for part in parts) + ending, True


def is_word(text: str) -> bool:
    """Tell whether a text is a plain word: one case or camel case, at most 20 letters, no six consonants in a row."""
    return len(text) <= _LONGEST_WORD and bool(_WORD.fullmatch(text)) and not _RANDOM.search(text)


def _query_template(piece: str) -> tuple[str, bool]:
    """Template of one ``name=value`` or bare token of a query, and whether a name or word was kept."""
    name, equals, _ = piece.partition("=")
    if not equals:
        return _stem_template(piece)
    name = unquote(name)
    if _NAME.fullmatch(name) and all(map(is_word, re.findall("[A-Za-z]+", name))):
        return f"{name.lower()}={_ANY}", True
    return _ANY, False


def path_template(path_and_query: str) -> str:
    """Give the template that the trackers of one mailing kit share over all its domains.

    A segment of the path is kept (in lower case) where it consists of plain words: letters in one
    case or camel case, at most 20, no six consonants in a row. A number between words becomes
    ``*``. Any other segment (letters mixed with digits, hexadecimal, base64, an address) becomes
    ``*`` as a whole, keeping only a known file extension; neighbouring ``*`` segments become one,
    since base64 may hold a slash. In the query the names of parameters stay and their values
    become ``*``. It rather joins too much than too little: what it serves is a split, where a
    join too few lets a kit stand on both sides.

    Parameters
    ----------
    path_and_query : str
        What follows the host in a URL. A fragment is ignored.

    Returns
    -------
    str
        The template, or the empty string where no word is left that could identify a kit
        (``/``, ``/*``, ``/*.gif``). A template is its own template.

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
    segments = [_stem_template(segment) for segment in path.split("/") if segment]
    pieces = [_query_template(piece) for piece in re.split(r"&(?:amp;)?|;", query) if piece]
    if not any(kept for _, kept in segments + pieces):
        return ""
    slash = "/" if path.endswith("/") and segments else ""
    template = "/" + "/".join(_merge_neighbours(segments)) + slash
    return f"{template}?{'&'.join(_merge_neighbours(pieces))}" if pieces else template


def _merge_neighbours(parts: list[tuple[str, bool]]) -> list[str]:
    texts = [text for text, _ in parts]
    return texts[:1] + [text for before, text in pairwise(texts) if not before == text == _ANY]


def kit_forms(templates: Sequence[str], owners: Sequence[str]) -> list[str]:
    """Give the templates of trackers without the words that the trackers of one owner alone have.

    A kit that writes a random word for each domain, or stands in a directory of the owner's own, has many templates
    and one form.

    Parameters
    ----------
    templates : sequence of str
        Of `path_template`, one a tracker.
    owners : sequence of str
        Registrable domain of each tracker's host.

    Returns
    -------
    list of str
        One a template. Directories before the first shared word are left out. The empty string where no more than a
        file name extension is left.

    Examples
    --------
    >>> kit_forms(["/vrtosk/open.php?m=*", "/open.php?m=*", "/x/avyw", "/x/ogxo"], ["a.test", "b.test", "c.test", "d.test"])
    ['/open.php?m=*', '/open.php?m=*', '/x/*', '/x/*']
    """
    users: dict[str, set[str]] = defaultdict(set)
    for template, owner in zip(templates, owners, strict=True):
        for word in _PIECE.findall(template):
            users[word].add(owner)
    shared = {word for word, of in users.items() if len(of) > 1}
    form_of = {template: _form(template, shared) for template in set(templates)}
    return [form_of[template] for template in templates]


def _form(template: str, shared: set[str]) -> str:
    path, mark, query = _PIECE.sub(lambda word: word[0] if word[0] in shared else _ANY, template).partition("?")
    path = re.sub(r"\*(?:[._~-]?\*)+", _ANY, path)
    path = re.sub(r"\*(?:/\*)+", _ANY, path)
    path = re.sub(r"^/\*/(?=.)", "/", path)
    query = re.sub(r"\*(?:&\*)+", _ANY, query.replace("*=*", _ANY))
    stem = _EXTENSION.sub("", path)
    names_a_kit = re.search("[a-z]", stem + query) or (mark and stem != path)
    return path + mark + query if names_a_kit else ""


def component_keys(frame: pd.DataFrame) -> list[NDArray[np.object_]]:
    """Give the key columns whose connected components no split may cut.

    The sender's registrable domain and the exact URL join any two rows. The tracker's host, its
    registrable domain, its `path_template` and its form (`kit_forms`) join only rows labelled T:
    pictures on one large image host have nothing in common, trackers on one do.

    Parameters
    ----------
    frame : DataFrame
        Columns ``sender_domain``, ``resolved_url``, ``host`` (str, "" when absent) and ``label``; URL
        and host unwrapped where a gateway had wrapped them, or its host joins all that it wrapped.

    Returns
    -------
    list of ndarray of object, each of shape (n_rows,)
        Sender, URL, tracker host, its registrable domain, tracker path template and form, for
        `connected_components`; the empty string where a row has no such key.

    Raises
    ------
    TkitError
        When a column is missing.
    """
    missing = [name for name in ("sender_domain", "resolved_url", "host", "label") if name not in frame.columns]
    if missing:
        raise TkitError(f"rows have no column {', '.join(missing)}: build them with tkit.dataset")
    text = frame[["sender_domain", "resolved_url", "host"]].fillna("").astype(object)
    tracker = frame["label"].to_numpy() == "T"

    def of_trackers(values: pd.Series) -> NDArray[np.object_]:
        return np.where(tracker, values, "").astype(object)

    domain = of_trackers(text["host"].map(registrable_domain))
    template = of_trackers(text["resolved_url"].map(lambda url: path_template(_ORIGIN.sub("", url))))
    return [
        text["sender_domain"].map(registrable_domain).to_numpy(dtype=object),
        text["resolved_url"].to_numpy(dtype=object),
        of_trackers(text["host"].str.lower()),
        domain,
        template,
        np.array(kit_forms(template.tolist(), domain.tolist()), dtype=object),
    ]
