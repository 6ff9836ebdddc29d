"""The registry of the public corpora that tkit is measured on: where they come from, and what may be done with them."""

from __future__ import annotations

import re
from typing import NamedTuple


class PublicCorpus(NamedTuple):
    """A public collection of mails and the archive that was made of it.

    Attributes
    ----------
    name : str
        Short name, the value of the column ``corpus``.
    title : str
        What it holds.
    repository, commit, folder : str
        Where it was taken from: GitHub ``owner/name``, the (abbreviated) hash of the commit, the folder;
        ``""`` where that is not known.
    licence : str
        The terms stated there.
    years : tuple of int
        First and last year of its mails.
    messages : int
        Number of mails that :func:`read_raw` finds in the archive.
    archive, archive_sha256 : str
        File name and SHA-256 (hex) of the archive.
    """

    name: str
    title: str
    repository: str
    commit: str
    folder: str
    licence: str
    years: tuple[int, int]
    messages: int
    archive: str
    archive_sha256: str


CORPORA: tuple[PublicCorpus, ...] = (
    PublicCorpus(
        name="csdmc2010",
        title="CSDMC2010 spam corpus, mails of 2004 to 2011 that SpamAssassin's corpus does not have",
        repository="WoodProgrammer/spam_filter",
        commit="92b9c55",
        folder="",
        licence="copyright stays with the senders of the mails",
        years=(2004, 2011),
        messages=3887,
        archive="csdmc2010.tar.xz",
        archive_sha256="ff9bb051ae5f0973b3b1379391537a63416c21888f64035a935e4fafbdf3295e",
    ),
    PublicCorpus(
        name="nazario",
        title="Nazario phishing corpus, three mboxes cut into single mails",
        repository="shaeferd/Phishing-Detection",
        commit="",
        folder="",
        licence="none stated",
        years=(2004, 2005),
        messages=1308,
        archive="nazario.tar.xz",
        archive_sha256="4b3a6d5bc405d60e4a5234fff61a012c26b1dd47b5e7557740d38353e8350bd8",
    ),
    PublicCorpus(
        name="phishing_pot",
        title="phishing_pot, spam, phishing and marketing caught by honey pots, recipients redacted",
        repository="rf-peixoto/phishing_pot",
        commit="8e207b5f465b",
        folder="email",
        licence="CC BY-NC 4.0",
        years=(2019, 2025),
        messages=5843,
        archive="phishing_pot.tar.xz",
        archive_sha256="09d9d2ac9e6e4d722a1880cefc48f2ca374db6d34461c220fca67bdd5769c497",
    ),
    PublicCorpus(
        name="spamassassin",
        title="SpamAssassin public corpus, easy ham, hard ham and spam",
        repository="johnmyleswhite/ML_for_Hackers",
        commit="4aa136e17eef",
        folder="03-Classification/data",
        licence="free to use; copyright stays with the senders of the mails",
        years=(2002, 2003),
        messages=6294,
        archive="spamassassin.tar.xz",
        archive_sha256="93b033d409e218fa6b14c7d6817d3a8e7aaf099f6e10b40ba86dbc490bf39182",
    ),
    PublicCorpus(
        name="trec07p",
        title="TREC 2007 public spam corpus, a part rich in mails with pictures",
        repository="Santi1503/machineLearning-dataScience",
        commit="a63dafbbdd11",
        folder="datasets/trec07p/data",
        licence="agreement of TREC; none stated in the repository",
        years=(2007, 2007),
        messages=10656,
        archive="trec07p.tar.xz",
        archive_sha256="353bb97751467a03fff109026d49cf88cfe8b37f4be6f3007e5b8100fd8d813a",
    ),
)
"""The public corpora that tkit is measured on, by name."""

_ARCHIVE_CORPUS = {corpus.archive: corpus.name for corpus in CORPORA}
_IN_CORPUS_ARCHIVE = re.compile(r"(?:^|[/\\])(" + "|".join(map(re.escape, _ARCHIVE_CORPUS)) + ")!")


def corpus_of(where: str) -> str:
    """Name the public corpus that a mail is from.

    Parameters
    ----------
    where : str
        As in :class:`RawMessage`.

    Returns
    -------
    str
        The name in :data:`CORPORA` where the archive is named as a public corpus's archive is, else ``""``.
        The archive's bytes are not looked at.

    Examples
    --------
    >>> corpus_of("corpora/trec07p.tar.xz!trec07p/inmail.1"), corpus_of("mine.mbox#3")
    ('trec07p', '')
    """
    found = _IN_CORPUS_ARCHIVE.search(where)
    return _ARCHIVE_CORPUS[found.group(1)] if found else ""
