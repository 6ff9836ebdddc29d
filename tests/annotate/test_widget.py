import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="needs anywidget: pip install 'tkit[notebooks]'")

from tkit.annotate import Labeller
from tkit.annotate import widget as module

HTML = (
    "From: n@news.example\nSubject: secret\nContent-Type: text/html\n\n"
    "<img src='http://t.example/open?id=b81e2c90ff' width=1 height=1><img src=http://t.example/logo.png width=90 height=90>"
)
SOURCE = Path(module.__file__).parent


class Told(Labeller):
    """Keeps what is sent to the page."""

    def send(self, content: Any, buffers: Any = None) -> None:
        self.__dict__.setdefault("told", []).append(content)


@pytest.fixture
def labeller(tmp_path: Path) -> Told:
    (tmp_path / "mail.eml").write_text(HTML)
    return Told(tmp_path / "mail.eml", tmp_path / "labels.csv")


def press(labeller: Told, **content: object) -> dict[str, Any]:
    labeller._received(labeller, content, [])
    told: dict[str, Any] = json.loads(json.dumps(labeller.told[-1]))
    return told


def test_label_and_undo(labeller: Told, tmp_path: Path) -> None:
    shown = press(labeller, do="show")
    assert (shown["done"], shown["total"], shown["file"], shown["last"], shown["error"]) == (0, 2, "labels.csv", None, "")
    first = shown["question"]
    told = press(labeller, do="label", label="T", confidence=2, key=shown["key"])
    assert told["done"] == 1
    assert (told["last"]["label"], told["last"]["confidence"], told["last"]["url"]) == ("T", 2, first["url"])
    assert told["last"]["differs"] == (told["last"]["verdict"] != "tracker")
    undone = press(labeller, do="undo", key=told["key"])
    assert (undone["done"], undone["key"], undone["last"]) == (0, shown["key"], None)
    again = press(labeller, do="label", label="C", confidence=3, key=shown["key"])
    assert again["last"]["differs"] == (again["last"]["verdict"] != "clean")
    finished = press(labeller, do="label", label="U", confidence=3, key=again["key"])
    assert (finished["done"], finished["key"], finished["question"]) == (2, None, None)
    assert finished["last"]["differs"] is False
    assert Told(tmp_path / "mail.eml", tmp_path / "labels.csv").session.done == 2


def test_no_opinion_before_the_label(labeller: Told) -> None:
    shown = json.dumps(press(labeller, do="show"))
    assert not re.search("verdict|score|reasons|tracker|clean", shown.replace("open tracker", ""))


def test_a_key_for_another_reference_labels_nothing(labeller: Told) -> None:
    shown = press(labeller, do="show")
    press(labeller, do="label", label="T", confidence=3, key=shown["key"])
    assert press(labeller, do="label", label="T", confidence=3, key=shown["key"])["done"] == 1


@pytest.mark.parametrize("content", [{"label": 3}, {"label": "T", "confidence": "3"}, {"do": "drop"}, {}])
def test_what_the_page_never_sends_changes_nothing(labeller: Told, content: dict[str, object]) -> None:
    key = press(labeller, do="show")["key"]
    told = press(labeller, **{"do": "label", "key": key, **content})
    assert (told["done"], told["error"]) == (0, "")
    labeller._received(labeller, "text", [])
    assert labeller.session.done == 0


def test_an_error_is_told_and_nothing_given(labeller: Told, tmp_path: Path) -> None:
    key = press(labeller, do="show")["key"]
    assert "'X': give one of T P C S U" in press(labeller, do="label", label="X", confidence=3, key=key)["error"]
    (tmp_path / "labels.csv").write_text("changed")
    told = press(labeller, do="label", label="T", confidence=3, key=key)
    assert "changed by another program" in told["error"]
    assert told["done"] == 0


def test_the_widget_state_holds_nothing_of_the_mail(labeller: Told) -> None:
    press(labeller, do="show")
    state = json.dumps(labeller.get_state(), default=str)
    assert "secret" not in state
    assert "t.example" not in state
    assert "t.example" not in json.dumps(labeller._repr_mimebundle_())


def test_the_page_makes_no_markup_and_names_no_address() -> None:
    script, sheet = ((SOURCE / name).read_text("utf-8") for name in ("widget.js", "widget.css"))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|eval|setHTML|fetch|import\b|https?:", script
    )
    assert set(re.findall(r'make\("(\w+)"', script)) == {
        *("div", "span", "button", "kbd", "b", "section", "ul", "li", "h4", "pre", "mark"),
    }
    assert not re.search(r"url\(|@import|https?:", sheet)
