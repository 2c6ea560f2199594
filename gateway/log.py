"""Logs: one JSON object a line on stderr, a person's format on a terminal.

No line bears an address: a match is named by its event, a message by its id.
"""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(*, json: bool | None = None) -> None:
    """Configure logging for this process; ``json`` is ``False`` on a terminal unless told."""
    if json is None:
        json = not sys.stderr.isatty()
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
