"""Many verdicts as lines of JSON or CSV: what was written for a domain is not written again.

The lines are those that :func:`gateway.cli.shared.tables.emit` writes, sign by sign. Where
addresses share a verdict, the rest of their line, behind the address, is kept.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from gateway.cli.shared.tables import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from gateway.compliance.previews.alike_addresses import AlikeAddresses, Group
    from gateway.compliance.previews.try_address import Verdict

_MOST = 200_000
"""Domains that are kept: some hundred megabytes when full."""


class VerdictLines:
    """The lines of one run, for one sender and day.

    ``judge`` gives the verdict on a text, ``cells`` a row of it. ``columns`` are for CSV; without
    them the lines are JSON. ``encoding`` is the output's.
    """

    def __init__(
        self,
        judge: Callable[[str], Verdict],
        cells: Callable[[Verdict], Mapping[str, Any]],
        alike: AlikeAddresses,
        *,
        columns: Sequence[str] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self._judge = judge
        self._cells = cells
        self._alike = alike
        self._columns = columns
        self._page = _Page(encoding)
        self._opening, self._between = ("", ",") if columns else ('{"address": "', '", "domain": "')
        self._tails: dict[Group, str] = {}
        self._nothings: dict[tuple[str, ...], str] = {}

    def lines(self, texts: Iterable[str]) -> Iterator[str]:
        """Give one line for each text, its end included; CSV's heading first."""
        if self._columns is not None:
            yield ",".join(self._columns) + "\n"
        opening, tails, group_of = self._opening, self._tails, self._alike.group
        for text in texts:
            group = group_of(text)
            if group is None:
                yield self._worded(self._judge(text))
                continue
            tail = tails.get(group)
            if tail is None:
                tail = self._tail(text, group)
            yield f"{opening}{text}{tail}"

    def _tail(self, text: str, group: Group) -> str:
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
        if self._alike.is_shared(verdict):
            if len(self._tails) >= _MOST:
                self._tails.clear()
            self._tails[group] = tail
        return tail

    def _worded(self, verdict: Verdict) -> str:
        row = self._cells(verdict)
        if self._columns is None:
            return self._page.holding([row])
        return self._page.holding([row], self._columns).partition("\n")[2]


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
