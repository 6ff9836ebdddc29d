"""What a template is, and the file that holds them."""

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
"""File beside the templates: which references of the dataset they match. The dataset itself has no URLs to match."""

ORIGINS = ("known", "learnt")
"""Where templates come from."""

FEW = 5
"""Domains below which a template's evidence is little."""


_FOLDER = resources.files(__name__.rpartition(".")[0])


@dataclass(frozen=True)
class Template:
    """A piece of trackers' URLs, with what speaks for it and against it in the labelled mail.

    Attributes
    ----------
    pattern : str
        Text that stands in the URL, in whatever case; ``*`` is any characters.
    origin : {"learnt", "known"}
        Of mail, or of a service's or program's own documentation and source.
    service : str
        Whose it is, where that is known.
    trackers : int
        Labelled trackers that match.
    domains, senders, components, corpora : int
        How many registrable domains of trackers' hosts, senders' domains, connected components and corpora these are of.
    negatives, weak_negatives : int
        Pictures that match and are content or spacers, by people and by weak labels.
    negative_domains : int
        How many registrable domains these are of.
    error : float or None
        Share of the matching domains whose match is no tracker; None where nothing matches.
    error_high : float or None
        Upper end of its 95 % interval (Wilson).
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
        """Say in a line what speaks for it and against it."""
        if not self.trackers and not self.negative_domains:
            return "met in no labelled mail"
        said = f"trackers {self.trackers:,} (domains {self.domains:,}, senders {self.senders:,})"
        said += f", good pictures {self.negatives + self.weak_negatives:,}"
        said += f" (domains {self.negative_domains:,})" if self.negative_domains else ""
        if self.error is not None and self.error_high is not None:
            said += f"; error {self.error:.1%}, at most {self.error_high:.0%}"
        return said + ("; little evidence" if self.domains < FEW else "")


@dataclass(frozen=True)
class Templates:
    """The templates and what they were made of.

    Attributes
    ----------
    templates : tuple of Template
    facts : mapping
        Digest of the dataset, the least evidence and the greatest error that were chosen, and how many rows there were.
    """

    templates: tuple[Template, ...]
    facts: Mapping[str, object]

    def __iter__(self) -> Iterator[Template]:
        """Return the templates."""
        return iter(self.templates)

    def __len__(self) -> int:
        """Count the templates."""
        return len(self.templates)

    @property
    def patterns(self) -> list[str]:
        """The patterns alone, in their order."""
        return [template.pattern for template in self.templates]

    def write(self, path: str | Path) -> None:
        """Write the file that :func:`load_templates` reads, whole or not at all."""
        told = {"format": FORMAT, **self.facts}
        lines = ",\n".join("  " + json.dumps(asdict(template), ensure_ascii=True) for template in self.templates)
        text = json.dumps(told, indent=1)[:-2] + ',\n "templates": [\n' + lines + "\n ]\n}\n"
        with whole_file(path) as stream:
            stream.write(text.encode("ascii"))


def load_templates(path: str | Path | None = None) -> Templates:
    """Read templates; those that come with tkit where no file is given.

    Raises
    ------
    TkitError
        Where there is no such file, or it is of another form or version.
    """
    source = _FOLDER.joinpath("trackers.json") if path is None else Path(path)
    advice = "make it with `tkit templates build`"
    try:
        told = json.loads(source.read_text(encoding="utf-8"))
        version = told.pop("format")
        if version != FORMAT:
            raise TkitError(f"{source}: format {version}, but this tkit reads {FORMAT}: {advice}")
        templates = tuple(Template(**{str(name): value for name, value in row.items()}) for row in told.pop("templates"))
    except OSError as error:
        raise TkitError(f"{source}: cannot be read ({error.strerror}): {advice}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TkitError(f"{source}: no templates ({error}): {advice}") from None
    for template in templates:
        if not isinstance(template.pattern, str) or not template.pattern.strip("*") or template.origin not in ORIGINS:
            raise TkitError(f"{source}: {template.pattern!r} of {template.origin!r} is no template: {advice}")
    return Templates(templates, told)


def keys_of(rows: pd.DataFrame) -> list[str]:
    """Name each reference in few characters: the beginning of its message's hash, part and index."""
    columns = zip(rows["message_sha256"], rows["part"], rows["index"], strict=True)
    return [f"{message[:12]}/{part}/{index}" for message, part, index in columns]


def load_matched() -> frozenset[str]:
    """Return :func:`keys_of` the labelled references that tkit's own templates match; noted when they were built."""
    return frozenset(_FOLDER.joinpath(MATCHED).read_text(encoding="ascii").split())
