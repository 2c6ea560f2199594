"""What is asked of a ledger, timed in a process: ``python -m benchmarks.tasks.asking …``.

It prints what it found as one JSON object. Seconds are of the wall: a person waits for them.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.year.office import LICENCE
from gateway.ledger.query.logged_reading import LoggedReading
from gateway.ledger.questions import stats
from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.named_questions import QUESTIONS
from gateway.ledger.store.open_database import open_for_reading
from gateway.ledger.verify.verification import verify_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGE = 100
ROUNDS = 3


def pages(path: str) -> dict[str, Any]:
    """Take the first page of each filter and of hard ones together, and how many fit.

    Gives by filter the seconds for the ``page`` and the ``count``, and how many ``rows`` fit.
    """
    found: dict[str, Any] = {}
    with LoggedReading(Path(path), None) as reading:
        reader = reading.reader
        for name, filters in _asked(Path(path)).items():
            page = _least(lambda asked=filters: list(reader.findings(asked, limit=PAGE)))
            count = _least(lambda asked=filters: reader.count(asked))
            found[name] = {"page": page, "count": count, "rows": reader.count(filters)}
    return found


def questions(path: str) -> dict[str, float]:
    """Ask each named question that the ledger alone can answer, and each of the statistics.

    Gives seconds by name.
    """
    found = {}
    now = datetime.now(UTC)
    asked = {**QUESTIONS, **{f"stats by {name}": each for name, each in stats.BY.items()}}
    with LoggedReading(Path(path), None) as reading:
        (last,) = reading.reader.findings(Filters(), limit=1)
        given = {
            "number": LICENCE,
            "event": last["id"],
            "address": reading.names.recipient(last["recipient"]),
        }
        for name, question in asked.items():
            if question.sql is not None:
                names = {parameter.name for parameter in question.parameters}
                values = {each: value for each, value in given.items() if each in names}
                found[name] = _least(
                    lambda one=question, known=values: reading.ask(
                        one, values=known, now=now, limit=PAGE
                    )
                )
    return found


def verifying(path: str) -> dict[str, float]:
    """Verify the whole ledger: how many events, seconds, CPU seconds, bytes at the highest.

    Ends the process where the ledger is not intact.
    """
    began, used = time.monotonic(), time.process_time()
    verdict = verify_ledger(Path(path))
    if not verdict.is_intact:
        raise SystemExit(f"{path} is not intact: {verdict.flaws[0]}")
    return {
        "events": verdict.events,
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - used,
        "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _asked(path: Path) -> Mapping[str, Filters]:
    """One filter of each kind, often with many rows, with few and with none."""
    with closing(open_for_reading(path).conn) as connection:

        def one(sql: str) -> Any:
            return connection.execute(sql).fetchone()[0]

        often = "SELECT {0} FROM facet GROUP BY {0} ORDER BY count(*) DESC LIMIT 1"
        seldom = "SELECT {0} FROM facet WHERE {0} <> '' GROUP BY {0} ORDER BY count(*) LIMIT 1"
        last = datetime.fromisoformat(one("SELECT max(at) FROM facet"))
        sender, rare_sender = one(often.format("sender")), one(seldom.format("sender"))
        entity, rare_entity = one(often.format("entity")), one(seldom.format("entity"))
        name = one(often.format("entity_name"))
        recipient = one(seldom.format("recipient"))
        department = one(seldom.format("department"))
    surname = sender.partition("@")[0].partition(".")[2]
    every: dict[str, dict[str, Any]] = {
        "no filter": {},
        "since, a week": {"since": last - timedelta(days=7)},
        "until, the first weeks": {"until": last - timedelta(days=330)},
        "one day in the middle": {
            "since": last - timedelta(days=150),
            "until": last - timedelta(days=149),
        },
        "sender, the busiest": {"sender": sender},
        "sender, the rarest": {"sender": rare_sender},
        "sender, nobody": {"sender": "nobody@example.edu"},
        "sender, a pattern": {"sender": f"*{surname}*"},
        "sender, a pattern of nobody": {"sender": "*qqqq*"},
        "recipient": {"recipient": recipient},
        "recipient, a pattern of nobody": {"recipient": "*qqqq*"},
        "domain": {"domain": recipient.partition("@")[2]},
        "domain, none": {"domain": "nothing.example"},
        "entity, the busiest": {"entity": entity},
        "entity, the rarest": {"entity": rare_entity},
        "entity by name": {"entity": name},
        "list": {"list": "CA-NRO"},
        "programme": {"programme": "NPWMD"},
        "tier": {"tier": "advisory"},
        "standing": {"standing": "review"},
        "kind": {"kind": "role"},
        "action, none": {"action": "refuse"},
        "outcome": {"outcome": "unknown"},
        "disposition": {"disposition": "escalated"},
        "department, the rarest": {"department": department},
        "text, one word": {"text": name.split()[-1]},
        "text, with a slip": {"text": name.split()[-1][:-2] + "xs"},
        "text, nothing": {"text": "zzqqxx"},
        "three that never meet": {"standing": "review", "kind": "alumni", "tier": "advisory"},
        "pattern, outcome, disposition": {
            "sender": f"*{surname}*",
            "outcome": "unknown",
            "disposition": "escalated",
        },
    }
    return {name: Filters(**asked) for name, asked in every.items()}


def _least(do: Callable[[], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        do()
        rounds.append(time.monotonic() - began)
    return min(rounds)


ERRANDS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (pages, questions, verifying)
}

if __name__ == "__main__":
    print(json.dumps(ERRANDS[sys.argv[1]](*sys.argv[2:])))
