"""Detectors: one interface for rules, lists, models and programs.

The modules have the detectors themselves. :mod:`tkit.detectors.models` loads scikit-learn, which takes seconds and which a
rule or a bundle does not need.
"""

from tkit.detectors.base import Detector, Trainable
from tkit.detectors.rules import RULE_NAMES, RULES, Rule

__all__ = ["RULES", "RULE_NAMES", "Detector", "Rule", "Trainable"]
