"""What is told of a finding, a word each."""

from __future__ import annotations

COLUMNS = (
    "id",
    "at",
    "sender",
    "recipient",
    "standing",
    "kind",
    "tier",
    "entity",
    "entity_name",
    "list",
    "programme",
    "listed_on",
    "matched",
    "rule",
    "action",
    "policy_rule",
    "outcome",
    "reply",
    "queue_id",
    "next_queue_id",
    "message_id",
    "client",
    "notice",
    "disposition",
    "snapshot",
    "policy",
    "department",
    "licence",
    "expires_on",
    "held",
)
"""The fields of ``audit list``, in their order: a contract. Names are added, never renamed."""
