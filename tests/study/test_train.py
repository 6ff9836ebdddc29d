"""Tests of tkit.study.train."""

from pathlib import Path

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.features import feature_names
from tkit.study import train_bundle


def test_a_bundle_of_campaign_is_of_all_files_of_the_dataset(dataset: Dataset, tmp_path: Path) -> None:
    train_bundle(dataset, "campaign", folds=2, date="2025-01-01", workers=2).save(tmp_path / "bundle")
    bundle = Bundle.load(tmp_path / "bundle")
    assert bundle.features == feature_names("campaign")
    assert bundle.training_sha256 == dataset.digest("campaign") != dataset.digest()
    assert bundle.flagged(dataset.seen_from("campaign")).any()
