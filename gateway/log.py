"""Logs: one JSON object a line on stderr, a person's format on a terminal.

No line bears an address: a match is named by its event, a message by its id.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TextIO, cast

import structlog

# A traceback with its local variables would show the addresses that they hold.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


class _Forgiving:
    """A stream that drops what it cannot write: a full disk or a closed pipe stops no mail."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor: int | None = None
        with contextlib.suppress(OSError, ValueError):
            self._descriptor = stream.fileno()

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._descriptor is None:
                self._stream.write(text)
            else:
                # Past the stream's buffer, which would keep what failed until the process ends.
                os.write(self._descriptor, text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def set_up(stream: TextIO | None = None) -> None:
    """Configure structlog for this process: lines from INFO on, to stderr unless told.

    Writing one never raises; what cannot be written is dropped.
    """
    stream = stream or sys.stderr
    json = not stream.isatty()
    renderer: list[structlog.typing.Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # One write a line: the lines of several workers must not mix.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Forgiving(stream))),
        cache_logger_on_first_use=True,
    )


class RedactedError(Exception):
    """An error's kind and place without its text, which may hold an address."""


def redacted(error: BaseException) -> Exception:
    """The error as a log may show it: an :class:`RedactedError` with its traceback."""
    return RedactedError(type(error).__name__).with_traceback(error.__traceback__)
