"""``python -m tests.fuzz.servers``: odd RCPT lines to real servers, and what we say of them.

Ends with 1 where a line was delivered to a listed domain and is clear with us, or is listed with us
and is not.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
from pathlib import Path

from tests.fuzz.servers.every import SERVERS
from tests.fuzz.servers.server import MissingError
from tests.fuzz.servers.trial import try_server

REPORTS = Path("build/fuzz-servers")


def main() -> int:
    """Try each server in turn."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.servers", description=__doc__)
    parser.add_argument("--lines", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--server", action="append", choices=sorted(SERVERS))
    parser.add_argument("--report", type=Path, default=REPORTS, help="folder for the reports")
    given = parser.parse_args()
    # However it is ended, no server and no folder of ours is left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = random.randrange(10**6) if given.seed is None else given.seed
    status = 0
    given.report.mkdir(parents=True, exist_ok=True)
    for name in given.server or SERVERS:
        try:
            trial = try_server(SERVERS[name], given.lines, seed)
        except MissingError as missing:
            print(f"{name}: SKIPPED: {missing}", flush=True)
            continue
        print(trial, flush=True)
        (given.report / f"{name}.txt").write_text(trial.report())
        if trial.unseen or trial.accused or not trial.to_listed:
            status = 1
    print(f"each line that is not as it is to be: {given.report}/")
    return status


if __name__ == "__main__":
    sys.exit(main())
