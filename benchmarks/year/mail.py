"""The mail of the year: messages in which something was found, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.config import Mode
from gateway.inspection.matched_message import MatchedMessage
from gateway.ledger.record.events import Observation, notified, observed
from gateway.ledger.record.record import ENTROPY_BYTES, ulid
from gateway.ledger.store import outbox
from gateway.ledger.store import settlement as settlements
from gateway.model import Client, Envelope, Outcome, Peek, Recipient, Reply
from gateway.notices import render
from gateway.policy.decide import decide

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from random import Random

    from benchmarks.year.abroad import Abroad, Correspondent
    from benchmarks.year.pages import Pages
    from benchmarks.year.staff import Person, Staff
    from gateway.config import Config
    from gateway.notices.notice_texts import NoticeTexts
    from gateway.policy.rules import Rules

TAKEN = Reply(250, "2.1.5", (b"250 2.1.5 Ok\r\n",))
REPLIES = (
    (Outcome.DELIVERED, b"250 2.0.0 Ok: queued as %s\r\n", 962),
    (Outcome.REFUSED, b"550 5.7.1 Service unavailable; %s\r\n", 20),
    (Outcome.FAILED, b"451 4.3.0 Try again later (%s)\r\n", 14),
    (Outcome.UNKNOWN, b"", 4),
)
HEADERS = (
    ({}, 955),
    ({"auto_submitted": "auto-generated"}, 15),
    ({"list_headers": ("list-id",)}, 15),
    ({"precedence": "bulk"}, 10),
    ({"readable": False}, 5),
)
BOOK = 5
"""So many addresses abroad has one person, most of the time."""


class Mail:
    """Makes messages. ``found`` is told the events of each, once they are written."""

    def __init__(  # noqa: PLR0913 - all that a message is made of
        self,
        pages: Pages,
        staff: Staff,
        abroad: Abroad,
        rules: Rules,
        config: Config,
        *,
        turns: tuple[datetime, datetime],
        digests: tuple[str, str],
        unlisted: frozenset[str],
        found: Callable[[list[str], Person, MatchedMessage], None],
        texts: str,
        letters: NoticeTexts | None,
    ) -> None:
        """``turns``: when notices began, and when the lists changed to name the ``unlisted``.

        ``texts`` is the digest of the notice texts. Where the texts themselves are given as
        ``letters``, each NOTIFIED bears the digest of its letter: two milliseconds each.
        """
        self._pages = pages
        self._staff = staff
        self._abroad = abroad
        self._rules = rules
        self._config = config
        self._observing = replace(config, policies=replace(config.policies, mode=Mode.OBSERVE))
        self._warns_from, self._listed_from = turns
        self._digests = digests
        self._unlisted = unlisted
        self._found = found
        self._texts = texts
        self._letters = letters
        self._books: dict[int, list[Correspondent]] = {}

    def message(self, at: datetime) -> None:
        """Send one message: observed now, settled a moment later; unseen if all of it is clear."""
        pages, source = self._pages, self._pages.source
        number = self._staff.somebody(source)
        sender = self._staff.people[number]
        config = self._config if at >= self._warns_from else self._observing
        matched = self._case(at, sender, self._recipients(number, at))
        if not matched.decisions:
            return
        observation = Observation(
            message=matched.id,
            process=pages.process,
            mode=config.policies.mode.value,
            envelope=matched.envelope,
            peek=matched.peek,
            department=sender.department,
        )
        matched.records += observed(observation, matched.accepted, at=at, entropy=pages.entropy)
        for record in matched.records:
            pages.append(record)
        self._found([record.id for record in matched.records], sender, matched)
        pages.later(
            at + timedelta(milliseconds=source.randint(30, 4000)),
            lambda then: self._settle(matched, config, then),
        )

    def _settle(self, matched: MatchedMessage, config: Config, at: datetime) -> None:
        pages, source = self._pages, self._pages.source
        outcome, words, _ = source.choices(REPLIES, [share for *_, share in REPLIES])[0]
        if outcome is Outcome.UNKNOWN:
            settlement = matched.broken_off(outcome, at, timedelta(days=7))
        else:
            reply = words % _queue_id(source).encode() if b"%" in words else words
            settlement = matched.settlement(config, outcome, reply, at)
        state = settlements.write_settlement(
            pages.store, settlement, now=at, process=pages.process, entropy=pages.entropy
        )
        pages.written += len(settlement.results)
        if state == "queued":
            notice = next(r.observed for r in settlement.results if _queued(pages, r.observed))
            wait = 2 if source.random() < 0.97 else 3600
            then = at + timedelta(seconds=source.uniform(0.4, 2) * wait)
            pages.later(then, lambda now: self._notify(notice, now))

    def _notify(self, notice: str, at: datetime) -> None:
        pages, source = self._pages, self._pages.source
        is_sent = source.random() < 0.994
        facts = {
            "notice": notice,
            "result": "sent" if is_sent else "failed",
            "attempts": 1 if is_sent else 40,
            "message_id": f"<{notice.lower()}@example.edu>" if is_sent else None,
            "digest": self._digest(notice) if is_sent else None,
            "texts": self._texts,
        }
        # As a claim leaves it, and this notice alone, whatever else is due.
        pages.store.database.execute(
            "UPDATE outbox SET lease_owner = 'year', lease_until = next_at, attempts = ? "
            "WHERE id = ?",
            (facts["attempts"], notice),
        )
        error = None if is_sent else "451 4.3.0 Try again later"
        pages.store.finish(notice, owner="year", at=at, error=error)
        pages.append(notified(facts, process=pages.process, at=at, entropy=pages.entropy))

    def _digest(self, notice: str) -> str | None:
        if self._letters is None:
            return None
        kept = outbox.find(self._pages.store.database, notice)
        return render.rendered_notice(kept, self._config, self._letters).digest if kept else None

    def _case(
        self, at: datetime, sender: Person, recipients: list[Correspondent]
    ) -> MatchedMessage:
        source = self._pages.source
        snapshot = self._digests[at >= self._listed_from]
        findings = [replace(each.finding, snapshot=snapshot) for each in recipients]
        fields = source.choices(HEADERS, [share for _, share in HEADERS])[0][0]
        accepted = tuple(
            Recipient(each.address.encode(), b"RCPT TO:<%s>\r\n" % each.address.encode(), TAKEN)
            for each in recipients
        )
        id_ = ulid(at, self._pages.entropy(ENTROPY_BYTES))
        client = Client(
            f"192.0.2.{source.randint(2, 250)}", f"pc{source.randint(1, 9999)}.example.edu",
            _queue_id(source),
        )  # fmt: skip
        return MatchedMessage(
            id=id_,
            transaction=1,
            envelope=Envelope(id_, sender.address.encode(), accepted, client),
            at=at,
            accepted=decide(sender.address, findings, self._rules, at.date()),
            peek=Peek(message_id=f"<{id_.lower()}@mail.example.edu>", **fields),
        )

    def _recipients(self, number: int, at: datetime) -> list[Correspondent]:
        source = self._pages.source
        book = self._books.get(number)
        if book is None:
            book = self._books[number] = [self._stranger() for _ in range(BOOK)]
        chosen: dict[str, Correspondent] = {}
        for _ in range(source.choices((1, 2, 3, 6), (86, 10, 3, 1))[0]):
            at_random = source.random() < 0.12
            each = self._stranger() if at_random else book[int(BOOK * source.random() ** 2)]
            entity = each.finding.entity
            if at >= self._listed_from or entity is None or entity.id not in self._unlisted:
                chosen[each.address] = each
        return list(chosen.values())

    def _stranger(self) -> Correspondent:
        source, places = self._pages.source, self._abroad.places
        people: tuple[Correspondent, ...] = ()
        while not people:
            people = places[self._abroad.some_place(source)]
        return people[int(len(people) * source.random() ** 2)]


def _queued(pages: Pages, event: str) -> bool:
    asked = "SELECT 1 FROM outbox WHERE id = ?"
    return pages.store.database.execute(asked, (event,)).fetchone() is not None


def _queue_id(source: Random) -> str:
    return "".join(source.choices("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz", k=12))
