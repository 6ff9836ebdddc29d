"""Templates: pieces of tracker URLs, learnt from mail or known from services, from which filter lists are made."""

from tkit.templates.matching import Matcher
from tkit.templates.template import Template, Templates, load_templates

__all__ = ["Matcher", "Template", "Templates", "load_templates"]
