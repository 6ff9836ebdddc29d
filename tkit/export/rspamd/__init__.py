"""A Lua module for Rspamd: the models in whole numbers, the features of the vantage point ``url``, and two symbols."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from tkit.arrays import Ints
from tkit.bundle import QUESTIONS, Bundle, IntegerTrees, Question, Verdicts
from tkit.errors import TkitError
from tkit.export.base import Target, loss_on_rows, program, run, verdicts_at, write_readme
from tkit.export.javascript.data import encoded_model, packed_suffixes, suffixes
from tkit.features import FEATURE_VERSION, vocabulary
from tkit.url import services, stores, wrapping

MODULES = ("url", "tokens", "model", "rule")
"""The hand-written parts; each follows those that it needs."""


def module_text(bundle: Bundle) -> str:
    """Return the whole detector as one Lua file.

    Raises
    ------
    TkitError
        For a bundle of another vantage point than ``url``: Rspamd parses HTML differently from browsers, so that other
        features would differ. Also for a bundle with a model that is not a sum of trees.
    """
    if bundle.vantage != "url":
        raise TkitError(
            f"rspamd: {bundle.name} sees the {bundle.vantage}, but Rspamd's HTML parser differs from browsers: export a bundle"
            " of the vantage point url, such as default:url"
        )
    parts = [f"-- tkit {bundle.tkit_version}: {bundle.name} of {bundle.date}, which sees the URL. MIT licence.\n\n"]
    parts.append(f"local DATA = {_lua(_data(bundle))}\n")
    for name in MODULES:
        parts.append("\n" + resources.files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8"))
    return "".join(parts)


def _model(bundle: Bundle, question: Question) -> dict[str, object]:
    output = bundle.output(question)
    if not isinstance(output.model, IntegerTrees):
        raise TkitError(f"rspamd: {bundle.name} is not a sum of trees: train a tree, a forest or boosting")
    model = encoded_model(output.model, bundle.features, means=False)
    return {
        "threshold": output.threshold,
        "link": model["link"],
        "intercept": model["intercept"],
        "least": model["least"],
        "split_digits": model["splitDigits"],
        "leaf_digits": model["leafDigits"],
        "splits": model["splits"],
        "trees": model["trees"],
    }


def _data(bundle: Bundle) -> dict[str, object]:
    return {
        "schema": {
            "name": bundle.name,
            "vantage": bundle.vantage,
            "feature_version": FEATURE_VERSION,
            "tkit_version": bundle.tkit_version,
            "features": bundle.features,
        },
        "models": {question: _model(bundle, question) for question in QUESTIONS},
        "words": vocabulary.WORDS,
        "most_words": vocabulary.MOST,
        "size_names": vocabulary.SIZE_NAMES,
        "host_track": vocabulary.HOST_TRACK.pattern,
        "host_picture": vocabulary.HOST_PICTURE.pattern,
        "scripts": vocabulary.SCRIPTS,
        "photos": " ".join(sorted(vocabulary.PHOTOS)),
        "pictures": " ".join(sorted(vocabulary.PICTURES)),
        "sheets": " ".join(sorted(vocabulary.SHEETS)),
        "stores": " ".join(sorted(stores.STORES)),
        "regional_store": stores.REGIONAL_S3.pattern,
        "service_hosts": {host: pattern for host, (_, pattern) in services.known().hosts.items()},
        "branded": [pattern for _, pattern in services.known().branded],
        "floating": [pattern for _, pattern in services.known().floating],
        "query_wrappers": wrapping.QUERY_WRAPPERS,
        "wrapping_domains": dict.fromkeys(sorted(wrapping.WRAPPING_DOMAINS), True),
        "suffixes": packed_suffixes(suffixes()),
    }


def _lua(value: object) -> str:
    """Return a value as a Lua literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return '"' + re.sub(r"[\x00-\x1f\x7f\\\"]", lambda match: f"\\{ord(match[0]):03d}", value) + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{_lua(key)}]={_lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        lines = ",\n" if value and isinstance(value[0], str) and len(value) > 50 else ","
        return "{" + lines.join(map(_lua, value)) + "}"
    raise TkitError(f"no Lua literal for {value!r:.60}")


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``tkit.lua`` and a README."""
    (folder / "tkit.lua").write_text(module_text(bundle), encoding="utf-8", newline="\n")
    write_readme(__name__, folder)


def margins(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> dict[Question, Ints]:
    """Return for each question the margin of each feature row, computed by the exported module in Rspamd's Lua.

    Raises
    ------
    EngineMissingError
        If Rspamd is not installed.
    """
    with TemporaryDirectory() as folder_of_rows:
        matrix, answers = Path(folder_of_rows, "rows.f32"), Path(folder_of_rows, "answers")
        rows[bundle.features].to_numpy(np.float32).tofile(matrix)
        with resources.as_file(resources.files(__name__).joinpath("margins.lua")) as script:
            run_lua(script, TKIT_MODULE=folder / "tkit.lua", TKIT_ROWS=matrix, TKIT_ANSWERS=answers)
        return dict(zip(QUESTIONS, np.loadtxt(answers, dtype=np.int64, ndmin=2).T, strict=True))


def run_lua(script: Path, **environment: Path) -> bytes:
    """Run a script in Rspamd's Lua, which takes environment variables but no arguments."""
    return run([rspamadm(), "lua", script], environment=os.environ | {name: str(path) for name, path in environment.items()})


def rspamadm() -> str:
    """Return the path of Rspamd's command-line program.

    Raises
    ------
    EngineMissingError
        If it is not installed.
    """
    return program("rspamadm", install="apt-get install rspamd")


def _engine() -> str:
    return run([rspamadm(), "--version"]).decode().strip()


def _decide(folder: Path, bundle: Bundle, rows: pd.DataFrame) -> Verdicts:
    return verdicts_at(bundle, margins(folder, bundle, rows))


TARGET = Target(
    "rspamd",
    "a Lua module that adds a symbol for trackers and one for personalised pictures, with their number and highest score",
    write,
    loss_on_rows(
        "rspamd",
        "Compared on feature rows. In a mail it judges the URL of each `<img src>` that Rspamd's HTML parser finds. It does "
        "not see `srcset`, backgrounds, style sheets, hosts in Unicode, `<base href>`, or anything of the element and the "
        "message.",
        _engine,
        _decide,
    ),
)
