"""The named audit questions (behaviour A6). Pure: names into SQL with parameters."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.ledger.questions import (
    questions_contacts,
    questions_integrity,
    questions_lists,
    questions_office,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ledger.questions.question import Question

QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        question.name: question
        for question in (
            *questions_contacts.ALL,
            *questions_lists.ALL,
            *questions_office.ALL,
            *questions_integrity.ALL,
        )
    }
)
"""Every question by its name, in the order in which they are listed."""
