"""What the reports are made of: evaluations and an audit of made mails, hostile texts too."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from made_detector import Decided
from rich.console import Console, RenderableType

from tkit.arrays import Floats, Ints
from tkit.bundle import Question
from tkit.evaluate import Evaluation, compared, over_time
from tkit.features import extract
from tkit.html import read_document
from tkit.mail import Message
from tkit.verdicts import Audit

HOSTILE = (
    "<img src=http://evil.example/x>",
    "\"><script src='http://evil.example/s.js'></script>",
    "</td></table></style></title><iframe src=//evil.example/f>",
    "' onmouseover='x' style='background:url(http://evil.example/b)",
    "<!--[if mso]><v:fill src=http://evil.example/v><![endif]-->",
    "[link=http://evil.example/l]bold[/link] \x1b]8;;http://evil.example/e\x07 \u202emoc",
)
FACTS = {"command": "tkit study -o out/study", "tkit": "0.1.0"}


class Dots(Decided):
    """Flags what is tiny; what contains the recipient's address is individual."""

    name, vantage = "dots", "element"

    def contributions(self, rows: pd.DataFrame, question: Question = "tracker") -> pd.DataFrame:
        if question == "individual":
            return pd.DataFrame({"recipient_in_url": 20 * rows["recipient_in_url"] - 10})
        return pd.DataFrame({"tiny": 20 * rows["tiny"] - 10, "in_link": -4 * rows["in_link"]})

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        return self.contributions(rows, question).sum(axis=1).to_numpy(np.int64)

    def scored(self, margins: Ints, question: Question) -> Floats:
        return 1 / (1 + np.exp(-margins.astype(float)))


def mail(body: str, number: int = 0, sender: str = "news@a.example.com") -> Message:
    head = f"From: {sender}\nTo: reader@example.org\nSubject: {number}\nDate: 6 May 2024 10:00:00 +0000\n"
    return Message.from_bytes(f"{head}Content-Type: text/html\n\n{body}".encode())


def study_rows() -> pd.DataFrame:
    """Forty references in mails of their own: ten trackers (dots but for one), 30 good (photos but for one)."""
    dot = "<img src='http://t.example.net/o?i={}' width=1 height=1>"
    photo = "<a href='http://b.example.com'><img src='http://b.example.com/{}.jpg' width=90 height=60></a>"
    small = [number < 9 or number == 39 for number in range(40)]
    rows = extract(mail((dot if tiny else photo).format(number), number) for number, tiny in enumerate(small))
    label = ["T"] * 10 + ["C"] * 25 + ["S"] * 5
    return rows.assign(
        label=label,
        confidence=3,
        source="gold",
        corpus=["one.example", "two.example"] * 20,
        component=range(40),
        sender_key="",
        stratum_weight=1.0,
    )


def evaluations(rows: pd.DataFrame) -> list[Evaluation]:
    tiny = rows["tiny"].to_numpy(float)
    score = np.clip(0.8 * tiny + np.linspace(0.2, 0.0, len(rows)), 0, 1)
    common: dict[str, Any] = {"resamples": 50}
    return [
        Evaluation(rows, np.ones(len(rows)), "block all", "url", **common),
        Evaluation(rows, np.zeros(len(rows)), "block none", "url", **common),
        Evaluation(rows, tiny, "tiny rule", "element", **common),
        Evaluation(rows, score, "dots", "element", **common),
    ]


def hostile(found: Audit) -> Audit:
    """Put texts into an audit that a mail's headers and URLs might hold."""

    def named(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        return pd.concat([frame.head(1).assign(**{column: text}) for text in HOSTILE], ignore_index=True)

    return replace(
        found,
        detector=HOSTILE[0],
        senders=named(found.senders, "sender").assign(provider=HOSTILE[1]),
        providers=named(found.providers, "provider"),
        servers=named(found.servers, "host").assign(service=HOSTILE[1], examples=[[HOSTILE[-1]]] * len(HOSTILE)),
        carriers=named(found.carriers, "carrier"),
        addresses=named(found.addresses, "domain"),
    )


def printed(*tables: RenderableType, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False, legacy_windows=False)
    for table in tables:
        console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def assert_loads_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    document = read_document(text)
    assert [reference.url for reference in document.references if not reference.local] == []
    assert all(reference.url.startswith("data:image/svg+xml;base64,") for reference in document.references)
    assert document.links == []
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text
    assert "<script" not in text


def ways(evaluation: Evaluation) -> pd.DataFrame:
    """What a study has of its splits: one row a way to split."""
    return pd.DataFrame([{"split": "unseen sender", "claim": "no sender stands on both sides"} | compared(evaluation)])


def quarters(evaluation: Evaluation) -> pd.DataFrame:
    """The rates of six quarters that are all alike but for the last, which has no good reference."""
    one = over_time(
        Evaluation(
            evaluation.rows.assign(date=pd.Timestamp("2024-05-06", tz="UTC")), evaluation.rows["score"].to_numpy(), "dots"
        )
    )
    periods = pd.concat([one] * 6, ignore_index=True).assign(period=[f"202{n}Q2" for n in range(6)])
    periods.loc[5, ["fpr", "fpr_low", "fpr_high"]] = np.nan
    return periods
