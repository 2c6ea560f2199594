"""Replies framed from any packets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RemoteProtocolError
from gateway.smtp.replies import REPLY_LIMIT, ReplyFramer, parse, queue_id

REPLIES = [
    b"220 mx.example ESMTP\r\n",
    b"250-mx\r\n250-DSN\r\n250 SIZE 100\r\n",
    b"250\r\n",
    b"550 5.1.1 \xff\xfe no such user\r\n",
    b"250-" + b"\r\n250-".join(b"line %d" % n for n in range(59)) + b"\r\n250 last\r\n",
]


def framed(chunks):
    framer, found = ReplyFramer(), []
    for chunk in chunks:
        framer.feed(chunk)
        while (reply := framer.next()) is not None:
            found.append(reply)
    return found


@given(st.lists(st.sampled_from(REPLIES), max_size=5), st.integers(1, 50))
def test_r01_replies_come_out_as_they_went_in_whatever_the_packets(replies, size):
    stream = b"".join(replies)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert framed(chunks) == [(int(raw[:3]), raw) for raw in replies]


@pytest.mark.parametrize(
    "stream",
    [
        b"hello\r\n",
        b"250 ok\n",
        b"250 a\rb\r\n",
        b"99 x\r\n",
        b"150 x\r\n",
        b"650 x\r\n",
        b"2500 x\r\n",
        b"250-a\r\n251 b\r\n",
        b"250_x\r\n",
        b"250 " + b"x" * 90000,
        b"250 " + b"x" * 90000 + b"\r\n",
        b"250-x\r\n" * 20000,
    ],
)
def test_what_is_no_reply_is_the_peers_error(stream):
    with pytest.raises(RemoteProtocolError):
        framed([stream])


@given(st.binary(max_size=200))
def test_any_bytes_are_replies_or_the_peers_error(stream):
    try:
        found = framed([stream])
    except RemoteProtocolError:
        return
    assert stream.startswith(b"".join(raw for _, raw in found))


@pytest.mark.parametrize("size", [REPLY_LIMIT, REPLY_LIMIT + 1])
def test_r01_a_reply_that_fills_all_room_and_has_no_end_is_the_peers_error(size):
    """Held, it would leave no room to read on: nobody would ever speak again."""
    framer = ReplyFramer()
    line = b"250-" + b"y" * 58 + b"\r\n"
    framer.feed((line * (size // 64 + 1))[:size])
    with pytest.raises(RemoteProtocolError):
        framer.next()


def test_r01_a_whole_reply_may_fill_it():
    framer = ReplyFramer()
    raw = b"250-" + b"y" * 58 + b"\r\n"
    raw = raw * (REPLY_LIMIT // 64 - 1) + raw.replace(b"-", b" ", 1)
    framer.feed(raw)
    assert framer.next() == (250, raw)


def test_a_reply_is_read_for_its_codes_and_text():
    reply = parse(b"250-2.0.0 first\r\n250 2.0.0 second\r\n")
    assert (reply.code, reply.enhanced, reply.text) == (250, "2.0.0", "2.0.0 first 2.0.0 second")
    assert reply.raw == b"250-2.0.0 first\r\n250 2.0.0 second\r\n"
    assert parse(b"250\r\n").enhanced is None


@pytest.mark.parametrize(
    ("raw", "id_"),
    [
        (b"250 2.0.0 Ok: queued as 4Q1y2n3KzBz9vQ\r\n", "4Q1y2n3KzBz9vQ"),
        (b"250 OK id=1tEYZa-0004Xb-2V\r\n", "1tEYZa-0004Xb-2V"),
        (b"250 2.0.0 4AM1abcd012345 Message accepted for delivery\r\n", "4AM1abcd012345"),
        (b"250 2.6.0 <x@y> [InternalId=12345, Hostname=h] Queued mail\r\n", "12345"),
        (b"250 thanks\r\n", None),
    ],
)
def test_the_next_hops_queue_id_is_found(raw, id_):
    assert queue_id(parse(raw)) == id_
