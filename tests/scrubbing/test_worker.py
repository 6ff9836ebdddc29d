"""Mails are scrubbed in separate processes. The tests of the mail filter test these processes too."""

import asyncio

import pytest

from tkit.errors import TkitError
from tkit.scrubbing.worker import Workers

PIXEL = b"<img src='http://t.example/open.php?u=8f3ac09e17d24b65' width=1 height=1>"


def test_a_mail_that_takes_too_long_is_an_error() -> None:
    async def ask() -> None:
        workers = Workers(1, 0.0, None, "message", False)
        with pytest.raises(TkitError, match="not done within 0 s"):
            await workers.scrub(b"Content-Type: text/html\r\n\r\n" + PIXEL)
        await workers.close()

    asyncio.run(ask())
