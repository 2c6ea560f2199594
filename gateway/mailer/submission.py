"""One notice handed to the institution's own MTA over SMTP, and what a failure means.

The one question about a failure is whether trying again will help. Only the MTA's word that the
sender has no such mailbox says no; everything else may be mended while we wait, a faulty set-up
of ours or the MTA's before all (``docs/decisions/0005-outbox-lease.md``).
"""

from __future__ import annotations

import contextlib
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiosmtplib

from gateway.config import Tls
from gateway.errors import MonitionError

if TYPE_CHECKING:
    from gateway.config import Config, Endpoint
    from gateway.notices.render import RenderedNotice

IMPLICIT_TLS = 465
"""RFC 8314 section 3.3: on this port TLS comes first, without STARTTLS."""

_LONGEST_ERROR = 300
_PARTING_SECONDS = 2.0
_ADDRESS = re.compile(r"\S*@\S*")
# RFC 3463 and RFC 7505: no such address, or a mailbox that is closed. Not 5.2.2, which is full
# and can be emptied, nor 5.1.7 and 5.1.8, which speak of MAIL FROM.
_NO_MAILBOX = re.compile(r"5\.(?:1\.(?:[1-6]|10)|2\.1)")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Submission:
    """Where notices are handed in. ``seconds`` bounds the connection and each reply.

    ``context`` is the TLS context; ``None`` where no TLS is asked for.
    """

    endpoint: Endpoint
    tls: Tls
    helo: str
    context: ssl.SSLContext | None = None
    seconds: float = 60.0


class NotSentError(MonitionError):
    """A notice was not taken. ``is_final`` says that trying again won't help.

    The text holds no address: it goes into logs.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(loggable(message))


def loggable(problem: object) -> str:
    """An error in words that a log may hold: on one line, without addresses, not too long."""
    text = str(problem)
    if isinstance(problem, Exception) and not isinstance(problem, MonitionError):
        text = f"{type(problem).__name__}: {text}"
    return _ADDRESS.sub("…", " ".join(text.split()))[:_LONGEST_ERROR]


def configured_submission(config: Config, helo: str) -> Submission:
    """The way to the institution's MTA that ``[notices]`` sets; ``helo`` is our name in EHLO."""
    tls = config.notices.tls
    return Submission(config.notices.submit, tls, helo, _context(tls))


async def submit(rendered: RenderedNotice, to: Submission) -> None:
    """Hand a letter in with ``MAIL FROM:<>``; returns once the MTA has answered the dot with 2xx.

    Raises :class:`NotSentError` for everything else.
    """
    server = to.endpoint
    is_tcp = server.path is None
    implicit = to.tls is Tls.VERIFY and server.port == IMPLICIT_TLS
    smtp = aiosmtplib.SMTP(
        hostname=server.host if is_tcp else None,
        port=server.port if is_tcp else None,
        socket_path=server.path,
        local_hostname=to.helo,
        timeout=to.seconds,
        use_tls=implicit,
        start_tls=None if implicit else _START_TLS[to.tls],
        tls_context=to.context,
    )
    # A local part beyond ASCII: RFC 6531 section 3.4.
    options = [] if rendered.to.isascii() else ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        await smtp.connect()
        await smtp.sendmail("", [rendered.to], rendered.content, mail_options=options)
        # It is sent; a peer that is slow to say goodbye changes nothing.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await smtp.quit(timeout=_PARTING_SECONDS)
    except aiosmtplib.SMTPRecipientsRefused as problem:
        refusal = problem.recipients[0]
        raise _refused(refusal.code, refusal.message) from problem
    except aiosmtplib.SMTPNotSupported as problem:
        # STARTTLS may be offered tomorrow; a mailbox that needs SMTPUTF8 has none to offer it.
        raise NotSentError(str(problem), is_final="SMTPUTF8" in str(problem)) from problem
    except aiosmtplib.SMTPResponseException as problem:
        raise NotSentError(f"{problem.code} {problem.message}") from problem
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as problem:
        raise NotSentError(loggable(problem)) from problem
    except ValueError as problem:
        # The library refuses an address that no command line may bear; no waiting mends it.
        raise NotSentError(f"the sender's address can't be used: {problem}", is_final=True) from (
            problem
        )
    finally:
        smtp.close()


# Opportunistic: TLS where it is offered. Verify: TLS or nothing.
_START_TLS = {Tls.NONE: False, Tls.OPPORTUNISTIC: None, Tls.VERIFY: True}


def _refused(code: int, text: str) -> NotSentError:
    """A refusal of the recipient: final only where it says that there is no such mailbox.

    ``550 5.7.1 relaying denied`` is the MTA's set-up and ours, and can be mended.
    """
    enhanced = _ENHANCED.match(text)
    said = text if enhanced is None else enhanced[0]
    no_mailbox = _NO_MAILBOX.fullmatch(said) if enhanced else code in {550, 551, 553}
    return NotSentError(f"{code} {text}", is_final=500 <= code < 600 and bool(no_mailbox))


def _context(tls: Tls) -> ssl.SSLContext | None:
    if tls is Tls.NONE:
        return None
    context = ssl.create_default_context()
    if tls is Tls.OPPORTUNISTIC:
        # RFC 7435: unverified TLS still keeps those who only listen out.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
