from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tkit.bundle import CARD_SECTIONS, UNIT, Bundle, IntegerLinear, render_card
from tkit.errors import TkitError
from tkit.features import FEATURES, Feature, extract, feature_names
from tkit.features.table import ROWS_AT_ONCE
from tkit.features.words import MAX_REASONS, WORDS, reason, reasons
from tkit.mail import Message
from tkit.verdicts import scan
from tkit.verdicts.mails import COLUMNS

SHARE_LIKE = st.floats(min_value=-1, max_value=1e9, allow_nan=False, width=32)


class Weighted:
    """A detector whose margin is a weighted sum of features; above 0 is a tracker."""

    name, vantage, threshold, threshold_score = "weighted", "message", 0, 0.5

    def __init__(self, **weights: float) -> None:
        self.weights = weights

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({name: rows[name] * weight for name, weight in self.weights.items()}).astype(float)

    def margins(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        return self.contributions(rows).sum(axis=1).round().to_numpy(np.int64)

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-self.margins(rows) / 10))

    def verdicts(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        return self.margins(rows) > 0


def mail(body: str, **headers: str) -> Message:
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return Message.from_bytes(f"{head}Content-Type: text/html\n\n{body}".encode())


DOT = "<img src='http://t.example/open?id=b81e2c' width=1 height=1>"
PHOTO = "<a href='http://a.example/'><img src='http://a.example/cat.jpg' width=300 height=200></a>"


class TestScan:
    BUNDLE = Weighted(tiny=10, path_open_track=5, in_link=-7, extension_photo=-3)

    def scanned(self, *messages: Message) -> pd.DataFrame:
        return pd.concat(list(scan(messages, self.BUNDLE)), ignore_index=True)

    def test_one_row_a_remote_reference(self) -> None:
        message = mail(DOT + PHOTO + "<img src='cid:logo@example.com'>")
        found = self.scanned(message)
        assert tuple(found.columns) == COLUMNS
        assert found[["part", "index", "carrier"]].values.tolist() == [[0, 0, "img-src"], [0, 1, "img-src"]]
        assert found["message_sha256"].tolist() == [message.message_sha256] * 2
        assert found["url"].tolist() == ["http://t.example/open?id=b81e2c", "http://a.example/cat.jpg"]
        assert found["vantage"].tolist() == ["message", "message"]

    def test_verdict_score_and_reasons(self) -> None:
        dot, photo = self.scanned(mail(DOT + PHOTO)).to_dict("records")
        assert (dot["verdict"], photo["verdict"]) == ("tracker", "clean")
        assert dot["score"] == pytest.approx(1 / (1 + np.exp(-1.5)))  # (10 + 5) / 10
        assert photo["score"] == pytest.approx(1 / (1 + np.exp(1.0)))  # (-7 - 3) / 10
        assert dot["reasons"] == ["declared 1 x 1 px", "the path says open or track"]
        assert photo["reasons"] == ["in a link", "named as a photo"]

    def test_provider_of_the_original_behind_a_proxy(self) -> None:
        wrapped = "https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://news.list-manage.com/track/open.php?u=1&id=2"
        found = self.scanned(mail(f"<img src='{wrapped}'>" + PHOTO))
        assert found["provider"].tolist() == ["Mailchimp", ""]
        assert found["resolved_url"].tolist()[0] == wrapped

    def test_nothing_of_nothing(self) -> None:
        assert list(scan([mail("<p>words"), mail("<img src='cid:1@example.com'>")], self.BUNDLE)) == []

    def test_column_types(self) -> None:
        types = self.scanned(mail(DOT)).dtypes
        assert [str(types[name]) for name in ("part", "index", "score")] == ["int32", "int32", "float64"]
        assert str(types["reasons"]) == "object"
        texts = ("message_sha256", "carrier", "url", "resolved_url", "vantage", "verdict", "provider")
        assert {str(types[name]) for name in texts} == {"str"}

    def test_reads_as_it_judges(self) -> None:
        read = 0

        def messages() -> Iterator[Message]:
            nonlocal read
            for number in range(3):
                read += 1
                yield mail(DOT * ROWS_AT_ONCE, Subject=f"mail {number}")

        batches = scan(messages(), self.BUNDLE)
        assert len(next(batches)) == ROWS_AT_ONCE
        assert read == 1

    def test_a_real_bundle(self) -> None:
        features = feature_names("message")
        weight = dict.fromkeys(features, 0.0) | {"tiny": 4.0, "in_link": -3.0}
        rows = extract([mail(DOT)])
        bundle = Bundle(
            name="by hand",
            vantage="message",
            model=IntegerLinear(
                intercept=-UNIT,
                mean=(0.0,) * len(features),
                scale=(1.0,) * len(features),
                weight=tuple(weight[name] for name in features),
            ),
            threshold=0,
            threshold_chosen="by hand",
            training_sha256=sha256(b"").hexdigest(),
            seed=0,
            date="2025-01-01",
            card=render_card("By hand", dict.fromkeys(CARD_SECTIONS, "nothing")),
            replay=rows[features].to_numpy(np.float32),
        )
        (found,) = scan([mail(DOT + PHOTO)], bundle)
        # Margins: -1 + 4 log 2 and -1 - 3 log 2.
        assert found["score"].tolist() == pytest.approx([0.8548, 0.0440], abs=1e-4)
        assert found["reasons"].tolist() == [["declared 1 x 1 px"], ["in a link"]]


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
            ["its 34-character token is in no other picture", "hidden by its style", "not in a link"]
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
        assert reasons(rows, weights, [True]) == [["no other picture comes from its server", "loaded over https"]]

    @given(st.lists(st.floats(-9, 9), min_size=4, max_size=4), st.booleans())
    def test_never_more_than_three(self, weights: list[float], towards: bool) -> None:
        names = ["https", "hidden", "in_link", "depth"]
        rows = self.rows(**{name: [1.0] for name in names})
        (found,) = reasons(rows, pd.DataFrame([weights], columns=names), [towards])
        helping = sum(weight > 0 if towards else weight < 0 for weight in weights)
        assert len(found) == min(helping, MAX_REASONS)


class TestReason:
    def test_words_for_the_features_and_no_others(self) -> None:
        assert sorted(WORDS) == sorted(feature.name for feature in FEATURES)

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
            ("url_length", 1234, "its URL is 1,234 characters long"),
            ("query_parameters", 1, "its URL carries 1 parameter"),
            ("style_properties", 1, "its style sets 1 property"),
            ("style_properties", 3, "its style sets 3 properties"),
            ("token_entropy", 4.1999998, "its longest token carries 4.2 bits a character"),
            ("same_host_share", 0.25, "25% of the other pictures come from its server"),
            ("same_host_share", 0.001, "under 1% of the other pictures come from its server"),
            ("width", 0, "declared 0 px wide"),
            ("width", -1, "no width declared"),
            ("alt_length", 0, "its alternative text is empty"),
            ("alt_length", -1, "it has no alternative text"),
            ("token_excess", -1, "its token is 1 character shorter than those of the other pictures"),
            ("token_excess", 0, "its token is as long as those of the other pictures"),
            ("place", 1, "last of the mail's links and pictures"),
            ("place", 0, "first of the mail's links and pictures"),
            ("repeats", 1, "the mail loads its URL once"),
            ("sides_given", 1, "only one of width and height declared"),
            ("in_link", 0, "not in a link"),
            ("path_open_track", 1, "the path says open or track"),
        ],
    )
    def test_wording(self, name: str, value: float, phrase: str) -> None:
        assert reason(name, value) == phrase

    def test_unknown_feature(self) -> None:
        with pytest.raises(TkitError, match="no feature 'colour' to word"):
            reason("colour", 1)

    @given(st.sampled_from([feature.name for feature in FEATURES]), SHARE_LIKE)
    def test_any_value_has_words(self, name: str, value: float) -> None:
        assert not set("{}") & set(reason(name, value))
