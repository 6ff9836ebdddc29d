"""The metadata is valid Croissant, and a Croissant reader finds the tables by it."""

import json
import warnings
from itertools import islice

import pytest
from paths import ROOT

from tkit.dataset import read
from tkit.dataset.columns import FILES, columns
from tkit.dataset.croissant import croissant

FOLDER = ROOT / "data" / "dataset"


@pytest.fixture(scope="module")
def described() -> dict:
    return json.loads((FOLDER / "croissant.json").read_text("utf-8"))


def test_is_generated(described: dict) -> None:
    sizes = {name: (FOLDER / name).stat().st_size for name in FILES}
    assert described == croissant(read(FOLDER).description, sizes)


def test_every_column_is_described(described: dict) -> None:
    lists = read(FOLDER).description["lists"]
    for name, records in zip(FILES, described["recordSet"], strict=True):
        assert records["@id"] == name.removesuffix(".parquet")
        assert [field["name"] for field in records["field"]] == [column.name for column in columns(name, lists)]
        assert all(field["source"]["fileObject"] == {"@id": name} for field in records["field"])
    assert [file["contentUrl"] for file in described["distribution"]] == list(FILES)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_mlcroissant_reads_the_tables(caplog: pytest.LogCaptureFixture) -> None:
    import mlcroissant  # noqa: PLC0415  slow to import

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its reader of records warns of is its own
        found = mlcroissant.Dataset(jsonld=FOLDER / "croissant.json")
        metadata = found.metadata
        records = list(islice(found.records("splits"), 3))
    assert not metadata.ctx.issues.errors
    assert not metadata.ctx.issues.warnings
    assert not [record for record in caplog.records if "not standard" in record.message]
    expected = read(FOLDER).splits.head(3)
    for record, row in zip(records, expected.to_dict("records"), strict=True):
        value = record["splits/message_sha256"]
        assert (value.decode() if isinstance(value, bytes) else value) == row["message_sha256"]
        assert record["splits/unseen_kit_held"] == row["unseen_kit_held"]
