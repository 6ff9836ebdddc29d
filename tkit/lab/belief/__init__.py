"""What the sender believes against what happened: figures with intervals, and under which mixtures of clients they hold."""

from tkit.lab.belief.figures import FIGURES, by_client, measured
from tkit.lab.belief.mixtures import holding, mixed, sensitivity
from tkit.lab.belief.outcomes import outcomes

__all__ = ["FIGURES", "by_client", "holding", "measured", "mixed", "outcomes", "sensitivity"]
