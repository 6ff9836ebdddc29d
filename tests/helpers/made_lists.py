"""Tiny published lists."""

import json
from pathlib import Path

from tkit.lists.engines import PublishedList
from tkit.lists.sources import ListSource, load


def tiny(folder: Path, kind: str, content: object) -> PublishedList:
    """Write a list as a file of ``kind`` has it, and load it."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "tiny").write_text(text, encoding="utf-8")
    return load(ListSource("tiny", "tiny", kind, "example/list", "a/list.txt", "c0ffee", "", "none"), folder)
