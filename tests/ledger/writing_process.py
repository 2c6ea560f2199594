"""Messages for the tests, and a program that writes them into a ledger until it is killed."""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gateway.errors import LedgerError
from gateway.ledger.record.events import Observation, SettledRecipient, observed
from gateway.ledger.store.settlement import Settlement, any_window_is_open
from gateway.ledger.store.writer import LedgerWriter
from gateway.model import (
    Action,
    Address,
    Client,
    Decision,
    Entity,
    Envelope,
    Finding,
    Kind,
    Listing,
    MatchedInstitution,
    NoticeRequest,
    Outcome,
    Peek,
    Recipient,
    Reply,
    Rule,
    Standing,
    Tier,
)

LISTING = Listing(
    "US-OFAC-SDN",
    "RUSSIA-EO14024",
    "38316",
    date(2022, 8, 2),
    date(2022, 8, 2),
    date(2022, 8, 31),
)
MIPT = Entity("us-ofac-38316", "Moscow Institute of Physics and Technology", listings=(LISTING,))
WEEK = timedelta(days=7)


def now():
    return datetime.now(UTC)


def finding(recipient="ivan@stud.mipt.ru", **changes):
    local, _, domain = recipient.rpartition("@")
    fields = {
        "recipient": Address(recipient.encode(), local, domain),
        "standing": Standing.LISTED,
        "kind": Kind.INDIVIDUAL,
        "snapshot": "sha256:5a",
        "entity": MIPT,
        "listing": LISTING,
        "tier": Tier.BLOCKING,
        "matched": "mipt.ru",
        "rule": Rule.SUBDOMAIN,
        "evidence": ("mipt.ru: ROR 00v0z9322, reviewed 2026-11-22",),
    }
    return Finding(**{**fields, **changes})


def decision(*findings, action=Action.WARN, rule="listed institutions: warn"):
    return Decision(action, rule, findings or (finding(),), "sha256:b0")


def sighting(message="m1", recipients=("ivan@stud.mipt.ru",), **changes):
    accepted = tuple(
        Recipient(
            path.encode(),
            b"RCPT TO:<" + path.encode() + b">\r\n",
            Reply(250, "2.1.5", (b"250 2.1.5 Ok\r\n",)),
        )
        for path in recipients
    )
    envelope = Envelope(
        message,
        changes.pop("sender", b"prof@example.edu"),
        accepted,
        Client("192.0.2.7", "pc.example.edu", "4XyZ"),
    )
    fields = {
        "message": message,
        "process": "process-1",
        "mode": "warn",
        "envelope": envelope,
        "peek": Peek(message_id="<1@example.edu>"),
    }
    return Observation(**{**fields, **changes})


def records(message="m1", recipients=("ivan@stud.mipt.ru",), at=None, **changes):
    """OBSERVED records of one message, a listed recipient each."""
    return observed(
        sighting(message, recipients, **changes),
        [decision(*(finding(recipient) for recipient in recipients))],
        at=at or now(),
        entropy=os.urandom,
    )


def settlement(message, events, *, to=None, **changes):
    """The message was delivered, and its sender is to be told unless told within a week."""
    to = to or (events[0].personal["sender"]["address"] if events else "prof@example.edu")
    request = NoticeRequest(
        message=message,
        to=to,
        matters=tuple(
            MatchedInstitution(
                event=record.id,
                recipient=str(record.personal["recipient"]["address"]),
                entity=MIPT.id,
                entity_name=MIPT.name,
                list="US-OFAC-SDN",
                programme="RUSSIA-EO14024",
                listed_on="2022-08-02",
                tier=Tier.BLOCKING,
                action=Action.WARN,
            )
            for record in events
        ),
        windows=("us-ofac-38316 tier listed blocking",),
        refused=False,
        language="en",
        in_reply_to="<1@example.edu>",
        references=(),
    )
    fields = {
        "message": message,
        "at": now(),
        "results": tuple(
            SettledRecipient(record.id, Outcome.DELIVERED, "250 2.0.0 Ok: queued as 5Abc", "5Abc")
            for record in events
        ),
        "request": request,
        "suppression": None,
        "may_notify": lambda opened, at: any_window_is_open(opened, at, WEEK),
        "every": WEEK,
    }
    return Settlement(**{**fields, **changes})


def open_ledger(folder, process="process-1", **changes):
    told = []
    fields = {
        "process": process,
        "clock": now,
        "entropy": os.urandom,
        "tell": lambda text, error: told.append(text),
    }
    ledger = LedgerWriter(
        Path(folder) / "ledger.db", Path(folder) / "ledger.journal", **{**fields, **changes}
    )
    ledger.told = told
    return ledger


def crowd(folder, process, count):
    """25 writers at once, each with a connection of its own, each with ``count`` messages."""
    ledgers = [open_ledger(folder, f"{process}-{number}") for number in range(25)]
    failures = []

    def write(number, ledger):
        ledger.start()
        for message in range(count):
            name = f"{process}-{number}-{message}"
            found = records(name, process=f"{process}-{number}", sender=b"prof@example.edu")
            try:
                ledger.observe(found).result()
                ledger.settle(settlement(name, found)).result()
            except LedgerError as error:
                failures.append(str(error))

    threads = [threading.Thread(target=write, args=numbered) for numbered in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close()
    print(*failures or ["no failure"], sep="\n", flush=True)


def main(folder, process, count, what):
    """Write ``count`` messages, one line on stdout for each thing that is durable.

    ``settled``: all of each message; ``observed``: never its end; ``same``: one sender for all.
    """
    if what == "crowd":
        crowd(folder, process, int(count))
        return
    ledger = open_ledger(folder, process)
    ledger.start()
    print("started", ledger.fault, flush=True)
    if what == "same":
        sys.stdin.readline()
    for number in range(int(count)):
        message = f"{process}-{number}"
        sender = "prof@example.edu" if what == "same" else f"{message}@example.edu"
        found = records(message, process=process, sender=sender.encode())
        kept = ledger.observe(found).result()
        print("observed", kept, *(record.id for record in found), flush=True)
        if what != "observed":
            print(
                "settled", ledger.settle(settlement(message, found, to=sender)).result(), flush=True
            )
    if what == "observed":
        sys.stdin.readline()
    ledger.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
