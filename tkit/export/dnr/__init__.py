"""Rules for Chrome's declarativeNetRequest, in a minimal extension that only applies them."""

from __future__ import annotations

import json
from pathlib import Path

from tkit.bundle import Bundle
from tkit.errors import TkitError
from tkit.export.base import write_readme
from tkit.export.lists import list_target, rules_of
from tkit.templates import Templates, load_templates

MOST_RULES = 30_000
"""Static rules that Chrome guarantees to every extension (GUARANTEED_MINIMUM_STATIC_RULES)."""


def rules(templates: Templates) -> list[dict[str, object]]:
    """Return the rules: two per template, of which one is for the encoded variant.

    ``urlFilter`` can express every template. Regular expressions are not needed: Chrome accepts only a thousand of them, each
    of at most 2 KiB of compiled program.

    Raises
    ------
    TkitError
        For more rules than Chrome guarantees, or one that ``urlFilter`` cannot express.
    """
    patterns = [pattern for _, pattern in rules_of(templates)]
    if len(patterns) > MOST_RULES:
        raise TkitError(f"dnr: {len(patterns)} rules, but Chrome guarantees {MOST_RULES}: take fewer templates")
    for pattern in patterns:
        if not pattern.isascii() or pattern.startswith(("|", "*")) or pattern.endswith("|"):
            raise TkitError(f"dnr: {pattern!r}: a urlFilter is ASCII and has no anchors here: change the template")
    return [
        {
            "id": number,
            "priority": 1,
            "action": {"type": "block"},
            # The default for upper and lower case has changed between versions of Chrome.
            "condition": {"urlFilter": pattern, "isUrlFilterCaseSensitive": False, "resourceTypes": ["image"]},
        }
        for number, pattern in enumerate(patterns, start=1)
    ]


def manifest(templates: Templates) -> dict[str, object]:
    """Return the manifest of the extension: only the rules and the one permission that they need."""
    return {
        "manifest_version": 3,
        "name": "tkit mail trackers",
        "version": templates.facts["tkit_version"],
        "description": "Blocks pictures that report to the sender that a mail was opened.",
        "minimum_chrome_version": "118",
        "permissions": ["declarativeNetRequest"],
        "declarative_net_request": {
            "rule_resources": [{"id": "trackers", "enabled": True, "path": "rules.json"}],
        },
    }


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``manifest.json``, ``rules.json`` and a README: a folder that Chrome can load."""
    templates = load_templates()
    # One rule per line, to read them and to compare versions.
    lines = ",\n".join(json.dumps(rule) for rule in rules(templates))
    (folder / "rules.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    (folder / "manifest.json").write_text(json.dumps(manifest(templates), indent=1) + "\n", encoding="utf-8", newline="\n")
    write_readme(__name__, folder)


TARGET = list_target("dnr", "declarativeNetRequest rules, in an extension for Chrome", write)
