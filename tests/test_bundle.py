"""Tests of tkit.bundle: a bundle worked out by hand, what rounding changes, and everything that load refuses."""

import json
import math
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tkit.bundle import (
    CARD_SECTIONS,
    MAX_BYTES,
    UNIT,
    Bundle,
    IntegerTree,
    IntegerTrees,
    default_bundle,
    render_card,
)
from tkit.detectors.models import (
    BoostingModel,
    ForestModel,
    LinearSum,
    LogisticModel,
    Model,
    SplitTree,
    TreeModel,
    TreeSum,
)
from tkit.errors import TkitError
from tkit.schema import FEATURE_VERSION, feature_names

FEATURES = feature_names("url")
PATH, QUERY = FEATURES.index("path_length"), FEATURES.index("query_length")
CARD = {name: f"Text of {name}." for name in CARD_SECTIONS}
SHA256 = "0123456789abcdef" * 4


class Fitted:
    """A model that learnt what it is told to have learnt."""

    name = "made by hand"
    vantage = "url"

    def __init__(self, learnt: TreeSum | LinearSum) -> None:
        self.learnt = learnt

    def exported(self) -> TreeSum | LinearSum:
        return self.learnt


def split_tree(*nodes: tuple[int, float, int, int, float, float]) -> SplitTree:
    """Give a tree of nodes (feature, threshold, left, right, value, cover)."""
    feature, threshold, left, right, value, cover = map(np.array, zip(*nodes, strict=True))
    return SplitTree(feature, threshold.astype(float), left, right, value.astype(float), cover.astype(float))


# A path of at most 10.5 speaks against a tracker, a longer one for it, more so with a query over 3.25.
TREE = split_tree(
    (PATH, 10.5, 1, 2, 0, 60),
    (-1, -2, -1, -1, -0.5, 30),
    (QUERY, 3.25, 3, 4, 0, 30),
    (-1, -2, -1, -1, 0.25, 10),
    (-1, -2, -1, -1, 1.0, 20),
)
BY_HAND = TreeSum("logistic", 0.125, [TREE])


def url_rows(**columns: list[float]) -> pd.DataFrame:
    """Give rows of the url features, 0 where not said."""
    n = len(next(iter(columns.values())))
    return pd.DataFrame(0.0, index=range(n), columns=FEATURES, dtype=np.float32).assign(
        **{name: np.array(values, np.float32) for name, values in columns.items()}
    )


THREE = url_rows(path_length=[10, 11, 11], query_length=[9, 3, 4])
# 0.125 - 0.5, 0.125 + 0.25 and 0.125 + 1, in units of 1/65536.
THREE_MARGINS = [-24576, 24576, 73728]


def made(learnt: TreeSum | LinearSum = BY_HAND, threshold: float = 0.5, **changed: Any) -> Bundle:
    facts: dict[str, Any] = {
        "threshold_chosen": "by hand",
        "training_sha256": SHA256,
        "seed": 7,
        "date": "2026-11-23",
        "card": CARD,
        "replay": THREE,
    }
    return Bundle.from_model(Fitted(learnt), threshold, **facts | changed)


def trained(n: int = 300) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.float64]]:
    random = np.random.default_rng(5)
    rows = url_rows(**{name: random.normal(0, 9, n).tolist() for name in FEATURES})
    tracker = (rows["path_length"] + rows["digits"] * rows["https"] > 0).to_numpy()
    return rows, tracker, random.uniform(0.1, 1, n)


# -- what it computes ---------------------------------------------------------------------------------------


def test_margins_scores_and_verdicts_by_hand() -> None:
    bundle = made()
    margins = bundle.margins(THREE)
    assert margins.dtype == np.int64
    assert margins.tolist() == THREE_MARGINS
    assert bundle.scores(THREE) == pytest.approx([1 / (1 + math.exp(-m)) for m in (-0.375, 0.375, 1.125)])
    assert (bundle.threshold, bundle.threshold_score) == (0, 0.5)
    assert bundle.verdicts(THREE).tolist() == [False, True, True]
    assert (bundle.name, bundle.vantage) == ("made by hand", "url")


def test_contributions_by_hand() -> None:
    """The inner node is worth (10 * 1/4 + 20 * 1) / 30 = 3/4, the root (30 * 3/4 - 30 * 1/2) / 60 = 1/8."""
    bundle = made()
    assert bundle.expected == 16384  # 1/8 and the intercept's 1/8
    table = bundle.contributions(THREE.set_axis([5, 6, 7]))
    assert table.index.tolist() == [5, 6, 7]
    assert table.columns.tolist() == FEATURES
    assert table["path_length"].tolist() == [-40960, 40960, 40960]  # -1/2 - 1/8, 3/4 - 1/8
    assert table["query_length"].tolist() == [0, -32768, 16384]  # 1/4 - 3/4, 1 - 3/4
    assert (table.sum(axis=1) + bundle.expected).tolist() == THREE_MARGINS


def test_identity_link_gives_margins_as_probabilities() -> None:
    bundle = made(TreeSum("identity", 0.25, [TREE]))
    assert bundle.scores(THREE).tolist() == [0.0, 0.5, 1.0]  # -0.25 and 1.25 are cut off
    assert bundle.threshold == UNIT // 2


def test_linear_terms_by_hand() -> None:
    weight, mean, scale = np.zeros(75), np.zeros(75), np.ones(75)
    weight[PATH], mean[PATH], scale[PATH] = 3.0, math.log(2), 2.0
    weight[QUERY] = -1.0
    bundle = made(LinearSum(0.5, mean, scale, weight), replay=THREE)
    rows = url_rows(path_length=[1, -1, 3], query_length=[0, 0, 1])
    # log(1 + 1) is the mean; sign(-1) * log(1 + 1) is two of them off; log(4) is one off, and log(2) away.
    expected = [0.5, 0.5 - 3 * math.log(2), 0.5 + 1.5 * math.log(2) - math.log(2)]
    assert bundle.margins(rows).tolist() == [round(value * UNIT) for value in expected]
    assert bundle.expected == 32768
    table = bundle.contributions(rows)
    assert table["query_length"].tolist() == [0, 0, round(-math.log(2) * UNIT)]
    assert (table.sum(axis=1) + bundle.expected).tolist() == bundle.margins(rows).tolist()


def test_no_rows_and_many_rows() -> None:
    bundle = made()
    none = THREE[:0]
    assert bundle.margins(none).shape == bundle.scores(none).shape == bundle.verdicts(none).shape == (0,)
    assert bundle.contributions(none).shape == (0, 75)
    many = pd.concat([THREE] * 20_000, ignore_index=True)
    assert bundle.margins(many).tolist() == THREE_MARGINS * 20_000
    assert bundle.contributions(many).iloc[-3:].to_numpy().tolist() == bundle.contributions(THREE).to_numpy().tolist()


def test_features_are_checked() -> None:
    with pytest.raises(TkitError, match="made by hand: rows have no column path_length"):
        made().scores(THREE.drop(columns="path_length"))
    with pytest.raises(TkitError, match="made by hand: path_length is nan in row 1"):
        made().contributions(THREE.assign(path_length=[1, np.nan, 1]))


@given(
    st.floats(-1e30, 1e30) | st.floats(0, 100),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5),
)
@settings(deadline=None)
def test_rounded_thresholds_decide_float32_features_alike(threshold: float, values: list[float]) -> None:
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    around = [near, np.nextafter(near, np.float32(-3e38)), np.nextafter(near, np.float32(3e38))]
    values = [*values, *map(float, around)]
    tree = split_tree((PATH, threshold, 1, 2, 0, 2), (-1, 0, 0, 0, 0, 1), (-1, 0, 0, 0, 1, 1))
    bundle = made(TreeSum("identity", 0, [tree]))
    assert isinstance(bundle.model, IntegerTrees)
    kept = bundle.model.trees[0].threshold[0]
    assert float(np.float32(kept)) == kept <= threshold
    goes_right = bundle.margins(url_rows(path_length=values)) > 0
    assert goes_right.tolist() == [value > threshold for value in values]


MODELS: list[Callable[[], Model]] = [
    lambda: LogisticModel("url"),
    lambda: TreeModel("url"),
    lambda: ForestModel("url", trees=20),
    lambda: BoostingModel("url", trees=10, seeds=2),
]


@pytest.mark.parametrize("make", MODELS)
def test_scores_differ_from_the_models_by_rounding_alone(make: Callable[[], Model]) -> None:
    rows, tracker, weight = trained()
    model = make().fit(rows, tracker, weight)
    bundle = Bundle.from_model(
        model,
        0.5,
        threshold_chosen="by hand",
        training_sha256=SHA256,
        seed=0,
        date="2026-11-23",
        card=CARD,
        replay=rows[:5],
    )
    # Values that stand right at a split, too.
    if isinstance(bundle.model, IntegerTrees):
        terms = len(bundle.model.trees)
        splits = {
            (feature, threshold)
            for tree in bundle.model.trees
            for feature, threshold in zip(tree.feature, tree.threshold, strict=True)
            # LightGBM takes what is within 1e-35 of zero for zero; no feature is that small.
            if feature >= 0 and abs(threshold) > 1e-30
        }
        for row, (feature, threshold) in enumerate(sorted(splits)[: len(rows)]):
            rows.iloc[row, feature] = np.float32(threshold)
    else:
        terms = len(FEATURES)
    # Half a unit for each and the intercept; the logistic curve's slope is at most a quarter.
    most = (terms + 1) * 0.5 / UNIT * (0.25 if bundle.model.link == "logistic" else 1)
    assert np.abs(bundle.scores(rows) - model.scores(rows)).max() <= most + 1e-12
    table = bundle.contributions(rows)
    assert (table.sum(axis=1) + bundle.expected).tolist() == bundle.margins(rows).tolist()


def test_sums_are_exact_in_float32_in_any_order() -> None:
    rows, tracker, weight = trained()
    bundle = made(BoostingModel("url", trees=30).fit(rows, tracker, weight).exported())
    assert isinstance(bundle.model, IntegerTrees)
    matrix = rows.to_numpy(np.float32)
    single = [IntegerTrees("logistic", 0, (tree,)).margins(matrix) for tree in bundle.model.trees]
    addends = np.array([np.full(len(rows), bundle.model.intercept), *single], np.float32)
    for seed in range(5):
        total = np.zeros(len(rows), np.float32)
        for addend in np.random.default_rng(seed).permutation(addends):
            total += addend
        assert total.astype(np.int64).tolist() == bundle.margins(rows).tolist()


# -- making one ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["identity", "logistic"])
@given(threshold=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_threshold_is_the_least_margin_of_its_score(link: Any, threshold: float) -> None:
    bundle = made(TreeSum(link, 0, [TREE]), threshold)
    assert bundle.threshold_score >= threshold
    below = replace(bundle, threshold=bundle.threshold - 1)
    assert below.threshold_score < threshold or bundle.threshold == -(2**24)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan, math.inf])
def test_threshold_is_a_score(threshold: float) -> None:
    with pytest.raises(TkitError, match=r"made by hand: a threshold of .*: give a score from 0 to 1"):
        made(threshold=threshold)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"training_sha256": "0123"}, "training_sha256 '0123': give 64 hexadecimal digits"),
        ({"date": "2026-02-30"}, "date '2026-02-30': give a day as YYYY-MM-DD"),
        ({"date": "20261123"}, "date '20261123'"),
        ({"threshold_chosen": " "}, "threshold_chosen is empty: say what it is"),
        ({"replay": THREE[:0]}, "vectors.jsonl: 0 rows: give from 1 to 10000"),
        ({"replay": THREE.drop(columns="https")}, "vectors.jsonl: rows have no column https"),
        ({"card": CARD | {"limits": "\n"}}, "CARD.md: sections without text: limits; unknown: none"),
        ({"card": CARD | {"fame": "great"}}, "sections without text: none; unknown: fame"),
        ({"card": {}}, "sections without text: purpose, data, figures, command, limits, use, licence"),
    ],
)
def test_facts_are_checked(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TkitError, match=message):
        made(**changed)


def test_models_that_no_bundle_can_hold_are_refused() -> None:
    with pytest.raises(TkitError, match="not fitted"):
        Bundle.from_model(
            TreeModel("url"),
            0.5,
            threshold_chosen="by hand",
            training_sha256=SHA256,
            seed=0,
            date="2026-11-23",
            card=CARD,
            replay=THREE,
        )
    leaf = split_tree((-1, 0, -1, -1, 2.0, 1))
    # 127 leaves of 2 and an intercept of 2 are 2**24 units.
    assert made(TreeSum("logistic", 1.5, [leaf] * 127)).margins(THREE).tolist() == [2**24 - UNIT // 2] * 3
    with pytest.raises(TkitError, match="margins reach 16777216 units, which float32 cannot add exactly"):
        made(TreeSum("logistic", -2.0, [leaf] * 127))
    with pytest.raises(TkitError, match="0 trees of 0 nodes"):
        made(TreeSum("logistic", 0, []))
    with pytest.raises(TkitError, match=r"margins reach .*, which float64 cannot add exactly"):
        made(LinearSum(0, np.zeros(75), np.full(75, 1e-12), np.ones(75)))
    with pytest.raises(TkitError, match="threshold holds a number that is not finite"):
        made(
            TreeSum(
                "logistic",
                0,
                [split_tree((0, math.nan, 1, 2, 0, 2), (-1, 0, 0, 0, 0, 1), (-1, 0, 0, 0, 1, 1))],
            )
        )


def test_card_has_every_section_in_order() -> None:
    card = render_card("boosting (url)", {"use": "Read *this*.\n", **{k: v for k, v in CARD.items() if k != "use"}})
    assert card.startswith("# boosting (url)\n\n## What it is for\n\nText of purpose.\n\n## Training data\n\n")
    assert card.endswith("## How to use it\n\nRead *this*.\n\n## Licence\n\nText of licence.\n")


# -- saving and loading -------------------------------------------------------------------------------------


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    bundle = made()
    folder = tmp_path / "models" / "url"
    bundle.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(MAX_BYTES)
    assert [path.name for path in folder.parent.iterdir()] == ["url"]
    for loaded in (Bundle.load(folder), Bundle.load(str(folder))):
        assert vars(loaded) | {"replay": None} == vars(bundle) | {"replay": None}
        assert loaded.replay.tolist() == THREE.to_numpy().tolist()
    Bundle.load(folder).save(tmp_path / "again")
    for name in MAX_BYTES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("make", MODELS)
def test_trained_models_survive_being_saved(make: Callable[[], Model], tmp_path: Path) -> None:
    rows, tracker, weight = trained()
    bundle = made(make().fit(rows, tracker, weight).exported(), replay=rows[:50])
    bundle.save(tmp_path / "url")
    loaded = Bundle.load(tmp_path / "url")
    assert loaded.model == bundle.model
    assert loaded.margins(rows).tolist() == bundle.margins(rows).tolist()


def test_files_say_what_exporters_need(tmp_path: Path) -> None:
    made().save(tmp_path / "url")
    model = json.loads((tmp_path / "url" / "model.json").read_text())
    assert model == {
        "kind": "trees",
        "link": "logistic",
        "unit": 65536,
        "intercept": 8192,
        "trees": [
            {
                "feature": [PATH, -1, QUERY, -1, -1],
                "threshold": [10.5, 0.0, 3.25, 0.0, 0.0],
                "left": [1, -1, 3, -1, -1],
                "right": [2, -1, 4, -1, -1],
                "value": [8192, -32768, 49152, 16384, 65536],
            }
        ],
    }
    schema = json.loads((tmp_path / "url" / "schema.json").read_text())
    assert schema["features"][PATH] == {"name": "path_length", "dtype": "float32", "absent": None}
    assert schema["threshold"] == {"margin": 0, "score": 0.5, "chosen": "by hand"}
    assert schema["feature_version"] == FEATURE_VERSION
    vectors = [json.loads(line) for line in (tmp_path / "url" / "vectors.jsonl").read_text().splitlines()]
    assert [vector["margin"] for vector in vectors] == THREE_MARGINS
    assert [vector["verdict"] for vector in vectors] == [False, True, True]
    assert vectors[1]["features"]["path_length"] == 11
    assert vectors[1]["score"] == pytest.approx(1 / (1 + math.exp(-0.375)))


def test_saving_replaces_a_bundle_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "url"
    made().save(folder)
    made(threshold=0.75).save(folder)
    assert Bundle.load(folder).threshold_score == pytest.approx(0.75, abs=1e-5)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(TkitError, match="holds other files than a bundle's: choose another folder"):
        made().save(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TkitError, match="file: cannot write the bundle"):
        made().save(tmp_path / "file")


def test_interrupted_saving_leaves_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "url"
    made().save(folder)
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no space")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(TkitError, match=r"url: cannot write the bundle \(no space\)"):
        made(threshold=0.75).save(folder)
    assert Bundle.load(folder).threshold == 0
    assert [path.name for path in tmp_path.iterdir()] == ["url"]


def test_bundles_load_from_zipped_packages(tmp_path: Path) -> None:
    made().save(tmp_path / "url")
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in (tmp_path / "url").iterdir():
            archive.write(path, f"default/url/{path.name}")
    loaded = Bundle.load(zipfile.Path(tmp_path / "package.zip", "default/url/"))
    assert loaded.margins(THREE).tolist() == THREE_MARGINS


def test_default_bundle_is_the_packages_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tkit.bundle.bundle.resources.files", {"tkit": tmp_path}.__getitem__)
    with pytest.raises(TkitError, match="no default bundle for the vantage point 'url': install a released"):
        default_bundle("url")
    made().save(tmp_path / "default" / "url")
    assert default_bundle("url").margins(THREE).tolist() == THREE_MARGINS
    with pytest.raises(TkitError, match="no vantage point 'server': take one of url, element, message"):
        default_bundle("server")


# -- what is refused ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "url"
    made().save(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """Give a copy of the saved bundle to break."""
    return Path(shutil.copytree(saved, tmp_path / "url"))


THIRTY = {"margin": 30_000, "score": 1 / (1 + math.exp(-30_000 / 65536)), "chosen": "by hand"}


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
        ("schema.json", ("format",), 2, "format 2, this tkit reads 1: make the bundle again"),
        ("schema.json", ("feature_version",), 0, "feature_version 0, this tkit computes version"),
        ("schema.json", ("vantage",), "server", "vantage 'server': this tkit knows url, element, message"),
        ("schema.json", ("vantage",), "element", "missing: alt_length, attr_height"),
        ("schema.json", ("features", 3, "name"), "path", "missing: query_length; unknown: path;"),
        ("schema.json", ("features", 3, "dtype"), "float64", "order, dtype and absent must be those"),
        ("schema.json", ("features", 3, "absent"), -1, "order, dtype and absent must be those"),
        ("schema.json", ("features", 3), {}, "feature 3: missing fields: name, dtype, absent"),
        ("schema.json", ("features", 3, "name"), 3, "3 is no str"),
        ("schema.json", ("features",), "all", "features: 'all' is no list"),
        ("schema.json", ("author",), "me", "unknown: author"),
        ("schema.json", ("seed",), 1.5, "seed: 1.5 is no whole number"),
        ("schema.json", ("seed",), True, "seed: True is no whole number"),
        ("schema.json", ("date",), "today", "date 'today': give a day"),
        ("schema.json", ("date",), None, "date: None is no str"),
        ("schema.json", ("name",), "", "name is empty"),
        ("schema.json", ("tkit_version",), " ", "tkit_version is empty"),
        ("schema.json", ("training_sha256",), "F" * 64, "training_sha256 'F+': give 64 hexadecimal"),
        ("schema.json", ("threshold", "margin"), 2**60, "threshold: 1152921504606846976 is no whole number"),
        ("schema.json", ("threshold", "margin"), 1, "threshold of 1 units is a score of .*, not 0.5"),
        ("schema.json", ("threshold",), THIRTY, r"vectors\.jsonl, line 2: margin 24576, .* threshold 30000"),
        ("schema.json", ("threshold", "score"), 10**400, "threshold: 10+ is no whole number"),
        ("schema.json", ("threshold", "chosen"), "", "threshold_chosen is empty"),
        ("model.json", ("kind",), "network", "kind 'network': this tkit reads trees and linear"),
        ("model.json", ("link",), "probit", "link 'probit': known are identity and logistic"),
        ("model.json", ("unit",), 1000, "1000 units in 1, this tkit reads 65536"),
        ("model.json", ("intercept",), 0.5, "0.5 is no whole number"),
        ("model.json", ("intercept",), 8193, "vectors.jsonl, line 1: margin -24576, .* gives a margin of -24575"),
        ("model.json", ("intercept",), 2**24, "which float32 cannot add exactly"),
        ("model.json", ("trees",), [], "0 trees of 0 nodes"),
        ("model.json", ("trees",), {}, "{} is no list"),
        ("model.json", ("trees", 0), [], r"tree 0: no JSON object but \[\]"),
        ("model.json", ("trees", 0, "weight"), [], "tree 0: missing fields: none; unknown: weight"),
        ("model.json", ("trees", 0, "left"), [1], "tree 0: arrays of .* nodes: give one length"),
        ("model.json", ("trees", 0, "feature", 0), 75, "tree 0, node 0: feature 75 of 75"),
        ("model.json", ("trees", 0, "feature", 0), -1, "tree 0, node 0: feature -1 of 75"),
        ("model.json", ("trees", 0, "feature", 1), 0, "tree 0, node 1: children -1 and -1 of 5 nodes"),
        ("model.json", ("trees", 0, "feature", 1), "0", "tree 0, feature: '0' is no whole number"),
        ("model.json", ("trees", 0, "threshold", 0), 0.1, "node 0: threshold 0.1 is no float32"),
        ("model.json", ("trees", 0, "threshold", 0), 1e300, r"node 0: threshold 1e\+300 is no float32"),
        ("model.json", ("trees", 0, "left", 2), 2, "node 2: children 2 and 4 of 5 nodes: each stands behind"),
        ("model.json", ("trees", 0, "left", 2), 0, "node 2: children 0 and 4 of 5 nodes"),
        ("model.json", ("trees", 0, "right", 2), 5, "node 2: children 3 and 5 of 5 nodes"),
        ("model.json", ("trees", 0, "right", 0), 3, "node 2: child of 0 nodes"),
        ("model.json", ("trees", 0, "left", 2), 1, "node 2: children 1 and 4 of 5 nodes"),
        ("model.json", ("trees", 0, "value", 2), 65537, "node 2: value 65537 is no mean of its children's"),
        ("model.json", ("trees", 0, "value", 4), 65537, "vectors.jsonl, line 3"),
    ],
)
def test_changed_files_are_refused(folder: Path, name: str, keys: tuple[Any, ...], value: Any, message: str) -> None:
    change(folder / name, keys, value)
    with pytest.raises(TkitError, match=rf"^bundle \S+: .*{message}"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("weight",), [0.0] * 74, "74 numbers in weight for 75 features"),
        (("mean", 3), None, "mean: None is no finite number"),
        (("scale", 3), 0, "a scale is not positive"),
        (("scale", 5), 1e-300, "margins reach .*, which float64 cannot add exactly"),
        (("transform",), "log10(x)", "transform 'log10"),
        (("link",), "identity", "link 'identity'"),
        (("unit",), 1, "1 units in 1"),
        (("bias",), 1, "unknown: bias"),
        (("intercept",), 2, "vectors.jsonl, line 1: margin 0, .* gives a margin of 2 "),
    ],
)
def test_changed_linear_models_are_refused(tmp_path: Path, keys: tuple[Any, ...], value: Any, message: str) -> None:
    made(LinearSum(0.0, np.zeros(75), np.ones(75), np.eye(75)[5])).save(tmp_path / "url")
    change(tmp_path / "url" / "model.json", keys, value)
    with pytest.raises(TkitError, match=message):
        Bundle.load(tmp_path / "url")


def test_linear_margins_may_differ_by_a_unit_of_rounding(tmp_path: Path) -> None:
    made(LinearSum(0.0, np.zeros(75), np.ones(75), np.eye(75)[5])).save(tmp_path / "url")
    change(tmp_path / "url" / "model.json", ("intercept",), 1)
    assert Bundle.load(tmp_path / "url").margins(url_rows(https=[0])).tolist() == [1]


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("features", "https"), 1e40, "line 2: https is 1e\\+40, which is no float32"),
        (("features", "https"), 0.1, "line 2: https is 0.1, which is no float32"),
        (("features", "https"), "yes", "line 2: https: 'yes' is no finite number"),
        (("features", "http"), 1, "line 2: features: missing fields: none; unknown: http"),
        (("features",), {}, "line 2: features: missing fields: url_length, "),
        (("margin",), 24577, "line 2: margin 24577, .* gives a margin of 24576"),
        (("score",), 0.5, "line 2: margin 24576, score 0.5"),
        (("score",), 1e999, "line 2: not strict JSON|line 2: score: inf is no finite number"),
        (("verdict",), False, "line 2: margin 24576, .*, verdict False"),
        (("verdict",), 1, "line 2: verdict: 1 is no bool"),
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
        ("model.json", b"", "model.json: not strict JSON"),
        ("model.json", b'{"kind": NaN}', "model.json: not strict JSON .NaN is no JSON number"),
        ("model.json", b"[-Infinity]", "-Infinity is no JSON number"),
        ("model.json", b'{"kind": "trees", "kind": "linear"}', "a key twice among kind, kind"),
        ("model.json", b"[" * 100_000, "model.json: not strict JSON"),
        ("model.json", b"9" * 5_000, "model.json: not strict JSON"),
        ("model.json", b"null", "model.json: kind None"),
        ("model.json", "{}".encode("utf-16"), "model.json: not UTF-8 .* at byte 0"),
        ("schema.json", b"[]", r"schema.json: no JSON object but \[\]"),
        ("schema.json", b"{}", "schema.json: format None, this tkit reads 1"),
        ("schema.json", b'{"format": 1}', "feature_version None"),
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
    assert Bundle.load(folder).threshold == 0
    monkeypatch.setitem(MAX_BYTES, name, size - 1)
    with pytest.raises(TkitError, match=f"{name}: over {size - 1} bytes: this is no bundle"):
        Bundle.load(folder)
    (folder / name).unlink()
    with pytest.raises(TkitError, match=f"{name}: cannot be read .*: give the folder of a bundle"):
        Bundle.load(folder)


@pytest.mark.parametrize(
    ("limit", "most", "message"),
    [
        ("integers.MAX_TREES", 0, "1 trees of 5 nodes; a bundle holds from 1 to 0 trees"),
        ("integers.MAX_NODES", 4, "1 trees of 5 nodes; a bundle holds from 1 to 5000 trees of at most 4 nodes"),
        ("reading.MAX_VECTORS", 2, "vectors.jsonl: 3 lines; a bundle holds at most 2"),
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
    """Give the path of every place inside a JSON value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@given(data=st.data(), name=st.sampled_from(["model.json", "schema.json", "vectors.jsonl"]))
@settings(max_examples=300, deadline=None)
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
        try:
            loaded = Bundle.load(saved)
        except TkitError as error:
            said = str(error)
        else:
            said = f"bundle {saved}: {loaded.margins(THREE).shape}"
        assert said.startswith(f"bundle {saved}: ")
    finally:
        path.write_text(original)


@given(
    name=st.sampled_from(sorted(MAX_BYTES)),
    at=st.floats(0, 1, exclude_max=True),
    length=st.integers(0, 3),
    put=st.binary(max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_mutated_bytes_raise_nothing_but_tkit_errors(name: str, at: float, length: int, put: bytes, saved: Path) -> None:
    path = saved / name
    original = path.read_bytes()
    start = int(at * len(original))
    try:
        path.write_bytes(original[:start] + put + original[start + length :])
        try:
            loaded = Bundle.load(saved)
        except TkitError as error:
            said = str(error)
        else:
            said = f"bundle {saved}: {loaded.margins(THREE).shape}"
        assert said.startswith(f"bundle {saved}: ")
    finally:
        path.write_bytes(original)


def test_trees_by_hand_get_the_same_checks() -> None:
    tree = IntegerTree((0, -1, -1), (0.0, 0.0, 0.0), (2, -1, -1), (2, -1, -1), (0, 0, 0))
    with pytest.raises(TkitError, match="tree 0, node 1: child of 0 nodes"):
        replace(made(), model=IntegerTrees("logistic", 0, (tree,)))
    with pytest.raises(TkitError, match="vantage 'server': take one of"):
        replace(made(), vantage="server")
    with pytest.raises(TkitError, match=r"threshold of .* units: give one within 2"):
        replace(made(), threshold=2**60)
