"""A MailExtension for Thunderbird: says which pictures are trackers, and shows the others without them."""

from __future__ import annotations

from pathlib import Path

from tkit.bundle import Bundle
from tkit.export.base import Target
from tkit.export.packaging import loss_of_script, write_extension

FILES = ("manifest.json", "background.js", "pictures.js", "popup.js")
"""The hand-written files that are this extension's alone."""


def write(bundle: Bundle, folder: Path) -> None:
    """Write the extension, as Thunderbird loads it from a folder or a zip file."""
    write_extension(__name__, FILES, bundle, folder)


TARGET = Target(
    "thunderbird",
    "a MailExtension that names a mail's trackers and shows the other pictures without them",
    write,
    loss_of_script(
        "thunderbird",
        "Compared on feature rows, computed by the script that the extension runs. It judges the mail's source as Thunderbird "
        "gives it, with its headers, not the message as it is shown.",
    ),
)
