import json
import math
import os
import random
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_verdicts import of_three_verdicts
from paths import ROOT, SHARED

from tkit.bundle import QUESTIONS, IntegerLinear, Output, default_bundle
from tkit.corpus import CORPORA, Problem, read_raw
from tkit.dataset import read
from tkit.errors import TkitError
from tkit.export.rspamd import TARGET, margins, module_text, run_lua, write
from tkit.features import extract
from tkit.features.tokens import analyse
from tkit.mail import Message
from tkit.url import clean, holds_address, resolve, unwrap

SCRIPTS = Path(__file__).parents[1] / "export"
SAMPLE = sorted((ROOT / "data" / "sample").glob("*.eml"))
# Escapes are written as in a string; no line end, for a URL is a line of the question.
PIECES = (
    "http:// https: // / ? # @ : a Z9 %41 % | ^ ` { \" ' < = & .. . %2e _ - open.php example co.uk 0x7f.1 1.2.3.4 [::1] ~ ! * $"
    " , ; c3Vubnk 616e6e6140622e6578616d706c65 w=300 468x60 1abcdef \\"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, missing_engine: Callable[[str], None]) -> Path:
    if shutil.which("rspamadm") is None:
        missing_engine("no rspamadm on PATH: apt-get install rspamd")
    folder = tmp_path_factory.mktemp("rspamd")
    write(default_bundle("url"), folder)
    return folder


def answers(exported: Path, script: str, asked: list[str]) -> list[list[str]]:
    """Ask a script of tests/export, a question a line; give the fields of the answers."""
    question, answer = exported / "asked", exported / "answers"
    question.write_text("".join(line + "\n" for line in asked), encoding="utf-8")
    run_lua(SCRIPTS / script, TKIT_MODULE=exported / "tkit.lua", TKIT_ASKED=question, TKIT_ANSWERS=answer)
    found = [line.split("\t") for line in answer.read_text(encoding="utf-8").split("\n")[:-1]]
    assert len(found) == len(asked)
    return found


def test_margins_of_every_row_of_the_dataset(exported: Path) -> None:
    bundle = default_bundle("url")
    rows = read(ROOT / "data" / "dataset").references
    assert len(rows) > 100_000
    found = margins(exported, bundle, rows)
    for question in QUESTIONS:
        assert (found[question] == bundle.margins(rows, question)).all()


def test_resolved_urls_and_their_measures(exported: Path) -> None:
    choose = random.Random(3)
    texts = ["".join(choose.choices(PIECES.split(" "), k=choose.randint(0, 12))) for _ in range(4000)]
    urls = [front + text for text in texts for front in ("", "http://a.example/")]
    found = answers(exported, "columns.lua", urls)
    expected = [resolve(clean(url)) for url in urls]
    assert [resolved for resolved, _ in found] == expected
    asked = [url for url in expected if url]
    assert len(asked) > 4000
    columns = analyse(asked).columns
    numbers = np.array([row.split(" ") for resolved, row in found if resolved], np.float64)
    for number, name in enumerate(default_bundle("url").features):
        if name in columns:
            wrong = np.flatnonzero(np.float32(numbers[:, number]) != np.float32(columns[name]))
            assert not len(wrong), (name, asked[wrong[0]])


def test_what_takes_long_in_a_careless_pattern(exported: Path) -> None:
    run = 60_000
    texts = [
        "http://a.example/x" + " " * 10 * run + "y",
        " " * run,
        "http://a.example/" + "a" * run + "/@/" + "a" * run,
        "http://a.example/a" + "." * 63 + "@b",
        "http://a.example/a" + "." * 64 + "@b",
        "http://a.example/@b@",
    ]
    found = answers(exported, "columns.lua", texts)
    assert [resolved for resolved, _ in found] == [resolve(clean(text)) for text in texts]
    place = default_bundle("url").features.index("address_in_url")
    assert [row.split(" ")[place] for resolved, row in found if resolved] == ["0", "0", "1", "0", "0"]
    assert [holds_address(resolve(text)) for text in texts[2:]] == [False, True, False, False]


def test_wrapped_urls(exported: Path) -> None:
    inner = "http%3A%2F%2Fa.example%2Fo.gif%3Fid%3D1"
    urls = [
        "https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#http://a.example/o.gif",
        f"https://eur01.safelinks.protection.outlook.com/?url={inner}&data=1",
        "https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_caf-C3-A9.gif-3Fid-3D1&d=D",
        "https://urldefense.com/v3/__http://a.example/o*x**Ay__;PyYm!z",
        "https://secure-web.cisco.com/1/2/" + inner,
        "https://camo.githubusercontent.com/" + "0" * 40 + "/" + b"http://a.example/o.gif".hex(),
        "https://a.example/?url=" + inner,
    ]
    features = default_bundle("url").features
    place = features.index("url_length")
    rows = [row.split(" ") for _, row in answers(exported, "columns.lua", urls)]
    assert [unwrap(url) != url for url in urls] == [True] * 6 + [False]
    assert [int(row[place]) for row in rows] == [len(unwrap(url)) for url in urls]


def test_features_of_urls_of_the_corpora(exported: Path) -> None:
    mails = [Message.from_bytes(path.read_bytes()) for path in SAMPLE]
    problems: list[Problem] = []
    for corpus in CORPORA:
        archive = SHARED / "corpora" / corpus.archive
        if archive.exists():
            mails += [Message.from_bytes(mail.raw) for mail in islice(read_raw([archive], problems=problems), 400)]
    rows = extract(mails)
    rows = rows[rows["carrier_sheet"] == 0].drop_duplicates("resolved_url")
    names = default_bundle("url").features
    found = answers(exported, "columns.lua", rows["resolved_url"].tolist())
    numbers = np.array([row.split(" ") for _, row in found], np.float64).astype(np.float32)
    wrong = numbers != rows[names].to_numpy(np.float32)
    assert not wrong.any(), {names[column]: rows["resolved_url"].iloc[row] for row, column in np.argwhere(wrong)}


def test_mails_go_through_rspamd(exported: Path) -> None:
    bundle = default_bundle("url")
    found = answers(exported, "mails.lua", [str(path) for path in SAMPLE])
    compared = 0
    for path, (*summaries, pictures) in zip(SAMPLE, found, strict=True):
        rows = extract([Message.from_bytes(path.read_bytes())])
        rows = rows[rows["carrier_sheet"] == 0].drop_duplicates("resolved_url").set_index("resolved_url")
        python = pd.Series(bundle.verdicts(rows), index=rows.index)
        words = pictures.split(" ") if pictures else []
        same = dict(zip(words[1::2], words[::2], strict=True))
        known = python.index.intersection(list(same))  # Rspamd's tree has others in broken mails
        compared += len(known)
        assert [same[url] for url in known] == python[known].tolist(), path.name
        for number, (verdict, question) in enumerate({"tracker": "tracker", "personalised": "individual"}.items()):
            count, worst = summaries[2 * number : 2 * number + 2]
            urls = [url for url in same if same[url] == verdict]
            assert int(count) == len(urls)
            if set(urls) <= set(python.index):
                scores = bundle.scores(rows.loc[urls], question)
                assert float(worst) == pytest.approx(max(scores, default=0), abs=1e-6)
    assert compared > 60


CONFIGURATION = """
options {{ pidfile = "{folder}/pid"; filters = ""; tempdir = "{folder}"; cache_file = "{folder}/symbols.cache";
  hs_cache_dir = "{folder}"; url_tld = "{folder}/suffixes"; dns {{ nameserver = "127.0.0.1:9"; }} }}
logging {{ type = "console"; level = "error"; }}
metric {{ name = "default"; actions {{ reject = 15; }} }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
lua = "{folder}/tkit.lua";
"""


@pytest.fixture
def daemon(tmp_path: Path, missing_engine: Callable[[str], None]) -> Iterator[str]:
    """A running Rspamd with the bundle by hand; gives its address."""
    if shutil.which("rspamd") is None:
        missing_engine("no rspamd on PATH: apt-get install rspamd")
    write(of_three_verdicts("url"), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Rspamd compiles its own list of 9,628 suffixes at every start, which takes minutes on a busy machine.
    (tmp_path / "suffixes").write_text("example\n", encoding="utf-8")
    (tmp_path / "rspamd.conf").write_text(CONFIGURATION.format(folder=tmp_path, port=port), encoding="utf-8")
    as_root = ["-i"] if os.geteuid() == 0 else []
    command = ["rspamd", "-f", *as_root, "-c", tmp_path / "rspamd.conf"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"rspamd ended with code {process.wait(0.2)}")
        yield f"http://127.0.0.1:{port}/checkv2"
        process.terminate()


def symbols(daemon: str, html: str) -> dict[str, dict[str, object]]:
    """What the running Rspamd adds to a mail."""
    mail = f"From: a@b.example\nContent-Type: text/html\n\n{html}".encode()
    with urllib.request.urlopen(urllib.request.Request(daemon, data=mail), timeout=60) as answer:
        found = json.load(answer)["symbols"]
    return {name: symbol for name, symbol in found.items() if name.startswith("TKIT_")}


def test_symbols_in_a_running_rspamd(daemon: str) -> None:
    code = "0f3a9c5d7e1b2468ace0"
    trackers = (
        f"<img src='http://a.example/{code}?u=1'><img src='http://b.example/{code}?u=2'><img src='http://a.example/{code}?u=1'>"
    )
    personalised = f"<img src='//b.example/{code}.png'>"
    clean = "<img src=cid:logo><img src=http://a.example/logo.png?v=1>"
    worst = f"worst={1 / (1 + math.exp(-1)):.4f}"  # the margin by hand is 1
    found = symbols(daemon, trackers + personalised + clean)
    assert {name: symbol["options"] for name, symbol in found.items()} == {
        "TKIT_TRACKERS": ["count=2", worst],
        "TKIT_PERSONALISED": ["count=1", worst],
    }
    assert {symbol["score"] for symbol in found.values()} == {0}
    assert set(symbols(daemon, trackers)) == {"TKIT_TRACKERS"}
    assert set(symbols(daemon, personalised + clean)) == {"TKIT_PERSONALISED"}
    assert not symbols(daemon, clean)


def test_a_model_that_is_no_sum_of_trees_is_refused() -> None:
    bundle = default_bundle("url")
    ones = (1.0,) * len(bundle.features)
    linear = Output(IntegerLinear(0, ones, ones, ones), 0, "by hand")
    with pytest.raises(TkitError, match="is not a sum of trees"):
        module_text(replace(bundle, individual=linear))


def test_a_bundle_of_another_vantage_point_is_refused() -> None:
    with pytest.raises(TkitError, match="export a bundle of the vantage point url"):
        module_text(default_bundle("element"))


def test_loss_on_the_bundles_own_vectors(exported: Path) -> None:
    bundle = default_bundle("url")
    loss = TARGET.loss(exported, bundle, None)
    assert (loss.compared, loss.different) == (len(bundle.replay), 0)
    assert loss.engine.startswith("Rspamadm ")
