"""Many domains' mail exchangers, asked for once because a person wants to know.

A question each, a few at a time. A DNS that answers none of the first is asked no more.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.lookup.dns_resolver import UnknownAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.lookup.dns_resolver import Answers, DnsResolver

MOST_AT_ONCE = 8
"""Questions on their way together: few enough for any resolver."""

HOPELESS_AFTER = 3 * MOST_AT_ONCE
"""Questions without a single answer, after which no more are asked."""


@dataclass(slots=True)
class MxSurvey:
    """What came of it: the answers by domain, and how many stayed without one."""

    answers: dict[str, Answers] = field(default_factory=dict)
    unknown: int = 0

    @property
    def asked(self) -> int:
        """How many questions were asked."""
        return len(self.answers) + self.unknown

    @property
    def is_hopeless(self) -> bool:
        """Whether :data:`HOPELESS_AFTER` questions or more were asked, and none was answered."""
        return not self.answers and self.unknown >= HOPELESS_AFTER


async def survey(
    domains: Iterable[str], resolver: DnsResolver, tell: Callable[[], object] = lambda: None
) -> MxSurvey:
    """Ask for the mail exchangers of each domain; ``tell`` is called after each question.

    Stops early once the survey is hopeless; domains that were not asked about are not counted.
    """
    found = MxSurvey()
    waiting: Iterator[str] = iter(domains)

    async def ask() -> None:
        for domain in waiting:
            if found.is_hopeless:
                return
            answers = await resolver.mail_hosts(domain)
            if isinstance(answers, UnknownAnswer):
                found.unknown += 1
            else:
                found.answers[domain] = answers
            tell()

    async with asyncio.TaskGroup() as group:
        for _ in range(MOST_AT_ONCE):
            group.create_task(ask())
    return found
