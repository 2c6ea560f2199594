"""The message that leaves, made of a notice (behaviour N4).

Nothing here asks a clock or chance: the same notice gives the same bytes, its Message-ID, Date
and MIME boundary with them, so that one sent twice after a crash is known for the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.notices import layout, message_headers, prose
from gateway.notices.template_facts import facts_of
from gateway.notices.text_check import check

if TYPE_CHECKING:
    from email.message import EmailMessage

    from gateway.config import Config
    from gateway.model import Notice
    from gateway.notices.notice_texts import NoticeTexts

__all__ = ["RenderedNotice", "check", "language_of", "message_id", "render", "rendered_notice"]


@dataclass(frozen=True, slots=True)
class RenderedNotice:
    """A notice ready to be sent: to whom, its bytes with CRLF line ends, and their SHA-256.

    ``to`` is an address for RCPT, without brackets; ``message_id`` has them. ``digest`` is
    ``sha256:`` and 64 hex digits.

    ``texts`` is the digest of the templates and settings it was made of, so that it can be made
    again years later.
    """

    to: str
    message_id: str
    content: bytes
    digest: str
    texts: str | None = None


def rendered_notice(
    notice: Notice, config: Config, texts: NoticeTexts, *, texts_digest: str | None = None
) -> RenderedNotice:
    """Render and serialise a notice; raises as :func:`render`."""
    message = render(notice, config, texts)
    content = message_headers.serialise(message)
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return RenderedNotice(
        notice.request.to, message_id(notice, config), content, digest, texts_digest
    )


def render(notice: Notice, config: Config, texts: NoticeTexts) -> EmailMessage:
    """Write the message: text/plain first, then the same words as HTML.

    In the language asked for, else the institution's first that has texts. Raises ``ConfigError``
    with file and line where a template can't be filled in.
    """
    facts = facts_of(notice, config, language_of(notice, config, texts))
    words = layout.prose_of(facts, texts)
    message = message_headers.empty_message()
    compliance = config.compliance
    author = f"{compliance.office}, {config.institution.name}"
    desk = config.desk
    answers = config.notices.reply_to if desk is None else desk.address
    message_headers.add_field(
        message, "From", message_headers.mailbox(config.notices.from_, author)
    )
    message_headers.add_field(message, "To", message_headers.mailbox(notice.request.to))
    message_headers.add_field(message, "Reply-To", message_headers.mailbox(answers))
    message_headers.add_field(message, "Subject", message_headers.unstructured(words.subject))
    message_headers.add_field(message, "Date", message_headers.date(notice.created_at))
    message_headers.add_field(message, "Message-ID", message_id(notice, config))
    if (parent := notice.request.in_reply_to) is not None:
        message_headers.add_field(message, "In-Reply-To", message_headers.ids([parent]))
        thread = [i for i in notice.request.references if i != parent]
        message_headers.add_field(message, "References", message_headers.ids([*thread, parent]))
    message_headers.add_field(message, "Auto-Submitted", "auto-replied")
    message_headers.add_field(message, "X-Auto-Response-Suppress", "All")
    # Quoted-printable passes where 8bit may not, and a signature over it stays whole.
    message.set_content(prose.as_text(words), cte="quoted-printable")
    page = layout.html_page(words, facts, texts)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    # Behind the parts: making them moves every Content- field into the first.
    message_headers.add_field(message, "Content-Language", facts.language)
    # "=_" can't occur in quoted-printable (RFC 2045 section 6.7).
    mark = hashlib.sha256(notice.id.encode()).hexdigest()[:24]
    message.set_boundary(f"=_monition_{mark}")
    return message


def message_id(notice: Notice, config: Config) -> str:
    """The Message-ID of a notice, with brackets: of its event alone, the same for a repeat."""
    domain = config.notices.from_.rpartition("@")[2]
    return f"<{message_headers.atom(notice.id)}.notice@{message_headers.atom(domain)}>"


def language_of(notice: Notice, config: Config, texts: NoticeTexts) -> str:
    """The language that the notice asks for if it has texts, else the institution's first that has.

    ``en`` where none has.
    """
    wanted = (notice.request.language, *config.notices.languages)
    return next((language for language in wanted if language in texts.languages), "en")
