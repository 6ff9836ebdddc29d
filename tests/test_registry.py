"""The public corpora are the ones that the registry names."""

import hashlib
import os
from pathlib import Path

import pytest

from tkit.corpus import CORPORA, Problem, corpus_of, read_raw

SHARED = Path(os.environ.get("TKIT_SHARED", Path(__file__).resolve().parents[1] / ".." / "shared"))
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
        ]
        assert all(entry.archive == f"{entry.name}.tar.xz" for entry in CORPORA)
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

    @needs_archives
    @pytest.mark.parametrize("entry", CORPORA, ids=lambda entry: entry.name)
    def test_archive_is_the_registered_one(self, entry):
        with open(ARCHIVES / entry.archive, "rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == entry.archive_sha256

    @needs_archives
    @pytest.mark.parametrize(
        "entry",
        [pytest.param(entry, marks=pytest.mark.slow if entry.name == "phishing_pot" else ()) for entry in CORPORA],
        ids=lambda entry: entry.name,
    )
    def test_every_real_mail_is_read(self, entry):
        # The SpamAssassin archive holds two tables of words besides its mails.
        tables = ["easyham_df.csv", "spam_df.csv"] if entry.name == "spamassassin" else []
        problems = []
        count = 0
        for message in read_raw([ARCHIVES / entry.archive], problems=problems):
            count += 1
            assert corpus_of(message.where) == entry.name
        assert count == entry.messages
        assert problems == [
            Problem(
                f"{ARCHIVES / entry.archive}!{entry.name}/{table}",
                "not a mail: no mail header in its first 50 lines",
            )
            for table in tables
        ]
