"""Logs: lines that a machine reads, and that name nobody."""

import io
import json

import pytest
import structlog

from gateway import log
from gateway.log import redacted


@pytest.fixture
def lines():
    stream = io.StringIO()
    log.set_up(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_line_is_one_json_object(lines):
    structlog.get_logger("x").info("matched", message="01ABC")
    (line,) = lines()
    assert line["event"] == "matched"
    assert line["message"] == "01ABC"
    assert line["timestamp"].endswith("Z")


def test_a_traceback_shows_places_and_no_values(lines):
    def screen(path):
        raise ValueError(f"cannot read {path}")

    try:
        screen("ivan.secret@mipt.ru")
    except ValueError as error:
        structlog.get_logger("x").error("failed", exc_info=redacted(error))
    (line,) = lines()
    assert "ivan.secret" not in json.dumps(line)
    assert line["exception"][0]["exc_value"] == "ValueError"
    assert line["exception"][0]["frames"][-1]["name"] == "screen"


class Broken(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


def test_a_log_that_cannot_be_written_is_dropped():
    log.set_up(Broken())
    structlog.get_logger("x").error("nobody hears this")
    structlog.reset_defaults()
