"""Read the URLs of the labelled references from the mails of the corpora; the published dataset does not contain them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tkit.corpus import CORPORA, read_raw
from tkit.dataset import Dataset
from tkit.dataset.gather import Progress
from tkit.errors import TkitError
from tkit.features import KEY
from tkit.html import references
from tkit.html.carriers import request_type
from tkit.mail import Message
from tkit.templates.pieces import first_word, tail_of
from tkit.url import host_of, registrable_domain, unwrap


def labelled_urls(shared: str | Path, dataset: Dataset, progress: Progress | None = None) -> pd.DataFrame:
    """Return the references of a dataset that are labelled as trackers, content or spacers, with their URLs.

    Parameters
    ----------
    shared : path
        A folder with ``corpora/<archive>``.
    dataset : Dataset
        The source of the labels, including weak ones.
    progress : callable, optional
        See :data:`tkit.dataset.gather.Progress`.

    Returns
    -------
    DataFrame
        One row per label: the columns of the dataset's labels, ``corpus``, ``request`` (the request type, see
        :func:`tkit.html.carriers.request_type`), ``resolved_url``, ``url`` (unwrapped), ``tail``, ``domain`` (the registrable
        domain of the host), ``word`` (the first of the path), ``sender``, ``tracker``.

    Raises
    ------
    TkitError
        If an archive is missing, or a labelled reference is not found in the mails.
    """
    labels = dataset.labels[dataset.labels["label"].isin(["T", "C", "S"])]
    urls = pd.DataFrame(
        _references(Path(shared) / "corpora", set(labels["message_sha256"]), progress),
        columns=pd.Index([*KEY, "resolved_url", "url"]),
    )
    of_reference = dataset.references[[*KEY, "carrier", "corpus"]]
    rows = labels.merge(of_reference, on=list(KEY), how="left").merge(urls, on=list(KEY), how="left")
    lost = int(rows["url"].isna().sum())
    if lost:
        raise TkitError(f"{shared}: {lost} labelled references are not found in the mails: rebuild the dataset with this tkit")
    tail = rows["url"].map(tail_of)
    return rows.assign(
        tail=tail,
        domain=rows["url"].map(host_of).map(registrable_domain),
        word=tail.map(first_word),
        request=rows["carrier"].map(request_type),
        sender=rows["sender_key"].where(rows["sender_key"] != "", rows["message_sha256"]),
        tracker=rows["label"] == "T",
    )


def _references(folder: Path, wanted: set[str], progress: Progress | None) -> Iterator[tuple[str, int, int, str, str]]:
    archives = [folder / corpus.archive for corpus in CORPORA]
    for archive in archives:
        if not archive.is_file():
            raise TkitError(f"{archive}: no such archive: fetch it with `tkit corpus get -o {folder}`")
    waiting = set(wanted)
    report = (lambda done, total: progress("reading mails", done, total)) if progress else None
    for raw in read_raw(archives, problems=[], progress=report):
        message = Message.from_bytes(raw.raw)
        if message.message_sha256 in waiting:
            waiting.discard(message.message_sha256)
            for reference in references(message):
                if not reference.local:
                    url = reference.resolved_url
                    yield message.message_sha256, reference.part, reference.index, url, unwrap(url)


def parted(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the gold and member rows, and the good pictures among the weak rows."""
    weak = (rows["source"] == "weak").to_numpy()
    return rows[~weak].reset_index(drop=True), rows[weak & ~rows["tracker"].to_numpy()].reset_index(drop=True)
