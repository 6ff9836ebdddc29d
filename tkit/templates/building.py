"""Build templates: measure the known ones, add learnt ones, and find which references of the dataset they match."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tkit.templates.known import known_patterns
from tkit.templates.learning import BUDGET, learn, measured, with_known
from tkit.templates.matching import Matcher
from tkit.templates.material import parted
from tkit.templates.template import Template, Templates, keys_of
from tkit.version import __version__


def build_templates(rows: pd.DataFrame, dataset_digest: str, seed: int = 0) -> Templates:
    """Build templates from labelled references.

    Parameters
    ----------
    rows : DataFrame
        As :func:`tkit.templates.material.labelled_urls` returns them.
    dataset_digest : str
        Digest of the dataset that the rows come from.
    seed : int
        Seed of the folds in which the minimum evidence and the maximum error are chosen.

    Returns
    -------
    Templates
        The known ones, then the learnt ones, each in descending order of tracker domains. A known template that matches no
        labelled mail is kept; one with a higher error than is allowed to learnt ones is left out.
    """
    strong, weak = parted(with_known(rows))
    patterns, limits = learn(strong, weak, seed)
    known = measured((("known", service, pattern) for service, pattern in known_patterns()), strong, weak)
    learnt = measured((("learnt", "", pattern) for pattern in patterns), strong, weak)
    kept = [template for template in known if template.error is None or template.error <= limits.error]
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
    """Return the gold and member references that the templates match as a filter list would: images, by their requested URL.

    Returns
    -------
    list of str
        The result of :func:`tkit.templates.template.keys_of`, sorted.
    """
    strong, _ = parted(rows)
    hits = Matcher(templates.patterns).match_many(strong["resolved_url"].tolist())
    return sorted(keys_of(strong[hits & (strong["request"] == "image").to_numpy()]))


def _sorted(templates: Iterable[Template]) -> list[Template]:
    return sorted(templates, key=lambda template: (-template.domains, -template.trackers, template.pattern))
