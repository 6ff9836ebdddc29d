"""The language of a mail's text, for slices of the dataset. It is not a feature."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from selectolax.lexbor import LexborHTMLParser

from tkit.errors import TkitError

LEAST_LETTERS = 40
"""A text with fewer letters gets no language."""

LEAST_PROBABILITY = 0.95
"""Below this probability a text gets no language."""

# ISO 639-2 for "no linguistic content".
_NO_LANGUAGE = "zxx"
_MOST_CHARACTERS = 10_000
# Addresses, hosts and numbers belong to no language.
_NO_WORD = re.compile(r"\S*(?:[@/\d]|\.\w)\S*")
_SPACE = re.compile(r"\s+")


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


def visible_text(html_parts: tuple[str, ...], most: int = _MOST_CHARACTERS) -> str:
    """Return the words of HTML parts, without styles and scripts, from the first ``most`` characters of each.

    Words with a digit, ``@``, ``/`` or an inner full stop are left out.

    >>> visible_text(("<style>p {}</style><p>Ask  us <b>at</b> www.a.example today.", ))
    'Ask us at today.'
    """
    texts = []
    for html in html_parts:
        tree = LexborHTMLParser(html)
        tree.strip_tags(["style", "script", "title"])
        if tree.body:
            texts.append(tree.body.text(separator=" ")[:most])
    return _SPACE.sub(" ", _NO_WORD.sub(" ", " ".join(texts))).strip()
