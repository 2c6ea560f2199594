"""How long others wait while many trickle: a table, by hand and on a quiet machine.

``python tests/load/measure.py --seconds 60``; ``--help`` has the rest. The gateway runs as in the
tests of this folder. Rounds with and without the clients that trickle take turns, so that whatever
else the machine does falls on both; at the end the books are compared, as in the tests.
"""

import argparse
import contextlib
import runpy
import sqlite3
import statistics
import sys
import tempfile
import time
import types
from pathlib import Path

from gateway import packaged

HERE = Path(__file__).parent
tests = types.SimpleNamespace(**runpy.run_path(str(HERE / "conftest.py")))
others = types.SimpleNamespace(**runpy.run_path(str(HERE.parent / "serve" / "conftest.py")))


HEAD = """\
| workers | trickling | messages | | taken at first try | p50 ms | p99 ms | worst ms |
|---|---|---|---|---|---|---|---|"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="of each round")
    parser.add_argument("--rounds", type=int, default=2, help="of each kind, and number of workers")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--trickling", type=int, default=500, help="clients that trickle")
    parser.add_argument("--every", type=float, default=10, help="seconds between their bytes")
    parser.add_argument("--clients", type=int, default=8, help="that send")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between their messages")
    return parser.parse_args()


class Ground:
    """A folder with a next hop and a gateway."""

    def __init__(self, stack: contextlib.ExitStack, workers: int) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self._stack = stack
        self.programs = []
        self.hop = self.program("next_hop", ..., "0")
        self.programs.clear()
        file = self.folder / "monition.toml"
        settings = {"drain": 30, "relay": "", "policies": packaged.policies_directory()}
        ports = {name: others.free_port() for name in ("listen", "metrics")}
        text = others.CONFIGURATION.format(
            folder=self.folder, hop=int(self.hop.line()), workers=workers, **settings, **ports
        )
        file.write_text(text)
        self.gateway = others.Gateway(file, self.folder / "log", {}, (), 0)
        stack.callback(self.gateway.kill)
        others.until(self.gateway.is_well)

    def program(self, name, *given):
        file = self.folder / f"{name}-{len(self.programs)}.jsonl"
        file.touch()
        program = tests.Program(
            file, f"{name}.py", *[file if each is ... else each for each in given]
        )
        self._stack.callback(program.kill)
        self.programs.append(program)
        return program

    def load(self, given: argparse.Namespace) -> list[dict]:
        """A round of messages; its tries."""
        name = f"r{len(self.programs)}"
        load = self.program("sender", *self.gateway.address, ..., given.clients, name, given.pause)
        time.sleep(given.seconds)
        load.stop()
        return load.entries()

    def trickle(self, given: argparse.Namespace) -> "tests.Program":
        """Clients that trickle until they are stopped."""
        name, place = f"r{len(self.programs)}", self.gateway.address
        return self.program("trickler", *place, ..., given.trickling, name, given.every)

    def faults(self) -> list[str]:
        """What is not as promised, in the whole run."""
        tries = [each for program in self.programs for each in program.entries()]
        kept = [message for message in self.hop.entries() if message["sender"]]
        with contextlib.closing(sqlite3.connect(self.folder / "ledger.db")) as ledger:
            findings = ledger.execute("SELECT recipient, outcome FROM finding").fetchall()
        return tests.accounts.faults(tries, kept, findings, is_cut=False)


def tell(workers: int, trickling: int, tries: list[dict]) -> None:
    for is_matched, kind in ((False, "unmatched"), (True, "matched")):
        some = [each for each in tries if each["is_matched"] is is_matched]
        taken = sum(map(tests.accounts.is_accepted, some))
        times = [each["seconds"] * 1000 for each in some]
        cuts = statistics.quantiles(times, n=100)
        print(
            f"| {workers} | {trickling} | {len(some):,} | {kind} | {taken:,} "
            f"| {cuts[49]:.1f} | {cuts[98]:.1f} | {max(times):.0f} |",
            flush=True,
        )


def main() -> None:
    given = arguments()
    faults: list[str] = []
    print(HEAD)
    for workers in given.workers:
        with contextlib.ExitStack() as stack:
            ground = Ground(stack, workers)
            quiet, busy = [], []
            for _ in range(given.rounds):
                quiet += ground.load(given)
                slow = ground.trickle(given)
                assert int(slow.line()) == given.trickling
                busy += ground.load(given)
                slow.stop()
                served = sum(map(tests.accounts.is_accepted, slow.entries()))
                assert served == given.trickling, f"{served} of those that trickled were served"
            ground.gateway.send(15)
            assert ground.gateway.ended() == 0
            tell(workers, 0, quiet)
            tell(workers, given.trickling, busy)
            faults += ground.faults()
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
