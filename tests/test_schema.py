import pytest

from tkit.errors import TkitError
from tkit.schema import FEATURES, VANTAGES, feature_names


def test_names_are_unique_and_enough() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names)) >= 60


def test_every_feature_is_described() -> None:
    for feature in FEATURES:
        assert feature.vantage in VANTAGES
        assert feature.unit in ("px", "characters", "count", "share", "bits", "flag"), feature.name
        assert feature.meaning
        assert feature.source
        assert feature.dtype == "float32"
        assert feature.absent in (None, -1), feature.name


def test_vantage_points_include_the_lower_ones() -> None:
    url, element, message = (feature_names(vantage) for vantage in VANTAGES)
    assert set(url) < set(element) < set(message)
    assert message == [feature.name for feature in FEATURES]


def test_unknown_vantage_point() -> None:
    with pytest.raises(TkitError, match="no vantage point 'campaign': take one of url, element, message"):
        feature_names("campaign")
