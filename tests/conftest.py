"""What holds for every test: how Hypothesis searches, and no quiet skipping in CI."""

from __future__ import annotations

import ctypes
import importlib
import os
import pkgutil
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import gateway

IN_CI = os.environ.get("CI", "").lower() == "true"

# No deadlines: a busy machine is no bug. The same examples every time; what the random search
# finds (`make fuzz`, with a memory of its own) becomes an example that is written down.
settings.register_profile(
    "long",
    max_examples=5000,
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


def pytest_collection_finish(session: pytest.Session) -> None:
    """Import all that the product is made of: Hypothesis draws from the constants in it.

    Otherwise a test's examples would depend on which tests were run before it.
    """
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


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


@pytest.fixture
def read_only_folder():
    """Copy a folder to where we may read and nothing else, for as long as a block lasts.

    ``prepare`` may change the copy beforehand. Root may write anywhere, so it becomes nobody.
    """

    @contextmanager
    def read_only(source, prepare=lambda copy: None):
        top = Path(tempfile.mkdtemp(prefix="monition-"))
        copy = top / "copy"
        user = os.geteuid()
        try:
            shutil.copytree(source, copy)
            prepare(copy)
            for path in (*copy.rglob("*"), copy, top):
                path.chmod(0o555 if path.is_dir() else 0o444)
            if user == 0:
                os.seteuid(65534)
            yield copy
        finally:
            os.seteuid(user)
            for path in (top, copy, *copy.rglob("*")):
                path.chmod(0o755)
            shutil.rmtree(top)

    return read_only
