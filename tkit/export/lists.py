"""What the targets that are lists of rules have in common: rules from templates, and a comparison with a bundle.

A list is written from :mod:`tkit.templates`, not from the trees of the bundle, which it is only compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tkit.bundle import Bundle, verdicts_of
from tkit.dataset import Dataset
from tkit.export.base import Loss, Target, agreement_of
from tkit.features import KEY
from tkit.templates import Template, Templates
from tkit.templates.matching import encoded
from tkit.templates.template import keys_of, load_matched

SEES = (
    "It sees the URL and that an image is requested: no size, no style, no other reference of the mail, no sender. It is made"
    " from tkit's templates, not from the trees of the bundle. It blocks trackers only: a personalised picture, which tells who"
    " opened the mail but is there to be looked at, is clean to it and counts as different. The templates were learnt on rows"
    " of this dataset, so that these figures are too good; docs/filter-lists.md has those of lists learnt without the tested"
    " kits."
)
"""What a list of rules can see, for its loss report."""


def rules_of(templates: Templates) -> Iterator[tuple[Template, str]]:
    """Yield the pattern of each template, and its variant for URLs that a proxy carries percent-encoded."""
    for template in templates:
        yield template, template.pattern
        yield template, encoded(template.pattern)


def list_target(name: str, what: str, write: Callable[[Bundle, Path], None]) -> Target:
    """Return a target that writes the templates as rules; for the parameters see :class:`~tkit.export.base.Target`."""
    return Target(name, what, write, _loss_of(name))


def _loss_of(target: str) -> Callable[[Path, Bundle, Dataset | None], Loss]:
    """Return the ``loss`` of such a target.

    The dataset has no URLs, so that no engine can judge it. The matches of the templates were recorded when they were built.
    The tests compare each engine with tkit's own matcher, also on the labelled URLs if the corpora are there.
    """

    def loss(folder: Path, bundle: Bundle, dataset: Dataset | None) -> Loss:
        if dataset is None:
            return Loss(target, bundle.name, bundle.vantage, "", "no dataset was given", SEES)
        labelled = dataset.labels.loc[dataset.labels["source"] != "weak", list(KEY)]
        rows = dataset.seen_from(bundle.vantage).merge(labelled, on=list(KEY), validate="one_to_one")
        matched = load_matched()
        is_tracker = np.array([key in matched for key in keys_of(rows)], bool)
        by_list = verdicts_of(is_tracker, np.zeros(len(rows), bool))
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
            agreement_of(rows, by_bundle, dataset),
            agreement_of(rows, by_list, dataset),
        )

    return loss
