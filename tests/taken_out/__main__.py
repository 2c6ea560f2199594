"""``python -m tests.taken_out``: every behaviour taken out once, and did a test notice?"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, Queue
from typing import NoReturn

from tabulate import tabulate

from tests.taken_out import entries
from tests.taken_out.entries import Entry, EntryError
from tests.taken_out.tree import Stopped, Tree, TreeError
from tests.taken_out.trial import REMEDY, Bench, Result, Verdict

SECONDS = 180
"""What one run of pytest may take before it counts as hung."""

_TAIL = 25


def main(arguments: list[str] | None = None) -> int:
    """Try what is asked for; 0 all noticed, 1 something was not, 2 wrong usage."""
    signal.signal(signal.SIGTERM, _end)
    options = _options(arguments)
    try:
        wanted = chosen(entries.load(), options.what)
    except EntryError as error:
        _say(str(error))
        return 2
    began = time.monotonic()
    try:
        results = try_all(wanted, options)
    except TreeError as error:
        _say(str(error))
        return 1
    print(table(results))
    bad = [result for result in results if result.is_bad]
    for result in bad:
        tail = "\n".join(result.output.splitlines()[-_TAIL:])
        _say(f"\n{result.verdict}: {result.entry.place}: {REMEDY[result.verdict]}\n{tail}")
    seconds = time.monotonic() - began
    skipped = sum(result.verdict is Verdict.SKIPPED for result in results)
    _say(
        f"\n{len(results)} taken out, {len(bad)} not noticed as they should be, "
        f"{skipped} not tried because their tests are skipped here; {seconds:.0f} s"
    )
    return 1 if bad else 0


def chosen(found: list[Entry], names: list[str]) -> list[Entry]:
    """The entries of the numbers and rooms that are named, or all; in the order of numbers."""
    known = {entry.number for entry in found} | {entry.room for entry in found}
    if unknown := [name for name in names if name not in known]:
        raise EntryError(f"neither a number nor a room with entries: {', '.join(unknown)}")
    wanted = [entry for entry in found if not names or {entry.number, entry.room} & set(names)]
    return sorted(wanted, key=lambda entry: ("RSPNAO".index(entry.number[0]), entry.number))


def try_all(wanted: list[Entry], options: argparse.Namespace) -> list[Result]:
    """Try each in one of ``jobs`` copies; results in the order of the entries."""
    waiting: Queue[tuple[int, Entry]] = Queue()
    for at, entry in enumerate(wanted):
        waiting.put((at, entry))
    results: dict[int, Result] = {}
    stopping = threading.Event()

    def work(bench: Bench) -> None:
        while True:
            try:
                at, entry = waiting.get_nowait()
            except Empty:
                return
            results[at] = result = bench.attempt(entry)
            _say(f"{entry.number}  {result.verdict:8}  {result.seconds:5.1f} s  {entry.what}")

    with (
        tempfile.TemporaryDirectory(prefix="monition-taken-out-") as top,
        ThreadPoolExecutor(options.jobs) as pool,
    ):
        folders = [Path(tempfile.mkdtemp(dir=top)) for _ in range(options.jobs)]
        benches = [
            Bench(
                Tree(entries.ROOT, folder, stopping),
                seconds=options.seconds,
                to_the_end=options.all,
            )
            for folder in folders
        ]
        workers = [pool.submit(work, bench) for bench in benches]
        try:
            for worker in workers:
                worker.result()
        except BaseException:
            stopping.set()
            raise
    return [results[at] for at in sorted(results)]


def table(results: list[Result]) -> str:
    """The numbers, what was taken out, and the tests that failed or what is wrong."""
    rows = [
        (
            result.entry.number,
            result.entry.what,
            "\n".join(test.partition("::")[2] for test in result.failed[:3])
            if result.failed and not result.is_bad
            else result.verdict.value,
        )
        for result in results
    ]
    return tabulate(
        rows, headers=("", "taken out", "noticed by"), maxcolwidths=(None, 60, 60), tablefmt="plain"
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.taken_out",
        description="Take each behaviour out of a copy of the project; its tests must fail.",
        epilog="example: make taken-out TAKEN_OUT_ARGS='R07 -j 2'",
    )
    parser.add_argument(
        "what", nargs="*", help="numbers (R07) and rooms (smtp) to try; without any: all"
    )
    parser.add_argument("-j", "--jobs", type=_count, default=1, help="how many at a time")
    parser.add_argument(
        "--all", action="store_true", help="name every test that fails, not only the first"
    )
    parser.add_argument(
        "--seconds", type=_count, default=SECONDS, help=f"for one run (default {SECONDS})"
    )
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end(number: int, _frame: object) -> NoReturn:
    # As an exception, so that what was started is ended and the copies are removed.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, Stopped):
        sys.exit(130)
