"""The labelling widget: what the kernel tells the page, and what it takes from it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pandas as pd

from tkit.annotate.questions import Choice, Key, Opinion, Progress, Question, Sampling, ask, choose
from tkit.annotate.session import Session
from tkit.bundle import Bundle, default_bundle
from tkit.errors import TkitError
from tkit.features import require_one_mail

try:
    import anywidget
    from ipywidgets import IntProgress
except ImportError as missing:
    raise TkitError("tkit.annotate needs anywidget: pip install 'tkit[notebooks]'") from missing

_HERE = Path(__file__).parent


class Labeller(anywidget.AnyWidget):
    """Asks for the label of one remote reference after the other; every answer is on the disk at once.

    Shown as the last expression of a cell. Keys: T P C S U label, 1 2 3 set how sure (guess, likely, sure), Z takes the
    last label back. The model's opinion comes only after the label. A cell that is run again goes on where the file ends.

    What is shown of a mail is text, never HTML, and goes to the page in messages, never in the widget's state, so that
    saving the notebook saves nothing of a mail.

    Parameters
    ----------
    mails : path or iterable of path
        Mail files, folders, Maildirs, mboxes, archives: what :func:`tkit.corpus.read_raw` reads, but standard input.
    labels : path
        The label file, of the form of docs/labels.md.
    sampling : {"uncertain", "random"}
        Those first that the bundle doubts most, or a random order.
    count : int
        How many references to ask about, those already in the file included.
    seed : int
        Of the random order.
    one_of_each : bool
        Ask only once about references that look like copies of one; see :func:`tkit.annotate.questions.choose`.
    bundle : Bundle, optional
        The model that doubts, and whose opinion is told; the built-in one of the vantage point ``message`` without it.
    copies : DataFrame, optional
        The evidence of other copies of the campaign; see :func:`tkit.annotate.questions.ask`.
    annotator : str
        Written beside each label.

    Attributes
    ----------
    session : Session
        The answers so far, as :class:`tkit.annotate.session.Session` keeps them.
    problems : list of Problem
        Mails that could not be read.

    Raises
    ------
    TkitError
        Where no mail holds a remote reference, or the label file is not one of a session.

    Examples
    --------
    >>> Labeller("~/Mail/inbox.mbox", "labels.csv")  # doctest: +SKIP
    """

    _esm = _HERE / "widget.js"
    _css = _HERE / "widget.css"

    def __init__(
        self,
        mails: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        labels: str | os.PathLike[str],
        *,
        sampling: Sampling = "uncertain",
        count: int = 200,
        seed: int = 0,
        one_of_each: bool = True,
        bundle: Bundle | None = None,
        copies: pd.DataFrame | None = None,
        annotator: str = "",
    ) -> None:
        given = [mails] if isinstance(mails, str | os.PathLike) else list(mails)
        paths = [Path(path).expanduser() for path in given]
        bundle = bundle or default_bundle()
        require_one_mail(bundle.vantage, "the labelling widget")
        with _Bar() as bar:
            choice = choose(paths, bundle, sampling, count, seed, one_of_each, bar.of("choosing"))
            asked = ask(paths, choice, bundle, copies, bar.of("reading"))
        self._start(asked, choice, Path(labels).expanduser(), annotator)

    def _start(self, asked: dict[Key, tuple[Question, Opinion]], choice: Choice, labels: Path, annotator: str) -> None:
        self.problems = choice.problems
        self._asked = asked
        queue = [(key, question.carrier, question.url_sha256) for key, (question, _) in asked.items()]
        self.session = Session(labels, queue, annotator)
        super().__init__()
        self.on_msg(self._received)

    def _received(self, _: object, content: object, __: object) -> None:
        """Do what the page asks for, and tell it how things are then."""
        asked = content if isinstance(content, dict) else {}
        error = ""
        try:
            self._do(asked)
        except TkitError as refused:
            error = str(refused)
        self.send(self.state_of_affairs(error))

    def _do(self, asked: dict[str, Any]) -> None:
        if asked.get("key") != _id(self.session.key):
            return  # a key pressed before the page showed this reference
        label, confidence = asked.get("label"), asked.get("confidence")
        if asked.get("do") == "label" and isinstance(label, str) and isinstance(confidence, int):
            self.session.give(label, confidence)
        elif asked.get("do") == "undo":
            self.session.undo()

    def state_of_affairs(self, error: str = "") -> dict[str, object]:
        """Return what the page shows, as JSON has it; no opinion on a reference that has no label yet."""
        session = self.session
        last = session.last
        return {
            "done": session.done,
            "total": session.total,
            "counts": session.counts(),
            "file": session.path.name,
            "error": error,
            "key": _id(session.key),
            "question": _question_json(self._asked[session.key][0]) if session.key else None,
            "last": self._last_json(last) if last else None,
        }

    def _last_json(self, key: Key) -> dict[str, object]:
        question, opinion = self._asked[key]
        given = self.session.labels.iloc[-1]
        return {
            "label": given["label"],
            "confidence": int(given["confidence"]),
            "url": question.url,
            "verdict": opinion.verdict,
            "score": opinion.score,
            "reasons": list(opinion.reasons),
            "differs": given["label"] in "TCS" and (given["label"] == "T") != (opinion.verdict == "tracker"),
        }


def _question_json(question: Question) -> dict[str, object]:
    told: dict[str, object] = question._asdict()
    del told["key"], told["url_sha256"]
    return {**told, "around": question.around._asdict()}


def _id(key: Key | None) -> str | None:
    return None if key is None else "/".join(map(str, key))


class _Bar:
    """A progress bar in the widget's place while mails are read."""

    def __enter__(self) -> Self:
        from IPython.display import display  # noqa: PLC0415  only where there is a notebook to show it

        self._bar = IntProgress(value=0, max=1000)
        self._place = display(self._bar, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def of(self, what: str) -> Progress:
        """Return a function to tell progress by."""
        self._bar.description = what

        def tell(done: int, total: int | None) -> None:
            self._bar.value = 1000 * done // total if total else 0

        return tell

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        if self._place is not None:  # outside a notebook there is none
            self._place.update({"text/plain": ""}, raw=True)
