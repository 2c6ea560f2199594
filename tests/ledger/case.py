"""A small ledger of all that a finding can be: loaded by the tests of what leaves a ledger."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from gateway.ledger.record import office_events
from gateway.ledger.record.events import NoticeState, SettledRecipient, notified, settled, started
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.model import Action, Disposition, Outcome, Rule

AT = datetime(2026, 11, 22, 7, 8, 9, 123000, tzinfo=UTC)
ADDRESSES = (
    "=cmd@example.edu",
    "jane@example.edu",
    "Joe.O'Neil@example.edu",
    "erased@example.edu",
    "ivan0@stud.mipt.ru",
    "ivan1@stud.mipt.ru",
    "rector@mipt.ru",
    "ivan3@stud.mipt.ru",
)
SENDERS = (b"=cmd@example.edu", b"jane@example.edu", b"Joe.O'Neil@example.edu")


def write(path, mail):
    """Five findings. Their ids by what they are: settled, noticed, exact, erased, evil."""
    store = SqliteStore(path)
    actor = office_events.Actor("officer", AT + timedelta(hours=1), os.urandom)
    ids = SimpleNamespace()

    def seen(number, sender, **changes):
        at = AT + timedelta(minutes=number)
        (record,) = mail.observed(
            mail.sighting(
                f"m{number}", (f"ivan{number}@stud.mipt.ru",), sender=sender, department="Physics"
            ),
            [mail.decision(mail.finding(f"ivan{number}@stud.mipt.ru", **changes))],
            at=at,
            entropy=os.urandom,
        )
        return store.append(record).id

    def ended(event, number, notice=None):
        result = SettledRecipient(event, Outcome.DELIVERED, "250 2.0.0 Ok: queued as 5Abc", "5Abc")
        state = notice or NoticeState("suppressed:rhythm")
        at = AT + timedelta(minutes=number, seconds=1)
        store.append(
            settled(result, state, message=f"m{number}", process="p", at=at, entropy=os.urandom)
        )

    with store.transaction():
        store.append(started("p", "0.1.0", new_ledger=True, at=AT, entropy=os.urandom))
        ids.settled = seen(0, SENDERS[0])
        ended(ids.settled, 0)
        ids.noticed = seen(1, SENDERS[1])
        ended(ids.noticed, 1, NoticeState("queued", ids.noticed))
        facts = {
            "notice": ids.noticed,
            "result": "sent",
            "attempts": 1,
            "message_id": "<n@example.edu>",
            "digest": None,
            "texts": None,
        }
        store.append(notified(facts, process="p", at=AT, entropy=os.urandom))
        ids.exact = seen(2, SENDERS[2], rule=Rule.EXACT_ADDRESS, matched="rector@mipt.ru")
        store.append(
            office_events.held(
                ids.exact, actor, matter="2026/7", reason="asked by jane@example.edu"
            )
        )
        ids.erased = seen(3, b"erased@example.edu")
        ended(ids.erased, 3)
        ids.evil = seen(4, b'x\x1b[31m"]\\ y@example.edu')
        for event, disposition in (
            (ids.settled, Disposition.ESCALATED),
            (ids.settled, Disposition.LICENSED),
            (ids.noticed, Disposition.FALSE_POSITIVE),
        ):
            store.append(
                office_events.disposed(
                    event,
                    disposition,
                    actor,
                    reason="told by jane@example.edu",
                    licence="EU-2026-17",
                    expires_on=date(2027, 1, 31),
                )
            )
    with store.transaction():
        store.database.execute(
            "UPDATE personal SET salt = NULL, data = NULL WHERE event = ? AND part = 'sender'",
            (ids.erased,),
        )
    store.close()
    ids.count, ids.refused = 5, Action.REFUSE
    return ids
