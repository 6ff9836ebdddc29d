"""Mails are scrubbed in separate processes. The tests of the mail filter test these processes too."""

import asyncio

import pytest
from made_scrubbing import ThreeVerdicts

from tkit.errors import TkitError
from tkit.scrubbing.mails import Personalised
from tkit.scrubbing.worker import Done, Workers

PIXEL = b"<img src='http://t.example/open.php?u=8f3ac09e17d24b65' width=1 height=1>"


def test_a_mail_that_takes_too_long_is_an_error() -> None:
    async def ask() -> None:
        workers = Workers(1, 0.0, None, "message", False)
        with pytest.raises(TkitError, match="not done within 0 s"):
            await workers.scrub(b"Content-Type: text/html\r\n\r\n" + PIXEL)
        await workers.close()

    asyncio.run(ask())


@pytest.mark.parametrize(("personalised", "counts"), [("keep", (1, 0, 1, 0)), ("drop", (1, 1, 0, 0))])
def test_personalised_pictures_are_counted_whether_kept_or_dropped(
    verdicts: ThreeVerdicts, personalised: Personalised, counts: tuple[int, int, int, int]
) -> None:
    head = b"Content-Type: text/html\r\n\r\n"

    async def ask() -> Done:
        workers = Workers(1, 600.0, verdicts.model, "url", False, personalised)
        done = await workers.scrub(head + verdicts.html)
        await workers.close()
        return done

    done = asyncio.run(ask())
    assert done[:4] == counts
    assert done.raw.endswith(head + verdicts.left[personalised])
