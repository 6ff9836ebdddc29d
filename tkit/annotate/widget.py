"""The labelling widget: the messages between the kernel and the page."""

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
_VERDICTS = {"T": "tracker", "P": "personalised", "C": "clean", "S": "clean"}


class Labeller(anywidget.AnyWidget):
    """Asks for the labels of remote references, one after the other; every answer is written to the disk at once.

    Make it the last expression of a cell. Keys: T P C S U set the label, 1 2 3 the confidence (guess, likely, sure), Z undoes
    the last label. The opinion of the model is shown only after the label. Running the cell again continues where the file
    ends.

    Mails are shown as text, never as HTML. The text goes to the page in messages, not in the state of the widget, so that a
    saved notebook contains nothing of a mail.

    Parameters
    ----------
    mails : path or iterable of path
        Mail files, folders, Maildirs, mboxes, archives: what :func:`tkit.corpus.read_raw` reads, except standard input.
    labels : path
        The label file; docs/labels.md describes its format.
    sampling : {"uncertain", "random"}
        Those first that the model is least sure of, or a random order.
    count : int
        Number of references to ask about, including those already in the file.
    seed : int
        Of the random order.
    one_of_each : bool
        Ask only once about references that look like copies of one; see :func:`tkit.annotate.questions.choose`.
    bundle : Bundle, optional
        The model; by default the built-in one of the vantage point ``message``.
    copies : DataFrame, optional
        The evidence of other copies of the campaign; see :func:`tkit.annotate.questions.ask`.
    annotator : str
        Written with each label.

    Attributes
    ----------
    session : Session
        The answers so far.
    problems : list of Problem
        Mails that could not be read.

    Raises
    ------
    TkitError
        If no mail contains a remote reference, or the label file is not the file of a session.

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
        several = [mails] if isinstance(mails, str | os.PathLike) else list(mails)
        paths = [Path(path).expanduser() for path in several]
        bundle = bundle or default_bundle()
        require_one_mail(bundle.vantage, "the labelling widget")
        with _Bar() as bar:
            choice = choose(paths, bundle, sampling, count, seed, one_of_each, bar.of("choosing"))
            questions = ask(paths, choice, bundle, copies, bar.of("reading"))
        self._start(questions, choice, Path(labels).expanduser(), annotator)

    def _start(self, questions: dict[Key, tuple[Question, Opinion]], choice: Choice, labels: Path, annotator: str) -> None:
        self.problems = choice.problems
        self._questions = questions
        queue = [(key, question.carrier, question.url_sha256) for key, (question, _) in questions.items()]
        self.session = Session(labels, queue, annotator)
        super().__init__()
        self.on_msg(self._received)

    def _received(self, _: object, content: object, __: object) -> None:
        """Do what the page requests, and send it the new state."""
        request = content if isinstance(content, dict) else {}
        error = ""
        try:
            self._do(request)
        except TkitError as refused:
            error = str(refused)
        self.send(self.state_of_affairs(error))

    def _do(self, request: dict[str, Any]) -> None:
        if request.get("key") != _id(self.session.key):
            return  # a key pressed before the page showed this reference
        label, confidence = request.get("label"), request.get("confidence")
        if request.get("do") == "label" and isinstance(label, str) and isinstance(confidence, int):
            self.session.give(label, confidence)
        elif request.get("do") == "undo":
            self.session.undo()

    def state_of_affairs(self, error: str = "") -> dict[str, object]:
        """Return what the page shows, as JSON values; without an opinion on references that have no label yet."""
        session = self.session
        last = session.last
        return {
            "done": session.done,
            "total": session.total,
            "counts": session.counts(),
            "file": session.path.name,
            "error": error,
            "key": _id(session.key),
            "question": _question_json(self._questions[session.key][0]) if session.key else None,
            "last": self._last_json(last) if last else None,
        }

    def _last_json(self, key: Key) -> dict[str, object]:
        question, opinion = self._questions[key]
        row = self.session.labels.iloc[-1]
        return {
            "label": row["label"],
            "confidence": int(row["confidence"]),
            "url": question.url,
            "verdict": opinion.verdict,
            "score": opinion.score,
            "reasons": list(opinion.reasons),
            "differs": _VERDICTS.get(row["label"], opinion.verdict) != opinion.verdict,
        }


def _question_json(question: Question) -> dict[str, object]:
    fields: dict[str, object] = question._asdict()
    del fields["key"], fields["url_sha256"]
    return {**fields, "around": question.around._asdict()}


def _id(key: Key | None) -> str | None:
    return None if key is None else "/".join(map(str, key))


class _Bar:
    """A progress bar that is shown instead of the widget while mails are read."""

    def __enter__(self) -> Self:
        from IPython.display import display  # noqa: PLC0415  needed only in a notebook

        self._bar = IntProgress(value=0, max=1000)
        self._display = display(self._bar, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def of(self, step: str) -> Progress:
        """Return a function that shows the progress of a step."""
        self._bar.description = step

        def report(done: int, total: int | None) -> None:
            self._bar.value = 1000 * done // total if total else 0

        return report

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        if self._display is not None:  # None outside a notebook
            self._display.update({"text/plain": ""}, raw=True)
