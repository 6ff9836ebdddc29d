"""A filter list for uBlock Origin, Adblock Plus, Brave and other programs that read their syntax."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tkit.bundle import Bundle
from tkit.export.base import write_readme
from tkit.export.lists import list_target, rules_of
from tkit.templates import Templates, load_templates

OPTION = "$image"
"""The option of every rule. All gold trackers but one are requested as images, backgrounds included; other types were not
measured."""


def list_text(templates: Templates) -> str:
    """Return the list: a header, then for each template a comment with its evidence, its rule and the encoded variant."""
    facts = templates.facts
    lines = [
        "[Adblock Plus 2.0]",
        "! Title: tkit mail trackers",
        f"! Version: {facts['tkit_version']}",
        "! Expires: 30 days",
        "! Licence: MIT",
        "! Description: Open trackers of mail, for webmail in a browser. The comment above each rule is its evidence for and",
        f"!   against in labelled mail: {facts['trackers']:,} trackers, {facts['negatives']:,} good pictures, and"
        f" {facts['weak_negatives']:,} more that are good by weak labels.",
        "!   The second rule of each pair is the first one percent-encoded, for picture proxies that encode the URL.",
    ]
    for template, rules in groupby(rules_of(templates), key=lambda pair: pair[0]):
        name = f"{template.service}, " if template.service else ""
        lines += ["!", f"! {name}{template.origin}: {template.evidence}"]
        lines += [_rule(pattern) for _, pattern in rules]
    return "\n".join(lines) + "\n"


def _rule(pattern: str) -> str:
    """Return a pattern as a rule.

    uBlock Origin finds a rule by its words. Without a ``*`` beside them it takes the first and the last word for whole words of
    the URL. A rule between slashes would be a regular expression.
    """
    start = "*" if pattern.startswith("%") else ""
    end = "*" if pattern[-1].isalnum() or (pattern.startswith("/") and pattern.endswith("/")) else ""
    return start + pattern + end + OPTION


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``tkit.txt`` and a README."""
    (folder / "tkit.txt").write_text(list_text(load_templates()), encoding="utf-8", newline="\n")
    write_readme(__name__, folder)


TARGET = list_target("adblock", "a filter list for uBlock Origin, Adblock Plus and Brave", write)
