"""Tests of tkit.lists.sources: reading, the registry, verdicts on either form of a URL."""

import csv
from pathlib import Path

import numpy as np
import pytest
from made_lists import tiny
from paths import SHARED

from tkit.errors import TkitError
from tkit.lists.download import verify
from tkit.lists.engines import HostList, SubstringList
from tkit.lists.sources import REGISTRY, ListSource, load, load_all, overview, read_list, verdicts

# Loading


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("hosts", "not json", "Expecting value"),
        ("hosts", "[1]", "not a string"),
        ("substrings", "3", "not iterable"),
        ("substrings-nocase", '{"a": [["b"]]}', "not a string"),
        ("wildcards-nocase", '[{"name": "A"}]', "domains"),
        ("wildcards-nocase", '[{"domains": ["a"], "patterns": [1]}]', "not a string"),
        ("regex-js", "a line without a separator", "index out of range"),
    ],
)
def test_load_names_the_file_of_another_format(tmp_path, kind, text, reason):
    with pytest.raises(TkitError, match=rf"list tiny: .*tiny does not have the format of '{kind}' \(.*{reason}"):
        tiny(tmp_path, kind, text)


def test_load_refuses_bytes_that_are_no_utf8(tmp_path):
    (tmp_path / "tiny").write_bytes(b'["\xff"]')
    with pytest.raises(TkitError, match="not have the format of 'hosts'"):
        load(ListSource("tiny", "tiny", "hosts", "example/list", "list", "", "", "none"), tmp_path)


def test_load_says_what_is_missing_and_where_to_get_it(tmp_path):
    source = ListSource("tiny", "absent", "hosts", "example/list", "a/list.txt", "c0ffee", "", "none")
    with pytest.raises(TkitError, match=r"cannot read .*absent \(.*\); make it from a/list.txt of example/list c0ffee"):
        load(source, tmp_path)


def test_load_refuses_an_unknown_kind(tmp_path):
    with pytest.raises(TkitError, match="list tiny: unknown kind 'nonsense'; known are filters, hosts"):
        tiny(tmp_path, "nonsense", "")


def test_registry_names_and_files_are_unique():
    assert len({source.name for source in REGISTRY}) == len(REGISTRY)
    assert len({source.file for source in REGISTRY}) == len(REGISTRY)


def test_read_list_knows_the_kind_by_the_content(tmp_path):
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    forms = {
        "hosts": "# comment\n127.0.0.1 localhost\n0.0.0.0 t.example.com # why\n",
        "domains": "t.example.com\n\nt.example.net\n",
        "filters": "[Adblock Plus 2.0]\n! comment\n||t.example.com^\n",
        "bare filter": "t.example.com/o\n",
        "named": "Example@@=t\\.example\\.com\n",
        "array": '["t.example.com"]',
        "object": '{"kind": "substrings", "rules": ["t.example.com/o"]}',
        "object of lines": '{"kind": "filters", "rules": ["||t.example.com^"]}',
        "byte order mark": "\ufefft.example.com\n",
    }
    kinds = []
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        listed = read_list(tmp_path / name)
        kinds.append(listed.kind)
        assert listed.match("https://t.example.com/o"), name
        assert not listed.match("https://example.com/"), name
    assert kinds == ["hosts", "hosts", "filters", "filters", "regex-js", "hosts", "substrings", "filters", "hosts"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "JSON of unknown form"),
        ('["a b"]', "JSON of unknown form"),
        ('{"kind": "moon", "rules": []}', "JSON of unknown form"),
        ('{"kind": "hosts"}', "rules do not have the form of 'hosts'"),
        ('{"kind": "substrings", "rules": [1]}', "rules do not have the form of 'substrings'"),
        ('{"kind": "wildcards-nocase", "rules": ["a"]}', "rules do not have the form of 'wildcards-nocase'"),
    ],
)
def test_read_list_says_what_is_wrong(tmp_path, text, reason):
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(TkitError, match=reason):
        read_list(tmp_path / "list.json")


def test_read_list_refuses_what_is_no_text(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TkitError, match="not UTF-8 text"):
        read_list(tmp_path / "list.txt")
    with pytest.raises(TkitError, match="cannot be read"):
        read_list(tmp_path / "missing.txt")


def test_the_lists_of_the_registry_have_the_rules_that_it_was_made_of():
    folder = SHARED / "lists"
    if not folder.is_dir():
        pytest.skip("the published lists are not here: ../shared/lists")
    assert [source.name for source in REGISTRY if not verify(source, folder)] == []


def test_overview_counts_and_says_why(tmp_path):
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    (tmp_path / "leavemealone_trackers.txt").write_text("! x\n/open$image\n##img\n##a\n")
    table = overview(tmp_path).set_index("name")
    one = table.loc["leavemealone"]
    assert (one["rules"], one["applied"], one["dropped"], one["copy"]) == (3, 1, 2, True)
    assert one["why"] == ["2: hides an element and judges no URL"]
    assert not table.loc["neomd", "copy"]


WRAPPED = "https://ci3.googleusercontent.com/proxy/A#https://t.example.com/o"
UNWRAPPED = "https://t.example.com/o"


def test_verdicts_take_either_form(tmp_path):
    hosts = HostList("hosts", "hosts", ["example.com"])
    proxies = SubstringList("proxies", "substrings", ["googleusercontent"])
    html = tiny(tmp_path, "regex-tag", {"A": ["/t.example.com/o"]})
    tag = f'<img src="{WRAPPED}">'
    frame = verdicts(
        [hosts, proxies, html],
        [WRAPPED, UNWRAPPED, UNWRAPPED, "https://b.example/"],
        [UNWRAPPED, UNWRAPPED, UNWRAPPED, "https://b.example/"],
        [tag, f"<img src={UNWRAPPED}>", "<td>", "<img>"],
    )
    assert (frame.dtypes == np.bool_).all()
    assert frame.to_dict("list") == {
        "hosts": [True, True, True, False],
        "proxies": [True, False, False, False],
        "tiny": [True, True, False, False],
    }


def test_verdicts_put_an_unwrapped_url_into_a_tag_of_its_own(tmp_path):
    html = tiny(tmp_path, "regex-tag", {"A": ["src=.https://t.example.com/o"]})
    frame = verdicts([html], [WRAPPED], [UNWRAPPED], [f'<img src="{WRAPPED}">'])
    assert frame["tiny"].tolist() == [True]
    assert not html.match(WRAPPED, tag=f'<img src="{WRAPPED}">')


def test_verdicts_refuse_forms_of_another_length():
    with pytest.raises(TkitError, match="unwrapped: 0 for 1 URLs"):
        verdicts([], ["http://a.example/"], [])


def test_verdicts_refuse_two_lists_of_one_name():
    twice = [HostList("same", "hosts", ["a.example"]), SubstringList("same", "substrings", ["b"])]
    with pytest.raises(TkitError, match="two lists with the same name among same, same"):
        verdicts(twice, ["http://a.example/"], ["http://a.example/"])


def test_verdicts_without_lists_keep_the_rows():
    assert verdicts([], ["a", "b"], ["a", "b"]).shape == (2, 0)


# The lists themselves


def _readme_rules(readme: Path) -> dict[str, int]:
    rows = csv.reader(readme.read_text(encoding="utf-8").splitlines(), delimiter="|")
    table = [[cell.strip() for cell in row] for row in rows if len(row) > 3]
    return {row[1]: int(row[2]) for row in table if row[2].isdigit()}


def test_all_lists_load_with_the_rules_that_their_readme_counts():
    folder = SHARED / "lists"
    if not folder.is_dir():
        pytest.skip("the published lists are not here: ../shared/lists")
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    loaded = load_all(folder)
    counts = {source.file: published.rules for source, published in zip(REGISTRY, loaded, strict=True)}
    assert counts == _readme_rules(folder / "README.md")
    dropped = {published.name: len(published.dropped) for published in loaded if published.dropped}
    assert set(dropped) == {"leavemealone", "easyprivacy_full"}
    (of_all_types,) = (published for published in loaded if published.name == "leavemealone")
    assert len(of_all_types.rewritten) == 30
    assert dropped["leavemealone"] == 5  # they hide elements
