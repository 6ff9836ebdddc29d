"""What is committed under data/ and notebooks/ holds no address, no text of a mail and no URL's query."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
QUERY = re.compile(r"https?://[^\s\"'<>]+\?[^\s\"'<>]+")
# Names that nobody can own: RFC 2606, RFC 6761.
RESERVED = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost)(?:\.(?:com|net|org))?\Z", re.IGNORECASE)
PICTURE = re.compile(r"\dx\.(?:png|jpg|webp|gif)\Z")  # logo@2x.png
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEXT_COLUMNS = {
    "references.parquet": {"message_sha256", "carrier", "corpus", "host_domain"},
    "labels.parquet": {"message_sha256", "label", "first", "second", "source", "stratum", "sender_key"},
}


@pytest.mark.parametrize("name", TEXT_COLUMNS)
def test_the_dataset_holds_no_text_but_the_documented(name: str) -> None:
    frame = pd.read_parquet(ROOT / "data" / "dataset" / name)
    text = {
        column for column in frame if frame[column].dtype.kind not in "biufM" and "datetime" not in str(frame[column].dtype)
    }
    assert text == TEXT_COLUMNS[name]
    for column in text:
        values = frame[column].dropna().unique()
        assert not [value for value in values if ADDRESS.search(value) or "/" in value or " " in value or len(value) > 90]


def test_sample_mails_use_reserved_names_only() -> None:
    found = set()
    for path in sorted((ROOT / "data" / "sample").glob("*.eml")):
        for address in ADDRESS.findall(path.read_bytes().decode("latin-1")):
            host = address.rpartition("@")[2].strip(".")
            if not RESERVED.search(host) and not PICTURE.match(host):
                found.add((path.name, host))
    assert found == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_executed_small_and_clean(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text) < 300_000
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert not ADDRESS.search(text)
    assert not QUERY.search(text)
    for cell in cells:
        source = "".join(cell["source"])
        assert not re.search(r"^\s*(?:def|class) ", source, re.MULTILINE)
        assert not re.search(r"^[A-Z_]+ = ", source, re.MULTILINE)
