"""A signal that nobody means ends no process of the gateway; those that mean something still do."""

import os
import signal
import time

import pytest

STRAY = (
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGPIPE,
    signal.SIGWINCH,
    signal.SIGQUIT,
    signal.SIGVTALRM,
    signal.SIGPROF,
    signal.SIGIO,
    signal.SIGPWR,
    signal.SIGXCPU,
    signal.SIGTTOU,
    signal.SIGRTMIN,
    signal.SIGRTMAX,
)


@pytest.mark.parametrize("workers", [1, 2])
def test_o15_stray_signals_end_nothing(serve, until, workers):
    gateway = serve(workers=workers, drain=1)
    processes = {gateway.process.pid, *gateway.workers()}
    with gateway.client() as client:
        assert client.open() == 250
        for number in STRAY:
            for pid in processes:
                os.kill(pid, number)
        time.sleep(0.5)
        assert client.deliver("still here") == 250
    assert {gateway.process.pid, *gateway.workers()} == processes
    assert gateway.is_well()
    gateway.send(signal.SIGHUP)
    until(lambda: len(gateway.logged("reloaded")) == workers, "the reload")
    gateway.send(signal.SIGINT)
    assert gateway.ended() == 0


def test_o15_a_hangup_before_the_gateway_is_up_does_not_end_it(serve, until):
    gateway = serve(workers=1, ready=False)
    # As soon as it can be: whatever it is doing by then.
    until(gateway.stderr.read_text, "its first line")
    gateway.send(signal.SIGHUP)
    until(gateway.is_well, "it to be ready")
