"""Several workers, as real processes, under load."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ENTITY = """
[[entity]]
id = "own-1"
name = "Institute of Tests"
country = "RU"
[[entity.listing]]
list = "US-OFAC-SDN"
programme = "X"
uid = "1"
source = "a test"
[[entity.domain]]
name = "tests.example"
source = "a test"
reviewer = "us"
reviewed_on = 2026-11-22
"""
DELIVERED = 'monition_messages_total{outcome="delivered"}'


def recorded(gateway):
    with contextlib.closing(sqlite3.connect(gateway.config.ledger.path)) as ledger:
        return {row[0] for row in ledger.execute("SELECT recipient FROM finding")}


def assert_nothing_is_lost(load, next_hop, gateway):
    assert load.permanent == []
    assert load.accepted <= next_hop.tokens
    assert load.matched()
    assert {f"{token}@mipt.ru" for token in load.matched()} <= recorded(gateway)
    command = [sys.executable, "-m", "gateway", "audit", "verify", "-c", gateway.config.file]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def sessions_on_two_workers(gateway, stack, until):
    """Open sessions, by the worker that serves each, until two workers have some."""
    by_worker = {}

    def are_two():
        client = stack.enter_context(gateway.client())
        assert client.open() == 250
        # A row of /proc/net/tcp can be missed while the table changes.
        worker = until(lambda: gateway.worker_of(client), "a session's worker")
        by_worker.setdefault(worker, []).append(client)
        return len(by_worker) >= 2

    until(are_two, "two workers to have sessions")
    return by_worker


def test_r21_a_killed_worker_is_replaced_and_its_siblings_do_not_notice(
    serve, load_on, next_hop, until
):
    gateway = serve(workers=3)
    before = gateway.workers()
    assert len(before) == 3
    load = load_on(gateway.address)
    until(lambda: len(load.matched()) >= 5)
    with contextlib.ExitStack() as stack:
        by_worker = sessions_on_two_workers(gateway, stack, until)
        victim, *siblings = by_worker
        os.kill(victim, signal.SIGKILL)
        for sibling in siblings:
            for number, client in enumerate(by_worker[sibling]):
                assert client.deliver(f"sibling{number}") == 250
        for client in by_worker[victim]:
            with contextlib.suppress(ConnectionResetError):
                assert client.code() == 0
        until(lambda: len(gateway.workers()) == 3 and gateway.is_well(), "a new worker")
        assert before - gateway.workers() == {victim}
        sent = len(load.accepted)
        until(lambda: len(load.accepted) > sent + 50)
        load.stop()
    assert load.refused == 0
    assert gateway.number("monition_worker_restarts_total") == 1
    assert [entry["code"] for entry in gateway.logged("a worker ended")] == [-9]
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0
    assert_nothing_is_lost(load, next_hop, gateway)


def test_r21_when_the_supervisor_dies_its_workers_drain_and_free_the_port(serve, until):
    gateway = serve(workers=2)
    workers = gateway.workers()
    gateway.process.kill()
    gateway.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "their end")
    assert len(gateway.logged("stopped")) == 2
    serve(workers=2)


def test_r18_all_workers_drain(serve, load_on, next_hop, until):
    gateway = serve(workers=3)
    load = load_on(gateway.address)
    with contextlib.ExitStack() as stack:
        until(lambda: len(load.matched()) >= 5)
        busy, idle = stack.enter_context(gateway.client()), stack.enter_context(gateway.client())
        assert (busy.open(), idle.open()) == (250, 250)
        assert busy.envelope("last@mipt.ru") == 354
        gateway.send(signal.SIGTERM)
        assert (idle.code(), idle.code()) == (421, 0)
        until(lambda: load.refused, "the port to be closed")
        # A transaction under way ends as if nothing were; only then its client has to leave.
        assert busy.ask("token=last\r\n.") == 250
        assert (busy.code(), busy.code()) == (421, 0)
    assert gateway.ended() == 0
    load.stop()
    assert {"last"} <= next_hop.tokens
    assert_nothing_is_lost(load, next_hop, gateway)


def test_r18_a_session_that_never_ends_is_broken_off(serve):
    gateway = serve(workers=2, drain=1)
    with gateway.client() as stuck:
        assert stuck.open() == 250
        assert stuck.envelope() == 354
        gateway.send(signal.SIGTERM)
        assert gateway.ended() == 0
    assert gateway.logged("sessions broken off")


def digests(gateway):
    page = gateway.get("/metrics")[1]
    return {line for line in page.splitlines() if line.startswith("monition_snapshot_info{")}


def test_p04_a_reload_reaches_every_worker(serve, policies, until):
    gateway = serve(workers=3)
    before, workers = digests(gateway), gateway.workers()
    (policies / "entities" / "own.toml").write_text(ENTITY)
    gateway.send(signal.SIGHUP)
    until(lambda: len(gateway.logged("reloaded")) == 3, "three reloads")
    until(lambda: len(digests(gateway)) == 1 and digests(gateway) != before, "one new digest")
    assert gateway.workers() == workers
    # Whoever is started later has the new ones from the first message on.
    os.kill(min(workers), signal.SIGKILL)
    until(lambda: gateway.workers() != workers and gateway.is_well(), "a new worker")
    assert len(digests(gateway)) == 1


def test_p04_a_reload_is_refused_once_and_no_worker_dies_of_it_later(serve, policies, until):
    gateway = serve(workers=3)
    before, workers = digests(gateway), gateway.workers()
    (policies / "policy.toml").write_text("no = toml = at all")
    gateway.send(signal.SIGHUP)
    (refusal,) = until(lambda: gateway.logged("reload refused, the old policies stay"))
    assert "policy.toml" in refusal["faults"][0]
    assert "worker" not in refusal
    os.kill(min(workers), signal.SIGKILL)
    until(lambda: gateway.workers() != workers and gateway.is_well(), "a new worker")
    assert digests(gateway) == before
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0
    assert len(gateway.logged("reload refused, the old policies stay")) == 1


def test_r21_the_metrics_of_all_workers_are_one_sum_that_outlives_them(serve, until):
    gateway = serve(workers=3)
    with contextlib.ExitStack() as stack:
        by_worker = sessions_on_two_workers(gateway, stack, until)
        clients = [client for theirs in by_worker.values() for client in theirs]
        for number in range(40):
            assert clients[number % len(clients)].deliver(f"m{number}") == 250
        until(lambda: gateway.number(DELIVERED) == 40, "the sum")
        assert gateway.number("monition_sessions") == len(clients)
    until(lambda: gateway.number("monition_sessions") == 0)
    assert gateway.number("monition_relay_seconds_count") == 40
    assert gateway.number('monition_relay_seconds_bucket{le="+Inf"}') == 40
    assert gateway.number("monition_workers") == 3
    workers = gateway.workers()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not workers & gateway.workers() and gateway.is_well(), "three new workers")
    assert gateway.number(DELIVERED) == 40
    assert gateway.number("monition_worker_restarts_total") == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_r21_a_port_in_use_ends_it_with_a_clear_line(serve, workers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway = serve(workers=workers, listen=port, ready=False)
        # Not 2, after which systemd would leave it down: a port in use can be free in a second.
        assert gateway.ended() == 1
    (line,) = [line for line in gateway.stderr.read_text().splitlines() if line[0] != "{"]
    told = f"monition: cannot listen on 127.0.0.1:{port}: Address already in use: another program"
    assert line.startswith(told)


# Workers that are not ours, in a supervisor that is: what no real one does at will.
STAND_IN = """
import os, signal, sys, time
from gateway import log
from gateway.config import load
from gateway.serve import start, supervisor, worker_process, worker_report, worker_slot
log.set_up()
first = sys.argv[2]

def is_first():
    try:
        os.close(os.open(first, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True

def serve(end):
    worker_report.send(end, worker_report.WorkerReport(True, (), {{}}))

{story}
sys.exit(start.start_gateway(load(None, {{"MONITION_CONFIG": sys.argv[1]}}), {{}}))
"""

FAULTY = "worker_process.run = lambda *_: worker_process.FAULTY"

STUCK = """
worker_slot.STUCK_SECONDS = 0.2
def run(config, loaded, listening, session_count, end, number):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, worker_process.SIGNALS)
    while number == 2:
        serve(end)
        time.sleep(0.05)
    serve(end)
    if is_first():
        time.sleep(60)
    os.kill(os.getppid(), signal.SIGTERM)
    return 0
worker_process.run = run
"""

DEAF = """
supervisor.MARGIN_SECONDS = 0
def run(config, loaded, listening, session_count, end, number):
    serve(end)
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
worker_process.run = run
"""

NO_PROCESS_LEFT = """
real = worker_process.fork
def fork(work):
    if is_first():
        raise BlockingIOError(11, "no more processes")
    return real(work)
worker_process.fork = fork
def run(config, loaded, listening, session_count, end, number):
    serve(end)
    os.kill(os.getppid(), signal.SIGTERM)
    return 0
worker_process.run = run
"""


@pytest.mark.parametrize(
    ("story", "status", "told"),
    [
        (FAULTY, 2, "draining"),
        (STUCK, 0, "a worker is stuck"),
        (DEAF, 0, "a worker did not end in time"),
        (NO_PROCESS_LEFT, 0, "no worker can be started"),
    ],
)
def test_r21_no_worker_can_hold_up_the_supervisor(config, tmp_path, story, status, told):
    text = config.file.read_text().replace("workers = 1", "workers = 2")
    config.file.write_text(text.replace("drain_seconds = 2", "drain_seconds = 1"))
    program = STAND_IN.format(story=story)
    command = [sys.executable, "-c", program, config.file, tmp_path / "first"]
    ended = subprocess.run(command, timeout=50, check=False, capture_output=True, text=True)
    assert ended.returncode == status, ended.stderr
    assert told in {json.loads(line)["event"] for line in ended.stderr.splitlines()}
