"""Signals that nobody means: one sent by mistake must not end the gateway."""

from __future__ import annotations

import contextlib
import signal

_MEANT = {
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGCHLD,
    # They stop a process and let it go on: a person at a terminal, or a debugger.
    signal.SIGTSTP,
    signal.SIGCONT,
    # Errors of the process itself: ignored, it would go on with what is broken.
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTRAP,
    # Nothing can be done about these (signal(7)).
    signal.SIGKILL,
    signal.SIGSTOP,
}


def ignore_stray_signals() -> None:
    """Ignore every signal but those that mean something to a gateway; children do as well.

    SIGHUP waits until there is a handler for it: its default would end us, too.
    """
    for number in signal.valid_signals() - _MEANT:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def hear_hangup() -> None:
    """Let SIGHUP come, also one that waits: there is a handler now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
