"""A dataset is read completely, or refused with a message that says what to do."""

import json
import shutil
from pathlib import Path

import pytest
from paths import ROOT

from tkit.corpus import CORPORA
from tkit.corpus.registry import digest_of
from tkit.dataset import Dataset, load_dataset, read
from tkit.dataset import reading as dataset_module
from tkit.dataset.reading import FOLD_SPLITS, default_folder, messages_of_corpora
from tkit.errors import TkitError
from tkit.splits.folds import leave_one_out
from tkit.splits.official import FOLDS

COMMITTED = ROOT / "data" / "dataset"


@pytest.fixture(scope="module")
def published() -> Dataset:
    return read(COMMITTED)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(COMMITTED, tmp_path / "dataset")


class TestRead:
    def test_no_dataset(self, tmp_path: Path) -> None:
        with pytest.raises(TkitError, match=r"no dataset\.json: make the dataset with `tkit dataset build -o "):
            read(tmp_path)

    @pytest.mark.parametrize(("text", "what"), [("{", "not JSON"), ("[]", "not an object"), ('{"sha256": 1}', "not an object")])
    def test_invalid_dataset_json(self, tmp_path: Path, text: str, what: str) -> None:
        (tmp_path / "dataset.json").write_text(text)
        with pytest.raises(TkitError, match=rf"dataset\.json: {what}.*: rebuild the dataset"):
            read(tmp_path)

    @pytest.mark.parametrize("name", ["format", "feature_version"])
    def test_another_version(self, copy: Path, name: str) -> None:
        description = json.loads((copy / "dataset.json").read_text())
        (copy / "dataset.json").write_text(json.dumps(description | {name: 99}))
        with pytest.raises(TkitError, match=rf"{name} 99, but this tkit \S+ reads \d: rebuild the dataset"):
            read(copy)

    def test_missing_file(self, copy: Path) -> None:
        (copy / "messages.parquet").unlink()
        with pytest.raises(TkitError, match=r"messages\.parquet: missing"):
            read(copy)
        with pytest.raises(TkitError, match=r"messages\.parquet: missing"):
            messages_of_corpora(copy)

    def test_other_bytes(self, copy: Path) -> None:
        path = copy / "splits.parquet"
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(TkitError, match=r"splits\.parquet: its bytes do not match dataset\.json"):
            read(copy)


class TestLoad:
    def test_of_a_clone(self) -> None:
        assert default_folder() == COMMITTED

    def test_of_an_installed_package_comes_first(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dataset_module, "_FOLDERS", (copy, COMMITTED))
        assert default_folder() == copy

    def test_neither(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dataset_module, "_FOLDERS", (tmp_path / "a", tmp_path / "b"))
        with pytest.raises(TkitError, match=r"no dataset in .*a or .*b: install tkit from its wheel or a clone"):
            load_dataset()

    def test_from_the_package(self, published: Dataset) -> None:
        import tkit  # noqa: PLC0415  looked up late on purpose

        assert tkit.load_dataset().digest() == published.digest()
        with pytest.raises(AttributeError, match="module 'tkit' has no attribute 'load_data'"):
            tkit.load_data  # noqa: B018


class TestRows:
    def test_one_row_a_label_with_its_features(self, published: Dataset) -> None:
        rows = published.rows()
        strong = published.labels[published.labels["source"] != "weak"]
        assert rows["message_sha256"].tolist() == strong["message_sha256"].tolist()
        assert not rows[["carrier", "corpus", "own_token", "kind", "wanted", "full", "language"]].isna().any().any()
        assert rows["listed"].dtype == bool

    def test_weak_rows_come_after_the_others(self, published: Dataset) -> None:
        rows = published.rows(weak=True)
        assert len(rows) == len(published.labels)
        assert rows["source"].tolist() == sorted(rows["source"])


class TestWhole:
    def test_rows_of_whole_mails(self, published: Dataset) -> None:
        rows = published.rows()
        whole = rows[rows["full"]]
        assert set(whole["source"]) == {"gold"}
        assert set(whole["corpus"]) == {"wanted"}
        # A label file may call a carrier without a coarser name `other`.
        assert {"link-stylesheet", "link-preconnect", "img-srcset"} <= set(whole["carrier"])
        assert (
            not rows.loc[rows["message_sha256"].isin(whole["message_sha256"]) & (rows["source"] == "gold"), "full"].eq(0).any()
        )


class TestSplit:
    def test_masks_fit_the_rows(self, published: Dataset) -> None:
        for weak in (False, True):
            rows = published.rows(weak=weak)
            for name, fold in (("by_time", None), ("unseen_kit", 9), ("unseen_sender", 0), ("unseen_corpus", "wanted")):
                split = published.split(name, fold, weak=weak)
                assert len(split.train) == len(split.test) == len(rows)
                assert set(rows["source"][split.test]) == {"gold"}
                assert not (split.train & split.test).any()

    def test_folds_are_those_of_the_study(self, published: Dataset) -> None:
        from tkit.splits import cross_validation  # noqa: PLC0415

        rows = published.rows()
        for fold, split in enumerate(cross_validation(rows, rows["component"], FOLDS, 0)):
            official = published.split("unseen_kit", fold)
            assert (official.test == split.test).all()
            assert (official.train == split.train).all()

    def test_corpora_are_those_of_the_study(self, published: Dataset) -> None:
        rows = published.rows()
        assert published.tested_corpora == sorted(corpus.name for corpus in CORPORA)
        for split in leave_one_out(rows, "corpus"):
            official = published.split("unseen_corpus", split.name.removeprefix("corpus = "))
            assert (official.test == split.test).all()
            assert (official.train == split.train).all()

    @pytest.mark.parametrize(
        ("name", "fold"),
        [
            ("unseen_corpus", 0),
            ("unseen_corpus", "moon"),
            ("unseen_kit", "wanted"),
            ("by_time", 0),
            ("unseen_kit", None),
            ("unseen_kit", FOLDS),
            ("unseen_kit", -1),
            ("random", 0),
        ],
    )
    def test_no_such_split(self, published: Dataset, name: str, fold: int | str | None) -> None:
        with pytest.raises(TkitError, match=rf"no official split '{name}' with fold {fold}: choose by_time without a fold"):
            published.split(name, fold)

    def test_names(self) -> None:
        assert FOLD_SPLITS == ("unseen_sender", "unseen_kit")


def test_messages_of_corpora_are_the_registry_s() -> None:
    found = messages_of_corpora(COMMITTED)
    assert {corpus.name: corpus.messages_sha256 for corpus in CORPORA} == {
        name: digest_of(them) for name, them in found.items()
    }
