import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.errors import TkitError
from tkit.features import FEATURES, Feature
from tkit.features.words import MAX_REASONS, reason, reasons

SHARE_LIKE = st.floats(min_value=-1, max_value=1e9, allow_nan=False, width=32)


class TestReasons:
    def rows(self, **columns: list[float]) -> pd.DataFrame:
        n = len(next(iter(columns.values())))
        rows = pd.DataFrame(0.0, index=range(n), columns=[feature.name for feature in FEATURES])
        return rows.assign(**({"width": -1.0, "height": -1.0} | columns))

    def weights(self, **columns: list[float]) -> pd.DataFrame:
        return pd.DataFrame(columns)

    def test_the_three_heaviest_in_order(self) -> None:
        rows = self.rows(hidden=[1], in_link=[0], own_token=[34], https=[0])
        weights = self.weights(https=[1.0], in_link=[2.0], own_token=[4.0], hidden=[3.0])
        assert reasons(rows, weights, [True]) == [
            ["a token of 34 characters that no other picture has", "hidden by its style", "not in a link"]
        ]

    def test_only_what_weighs_towards_the_verdict(self) -> None:
        rows = self.rows(hidden=[0, 0], in_link=[1, 1], https=[1, 1])
        weights = self.weights(hidden=[-1.0, -1.0], in_link=[-2.0, -2.0], https=[3.0, 0.0])
        assert reasons(rows, weights, [True, False]) == [
            ["loaded over https"],
            ["in a link", "not hidden by its style"],
        ]

    def test_the_parts_of_the_size_count_together(self) -> None:
        rows = self.rows(width=[1.0], height=[1.0], tiny=[1.0], hidden=[1.0])
        weights = self.weights(tiny=[2.0], width=[2.0], height=[-0.5], hidden=[3.0])
        assert reasons(rows, weights, [True]) == [["declared 1 x 1 px", "hidden by its style"]]

    @pytest.mark.parametrize(
        ("width", "height", "phrase"),
        [
            (600, 1.5, "declared 600 x 1.5 px"),
            (1, -1, "declared 1 px wide"),
            (-1, 0, "declared 0 px high"),
            (-1, -1, "no size declared"),
        ],
    )
    def test_wording_of_the_size(self, width: float, height: float, phrase: str) -> None:
        rows = self.rows(width=[width], height=[height])
        assert reasons(rows, self.weights(short_side=[1.0]), [True]) == [[phrase]]

    def test_equal_phrases_are_said_once(self) -> None:
        rows = self.rows(same_host=[0], same_host_share=[0], https=[1])
        weights = self.weights(same_host=[3.0], same_host_share=[2.0], https=[1.0])
        assert reasons(rows, weights, [True]) == [["no other picture from the same server", "loaded over https"]]

    @given(st.lists(st.floats(-9, 9), min_size=4, max_size=4), st.booleans())
    def test_never_more_than_three(self, weights: list[float], towards: bool) -> None:
        names = ["https", "hidden", "in_link", "depth"]
        rows = self.rows(**{name: [1.0] for name in names})
        (phrases,) = reasons(rows, pd.DataFrame([weights], columns=names), [towards])
        helping = sum(weight > 0 if towards else weight < 0 for weight in weights)
        assert len(phrases) == min(helping, MAX_REASONS)


class TestReason:
    @pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
    def test_every_feature_has_words(self, feature: Feature) -> None:
        name, unit, absent = feature.name, feature.unit, feature.absent
        many = 0.5 if unit == "share" else 34.0
        phrases = [reason(name, 0.0), reason(name, 1.0 if unit == "flag" else many)]
        assert phrases[0] != phrases[1]
        if absent is not None:
            phrases.append(reason(name, absent))
            assert len(set(phrases)) == 3
        for phrase in phrases:
            assert phrase.strip() == phrase
            assert phrase
            assert not set("{}_") & set(phrase)

    @pytest.mark.parametrize(
        ("name", "value", "phrase"),
        [
            ("url_length", 1234, "the URL is 1,234 characters long"),
            ("query_parameters", 1, "the URL has 1 parameter"),
            ("style_properties", 1, "its style sets 1 property"),
            ("style_properties", 3, "its style sets 3 properties"),
            ("token_entropy", 4.1999998, "4.2 bits of entropy per character in the longest token"),
            ("same_host_share", 0.25, "25% of the other pictures are from the same server"),
            ("same_host_share", 0.001, "under 1% of the other pictures are from the same server"),
            ("width", 0, "declared 0 px wide"),
            ("width", -1, "no width declared"),
            ("alt_length", 0, "the alternative text is empty"),
            ("alt_length", -1, "no alternative text"),
            ("token_excess", -1, "its token is 1 character shorter than those of the other pictures"),
            ("token_excess", 0, "its token is as long as those of the other pictures"),
            ("place", 1, "last of the mail's links and pictures"),
            ("place", 0, "first of the mail's links and pictures"),
            ("repeats", 1, "the mail loads this URL once"),
            ("sides_given", 1, "only one of width and height declared"),
            ("in_link", 0, "not in a link"),
            ("path_open_track", 1, "open or track in the path"),
        ],
    )
    def test_wording(self, name: str, value: float, phrase: str) -> None:
        assert reason(name, value) == phrase

    def test_unknown_feature(self) -> None:
        with pytest.raises(TkitError, match="no words for 'colour'"):
            reason("colour", 1)

    @given(st.sampled_from([feature.name for feature in FEATURES]), SHARE_LIKE)
    def test_any_value_has_words(self, name: str, value: float) -> None:
        assert not set("{}") & set(reason(name, value))
