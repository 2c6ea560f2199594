"""``python -m benchmarks.year FOLDER``: make a ledger to measure by, to ask, and to show."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.year.making import DAYS, EVENTS, LAST, SEED, make


def main() -> int:
    """Make it; 0 done, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.year",
        description="A year of a university's outgoing mail as a ledger, invented from a seed.",
        epilog="example: python -m benchmarks.year /tmp/year --events 100000; then "
        "monition audit list --pseudonyms --config /tmp/year/monition.toml",
    )
    add = parser.add_argument
    add("folder", type=Path, help="a new or empty folder")
    add("--events", type=int, default=EVENTS, help="so many events (default %(default)s)")
    add("--seed", type=int, default=SEED, help="the same seed gives the same ledger")
    add("--days", type=int, help=f"the time it covers (default {DAYS}, less for few events)")
    add("--last", type=date.fromisoformat, default=LAST, help="the day after it (%(default)s)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    began = time.monotonic()
    try:
        made = make(**vars(options))
    except ValueError as error:
        parser.error(str(error))
    size = made.ledger.stat().st_size / 1e6
    print(
        f"{made.events:,} events from {made.first:%Y-%m-%d} to {made.last:%Y-%m-%d} in "
        f"{made.ledger} ({size:,.0f} MB, {time.monotonic() - began:.0f} s); configuration: "
        f"{made.config}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
