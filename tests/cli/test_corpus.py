"""The verbs of `tkit corpus`."""

import threading
from pathlib import Path

import pytest
from made import tar
from made_server import Server, answer
from made_shared import CORPORA, MAILS, OTHER, make_shared, use_made_registry, write_archive
from typer.testing import CliRunner

from tkit.cli import corpus as corpus_verbs
from tkit.cli.main import app
from tkit.corpus import PublicCorpus, registry
from tkit.dataset.build import build
from tkit.dataset.reading import default_folder
from tkit.errors import TkitError

run = CliRunner().invoke


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset, beside the corpora that it was made of."""
    use_made_registry(monkeypatch)
    for module in (registry, corpus_verbs):
        monkeypatch.setattr(module, "CORPORA", CORPORA)
    build(make_shared(tmp_path / "shared"), tmp_path / "dataset")
    return tmp_path


def test_list_names_every_corpus_with_its_home_and_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = run(app, ["corpus", "list"])
    assert done.exit_code == 0
    for corpus in registry.CORPORA:
        assert corpus.name in done.output
        assert f"{corpus.messages:,}" in done.output
        assert corpus.home in done.output
    assert "CC BY-NC 4.0" in done.output


class TestVerify:
    def test_sound(self, made: Path) -> None:
        done = run(app, ["corpus", "verify", "-f", f"{made}/shared/corpora", "--dataset", f"{made}/dataset"])
        assert (done.exit_code, done.output.count("holds"), done.output.count("fails")) == (0, 2, 0)

    def test_a_mail_is_missing(self, made: Path) -> None:
        write_archive(made / "shared" / "corpora", "second", {"0.eml": OTHER["0.eml"], "x.eml": MAILS["spam/plain"]})
        done = run(app, ["corpus", "verify", "-f", f"{made}/shared/corpora", "--dataset", f"{made}/dataset"])
        assert (done.exit_code, done.output.count("holds"), done.output.count("fails")) == (1, 1, 1)
        (line,) = (line for line in done.output.splitlines() if "second" in line)
        assert [word for word in line.split() if word.isdigit()] == ["1", "2", "1"]

    def test_one_corpus_of_two(self, made: Path) -> None:
        (made / "shared" / "corpora" / "second.tar.xz").unlink()
        arguments = ["-f", f"{made}/shared/corpora", "--dataset", f"{made}/dataset"]
        assert run(app, ["corpus", "verify", "first", *arguments]).exit_code == 0
        done = run(app, ["corpus", "verify", *arguments])
        assert isinstance(done.exception, TkitError)
        assert "no such archive" in str(done.exception)


def test_get_fetches_what_the_dataset_can_be_made_of(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.answers = [
        answer(body=tar(*((f"x/{name}", raw) for name, raw in mails.items()), mode="w:gz")) for mails in (MAILS, OTHER)
    ]
    monkeypatch.setattr(PublicCorpus, "url", property(lambda corpus: server.url))
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        where = ["-o", f"{made}/got/corpora", "--cache", f"{made}/cache", "--dataset", f"{made}/dataset"]
        done = run(app, ["corpus", "get", *where])
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()
    assert (done.exit_code, server.answers) == (0, [])
    # The labels come from the published dataset, and the whole comes out the same.
    done = run(app, ["dataset", "verify", f"{made}/dataset", "--rebuild", f"{made}/got"])
    assert (done.exit_code, done.output.count("fails")) == (0, 0), done.output


def test_unknown_name() -> None:
    done = run(app, ["corpus", "get", "enron", "--dataset", str(default_folder())])
    assert done.exit_code == 2
    assert "no public corpus enron" in done.output
