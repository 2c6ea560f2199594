"""Which names can never be an institution's domain, whatever a list or a person says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.domain_name import is_public_suffix
from gateway.screening.recipient_kind import provider_of, shared_host_of

if TYPE_CHECKING:
    from gateway.screening.recipient_kind import MailboxKinds


def why_unlistable(domain: str, mailbox_kinds: MailboxKinds) -> str | None:
    """Say why a normalised domain cannot be listed (behaviour S3); ``None`` where it can.

    A public suffix belongs to everybody who registers below it; a personal provider and a shared
    host to everybody who signs up. Exact addresses at them may be listed all the same.
    """
    if is_public_suffix(domain):
        return (
            f"{domain} is a public suffix: it would list everybody below it; "
            "name the institution's own domain"
        )
    if (group := provider_of(domain, mailbox_kinds)) is not None:
        return (
            f"{domain} belongs to a provider of personal mail ({group}); "
            "list exact addresses there instead, as [[entity.address]]"
        )
    if (group := shared_host_of(domain, mailbox_kinds)) is not None:
        return (
            f"{domain} is a shared host ({group}); "
            "list exact addresses there instead, as [[entity.address]]"
        )
    return None
