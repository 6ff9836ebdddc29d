import os
from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.files import whole_file, whole_folder


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_file(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_is_as_open_as_the_umask_says(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "a.txt") as stream:
            stream.write(b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with whole_file(path) as stream:
        stream.write(b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)


def test_what_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match="bytes-like"), whole_file(path) as stream:
        stream.write("no bytes")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with (
        pytest.raises(TkitError, match=r"cannot be written \(Is a directory\): choose another file"),
        whole_file(tmp_path) as stream,
    ):
        stream.write(b"x")
    assert not list(tmp_path.iterdir())


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a folder with the one file ``old.txt``."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old.txt").write_text("old", "utf-8")
    return folder


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with whole_folder(folder) as new:
        (new / "new.txt").write_text("new", "utf-8")
        assert not folder.exists()
    assert content(folder) == {"new.txt": "new"}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("replaces", [None, ("old.txt", "new.txt")])
def test_a_whole_folder_replaces_an_older_one(old: Path, replaces: tuple[str, ...] | None) -> None:
    with whole_folder(old, replaces) as new:
        assert list(new.iterdir()) == []
        (new / "new.txt").write_text("new", "utf-8")
        assert content(old) == {"old.txt": "old"}
    assert content(old) == {"new.txt": "new"}
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize(("error", "raised"), [(ValueError("x"), ValueError), (OSError(28, "no space"), TkitError)])
def test_a_folder_that_fails_leaves_the_old_one(old: Path, error: Exception, raised: type[Exception]) -> None:
    def write_half(new: Path) -> None:
        (new / "new.txt").write_text("new", "utf-8")
        raise error

    with pytest.raises(raised), whole_folder(old) as new:
        write_half(new)
    assert content(old) == {"old.txt": "old"}
    assert list(old.parent.iterdir()) == [old]


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(TkitError, match=r"a: cannot be written \(Not a directory\): choose a folder"), whole_folder(path):
        pytest.fail("the block must not begin")
    assert path.read_bytes() == b"old"


def test_a_folder_with_other_files_is_refused(old: Path) -> None:
    refusal = "folder: contains other files, such as old.txt: choose another folder or empty it"
    with pytest.raises(TkitError, match=refusal), whole_folder(old, ("new.txt",)):
        pytest.fail("the block must not begin")
    assert content(old) == {"old.txt": "old"}


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def refuses_the_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(5, "broken disk")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuses_the_new)
    with pytest.raises(TkitError, match=r"folder: cannot be written \(broken disk\)"), whole_folder(old) as new:
        (new / "new.txt").write_text("new", "utf-8")
    assert content(old) == {"old.txt": "old"}
    assert list(old.parent.iterdir()) == [old]
