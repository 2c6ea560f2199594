"""What is measured in a process of its own: ``python -m benchmarks.tasks.screening ERRAND …``.

It prints what it found as one JSON object.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import json
import sys
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import structlog
import uvloop

from benchmarks.tasks import addresses
from gateway import packaged
from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.path_reading import read
from gateway.config import load
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import snapshot_history
from gateway.model import Claim, Entity, Listing, Standing
from gateway.screening import snapshot
from gateway.screening.classify import classify
from gateway.screening.known_clear import KnownClear
from gateway.serve import load_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

DAY = date(2026, 11, 22)
LISTED, ASKED = 100_000, 20_000
ROUNDS = 3
PAGE = 4096
TICK = 0.001


def loading(lists: str) -> dict[str, Any]:
    """Load the snapshot in force below a lists directory, from its file, as each worker does.

    CPU seconds, the least of some rounds.
    """
    folder = Folder(Path(lists))
    activation = snapshot_history.current(folder)
    if activation is None:
        raise SystemExit(f"{lists} has no snapshot in force")
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        loaded = snapshot_history.load(folder, activation.digest)
        seconds.append(time.process_time() - began)
    return {"seconds": min(seconds), "entities": len(loaded.entities)}


def classifying() -> dict[str, Any]:
    """Classify one address after the other whose domain was never seen, with many domains listed.

    CPU seconds an address, and what the snapshot takes in memory.
    """
    mailbox_kinds = snapshot.read(packaged.policies_directory()).mailbox_kinds
    listing = (Listing("LIST", "PROGRAMME", "1"),)
    entities = [
        Entity(f"e{number}", "E", listings=listing, domains=(Claim(name, "s", "r", DAY),))
        for number, name in enumerate(addresses.domains(LISTED, seed=7))
    ]
    gc.collect()
    before = _resident()
    held = snapshot.build(entities, mailbox_kinds)
    gc.collect()
    paths = [each.encode() for each in addresses.all_different(ASKED, seed=8)]
    cold = _each(lambda path: classify(read(path), held, DAY), paths)
    clear = [p for p in paths if classify(read(p), held, DAY).standing is Standing.CLEAR]
    known_clear = KnownClear(held)
    lines = [b"RCPT TO:<" + path + b">\r\n" for path in clear]
    for line in lines:
        known_clear.is_clear(line)
    return {
        "cold_seconds": cold,
        "cached_seconds": _each(known_clear.is_clear, lines),
        "bytes": _resident() - before,
    }


def swapping(config_file: str) -> dict[str, Any]:
    """Measure how long an event loop stands still while all is read anew beside it: seconds."""
    # A reload says so in the log, which is not what is measured.
    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=True
    )
    config = load(Path(config_file), {})
    loaded = load_in_force.load(config, DAY)
    # As the gateway does before it serves.
    gc.collect()
    gc.freeze()
    return uvloop.run(_swap(config, loaded))


async def _swap(config: Any, loaded: Any) -> dict[str, Any]:
    gaps: dict[str, list[float]] = {"idle": [], "kept": [], "made": []}
    for _ in range(ROUNDS):
        gaps["idle"].append(await _longest_gap(asyncio.sleep(0.3)))
        for kind in ("kept", "made"):
            if kind == "made":
                # As after a change of any file: what is in force was made of others.
                Folder(config.lists.directory).current.unlink()
            reading = asyncio.to_thread(load_in_force.reload, config, DAY)
            gaps[kind].append(await _longest_gap(reading))
    assert loaded is not None
    return {f"{kind}_seconds": median(values) for kind, values in gaps.items()}


async def _longest_gap(work: Any) -> float:
    """Between two ticks of the loop while something is awaited."""
    longest, before = 0.0, time.perf_counter()

    async def tick() -> None:
        nonlocal longest, before
        while True:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            longest, before = max(longest, now - before - TICK), now

    ticking = asyncio.create_task(tick())
    await work
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    return longest


def others(lists: str, data: str) -> dict[str, Any]:
    """Count the verdicts on unlisted domains of universities and research organisations."""
    folder = Folder(Path(lists))
    activation = snapshot_history.current(folder)
    if activation is None:
        raise SystemExit(f"{lists} has no snapshot in force")
    held = snapshot_history.load(folder, activation.digest)
    counts = dict.fromkeys(Standing, 0)
    for name in set(_organisations(Path(data))):
        with contextlib.suppress(DomainError):
            domain = normalise(name)
            if not held.domains.covers(domain):
                counts[classify(read(b"a@" + domain.encode()), held, DAY).standing] += 1
    return {standing.value: count for standing, count in counts.items()}


def _organisations(data: Path) -> Iterator[str]:
    text = (data / "universities" / "world_universities_and_domains.json").read_text()
    for record in json.loads(text):
        yield from record["domains"]
    with gzip.open(data / "ror" / "organizations.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield from json.loads(line).get("domains") or ()


def _each(do: Callable[[bytes], object], paths: Iterable[bytes]) -> float:
    """CPU seconds for one, the least of some rounds."""
    paths = list(paths)
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for path in paths:
            do(path)
        rounds.append(time.process_time() - began)
    return min(rounds) / len(paths)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


ERRANDS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (loading, classifying, swapping, others)
}

if __name__ == "__main__":
    found = ERRANDS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(found))
