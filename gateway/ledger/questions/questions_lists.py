"""Audit questions that the lists and the policy answer together with the ledger (A6). Pure."""

from __future__ import annotations

from gateway.ledger.questions.question import AnswerSentence, Parameter, ParameterKind, Question

LIST_CHANGE = Question(
    "list-change",
    "What in the ledger is affected by a change of the lists?",
    AnswerSentence(
        "Nothing that the ledger holds is touched by the change.",
        "One event is touched by the change.",
        "{count} events are touched by the change, newly listed ones first.",
    ),
    (
        *("id", "at", "sender", "recipient"),
        *("standing", "tier", "entity", "entity_name", "matched"),
        *("standing_now", "tier_now", "entity_now", "entity_name_now", "matched_now"),
        *("effect", "changes"),
    ),
    ("at", "id", "sender", "entity_name", "effect"),
    "--before 2026-11-01",
    parameters=(
        Parameter(
            "before",
            ParameterKind.WORD,
            "The older snapshot: a day, or the start of a digest; left out, the one before.",
            "DAY|DIGEST",
        ),
        Parameter(
            "after", ParameterKind.WORD, "The newer one; left out, the one in force.", "DAY|DIGEST"
        ),
    ),
)

WHY = Question(
    "why",
    "Why did a message match?",
    AnswerSentence("", "", ""),
    ("field", "value"),
    ("field", "value"),
    "--event 01KB8Q",
    parameters=(
        Parameter(
            "event",
            ParameterKind.WORD,
            "The event, by its id or the beginning of it.",
            "ID",
            is_required=True,
        ),
    ),
)

WHY_NOT = Question(
    "why-not",
    "Why did an address not match, and did the ledger ever see it?",
    AnswerSentence(
        "The ledger never saw that recipient.",
        "The ledger saw that recipient once.",
        "The ledger saw that recipient {count} times, the newest first.",
    ),
    ("at", "id", "sender", "recipient", "entity_name", "matched", "rule", "action", "outcome"),
    ("at", "id", "sender", "entity_name", "action"),
    "--address ivan@stud.mipt.ru --on 2026-11-22",
    "SELECT at, id, sender, recipient, entity_name, matched, rule, action, outcome FROM finding "
    "WHERE seq IN (SELECT seq FROM facet WHERE recipient = :address ORDER BY seq DESC LIMIT :limit)"
    " ORDER BY seq DESC",
    parameters=(
        Parameter(
            "address",
            ParameterKind.ADDRESS,
            "The recipient's address.",
            "ADDRESS",
            is_required=True,
        ),
        Parameter("on", ParameterKind.DAY, "The day to decide for; left out, today (UTC).", "DATE"),
    ),
)

ALL = (LIST_CHANGE, WHY, WHY_NOT)
