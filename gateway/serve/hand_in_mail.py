"""A single mail of ours handed in at once, where no gateway runs that would carry it."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.mailer.submission import NotSentError, configured_submission, submit
from gateway.notices.render import RenderedNotice

if TYPE_CHECKING:
    from email.message import EmailMessage

    from gateway.config import Config


def hand_in(message: EmailMessage, to: str, config: Config) -> None:
    """Hand a mail for one address to the institution's MTA, as notices go, with the null sender.

    Returns once it was taken. Raises ``LedgerError`` where the MTA does not take it.
    """
    rendered = RenderedNotice(to, str(message["Message-ID"]), message.as_bytes(), "")
    try:
        asyncio.run(submit(rendered, configured_submission(config, socket.getfqdn())))
    except NotSentError as error:
        raise LedgerError(f"{config.notices.submit} does not take the mail: {error}") from error
