"""Lines spoken to one server, what it delivered, and what we say of the same lines."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers import lines as grammar
from tests.fuzz.servers import reached, rfc5321
from tests.fuzz.servers.sink import Sink
from tests.fuzz.servers.speaker import OutOfStepError, Speaker
from tests.fuzz.servers.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.servers.server import Server
    from tests.fuzz.servers.speaker import Spoken

SPEAKERS: Final = 4
_SECONDS: Final = 120.0
# Sendmail takes what is longer than a line may be for an attack, and Exim an unknown verb.
_SAFE: Final = 1500

Numbered = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One line: where it was delivered, and what we say of it."""

    number: int
    line: bytes
    delivered: tuple[bytes, ...]
    verdict: str

    @property
    def reaches_listed(self) -> bool:
        """Whether it was delivered to somebody who is listed."""
        meant = (reached.as_meant(path, self.line) for path in self.delivered)
        return any(map(reached.is_listed, meant))

    @property
    def is_unseen(self) -> bool:
        """Whether it went to a listed domain, and we say clear."""
        return self.reaches_listed and self.verdict == "clear"

    @property
    def rfc(self) -> str | None:
        """The domain that RFC 5321 reads in it, if it reads one."""
        return rfc5321.domain(self.line)

    @property
    def is_accused(self) -> bool:
        """Whether we say listed of what is not: by the RFC, or the server where it reads none."""
        if self.verdict != "listed":
            return False
        rfc = self.rfc
        if rfc is not None:
            return not reached.is_listed(reached.whole(self.line))
        return bool(self.delivered) and not self.reaches_listed

    @property
    def differs(self) -> bool:
        """Whether the RFC reads a listed domain where the server delivers elsewhere."""
        return bool(
            self.verdict == "listed" and self.rfc and self.delivered and not self.reaches_listed
        )

    def __str__(self) -> str:
        there = ", ".join(map(repr, self.delivered)) or "nowhere"
        return f"{self.verdict}\t{self.line!r}\tdelivered to {there}\tRFC 5321: {self.rfc}"


@dataclass(slots=True)
class Trial:
    """All that came of one server's lines."""

    server: str
    seed: int
    seconds: float
    accepted: int
    refused: int
    unknown: int
    cases: list[Case]

    def __post_init__(self) -> None:
        self.unseen = [case for case in self.cases if case.is_unseen]
        self.accused = [case for case in self.cases if case.is_accused]
        self.differing = [case for case in self.cases if case.differs]
        self.delivered = [case for case in self.cases if case.delivered]
        self.to_listed = sum(case.reaches_listed for case in self.delivered)

    unseen: list[Case] = field(init=False)
    accused: list[Case] = field(init=False)
    differing: list[Case] = field(init=False)
    delivered: list[Case] = field(init=False)
    to_listed: int = field(init=False)

    def __str__(self) -> str:
        verdicts = Counter(case.verdict for case in self.delivered)
        ours = ", ".join(
            f"{verdicts[each]:,} {each}" for each in ("listed", "review", "unreadable", "clear")
        )
        elsewhere = len(self.delivered) - self.to_listed
        return (
            f"{self.server}: {len(self.cases):,} lines of seed {self.seed}, "
            f"{self.seconds:.0f} s: {self.accepted:,} accepted, {self.refused:,} refused, "
            f"{self.unknown:,} hung up on; {len(self.delivered):,} delivered, "
            f"{self.to_listed:,} of them to a listed domain and {elsewhere:,} elsewhere; "
            f"of those delivered {ours} with us; "
            f"{len(self.unseen):,} unseen, {len(self.accused):,} accused, "
            f"{len(self.differing):,} where the server differs from RFC 5321"
        )

    def report(self) -> str:
        """The summary, and each line that is not as it is to be."""
        parts = [str(self)]
        for name in ("unseen", "accused", "differing"):
            found: list[Case] = getattr(self, name)
            parts += [f"\n{name}: {len(found)}", *map(str, found)]
        return "\n".join(parts) + "\n"


def try_server(server: type[Server], count: int, seed: int) -> Trial:
    """Speak that many lines to a server of one's own; raises :class:`MissingError`."""
    rng = random.Random(seed)
    lines = [(number, grammar.line(rng, number)) for number in range(count)]
    return asyncio.run(_try(server, lines, seed))


async def _try(server: type[Server], lines: Sequence[Numbered], seed: int) -> Trial:
    began = time.monotonic()
    async with Sink() as sink:
        with server(sink.port) as running:
            name = f"{running.name} {running.version}"
            known = await _Talk(running, sink).all(lines)
    seconds = time.monotonic() - began
    cases = [
        Case(number, line, tuple(known.delivered.get(number, ())), verdict(line))
        for number, line in lines
    ]
    refused = len(lines) - len(known.accepted) - len(known.unknown)
    return Trial(name, seed, seconds, len(known.accepted), refused, len(known.unknown), cases)


@dataclass(slots=True)
class _Known:
    accepted: set[int] = field(default_factory=set)
    delivered: dict[int, list[bytes]] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)


class _Talk:
    """Many lines in a transaction first; what that leaves open, each in one of its own."""

    def __init__(self, server: Server, sink: Sink) -> None:
        self._server = server
        self._sink = sink
        self._known = _Known()
        self._alone: list[Numbered] = []
        self._to_finish: list[tuple[Spoken, dict[int, bytes]]] = []

    async def all(self, lines: Sequence[Numbered]) -> _Known:
        together: list[Numbered] = []
        for each in lines:
            (self._alone if _breaks_off(each[1]) else together).append(each)
        size = self._server.batch
        batches = [together[at : at + size] for at in range(0, len(together), size)]
        await self._speak([(b"batch-%d@ours.example" % batch[0][0], batch) for batch in batches])
        for spoken, by_number in self._to_finish:
            self._pair(spoken, by_number)
        self._to_finish.clear()
        # By its sender, whatever became of its local part.
        await self._speak([(b"alone-%d@ours.example" % each[0], [each]) for each in self._alone])
        for spoken, _ in self._to_finish:
            (number,) = spoken.numbers
            self._known.accepted.add(number)
            if paths := self._sink.delivered[spoken.sender]:
                self._known.delivered[number] = paths
        return self._known

    async def _speak(self, batches: list[tuple[bytes, Sequence[Numbered]]]) -> None:
        waiting = list(reversed(batches))

        async def one() -> None:
            speaker = Speaker(self._server.port, pipelines=self._server.pipelines)
            while waiting:
                sender, batch = waiting.pop()
                try:
                    spoken = await speaker.speak(sender, batch)
                except OutOfStepError:
                    if len(batch) > 1:
                        self._alone += batch
                    else:
                        self._known.unknown.add(batch[0][0])
                    continue
                if spoken.accepted:
                    self._to_finish.append((spoken, dict(batch)))
                elif len(batch) > 1 and any(each.startswith(b"2") for each in spoken.replies):
                    self._alone += batch
            speaker.close()

        await asyncio.gather(*(one() for _ in range(SPEAKERS)))
        deadline = time.monotonic() + _SECONDS
        for spoken, _ in self._to_finish:
            while not self._server.is_done(spoken.final):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self._server.name} keeps {spoken.final!r}")
                await asyncio.sleep(0.05)

    def _pair(self, spoken: Spoken, lines: dict[int, bytes]) -> None:
        """Know each delivery of a transaction by its mark; a line without one is asked again."""
        accepted = set(spoken.accepted)
        for path in self._sink.delivered[spoken.sender]:
            marks = grammar.marks(path)
            if len(marks) == 1 and marks <= accepted:
                self._known.delivered.setdefault(*marks, []).append(path)
        for number in accepted:
            if number in self._known.delivered:
                self._known.accepted.add(number)
            else:
                self._alone.append((number, lines[number]))


def _breaks_off(line: bytes) -> bool:
    """Whether a server may hang up at this line, whatever is said with it."""
    return line[:8].upper() != b"RCPT TO:" or len(line) > _SAFE
