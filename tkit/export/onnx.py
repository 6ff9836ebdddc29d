"""One ONNX graph from float32 features to the verdict, and the probability and margin of each question.

The trees of a question become one ``TreeEnsembleRegressor`` over whole numbers. Their sum, the margin, stays below 2**24, so
that float32 adds it exactly in any order. The thresholds are float32 numbers. So every runtime decides as the bundle does.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.bundle import QUESTIONS, UNIT, VERDICTS, Bundle, IntegerLinear, IntegerTrees, Output, Question, Verdicts
from tkit.errors import TkitError
from tkit.export.base import EngineMissingError, Target, loss_on_rows, write_readme
from tkit.features import FEATURE_VERSION

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

Constants = dict[str, NDArray[np.generic] | np.generic]

OPSET = {"": 17, "ai.onnx.ml": 3}
"""Operator sets that every runtime since 2022 supports."""

OUTPUTS = ("verdict", "tracker_probability", "individual_probability", "tracker_margin", "individual_margin")
"""Each of shape (n_rows,): int64, the position in :data:`tkit.bundle.VERDICTS`; then float32, the margins in units of 1/65536
(of a linear model, rounded from 2**24 on)."""


def onnx_model(bundle: Bundle) -> ModelProto:
    """Return the graph of a bundle.

    Raises
    ------
    TkitError
        If the package onnx is not installed.
    """
    if find_spec("onnx") is None:
        raise TkitError("the onnx target needs the package onnx: pip install 'tkit[onnx]'")
    from onnx import TensorProto, checker, helper  # noqa: PLC0415

    nodes: list[NodeProto] = []
    constants: Constants = {"unit": np.float32(UNIT), "last": np.array([1])}
    for question in QUESTIONS:
        own_nodes, own_constants = _question(question, bundle.output(question))
        nodes += own_nodes
        constants |= own_constants
    constants |= {"is_tracker": np.int64(VERDICTS.index("tracker"))}
    nodes += [
        helper.make_node("Cast", ["individual_yes"], ["without_trackers"], to=TensorProto.INT64),
        helper.make_node("Where", ["tracker_yes", "is_tracker", "without_trackers"], ["verdict"]),
    ]
    kinds = {name: TensorProto.INT64 if name == "verdict" else TensorProto.FLOAT for name in OUTPUTS}
    graph = helper.make_graph(
        nodes,
        "tkit",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(bundle.features)])],
        [helper.make_tensor_value_info(name, kind, ["n"]) for name, kind in kinds.items()],
        [_tensor(name, value) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSET.items()],
        ir_version=8,
        producer_name="tkit",
        producer_version=bundle.tkit_version,
    )
    helper.set_model_props(model, metadata(bundle))
    checker.check_model(model, full_check=True)
    return model


def metadata(bundle: Bundle) -> dict[str, str]:
    """Return the metadata of the model as texts; ``features`` and ``verdicts`` are JSON lists, in order."""
    return {
        "name": bundle.name,
        "vantage": bundle.vantage,
        "feature_version": str(FEATURE_VERSION),
        "features": json.dumps(bundle.features),
        "verdicts": json.dumps(VERDICTS),
        **{f"{question}_threshold_margin": str(bundle.output(question).threshold) for question in QUESTIONS},
        **{f"{question}_threshold_probability": repr(bundle.output(question).threshold_score) for question in QUESTIONS},
        "unit": str(UNIT),
        "training_sha256": bundle.training_sha256,
        "date": bundle.date,
        "tkit_version": bundle.tkit_version,
    }


def _question(question: Question, output: Output) -> tuple[list[NodeProto], Constants]:
    """Return the nodes from the features to a question's margin, probability and answer."""
    from onnx import TensorProto, helper  # noqa: PLC0415

    model = output.model
    threshold: np.generic
    if isinstance(model, IntegerTrees):
        nodes, constants = _trees(question, model)
        threshold = np.float32(output.threshold)
    else:
        nodes, constants = _linear(question, model)
        threshold = np.float64(output.threshold)
    constants[f"{question}_threshold"] = threshold
    nodes += [
        helper.make_node("GreaterOrEqual", [f"{question}_exact", f"{question}_threshold"], [f"{question}_yes"]),
        helper.make_node("Cast", [f"{question}_exact"], [f"{question}_margin"], to=TensorProto.FLOAT),
        helper.make_node("Div", [f"{question}_margin", "unit"], [f"{question}_link"]),
    ]
    probability = f"{question}_probability"
    if model.link == "logistic":
        nodes.append(helper.make_node("Sigmoid", [f"{question}_link"], [probability]))
    else:
        constants |= {"zero": np.float32(0), "one": np.float32(1)}
        nodes.append(helper.make_node("Clip", [f"{question}_link", "zero", "one"], [probability]))
    return nodes, constants


def _trees(question: Question, model: IntegerTrees) -> tuple[list[NodeProto], Constants]:
    from onnx import helper  # noqa: PLC0415

    at: dict[str, list[int]] = {name: [] for name in ("trees", "ids", "features", "true", "false", "leaf_trees", "leaf_ids")}
    modes: list[str] = []
    thresholds: list[float] = []
    weights: list[float] = []
    for number, tree in enumerate(model.trees):
        for node, (feature, threshold, left, right, value) in enumerate(zip(*tree, strict=True)):
            is_leaf = feature < 0
            at["trees"].append(number)
            at["ids"].append(node)
            at["features"].append(0 if is_leaf else feature)
            at["true"].append(0 if is_leaf else left)
            at["false"].append(0 if is_leaf else right)
            modes.append("LEAF" if is_leaf else "BRANCH_LEQ")
            thresholds.append(threshold)
            if is_leaf:
                at["leaf_trees"].append(number)
                at["leaf_ids"].append(node)
                weights.append(float(value))
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        [f"{question}_sum"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        base_values=[float(model.intercept)],
        nodes_treeids=at["trees"],
        nodes_nodeids=at["ids"],
        nodes_featureids=at["features"],
        nodes_modes=modes,
        nodes_values=thresholds,
        nodes_truenodeids=at["true"],
        nodes_falsenodeids=at["false"],
        target_treeids=at["leaf_trees"],
        target_nodeids=at["leaf_ids"],
        target_ids=[0] * len(weights),
        target_weights=weights,
    )
    return [ensemble, helper.make_node("Squeeze", [f"{question}_sum", "last"], [f"{question}_exact"])], {}


def _linear(question: Question, model: IntegerLinear) -> tuple[list[NodeProto], Constants]:
    """Return a linear model in float64; its terms are rounded to whole units before they are added."""
    from onnx import TensorProto, helper  # noqa: PLC0415

    steps: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
        ("Cast", ["features"], "x", {"to": TensorProto.DOUBLE}),
        ("Abs", ["x"], "size", {}),
        ("Add", ["size", "one_wide"], "size_and_one", {}),
        ("Log", ["size_and_one"], "logarithm", {}),
        ("Sign", ["x"], "sign", {}),
        ("Mul", ["sign", "logarithm"], "transformed", {}),
        ("Sub", ["transformed", "mean"], "centred", {}),
        ("Mul", ["centred", "weight"], "weighted", {}),
        ("Div", ["weighted", "scale"], "terms", {}),
        ("Mul", ["terms", "unit_wide"], "in_units", {}),
        ("Add", ["in_units", "half"], "half_more", {}),
        ("Floor", ["half_more"], "whole", {}),
        ("ReduceSum", ["whole", "last"], "sum", {"keepdims": 0}),
        ("Add", ["sum", "intercept"], "exact", {}),
    )
    shared = ("features", "last")

    def own(name: str) -> str:
        return name if name in shared else f"{question}_{name}"

    nodes = [
        helper.make_node(kind, [own(name) for name in inputs], [own(output)], **options)
        for kind, inputs, output, options in steps
    ]
    wide = {"one_wide": 1, "unit_wide": UNIT, "half": 0.5, "intercept": model.intercept}
    columns = {"mean": model.mean, "scale": model.scale, "weight": model.weight}
    return nodes, {
        **{own(name): np.float64(value) for name, value in wide.items()},
        **{own(name): np.array(values, np.float64) for name, values in columns.items()},
    }


def _tensor(name: str, value: NDArray[np.generic] | np.generic) -> TensorProto:
    from onnx import numpy_helper  # noqa: PLC0415

    return numpy_helper.from_array(np.asarray(value), name)


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``detector.onnx`` and a README."""
    (folder / "detector.onnx").write_bytes(onnx_model(bundle).SerializeToString())
    write_readme("tkit.export", folder, "onnx.md", vantage=bundle.vantage, count=len(bundle.features))


def outputs(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> dict[str, NDArray[np.generic]]:
    """Return each of :data:`OUTPUTS` for feature rows, computed by onnxruntime.

    Raises
    ------
    EngineMissingError
        If onnxruntime is not installed.
    """
    session = _runtime().InferenceSession(str(folder / "detector.onnx"), providers=["CPUExecutionProvider"])
    matrix = np.ascontiguousarray(rows[bundle.features].to_numpy(np.float32))
    return dict(zip(OUTPUTS, session.run(list(OUTPUTS), {"features": matrix}), strict=True))


def _runtime() -> Any:
    if find_spec("onnxruntime") is None:
        raise EngineMissingError("no onnxruntime: pip install 'tkit[onnx]'")
    return import_module("onnxruntime")


def _engine() -> str:
    return f"onnxruntime {_runtime().__version__}"


def _decide(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> Verdicts:
    return np.array(VERDICTS)[outputs(folder, bundle, rows)["verdict"].astype(np.int64)]


TARGET = Target(
    "onnx",
    "a graph for any ONNX runtime",
    write,
    loss_on_rows(
        "onnx",
        "It judges feature rows, each by itself; tkit or the JavaScript module must compute the features.",
        _engine,
        _decide,
    ),
)
