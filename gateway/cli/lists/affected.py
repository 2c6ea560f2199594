"""What a change of the lists touches in the ledger, as `audit ask` calls it."""

from __future__ import annotations

from gateway.compliance.sanction_lists.list_change import touched

__all__ = ["touched"]
