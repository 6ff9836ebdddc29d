import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from made_verdicts import of_three_verdicts
from paths import ROOT

from tkit.bundle import Bundle, IntegerLinear, IntegerTree, IntegerTrees, Output, default_bundle
from tkit.dataset import read
from tkit.export.onnx import OUTPUTS, TARGET, outputs, write
from tkit.features import FEATURE_VERSION, MAIL_VANTAGES, feature_names

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'tkit[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'tkit[onnx]'")

ROWS = read(ROOT / "data" / "dataset").references


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built-in bundle's graph and the dataset's rows."""
    folder = tmp_path_factory.mktemp("onnx")
    bundle = default_bundle("message")
    write(bundle, folder)
    ROWS[bundle.features].to_numpy(np.float32).tofile(folder / "rows.f32")
    return folder


class Expected(NamedTuple):
    """The bundle's margins and verdicts of the dataset's rows, a verdict by its number."""

    tracker: np.ndarray
    individual: np.ndarray
    verdicts: np.ndarray


@pytest.fixture(scope="module")
def expected() -> Expected:
    bundle = default_bundle("message")
    number = {"clean": 0, "personalised": 1, "tracker": 2}
    verdicts = np.array([number[verdict] for verdict in bundle.verdicts(ROWS)])
    assert set(verdicts) == {0, 1, 2}
    return Expected(bundle.margins(ROWS), bundle.margins(ROWS, "individual"), verdicts)


def by_hand(tracker: IntegerTrees | IntegerLinear, threshold: int, individual: IntegerTrees | None = None) -> Bundle:
    base = default_bundle("url")
    other = base.individual if individual is None else Output(individual, threshold, "by hand")
    return replace(base, tracker=Output(tracker, threshold, "by hand"), individual=other)


def test_metadata(exported: Path) -> None:
    bundle = default_bundle("message")
    session = onnxruntime.InferenceSession(str(exported / "detector.onnx"), providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["features"]) == feature_names("message")
    assert about["feature_version"] == str(FEATURE_VERSION)
    assert about["vantage"] == "message"
    assert json.loads(about["verdicts"]) == ["clean", "personalised", "tracker"]
    assert int(about["tracker_threshold_margin"]) == bundle.tracker.threshold
    assert int(about["individual_threshold_margin"]) == bundle.individual.threshold
    assert float(about["individual_threshold_probability"]) == bundle.individual.threshold_score
    assert [(one.name, one.type) for one in session.get_inputs()] == [("features", "tensor(float)")]
    kinds = ["tensor(int64)", *["tensor(float)"] * 4]
    assert [(one.name, one.type) for one in session.get_outputs()] == list(zip(OUTPUTS, kinds, strict=True))


def test_every_row_of_the_dataset(exported: Path, expected: Expected) -> None:
    bundle = default_bundle("message")
    found = outputs(exported, bundle, ROWS)
    assert (found["verdict"] == expected.verdicts).all()
    for question, margins in (("tracker", expected.tracker), ("individual", expected.individual)):
        assert (found[f"{question}_margin"] == margins).all()
        assert found[f"{question}_probability"].dtype == np.float32
        np.testing.assert_allclose(found[f"{question}_probability"], 1 / (1 + np.exp(-margins / 65536)), atol=1e-6)


@pytest.mark.parametrize("vantage", MAIL_VANTAGES)
def test_loss_on_the_bundles_own_vectors(vantage: str, tmp_path: Path) -> None:
    bundle = default_bundle(vantage)
    TARGET.write(bundle, tmp_path)
    loss = TARGET.loss(tmp_path, bundle, None)
    assert (loss.compared, loss.different) == (len(bundle.replay), 0)
    assert loss.engine.startswith("onnxruntime ")


def test_thresholds_decide_equal_float32_numbers(tmp_path: Path) -> None:
    limit = float(np.float32(0.1))
    tree = IntegerTree((0, -1, -1), (limit, 0.0, 0.0), (1, -1, -1), (2, -1, -1), (0, -65536, 65536))
    other = IntegerTree((0, -1, -1), (4.0, 0.0, 0.0), (1, -1, -1), (2, -1, -1), (0, 0, 65536))
    bundle = by_hand(IntegerTrees("identity", 10, (tree,)), 65536, IntegerTrees("identity", 65530, (other,)))
    write(bundle, tmp_path)
    values = np.array([limit, np.nextafter(np.float32(limit), np.float32(1)), -1, 5], np.float32)
    rows = pd.DataFrame(0.0, index=range(4), columns=bundle.features)
    rows[bundle.features[0]] = values
    found = outputs(tmp_path, bundle, rows)
    assert found["tracker_margin"].tolist() == [-65526, 65546, -65526, 65546]
    assert found["individual_margin"].tolist() == [65530, 65530, 65530, 131066]
    assert found["verdict"].tolist() == [0, 2, 0, 2]
    assert found["tracker_probability"].tolist() == [0, 1, 0, 1]  # an identity link stays within 0 and 1


def test_a_linear_model(tmp_path: Path) -> None:
    names = feature_names("url")
    numbers = np.random.default_rng(0)
    mean, scale, weight = (tuple(numbers.uniform(0.5, 2, len(names)).tolist()) for _ in range(3))
    bundle = by_hand(IntegerLinear(-70_000, mean, scale, weight), 0)
    write(bundle, tmp_path)
    rows = pd.DataFrame(bundle.replay, columns=names)
    found = outputs(tmp_path, bundle, rows)
    assert np.abs(found["tracker_margin"] - bundle.margins(rows)).max() <= bundle.tracker.model.tolerance
    assert (found["individual_margin"] == bundle.margins(rows, "individual")).all()


def test_all_three_verdicts_by_hand(tmp_path: Path) -> None:
    bundle = of_three_verdicts("url")
    write(bundle, tmp_path)
    rows = pd.DataFrame(0.0, index=range(3), columns=bundle.features)
    rows["longest_hex"] = [0, 20, 20]
    rows["query_length"] = [9, 0, 9]
    assert outputs(tmp_path, bundle, rows)["verdict"].tolist() == [0, 1, 2]


def test_onnxruntime_web_in_node(exported: Path, npm: Path, expected: Expected) -> None:
    command = ["node", npm / "onnx.mjs", exported / "detector.onnx", exported / "rows.f32"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert len(done.stdout) == (4 + 4 + 8) * len(ROWS)
    margins = np.frombuffer(done.stdout[: 8 * len(ROWS)], np.float32).reshape(2, -1)
    assert (margins == expected[:2]).all()
    assert (np.frombuffer(done.stdout[8 * len(ROWS) :], np.int64) == expected.verdicts).all()


@pytest.fixture
def served(exported: Path, npm: Path) -> Iterator[str]:
    """A folder on loopback with the graph, the rows and onnxruntime-web."""
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        shutil.copy(npm / "node_modules" / "onnxruntime-web" / "dist" / name, exported)
    (exported / "index.html").write_text("<!doctype html><title>test</title>", encoding="utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html"}  # noqa: RUF012

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(exported))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


IN_CHROMIUM = """async () => {
  const ort = await import("/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/";
  const session = await ort.InferenceSession.create("/detector.onnx", { executionProviders: ["wasm"] });
  const rows = new Float32Array(await (await fetch("/rows.f32")).arrayBuffer());
  const width = session.inputMetadata[0].shape[1];
  const features = new ort.Tensor("float32", rows, [rows.length / width, width]);
  const { tracker_margin, individual_margin, verdict } = await session.run({ features });
  return [tracker_margin, individual_margin, verdict].map(({ data }) => Array.from(data, Number));
}"""


def test_onnxruntime_web_in_chromium(served: str, expected: Expected, chromium: str) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments, chromium_sandbox=os.geteuid() != 0)
        page = browser.new_page()
        page.goto(served)
        found = page.evaluate(IN_CHROMIUM)
        browser.close()
    assert (np.array(found) == expected).all()
