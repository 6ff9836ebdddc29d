import numpy as np
import pytest

from tkit.campaigns.similarity import Mail, group_copies, similarity, sketch, subject_template

WORDS = [
    f"{first}{second}" for first in ("ba", "de", "fi", "go", "hu") for second in ("lan", "mer", "nik", "pol", "rut", "sev")
]
HOUR = 3600.0


def mail(text: str, hours: float, sender: str = "a.example", subject: str = "sale", recipient: str = "") -> Mail:
    return Mail(sender, subject, recipient, hours * HOUR, sketch([f"<p>{text}</p>"]), frozenset())


def groups(*mails: Mail) -> list[int]:
    return group_copies(mails, 72 * HOUR, 24 * HOUR).tolist()


def test_similarity_estimates_the_share_of_runs_in_common() -> None:
    # 28 runs of three words each; the first 20 words give 18 runs in common, of 38 in all: 0.47
    one, other = sketch([" ".join(WORDS)]), sketch([" ".join(WORDS[:20] + [word + "x" for word in WORDS[20:]])])
    assert (one.n_text, other.n_text) == (28, 28)
    assert similarity(one.text, one.text) == 1.0
    assert similarity(one.text, other.text) == pytest.approx(18 / 38, abs=0.13)  # three standard errors


def test_styles_comments_tags_and_numbers_are_no_text() -> None:
    plain = sketch(["<p>" + " ".join(WORDS)])
    dressed = sketch(["<style>p {color: red}</style><!-- hidden words --><P class=x>" + " 4711 ".join(WORDS) + "<script>var a"])
    assert np.array_equal(plain.text, dressed.text)


def test_no_words() -> None:
    empty = sketch([""])
    assert (empty.n_text, empty.n_tags) == (0, 0)


@pytest.mark.parametrize(
    ("subject", "recipient", "expected"),
    [
        ("Re: AW: Spring sale 2024", "", ("spring sale", False)),
        ("WG: Spring sale", "", ("spring sale", True)),
        ("anna, your code is AB12CD", "anna.b@reader.example", ("your code is", False)),
        ("", "", ("", False)),
    ],
)
def test_subject_templates(subject: str, recipient: str, expected: tuple[str, bool]) -> None:
    assert subject_template(subject, recipient) == expected


def test_text_alone_makes_a_mailing() -> None:
    text = " ".join(WORDS)
    assert groups(mail(text, 0, "a.example", "x"), mail(text, 1, "b.example", "y")) == [0, 0]


def test_half_the_text_needs_the_sender_or_the_subject() -> None:
    one, half = " ".join(WORDS), " ".join(WORDS[:24] + [word + "x" for word in WORDS[24:]])  # 22 of 34 runs
    assert groups(mail(one, 0), mail(half, 1, "b.example", "other")) == [0, 1]
    assert groups(mail(one, 0), mail(half, 1, "b.example")) == [0, 0]
    assert groups(mail(one, 0), mail(half, 1, subject="other")) == [0, 0]


def test_a_mailing_ends_when_no_copy_comes_for_long() -> None:
    text = " ".join(WORDS)
    assert groups(mail(text, 0), mail(text, 71), mail(text, 142), mail(text, 215)) == [0, 0, 0, 1]


def test_a_further_copy_to_a_recipient_a_day_later_is_the_next_mailing() -> None:
    text = " ".join(WORDS)
    copies = [
        mail(text, hours, recipient=recipient) for hours, recipient in ((0, "a"), (1, "b"), (2, "a"), (30, "a"), (31, "b"))
    ]
    assert groups(*copies) == [0, 0, 0, 1, 1]


def test_numbers_are_in_order_of_time_and_unknown_times_come_last() -> None:
    text = " ".join(WORDS)
    other = " ".join(word[::-1] for word in WORDS)
    assert groups(mail(text, 5), mail(other, 1, "b.example", "y"), mail(text, float("nan"))) == [1, 0, 1]


def test_pictures_without_words_need_the_same_sender_and_subject() -> None:
    def bare(sender: str, subject: str) -> Mail:
        html = "<html><body>" + "<table><tr><td><a><img></a></td></tr></table>" * 3 + "</body></html>"
        return Mail(sender, subject, "", 0.0, sketch([html]), frozenset())

    assert groups(bare("a.example", "x"), bare("a.example", "x"), bare("b.example", "x")) == [0, 0, 1]
