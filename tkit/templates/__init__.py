"""Templates: pieces of trackers' URLs, learnt from mail and known of services, which filter lists are made of."""

from tkit.templates.matching import Matcher
from tkit.templates.template import Template, Templates, load_templates

__all__ = ["Matcher", "Template", "Templates", "load_templates"]
