"""The mails of a corpus give the published rows."""

import pandas as pd
import pytest
from paths import SHARED

from tkit.corpus.registry import corpora_named
from tkit.dataset import load_dataset
from tkit.dataset.gather import gather


@pytest.mark.skipif(not (SHARED / "corpora").is_dir(), reason="the archives of the public corpora are absent")
def test_a_corpus_comes_out_as_published():
    """`tkit dataset verify --rebuild` rebuilds the whole dataset in minutes; this test rebuilds one corpus."""
    found = gather(corpora_named(["nazario"]), SHARED / "corpora", frozenset(), False)
    published = load_dataset()
    for fresh, whole in ((found.references, published.references), (found.messages, published.messages)):
        committed = whole[whole["corpus"] == "nazario"].reset_index(drop=True)
        assert len(committed) > 1000
        pd.testing.assert_frame_equal(fresh[committed.columns], committed, check_dtype=False)
