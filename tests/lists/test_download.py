"""Tests of tkit.lists.download: synthetic sources in the forms that the projects publish, from a server on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tkit.errors import TkitError
from tkit.lists import download
from tkit.lists.download import digest, get, url_of, verify
from tkit.lists.sources import REGISTRY, ListSource, load, rules_of

SOURCES = {source.name: source for source in REGISTRY}
MTB = r"""
- (NSString*)x { return @"not a rule"; }
- (NSDictionary*)getTrackerDict {
    return @{
        @"A": @[@"a.example/\\?x=", // @"no"
                @"b.example/[0-9]+"],
        @"C \"Inc\"": @[ @"https://c.example" /* @"no" */ ],
    };
}
"""
SIMPLIFY = r"""
const trackers = {
  "a.example": "a.example\\/o",
  "b.example": ["b1", "b2\\d",],
  Unknown: ["\\/open.aspx\\?tp=",],
};
const x = "no";
"""
NEOMD = """
var KnownTrackers = []Tracker{
\t{"A", []string{"a.example/o", "/a"}},
\t{"B", []string{"b.example"}}, // "no"
}
func b() { patterns := []string{
\t\t"/generic",
\t}
"""
TROCKER = """function f(){ var openTrackers = [{"name": "A", "domains": ["a.example/t"], "patterns": ["*://b.example/*"]}];
\treturn openTrackers; }"""
PELTON = """// "no"
var trackerDomains = []string{
\t"a.example",
\t// "no"
\t"b.example",
}
var x = "no"
"""
MAILSPRING = """const TrackingBlacklist = [
  { name: 'A', pattern: 'a.example/o', homepage: 'http://a.example' },
  { name: 'B', pattern: "b.example" },
]; const x = { pattern: 'no' };"""
SNAPPY = """x || (2 > pInt(oStyle.width)) || [ 'a.example/open', // no
 '/track' ].filter(uri => 1)"""
DISCONNECT = {
    "categories": {"Email": [{"A": {"http://a.example/": ["a.example", "b.example"], "dnt": "eff"}}], "EmailAggressive": []}
}

FORMS = {
    "mailtrackerblocker": (MTB, [r"a.example/\?x=", "b.example/[0-9]+", "https://c.example"]),
    "hey_2020": (MTB, [r"a.example/\?x=", "b.example/[0-9]+", "https://c.example"]),
    "simplify": (SIMPLIFY, [r"a.example\/o", "b1", r"b2\d", r"\/open.aspx\?tp="]),
    "neomd": (NEOMD, ["a.example/o", "/a", "b.example"]),
    "trocker": (TROCKER, ["a.example/t", "*://b.example/*"]),
    "pelton": (PELTON, ["a.example", "b.example"]),
    "mailspring": (MAILSPRING, ["a.example/o", "b.example"]),
    "snappymail": (SNAPPY, ["a.example/open", "/track"]),
    "disconnect_email": (json.dumps(DISCONNECT), ["a.example", "b.example"]),
    "uglyemail": ("A@@=a\\.example\n", [r"a\.example"]),
    "adguard_mail": ("! comment\n/o?$image\n", ["/o?$image"]),
}


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, bytes]]]:
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", files
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", FORMS)
def test_rules_are_taken_out_of_what_the_project_publishes(name, served, tmp_path) -> None:
    pytest.importorskip("pooch", reason="the extra 'lists' is not installed")
    address, files = served
    text, rules = FORMS[name]
    files["/list"] = text.encode()
    source = SOURCES[name]._replace(sha256=digest(rules))
    path = get(source, tmp_path / "new", f"{address}/list")
    assert path == tmp_path / "new" / source.file
    assert rules_of(source, path.parent) == rules
    assert verify(source, path.parent)
    if source.kind != "filters":
        assert load(source, path.parent).rules == len(rules)
    assert [one.name for one in path.parent.iterdir()] == [source.file]


def test_other_rules_are_not_written(served, tmp_path) -> None:
    pytest.importorskip("pooch", reason="the extra 'lists' is not installed")
    address, files = served
    files["/list"] = b"A@@=other\n"
    (tmp_path / SOURCES["uglyemail"].file).write_text("kept")
    with pytest.raises(TkitError, match="contains other rules than the registry: nothing is written"):
        get(SOURCES["uglyemail"], tmp_path, f"{address}/list")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(SOURCES["uglyemail"].file, "kept")]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("pelton", b"package mailview", "has another format than at"),
        ("disconnect_email", b"{}", "has another format than at"),
        ("trocker", b"openTrackers = [;", "has another format than at"),
        ("uglyemail", b"\xff", "is not UTF-8 text"),
        ("uglyemail", None, "cannot be downloaded .404"),
    ],
)
def test_what_is_no_list_is_said(name, body, reason, served, tmp_path) -> None:
    pytest.importorskip("pooch", reason="the extra 'lists' is not installed")
    address, files = served
    if body is not None:
        files["/list"] = body
    with pytest.raises(TkitError, match=reason):
        get(SOURCES[name], tmp_path, f"{address}/list")
    assert list(tmp_path.iterdir()) == []


def test_a_list_is_no_larger_than_lists_are(served, tmp_path, monkeypatch) -> None:
    pytest.importorskip("pooch", reason="the extra 'lists' is not installed")
    address, files = served
    files["/list"] = b"A@@=a\n" * 4
    monkeypatch.setattr(download, "LARGEST", 20)
    with pytest.raises(TkitError, match="more than 20 bytes"):
        get(SOURCES["uglyemail"], tmp_path, f"{address}/list")


def test_where_no_commit_is_recorded_it_says_what_to_take(tmp_path) -> None:
    assert url_of(SOURCES["easyprivacy_full"]) == ""
    with pytest.raises(TkitError, match="no commit is recorded to download; take assets/thirdparties"):
        get(SOURCES["easyprivacy_full"], tmp_path)
    assert url_of(SOURCES["uglyemail"]).startswith(
        "https://raw.githubusercontent.com/OneClickLab/ugly-email-trackers/7a52151dbaf7"
    )


def test_verify_knows_missing_and_changed_copies(tmp_path) -> None:
    source = ListSource("t", "t.json", "hosts", "p", "f", "c", "", "", digest(["a.example", "b.example"]))
    assert not verify(source, tmp_path)
    (tmp_path / "t.json").write_text('["b.example", "a.example", "a.example"]')
    assert verify(source, tmp_path)
    (tmp_path / "t.json").write_text('["b.example"]')
    assert not verify(source, tmp_path)
