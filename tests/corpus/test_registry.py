"""The public corpora are the ones that the registry names."""

import hashlib
import re

import pytest
from paths import SHARED

from tkit.corpus import CORPORA, Problem, read_raw
from tkit.corpus.registry import WANTED, corpora_named, corpus_of, digest_of
from tkit.errors import TkitError

ARCHIVES = SHARED / "corpora"
needs_archives = pytest.mark.skipif(not ARCHIVES.is_dir(), reason="the archives of the public corpora are absent")


class TestPublicCorpora:
    def test_registry_is_sorted_and_complete(self):
        assert [entry.name for entry in CORPORA] == [
            "csdmc2010",
            "nazario",
            "phishing_pot",
            "spamassassin",
            "trec07p",
            "wanted",
        ]
        assert all(entry.archive == f"{entry.name}.tar.xz" for entry in CORPORA)
        assert all(re.fullmatch(r"[0-9a-f]{12}|[0-9a-f]{40}|", entry.commit) for entry in CORPORA)
        assert all(kind in WANTED for entry in CORPORA for kind in entry.kinds.values())
        assert all(re.fullmatch(r"[0-9a-f]{64}", entry.messages_sha256) for entry in CORPORA)
        assert all(entry.licence for entry in CORPORA)
        assert all(entry.years[0] <= entry.years[1] for entry in CORPORA)

    @pytest.mark.parametrize(
        ("where", "name"),
        [
            ("nazario.tar.xz!nazario/a.eml", "nazario"),
            ("/home/me/corpora/phishing_pot.tar.xz!phishing_pot/sample-1.eml", "phishing_pot"),
            ("C:\\corpora\\trec07p.tar.xz!trec07p/inmail.1", "trec07p"),
            ("my-nazario.tar.xz!nazario/a.eml", ""),
            ("nazario.tar.xz", ""),
            ("nazario.tar!nazario/a.eml", ""),
            ("nazario/a.eml", ""),
            ("", ""),
        ],
    )
    def test_corpus_of(self, where, name):
        assert corpus_of(where) == name

    def test_url_is_pinned_to_the_commit(self):
        (nazario,) = corpora_named(["nazario"])
        assert nazario.url == f"https://codeload.github.com/shaeferd/Phishing-Detection/tar.gz/{nazario.commit}"
        assert nazario.home == "https://github.com/shaeferd/Phishing-Detection"

    def test_without_a_recorded_commit_the_present_state_is_downloaded(self):
        (wanted,) = corpora_named(["wanted"])
        assert wanted.url == "https://codeload.github.com/mwstowe/foff-milter/tar.gz/HEAD"

    def test_kind_of(self):
        nazario, spamassassin, trec07p, wanted = corpora_named(["nazario", "spamassassin", "trec07p", "wanted"])
        paths = ("easy_ham_2/0", "hard_ham/0", "spam_2/0", "cmds")
        assert [spamassassin.kind_of(f"spamassassin/{path}") for path in paths] == [
            "ham",
            "ham",
            "spam",
            "",
        ]
        assert (nazario.kind_of("anything"), trec07p.kind_of("trec07p/inmail.1")) == ("phishing", "")
        assert [wanted.kind_of(path) for path in ("wanted/a.eml", "unwanted/wanted.eml", "a.eml")] == ["wanted", "unwanted", ""]

    def test_corpora_named(self):
        assert corpora_named(None) == corpora_named([]) == list(CORPORA)
        assert [corpus.name for corpus in corpora_named(["trec07p", "nazario"])] == ["trec07p", "nazario"]
        with pytest.raises(TkitError, match=r"no public corpus enron, lingspam: choose from csdmc2010, nazario, "):
            corpora_named(["nazario", "enron", "lingspam"])

    def test_digest_is_of_different_hashes_in_any_order(self):
        assert digest_of(["b", "a", "b"]) == hashlib.sha256(b"a\nb\n").hexdigest()
        assert digest_of([]) == hashlib.sha256(b"").hexdigest()

    @needs_archives
    @pytest.mark.parametrize(
        "entry",
        [pytest.param(entry, marks=pytest.mark.slow if entry.name == "phishing_pot" else ()) for entry in CORPORA],
        ids=lambda entry: entry.name,
    )
    def test_archive_holds_the_registered_mails(self, entry):
        # The SpamAssassin archive holds two tables of words besides its mails.
        tables = ["easyham_df.csv", "spam_df.csv"] if entry.name == "spamassassin" else []
        problems = []
        hashes = set()
        for message in read_raw([ARCHIVES / entry.archive], problems=problems):
            hashes.add(hashlib.sha256(message.raw).hexdigest())
            assert corpus_of(message.where) == entry.name
        assert (len(hashes), digest_of(hashes)) == (entry.messages, entry.messages_sha256)
        assert problems == [
            Problem(
                f"{ARCHIVES / entry.archive}!{entry.name}/{table}",
                "not a mail: no mail header in its first 50 lines",
            )
            for table in tables
        ]
