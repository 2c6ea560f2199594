"""Findings that must not be erased while a matter is open, and their release (A3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.compliance.audit.which_findings import record_looked, same_in
from gateway.errors import MonitionError
from gateway.ledger.office import office_writer

if TYPE_CHECKING:
    from gateway.compliance.actor import Access, Actor
    from gateway.compliance.audit.which_findings import Chosen
    from gateway.config import Config


class NoMatterError(MonitionError):
    """A hold was asked for without a name by which it can be ended again."""


@dataclass(frozen=True, slots=True)
class HoldResult:
    """How many findings an act changed, and how many it passed over: they were so already."""

    changed: int
    passed_over: int


def named_matter(matter: str | None) -> str:
    """Give the name of a matter on; raises :class:`NoMatterError` for one that says nothing."""
    if matter is None or not matter.strip():
        raise NoMatterError("a hold needs the name of a matter, by which it is ended again")
    return matter


def hold(
    config: Config,
    chosen: Chosen,
    matter: str,
    actor: Actor,
    who: Access,
) -> HoldResult:
    """Put findings under hold for a matter: nothing of them is erased until they are released.

    ``who.reason`` is kept beside it, and can be erased. Where nothing changed, it is recorded that
    ``who`` was told. Raises ``LedgerError``, and :class:`NoMatterError` as :func:`named_matter`.
    """
    path = config.ledger.path
    matter = named_matter(matter)
    same = same_in(config, chosen)
    count = office_writer.count(path, chosen, same)
    done = office_writer.hold(
        path, chosen, actor, matter=matter, reason=who.reason, same_mailboxes=same
    )
    return _told(config, chosen, who, count, len(done))


def release(
    config: Config,
    chosen: Chosen,
    matter: str | None,
    actor: Actor,
    who: Access,
) -> HoldResult:
    """End the hold for a matter, or with ``None`` every hold on the findings.

    The rest is as with :func:`hold`.
    """
    path = config.ledger.path
    same = same_in(config, chosen)
    count = office_writer.count(path, chosen, same)
    done = office_writer.release(
        path, chosen, actor, matter=matter, reason=who.reason, same_mailboxes=same
    )
    return _told(config, chosen, who, count, len(done))


def _told(config: Config, chosen: Chosen, who: Access, count: int, changed: int) -> HoldResult:
    if not changed:
        record_looked(config, chosen, who)
    return HoldResult(changed, count - changed)
