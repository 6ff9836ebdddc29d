"""A MailExtension for Thunderbird: it lists the trackers of a mail, and shows the other pictures without them."""

from __future__ import annotations

from pathlib import Path

from tkit.bundle import Bundle
from tkit.export.base import Target
from tkit.export.packaging import loss_of_script, write_extension

FILES = ("manifest.json", "background.js", "pictures.js", "popup.js")
"""The hand-written files that only this extension has."""


def write(bundle: Bundle, folder: Path) -> None:
    """Write the extension as a folder that Thunderbird can load, also as a zip file."""
    write_extension(__name__, FILES, bundle, folder)


TARGET = Target(
    "thunderbird",
    "a MailExtension that lists the trackers of a mail and shows the other pictures without them",
    write,
    loss_of_script(
        "thunderbird",
        "Compared on feature rows, computed by the script that the extension runs. It judges the source of the mail as "
        "Thunderbird gives it, with headers, not the message as shown.",
    ),
)
