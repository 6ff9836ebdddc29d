"""How well a detector finds trackers: rates with intervals, held-out thresholds, slices, errors, paired comparison.

The headline rows are those with confidence 2 and 3; T is positive; C, S and visible P are negative. Other P, U and
confidence 1 are left out of both rates and counted separately. Intervals are 95% percentile
intervals of the cluster bootstrap (Field and Welsh 2007): whole senders or components are drawn
with replacement, since the references of one campaign are copies, not independent observations.
"""

from tkit.arrays import Floats
from tkit.evaluate.bootstrap import Bootstrap
from tkit.evaluate.crossvalidation import (
    MEMBER_WEIGHT,
    CrossValidated,
    Trial,
    cross_validated_scores,
    run_trials,
    training_weight,
)
from tkit.evaluate.decay import area_under_time, over_time
from tkit.evaluate.evaluation import Evaluation, Rates
from tkit.evaluate.paired import compared, comparison, differences, paired_difference, weighted_base_rate
from tkit.evaluate.populations import COUNTS, by_population, populations
from tkit.evaluate.rates import (
    UNITS,
    Estimate,
    OperatingPoint,
    Unit,
    choose_threshold,
    mail_units,
    roc_points,
    tpr_at_fpr,
    unit_rows,
)
from tkit.evaluate.slices import SLICES, slices
from tkit.labels import headline

__all__ = [
    "COUNTS",
    "MEMBER_WEIGHT",
    "SLICES",
    "UNITS",
    "Bootstrap",
    "CrossValidated",
    "Estimate",
    "Evaluation",
    "Floats",
    "OperatingPoint",
    "Rates",
    "Trial",
    "Unit",
    "area_under_time",
    "by_population",
    "choose_threshold",
    "compared",
    "comparison",
    "cross_validated_scores",
    "differences",
    "headline",
    "mail_units",
    "over_time",
    "paired_difference",
    "populations",
    "roc_points",
    "run_trials",
    "slices",
    "tpr_at_fpr",
    "training_weight",
    "unit_rows",
    "weighted_base_rate",
]
