"""Many verdicts as lines of JSON or CSV: what was worked out for a domain is not worked out again.

The lines are those that :func:`gateway.cli.shared.tables.emit` writes, sign by sign. Of most
addresses nothing but the domain, and whether the mailbox is an office's, bears on the verdict; the
rest of their line is kept.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from gateway.cli.shared.tables import emit
from gateway.screening.recipient_kind import is_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from gateway.cli.check import Verdict
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot

# Nothing in these is escaped or quoted in JSON or CSV, wraps another address, or is a formula.
_PLAIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._+-]{0,63})@([A-Za-z0-9][A-Za-z0-9.-]{0,252})")

_MOST = 200_000
"""Domains that are kept: some hundred megabytes when full."""


class Bulk:
    """The lines of one run, for one sender and day.

    ``judge`` gives the verdict on a text, ``cells`` a row of it. ``columns`` are for CSV; without
    them the lines are JSON. ``encoding`` is the output's.
    """

    def __init__(
        self,
        judge: Callable[[str], Verdict],
        cells: Callable[[Verdict], Mapping[str, Any]],
        snapshot: Snapshot,
        rules: Rules,
        *,
        columns: Sequence[str] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self._judge = judge
        self._cells = cells
        self._snapshot = snapshot
        self._named = _locals_named_by(rules)
        self._columns = columns
        self._page = _Page(encoding)
        self._opening, self._between = ("", ",") if columns else ('{"address": "', '", "domain": "')
        self._tails: dict[tuple[str, bool], str] = {}
        self._nothings: dict[tuple[str, ...], str] = {}

    def lines(self, texts: Iterable[str]) -> Iterator[str]:
        """Give one line for each text, its end included; CSV's heading first."""
        if self._columns is not None:
            yield ",".join(self._columns) + "\n"
        opening, tails, people = self._opening, self._tails, self._snapshot.people
        for text in texts:
            plain = _PLAIN.fullmatch(text)
            if plain is None:
                yield self._worded(self._judge(text))
                continue
            local, domain = plain.groups()
            key = (domain, is_role(local, people))
            tail = tails.get(key)
            if tail is None or local.casefold() in self._named:
                tail = self._tail(text, key)
            yield f"{opening}{text}{tail}"

    def _tail(self, text: str, key: tuple[str, bool]) -> str:
        """What follows the address on a line, worked out; kept where it goes for others too."""
        verdict = self._judge(text)
        finding, decision = verdict.finding, verdict.decision
        domain = finding.recipient.domain
        is_nothing = finding.entity is None and verdict.error is None and not finding.evidence
        if is_nothing and domain:
            # All domains that no list names have one line but for their names.
            kind = (finding.standing, finding.kind, decision.action, decision.rule)
            before = f"{self._opening}{text}{self._between}{domain}"
            if kind not in self._nothings:
                self._nothings[kind] = self._worded(verdict)[len(before) :]
            tail = f"{self._between}{domain}{self._nothings[kind]}"
        else:
            tail = self._worded(verdict)[len(self._opening) + len(text) :]
        if text.partition("@")[0].casefold() in self._named or domain in self._snapshot.addresses:
            return tail
        if len(self._tails) >= _MOST:
            self._tails.clear()
        self._tails[key] = tail
        return tail

    def _worded(self, verdict: Verdict) -> str:
        row = self._cells(verdict)
        if self._columns is None:
            return self._page.holding([row])
        return self._page.holding([row], self._columns).partition("\n")[2]


def _locals_named_by(rules: Rules) -> frozenset[str]:
    """The local parts, in folded case, of addresses that a rule or an exception is about."""
    conditions = [each.conditions for each in rules.rules]
    conditions += [each.conditions for each in rules.exceptions]
    addresses = frozenset[str]().union(*(each.recipient.addresses for each in conditions))
    return frozenset(address.rpartition("@")[0] for address in addresses)


class _Page(io.StringIO):
    """Stands in for the output, encoding included."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def holding(
        self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None
    ) -> str:
        """Give the text of some rows."""
        self.seek(0)
        self.truncate()
        emit(rows, columns=columns, format="csv" if columns else "json", stream=self)
        return self.getvalue()
