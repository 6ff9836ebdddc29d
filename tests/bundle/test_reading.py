"""Tests of tkit.bundle.reading: everything that load refuses."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_bundle import FEATURES, THREE, made, url_rows

from tkit.bundle import MAX_BYTES, Bundle
from tkit.bundle.learnt import LinearSum
from tkit.errors import TkitError


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "url"
    made().save(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Return a copy of the saved bundle to break."""
    return Path(shutil.copytree(saved, tmp_path / "url"))


MANY, HTTPS = len(FEATURES), FEATURES.index("https")
THIRTY, SIXTY = (
    {"margin": margin, "score": 1 / (1 + math.exp(-margin / 65536)), "chosen": "by hand"} for margin in (30_000, 60_000)
)


def change(path: Path, keys: tuple[Any, ...], value: Any) -> None:
    """Set one place of a JSON file."""
    whole = json.loads(path.read_text())
    place = whole
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(whole))


@pytest.mark.parametrize(
    ("name", "keys", "value", "message"),
    [
        ("schema.json", ("format",), 1, "format 1, this tkit reads 2: make the bundle again"),
        ("schema.json", ("feature_version",), 0, "feature_version 0, this tkit computes version"),
        ("schema.json", ("vantage",), "server", "vantage 'server': this tkit knows url, element, message"),
        ("schema.json", ("vantage",), "element", "missing: alt_length, attr_height"),
        ("schema.json", ("features", 3, "name"), "path", "missing: query_length; unknown: path;"),
        ("schema.json", ("features", 3, "dtype"), "float64", "order, dtype and absent must be those"),
        ("schema.json", ("features", 3, "absent"), -1, "order, dtype and absent must be those"),
        ("schema.json", ("features", 3), {}, "feature 3: missing fields: name, dtype, absent"),
        ("schema.json", ("features", 3, "name"), 3, "3 is not of type str"),
        ("schema.json", ("features",), "all", "features: 'all' is not of type list"),
        ("schema.json", ("author",), "me", "unknown: author"),
        ("schema.json", ("seed",), 1.5, "seed: 1.5 is not a whole number"),
        ("schema.json", ("seed",), True, "seed: True is not a whole number"),
        ("schema.json", ("date",), "today", "date 'today': give a day"),
        ("schema.json", ("date",), None, "date: None is not of type str"),
        ("schema.json", ("name",), "", "name is empty"),
        ("schema.json", ("tkit_version",), " ", "tkit_version is empty"),
        ("schema.json", ("training_sha256",), "F" * 64, "training_sha256 'F+': give 64 hexadecimal"),
        (
            "schema.json",
            ("thresholds", "tracker", "margin"),
            2**60,
            "tracker threshold: 1152921504606846976 is not a whole number",
        ),
        ("schema.json", ("thresholds", "individual", "margin"), 2.0, "individual threshold: 2.0 is not a whole number"),
        ("schema.json", ("thresholds", "individual"), None, "individual threshold: not a JSON object but None"),
        ("schema.json", ("thresholds",), {}, "thresholds: missing fields: tracker, individual; unknown: none"),
        ("schema.json", ("thresholds", "mine"), THIRTY, "thresholds: missing fields: none; unknown: mine"),
        (
            "schema.json",
            ("thresholds", "individual", "margin"),
            -1,
            "individual threshold of -1 units is a score of .*, not 0.5",
        ),
        ("schema.json", ("thresholds", "tracker", "margin"), 1, "tracker threshold of 1 units is a score of .*, not 0.5"),
        ("schema.json", ("thresholds", "tracker"), THIRTY, r"vectors\.jsonl, line 2: verdict 'tracker', but .* give 'clean'"),
        (
            "schema.json",
            ("thresholds", "individual"),
            SIXTY,
            r"vectors\.jsonl, line 1: verdict 'personalised', but .* give 'clean'",
        ),
        ("schema.json", ("thresholds", "tracker", "score"), 10**400, "threshold: 10+ is not a whole number"),
        ("schema.json", ("thresholds", "tracker", "chosen"), "", "how the tracker threshold was chosen is empty"),
        ("schema.json", ("thresholds", "individual", "chosen"), " ", "how the individual threshold was chosen is empty"),
        ("tracker.json", ("kind",), "network", "kind 'network': this tkit reads trees and linear"),
        ("tracker.json", ("link",), "probit", "link 'probit': known are identity and logistic"),
        ("tracker.json", ("unit",), 1000, "1000 units in 1, this tkit reads 65536"),
        ("tracker.json", ("intercept",), 0.5, "0.5 is not a whole number"),
        ("tracker.json", ("intercept",), 8193, "vectors.jsonl, line 1: tracker margin -24576, .* gives a margin of -24575"),
        (
            "individual.json",
            ("intercept",),
            16383,
            "vectors.jsonl, line 1: individual margin 49152, .* gives a margin of 49151",
        ),
        ("individual.json", ("kind",), "network", "individual.json: kind 'network': this tkit reads trees and linear"),
        ("individual.json", ("trees", 0, "left", 0), 0, "individual.json: tree 0, node 0: children 0 and 2 of 3 nodes"),
        ("tracker.json", ("intercept",), 2**24, "which float32 cannot add exactly"),
        ("tracker.json", ("trees",), [], "0 trees of 0 nodes"),
        ("tracker.json", ("trees",), {}, "{} is not of type list"),
        ("tracker.json", ("trees", 0), [], r"tree 0: not a JSON object but \[\]"),
        ("tracker.json", ("trees", 0, "weight"), [], "tree 0: missing fields: none; unknown: weight"),
        ("tracker.json", ("trees", 0, "left"), [1], "tree 0: arrays of .* nodes: give arrays of equal length"),
        ("tracker.json", ("trees", 0, "feature", 0), MANY, f"tree 0, node 0: feature {MANY} of {MANY}"),
        ("tracker.json", ("trees", 0, "feature", 0), -1, f"tree 0, node 0: feature -1 of {MANY}"),
        ("tracker.json", ("trees", 0, "feature", 1), 0, "tree 0, node 1: children -1 and -1 of 5 nodes"),
        ("tracker.json", ("trees", 0, "feature", 1), "0", "tree 0, feature: '0' is not a whole number"),
        ("tracker.json", ("trees", 0, "threshold", 0), 0.1, "node 0: threshold 0.1 is not a float32"),
        ("tracker.json", ("trees", 0, "threshold", 0), 1e300, r"node 0: threshold 1e\+300 is not a float32"),
        ("tracker.json", ("trees", 0, "left", 2), 2, "node 2: children 2 and 4 of 5 nodes: each child comes after"),
        ("tracker.json", ("trees", 0, "left", 2), 0, "node 2: children 0 and 4 of 5 nodes"),
        ("tracker.json", ("trees", 0, "right", 2), 5, "node 2: children 3 and 5 of 5 nodes"),
        ("tracker.json", ("trees", 0, "right", 0), 3, "node 2: child of 0 nodes"),
        ("tracker.json", ("trees", 0, "left", 2), 1, "node 2: children 1 and 4 of 5 nodes"),
        ("tracker.json", ("trees", 0, "value", 2), 65537, "node 2: value 65537 is not a mean of its children's"),
        ("tracker.json", ("trees", 0, "value", 4), 65537, "vectors.jsonl, line 3"),
    ],
)
def test_changed_files_are_refused(folder: Path, name: str, keys: tuple[Any, ...], value: Any, message: str) -> None:
    change(folder / name, keys, value)
    with pytest.raises(TkitError, match=rf"^bundle \S+: .*{message}"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("weight",), [0.0] * (MANY - 1), f"{MANY - 1} numbers in weight for {MANY} features"),
        (("mean", 3), None, "mean: None is not a finite number"),
        (("scale", 3), 0, "a scale is not positive"),
        (("scale", HTTPS), 1e-300, "margins reach .*, which float64 cannot add exactly"),
        (("transform",), "log10(x)", "transform 'log10"),
        (("link",), "identity", "link 'identity'"),
        (("unit",), 1, "1 units in 1"),
        (("bias",), 1, "unknown: bias"),
        (("intercept",), 2, "vectors.jsonl, line 1: tracker margin 0, .* gives a margin of 2:"),
    ],
)
def test_changed_linear_models_are_refused(tmp_path: Path, keys: tuple[Any, ...], value: Any, message: str) -> None:
    made(LinearSum(0.0, np.zeros(MANY), np.ones(MANY), np.eye(MANY)[HTTPS])).save(tmp_path / "url")
    change(tmp_path / "url" / "tracker.json", keys, value)
    with pytest.raises(TkitError, match=message):
        Bundle.load(tmp_path / "url")


def test_linear_margins_may_differ_by_a_unit_of_rounding(tmp_path: Path) -> None:
    made(LinearSum(0.0, np.zeros(MANY), np.ones(MANY), np.eye(MANY)[HTTPS])).save(tmp_path / "url")
    change(tmp_path / "url" / "tracker.json", ("intercept",), 1)
    assert Bundle.load(tmp_path / "url").margins(url_rows(https=[0])).tolist() == [1]


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("features", "https"), 1e40, "line 2: https is 1e\\+40, which is not a float32"),
        (("features", "https"), 0.1, "line 2: https is 0.1, which is not a float32"),
        (("features", "https"), "yes", "line 2: https: 'yes' is not a finite number"),
        (("features", "http"), 1, "line 2: features: missing fields: none; unknown: http"),
        (("features",), {}, "line 2: features: missing fields: url_length, "),
        (("tracker", "margin"), 24577, "line 2: tracker margin 24577, .* gives a margin of 24576"),
        (("tracker", "score"), 0.5, "line 2: tracker margin 24576, score 0.5"),
        (("tracker", "score"), 1e999, "line 2: not strict JSON|line 2: tracker score: inf is not a finite number"),
        (("individual", "margin"), 1, "line 2: individual margin 1, .* gives a margin of -32768"),
        (("individual", "score"), 0.5, "line 2: individual margin -32768, score 0.5"),
        (("individual",), {}, "line 2: individual: missing fields: margin, score"),
        (("verdict",), "clean", "line 2: verdict 'clean', but the thresholds give 'tracker'"),
        (("verdict",), "innocent", "line 2: verdict 'innocent', but the thresholds give 'tracker'"),
        (("verdict",), True, "line 2: verdict: True is not of type str"),
    ],
)
def test_vectors_that_do_not_replay_are_refused(folder: Path, keys: tuple[Any, ...], value: Any, message: str) -> None:
    path = folder / "vectors.jsonl"
    lines = path.read_text().splitlines()
    path.write_text(lines[1])
    change(path, keys, value)
    lines[1] = path.read_text()
    path.write_text("\n".join(lines))
    with pytest.raises(TkitError, match=f"vectors.jsonl, {message}"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tracker.json", b"", "tracker.json: not strict JSON"),
        ("tracker.json", b'{"kind": NaN}', "tracker.json: not strict JSON .NaN is not a JSON number"),
        ("tracker.json", b"[-Infinity]", "-Infinity is not a JSON number"),
        ("tracker.json", b'{"kind": "trees", "kind": "linear"}', "a duplicate key among kind, kind"),
        ("tracker.json", b"[" * 100_000, "tracker.json: not strict JSON"),
        ("tracker.json", b"9" * 5_000, "tracker.json: not strict JSON"),
        ("tracker.json", b"null", "tracker.json: kind None"),
        ("tracker.json", "{}".encode("utf-16"), "tracker.json: not UTF-8 .* at byte 0"),
        ("schema.json", b"[]", r"schema.json: not a JSON object but \[\]"),
        ("schema.json", b"{}", "schema.json: format None, this tkit reads 2"),
        ("schema.json", b'{"format": 2}', "feature_version None"),
        ("vectors.jsonl", b"", "vectors.jsonl, line 1: not strict JSON"),
        ("vectors.jsonl", b"{}\n\n", "vectors.jsonl, line 1: missing fields"),
        ("CARD.md", b"# A card\n", "CARD.md: section 'What it is for' is missing or empty"),
        ("CARD.md", b"\xff", "CARD.md: not UTF-8"),
    ],
)
def test_broken_files_are_refused(folder: Path, name: str, text: bytes, message: str) -> None:
    (folder / name).write_bytes(text)
    with pytest.raises(TkitError, match=message):
        Bundle.load(folder)


def test_card_without_text_in_a_section_is_refused(folder: Path) -> None:
    card = (folder / "CARD.md").read_text()
    (folder / "CARD.md").write_text(card.replace("Text of limits.", " "))
    with pytest.raises(TkitError, match=r"CARD\.md: section 'Limits' is missing or empty"):
        Bundle.load(folder)


@pytest.mark.parametrize("name", sorted(MAX_BYTES))
def test_missing_and_huge_files_are_refused(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / name).stat().st_size
    monkeypatch.setitem(MAX_BYTES, name, size)
    assert Bundle.load(folder).tracker.threshold == 0
    monkeypatch.setitem(MAX_BYTES, name, size - 1)
    with pytest.raises(TkitError, match=f"{name}: over {size - 1} bytes: tkit did not make this bundle"):
        Bundle.load(folder)
    (folder / name).unlink()
    with pytest.raises(TkitError, match=f"{name}: cannot be read .*: give the folder of a bundle"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("limit", "most", "message"),
    [
        ("integers.MAX_TREES", 0, "1 trees of 5 nodes; a bundle contains from 1 to 0 trees"),
        ("integers.MAX_NODES", 4, "1 trees of 5 nodes; a bundle contains from 1 to 5000 trees of at most 4 nodes"),
        ("reading.MAX_VECTORS", 2, "vectors.jsonl: 3 lines; a bundle contains at most 2"),
    ],
)
def test_counts_are_limited(folder: Path, limit: str, most: int, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"tkit.bundle.{limit}", most)
    with pytest.raises(TkitError, match=message):
        Bundle.load(folder)


def test_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TkitError, match=r"bundle .*nothing: schema\.json: cannot be read"):
        Bundle.load(tmp_path / "nothing")
    with pytest.raises(TkitError, match=r"schema\.json: cannot be read .*null"):
        Bundle.load("\0")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every place inside a JSON value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def said_of(folder: Path) -> str:
    """Load a bundle and use it; give what is said where it is refused."""
    try:
        loaded = Bundle.load(folder)
    except TkitError as error:
        return str(error)
    return f"bundle {folder}: {loaded.margins(THREE).shape}"


@given(data=st.data(), name=st.sampled_from(["tracker.json", "individual.json", "schema.json", "vectors.jsonl"]))
@settings(max_examples=300)
def test_mutated_json_raises_nothing_but_tkit_errors(data: st.DataObject, name: str, saved: Path) -> None:
    path = saved / name
    original = path.read_text()
    try:
        whole = json.loads(original.partition("\n")[0] if name == "vectors.jsonl" else original)
        keys = data.draw(st.sampled_from(places(whole)))
        place = whole
        for key in keys[:-1]:
            place = place[key]
        old = place[keys[-1]]
        number = isinstance(old, int | float) and not isinstance(old, bool)
        near = st.sampled_from([old - 1, old + 1, -old, old * 2, old + 0.5]) if number else st.nothing()
        action = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del place[keys[-1]]
        elif action == "replace":
            place[keys[-1]] = data.draw(near | JSON)
        elif isinstance(place, dict):
            place[data.draw(st.text(max_size=5))] = data.draw(JSON)
        else:
            place.insert(keys[-1], data.draw(near | JSON))
        path.write_text(json.dumps(whole))
        assert said_of(saved).startswith(f"bundle {saved}: ")
    finally:
        path.write_text(original)


@given(
    name=st.sampled_from(sorted(MAX_BYTES)),
    at=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 3),
    put=st.binary(max_size=3),
)
@settings(max_examples=200)
def test_mutated_bytes_raise_nothing_but_tkit_errors(name: str, at: float, length: int, put: bytes, saved: Path) -> None:
    path = saved / name
    original = path.read_bytes()
    start = int(at * len(original))
    try:
        path.write_bytes(original[:start] + put + original[start + length :])
        assert said_of(saved).startswith(f"bundle {saved}: ")
    finally:
        path.write_bytes(original)
