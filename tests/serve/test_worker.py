"""One process: what it works by, and how it takes a change."""

import asyncio
import os
import signal
import socket
import stat
from datetime import date

import pytest
from structlog.testing import capture_logs

from gateway.config import Relay
from gateway.errors import FaultyFile
from gateway.serve import health, load_in_force
from gateway.serve.start import start_gateway, worker_count
from gateway.serve.worker import Worker


async def serving(config, story, worker=None):
    worker = worker or Worker(config)
    ready = asyncio.Event()
    running = asyncio.create_task(worker.run(ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
    try:
        return await story(worker)
    finally:
        worker.stop()
        await running


async def test_p04_s10_a_reload_swaps_snapshot_and_rules_together(config, policies):
    async def story(worker):
        before = worker._inspector.in_force
        file = policies / "entities" / "own.toml"
        file.write_text(
            '[[entity]]\nid = "own-1"\nname = "Institute of Tests"\ncountry = "RU"\n'
            '[[entity.listing]]\nlist = "US-OFAC-SDN"\nprogramme = "X"\nuid = "1"\n'
            'source = "a test"\n'
            '[[entity.domain]]\nname = "tests.example"\nsource = "a test"\nreviewer = "us"\n'
            "reviewed_on = 2026-11-22\n"
        )
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        while worker._inspector.in_force is before:
            await asyncio.sleep(0.05)
        after = worker._inspector.in_force
        assert not after.known_clear.is_clear(b"RCPT TO:<a@tests.example>\r\n")
        assert before.known_clear.is_clear(b"RCPT TO:<a@tests.example>\r\n")
        assert after.snapshot.digest != before.snapshot.digest

    await asyncio.wait_for(serving(config, story), 30)


async def test_p04_a_reload_whose_examples_fail_is_refused(config, policies):
    async def story(worker):
        before = worker._inspector.in_force
        examples = policies / "examples.toml"
        examples.write_text(
            examples.read_text()
            + '\n[[example]]\naddress = "a@mipt.ru"\nstanding = "clear"\naction = "pass"\n'
        )
        with capture_logs() as logs:
            os.kill(os.getpid(), signal.SIGHUP)
            while not logs:
                await asyncio.sleep(0.05)
        assert worker._inspector.in_force is before
        assert "refused" in logs[0]["event"]
        assert "examples.toml" in str(logs[0]["faults"])

    await asyncio.wait_for(serving(config, story), 30)


def test_p05_a_wrong_text_is_found_before_anything_is_served(config, policies):
    texts = policies / "notices" / "en" / "notice.txt.j2"
    texts.write_text(texts.read_text() + "\n{{ no_such_thing }}\n")
    with pytest.raises(FaultyFile, match=r"notice\.txt\.j2:\d+: .*no_such_thing"):
        load_in_force.load(config, date(2026, 11, 22))


async def test_o06_files_are_for_their_owner_alone(config):
    async def story(worker):
        return [
            (path.name, stat.S_IMODE(path.stat().st_mode))
            for path in config.ledger.path.parent.iterdir()
            if path.name.startswith("ledger")
        ]

    modes = await serving(config, story)
    assert "ledger.db" in dict(modes)
    for name, mode in modes:
        assert mode & 0o077 in (0, 0o050), name


async def test_o06_a_port_in_use_is_named(config):
    endpoint = config.relay.listen[0]
    server = await asyncio.start_server(lambda *_: None, endpoint.host, endpoint.port)
    async with server:
        with pytest.raises(OSError, match=f"cannot listen on {endpoint}: Address already in use"):
            await serving(config, lambda _: asyncio.sleep(0))


def test_the_metrics_port_in_use_is_named_too(config):
    endpoint = config.metrics.listen
    with (
        socket.create_server((endpoint.host, endpoint.port)),
        pytest.raises(OSError, match=f"cannot listen on {endpoint}: Address already in use"),
    ):
        start_gateway(config, {})


def test_auto_is_one_worker_for_each_processor_that_it_may_use():
    assert worker_count(Relay(workers="auto")) == len(os.sched_getaffinity(0))
    assert worker_count(Relay(workers=7)) == 7


async def test_it_is_alive_while_its_loop_beats_and_ready_while_it_serves(config, monkeypatch):
    beats = []
    worker = Worker(config, beat=lambda: beats.append(worker.report()))
    assert worker.faults()

    async def story(worker):
        assert worker.faults() == worker.stalls() == []
        monkeypatch.setattr(health, "STALL_SECONDS", -1)
        assert "silent" in worker.stalls()[0]

    await serving(config, story, worker)
    assert [beats[0].is_serving, beats[-1].is_serving] == [False, False]
    assert any(beat.is_serving for beat in beats)
    assert worker.faults()


async def test_r17_an_unusable_ledger_is_a_fault_of_readiness(config):
    config.ledger.path.mkdir()

    async def story(worker):
        assert worker.faults() == [f"ledger: {worker._ledger.fault}"]
        assert worker.report().faults == (f"ledger: {worker._ledger.fault}",)

    await serving(config, story)


async def test_o04_the_journal_is_counted_and_what_waits_in_it_is_a_fault_of_readiness(
    config, monkeypatch
):
    """Lines put aside are for a person, and make nothing unready."""
    monkeypatch.setattr("gateway.serve.worker.COUNT_SECONDS", 0.01)
    journal = config.ledger.emergency_journal
    journal.write_bytes(b"no line of ours\n")

    async def story(worker):
        await _until(lambda: journal.with_name(journal.name + ".aside").exists())
        await _until(lambda: _lines(worker, "aside") == 1)
        taken_in = worker.faults(), _lines(worker, "waiting")
        # A folder in its place: it can neither be taken in nor be written.
        journal.unlink()
        journal.mkdir()
        return taken_in, worker.faults()

    before, after = await serving(config, story)
    assert before == ([], 0)
    assert after == ["emergency journal: what is in it waits to be taken into the ledger"]


def _lines(worker, state):
    key = ("monition_journal_lines", "monition_journal_lines", (("state", state),))
    return worker.samples().get(key)


async def _until(is_so):
    while not is_so():
        await asyncio.sleep(0.01)
