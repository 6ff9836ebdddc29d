"""tkit: find, measure and block email read trackers.

The public names are those in ``dir(tkit)`` and in each package's ``__all__``. A name is imported when it is first used, so
that ``import tkit`` and ``tkit --help`` do not import pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tkit.version import __version__ as __version__

if TYPE_CHECKING:
    from tkit.annotate import Labeller as Labeller
    from tkit.bundle import Bundle as Bundle
    from tkit.bundle import default_bundle as default_bundle
    from tkit.dataset import load_dataset as load_dataset
    from tkit.evaluate import Evaluation as Evaluation
    from tkit.features import extract as extract
    from tkit.html import references as references
    from tkit.mail import Message as Message
    from tkit.scrubbing import scrub as scrub
    from tkit.verdicts import audit as audit
    from tkit.verdicts import scan as scan

_PACKAGES = {
    "Bundle": "bundle",
    "Evaluation": "evaluate",
    "Labeller": "annotate",
    "Message": "mail",
    "audit": "verdicts",
    "default_bundle": "bundle",
    "extract": "features",
    "load_dataset": "dataset",
    "references": "html",
    "scan": "verdicts",
    "scrub": "scrubbing",
}

__all__ = ["__version__", *_PACKAGES]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name not in _PACKAGES:
        raise AttributeError(f"module 'tkit' has no attribute {name!r}")
    value = getattr(import_module(f"tkit.{_PACKAGES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
