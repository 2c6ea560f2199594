"""The replies still to come, in the order of the commands (RFC 2920 section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import (
    AT_REPLIED,
    CONTENT,
    DOT,
    FOR_DOT,
    FOR_OUR_STARTTLS,
    FOR_OUR_XFORWARD,
    FOR_OURS,
    FOR_XFORWARD,
    GREETING,
    Moment,
    Phase,
    ReplyFor,
)

if TYPE_CHECKING:
    from collections import deque

    from gateway.smtp.transaction import Transaction

PendingReplies: TypeAlias = "deque[tuple[ReplyFor, bytes]]"
"""One entry a command: what it means to us, and its line, or our own reply to it."""


def awaits_dot_reply(awaited: PendingReplies) -> bool:
    """Whether a final dot is with the next hop and its reply is not here yet."""
    return any(kind is FOR_DOT for kind, _ in awaited)


def next_hop_owes_nothing(awaited: PendingReplies) -> bool:
    """Whether the next hop owes no reply: those to come are our own."""
    return all(kind >= FOR_OURS for kind, _ in awaited)


def step_of(
    phase: Phase, moment: Moment | None, awaited: PendingReplies, transaction: Transaction
) -> str:
    """How far a dialogue has come, in words for a log."""
    if phase is GREETING:
        return "greeting"
    if phase is CONTENT:
        return "content"
    if phase is DOT:
        return "before the dot"
    if moment is AT_REPLIED or awaits_dot_reply(awaited):
        return "behind the dot"
    return "envelope" if awaited or transaction.is_open else "between messages"


def send_own_replies(
    awaited: PendingReplies, to_client: list[bytes], transaction: Transaction
) -> bool:
    """Give the replies of our own whose turn has come; whether TLS is to start now."""
    while awaited and awaited[0][0] >= FOR_OURS:
        kind, what = awaited.popleft()
        if kind is FOR_OUR_XFORWARD:
            transaction.note_accepted(FOR_XFORWARD, what, b"")
            what = own_replies.XFORWARD_TAKEN
        to_client.append(what)
        if kind is FOR_OUR_STARTTLS:
            return True
    return False
