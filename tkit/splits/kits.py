"""Keys that trackers of one mailing kit share, so that no split puts them in both training and test.

A kit is recognised by its senders, hosts and URLs. If it writes random words in its paths, a single URL does not show which
words are random; but a word that only the trackers of one domain have does not identify a kit: :func:`kit_forms`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.errors import TkitError
from tkit.url import registrable_domain
from tkit.url.parsing import after_origin
from tkit.url.template import ANY, KNOWN_ENDING, path_template

_PIECE = re.compile(r"[^/?&=*._~-]+")


def kit_forms(templates: Sequence[str], owners: Sequence[str]) -> list[str]:
    """Return the templates of trackers without the words that only the trackers of one owner have.

    A kit that writes a random word for each domain, or that is installed in a directory named by the owner, has many
    templates but one form.

    Parameters
    ----------
    templates : sequence of str
        Results of `path_template`, one per tracker.
    owners : sequence of str
        Registrable domain of each tracker's host.

    Returns
    -------
    list of str
        One per template. Directories before the first shared word are left out. The empty string if at most a file name
        extension is left.

    Examples
    --------
    >>> kit_forms(["/vrtosk/open.php?m=*", "/open.php?m=*", "/x/avyw", "/x/ogxo"], ["a.test", "b.test", "c.test", "d.test"])
    ['/open.php?m=*', '/open.php?m=*', '/x/*', '/x/*']
    """
    users: dict[str, set[str]] = defaultdict(set)
    for template, owner in zip(templates, owners, strict=True):
        for word in _PIECE.findall(template):
            users[word].add(owner)
    shared = {word for word, domains in users.items() if len(domains) > 1}
    form_of = {template: _form(template, shared) for template in set(templates)}
    return [form_of[template] for template in templates]


def _form(template: str, shared: set[str]) -> str:
    path, mark, query = _PIECE.sub(lambda word: word[0] if word[0] in shared else ANY, template).partition("?")
    path = re.sub(r"\*(?:[._~-]?\*)+", ANY, path)
    path = re.sub(r"\*(?:/\*)+", ANY, path)
    path = re.sub(r"^/\*/(?=.)", "/", path)
    query = re.sub(r"\*(?:&\*)+", ANY, query.replace("*=*", ANY))
    stem = KNOWN_ENDING.sub("", path)
    identifies_a_kit = re.search("[a-z]", stem + query) or (mark and stem != path)
    return path + mark + query if identifies_a_kit else ""


def component_keys(frame: pd.DataFrame) -> list[NDArray[np.object_]]:
    """Return the key columns whose connected components a split must not divide.

    The mail, its sender's registrable domain and the exact URL join any two rows. The tracker's host, its registrable
    domain, its `path_template` and its form (`kit_forms`) join only rows labelled T: pictures on one large image host have
    nothing in common, but trackers on one host do.

    Parameters
    ----------
    frame : DataFrame
        Columns ``message_sha256``, ``sender_domain``, ``resolved_url``, ``host`` (str, "" if absent) and ``label``. URL and
        host must be unwrapped, because the host of a gateway would join everything that it wrapped.

    Returns
    -------
    list of ndarray of object, each of shape (n_rows,)
        Mail, sender, URL, tracker host, its registrable domain, tracker path template and form, for `connected_components`; the
        empty string if a row has no such key.

    Raises
    ------
    TkitError
        If a column is missing.
    """
    required = ("message_sha256", "sender_domain", "resolved_url", "host", "label")
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise TkitError(f"rows have no column {', '.join(missing)}: build them with tkit.dataset.reading")
    text = frame[["sender_domain", "resolved_url", "host"]].fillna("").astype(object)
    tracker = frame["label"].to_numpy() == "T"

    def of_trackers(values: pd.Series) -> NDArray[np.object_]:
        return np.where(tracker, values, "").astype(object)

    domain = of_trackers(text["host"].map(registrable_domain))
    template = of_trackers(text["resolved_url"].map(lambda url: path_template(after_origin(url))))
    return [
        frame["message_sha256"].to_numpy(dtype=object),
        text["sender_domain"].map(registrable_domain).to_numpy(dtype=object),
        text["resolved_url"].to_numpy(dtype=object),
        of_trackers(text["host"].str.lower()),
        domain,
        template,
        np.array(kit_forms(template.tolist(), domain.tolist()), dtype=object),
    ]
