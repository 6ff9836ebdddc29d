"""What Chromium asks for is listed: a part of the combinations of benchmarks/carriers.py, and every kind of nested document."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from made_nested import KINDS, T, generated
from paths import ROOT

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

from tkit.html import read_document
from tkit.lab.render import CHROMIUM_NAMES, ChromiumRenderer


@pytest.fixture(scope="module")
def renderer() -> Iterator[ChromiumRenderer]:
    if not any(map(shutil.which, CHROMIUM_NAMES)):
        pytest.skip("needs Chromium: apt-get install chromium")
    with ChromiumRenderer(timeout_seconds=120) as running:
        yield running


@pytest.fixture(scope="module")
def benchmark() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import carriers  # noqa: PLC0415

    yield carriers
    sys.path.remove(str(ROOT / "benchmarks"))


def test_every_fiftieth_combination(benchmark: ModuleType, renderer: ChromiumRenderer, tmp_path: Path) -> None:
    every = benchmark.combinations()
    assert len(every) > 1500
    chosen = [one for one in every if one.group != "HTML"][::25] + [one for one in every if one.group == "HTML"][::67]
    results = benchmark.measure(chosen, [benchmark.Engine("Chromium", renderer.version, renderer.requested)], tmp_path)
    assert not renderer.defects
    assert sum("Chromium" in one.asked_by for one in results) > 20
    assert [one.combination for one in results if one.missed] == []


def test_each_kind_in_chromium(benchmark: ModuleType, renderer: ChromiumRenderer) -> None:
    cases = [(html.replace("w.test", "t.test/w"), paths) for cases in KINDS.values() for html, paths in cases]
    numbered = [(html.replace(T, f"{T}{number}/"), paths) for number, (html, paths) in enumerate(cases) if "<base" not in html]
    asked = set(renderer.requested(benchmark.page_of([(0, html) for html, _ in numbered])))
    listed = {
        one.resolved_url.partition("#")[0] for html, _ in numbered for one in read_document(html).references if not one.local
    }
    assert not renderer.defects
    assert len(asked) > 25
    assert asked - listed == set()


@pytest.mark.parametrize("seed", [3, 8])
def test_things_in_one_another_in_chromium(seed: int, renderer: ChromiumRenderer) -> None:
    html, urls = generated(seed)
    assert set(renderer.requested(html)) <= set(urls)
