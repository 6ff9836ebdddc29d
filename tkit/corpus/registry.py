"""The public corpora that tkit is measured on: their sources, licences and contents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tkit.errors import TkitError


class PublicCorpus(NamedTuple):
    """A public collection of mails and the archive made from it.

    Attributes
    ----------
    name : str
        Short name, the value of the column ``corpus``.
    title : str
        What it contains.
    repository : str
        Its source on GitHub: ``owner/name``.
    commit : str
        The (abbreviated) hash of the source's commit, ``""`` if it was not recorded. Then the present state of the source is
        downloaded, and its mails are identified by their hashes alone.
    folders : dict of str to str
        Folders in the source (``""`` is the whole source), each with the folder of the archive that its mails are in.
    licence : str
        The terms stated in the source.
    years : tuple of int
        First and last year of its mails.
    kinds : dict of str to str
        How the corpus classifies its mails, by the beginning of the member's path in the archive; the first match counts. The
        values are keys of :data:`WANTED`.
    messages : int
        Number of different mails.
    messages_sha256 : str
        SHA-256 (hex) of the mails' hashes, as :func:`digest_of` computes it. It depends on the mails alone and not on the
        archive around them, whose bytes GitHub does not promise to keep.
    """

    name: str
    title: str
    repository: str
    commit: str
    folders: dict[str, str]
    licence: str
    years: tuple[int, int]
    kinds: dict[str, str]
    messages: int
    messages_sha256: str

    @property
    def archive(self) -> str:
        """File name of its archive, in the form that :mod:`tkit.corpus.download` writes."""
        return f"{self.name}.tar.xz"

    @property
    def url(self) -> str:
        """URL of the repository at that commit as .tar.gz, of its present state without a recorded commit."""
        return f"https://codeload.github.com/{self.repository}/tar.gz/{self.commit or 'HEAD'}"

    @property
    def home(self) -> str:
        """The repository's page on GitHub."""
        return f"https://github.com/{self.repository}"

    def kind_of(self, path: str) -> str:
        """Return how the corpus classifies the mail at a path in the archive, ``""`` if it does not."""
        return next((kind for start, kind in self.kinds.items() if path.startswith(start)), "")


WANTED: Mapping[str, str] = {
    "ham": "wanted",
    "wanted": "wanted",
    "spam": "unwanted",
    "phishing": "unwanted",
    "unwanted": "unwanted",
    "": "",
}
"""Whether mail of each kind was wanted: ``"wanted"``, ``"unwanted"``, or ``""`` where the corpus says nothing."""


def digest_of(hashes: Iterable[str]) -> str:
    """Return the SHA-256 (hex) of a set of messages: of their distinct hashes in hex, sorted, one per line.

    >>> digest_of(["b", "a", "b"]) == digest_of(["a", "b"])
    True
    """
    return hashlib.sha256("".join(f"{digest}\n" for digest in sorted(set(hashes))).encode()).hexdigest()


CORPORA: tuple[PublicCorpus, ...] = (
    PublicCorpus(
        name="csdmc2010",
        title="CSDMC2010 spam corpus, mails of 2004 to 2011 that SpamAssassin's corpus does not have",
        repository="WoodProgrammer/spam_filter",
        commit="92b9c5587c88fe93d4df2f33ab2aa20accd4a92f",
        folders={"CSDMC2010_SPAM": "csdmc2010"},
        licence="copyright stays with the senders of the mails",
        years=(2004, 2011),
        kinds={},
        messages=3887,
        messages_sha256="706fc60f08dfc2deaa987ab681716ea6e68342657588ea30b8465f1ba87c1985",
    ),
    PublicCorpus(
        name="nazario",
        title="Nazario phishing corpus, three mboxes cut into single mails",
        repository="shaeferd/Phishing-Detection",
        commit="40dfef79ac1d467a73b8ed5940a0e6fc2c715bf5",
        folders={"": "nazario"},
        licence="none stated",
        years=(2004, 2005),
        kinds={"": "phishing"},
        messages=1308,
        messages_sha256="0b5fe6fb6eb939506873192c0219dee13f62b9b8369968ec51e81350b0b86243",
    ),
    PublicCorpus(
        name="phishing_pot",
        title="phishing_pot, spam, phishing and marketing caught by honey pots, recipients redacted",
        repository="rf-peixoto/phishing_pot",
        commit="8e207b5f465b",
        folders={"email": "phishing_pot"},
        licence="CC BY-NC 4.0",
        years=(2019, 2025),
        kinds={"": "unwanted"},
        messages=5843,
        messages_sha256="cce291468c5315450fb8856a73e4c0b466be15f7c655b705b61f0926a0341ff1",
    ),
    PublicCorpus(
        name="spamassassin",
        title="SpamAssassin public corpus, easy ham, hard ham and spam",
        repository="johnmyleswhite/ML_for_Hackers",
        commit="4aa136e17eef",
        folders={"03-Classification/data": "spamassassin"},
        licence="free to use; copyright stays with the senders of the mails",
        years=(2002, 2003),
        kinds={"spamassassin/easy_ham": "ham", "spamassassin/hard_ham": "ham", "spamassassin/spam": "spam"},
        messages=6262,
        messages_sha256="fb4a8ad63bbca87cc90fa7d2405b33e648a6f525482c7080fa884d3bf1c91014",
    ),
    PublicCorpus(
        name="trec07p",
        title="TREC 2007 public spam corpus, a part rich in mails with pictures",
        repository="Santi1503/machineLearning-dataScience",
        commit="a63dafbbdd11",
        folders={"datasets/trec07p/data": "trec07p"},
        licence="agreement of TREC; none stated in the repository",
        years=(2007, 2007),
        kinds={},
        messages=10656,
        messages_sha256="da1280bf565bddfcb0ebdb91d4846124b7904f0e000095a394df5f1728364bc5",
    ),
    PublicCorpus(
        name="wanted",
        title="mail of one household: wanted (shops, banks, media, receipts, charities), and spam that got through",
        repository="mwstowe/foff-milter",
        commit="",
        folders={"tests/negative": "wanted", "tests/positive": "unwanted"},
        licence="MIT",
        years=(2025, 2026),
        kinds={"wanted/": "wanted", "unwanted/": "unwanted"},
        messages=574,
        messages_sha256="a2f191d8191958c537059051ae45952ea25dc04d11c4e8c87c72784ccf396f99",
    ),
)
"""The public corpora that tkit is measured on, by name."""


def corpora_named(names: Iterable[str] | None) -> list[PublicCorpus]:
    """Return the corpora with the given names, all corpora without a name.

    Raises
    ------
    TkitError
        If a name is not in the registry.
    """
    known = {corpus.name: corpus for corpus in CORPORA}
    wanted = list(names or known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise TkitError(f"no public corpus {', '.join(unknown)}: choose from {', '.join(known)}")
    return [known[name] for name in wanted]


_ARCHIVE_CORPUS = {corpus.archive: corpus.name for corpus in CORPORA}
_IN_CORPUS_ARCHIVE = re.compile(r"(?:^|[/\\])(" + "|".join(map(re.escape, _ARCHIVE_CORPUS)) + ")!")


def corpus_of(where: str) -> str:
    """Return the name of the public corpus that a mail is from.

    Parameters
    ----------
    where : str
        As in :class:`~tkit.corpus.RawMessage`.

    Returns
    -------
    str
        The name in :data:`CORPORA` if the archive has the file name of a public corpus's archive, else ``""``. The
        archive's content is not checked.

    Examples
    --------
    >>> corpus_of("corpora/trec07p.tar.xz!trec07p/inmail.1"), corpus_of("mine.mbox#3")
    ('trec07p', '')
    """
    archive = _IN_CORPUS_ARCHIVE.search(where)
    return _ARCHIVE_CORPUS[archive.group(1)] if archive else ""
