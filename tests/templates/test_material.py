"""The URLs of labelled references are read again from the mails."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_shared import CORPORA, make_shared, use_made_registry

from tkit.dataset.build import build
from tkit.errors import TkitError
from tkit.templates import material
from tkit.templates.material import labelled_urls


def test_urls_of_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_made_registry(monkeypatch)
    monkeypatch.setattr(material, "CORPORA", CORPORA)
    shared = make_shared(tmp_path / "shared")
    made = build(shared, tmp_path / "dataset")
    rows = labelled_urls(shared, made)
    assert rows["url"].str.startswith("http://t").sum() >= 24
    assert rows["tracker"].sum() >= 24
    with pytest.raises(TkitError, match="labelled references are not found"):
        labelled_urls(shared, replace(made, labels=made.labels.assign(index=99)))
    (shared / "corpora" / "first.tar.xz").unlink()
    with pytest.raises(TkitError, match="no such archive"):
        labelled_urls(shared, made)
