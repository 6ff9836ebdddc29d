"""Templates, and the file that contains them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import pandas as pd

from tkit.errors import TkitError
from tkit.files import whole_file

FORMAT = 1
"""Version of the file's layout."""

MATCHED = "matched.txt"
"""File beside the templates that lists the references of the dataset that they match. The dataset itself has no URLs."""

ORIGINS = ("known", "learnt")
"""The origins of templates."""

FEW = 5
"""A template with fewer domains has little evidence."""

_FOLDER = resources.files(__name__.rpartition(".")[0])


@dataclass(frozen=True)
class Template:
    """A piece of tracker URLs, with the evidence for and against it in the labelled mail.

    Attributes
    ----------
    pattern : str
        Text that the URL contains, in any case; ``*`` is any characters.
    origin : {"learnt", "known"}
        Learnt from mail, or known from the documentation or source code of a service or program.
    service : str
        The service or program, ``""`` if unknown.
    trackers : int
        Number of labelled trackers that match.
    domains, senders, components, corpora : int
        Numbers of different registrable domains, sender domains, connected components and corpora of these trackers.
    negatives, weak_negatives : int
        Numbers of matching content and spacers with gold or member labels, and with weak labels.
    negative_domains : int
        Number of different registrable domains of these negatives.
    error : float or None
        Share of the matching domains whose match is not a tracker; None if nothing matches.
    error_high : float or None
        Upper end of its 95% Wilson interval.
    """

    pattern: str
    origin: str
    service: str = ""
    trackers: int = 0
    domains: int = 0
    senders: int = 0
    components: int = 0
    corpora: int = 0
    negatives: int = 0
    weak_negatives: int = 0
    negative_domains: int = 0
    error: float | None = None
    error_high: float | None = None

    @property
    def evidence(self) -> str:
        """The evidence for and against it, in one line."""
        if not self.trackers and not self.negative_domains:
            return "met in no labelled mail"
        line = f"trackers {self.trackers:,} (domains {self.domains:,}, senders {self.senders:,})"
        line += f", good pictures {self.negatives + self.weak_negatives:,}"
        line += f" (domains {self.negative_domains:,})" if self.negative_domains else ""
        if self.error is not None and self.error_high is not None:
            line += f"; error {self.error:.1%}, at most {self.error_high:.0%}"
        return line + ("; little evidence" if self.domains < FEW else "")


@dataclass(frozen=True)
class Templates:
    """Templates and how they were made.

    Attributes
    ----------
    templates : tuple of Template
    facts : mapping
        Digest of the dataset, the chosen minimum evidence and maximum error, and the numbers of rows.
    """

    templates: tuple[Template, ...]
    facts: Mapping[str, object]

    def __iter__(self) -> Iterator[Template]:
        """Iterate over the templates."""
        return iter(self.templates)

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.templates)

    @property
    def patterns(self) -> list[str]:
        """The patterns in the order of the templates."""
        return [template.pattern for template in self.templates]

    def write(self, path: str | Path) -> None:
        """Write the file that :func:`load_templates` reads, whole or not at all."""
        head = {"format": FORMAT, **self.facts}
        lines = ",\n".join("  " + json.dumps(asdict(template), ensure_ascii=True) for template in self.templates)
        text = json.dumps(head, indent=1)[:-2] + ',\n "templates": [\n' + lines + "\n ]\n}\n"
        with whole_file(path) as stream:
            stream.write(text.encode("ascii"))


def load_templates(path: str | Path | None = None) -> Templates:
    """Read templates from a file, by default those that come with tkit.

    Raises
    ------
    TkitError
        If the file cannot be read or has another format or version.
    """
    source = _FOLDER.joinpath("trackers.json") if path is None else Path(path)
    advice = "rebuild it with `tkit templates build`"
    try:
        facts = json.loads(source.read_text(encoding="utf-8"))
        version = facts.pop("format")
        if version != FORMAT:
            raise TkitError(f"{source}: format {version}, but this tkit reads {FORMAT}: {advice}")
        templates = tuple(Template(**{str(name): value for name, value in row.items()}) for row in facts.pop("templates"))
    except OSError as error:
        raise TkitError(f"{source}: cannot be read ({error.strerror}): {advice}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TkitError(f"{source}: not a file of templates ({error}): {advice}") from None
    for template in templates:
        if not isinstance(template.pattern, str) or not template.pattern.strip("*") or template.origin not in ORIGINS:
            raise TkitError(f"{source}: {template.pattern!r} of {template.origin!r} is not a template: {advice}")
    return Templates(templates, facts)


def keys_of(rows: pd.DataFrame) -> list[str]:
    """Return a short key of each reference: the beginning of its message's hash, part and index."""
    columns = zip(rows["message_sha256"], rows["part"], rows["index"], strict=True)
    return [f"{message[:12]}/{part}/{index}" for message, part, index in columns]


def load_matched() -> frozenset[str]:
    """Return the :func:`keys_of` the labelled references that tkit's own templates match, as stored when they were built."""
    return frozenset(_FOLDER.joinpath(MATCHED).read_text(encoding="ascii").split())
