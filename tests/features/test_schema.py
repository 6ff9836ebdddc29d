import pytest

from tkit.errors import TkitError
from tkit.features import FEATURES, KEY, MAIL_VANTAGES, VANTAGES, extract, feature_names, require_one_mail


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
        assert feature.words.usual, feature.name
        assert feature.words.absent or feature.absent is None, feature.name


def test_vantage_points_include_the_lower_ones() -> None:
    url, element, message, campaign = (feature_names(vantage) for vantage in VANTAGES)
    assert set(url) < set(element) < set(message) < set(campaign)
    assert campaign == [feature.name for feature in FEATURES]


def test_what_one_mail_gives_is_what_extract_gives() -> None:
    assert list(extract([])) == [*KEY, "carrier", "url", "resolved_url", "loaded_by", *feature_names(MAIL_VANTAGES[-1])]


def test_unknown_vantage_point() -> None:
    with pytest.raises(TkitError, match="no vantage point 'mailbox': take one of url, element, message, campaign"):
        feature_names("mailbox")


@pytest.mark.parametrize("vantage", MAIL_VANTAGES)
def test_one_mail_is_enough(vantage: str) -> None:
    require_one_mail(vantage, "scan")


def test_one_mail_is_not_enough() -> None:
    with pytest.raises(
        TkitError, match=r"^scan judges mail by mail.*take url, element or message, or .*tkit\.features\.campaign"
    ):
        require_one_mail("campaign", "scan")
