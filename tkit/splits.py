"""Which rows are trained on and which are tested, so that nothing of one campaign stands on both sides.

`rows` is a frame as the design describes it: one row a remote reference, with at least ``label``
(T P C S U), ``source`` (``gold`` was drawn and labelled, ``member`` inherits a label from its
cluster), ``component``, ``date`` and whatever column a split goes by. Test rows are always gold;
member rows only ever train.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csgraph

from tkit.errors import TkitError
from tkit.url import registrable_domain

Mask = NDArray[np.bool_]
Groups = Sequence[Hashable] | NDArray[Any] | pd.Series

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


@dataclass(frozen=True, eq=False)
class Split:
    """One way to cut the rows.

    Attributes
    ----------
    name : str
        What is tested: ``fold 1 of 5``, ``from 2023-01-01``, ``corpus = a``.
    train, test : ndarray of bool, shape (n_rows,)
        Rows to fit on and rows to score. A row may be in neither, never in both.
    """

    name: str
    train: Mask
    test: Mask


def connected_components(keys: Sequence[Sequence[Hashable] | NDArray[Any]]) -> NDArray[np.int64]:
    """Number the rows so that rows sharing a value in any key column get the same number.

    Parameters
    ----------
    keys : sequence of key columns, each of length n_rows
        A missing key (None, NaN, NA or the empty string) joins nothing.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Component of each row, numbered from 0 by first appearance.

    Raises
    ------
    TkitError
        Without a key column, or when the columns differ in length.

    Examples
    --------
    >>> connected_components([["a", "b", "a", ""], ["x", "y", "z", "y"]]).tolist()
    [0, 1, 0, 1]
    """
    lengths = {len(column) for column in keys}
    if len(lengths) != 1:
        raise TkitError(f"key columns of lengths {sorted(lengths)}: give one or more columns of one length")
    n = lengths.pop()
    left: list[int] = []
    right: list[int] = []
    for column in keys:
        first: dict[Hashable, int] = {}
        for row, value in enumerate(column):
            if value is None or value is pd.NA or value == "" or value != value:  # noqa: PLR0124 - NaN
                continue
            left.append(first.setdefault(value, row))
            right.append(row)
    edges = (np.ones(len(left), dtype=np.int8), (left, right))
    graph = coo_matrix(edges, shape=(n, n))  # type: ignore[no-untyped-call]
    found = csgraph.connected_components(graph, directed=False)[1]
    numbered: NDArray[np.int64] = pd.factorize(found)[0].astype(np.int64)
    return numbered


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


def component_keys(frame: pd.DataFrame) -> list[NDArray[np.object_]]:
    """Give the key columns whose connected components no split may cut.

    The sender's registrable domain and the exact URL join any two rows. The tracker's host and
    its `path_template` join only rows labelled T: pictures on one large image host have nothing in
    common, trackers on one do.

    Parameters
    ----------
    frame : DataFrame
        Columns ``sender_domain``, ``resolved_url``, ``host`` (str, "" when absent) and ``label``; URL
        and host unwrapped where a gateway had wrapped them, or its host joins all that it wrapped.

    Returns
    -------
    list of ndarray of object, each of shape (n_rows,)
        Sender, URL, tracker host, tracker path template, for `connected_components`; the empty
        string where a row has no such key.

    Raises
    ------
    TkitError
        When a column is missing.
    """
    _require_columns(frame, ("sender_domain", "resolved_url", "host", "label"))
    text = frame[["sender_domain", "resolved_url", "host"]].fillna("").astype(object)
    tracker = frame["label"].to_numpy() == "T"
    template = text["resolved_url"].map(lambda url: path_template(_ORIGIN.sub("", url)))
    return [
        text["sender_domain"].map(registrable_domain).to_numpy(dtype=object),
        text["resolved_url"].to_numpy(dtype=object),
        np.where(tracker, text["host"].str.lower(), "").astype(object),
        np.where(tracker, template, "").astype(object),
    ]


def _require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TkitError(f"rows have no column {', '.join(missing)}: build them with tkit.dataset")


def grouped_folds(groups: Groups, k: int, seed: int, tracker: Mask | None = None) -> NDArray[np.int64]:
    """Deal rows into folds so that a group stays whole and the folds hold equally many trackers.

    The groups are dealt largest first (by trackers, then by rows; equals in an order that `seed`
    decides), each to the fold that has the fewest trackers, or the fewest rows when the group
    holds no tracker. This is the longest-processing-time rule (Graham 1969).

    Parameters
    ----------
    groups : array of shape (n_rows,)
        Group of each row.
    k : int
        Number of folds, from 2 to the number of groups.
    seed : int
        Decides the order of equal groups.
    tracker : ndarray of bool, shape (n_rows,), optional
        Rows to balance; without it the folds are balanced by rows alone.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Fold of each row, 0 to k - 1.

    Raises
    ------
    TkitError
        When `k` does not fit the number of groups, or a row has no group.
    """
    code, names = pd.factorize(np.asarray(groups))
    if (code < 0).any():
        raise TkitError(f"{(code < 0).sum()} rows have no group: give every row one, e.g. its component")
    if not 2 <= k <= len(names):
        raise TkitError(f"{k} folds of {len(names)} groups: choose from 2 to the number of groups")
    rows_of = np.bincount(code)
    trackers_of = np.bincount(code, weights=tracker).astype(np.int64) if tracker is not None else 0 * rows_of
    shuffled = np.random.default_rng(seed).permutation(len(names))
    dealt = shuffled[np.lexsort((-rows_of[shuffled], -trackers_of[shuffled]))]
    fold_of = np.zeros(len(names), dtype=np.int64)
    rows_in, trackers_in = np.zeros(k, dtype=np.int64), np.zeros(k, dtype=np.int64)
    for group in dealt:
        keys = (rows_in, trackers_in) if trackers_of[group] else (trackers_in, rows_in)
        fold = np.lexsort(keys)[0]
        fold_of[group] = fold
        rows_in[fold] += rows_of[group]
        trackers_in[fold] += trackers_of[group]
    return fold_of[code]


def sender_groups(rows: pd.DataFrame, column: str = "sender_key") -> pd.Series:
    """Give each row its sender, and a mail without one a group of its own.

    Parameters
    ----------
    rows : DataFrame
        Columns `column`, "" where the sender is not known, and ``message_sha256``.

    Returns
    -------
    Series
        The column, with the mail where it is "".
    """
    _require_columns(rows, (column, "message_sha256"))
    return rows[column].where(rows[column] != "", rows["message_sha256"])


def require_whole_groups(split: Split, groups: Groups) -> None:
    """Refuse a split that trains on a group which it also tests.

    Raises
    ------
    TkitError
        With the split's name and up to three such groups.
    """
    values = pd.Series(np.asarray(groups))
    both = set(values[split.train]) & set(values[split.test])
    if both:
        some = ", ".join(sorted(map(str, both))[:3])
        raise TkitError(
            f"{split.name}: {len(both)} groups stand in training and test ({some}): "
            "take the rows of tested groups out of training"
        )


def cross_validation(rows: pd.DataFrame, groups: Groups, k: int, seed: int) -> list[Split]:
    """Give k splits that together test every gold row once, on groups never trained on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``label`` and ``source``.
    groups : array of shape (n_rows,)
        What must not straddle, usually ``rows["component"]``.
    k, seed : int
        See `grouped_folds`; the folds are balanced over the gold rows.

    Returns
    -------
    list of Split
        Train: gold and member rows outside the fold's groups. Test: gold rows of the fold.

    Raises
    ------
    TkitError
        When `k` does not fit the number of groups with a gold row, or a row has no group.
    """
    _require_columns(rows, ("label", "source"))
    values = pd.Series(np.asarray(groups))
    gold = _gold(rows)
    folds = grouped_folds(values[gold].to_numpy(), k, seed, (rows["label"].to_numpy() == "T")[gold])
    splits = []
    for fold in range(k):
        test = gold.copy()
        test[gold] = folds == fold
        splits.append(_without_tested_groups(f"fold {fold + 1} of {k}", ~test, test, values))
    return splits


def before_after(rows: pd.DataFrame, date: str | datetime, group: str = "component") -> Split:
    """Train on what was sent before a date, test on gold rows sent from then on.

    Parameters
    ----------
    rows : DataFrame
        Columns ``date`` (datetime64[ns, UTC] or NaT), ``source`` and `group`.
    date : str or datetime
        First moment of the test; UTC where it names no zone.
    group : str
        Column of what must not straddle: earlier rows of a group that is tested are not trained on.

    Returns
    -------
    Split
        Rows without a date are in neither part.

    Raises
    ------
    TkitError
        When a part would be empty.
    """
    _require_columns(rows, ("date", "source", group))
    moment = pd.Timestamp(date)
    moment = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
    earlier, later = (rows["date"] < moment).to_numpy(), (rows["date"] >= moment).to_numpy()
    return _without_tested_groups(f"from {moment:%Y-%m-%d}", earlier, later & _gold(rows), rows[group])


def leave_one_out(rows: pd.DataFrame, column: str, group: str = "component") -> list[Split]:
    """Test each value of a column (a corpus, a provider) with training on all the others.

    Parameters
    ----------
    rows : DataFrame
        Columns ``source``, `column` and `group`. Rows whose value is missing or "" are never
        tested and always may train.
    column : str
        Column whose values are left out in turn.
    group : str
        Column of what must not straddle: rows of a tested group are not trained on.

    Returns
    -------
    list of Split
        One for each value that has a gold row, in the values' order.

    Raises
    ------
    TkitError
        When a training part would be empty.
    """
    _require_columns(rows, (column, "source", group))
    gold = _gold(rows)
    splits = []
    for value in sorted(set(rows.loc[gold, column].dropna()) - {""}):
        held = (rows[column] == value).fillna(False).to_numpy(dtype=bool)
        splits.append(leave_out(rows, held, f"{column} = {value}", rows[group]))
    return splits


def leave_out(rows: pd.DataFrame, held: Mask, name: str, groups: Groups) -> Split:
    """Test the gold rows among those held out; train on no held row and on no group of a tested one.

    Parameters
    ----------
    rows : DataFrame
        Column ``source``.
    held : ndarray of bool, shape (n_rows,)
        What is left out.
    name : str
        Of the split.
    groups : array of shape (n_rows,)
        What must not straddle.

    Raises
    ------
    TkitError
        When a part would be empty.
    """
    _require_columns(rows, ("source",))
    return _without_tested_groups(name, ~held, held & _gold(rows), pd.Series(np.asarray(groups)))


def _gold(rows: pd.DataFrame) -> Mask:
    gold: Mask = (rows["source"] == "gold").to_numpy(dtype=bool)
    return gold


def _without_tested_groups(name: str, candidates: Mask, test: Mask, groups: pd.Series) -> Split:
    train = candidates & ~groups.isin(groups[test]).to_numpy()
    if not train.any() or not test.any():
        raise TkitError(
            f"{name}: {train.sum()} rows to train on and {test.sum()} to test, once tested groups are "
            "taken out of training: choose another date, column or group"
        )
    split = Split(name, train, test)
    require_whole_groups(split, groups)
    return split
