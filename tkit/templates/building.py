"""The files of templates, made: known ones measured, learnt ones added; and what of the dataset they match."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tkit.templates.known import KNOWN
from tkit.templates.learning import BUDGET, learn, measured, with_known
from tkit.templates.matching import Matcher
from tkit.templates.material import parted
from tkit.templates.template import Template, Templates, keys_of
from tkit.version import __version__


def build_templates(rows: pd.DataFrame, dataset_digest: str, seed: int = 0) -> Templates:
    """Make templates of labelled references.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.templates.material.labelled_urls` gives them.
    dataset_digest : str
        Names what they were made of.
    seed : int
        Of the folds in which the least evidence and the greatest error are chosen.

    Returns
    -------
    Templates
        The known ones, those with the most trackers first, then the learnt ones. Of the known a template stays that no labelled
        mail has, and goes that is wrong more often than right.
    """
    strong, weak = parted(with_known(rows))
    patterns, limits = learn(strong, weak, seed)
    known = measured((("known", service, pattern) for service, pattern in KNOWN), strong, weak)
    learnt = measured((("learnt", "", pattern) for pattern in patterns), strong, weak)
    kept = [template for template in known if template.error is None or template.error <= 0.5]
    facts = {
        "tkit_version": __version__,
        "dataset": dataset_digest,
        "trackers": int(strong["tracker"].sum()),
        "negatives": int((~strong["tracker"]).sum()),
        "weak_negatives": len(weak),
        "least_domains": limits.domains,
        "greatest_error": limits.error,
        "budget": BUDGET,
        "seed": seed,
    }
    return Templates((*_sorted(kept), *_sorted(learnt)), facts)


def matched_keys(rows: pd.DataFrame, templates: Templates) -> list[str]:
    """Name the references labelled by people that templates match as a filter list does: images, by the URL as asked for.

    Returns
    -------
    list of str
        :func:`tkit.templates.template.keys_of`, sorted.
    """
    strong, _ = parted(rows)
    hits = Matcher(templates.patterns).match_many(strong["resolved_url"].tolist())
    return sorted(keys_of(strong[hits & (strong["request"] == "image").to_numpy()]))


def _sorted(templates: Iterable[Template]) -> list[Template]:
    return sorted(templates, key=lambda one: (-one.domains, -one.trackers, one.pattern))
