"""Reading the ledger, for programs: a connection of its own that can write nothing.

Writers are never held up by it (WAL). What a *person* is shown goes through
:mod:`gateway.ledger.query.logged_reading`, which records it: no command and no page reads past it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.errors import LedgerError
from gateway.ledger.query import text_search
from gateway.ledger.query.event_with_acts import EventWithActs
from gateway.ledger.query.finding_columns import COLUMNS
from gateway.ledger.questions.filters import Filters, as_sql
from gateway.ledger.record.fold import fold
from gateway.ledger.record.record import EventKind, Part
from gateway.ledger.store import outbox
from gateway.ledger.store.open_database import open_for_reading, translated_errors
from gateway.ledger.store.pseudonyms import Pseudonyms
from gateway.ledger.verify.checkpoint import identity, take_checkpoint
from gateway.ledger.verify.verification import VerificationResult, verify_ledger
from gateway.model import Event, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.ledger.questions.filters import SearchWord
    from gateway.ledger.record.chain import Checkpoint

_OF_AN_OBSERVATION = {
    *(EventKind.OBSERVED, EventKind.SETTLED, EventKind.NOTIFIED),
    *(EventKind.DISPOSED, EventKind.HELD, EventKind.RELEASED),
}
_EVENT = "seq, id, at, kind, facts, commitments, previous, hash"

# What belongs to an observation, and what an event belongs to: by facts that have an index, to
# which the plus leads. A notice bears the id of the observation that it derives from.
_RELATED = f"""\
WITH observation (id) AS (
  SELECT id FROM event WHERE id = :event AND kind = 'OBSERVED'
  UNION SELECT json_extract(facts, '$.observed') FROM event
    WHERE id = :event AND kind IN ('SETTLED', 'DISPOSED', 'HELD', 'RELEASED')
  UNION SELECT json_extract(facts, '$.notice') FROM event WHERE id = :event AND kind = 'NOTIFIED'
)
SELECT {_EVENT} FROM event
WHERE seq IN (
  SELECT e.seq FROM observation o JOIN event e ON e.id = o.id
  UNION ALL SELECT e.seq FROM observation o JOIN event e
    ON e.kind = 'SETTLED' AND json_extract(e.facts, '$.observed') = +o.id
  UNION ALL SELECT e.seq FROM observation o JOIN event e
    ON e.kind = 'DISPOSED' AND json_extract(e.facts, '$.observed') = +o.id
  UNION ALL SELECT e.seq FROM observation o JOIN event e
    ON e.kind IN ('HELD', 'RELEASED') AND json_extract(e.facts, '$.observed') = +o.id
  UNION ALL SELECT e.seq FROM observation o
    JOIN event s ON s.kind = 'SETTLED' AND json_extract(s.facts, '$.observed') = +o.id
    JOIN event e ON e.kind = 'NOTIFIED'
      AND json_extract(e.facts, '$.notice') = +json_extract(s.facts, '$.notice_id'))
ORDER BY seq"""  # noqa: S608 - column names only


# What was found of each recipient, without how it ended: half the joins of the view.
_OBSERVED_RECIPIENTS = """\
SELECT
  o.id AS id,
  o.at AS at,
  json_extract(s.data, '$.address') AS sender,
  json_extract(r.data, '$.address') AS recipient,
  json_extract(o.facts, '$.standing') AS standing,
  json_extract(o.facts, '$.tier') AS tier,
  json_extract(o.facts, '$.entity') AS entity,
  json_extract(o.facts, '$.entity_name') AS entity_name,
  coalesce(json_extract(o.facts, '$.matched'), json_extract(r.data, '$.matched')) AS matched
FROM facet f
JOIN event o ON o.seq = f.seq
LEFT JOIN personal s ON s.event = o.id AND s.part = 'sender'
LEFT JOIN personal r ON r.event = o.id AND r.part = 'recipient'
{where}
ORDER BY f.seq DESC"""

_LIKE = """\
WHERE f.seq IN (
  SELECT seq FROM facet WHERE recipient IN (SELECT value FROM json_each(:recipients))
  UNION ALL SELECT seq FROM facet
    WHERE recipient IS NULL AND entity IN (SELECT value FROM json_each(:entities)))"""


class LedgerReader:
    """An open ledger, for reading. Use it in a ``with``. Raises ``LedgerError`` for none.

    So does each method, where the ledger cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = open_for_reading(path)
        self._words: dict[str, tuple[SearchWord, ...]] = {}
        self.same_mailboxes: Callable[[], SameMailboxes] = lambda: NO_FAMILIES
        """Asked where a sender is sought: what is known of providers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._database.conn.close()

    def begin(self) -> None:
        """From now on see one moment of the ledger, until it is closed."""
        with translated_errors(self._path):
            self._database.execute("BEGIN")

    def names(self, kind: str) -> Iterator[str]:
        """The names of that kind that findings have: ``sender``, ``recipient``, ``entity``."""
        with translated_errors(self._path):
            for (value,) in self._database.execute(
                "SELECT value FROM name WHERE kind = ? ORDER BY value", (kind,)
            ):
                yield value

    def findings(
        self, filters: Filters, *, limit: int | None = None, offset: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Observed recipients, newest first, with the keys of :data:`COLUMNS`.

        A row whose personal fields were erased has them null, and ``erased`` true besides; ``held``
        is a boolean, all else text or null.
        """
        condition, values = self.condition(filters)
        columns = ", ".join(COLUMNS)
        sql = (
            f"SELECT {columns}, erased FROM finding WHERE seq IN ("  # noqa: S608 - our words
            f"SELECT seq FROM facet WHERE {condition} ORDER BY seq DESC LIMIT :limit OFFSET :offset"
            ") ORDER BY seq DESC"
        )
        bounds = {"limit": -1 if limit is None else limit, "offset": offset}
        with translated_errors(self._path):
            for row in self._database.query(sql, {**values, **bounds}):
                row["held"] = bool(row["held"])
                if row.pop("erased"):
                    row["erased"] = True
                yield row

    def count(self, filters: Filters) -> int:
        """How many findings there are of that kind."""
        condition, values = self.condition(filters)
        with translated_errors(self._path):
            (count,) = self._database.execute(
                f"SELECT count(*) FROM facet WHERE {condition}",  # noqa: S608 - our words
                values,
            ).fetchone()
        return int(count)

    def senders(
        self, filters: Filters, *, limit: int | None = None, offset: int = 0
    ) -> tuple[str, ...]:
        """Whose findings those of :meth:`findings` are: folded addresses, each once."""
        condition, values = self.condition(filters)
        bounds = {"limit": -1 if limit is None else limit, "offset": offset}
        with translated_errors(self._path):
            rows = self._database.execute(
                f"SELECT DISTINCT sender FROM (SELECT sender FROM facet WHERE {condition} "  # noqa: S608
                "ORDER BY seq DESC LIMIT :limit OFFSET :offset) WHERE sender IS NOT NULL",
                {**values, **bounds},
            ).fetchall()
        return tuple(sender for (sender,) in rows)

    def answer(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a question, in the order of its columns.

        The questions stand in :mod:`gateway.ledger.questions.named_questions`.
        """
        with translated_errors(self._path):
            return list(self._database.execute(sql, dict(values)))

    def stream(self, sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, however many they are; ``values`` by their names."""
        with translated_errors(self._path):
            # No `yield from`: it would close the cursor, long after the ledger perhaps.
            for row in self._database.execute(sql, dict(values)):  # noqa: UP028
                yield row

    def condition(self, filters: Filters) -> tuple[str, dict[str, str]]:
        """What chooses findings on the table ``facet``: SQL, with its parameters by name.

        Raises ``LedgerError`` for a text without words, or of too many.
        """
        same = NO_FAMILIES if filters.sender is None else self.same_mailboxes()
        return as_sql(filters, self.words(filters), same)

    def pseudonyms(self) -> Pseudonyms:
        """The pseudonyms of this ledger."""
        with translated_errors(self._path):
            return Pseudonyms.of(self._database.conn)

    def observed_recipients(self) -> Iterator[dict[str, Any]]:
        """Every observed recipient, newest first, with what was found of it and no more.

        Keys: ``id at sender recipient standing tier entity entity_name matched``; of an erased
        part they are null.
        """
        with translated_errors(self._path):
            yield from self._database.query(_OBSERVED_RECIPIENTS.format(where=""))

    def samples(self) -> Iterator[dict[str, Any]]:
        """The last of :meth:`observed_recipients` of each recipient and institution."""
        newest = "WHERE f.seq IN (SELECT max(seq) FROM facet GROUP BY recipient, entity)"
        with translated_errors(self._path):
            yield from self._database.query(_OBSERVED_RECIPIENTS.format(where=newest))

    def like(self, samples: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Those :meth:`observed_recipients` that have recipient and institution of one of these."""
        pairs = {(_folded(row["recipient"]), row["entity"]) for row in samples}
        named = sorted({recipient for recipient, _ in pairs if recipient is not None})
        entities = sorted({entity for recipient, entity in pairs if recipient is None and entity})
        values = {"recipients": json.dumps(named), "entities": json.dumps(entities)}
        with translated_errors(self._path):
            for row in self._database.query(_OBSERVED_RECIPIENTS.format(where=_LIKE), values):
                if (_folded(row["recipient"]), row["entity"]) in pairs:
                    yield row

    def find(self, prefix: str) -> EventWithActs:
        """The event whose id begins so. Raises ``LedgerError`` for none, and for several."""
        wanted = prefix.strip().upper()
        with translated_errors(self._path):
            rows = self._database.execute(
                f"SELECT {_EVENT} FROM event WHERE id >= ? AND id < ? "  # noqa: S608 - our words
                "ORDER BY id LIMIT 2",
                (wanted, wanted + "\x7f"),
            ).fetchall()
        if not wanted or not rows:
            raise LedgerError(
                f"no event in {self._path} has an id that begins with {prefix!r}: "
                "`monition audit list` shows the ids"
            )
        if len(rows) > 1:
            raise LedgerError(
                f"{prefix!r} fits several events, {rows[0][1]} and {rows[1][1]} among them: "
                "give more of the id"
            )
        return self._story(rows[0])

    def related(self, event: Event) -> tuple[EventWithActs, ...]:
        """The events of the same observation (its end, its notice, decisions), oldest first."""
        if event.kind not in _OF_AN_OBSERVATION:
            return ()
        with translated_errors(self._path):
            rows = self._database.execute(_RELATED, {"event": event.id}).fetchall()
        return tuple(self._story(row) for row in rows if row[1] != event.id)

    def notices(self) -> Iterator[dict[str, Any]]:
        """The outbox, oldest first: its columns, with the ``entities`` that a notice names.

        Keys: ``id state recipient created_at next_at attempts not_before lease_until sent_at
        last_error entities``; the last is a list of the institutions' names.
        """
        columns = (
            "id, state, recipient, created_at, next_at, attempts, not_before, lease_until, "
            "sent_at, last_error"
        )
        with translated_errors(self._path):
            for row in self._database.query(
                f"SELECT {columns}, request FROM outbox ORDER BY created_at, id"  # noqa: S608
            ):
                request = json.loads(row.pop("request"))
                yield {**row, "entities": [matter["entity_name"] for matter in request["matters"]]}

    def notice(self, notice: str) -> Notice | None:
        """A notice as the outbox still has it; ``None``: it has not."""
        with translated_errors(self._path):
            return outbox.find(self._database, notice)

    def checkpoint(self) -> Checkpoint:
        """The head of the chain."""
        with translated_errors(self._path):
            return take_checkpoint(self._database)

    def identity(self) -> str | None:
        """What tells this ledger from any other: the hash of its first event, in hex."""
        with translated_errors(self._path):
            return identity(self._database)

    def hash_at(self, seq: int) -> str | None:
        """The hash of that row as it is stored, in hex; ``None`` where there is no such row."""
        with translated_errors(self._path):
            row = self._database.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0]).hex()

    def verify(
        self,
        checkpoint: Checkpoint | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> VerificationResult:
        """Check all of the ledger; ``progress`` hears how many rows were walked so far."""
        return verify_ledger(self._path, checkpoint, progress)

    def words(self, filters: Filters) -> tuple[SearchWord, ...]:
        """What the words of ``filters.text`` stand for, in its order; empty where there is no text.

        Raises ``LedgerError`` as :func:`text_search.search` does.
        """
        if filters.text is None:
            return ()
        if (known := self._words.get(filters.text)) is None:
            with translated_errors(self._path):
                known = self._words[filters.text] = text_search.search(
                    self._database.conn, filters.text
                )
        return known

    def _story(self, row: tuple[Any, ...]) -> EventWithActs:
        event = Event(*row)
        with translated_errors(self._path):
            parts = self._database.execute(
                "SELECT part, data FROM personal WHERE event = ? ORDER BY part DESC", (event.id,)
            ).fetchall()
        personal = {Part(part): None if data is None else json.loads(data) for part, data in parts}
        return EventWithActs(event, json.loads(event.facts), personal)


def _folded(address: str | None) -> str | None:
    return None if address is None else fold(address)
