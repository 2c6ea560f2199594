"""A copy of the project in which behaviours are taken out, one at a time, and tests are run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from threading import Event

    from tests.taken_out.entries import Entry

# What a run of the tests makes, or what belongs to one machine.
_LEFT_BEHIND = shutil.ignore_patterns(
    *(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".coverage"),
    *("build", "dist", "results"),
    # A compiled module would be run in the place of the source that is changed.
    *("*.so", "*.pyd"),
)
# Set by whoever runs us, and not meant for the tests in the copy.
_NOT_HANDED_ON = ("CI", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "MONITION_CONFIG")
_LOOK_SECONDS = 0.05


class TreeError(Exception):
    """The copy cannot be used; the text says why."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Whoever started the run does not want it any more."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of pytest ended: ``status`` is its exit code, ``None`` where it took too long.

    ``failed`` are the tests that failed, each once as ``FILE::NAME``: not those that broke before
    they began. ``passed`` counts those that passed; where none did either, all were skipped.
    """

    status: int | None
    failed: tuple[str, ...]
    passed: int
    output: str


class Tree:
    """A copy of the project at ``root``, in ``folder``, for one run at a time."""

    def __init__(self, root: Path, folder: Path, stopping: Event) -> None:
        self.top = folder / "tree"
        self._report = folder / "report.xml"
        self._output = folder / "output"
        self._stopping = stopping
        shutil.copytree(root, self.top, ignore=_LEFT_BEHIND)
        # Real lists are no part of the project: tests marked `data` look for them beside it.
        if (beside := root.parent / "shared").is_dir():
            (folder / "shared").symlink_to(beside)
        # No byte code is ever written: a changed file of the same size and second would be run
        # as it was. What is compiled here is checked by its source's hash.
        self._environment = {
            **{name: text for name, text in os.environ.items() if name not in _NOT_HANDED_ON},
            "PYTHONPATH": str(self.top),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        compiling = ("-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "gateway")
        subprocess.run([sys.executable, *compiling], cwd=self.top, check=True)
        self._check_is_used()

    def _check_is_used(self) -> None:
        """An editable installation points at the project itself: the copy must go before it."""
        asking = "import gateway; print(gateway.__file__)"
        answer = subprocess.run(
            # From elsewhere, as a program that a test starts may be.
            [sys.executable, "-c", asking],
            cwd=self.top.parent,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if Path(answer.stdout.strip()) != self.top / "gateway" / "__init__.py":
            raise TreeError(
                f"not the copy in {self.top} would be tested, but {answer.stdout.strip()!r}"
                f"{answer.stderr}"
            )

    @contextlib.contextmanager
    def without(self, entry: Entry) -> Iterator[None]:
        """The behaviour is taken out; raises ``EntryError`` where its text is not found."""
        path = self.top / entry.file
        before = path.read_bytes()
        path.write_text(entry.taken_out_of(before.decode("utf-8")), encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(before)

    def test(
        self, tests: Iterable[str], *, keyword: str, seconds: float, to_the_end: bool = False
    ) -> Ran:
        """Run the tests whose names hold the keyword, to the first that fails or to the end."""
        self._report.unlink(missing_ok=True)
        command = [
            *(sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"),
            # The same examples every time: what was found once is found again.
            "--hypothesis-seed=0",
            *(f"--junit-xml={self._report}", "-o", "junit_family=xunit1"),
            *(() if to_the_end else ("-x",)),
            *("-k", keyword),
            *tests,
        ]
        status = self._run(command, seconds)
        output = self._output.read_text(encoding="utf-8", errors="replace")
        failed, passed = _read(self._report) if self._report.exists() else ((), 0)
        return Ran(status, failed, passed, output)

    def _run(self, command: list[str], seconds: float) -> int | None:
        # A file, not a pipe: a server that a test left behind would hold a pipe open.
        with self._output.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.top,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            has_ended = self._wait(process.pid, time.monotonic() + seconds)
        finally:
            # With all that it started. Not reaped yet, so its number is nobody else's.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
        return status if has_ended else None

    def _wait(self, pid: int, until: float) -> bool:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if self._stopping.is_set():
                raise Stopped
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_SECONDS)
        return True


def _read(report: Path) -> tuple[tuple[str, ...], int]:
    failed, passed = [], 0
    for case in ET.parse(report).iter("testcase"):
        outcomes = {child.tag for child in case} & {"failure", "error", "skipped"}
        if "failure" in outcomes:
            name = (case.get("name") or "").partition("[")[0]
            failed.append(f"{case.get('file')}::{name}")
        passed += not outcomes
    return tuple(dict.fromkeys(failed)), passed
