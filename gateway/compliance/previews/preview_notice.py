"""The notice that a message would bring its sender, or why none would go. Nothing is sent (N1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.addresses.path_reading import read
from gateway.compliance.previews.try_address import UnreadableAddressError, read_address
from gateway.model import Address, Notice, Peek, Suppression
from gateway.notices import message_headers, notice_texts, render, rhythm
from gateway.notices.etiquette import suppression_of
from gateway.policy import rules as policy
from gateway.policy.decide import decide, sends_notices
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import EmailMessage

    from gateway.config import Config
    from gateway.model import Decision, Finding
    from gateway.notices.notice_texts import NoticeTexts
    from gateway.screening.snapshot import Snapshot

REFERENCE = "00000000000000000000000000"
"""Stands where a sent notice has the id of its event."""

_NOT_WRITTEN_TO = {
    Suppression.NOT_OURS: "is not one of ours (institution.domains)",
    Suppression.NULL_SENDER: "is the sender of bounces",
    Suppression.LIST_MAIL: "belongs to a mailing list",
}


class PartialAddressError(UnreadableAddressError):
    """An address lacks its local part or its domain; nobody can be written to at it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice, or in ``why_none`` the reason, a sentence's part, that there would be none.

    ``writes`` is whether the configuration lets notices go out.
    """

    notice: Notice | None
    why_none: str | None
    writes: bool


def read_texts(config: Config) -> NoticeTexts:
    """Read the notice texts of the policies directory.

    Raises :class:`gateway.errors.FaultyFile`.
    """
    return notice_texts.load(config.policies.directory)


def read_sender(config: Config, text: str | None) -> Address:
    """Read the sender asked for, else take somebody of the institution's first domain.

    Raises :class:`UnreadableAddressError`.
    """
    if text is None:
        domain = config.institution.domains[0]
        return Address(f"sender@{domain}".encode(), "sender", domain)
    return read_address(text)


def read_recipient(text: str) -> Address:
    """Read whom a message goes to, an address with both its parts.

    Raises :class:`UnreadableAddressError`, and of its kind :class:`PartialAddressError`.
    """
    address = read_address(text)
    if not address.local or not address.domain:
        raise PartialAddressError("must be whole, as in a@example.org")
    return address


def preview(  # noqa: PLR0913 - by name only; what a notice needs comes from six places
    *,
    config: Config,
    snapshot: Snapshot,
    sender: Address,
    recipient: Address,
    language: str | None,
    at: datetime,
) -> Preview:
    """Give the notice that a message from one to the other would bring at a time.

    ``language`` is one that there are texts in; ``None`` takes the configuration's first. Raises
    :class:`gateway.errors.FaultyFile` where the policies cannot be read.
    """
    rules = policy.load(config.policies.directory)
    writes = sends_notices(config.policies.mode)
    finding = classify(read(str(recipient).encode("utf-8")), snapshot, at.date())
    same = snapshot.mailbox_kinds.same_mailboxes
    decisions = decide(str(sender), [finding], rules, at.date(), same)
    request = rhythm.notice_request(
        message=REFERENCE,
        sender=sender,
        decisions=decisions,
        events={recipient: REFERENCE},
        peek=Peek(),
        languages=config.notices.languages,
        on=at.date(),
    )
    if request is None:
        return Preview(None, _why_quiet(finding, decisions), writes)
    reason = suppression_of(sender, Peek(), config.institution.domains)
    if reason is not None:
        why = f"{rhythm.addr_spec(sender)} {_NOT_WRITTEN_TO[reason]}."
        return Preview(None, why, writes)
    notice = Notice(
        id=REFERENCE,
        request=request if language is None else replace(request, language=language),
        created_at=at,
        next_at=at + timedelta(days=config.notices.every_days),
    )
    return Preview(notice, None, writes)


def as_bytes(notice: Notice, config: Config, texts: NoticeTexts) -> bytes:
    """Write a notice as it would be handed in, with CRLF line ends (RFC 5322).

    Raises :class:`gateway.errors.ConfigError` where a template can't be filled in, as do all three.
    """
    return render.rendered_notice(notice, config, texts).content


def as_html(notice: Notice, config: Config, texts: NoticeTexts) -> str:
    """Write a notice's HTML, as a mail program shows it."""
    return _part(render.render(notice, config, texts), "html")


def as_text(notice: Notice, config: Config, texts: NoticeTexts) -> str:
    """Write the header fields as they go out, and the text as a person reads it."""
    message = render.render(notice, config, texts)
    content = message_headers.serialise(message).decode("utf-8")
    head = content.partition("\r\n\r\n")[0].replace("\r\n", "\n")
    return f"{head}\n\n{_part(message, 'plain')}"


def _why_quiet(finding: Finding, decisions: tuple[Decision, ...]) -> str:
    shown = message_headers.clean(rhythm.addr_spec(finding.recipient))
    if not decisions:
        return f"{shown} is {finding.standing} and passes; it would leave no trace."
    return (
        f"{shown} is {finding.standing}, but only written down, by the rule {decisions[0].rule!r}."
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
