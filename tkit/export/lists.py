"""What the targets that are lists of rules share: rules out of the templates, and what such a list loses against a bundle.

A list is written of :mod:`tkit.templates`, not of the bundle's trees; the bundle is what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.export.base import Loss, Target, called_of
from tkit.features import KEY
from tkit.templates import Template, Templates
from tkit.templates.matching import encoded
from tkit.templates.template import keys_of, load_matched

SEES = (
    "It sees the URL and that an image is asked for: no size, no style, no other reference of the mail, no sender. It is made"
    " of tkit's templates and not of the bundle's trees. The templates were learnt on rows of this dataset, which flatters"
    " them here; what lists find that were learnt without the tested kits stands in docs/filter-lists.md."
)
"""What a list of rules can see, for its loss report."""


def rules_of(templates: Templates) -> Iterator[tuple[Template, str]]:
    """Return each template's pattern, and its twin for URLs that stand percent-encoded in a proxy's own."""
    for template in templates:
        yield template, template.pattern
        yield template, encoded(template.pattern)


def list_target(name: str, what: str, write: Callable[[Bundle, Path], None]) -> Target:
    """Make a target that writes the templates as rules; the parameters are those of :class:`~tkit.export.base.Target`."""
    return Target(name, what, write, _loss_of(name))


def _loss_of(target: str) -> Callable[[Path, Bundle, Dataset | None], Loss]:
    """Make such a target's ``loss``.

    The dataset has no URLs, so that no engine can judge it. What the templates match was noted when they were built; the tests
    hold each engine against tkit's own matcher, on the labelled URLs too where the corpora are there.
    """

    def loss(folder: Path, bundle: Bundle, dataset: Dataset | None) -> Loss:
        if dataset is None:
            return Loss(target, bundle.name, bundle.vantage, "", "no dataset was given", SEES)
        labelled = dataset.labels.loc[dataset.labels["source"] != "weak", list(KEY)]
        rows = dataset.seen_from(bundle.vantage).merge(labelled, on=list(KEY), validate="one_to_one")
        matched = load_matched()
        by_list = rows.assign(matched=[key in matched for key in keys_of(rows)])["matched"].to_numpy(bool)
        by_bundle = bundle.verdicts(rows)
        return Loss(
            target,
            bundle.name,
            bundle.vantage,
            "tkit's matcher, when the templates were built",
            "the labelled references of the dataset",
            SEES,
            len(rows),
            int((by_bundle != by_list).sum()),
            called_of(rows, by_bundle, dataset),
            called_of(rows, by_list, dataset),
        )

    return loss
