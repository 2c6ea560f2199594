"""``python -m benchmarks``: one run, one table, one JSON file."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from benchmarks.host import machine
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import postfix
from benchmarks.peers.monition import peers
from benchmarks.report.result import Result
from benchmarks.report.table import FORMATS
from benchmarks.sections.all_sections import SECTIONS
from benchmarks.sections.section import Section, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).with_name("results")
MESSAGES, REPETITIONS = 2000, 5
QUICK_MESSAGES, QUICK_REPETITIONS = 400, 2
QUIET = 0.2
"""What other programs may take of the machine before a sample says little."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done, 1 a section broke off, 2 wrong usage; by a signal, 128 more."""
    options = options_of(arguments)
    for number in SIGNALS:
        signal.signal(number, _end)
    sections = [SECTIONS[name] for name in options.sections]
    if any(section.is_relay for section in sections):
        reason = postfix.missing()
        if reason is not None:
            _say(f"nothing can be measured: {reason}")
            return 1
    options.results.mkdir(exist_ok=True)
    # On the disk that the tree is on: /tmp may be memory, where an fsync costs nothing.
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=options.results))
    directory.chmod(0o755)
    try:
        return _measure(options, sections, directory)
    except SystemExit:
        _say("broken off: nothing is left running, and nothing was written")
        raise
    finally:
        shutil.rmtree(directory)


def _measure(options: argparse.Namespace, sections: list[Section], directory: Path) -> int:
    every = peers(options.python) if any(section.is_relay for section in sections) else ()
    for peer in every:
        if peer.missing is not None:
            _say(f"not measured: {peer.told}")
    asked = {
        "sections": options.sections,
        "quick": options.quick,
        "messages": options.messages,
        "repetitions": options.repetitions,
    }
    loads = [machine.load()]
    result = Result(machine.facts(directory), asked, every, time.time())
    status = 0
    for section in sections:
        own = directory / section.name
        own.mkdir()
        setting = Setting(
            directory=own,
            peers=every,
            repetitions=options.repetitions,
            messages=options.messages,
            is_quick=options.quick,
            processors=machine.processors(),
            tell=_say,
            data=options.data,
        )
        try:
            result.outcomes[section.name] = section.run(setting)
        except BenchmarkError as error:
            _say(f"{section.name} broke off, and is left out: {error}")
            status = 1
        # Ledgers and large messages: the next section needs none of them.
        shutil.rmtree(own)
    loads.append(machine.load())
    result.facts["load_before_and_after"] = loads
    file = result.write(options.results)
    print(result.table(options.format))
    _close(result, options, loads)
    _say(f"every sample is in {file}")
    return status


def _close(result: Result, options: argparse.Namespace, loads: list[str]) -> None:
    _say(
        f"\nmedian (least–most) of {options.repetitions} repetitions in "  # noqa: RUF001
        f"{time.time() - result.began:.0f} s; other programs took at most "
        f"{result.foreign_share:.0%} of the machine during a sample; "
        f"load average {loads[0]} before, {loads[1]} after"
    )
    if result.foreign_share > QUIET:
        _say("The machine was not quiet: take this table again before resting anything on it.")


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read what is asked for; ``sections`` are names, in the order of ``SECTIONS``.

    Wrong usage ends with 2.
    """
    listed = "\n".join(f"  {section.name:10}{section.help}" for section in SECTIONS.values())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="What the gateway costs, beside haproxy and aiosmtpd's Proxy.",
        epilog=f"sections:\n{listed}\n\nexample: make bench BENCH_ARGS='latency --quick'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("section", nargs="*", metavar="SECTION", help="what to measure (default: all of the relay)")
    add("--only", action="append", default=[], metavar="SECTION", help="the same as an option")
    add("--quick", action="store_true", help="under a minute; wider spreads, less of everything")
    add("--messages", type=_count, help=f"2 KB messages in a sample (default {MESSAGES})")
    add("--repetitions", type=_count, help=f"samples of each kind (default {REPETITIONS})")
    add("--format", default=FORMATS[0], choices=FORMATS, help="of the table")
    add("--python", metavar="PATH", help="run the gateway by this interpreter too, side by side")
    add("--data", type=_folder, metavar="DIR", help="real lists, for the section lists")
    add("--results", type=Path, default=RESULTS, metavar="DIR", help="where the file is written")
    options = parser.parse_intermixed_args(arguments)
    asked = [*options.section, *options.only]
    for name in asked:
        if name not in SECTIONS:
            parser.error(f"there is no section {name!r}; there are {', '.join(SECTIONS)}")
    # In their own order, each once.
    options.sections = [
        name for name, each in SECTIONS.items() if (name in asked if asked else each.is_relay)
    ]
    usual = (QUICK_MESSAGES, QUICK_REPETITIONS) if options.quick else (MESSAGES, REPETITIONS)
    options.messages = options.messages or usual[0]
    options.repetitions = options.repetitions or usual[1]
    return options


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _end(number: int, _frame: object) -> NoReturn:
    # As an exception, so that every program that was started is ended on the way out; and once,
    # so that nothing breaks off the ending.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
