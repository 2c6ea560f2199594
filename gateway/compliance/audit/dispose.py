"""What the office decides about findings, and what must be said with it (docs/audit.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.compliance.audit.which_findings import same_in
from gateway.errors import MonitionError
from gateway.ledger.office import office_writer
from gateway.model import Disposition

if TYPE_CHECKING:
    from datetime import date

    from gateway.compliance.actor import Actor
    from gateway.compliance.audit.which_findings import Chosen
    from gateway.config import Config

WITH_A_LICENCE = frozenset({Disposition.LICENSED, Disposition.EXEMPT})
"""What bears the number of a licence or exemption, and its last day."""


class NoReasonError(MonitionError):
    """A decision was given without a reason, for which an auditor will ask."""


class NotLicensedError(MonitionError):
    """A licence or its last day was given with what is not :data:`WITH_A_LICENCE`."""


@dataclass(frozen=True, slots=True)
class OfficeDecision:
    """What findings are from now on. The reason can be erased, the licence's number is for ever.

    ``expires_on`` is the licence's last day. Raises :class:`NoReasonError` or
    :class:`NotLicensedError` for what does not belong together.
    """

    disposition: Disposition
    reason: str
    licence: str | None = None
    expires_on: date | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise NoReasonError("a decision needs a reason: an auditor will ask why")
        if self.disposition not in WITH_A_LICENCE and (self.licence or self.expires_on):
            raise NotLicensedError("a licence and its end belong to licensed or exempt")

    @property
    def lacks_licence(self) -> bool:
        """Whether it should name the number of a licence, and does not."""
        return self.disposition in WITH_A_LICENCE and not self.licence

    def has_ended(self, today: date) -> bool:
        """Whether its last day lies before ``today``, a day in UTC."""
        return self.expires_on is not None and self.expires_on < today


def dispose(config: Config, chosen: Chosen, decision: OfficeDecision, actor: Actor) -> int:
    """Decide findings, all of them or none; gives how many.

    What was decided before stays in their history. Raises ``LedgerError`` for findings that are not
    there, and for a licence's number that holds an address.
    """
    done = office_writer.dispose(
        config.ledger.path,
        chosen,
        decision.disposition,
        actor,
        reason=decision.reason,
        licence=decision.licence,
        expires_on=decision.expires_on,
        same_mailboxes=same_in(config, chosen),
    )
    return len(done)
