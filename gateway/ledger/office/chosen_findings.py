"""Which findings an act of the office is about: named by their ids, or by what they have in common.

Asked inside the transaction that acts, so that what is told of them is what is acted on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.errors import LedgerError
from gateway.ledger.questions.filters import Filters, as_sql

if TYPE_CHECKING:
    from sqlite_utils import Database

    from gateway.addresses.canonical_mailbox import SameMailboxes

Chosen: TypeAlias = Sequence[str] | Filters
"""Ids or beginnings of ids, or filters."""


def findings(
    database: Database, chosen: Chosen, same_mailboxes: SameMailboxes = NO_FAMILIES
) -> tuple[str, ...]:
    """The ids of the findings, each once, oldest first where filters chose them.

    The id of an event that is about a finding (its SETTLED, a decision) leads to the finding.
    ``same_mailboxes`` is what is known of providers, by which a sender is sought. Raises
    ``LedgerError`` for a beginning that fits no event or several, for an event that is about no one
    finding, for filters that nothing fits, and for a text to be sought: what is found approximately
    is looked at, not acted on.
    """
    if not isinstance(chosen, Filters):
        return tuple(dict.fromkeys(_finding(database, prefix) for prefix in chosen))
    if chosen.text is not None:
        raise LedgerError(
            "--text finds names approximately, too much so to act on: look with `monition audit "
            "list --text`, then name the events, or ask by --sender, --recipient or --entity"
        )
    condition, values = as_sql(chosen, (), same_mailboxes)
    rows = database.execute(
        f"SELECT id FROM facet WHERE {condition} ORDER BY seq",  # noqa: S608 - our words
        values,
    )
    found = tuple(id_ for (id_,) in rows)
    if not found:
        raise LedgerError("nothing in the ledger fits: nothing was done")
    return found


def _finding(database: Database, prefix: str) -> str:
    wanted = prefix.strip().upper()
    rows = database.execute(
        "SELECT id, kind, facts FROM event WHERE id >= ? AND id < ? ORDER BY id LIMIT 2",
        (wanted, wanted + "\x7f"),
    ).fetchall()
    if not wanted or not rows:
        raise LedgerError(
            f"no event has an id that begins with {prefix!r}: `monition audit list` shows the ids; "
            "nothing was done"
        )
    if len(rows) > 1:
        raise LedgerError(
            f"{prefix!r} fits several events, {rows[0][0]} and {rows[1][0]} among them: give more "
            "of the id; nothing was done"
        )
    id_, kind, facts = rows[0]
    observed = id_ if kind == "OBSERVED" else json.loads(facts).get("observed")
    if observed is None:
        raise LedgerError(
            f"{id_} is no finding and about none ({kind}): `monition audit list` shows those that "
            "can be named; nothing was done"
        )
    return str(observed)
