"""What holds for every test: how Hypothesis searches, who it is, and no quiet skipping in CI."""

from __future__ import annotations

import ctypes
import fcntl
import importlib
import os
import pickle
import pkgutil
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from xdist.scheduler import LoadFileScheduling

import gateway

IN_CI = os.environ.get("CI", "").lower() == "true"

# No deadlines: a busy machine is no bug. The same examples every time; what the random search
# finds (`make fuzz`, with a memory of its own) becomes an example that is written down.
settings.register_profile(
    "long",
    max_examples=5000,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.register_profile(
    "default", settings.get_profile("long"), max_examples=100, derandomize=True, database=None
)
# `--hypothesis-profile=long` comes later, and wins.
settings.load_profile("default")


PERSONAL = """
[[provider]]
group = "Google"
source = "s"
domains = ["gmail.com"]
[[shared]]
group = "Sites"
source = "s"
domains = ["wordpress.com"]
"""
ROLES = """
[[role]]
group = "g"
source = "s"
names = ["info"]
[alumni]
source = "s"
labels = ["alumni"]
"""
POLICY = """
[tiers]
otherwise = "advisory"
[[tier]]
list = "L"
tier = "blocking"
[[rule]]
name = "all: warn"
action = "warn"
text = "t"
"""
ENTITY = """
[[entity]]
id = "written"
name = "Written Institute"
  [[entity.listing]]
  list = "L"
  source = "s"
  [[entity.domain]]
  name = "written.ru"
  source = "s"
  reviewer = "r"
  reviewed_on = 2026-11-01
"""


@pytest.fixture(scope="session")
def small_policies():
    """Write a small policies folder, loaded in a few milliseconds; its path comes back.

    Files by name may be given in place of those that it has, or besides them; ``None`` leaves one
    out.
    """

    def write(path: Path, **files: str | None) -> Path:
        (path / "entities").mkdir(parents=True, exist_ok=True)
        texts = {"personal": PERSONAL, "roles": ROLES, "policy": POLICY, "entities/a": ENTITY}
        for name, text in {**texts, **files}.items():
            if text is not None:
                (path / f"{name}.toml").write_text(text)
        return path

    return write


@pytest.fixture(scope="session")
def university_day(tmp_path_factory):
    """Copy a day of a university's mail, with its ledger, lists and policies, into a new folder.

    It takes seconds to make: whichever worker needs it first makes it for all. What comes back is
    what :func:`benchmarks.year.making.make` gives.
    """
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent
    original, about = top / "university-day", top / "university-day.made"
    with (top / "university-day.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not about.exists():
            from benchmarks.year.making import make  # noqa: PLC0415 - few tests need it

            shutil.rmtree(original, ignore_errors=True)
            original.mkdir()
            about.write_bytes(pickle.dumps(make(original, events=700, days=1)))

    def copied(folder: Path):
        made = pickle.loads(about.read_bytes())
        shutil.copytree(original, folder, dirs_exist_ok=True)
        paths = {
            name: folder / getattr(made, name).relative_to(original)
            for name in ("ledger", "config", "departments")
        }
        text = paths["config"].read_text(encoding="utf-8")
        paths["config"].write_text(text.replace(str(original), str(folder)), encoding="utf-8")
        return replace(made, **paths)

    return copied


def pytest_collection_finish(session: pytest.Session) -> None:
    """Import all that the product is made of: Hypothesis draws from the constants in it.

    Otherwise a test's examples would depend on which tests were run before it.
    """
    if not any(map(is_hypothesis_test, (getattr(item, "obj", None) for item in session.items))):
        return
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


# Where several workers run: the tests of these folders go to one of them, one after the other, and
# begin first, as they take longest. They share mail servers, or load the machine on purpose.
TOGETHER = {"mail servers": ("tests/e2e/",), "load": ("tests/load/", "tests/crash/")}


def group_of(nodeid: str) -> str | None:
    """The name of those that a test shares a worker with; ``None`` where that is its file's."""
    return next((name for name, folders in TOGETHER.items() if nodeid.startswith(folders)), None)


class Scheduling(LoadFileScheduling):
    """A file, or a group, is one worker's: what its fixtures make is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """What comes first is decided below, and not by how many tests a file has."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """With CI=true an end-to-end test that was skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("e2e"):
        _fail_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """The same for a whole file of them that was skipped while it was collected."""
    report = yield
    if report.skipped and "e2e" in collector.path.parts:
        _fail_in_ci(report)
    return report


def _fail_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not IN_CI:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = (
        f"CI=true, and with it no end-to-end test may be skipped. This one was: {reason}\n"
        "Install what it needs with tests/e2e/install-system-packages (as root, on Debian)."
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests tell of how much they tried; workers have no terminal."""
    properties = (
        each
        for reports in terminalreporter.stats.values()
        for report in reports
        for each in getattr(report, "user_properties", ())
    )
    for text in dict.fromkeys(text for name, text in properties if name == "told"):
        terminalreporter.write_line(text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what acts as another user: `.ci/run` runs it once more where that one may not enter."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: group_of(item.nodeid) is None)
    for item in items:
        if "unprivileged" in getattr(item, "fixturenames", ()):
            item.add_marker("unprivileged")


@pytest.fixture
def unprivileged():
    """Act as a user to whom modes mean something, where the tests run as root.

    With ``reads_all`` as one who may read and enter everything: the tests may lie in a folder that
    is root's alone, and what is asked is only what may be written.
    """

    @contextmanager
    def unprivileged(user=65534, *, reads_all=False):
        before = os.geteuid()
        if before == 0:
            os.seteuid(user)
            if reads_all:
                _add_capability(CAP_DAC_READ_SEARCH)
        try:
            yield
        finally:
            os.seteuid(before)

    return unprivileged


CAP_DAC_READ_SEARCH = 2


def _add_capability(number: int) -> None:
    """Give this thread one of those capabilities back that it lost with root's effective id."""
    libc = ctypes.CDLL(None, use_errno=True)
    version_3, this_thread = 0x20080522, 0
    header = (ctypes.c_uint32 * 2)(version_3, this_thread)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: the lower half, the upper
    if libc.capget(header, sets) == 0:
        sets[0] |= sets[1] & (1 << number)
        if libc.capset(header, sets) == 0:
            return
    error = ctypes.get_errno()
    raise OSError(error, os.strerror(error))


@pytest.fixture
def read_only_folder(unprivileged):
    """Copy a folder to where we may read and nothing else, for as long as a block lasts.

    ``prepare`` may change the copy beforehand. Root may write anywhere, so it becomes nobody.
    """

    @contextmanager
    def read_only(source, prepare=lambda copy: None):
        top = Path(tempfile.mkdtemp(prefix="monition-"))
        copy = top / "copy"
        try:
            shutil.copytree(source, copy)
            prepare(copy)
            for path in (*copy.rglob("*"), copy, top):
                path.chmod(0o555 if path.is_dir() else 0o444)
            with unprivileged(reads_all=True):
                yield copy
        finally:
            for path in (top, copy, *copy.rglob("*")):
                path.chmod(0o755)
            shutil.rmtree(top)

    return read_only
