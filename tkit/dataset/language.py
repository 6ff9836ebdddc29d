"""The language of a mail's text, for slices of the dataset. It is not a feature."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tkit.errors import TkitError
from tkit.html.text import visible_text

LEAST_LETTERS = 40
"""A text with fewer letters gets no language."""

LEAST_PROBABILITY = 0.95
"""Below this probability a text gets no language."""

# ISO 639-2 for "no linguistic content".
_NO_LANGUAGE = "zxx"


def language_reader() -> Callable[[tuple[str, ...]], str]:
    """Return a function from HTML parts to the ISO 639-1 code of their text's language, ``""`` if unknown.

    The classifier is langid's naive Bayes over bytes (Lui and Baldwin, ACL 2012) in py3langid.

    Raises
    ------
    TkitError
        If py3langid is not installed.
    """
    try:
        langid = import_module("py3langid.langid")
    except ImportError:
        raise TkitError(
            "py3langid, which detects the language of mails, is not installed: pip install 'tkit[dataset]'"
        ) from None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)

    def language_of(html_parts: tuple[str, ...]) -> str:
        text = visible_text(html_parts)
        if sum(map(str.isalpha, text)) < LEAST_LETTERS:
            return ""
        language, probability = identifier.classify(text)
        return str(language) if probability >= LEAST_PROBABILITY and language != _NO_LANGUAGE else ""

    return language_of
