"""The files in data/ and notebooks/ contain no email address, no text of a mail, no URL from a mail and no query."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from paths import ROOT

from tkit.dataset import load_dataset, read
from tkit.dataset.card import render_data_card
from tkit.dataset.columns import FILES, TITLES
from tkit.dataset.privacy import LONGEST_VALUE, addresses, texts, urls
from tkit.dataset.verify import verify
from tkit.labels.sources import SOURCES

DATA = ROOT / "data"
DATASET = DATA / "dataset"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAMPLES = sorted((DATA / "sample").glob("*.eml"))
SUFFIXES_OF_TEXT = (".md", ".json", ".txt", ".csv", "")
FILES_OF_TEXT = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix in SUFFIXES_OF_TEXT)
# Pages of standards and licences, the corpora's homes, and the name spaces of formats.
PAGES = ("github.com", "creativecommons.org", "schema.org", "mlcommons.org", "purl.org", "www.w3.org", "matplotlib.org")
# Names that are written as words.
NAMED = {"provider", "declared_size"}
# Names of label sources, joined by spaces.
JOINED = {"sources", "against"}


def outputs(path: Path) -> Iterator[str]:
    """Yield every text in a notebook: sources, prints, tables, drawings and stored widgets."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            yield json.dumps(output)
            for kind, value in output.get("data", {}).items():
                if kind.startswith("image/") and kind != "image/svg+xml":
                    yield base64.b64decode("".join(value)).decode("latin-1")
    yield json.dumps(notebook["metadata"])


def test_everything_under_data_is_looked_at() -> None:
    tables = [DATASET / name for name in FILES]
    looked_at = {*FILES_OF_TEXT, *SAMPLES, *tables}
    assert {path for path in DATA.rglob("*") if path.is_file()} == looked_at


@pytest.mark.parametrize("name", FILES)
def test_every_column_holds_numbers_or_codes(name: str) -> None:
    table = pq.read_table(DATASET / name)
    assert table.schema.metadata is None
    for column in table.column_names:
        values = [value for value in table[column].unique().to_pylist() if isinstance(value, str)]
        if column in JOINED:
            values = sorted({name for value in values for name in value.split(" ")})
            assert set(values) <= {"", *(source.name for source in SOURCES)}
        kinds = {type(value) for value in table[column].unique().to_pylist()} - {type(None)}
        assert not kinds & {bytes, list, dict}, column
        assert not addresses("\n".join(values)), column
        assert not urls("\n".join(values)), column
        assert not [value for value in values if len(value) > LONGEST_VALUE], column
        if column not in NAMED:
            assert texts(values) == [], column


@pytest.mark.parametrize("path", FILES_OF_TEXT, ids=lambda path: path.name)
def test_texts_hold_no_address_and_no_url_out_of_a_mail(path: Path) -> None:
    text = path.read_text("utf-8")
    assert addresses(text) == []
    assert urls(text, PAGES) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_hold_no_address_and_no_url_out_of_a_mail(path: Path) -> None:
    for text in outputs(path):
        assert addresses(text) == []
        assert urls(text, PAGES) == []


def test_sample_mails_use_reserved_names_only() -> None:
    assert SAMPLES
    for path in SAMPLES:
        assert (path.name, addresses(path.read_bytes().decode("latin-1"))) == (path.name, [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_executed_small_and_thin(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text) < 300_000
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    for cell in cells:
        source = "".join(cell["source"])
        assert not re.search(r"^\s*(?:def|class) ", source, re.MULTILINE)
        assert not re.search(r"^[A-Z_]+ = ", source, re.MULTILINE)


def test_the_dataset_is_sound() -> None:
    """All checks of `tkit dataset verify` except the rebuilding, which takes minutes."""
    checks = verify(DATASET, card=DATA / "README.md")
    assert {check.name: check.found for check in checks if not check.holds} == {}
    assert [check.name for check in checks][-2:] == ["croissant.json", "data card"]


def test_the_card_is_generated() -> None:
    assert (DATA / "README.md").read_text("utf-8") == render_data_card(read(DATASET))


def test_load_dataset_gives_the_committed_one() -> None:
    dataset = load_dataset()
    assert dataset.digest() == read(DATASET).digest()
    assert set(TITLES) == set(dataset.description["sha256"])
    rows = dataset.rows()
    assert set(rows["source"]) == {"gold", "member"}
    assert rows["listed"].dtype == bool
    assert len(rows) == sum(dataset.description["labels"][source] for source in ("gold", "member"))
