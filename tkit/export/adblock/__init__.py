"""A filter list for uBlock Origin, Adblock Plus, Brave and every other program that reads their syntax."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tkit.bundle import Bundle
from tkit.export.base import write_readme
from tkit.export.lists import list_target, rules_of
from tkit.templates import Templates, load_templates

OPTION = "$image"
"""Every rule's option. Each gold tracker but one is asked for as an image, backgrounds too; other types were not measured."""


def list_text(templates: Templates) -> str:
    """Return the list: a header, then each template's comment with its evidence, its rule and the rule's encoded twin."""
    facts = templates.facts
    lines = [
        "[Adblock Plus 2.0]",
        "! Title: tkit mail trackers",
        f"! Version: {facts['tkit_version']}",
        "! Expires: 30 days",
        "! Licence: MIT",
        "! Description: Open trackers of mail, for webmail in a browser. Each rule stands below what speaks for it and",
        f"!   against it in labelled mail: {facts['trackers']:,} trackers, {facts['negatives']:,} good pictures, and"
        f" {facts['weak_negatives']:,} more that weak labels call good.",
        "!   The second rule of each pair is the first one percent-encoded, for picture proxies that carry the URL so.",
    ]
    for template, rules in groupby(rules_of(templates), key=lambda pair: pair[0]):
        name = f"{template.service}, " if template.service else ""
        lines += ["!", f"! {name}{template.origin}: {template.evidence}"]
        lines += [_rule(pattern) for _, pattern in rules]
    return "\n".join(lines) + "\n"


def _rule(pattern: str) -> str:
    """Write a pattern as a rule.

    uBlock Origin looks a rule up by its words and takes the first and the last for whole ones of the URL, where no ``*`` stands
    beside them; between slashes a rule would be a regular expression.
    """
    start = "*" if pattern.startswith("%") else ""
    end = "*" if pattern[-1].isalnum() or (pattern.startswith("/") and pattern.endswith("/")) else ""
    return start + pattern + end + OPTION


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``tkit.txt`` and a README."""
    (folder / "tkit.txt").write_text(list_text(load_templates()), encoding="utf-8", newline="\n")
    write_readme(__name__, folder)


TARGET = list_target("adblock", "a filter list for uBlock Origin, Adblock Plus and Brave", write)
