import pytest

from gateway.relay.limits.read_buffer import ALL_READS, LARGEST_READ, SMALLEST_READ, ReadBuffer


@pytest.mark.parametrize(
    ("sessions", "size"),
    [
        (0, LARGEST_READ),
        (1, LARGEST_READ),
        (32, LARGEST_READ),
        (33, ALL_READS // 33),
        (100, ALL_READS // 100),
        (10**6, SMALLEST_READ),
    ],
)
def test_r15_what_one_read_may_bring_shrinks_as_sessions_become_many(sessions, size):
    read_buffer = ReadBuffer()
    read_buffer.divide_among(sessions)
    assert len(read_buffer.view) == size


def test_what_was_read_is_given_and_not_the_rest():
    read_buffer = ReadBuffer()
    read_buffer.divide_among(100)
    read_buffer.view[:5] = b"QUIT\r"
    taken = read_buffer.received(4)
    read_buffer.view[:4] = b"NOOP"
    assert taken == b"QUIT"


def test_it_grows_again_as_sessions_end():
    read_buffer = ReadBuffer()
    read_buffer.divide_among(1000)
    read_buffer.divide_among(1)
    assert len(read_buffer.view) == LARGEST_READ
