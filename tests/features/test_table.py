import gc
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from tkit.features import extract, extract_batches, feature_names
from tkit.mail import Message

HEAD = (
    b"From: News <news@shop.example>\nTo: anna@reader.example\nMessage-ID: <1@mailer.test>\n"
    b"List-Unsubscribe: <https://mailer.test/u>\nX-SG-EID: abc\nReceived: from a\nReceived: from b\n"
)


def table(html: str, head: bytes = HEAD) -> pd.DataFrame:
    return extract([Message.from_bytes(head + b"Content-Type: text/html; charset=utf-8\n\n" + html.encode())])


def one(html: str, head: bytes = HEAD) -> pd.Series:
    rows = table(html, head)
    assert len(rows) == 1
    return rows.iloc[0]


def test_columns_and_types() -> None:
    rows = table("<img src=http://a.example/x>")
    assert list(rows)[:7] == ["message_sha256", "part", "index", "carrier", "url", "resolved_url", "loaded_by"]
    assert list(rows)[7:] == feature_names("message")
    assert {str(rows[name].dtype) for name in feature_names("message")} == {"float32"}


def test_no_reference_no_row() -> None:
    rows = table("<p>Hello <img src=cid:logo> <a href=http://a.example/>there</a>")
    assert len(rows) == 0
    assert list(rows)[7:] == feature_names("message")


def test_a_typical_beacon() -> None:
    row = one(
        "<body><p>Hi</p><a href='https://shop.example/c/8d9f0a7b6c'>Shop</a>"
        "<img src='https://t.mailer.test/open/8d9f0a7b6c.gif?m=anna%40reader.example' width=1 height=1"
        " style='display:none'></body>"
    )
    expected = {
        "tiny": 1,
        "hidden": 1,
        "width": 1,
        "sides_given": 2,
        "alt_length": -1,
        "in_link": 0,
        "parent_body": 1,
        "place": 1,
        "marks_before": 1,
        "marks_after": 0,
        "links": 1,
        "references": 1,
        "repeats": 1,
        "name_open": 1,
        "path_open_track": 1,
        "extension_gif": 1,
        "token_in_links": 10,
        "token_links_share": 1,
        "own_token": 10,
        "token_excess": 10,
        "address_in_url": 1,
        "recipient_in_url": 1,
        "sender_same_domain": 0,
        "identity_same_domain": 1,
        "unsubscribe_same_domain": 1,
        "list_unsubscribe": 1,
        "service_headers": 1,
        "received": 2,
        "links_same_domain": 0,
        "html_parts": 1,
    }
    assert {name: row[name] for name in expected} == expected


def test_declared_size_is_the_least_that_is_given() -> None:
    row = one("<img src=http://a.example/x width=600 height='100%' style='width:2px;max-height:3px'>")
    expected = {
        "attr_width": 600,
        "attr_height": -1,
        "style_width": 2,
        "style_max_height": 3,
        "width": 2,
        "height": 3,
        "tiny": 1,
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("size", "tiny", "thin"), [("", 0, 0), ("width=3", 1, 0), ("width=3 height=40", 0, 1), ("width=4 height=4", 0, 0)]
)
def test_tiny_and_thin(size: str, tiny: int, thin: int) -> None:
    row = one(f"<img src=http://a.example/x {size}>")
    assert (row["tiny"], row["thin"]) == (tiny, thin)


def test_hidden_around() -> None:
    assert one("<div style='display:none'><p><img src=http://a.example/x></p></div>")["hidden_around"] == 1


def test_others_of_the_document() -> None:
    rows = table(
        "<a href=http://www.a.example/1>x</a>"
        "<img src=http://img.a.example/d/logo.png width=100 height=50>"
        "<img src=http://img.a.example/d/foot.png><img src=http://img.a.example/d/foot.png>"
        "<img src=http://b.example/p/77ab90cd width=1>"
    )
    assert rows["repeats"].tolist() == [1, 2, 2, 1]
    assert rows["references"].tolist() == [4] * 4
    assert rows["same_host"].tolist() == [1, 1, 1, 0]
    assert rows["same_host_share"].tolist() == [0.5, 0.5, 0.5, 0]
    assert rows["same_directory"].tolist() == [1, 1, 1, 0]
    assert rows["host_shows_pictures"].tolist() == [0, 1, 1, 0]
    assert rows["links_same_domain"].tolist() == [1, 1, 1, 0]
    assert rows["links_same_host"].tolist() == [0] * 4
    assert rows["tiny_others"].tolist() == [1, 1, 1, 0]
    assert rows["plain_others_share"].tolist() == [0.5, 0.5, 0.5, 1]
    assert rows["longest_token_others"].tolist() == [8, 8, 8, 0]
    assert rows["token_excess"].tolist() == [-8, -8, -8, 8]
    assert rows["own_token"].tolist() == [0, 0, 0, 8]
    assert rows["references_before"].tolist() == [0, 1, 2, 3]
    assert rows["links_after"].tolist() == [0] * 4


def test_local_references_count_in_the_place_only() -> None:
    rows = table("<img src=cid:a><a href=http://l.example/>x</a><img src=http://a.example/x><a href=http://l.example/>y</a>")
    row = rows.iloc[0]
    assert (row["marks_before"], row["marks_after"], row["references_before"], row["links_after"]) == (2, 1, 0, 1)


def test_shape_in_links() -> None:
    rows = table(
        "<a href=http://l.example/c/11aa22bb>x</a><a href=http://l.example/about>y</a>"
        "<img src=http://a.example/33cc44dd><img src=http://a.example/logo.png>"
    )
    assert rows["token_in_links"].tolist() == [0, 0]
    assert rows["shape_in_links"].tolist() == [8, 0]
    assert rows["shape_links_share"].tolist() == [0.5, 0]


def test_wrapped_url_is_judged_by_its_original() -> None:
    plain = one("<img src=http://a.example/open/8d9f0a7b6c.gif>")
    wrapped = one("<img src='https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://a.example/open/8d9f0a7b6c.gif'>")
    assert wrapped.iloc[6:].tolist() == plain.iloc[6:].tolist()


def test_batches_change_nothing() -> None:
    mails = [
        Message.from_bytes(HEAD + b"Content-Type: text/html\n\n" + (b"<img src=http://a%d.example/x%d>" % (n, n)) * (n % 7))
        for n in range(400)
    ]
    together = extract(mails)
    alone = pd.concat([extract([mail]) for mail in mails[:40]], ignore_index=True)
    pd.testing.assert_frame_equal(together.head(len(alone)), alone)
    assert np.isfinite(together[feature_names("message")].to_numpy()).all()


def test_batches_end_with_the_messages_too_and_the_collector_runs_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tkit.features.table.MESSAGES_AT_ONCE", 2)
    running: list[bool] = []

    def mails() -> Iterator[Message]:
        for number in range(3):
            running.append(gc.isenabled())
            yield Message.from_bytes(b"Content-Type: text/html\n\n<img src=http://a.example/%d>" % number)

    batches = extract_batches(mails())
    assert next(batches)["url"].tolist() == ["http://a.example/0", "http://a.example/1"]
    assert gc.isenabled()
    assert next(batches)["url"].tolist() == ["http://a.example/2"]
    assert running == [False] * 3
    assert list(batches) == []
    assert gc.isenabled()
