"""The descriptions of columns match the columns."""

import pyarrow as pa
import pytest

from tkit.dataset.columns import FILES, KEYS, TITLES, arrow_schema, columns
from tkit.features import FEATURES, KEY, feature_names


@pytest.mark.parametrize("file", FILES)
def test_names_are_different_and_described(file: str) -> None:
    found = columns(file, ["one", "two"])
    assert len({column.name for column in found}) == len(found)
    assert all(column.meaning for column in found)
    assert set(KEYS[file]) <= {column.name for column in found}
    assert file in TITLES


@pytest.mark.parametrize("file", FILES)
def test_types_are_arrow_s(file: str) -> None:
    schema = arrow_schema(file, ["one"])
    names = {"float": "float32", "double": "float64"}
    found = [names.get(str(field.type), str(field.type)) for field in schema]
    assert found == [column.dtype for column in columns(file, ["one"])]


def test_features_of_one_mail_are_in_references_after_the_rest() -> None:
    names = [column.name for column in columns("references.parquet", [])]
    of_mail = feature_names("message")
    assert names[-len(of_mail) :] == of_mail
    assert names[:3] == list(KEY)


def test_features_of_copies_have_a_table_of_their_own() -> None:
    names = [column.name for column in columns("campaigns.parquet", [])]
    assert names == [*KEY, *(feature.name for feature in FEATURES if feature.vantage == "campaign")]


def test_lists_are_columns_of_labels_alone() -> None:
    assert [column.name for column in columns("labels.parquet", ["one", "two"])[-2:]] == ["published_one", "published_two"]
    assert columns("splits.parquet", ["one"]) == columns("splits.parquet", [])
    assert arrow_schema("labels.parquet", ["one"]).field("published_one").type == pa.bool_()
