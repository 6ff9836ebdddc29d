import pytest

from tkit.errors import TkitError
from tkit.mail import Message
from tkit.verdicts.consent import COLUMNS, Consent, Phrase, consent_in, consent_of, phrases, read_phrases

HEAD = ",".join(COLUMNS)


@pytest.mark.parametrize("row", phrases(), ids=lambda row: f"{row.language} {row.example}")
def test_each_example_contains_its_phrase(row: Phrase) -> None:
    assert getattr(consent_in(f"Hello. {row.example} Bye."), row.kind)


def test_each_language_has_both_kinds_and_no_row_twice() -> None:
    assert {(row.language, row.kind) for row in phrases()} == {
        (language, kind) for language in ("en", "de", "fr", "es", "it", "nl", "pt") for kind in ("says", "choice")
    }
    assert len({row.phrase for row in phrases()}) == len(phrases())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Unsubscribe | Privacy policy | Manage preferences",
        "You get this email because you agreed to advertising. Read our cookie policy.",
        "This email contains your tracking number. Track your parcel when it ships.",
        "Let us know if you cannot open the attached message.",
        "You get our newsletter. Tracking pixels are the subject of our new book.",
        "We track orders. Open the message centre to read emails.",
        "Hier können Sie den Newsletter abbestellen. Sendungsverfolgung öffnen",
    ],
)
def test_other_words_are_no_statement(text: str) -> None:
    assert consent_in(text) == Consent(says=False, choice=False)


def test_statement_and_choice_at_the_end_of_a_long_mail() -> None:
    html = "<style>p{}</style>" + "<p>words and words</p>" * 5_000 + "<p>This E-MAIL may use <b>tracking</b>\ntechnologies."
    message = Message.from_bytes(f"Content-Type: text/html\n\n{html}<p>Opt out of open tracking".encode())
    assert consent_of(message) == Consent(says=True, choice=True)
    assert consent_of(Message.from_bytes(b"")) == Consent(says=False, choice=False)


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("language,kind\n", "columns are not"),
        (f"{HEAD}\nen,maybe,a,b\n", "line 2: give"),
        (f"{HEAD}\nen,says,,b\n", "line 2: give"),
        (f"{HEAD}\nen,says,a,b,c\n", "line 2: give"),
    ],
)
def test_a_wrong_table_is_refused(table: str, match: str) -> None:
    with pytest.raises(TkitError, match=match):
        read_phrases(table)
