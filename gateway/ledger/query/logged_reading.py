"""What a person is shown of the ledger: names, and a record of who looked; or pseudonyms.

Every verb and every page reads through :class:`LoggedReading`. With an :class:`Access` it shows
addresses, and before the first row is handed out an ACCESSED event is durable that says who looks,
by which verb, why, how many rows, and of whom. Without one, people are pseudonyms and no text of a
mail server is shown; nothing need be recorded of that.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from gateway.addresses.canonical_mailbox import NO_FAMILIES, mailbox_of
from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.query import run_question
from gateway.ledger.query.event_with_acts import EventWithActs
from gateway.ledger.query.finding_columns import COLUMNS
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.question import ParameterKind
from gateway.ledger.record import office_events
from gateway.ledger.record.record import JSON, Part
from gateway.ledger.store.pseudonyms import PREFIX, Pseudonyms
from gateway.ledger.store.store_contract import StoreError
from gateway.model import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.ledger.query.run_question import QuestionAnswer, Value
    from gateway.ledger.questions.filters import SearchWord
    from gateway.ledger.questions.question import Question
    from gateway.ledger.record.chain import Checkpoint
    from gateway.ledger.verify.verification import VerificationResult
    from gateway.model import Event, Notice

__all__ = ["COLUMNS", "Access", "EventWithActs", "LoggedReading", "filters_as_logged"]

_PERSONAL_TEXT = ("reply", "queue_id", "next_queue_id", "message_id", "client", "reason")
_MAY_NAME = ("matched", "matched_now", "policy_rule")
# What matched by these rules is, or lies in, the address: it is no fact, but of the recipient.
_NAMING = frozenset({Rule.EXACT_ADDRESS.value, Rule.EMBEDDED.value})
_EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Access:
    """Who looks, by which verb (``audit list``), and why; ``reason`` may be ``None``.

    ``clock`` gives aware times, ``entropy`` random bytes.
    """

    by: str
    verb: str
    reason: str | None
    clock: Callable[[], datetime]
    entropy: Callable[[int], bytes]


class LoggedReading(AbstractContextManager["LoggedReading"]):
    """An open ledger as one person sees it. ``access=None``: by pseudonyms alone.

    Each method raises ``LedgerError`` where the ledger cannot be read, and where the reading cannot
    be written down, which shows nobody's name.
    """

    def __init__(
        self,
        path: Path,
        access: Access | None,
        same_mailboxes: Callable[[], SameMailboxes] = lambda: NO_FAMILIES,
    ) -> None:
        """``same_mailboxes`` gives what is known of providers; it is asked when a sender is sought.

        Raises ``LedgerError`` where there is no ledger.
        """
        self._path = path
        self._access = access
        self.reader = LedgerReader(path)
        self.reader.same_mailboxes = same_mailboxes
        # All that is counted, recorded and shown is of one moment.
        self.reader.begin()
        self._names: Pseudonyms | None = None
        self._counts: dict[Filters, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reader.close()

    @property
    def names(self) -> Pseudonyms:
        """The pseudonyms of this ledger."""
        if self._names is None:
            self._names = self.reader.pseudonyms()
        return self._names

    def findings(
        self, filters: Filters, *, limit: int | None = None, offset: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Observed recipients, newest first, as :meth:`LedgerReader.findings` gives them.

        By pseudonyms ``filters`` name people by theirs: ``LedgerError`` for an address or a text.
        """
        chosen = self.log_findings(filters, limit=limit, offset=offset)
        rows = self.reader.findings(chosen, limit=limit, offset=offset)
        return map(self.pseudonymised, rows) if self._access is None else rows

    @property
    def shows_names(self) -> bool:
        """Whether people are shown by their addresses, and it is recorded."""
        return self._access is not None

    @property
    def reason(self) -> str | None:
        """Why names are looked at, as it is recorded; ``None``: nobody said, or none are shown."""
        return None if self._access is None else self._access.reason

    def log_findings(
        self, filters: Filters, *, limit: int | None = None, offset: int = 0
    ) -> Filters:
        """The filters to give :attr:`reader`, once it is recorded that these findings are read."""
        if self._access is None:
            return self._revealed(filters)
        count = max(0, self._count(filters) - offset)
        if count:
            senders = self.reader.senders(filters, limit=limit, offset=offset)
            asked = {**self._as_logged(filters), "limit": limit, "offset": offset}
            self.record(count if limit is None else min(count, limit), asked, senders)
        return filters

    def count(self, filters: Filters) -> int:
        """How many findings there are of that kind."""
        return self._count(self._revealed(filters) if self._access is None else filters)

    def _count(self, filters: Filters) -> int:
        # All is of one moment, so what was counted once need not be counted again.
        if (count := self._counts.get(filters)) is None:
            count = self._counts[filters] = self.reader.count(filters)
        return count

    def words(self, filters: Filters) -> tuple[SearchWord, ...]:
        """What the words of ``filters.text`` were taken for."""
        return self.reader.words(filters)

    def ask(
        self,
        question: Question,
        filters: Filters = _EVERYTHING,
        values: Mapping[str, Value] | None = None,
        *,
        now: datetime,
        limit: int | None = None,
    ) -> QuestionAnswer:
        """The answer to a question, at most ``limit`` rows; ``None``: all.

        ``values`` are its parameters by name. By pseudonyms an address raises ``LedgerError``. The
        questions stand in :mod:`gateway.ledger.questions.named_questions`.
        """
        given = self._by_pseudonym(question, values or {})
        if self._access is None:
            filters = self._revealed(filters)
        found = run_question.answer(self.reader, question, filters, given, now=now, limit=limit)
        if self._access is None:
            return replace(found, rows=[self.pseudonymised(row) for row in found.rows])
        if found.rows and question.is_personal:
            about = {row["sender"] for row in found.rows if row.get("sender")}
        elif found.rows and filters.name_a_person:
            # How much there is of a person is something about them.
            about = set(self.reader.senders(filters))
        else:
            return found
        asked = {
            **self._as_logged(filters),
            **run_question.parameters_as_logged(question, given, self.names),
            "limit": limit,
        }
        self.record(len(found.rows), asked, sorted(about))
        return found

    def affected(
        self,
        choose: Callable[[Iterable[Mapping[str, Any]]], list[dict[str, Any]]],
        *,
        limit: int | None = None,
    ) -> QuestionAnswer:
        """Observed recipients that ``choose`` takes, in its order; at most ``limit``.

        It is asked first of one for each recipient and institution, as :meth:`LedgerReader.samples`
        gives them, and then of all that are like those it took. Only what is handed out is
        recorded. ``None`` and 0: no limit.
        """
        rows = choose(self.reader.like(choose(self.reader.samples())))
        page = rows[:limit] if limit else rows
        if self._access is None:
            page = [self.pseudonymised(row) for row in page]
        elif page:
            self.record(len(page), {}, sorted({row["sender"] for row in page if row["sender"]}))
        return run_question.QuestionAnswer(page, has_more=len(rows) > len(page))

    def find(self, prefix: str) -> tuple[EventWithActs, tuple[EventWithActs, ...]]:
        """The event whose id begins so, and those of the same observation, oldest first.

        Raises ``LedgerError`` for a beginning that fits no event or several.
        """
        stories = self.find_for_replay(prefix)
        if self._access is None:
            stories = tuple(map(self._pseudonymised_story, stories))
        return stories[0], stories[1:]

    def find_for_replay(self, prefix: str) -> tuple[EventWithActs, ...]:
        """The same for a program that judges them: whole, also where people are pseudonyms.

        Whoever asks shows no address of them then (:attr:`shows_names`).
        """
        story = self.reader.find(prefix)
        stories = (story, *self.reader.related(story.event))
        if any(content for one in stories for content in one.personal.values()):
            senders = {
                str(address)
                for one in stories
                if (address := (one.personal.get(Part.SENDER) or {}).get("address"))
            }
            self.record(len(stories), {"event": story.event.id}, sorted(senders))
        return stories

    def notices(self, *, everything: bool = True) -> list[dict[str, Any]]:
        """The outbox, oldest first, as :meth:`LedgerReader.notices`.

        ``everything=False`` leaves out what was sent.
        """
        rows = [row for row in self.reader.notices() if everything or row["state"] != "sent"]
        if self._access is None:
            return [
                {
                    **row,
                    "recipient": self.names.person(row["recipient"]),
                    "last_error": row["last_error"] and "…",
                }
                for row in rows
            ]
        if rows:
            self.record(len(rows), {}, sorted({row["recipient"] for row in rows}))
        return rows

    def notice_for_replay(self, notice: str) -> Notice | None:
        """A notice of an event that :meth:`find_for_replay` gave, for the same program.

        It is recorded with the event. ``None``: the outbox no longer has it.
        """
        return self.reader.notice(notice)

    def checkpoint(self) -> Checkpoint:
        """The head of the chain."""
        return self.reader.checkpoint()

    def identity(self) -> str | None:
        """What tells this ledger from any other: the hash of its first event, in hex."""
        return self.reader.identity()

    def hash_at(self, seq: int) -> str | None:
        """The hash of that row as it is stored, in hex; ``None`` where there is no such row."""
        return self.reader.hash_at(seq)

    def verify(
        self, checkpoint: Checkpoint | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> VerificationResult:
        """Check all of the ledger: it shows nothing of anybody."""
        return self.reader.verify(checkpoint, progress)

    def record(
        self, rows: int, filters: Mapping[str, JSON], senders: Sequence[str]
    ) -> Event | None:
        """Make durable that this person is about to see so many rows, about these senders.

        ``filters`` must name nobody (:func:`filters_as_logged`); ``senders`` are addresses, which
        become pseudonyms here. Does nothing for a reading by pseudonyms. Raises :class:`StoreError`
        where it cannot be written down: then nothing may be shown.
        """
        access = self._access
        if access is None:
            return None
        subjects = sorted({self.names.person(sender) for sender in senders})
        record = office_events.accessed(
            access.verb,
            office_events.Actor(access.by, access.clock(), access.entropy),
            rows=rows,
            filters={name: value for name, value in filters.items() if value not in (None, 0)},
            subjects=subjects,
            reason=access.reason,
        )
        try:
            return office_writer.append(self._path, [record])[0]
        except StoreError as error:
            raise StoreError(
                f"{error}; nobody is shown a name before it is written down who looks: "
                "--pseudonyms shows the rows without names",
                is_busy=error.is_busy,
                is_damage=error.is_damage,
            ) from error

    def pseudonymised(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row with pseudonyms in the place of people, and without what others wrote.

        It has the keys that it had; what may name a person is null.
        """
        shown = dict(row)
        if shown.get("sender"):
            shown["sender"] = self.names.person(shown["sender"])
        if shown.get("recipient"):
            shown["recipient"] = self.names.recipient(shown["recipient"])
        for name in _PERSONAL_TEXT:
            if name in shown:
                shown[name] = None
        for name in _MAY_NAME:
            if "@" in (shown.get(name) or ""):
                shown[name] = None
        if "matched" in shown and shown.get("rule") in _NAMING:
            shown["matched"] = None
        return shown

    def _pseudonymised_story(self, story: EventWithActs) -> EventWithActs:
        personal: dict[Part, Mapping[str, Any] | None] = {}
        for part, content in story.personal.items():
            personal[part] = None if content is None else self._pseudonymised_part(part, content)
        return replace(story, personal=personal)

    def _pseudonymised_part(self, part: Part, content: Mapping[str, Any]) -> dict[str, Any]:
        # Nothing of it is shown but whose it is: all else may hold an address.
        veiled: dict[str, Any] = dict.fromkeys(content)
        if content.get("address"):
            name = self.names.person if part is Part.SENDER else self.names.recipient
            veiled["address"] = name(content["address"])
        return veiled

    def _revealed(self, filters: Filters) -> Filters:
        """Filters that name people by pseudonym, by the addresses behind them.

        Raises ``LedgerError`` for an address: trying one out would tell whose pseudonym it is.
        """
        if filters.text is not None:
            raise LedgerError("--text looks for names, which --pseudonyms keeps from being seen")
        return replace(
            filters,
            sender=self._behind("sender", filters.sender),
            recipient=self._behind("recipient", filters.recipient),
        )

    def _by_pseudonym(self, question: Question, values: Mapping[str, Value]) -> dict[str, Value]:
        """A question's parameters, a sender of the access log by the name that stands there."""
        given = dict(values)
        for parameter in question.parameters:
            value = given.get(parameter.name)
            if not isinstance(value, str):
                continue
            if parameter.takes is ParameterKind.ADDRESS and self._access is None:
                given[parameter.name] = self._behind("recipient", value)
            elif parameter.takes is ParameterKind.SENDER and not value.startswith(PREFIX):
                if self._access is None:
                    self._behind("sender", value)
                mailbox = mailbox_of(value, self.reader.same_mailboxes())
                given[parameter.name] = self.names.person(mailbox)
        return given

    def _as_logged(self, filters: Filters) -> dict[str, JSON]:
        if filters.sender is not None:
            mailbox = mailbox_of(filters.sender, self.reader.same_mailboxes())
            filters = replace(filters, sender=mailbox)
        return filters_as_logged(filters, self.names)

    def _behind(self, part: str, asked: str | None) -> str | None:
        if asked is None:
            return None
        if not asked.startswith(PREFIX):
            raise LedgerError(
                f"with --pseudonyms a {part} is asked for by pseudonym, as in "
                f"--{part} {self.names.person('')}, not by address"
            )
        name = self.names.person if part == "sender" else self.names.recipient
        return next((known for known in self.reader.names(part) if name(known) == asked), asked)


def filters_as_logged(filters: Filters, names: Pseudonyms) -> dict[str, JSON]:
    """Filters as the access log keeps them: pseudonyms for people, and for words that may be one.

    A pattern is a pseudonym too: of the whole pattern.
    """
    kept: dict[str, JSON] = {}
    for field in Filters.__dataclass_fields__:
        value = getattr(filters, field)
        if value is None:
            continue
        is_personal = field in {"sender", "recipient", "text"} or "@" in str(value)
        kept[field] = names.person(str(value)) if is_personal else str(value)
    return kept
