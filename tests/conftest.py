"""What holds for every test: how long Hypothesis searches, and no quiet skipping in CI."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

IN_CI = os.environ.get("CI", "").lower() == "true"

# No deadlines: a busy machine is no bug. What CI finds, the next run must find again.
settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=IN_CI,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.register_profile(
    "long", settings.get_profile("default"), max_examples=5000, derandomize=False
)
# `--hypothesis-profile=long` comes later, and wins.
settings.load_profile("default")


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
