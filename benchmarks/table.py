"""What the samples say, as one table."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tabulate import tabulate

from benchmarks.column import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.measurement import Memory, Sample
    from benchmarks.peer import Peer

HEAD = ("", *(column.name for column in COLUMNS), "RSS MB, peak (idle)")


def table(
    peers: Sequence[Peer], samples: Sequence[Sample], memories: Sequence[Memory], form: str
) -> str:
    """Medians over the repetitions, with the least and the most; ``form`` is tabulate's."""
    floor = peers[0]
    rows: list[list[str]] = []
    for peer in peers:
        if peer.missing is not None:
            rows += [[peer.name], [f"  not measured: {peer.missing}"], []]
            continue
        mine = [sample for sample in samples if sample.peer == peer.name]
        theirs = [sample for sample in samples if sample.peer == floor.name]
        rows.append([f"{peer.name} {peer.version}"])
        cpu = _cells(_by_column(mine, lambda sample: sample.cpu_milliseconds), 3)
        rows.append(["  CPU ms a message", *cpu, _memory(peer, memories)])
        if theirs and peer is not floor:
            label = f"  × {floor.name.partition(',')[0]}"  # noqa: RUF001 - a times sign is meant
            rows.append([label, *_cells(ratios(mine, theirs), 2)])
        rows.append(["  messages a second", *_cells(_by_column(mine, lambda each: each.rate), 0)])
        rows.append([])
    return tabulate(
        [[*row, *[""] * (len(HEAD) - len(row))] for row in rows[:-1]],
        HEAD,
        tablefmt=form,
        disable_numparse=True,
        preserve_whitespace=True,
    )


def ratios(mine: Iterable[Sample], theirs: Iterable[Sample]) -> dict[str, list[float]]:
    """CPU of one peer by another's, by column.

    Each is taken between samples of one repetition, which lie seconds apart: what slows the
    machine for a while slows both.
    """
    floor = {(each.repetition, each.column): each.cpu_milliseconds for each in theirs}
    return _by_column(
        mine, lambda each: each.cpu_milliseconds / floor[each.repetition, each.column]
    )


def _by_column(
    samples: Iterable[Sample], value: Callable[[Sample], float]
) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {column.name: [] for column in COLUMNS}
    for sample in samples:
        values[sample.column].append(value(sample))
    return values


def _cells(values: dict[str, list[float]], digits: int) -> list[str]:
    return [_spread(values[column.name], digits) for column in COLUMNS]


def _spread(values: Sequence[float], digits: int) -> str:
    if not values:
        return ""
    least, most = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return f"{median(values):.{digits}f} ({least}–{most})"  # noqa: RUF001 - an en dash is meant


def _memory(peer: Peer, memories: Iterable[Memory]) -> str:
    mine = [memory for memory in memories if memory.peer == peer.name]
    if not mine:
        return ""
    peak, idle = (
        median(values) / 1e6 for values in zip(*((m.peak, m.idle) for m in mine), strict=True)
    )
    return f"{peak:.0f} ({idle:.0f})"
