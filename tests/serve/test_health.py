"""The pages that machines ask."""

import urllib.error
import urllib.request

import pytest

from gateway.metrics import Metrics
from gateway.serve import health
from gateway.serve.health import Health, HealthServer


@pytest.fixture
def served(config):
    faults = []
    pages = Health(Metrics(), lambda: faults)
    server = HealthServer(config.metrics.listen, pages)
    server.start()
    yield f"http://{config.metrics.listen}", pages, faults
    server.close()


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_are_told_in_prometheus_format(served):
    base, _, _ = served
    status, page = get(base + "/metrics")
    assert status == 200
    assert "# TYPE monition_sessions gauge" in page


def test_ready_until_there_is_a_fault_and_then_it_says_which(served):
    base, _, faults = served
    assert get(base + "/readyz") == (200, "ready\n")
    faults.append("ledger: the disk is full")
    assert get(base + "/readyz") == (503, "ledger: the disk is full\n")


def test_alive_until_the_event_loop_is_silent(served, monkeypatch):
    base, pages, _ = served
    pages.beat()
    assert get(base + "/livez")[0] == 200
    monkeypatch.setattr(health, "STALL_SECONDS", -1)
    status, page = get(base + "/livez")
    assert status == 503
    assert "silent" in page


def test_other_pages_are_not_there(served):
    base, _, _ = served
    assert get(base + "/etc/passwd")[0] == 404
