"""Addresses that share a verdict, so that of many at one domain only the first is tried.

Of most addresses nothing but the domain, and whether the mailbox is an office's, bears on the
verdict.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.addresses.encapsulation import MAY_WRAP
from gateway.screening.recipient_kind import is_role

if TYPE_CHECKING:
    from gateway.compliance.previews.try_address import TrialBasis, Verdict
    from gateway.policy.rules import Rules

# Wraps no other address, and nothing in it is escaped or quoted in JSON or CSV, or is a formula.
_PLAIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._+-]{0,63})@([A-Za-z0-9][A-Za-z0-9.-]{0,252})")

Group = tuple[str, bool]
"""A domain as it is written, and whether the mailboxes are an office's."""


class AlikeAddresses:
    """Which addresses get one verdict, their own names in it aside, by one snapshot and policy."""

    def __init__(self, by: TrialBasis) -> None:
        self._snapshot = by.snapshot
        self._named = locals_named_by(by.rules)

    def group(self, text: str) -> Group | None:
        """Give what an address is grouped by; ``None``: its verdict is its own.

        An address that has a group is ASCII, and neither JSON nor CSV escapes anything in it.
        """
        plain = _PLAIN.fullmatch(text)
        if plain is None:
            return None
        local, domain = plain.groups()
        if MAY_WRAP.search(local.encode()) is not None:
            return None
        if local.casefold() in self._named:
            return None
        return domain, is_role(local, self._snapshot.mailbox_kinds)

    def is_shared(self, verdict: Verdict) -> bool:
        """Whether the verdict on an address that has a group is that of all in its group.

        It is not where the lists name single addresses at the domain.
        """
        return verdict.finding.recipient.domain not in self._snapshot.addresses


def locals_named_by(rules: Rules) -> frozenset[str]:
    """Give the local parts, in folded case, of addresses that a rule or an exception is about."""
    conditions = [each.conditions for each in rules.rules]
    conditions += [each.conditions for each in rules.exceptions]
    addresses = frozenset[str]().union(*(each.recipient.addresses for each in conditions))
    return frozenset(address.rpartition("@")[0] for address in addresses)
