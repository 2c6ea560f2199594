import pytest

from gateway.log_rate_limit import PERIOD_SECONDS, LogRateLimit


@pytest.mark.parametrize("most", [1, 3])
def test_so_many_a_minute_are_written_and_the_next_tells_how_many_were_not(most):
    lines = LogRateLimit(most)
    asked = [lines.suppressed(7.0 + at) for at in range(most + 5)]
    assert asked == [0] * most + [None] * 5
    assert lines.suppressed(6.9 + PERIOD_SECONDS) is None
    assert lines.suppressed(7.0 + PERIOD_SECONDS) == 6
    assert lines.suppressed(7.1 + PERIOD_SECONDS) == (None if most == 1 else 0)


def test_the_minute_begins_with_the_first_of_its_lines():
    lines = LogRateLimit()
    assert [lines.suppressed(at) for at in (50.0, 109.9, 110.0, 169.9, 170.0)] == [
        0,
        None,
        1,
        None,
        1,
    ]
