import hashlib
from collections.abc import Iterator
from typing import cast

import numpy as np
import pandas as pd
import pytest
from made_detector import Decided

from tkit.arrays import Ints
from tkit.bundle import Bundle, Question
from tkit.features.sizes import VISIBLE_SIZES
from tkit.mail import Message
from tkit.verdicts import Audit, audit
from tkit.verdicts.mailbox import MAILS_AT_ONCE, middle_periods, period_name


class Dots(Decided):
    """Flags what is tiny or hidden, or contains an address; what ends in .webp is individual."""

    name = "dots"

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        if question == "individual":
            return rows["resolved_url"].str.endswith(".webp").to_numpy(np.int64)
        return (rows["tiny"] + rows["hidden"] + rows["recipient_in_url"]).to_numpy(np.int64)


DOT = "<img src='http://{host}/o.gif?i={id}' width=1 height=1>"
PHOTO = "<img src='http://pictures.example.com/cat.jpg' width=300 height=200>"


PERSONAL = "<img src='http://pictures.example.com/pass/8f3ac09e17d24b65.webp' width=300 height=200>"


def mail(body: str, sender: str = "news@a.example.com", date: str = "Mon, 06 May 2024 10:00:00 +0000") -> Message:
    head = f"From: {sender}\nTo: reader@example.org\nDate: {date}\n"
    return Message.from_bytes(f"{head}Content-Type: text/html\n\n{body}".encode())


def dot(host: str = "t.example.net", id: str = "1") -> str:
    return DOT.format(host=host, id=id)


def plain() -> Message:
    return Message.from_bytes(b"From: b@example.org\nDate: Tue, 07 May 2024 10:00:00 +0000\n\nwords\n")


def of(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    return frame[list(columns)].values.tolist()


class TestAudit:
    def found(self, *messages: Message) -> Audit:
        return audit(messages, cast(Bundle, Dots()))

    def test_totals(self) -> None:
        messages = [
            mail(dot() + dot(id="2") + PHOTO),
            mail(PHOTO),
            mail("<p>words"),
            mail(dot(), date="soon"),
            plain(),
            mail("<img src='http://t.example.net/?u=reader%40example.org'>", date=""),
            mail(PERSONAL + PERSONAL + PHOTO),
            mail(dot() + PERSONAL),
        ]
        totals = self.found(*messages).totals
        assert of(totals, "what", "count", "of") == [
            ["mails", 8, ""],
            ["with HTML", 7, "mails"],
            ["with remote references", 6, "mails"],
            ["with trackers", 4, "mails"],
            ["with trackers for Outlook alone", 0, "with trackers"],
            ["with trackers in noscript alone", 0, "with trackers"],
            ["with trackers and saying so", 0, "with trackers"],
            ["with trackers and offering a choice", 0, "with trackers"],
            ["with personalised pictures alone", 1, "mails"],
            ["telling the recipient's address", 1, "mails"],
            ["asking for a read receipt", 0, "mails"],
            ["being a read receipt", 0, "mails"],
            ["being a delivery report", 0, "mails"],
            ["without readable date", 2, "mails"],
            ["not read fully", 0, "mails"],
            ["remote references", 11, ""],
            ["trackers", 5, "remote references"],
            ["personalised pictures", 3, "remote references"],
        ]
        tracked = totals.set_index("what").loc["with trackers"]
        # Wilson, 4 of 8: (4 + z²/2 -+ z sqrt(2 + z²/4)) / (8 + z²), z² = 3.8415.
        assert tracked[["share", "low", "high"]].tolist() == pytest.approx([0.5, 0.21522, 0.78478], abs=1e-5)
        assert totals.loc[totals["of"] == "", ["share", "low", "high"]].isna().all(axis=None)

    def test_what_could_not_be_read_is_counted_and_named(self) -> None:
        raw = b"From: a@b.example\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
        odd = b"From: a@b.example\nContent-Type: text/html\nContent-Transfer-Encoding: x-odd\n\n<p>"
        messages = [Message.from_bytes(raw, f"{number}.eml") for number in range(5)]
        found = self.found(Message.from_bytes(odd), *messages, plain())
        assert of(found.unread, "why", "mails", "examples") == [
            ["PGP: encrypted", 5, ["0.eml", "1.eml", "2.eml"]],
            ["transfer encoding: not known", 1, [hashlib.sha256(odd).hexdigest()[:12]]],
        ]
        assert found.totals.set_index("what").loc["not read fully", "count"] == 6

    def test_what_a_mail_says_of_its_trackers(self) -> None:
        says, choice = "<p>This email contains a tracking pixel.", "<p>Opt out of open tracking."
        found = self.found(mail(dot() + says), mail(dot() + choice + says), mail(dot()), mail(says + choice))
        counts = found.totals.set_index("what")["count"]
        assert (counts["with trackers and saying so"], counts["with trackers and offering a choice"]) == (2, 1)
        assert of(found.senders, "tracked", "said", "choice") == [[3, 2, 1]]

    def test_who_asks_for_receipts(self) -> None:
        head = b"From: a@news.b.example.com\n"
        asks = head + b"Disposition-Notification-To: a@t.example.net, c@t.example.net\nReturn-Receipt-To: a@t.example.net\n\n"
        delivery = head + b"Generate-Delivery-Report:\n\n"
        report = b"Content-Type: multipart/report; report-type=%s; boundary=x\n\n"
        sent = [report % kind for kind in (b"disposition-notification", b"delivery-status", b"delivery-status")]
        found = self.found(
            *(Message.from_bytes(raw) for raw in (asks, asks, delivery, head + b"Return-Receipt-To:\n\n", *sent))
        )
        assert of(found.receipts, "sender", "receiver", "kind", "header", "mails") == [
            ["example.com", "example.net", "either", "Return-Receipt-To", 2],
            ["example.com", "example.net", "read", "Disposition-Notification-To", 2],
            ["example.com", "example.com", "delivery", "Generate-Delivery-Report", 1],
        ]
        counts = found.totals.set_index("what")["count"]
        assert [counts[what] for what in ("asking for a read receipt", "being a read receipt", "being a delivery report")] == [
            2,
            1,
            2,
        ]

    def test_of_nothing(self) -> None:
        empty = self.found()
        assert empty.totals["count"].tolist() == [0] * 18
        assert empty.totals["share"].isna().all()
        frames = (empty.senders, empty.providers, empty.servers, empty.over_time)
        frames += (empty.carriers, empty.sizes, empty.loaded_by, empty.addresses)
        assert [len(frame) for frame in frames] == [0] * 8
        assert list(empty.senders.columns) == [
            *("sender", "mails", "tracked", "share", "said", "choice", "trackers", "personalised", "provider")
        ]
        assert list(empty.receipts.columns) == ["sender", "receiver", "kind", "header", "mails"]

    def test_says_what_judged(self) -> None:
        found = self.found(mail(PHOTO))
        assert (found.detector, found.vantage, found.threshold) == ("dots", "message", 0.9)
        assert found.individual_threshold == 0.8

    def test_senders(self) -> None:
        sendgrid, mailchimp = dot("u1.ct.sendgrid.net"), dot("x.list-manage.com")
        found = self.found(
            mail(sendgrid + dot() + dot(id="2"), "a@mail.shop.example.com"),
            mail(PHOTO + PERSONAL, "b@shop.example.com"),
            mail(mailchimp, "c@club.example.org"),
            mail(sendgrid + mailchimp, "c@club.example.org"),
            mail(dot(), "no address"),
        )
        assert of(found.senders, "sender", "mails", "tracked", "share", "trackers", "personalised", "provider") == [
            ["example.org", 2, 2, 1.0, 3, 0, "Mailchimp"],
            ["example.com", 2, 1, 0.5, 3, 1, "SendGrid"],
            ["", 1, 1, 1.0, 1, 0, ""],
        ]

    def test_providers(self) -> None:
        sendgrid = dot("u1.ct.sendgrid.net")
        found = self.found(
            mail(sendgrid + dot("u1.ct.sendgrid.net", "2"), "a@example.com"),
            mail(sendgrid, "b@example.org"),
            mail(dot(), "b@example.org"),
        )
        assert of(found.providers, "provider", "trackers", "mails", "senders") == [
            ["SendGrid", 3, 2, 2],
            ["", 1, 1, 1],
        ]

    def test_servers(self) -> None:
        sendgrid = dot("u1.ct.sendgrid.net")
        wrapped = (
            "<img src='https://ci3.googleusercontent.com/proxy/x=s0-d-e1-ft#http://t.example.net/o.gif?i=9' width=1 height=1>"
        )
        messages = [
            mail(sendgrid + dot() + dot(id="2"), "a@example.com"),
            mail(wrapped + PERSONAL + PHOTO, "b@example.org"),
            mail(PHOTO, "b@example.org"),
            mail(dot(), "b@example.org"),
            mail(dot(id="3"), "b@example.org"),
        ]
        for number, message in enumerate(messages):
            message.where = f"box#{number + 1}"
        found = self.found(*messages)
        assert of(found.servers, "host", "service", "trackers", "personalised", "mails", "senders", "examples") == [
            ["t.example.net", "", 5, 0, 4, 2, ["box#1", "box#2", "box#4"]],
            ["u1.ct.sendgrid.net", "SendGrid", 1, 0, 1, 1, ["box#1"]],
            ["pictures.example.com", "", 0, 1, 1, 1, ["box#2"]],
        ]

    def test_what_few_programs_load_is_counted_apart(self) -> None:
        outlook, noscript = f"<p><!--[if mso]>{dot(id='2')}<![endif]-->", f"<div><noscript>{dot(id='3')}</noscript></div>"
        found = self.found(mail(dot() + outlook), mail(outlook), mail(outlook + outlook), mail(outlook + noscript))
        assert of(found.loaded_by, "loaded_by", "trackers", "share") == [
            ["any", 1, 1 / 7],
            ["outlook", 5, 5 / 7],
            ["noscript", 1, 1 / 7],
        ]
        count = found.totals.set_index("what")["count"]
        assert count["with trackers"] == 4
        assert count["with trackers for Outlook alone"] == 2
        assert count["with trackers in noscript alone"] == 1

    def test_addresses_by_receiver(self) -> None:
        telling = "<img src='http://{}/?u=reader%40example.org' width=300 height=200>"
        found = self.found(
            mail(telling.format("x.t.example.net") + telling.format("y.t.example.net"), "a@example.com"),
            mail(telling.format("x.t.example.net"), "b@example.org"),
            mail(telling.format("192.0.2.1"), "b@example.org"),
        )
        assert of(found.addresses, "domain", "mails", "senders") == [["example.net", 2, 2], ["192.0.2.1", 1, 1]]

    def test_carriers_and_sizes(self) -> None:
        body = (
            dot()
            + "<img src='http://t.example.net/a' style='display:none' width=1 height=1>"
            + "<table background='http://t.example.net/b' width=1></table>"
            + "<img src='http://t.example.net/?u=reader%40example.org'>"
            + "<img src='http://t.example.net/?u=reader%40example.org&n=2' width=40 height=50>"
            + "<img src='http://t.example.net/?u=reader%40example.org&n=3' width=51>"
            + "<img src='http://t.example.net/?u=reader%40example.org&n=4' width=600 height=3>"
            + "<p style='display:none'><img src='http://t.example.net/?u=reader%40example.org&n=5' width=60></p>"
        )
        found = self.found(mail(body))
        assert found.carriers["carrier"].tolist() == ["img-src", "background-attr"]
        assert found.carriers["trackers"].sum() == 8
        assert dict(zip(found.sizes["size"], found.sizes["trackers"], strict=True)) == {
            "hidden": 2,
            "at most 3 px": 2,
            "a line of at most 3 px": 1,
            "no size declared": 1,
            "at most 50 px": 1,
            "more than 50 px": 1,
        }
        assert found.sizes["size"].tolist() == list(VISIBLE_SIZES)
        assert found.sizes["share"].sum() == pytest.approx(1.0)

    def test_a_url_that_is_seen_once_is_no_tracker(self) -> None:
        url = "<img src='http://t.example.net/a.gif?u=reader%40example.org' width={0} height={0}>"
        hidden = "<img src='http://t.example.net/b.webp' width=1 height=1>"
        found = self.found(mail(hidden + hidden.replace("1 ", "100 ") + url.format(1)))
        count = found.totals.set_index("what")["count"]
        assert (count["trackers"], count["personalised pictures"], count["with personalised pictures alone"]) == (1, 2, 0)

    def test_copies_count_as_mails_of_their_own(self) -> None:
        one = mail(dot())
        together, apart = self.found(one, one), self.found(one, *[plain()] * (MAILS_AT_ONCE - 1), one)
        for found in (together, apart):
            count = found.totals.set_index("what")["count"]
            assert (count["with trackers"], count["trackers"], count["remote references"]) == (2, 2, 2)

    def test_progress_and_batches(self) -> None:
        read = 0
        progress: list[tuple[int, int]] = []

        def messages() -> Iterator[Message]:
            nonlocal read
            for _ in range(MAILS_AT_ONCE + 3):
                read += 1
                yield mail(dot())

        found = audit(messages(), cast(Bundle, Dots()), lambda done: progress.append((done, read)))
        assert progress == [(MAILS_AT_ONCE, MAILS_AT_ONCE), (MAILS_AT_ONCE + 3, MAILS_AT_ONCE + 3)]
        assert found.totals["count"].iloc[0] == MAILS_AT_ONCE + 3


class TestOverTime:
    def dated(self, *dates: str) -> Audit:
        return audit(
            [mail(dot() if number % 2 else PHOTO, date=date) for number, date in enumerate(dates)], cast(Bundle, Dots())
        )

    def test_months(self) -> None:
        found = self.dated("31 Jan 2024 23:30:00 -0100", "1 Feb 2024 00:10:00 +0000", "5 Jan 2024 00:00:00 +0000")
        assert found.period == "month"
        # The first is of February by UTC.
        assert of(found.over_time, "period", "mails", "tracked", "share") == [
            ["2024-01", 1, 0, 0.0],
            ["2024-02", 2, 1, 0.5],
        ]
        assert found.over_time["start"].tolist() == [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-02-01", tz="UTC")]

    @pytest.mark.parametrize(
        ("first", "last", "period", "names"),
        [
            ("1 Jan 2023", "31 Dec 2024", "month", ["2023-01", "2024-12"]),
            ("1 Jan 2023", "1 Jan 2025", "quarter", ["2023 Q1", "2025 Q1"]),
            ("1 Feb 2019", "31 Dec 2024", "quarter", ["2019 Q1", "2024 Q4"]),
            ("1 Dec 2018", "31 Dec 2024", "year", ["2018", "2024"]),
        ],
    )
    def test_period_by_span(self, first: str, last: str, period: str, names: list[str]) -> None:
        found = self.dated(f"{first} 12:00:00 +0000", f"{last} 12:00:00 +0000")
        assert found.period == period
        assert found.over_time["period"].tolist() == names

    def test_wrong_dates_do_not_set_the_scale(self) -> None:
        usual = [f"{day} May 2024 12:00:00 +0000" for day in range(1, 29)] * 5
        found = self.dated("1 Jan 1970 00:00:00 +0000", *usual, "1 Jan 9999 00:00:00 +0000")
        assert found.period == "month"
        assert found.over_time["period"].tolist() == ["1970-01", "2024-05", "9999-01"]
        assert middle_periods(found.over_time)["period"].tolist() == ["2024-05"]

    def test_dates_beyond_nanoseconds(self) -> None:
        found = self.dated("1 Jan 1500 00:00:00 +0000")
        assert found.over_time["start"].dt.year.tolist() == [1500]

    def test_period_names(self) -> None:
        assert [period_name(12 * 2024 + 11, 1), period_name(4 * 2024, 3), period_name(987, 12)] == [
            "2024-12",
            "2024 Q1",
            "0987",
        ]
