"""Raw mails of one batch to rows: what the verbs of the command line do in each of their processes."""

from __future__ import annotations

import pandas as pd

from tkit.bundle import Bundle
from tkit.corpus import RawMessage
from tkit.features import extract
from tkit.html import references
from tkit.mail import Message
from tkit.scan import COLUMNS, scan

_REFERENCE_COLUMNS = ("message_sha256", "part", "index", "carrier", "url", "resolved_url", "local", "element", "conditional")


def reference_rows(raws: list[RawMessage]) -> pd.DataFrame:
    """Give every reference of the mails, local ones too, as written."""
    rows = []
    for raw in raws:
        message = Message.from_bytes(raw.raw)
        rows += [
            (
                message.message_sha256,
                found.part,
                found.index,
                found.carrier,
                found.url,
                found.resolved_url,
                found.local,
                found.element,
                found.conditional,
            )
            for found in references(message)
        ]
    return pd.DataFrame(rows, columns=list(_REFERENCE_COLUMNS))


def feature_rows(raws: list[RawMessage]) -> pd.DataFrame:
    """Give the feature table of the mails."""
    return extract(Message.from_bytes(raw.raw) for raw in raws)


def verdict_rows(raws: list[RawMessage], bundle: Bundle) -> pd.DataFrame:
    """Give the verdicts on the mails' references."""
    frames = list(scan((Message.from_bytes(raw.raw) for raw in raws), bundle))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
