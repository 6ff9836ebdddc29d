from collections.abc import Iterator

import pytest

from tkit.errors import TkitError
from tkit.html import references
from tkit.lab.clients import ReceivedMail, Web
from tkit.lab.clock import SimulatedClock
from tkit.lab.sender import FORMS, EventLog, Mailing, Recorder, RecorderServer
from tkit.lab.sender.forms import form_of
from tkit.mail import Message


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorder, Web]]:
    log = EventLog(tmp_path_factory.mktemp("sender") / "log.sqlite", "NORMAL")
    recorder = Recorder(log, SimulatedClock(0))
    with RecorderServer(recorder) as server, Web(server.port) as web:
        yield recorder, web
    log.close()


@pytest.mark.parametrize("form", FORMS)
def test_every_opening_of_every_form_is_one_open_of_its_own_recipient(form: str, sender: tuple[Recorder, Web]) -> None:
    recorder, web = sender
    mailing = Mailing(name=f"by {form}", form=form)
    copies = [mailing.copy(f"{name}@mail.example", 0) for name in ("ada", "ben")]
    for copy in copies:
        recorder.register(mailing.name, copy.recipient, copy.addresses)
    for _ in range(2):
        for url in ReceivedMail("ada@mail.example", copies[0].raw).requests:
            assert web.get(url, "a client") == 200
    ada, ben = (line for line in recorder.timelines() if line.mailing == mailing.name)
    assert [one.agent for one in ada.opens] == ["a client", "a client"]
    assert (ben.recipient, ben.opens) == ("ben@mail.example", ())
    assert ada.pictures == (3 if form == "compared" else 1)


@pytest.mark.parametrize("form", FORMS)
def test_copies_differ_in_the_tracker_and_the_link_alone(form: str) -> None:
    mailing = Mailing(form=form)
    loaded = [set(ReceivedMail("", mailing.copy(to, 0).raw).requests) for to in ("ada@mail.example", "ben@mail.example")]
    assert loaded[0] & loaded[1] == {"http://www.harbourbooks.example/static/logo.png"}
    assert len(loaded[0] - loaded[1]) == (3 if form == "compared" else 1)
    assert mailing.copy("ada@mail.example", 0) == mailing.copy("ada@mail.example", 0)


def test_how_the_forms_are_written() -> None:
    written = {}
    for form in FORMS:
        own = [
            one
            for one in references(Message.from_bytes(Mailing(form=form).copy("a@mail.example", 0).raw))
            if "logo" not in one.url
        ]
        size = own[0].attributes.get("width"), own[0].attributes.get("height")
        written[form] = (own[0].carrier, size)
    assert written == {
        "gif-1x1": ("img-src", ("1", "1")),
        "sized": ("img-src", ("600", "90")),
        "no-size": ("img-src", (None, None)),
        "css-background": ("style-attr", (None, None)),
        "font": ("font-face", (None, None)),
        "redirects": ("img-src", ("1", "1")),
        "signed": ("img-src", ("1", "1")),
        "no-words": ("img-src", ("1", "1")),
        "first-party": ("img-src", ("1", "1")),
        "compared": ("img-src", ("600", "90")),
    }


def test_a_signed_address_with_another_signature_is_nobodys(sender: tuple[Recorder, Web]) -> None:
    recorder, web = sender
    mailing = Mailing(name="signed", form="signed")
    copy = mailing.copy("ada@mail.example", 0)
    recorder.register(mailing.name, copy.recipient, copy.addresses)
    url = copy.addresses[0].url
    assert web.get(url[:-1] + ("0" if url[-1] != "0" else "1"), "a client") == 404
    assert recorder.timelines()[-1].opens == ()


def test_an_unknown_form_is_named() -> None:
    with pytest.raises(TkitError, match="no form 'moon': take one of gif-1x1, sized,"):
        form_of("moon")


def test_a_real_chromium_loads_what_the_reader_reads(chromium: str) -> None:
    from tkit.lab.clients.eyes import ChromiumEyes  # noqa: PLC0415
    from tkit.lab.render import ChromiumRenderer  # noqa: PLC0415

    with ChromiumRenderer(executable=chromium) as renderer:
        eyes = ChromiumEyes(renderer)
        for form in ("css-background", "font", "compared"):
            raw = Mailing(form=form).copy("a@mail.example", 0).raw
            assert set(eyes.requested(raw)) == set(ReceivedMail("", raw).requests)
