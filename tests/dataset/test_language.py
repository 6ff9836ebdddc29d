"""The language of a mail's HTML, and texts without one."""

import pytest

from tkit.dataset.language import LEAST_LETTERS, language_reader

ENGLISH = "We are pleased to tell you that your order has been sent and will arrive on Thursday of the next week."
GERMAN = "Wir freuen uns, Ihnen mitzuteilen, dass Ihre Bestellung versandt wurde und am Donnerstag ankommen wird."
PORTUGUESE = "Temos o prazer de informar que a sua encomenda foi enviada e deve chegar na próxima quinta-feira."


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GERMAN, "de"), (PORTUGUESE, "pt")])
def test_language(text: str, language: str) -> None:
    language_of = language_reader()
    assert language_of((f"<html><body><p>{text}",)) == language
    # What is not seen does not count, however much of it there is.
    hidden = "<style>" + "/* the colours of the page and of its links */" * 99 + "</style>"
    assert language_of((hidden, f"<p>{text}</p>")) == language


@pytest.mark.parametrize("parts", [(), ("",), ("<p>Hello",), (f"<p>{'a' * (LEAST_LETTERS - 1)}",), ("<p>" + "12345 " * 99,)])
def test_too_little_text(parts: tuple[str, ...]) -> None:
    assert language_reader()(parts) == ""
