"""Chrome's declarativeNetRequest rules, in a minimal extension that does nothing but block them."""

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
    """Return the rules: one a template, and one for its encoded twin.

    No rule is a regular expression, of which Chrome takes a thousand and each only up to 2 KiB of compiled program: what the
    templates say, ``urlFilter`` says.

    Raises
    ------
    TkitError
        For more rules than Chrome guarantees, or one that ``urlFilter`` cannot hold.
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
            # Said and not left to the default, which was once the other one.
            "condition": {"urlFilter": pattern, "isUrlFilterCaseSensitive": False, "resourceTypes": ["image"]},
        }
        for number, pattern in enumerate(patterns, start=1)
    ]


def manifest(templates: Templates) -> dict[str, object]:
    """Return the extension's manifest: the rules and the one permission that they need, nothing else."""
    return {
        "manifest_version": 3,
        "name": "tkit mail trackers",
        "version": templates.facts["tkit_version"],
        "description": "Blocks pictures that tell a sender that a mail was opened.",
        "minimum_chrome_version": "118",
        "permissions": ["declarativeNetRequest"],
        "declarative_net_request": {
            "rule_resources": [{"id": "trackers", "enabled": True, "path": "rules.json"}],
        },
    }


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``manifest.json``, ``rules.json`` and a README: a folder that Chrome loads as it is."""
    templates = load_templates()
    # One rule a line: to read, and to compare two versions.
    lines = ",\n".join(json.dumps(rule) for rule in rules(templates))
    (folder / "rules.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    (folder / "manifest.json").write_text(json.dumps(manifest(templates), indent=1) + "\n", encoding="utf-8", newline="\n")
    write_readme(__name__, folder)


TARGET = list_target("dnr", "declarativeNetRequest rules in an extension that Chrome loads", write)
