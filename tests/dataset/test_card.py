"""The numbers in the data card match the files."""

import re
from pathlib import Path

import pytest
from made_shared import SENDERS, make_shared, use_made_registry

from tkit.dataset import Dataset
from tkit.dataset.build import VERSION, build
from tkit.dataset.card import render_data_card, write_data_card
from tkit.dataset.columns import FILES, columns
from tkit.features import FEATURES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_made_registry(monkeypatch)
        folder = tmp_path_factory.mktemp("card")
        return build(make_shared(folder / "shared"), folder / "dataset")


@pytest.fixture
def card(made: Dataset, monkeypatch: pytest.MonkeyPatch) -> str:
    use_made_registry(monkeypatch)
    return render_data_card(made)


def test_sections_are_those_of_a_datasheet(card: str) -> None:
    headings = [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")]
    assert headings == [
        "Motivation",
        "Composition",
        "Collection process",
        "Preprocessing, cleaning, labelling",
        "Uses",
        "Distribution",
        "Maintenance",
        "Columns",
    ]
    assert "$" not in card


def test_numbers(card: str) -> None:
    assert f"Version {VERSION} of " in card
    assert "| dataset/references.parquet | 54 |" in card
    assert "There are\n54 of them in 27 of the 28 mails; 0 are in mails without a readable date." in card
    kinds = "ham 24, spam 1"
    assert f"| first | 25 | 24 | 48 | 18 | 2023 to 2024 | {kinds} | [nobody/nothing](https://github.com/nobody/nothing)" in card
    assert "| second | 3 | 3 | 6 | 2 | 2023 to 2024 | unwanted 3 |" in card
    assert f"| gold | {SENDERS + 1} | 0 | {SENDERS // 2 + 1} | 0 | 0 |" in card
    # Ham: 24 mails, one of each sender with gold labels. Unwanted: 3 mails, one labelled as a whole.
    assert f"| wanted | 24 | {SENDERS} | {SENDERS} | 0 | {SENDERS // 2} | 0 | 0 |" in card
    assert "| unwanted | 3 | 1 | 1 | 0 | 1 | 0 | 0 |" in card
    assert "2 gold labels of 1 mails have `full` set" in card
    assert "| unseen_corpus second | component and corpus |" in card
    assert f"| member | {SENDERS} | 0 | 0 | 0 | 0 |" in card
    # The six odd senders wrote in 2024, a gold tracker each; of the even ones a tracker, a logo and a member train, and the two
    # rows of the whole mail.
    assert re.search(r"\| by_time \| sent before 2024-01-01, or from then on \| 20 \| \d+ \| 6 \| 6 \|", card)
    assert f"There are {SENDERS} components." in card
    assert "in 100.0% and on tracker or not in 100.0% of the 19 rows that both labelled. 1 gold rows and 0 members" in card


def test_every_column_but_the_features_is_in_it(card: str, made: Dataset) -> None:
    features = {feature.name for feature in FEATURES}
    for name in FILES:
        for column in columns(name, made.description["lists"]):
            if column.name not in features:
                assert f"| {column.name} | {column.dtype} | {column.meaning} |" in card


def test_written_whole(made: Dataset, card: str, tmp_path: Path) -> None:
    write_data_card(made, tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text("utf-8") == card
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
