import pytest

from gateway.relay.read_buffer import LEAST, MOST, TOGETHER, Room


@pytest.mark.parametrize(
    ("sessions", "size"),
    [
        (0, MOST),
        (1, MOST),
        (32, MOST),
        (33, TOGETHER // 33),
        (100, TOGETHER // 100),
        (10**6, LEAST),
    ],
)
def test_r15_what_one_read_may_bring_shrinks_as_sessions_become_many(sessions, size):
    room = Room()
    room.share(sessions)
    assert len(room.part) == size


def test_what_was_read_is_given_and_not_the_rest():
    room = Room()
    room.share(100)
    room.part[:5] = b"QUIT\r"
    taken = room.take(4)
    room.part[:4] = b"NOOP"
    assert taken == b"QUIT"


def test_it_grows_again_as_sessions_end():
    room = Room()
    room.share(1000)
    room.share(1)
    assert len(room.part) == MOST
