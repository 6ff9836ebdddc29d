"""The main job: detectors compared on rows that no model was trained on, and the best one as a bundle."""

from tkit.study.curve import SHARES, learning_curve
from tkit.study.plans import Plan, last_years, sent_from, unseen_corpus, unseen_kit, unseen_provider, unseen_sender
from tkit.study.result import StudyResult
from tkit.study.run import explained_errors, models, run_study
from tkit.study.train import BUDGET, INNER_FOLDS, Progress, evaluate_scores, train_bundle, try_plans
from tkit.study.writing import write_results

__all__ = [
    "BUDGET",
    "INNER_FOLDS",
    "SHARES",
    "Plan",
    "Progress",
    "StudyResult",
    "evaluate_scores",
    "explained_errors",
    "last_years",
    "learning_curve",
    "models",
    "run_study",
    "sent_from",
    "train_bundle",
    "try_plans",
    "unseen_corpus",
    "unseen_kit",
    "unseen_provider",
    "unseen_sender",
    "write_results",
]
