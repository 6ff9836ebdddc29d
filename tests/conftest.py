"""Mails of the public corpora for the tests that hold a parser against another one; the engines that exports are tried in."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest
from counting import CountingServer, Silent
from hypothesis import settings
from made_dovecot import Dovecot, dovecot, missing_dovecot
from made_webmail import Web, web
from paths import ROOT, SHARED

from tkit.corpus import CORPORA, Problem, read_raw
from tkit.dataset import read
from tkit.errors import TkitError
from tkit.mail import Message
from tkit.templates.material import labelled_urls

# How long one example takes says nothing on a machine that does other work beside the tests.
# In CI every run tries the same examples, so that a change is judged by what it changes; other runs explore.
settings.register_profile("tkit", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("tkit")


@pytest.fixture(scope="session", params=CORPORA, ids=lambda corpus: corpus.name)
def corpus_mails(request: pytest.FixtureRequest) -> list[bytes]:
    """A hundred mails of a public corpus that name HTML, at equal distances in its first thousand."""
    archive = SHARED / "corpora" / request.param.archive
    if not archive.exists():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    problems: list[Problem] = []
    with_html = (mail.raw for mail in read_raw([archive], problems=problems) if b"text/html" in mail.raw.lower())
    mails = list(islice(with_html, 1000))
    assert len(mails) >= 100
    return mails[:: len(mails) // 100][:100]


@pytest.fixture(scope="session")
def corpus_html(corpus_mails: list[bytes]) -> list[str]:
    """The HTML parts of those mails."""
    return [html for raw in corpus_mails for html in Message.from_bytes(raw).html_parts]


@pytest.fixture(scope="session")
def missing_engine() -> Callable[[str], None]:
    """Ends a test whose engine is not there: failed in CI, skipped elsewhere."""

    def end(what: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)

    return end


@pytest.fixture(scope="session")
def npm_packages(missing_engine: Callable[[str], None]) -> Callable[[Path], Path]:
    """Installs the packages of a folder's package.json, as its lock file says, and returns the folder."""

    def install(folder: Path) -> Path:
        if shutil.which("node") is None or shutil.which("npm") is None:
            missing_engine("no node and npm on PATH: apt-get install nodejs npm")
        lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            if done.returncode:
                missing_engine(f"npm ci failed in {folder}: {done.stderr.decode()[-300:]}")
        return folder

    return install


@pytest.fixture(scope="session")
def npm(npm_packages: Callable[[Path], Path]) -> Path:
    """The folder tests/export with the packages of its package.json installed."""
    return npm_packages(Path(__file__).parent / "export")


@pytest.fixture(scope="session")
def chromium(missing_engine: Callable[[str], None]) -> str:
    """The path of a Chromium, with Playwright to start it."""
    try:
        from tkit.lab.render import CHROMIUM_NAMES  # noqa: PLC0415
    except TkitError as error:
        missing_engine(str(error))
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        missing_engine(f"no {', '.join(CHROMIUM_NAMES)} on PATH: apt-get install chromium")
    return str(executable)


@pytest.fixture(scope="session")
def brave(missing_engine: Callable[[str], None]) -> None:
    """Brave's filter engine is installed."""
    if find_spec("adblock") is None:
        missing_engine("no Brave engine: pip install 'tkit[lists]'")


@pytest.fixture(scope="session")
def labelled_requests() -> list[tuple[str, str]]:
    """Type and URL of every reference that people labelled in the dataset."""
    if not (SHARED / "corpora").is_dir():
        pytest.skip("the public corpora are not beside the repository (../shared/corpora or TKIT_SHARED)")
    dataset = read(ROOT / "data" / "dataset")
    by_people = replace(dataset, labels=dataset.labels[dataset.labels["source"] != "weak"])
    rows = labelled_urls(SHARED, by_people)
    return list(dict.fromkeys(zip(rows["request"], rows["resolved_url"], strict=True)))


@pytest.fixture(scope="session")
def imap_server(missing_engine: Callable[[str], None]) -> Iterator[Dovecot]:
    """A Dovecot on loopback."""
    if missing := missing_dovecot():
        missing_engine(missing)
    with dovecot() as started:
        yield started


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer(("127.0.0.1", 0), Silent) as started:
        thread = threading.Thread(target=started.serve_forever)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def internet(missing_engine: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web on loopback, for browsers that are kept on this machine."""
    if shutil.which("openssl") is None:
        missing_engine("no openssl on PATH: apt-get install openssl")
    with web(tmp_path_factory.mktemp("certificate")) as started:
        yield started
