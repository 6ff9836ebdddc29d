from collections.abc import Iterator
from hashlib import sha256
from typing import cast

import numpy as np
import pandas as pd
import pytest
from made_detector import Decided

from tkit.arrays import Floats, Ints
from tkit.bundle import CARD_SECTIONS, UNIT, Bundle, IntegerLinear, Output, Question, render_card
from tkit.features import extract, feature_names
from tkit.features.table import ROWS_AT_ONCE
from tkit.mail import Message
from tkit.verdicts import scan
from tkit.verdicts.mails import COLUMNS


class Weighted(Decided):
    """A detector whose margins are weighted sums of features; above 0 is a yes."""

    def __init__(self, individual: dict[str, float], **weights: float) -> None:
        super().__init__()
        self.weights: dict[Question, dict[str, float]] = {"tracker": weights, "individual": individual}

    def contributions(self, rows: pd.DataFrame, question: Question = "tracker") -> pd.DataFrame:
        return pd.DataFrame({name: rows[name] * weight for name, weight in self.weights[question].items()}).astype(float)

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        return self.contributions(rows, question).sum(axis=1).round().to_numpy(np.int64)

    def scored(self, margins: Ints, question: Question) -> Floats:
        return 1 / (1 + np.exp(-margins / 10))


def mail(body: str, **headers: str) -> Message:
    head = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return Message.from_bytes(f"{head}Content-Type: text/html\n\n{body}".encode())


DOT = "<img src='http://t.example/open?id=b81e2c' width=1 height=1>"
MAP = "<img src='http://a.example/map' width=300 height=200 alt='Your map'>"
PHOTO = "<a href='http://a.example/'><img src='http://a.example/cat.jpg' width=300 height=200></a>"


class TestScan:
    BUNDLE = cast(
        Bundle,
        Weighted({"alt_length": 2, "tiny": 1, "in_link": -4}, tiny=10, path_open_track=5, in_link=-7, extension_photo=-3),
    )

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
        assert dot["reasons"] == ["declared 1 x 1 px", "open or track in the path"]
        assert photo["reasons"] == ["in a link", "no alternative text"]

    def test_the_third_verdict(self) -> None:
        dot, map_, photo = self.scanned(mail(DOT + MAP + PHOTO)).to_dict("records")
        assert [row["verdict"] for row in (dot, map_, photo)] == ["tracker", "personalised", "clean"]
        # Tracker: 10 + 5, 0, -7 - 3. Individual: 1 - 2 (no alt text), 2 for each of 8 characters of it, -4 - 2. Each by 10.
        expected = [(1.5, -0.1), (0.0, 1.6), (-1.0, -0.6)]
        for row, margins in zip((dot, map_, photo), expected, strict=True):
            assert (row["score"], row["individual_score"]) == pytest.approx([1 / (1 + np.exp(-margin)) for margin in margins])
        assert dot["reasons"] == ["declared 1 x 1 px", "open or track in the path"]
        assert map_["reasons"] == ["the alternative text has 8 characters"]
        assert photo["reasons"] == ["in a link", "no alternative text"]

    def test_one_url_has_one_verdict(self) -> None:
        small = MAP.replace("width=300 height=200 alt='Your map'", "width=1 height=1")
        found = self.scanned(mail(small + MAP), mail(small))
        assert found["verdict"].tolist() == ["personalised", "personalised", "tracker"]

    def test_provider_of_the_original_behind_a_proxy(self) -> None:
        wrapped = "https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://news.list-manage.com/track/open.php?u=1&id=2"
        found = self.scanned(mail(f"<img src='{wrapped}'>" + PHOTO))
        assert found["provider"].tolist() == ["Mailchimp", ""]
        assert found["resolved_url"].tolist()[0] == wrapped

    def test_nothing_of_nothing(self) -> None:
        assert list(scan([mail("<p>words"), mail("<img src='cid:1@example.com'>")], self.BUNDLE)) == []

    def test_column_types(self) -> None:
        types = self.scanned(mail(DOT)).dtypes
        assert [str(types[name]) for name in ("part", "index", "score", "individual_score")] == [
            "int32",
            "int32",
            "float64",
            "float64",
        ]
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
        weights = [{"tiny": 4.0, "in_link": -3.0}, {"tiny": 1.0, "in_link": 6.0}]
        models = [
            IntegerLinear(
                intercept=-UNIT,
                mean=(0.0,) * len(features),
                scale=(1.0,) * len(features),
                weight=tuple(weight.get(name, 0.0) for name in features),
            )
            for weight in weights
        ]
        rows = extract([mail(DOT)])
        bundle = Bundle(
            name="by hand",
            vantage="message",
            tracker=Output(models[0], 0, "by hand"),
            individual=Output(models[1], 0, "by hand"),
            training_sha256=sha256(b"").hexdigest(),
            seed=0,
            date="2025-01-01",
            card=render_card("By hand", dict.fromkeys(CARD_SECTIONS, "nothing")),
            replay=rows[features].to_numpy(np.float32),
        )
        (found,) = scan([mail(DOT + PHOTO)], bundle)
        # Margins: -1 + 4 log 2 and -1 - 3 log 2.
        assert found["score"].tolist() == pytest.approx([0.8548, 0.0440], abs=1e-4)
        # Margins: -1 + log 2 and -1 + 6 log 2.
        assert found["individual_score"].tolist() == pytest.approx([0.4239, 0.9593], abs=1e-4)
        assert found["verdict"].tolist() == ["tracker", "personalised"]
        assert found["reasons"].tolist() == [["declared 1 x 1 px"], ["in a link"]]
