"""Each check of a dataset finds its fault; the other checks hold, except checksums and metadata."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_shared import make_shared, sha, use_made_registry

from tkit.dataset import read
from tkit.dataset import verify as verify_module
from tkit.dataset.build import build
from tkit.dataset.card import write_data_card
from tkit.dataset.columns import arrow_schema
from tkit.dataset.verify import ALL_FILES, SUMS, verify
from tkit.errors import TkitError

NAMES = ["checksums", "columns", "no text", "messages", "keys", "joins", "counts", "splits", "croissant.json"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_made_registry(monkeypatch)
        folder = tmp_path_factory.mktemp("made")
        shared = make_shared(folder / "shared")
        build(shared, folder / "dataset")
    return shared, folder / "dataset"


@pytest.fixture
def copy(made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_made_registry(monkeypatch)
    return shutil.copytree(made[1], tmp_path / "dataset")


def failed(folder: Path, **options: object) -> dict[str, str]:
    return {check.name: check.found for check in verify(folder, **options) if not check.holds}  # type: ignore[arg-type]


def rewrite(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a table, and adapt dataset.json and the checksums to it."""
    description = json.loads((folder / "dataset.json").read_text("utf-8"))
    frame = change(pq.read_table(folder / name).to_pandas())
    table = pa.Table.from_pandas(frame, arrow_schema(name, description["lists"]), preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), folder / name)
    description["sha256"][name] = sha((folder / name).read_bytes())
    (folder / "dataset.json").write_text(json.dumps(description), "utf-8")
    sums = "".join(f"{sha((folder / file).read_bytes())}  {file}\n" for file in ALL_FILES)
    (folder / SUMS).write_text(sums, "utf-8")


def test_a_sound_dataset_holds(copy: Path) -> None:
    checks = verify(copy)
    assert [check.name for check in checks] == NAMES
    assert all(check.holds for check in checks)
    found = {check.name: check.found for check in checks}
    assert found["joins"] == f"{len(read(copy).labels)} labels to 54 references to 28 messages"


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match=r"no dataset\.json"):
        verify(tmp_path)


class TestFiles:
    def test_changed_byte(self, copy: Path) -> None:
        path = copy / "labels.parquet"
        path.write_bytes(path.read_bytes() + b"\0")
        found = failed(copy)
        assert found["checksums"] == "the bytes of labels.parquet do not match"
        assert "labels.parquet" in found["files can be read"] or "labels.parquet" in found["columns"]

    def test_missing_unknown_and_unnamed(self, copy: Path) -> None:
        (copy / "croissant.json").unlink()
        (copy / "mails.mbox").write_text("From x\n")
        (copy / SUMS).write_text((copy / SUMS).read_text().replace("dataset.json", "other.json"))
        found = failed(copy)
        assert found["checksums"] == (
            "SHA256SUMS does not name dataset.json; croissant.json is missing; mails.mbox does not belong here"
        )
        assert found["croissant.json"].startswith("cannot be read")

    def test_checksums_that_are_no_text(self, copy: Path) -> None:
        (copy / SUMS).write_bytes(b"\xff\n")
        assert "SHA256SUMS does not name dataset.json" in failed(copy)["checksums"]

    def test_no_parquet(self, copy: Path) -> None:
        (copy / "splits.parquet").write_text("no table")
        assert "splits.parquet is not a Parquet file" in failed(copy)["columns"]

    def test_column_that_is_not_documented(self, copy: Path) -> None:
        table = pq.read_table(copy / "messages.parquet")
        pq.write_table(table.append_column("subject", pa.array(["Sale"] * len(table))), copy / "messages.parquet")
        assert failed(copy)["columns"] == ("messages.parquet has pyarrow.Field<subject: string> where nothing is documented")

    def test_metadata_of_other_files(self, copy: Path) -> None:
        metadata = json.loads((copy / "croissant.json").read_text("utf-8"))
        (copy / "croissant.json").write_text(json.dumps(metadata | {"version": "9.9.9"}), "utf-8")
        assert failed(copy)["croissant.json"] == "does not match the files and dataset.json"

    def test_metadata_that_mlcroissant_refuses(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        metadata = json.loads((copy / "croissant.json").read_text("utf-8"))
        metadata["recordSet"][0]["field"][0]["source"]["fileObject"]["@id"] = "nothing.parquet"
        (copy / "croissant.json").write_text(json.dumps(metadata), "utf-8")
        monkeypatch.setattr(verify_module, "croissant", lambda description, sizes: metadata)
        assert "nothing.parquet" in failed(copy)["croissant.json"]


def with_value(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Put a value into a column's first row."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[0], column] = value
        return frame

    return change


@pytest.mark.parametrize(
    ("table", "change", "check", "found"),
    [
        ("splits.parquet", lambda rows: pd.concat([rows, rows[:1]]), "keys", "splits.parquet: 1 duplicate keys, 0 null keys"),
        ("references.parquet", lambda rows: rows[1:], "joins", "messages.parquet has a wrong count of references"),
        ("messages.parquet", lambda rows: rows[rows["references"] == 0], "joins", "a reference has no message"),
        ("labels.parquet", with_value("index", 44), "joins", "a label has no reference"),
        ("splits.parquet", lambda rows: rows[::-1], "joins", "splits.parquet does not list the labels in their order"),
        (
            "campaigns.parquet",
            lambda rows: rows[::-1],
            "joins",
            "campaigns.parquet does not list the references in their order",
        ),
        (
            "references.parquet",
            with_value("corpus", "second"),
            "joins",
            "a reference differs from its message in corpus or day",
        ),
        ("labels.parquet", with_value("sender_key", "0" * 16), "joins", "a label differs from its message in the sender"),
        ("labels.parquet", lambda rows: rows.assign(source="gold"), "counts", "dataset.json: labels"),
        ("messages.parquet", with_value("message_sha256", "0" * 64), "messages", "first: not the registry's 25 messages"),
        ("splits.parquet", lambda rows: rows.assign(unseen_kit_held=0), "splits", "unseen_kit 0: "),
        ("splits.parquet", lambda rows: rows.assign(by_time="train"), "splits", "by_time"),
        ("splits.parquet", with_value("unseen_sender", -1), "splits", "the folds do not test every gold row exactly once"),
        ("references.parquet", with_value("host_domain", "corp.com/o.gif?u=1"), "no text", "references.parquet: host_domain"),
        ("references.parquet", with_value("provider", "a@corp.com"), "no text", "references.parquet: provider"),
        ("references.parquet", with_value("carrier", "Dear reader"), "no text", "references.parquet: carrier"),
        ("messages.parquet", with_value("sender_key", "shop0.example"), "no text", "messages.parquet: sender_key"),
        ("messages.parquet", with_value("kind", "eggs"), "no text", "messages.parquet: kind"),
        ("labels.parquet", with_value("label", "X"), "no text", "labels.parquet: label"),
    ],
)
def test_a_fault_is_found(
    copy: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame], check: str, found: str
) -> None:
    rewrite(copy, table, change)
    wrong = failed(copy)
    assert "checksums" not in wrong
    assert found in wrong[check]


class TestCard:
    def test_of_these_files(self, copy: Path, tmp_path: Path) -> None:
        write_data_card(read(copy), tmp_path / "README.md")
        assert failed(copy, card=tmp_path / "README.md") == {}

    def test_of_others(self, copy: Path, tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("54 references")
        assert "README.md does not match the files" in failed(copy, card=tmp_path / "README.md")["data card"]
        assert "No such file" in failed(copy, card=tmp_path / "none.md")["data card"]


class TestRebuild:
    def test_from_mails_labels_and_lists(self, made: tuple[Path, Path], copy: Path) -> None:
        checks = verify(copy, made[0])
        assert (checks[-1].holds, checks[-1].found) == (True, "byte for byte from the mails, label files and lists")

    def test_from_mails_alone(self, made: tuple[Path, Path], copy: Path, tmp_path: Path) -> None:
        shutil.copytree(made[0] / "corpora", tmp_path / "raw" / "corpora")
        checks = verify(copy, tmp_path / "raw")
        assert (checks[-1].holds, checks[-1].found) == (True, "byte for byte from the mails, with the dataset's own labels")

    def test_other_values(self, made: tuple[Path, Path], copy: Path) -> None:
        rewrite(copy, "references.parquet", with_value("own_token", 99.0))
        assert failed(copy, shared=made[0])["rebuilt"].startswith("references.parquet differs")
