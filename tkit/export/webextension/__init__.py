"""A browser extension (Manifest V3) that holds back the pictures of a mail until the detector has judged them."""

from __future__ import annotations

from pathlib import Path

from tkit.bundle import Bundle
from tkit.errors import TkitError
from tkit.export.base import Target
from tkit.export.packaging import loss_of_script, write_extension

FILES = ("manifest.json", "background.js", "sites.js", "content.js", "popup.js", "options.html", "options.js")
"""The hand-written files that only this extension has."""


def write(bundle: Bundle, folder: Path) -> None:
    """Write the extension as a folder that a browser can load unpacked.

    Raises
    ------
    TkitError
        For a bundle of the ``message`` vantage point: a web page does not show the headers of a mail.
    """
    if bundle.vantage == "message":
        raise TkitError(
            f"webextension: {bundle.name} sees the message, but a web page does not show the headers of a mail: export a bundle"
            " of the vantage point element or url, such as default:element"
        )
    write_extension(__name__, FILES, bundle, folder)


TARGET = Target(
    "webextension",
    "a browser extension that blocks trackers in webmail before they load",
    write,
    loss_of_script(
        "webextension",
        "Compared on feature rows, computed by the script that the extension runs in pages. In a webmail it sees the "
        "DOM of the page, without headers and without what the webmail's sanitizer removed from the mail.",
    ),
)
