"""``python -m benchmarks``: the gateway and its peers, one run, one table, one JSON file."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from benchmarks import machine, sending
from benchmarks.child import BenchmarkError
from benchmarks.measurement import Run
from benchmarks.peer import peers
from benchmarks.table import table

RESULTS = Path(__file__).with_name("results")
MESSAGES, REPETITIONS = 2000, 7
QUIET = 0.2
"""What other programs may take of the machine before a sample says little."""
QUICK_MESSAGES, QUICK_REPETITIONS = 400, 3


def main() -> int:
    """Measure and print; 0 done, 1 the run broke off, 2 wrong usage."""
    signal.signal(signal.SIGTERM, _end)
    options = _options()
    if (reason := sending.missing()) is not None:
        _say(f"nothing can be measured: {reason}")
        return 1
    RESULTS.mkdir(exist_ok=True)
    # On the disk that the tree is on: /tmp may be memory, where an fsync costs nothing.
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=RESULTS))
    directory.chmod(0o755)
    try:
        return _measure(options, directory)
    except BenchmarkError as error:
        _say(f"the benchmark broke off: {error}")
        return 1
    finally:
        shutil.rmtree(directory)


def _measure(options: argparse.Namespace, directory: Path) -> int:
    every = peers()
    for peer in every:
        if peer.missing is not None:
            _say(f"not measured: {peer.name}: {peer.missing}")
    known = machine.facts(directory)
    loads, began = [machine.load()], time.time()
    run = Run(
        peers=tuple(peer for peer in every if peer.missing is None),
        directory=directory,
        messages=options.messages,
        repetitions=options.repetitions,
        processors=machine.processors(),
        tell=_say,
    )
    run.go()
    loads.append(machine.load())
    file = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(began))}.json"
    result = {
        "machine": known,
        "load_before_and_after": loads,
        "messages": options.messages,
        "repetitions": options.repetitions,
        "peers": {peer.name: peer.missing or peer.version for peer in every},
        "samples": [asdict(sample) for sample in run.samples],
        "memories": [asdict(memory) for memory in run.memories],
    }
    file.write_text(json.dumps(result, indent=1) + "\n")
    print(table(every, run.samples, run.memories, options.format))
    foreign = max(sample.foreign_share for sample in run.samples)
    _say(
        f"\nmedian (least–most) of {options.repetitions} repetitions in "  # noqa: RUF001
        f"{time.time() - began:.0f} s; other programs took at most {foreign:.0%} of the "
        f"machine during a sample; load average {loads[0]} before, {loads[1]} after"
    )
    _say(f"every sample is in {file}")
    if foreign > QUIET:
        _say("The machine was not quiet: take this table again before resting anything on it.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="CPU time a message: the gateway beside haproxy and aiosmtpd's Proxy.",
        epilog="example: make bench BENCH_ARGS='--quick'",
    )
    parser.add_argument("--quick", action="store_true", help="under half a minute, wider spreads")
    parser.add_argument(
        "--messages", type=_count, help=f"2 KB messages in a sample (default {MESSAGES})"
    )
    parser.add_argument(
        "--repetitions", type=_count, help=f"samples of each kind (default {REPETITIONS})"
    )
    parser.add_argument(
        "--format", default="simple", choices=("simple", "github"), help="of the table"
    )
    options = parser.parse_args()
    options.messages = options.messages or (QUICK_MESSAGES if options.quick else MESSAGES)
    options.repetitions = options.repetitions or (
        QUICK_REPETITIONS if options.quick else REPETITIONS
    )
    return options


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end(number: int, _frame: object) -> NoReturn:
    # As an exception, so that every program that was started is ended on the way out.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
