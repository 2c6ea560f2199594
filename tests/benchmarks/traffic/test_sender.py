import itertools
import socket
import statistics
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.host.child import BenchmarkError
from benchmarks.traffic import errand
from benchmarks.traffic.order import Order, timetable
from benchmarks.traffic.sender import HELLO, DialogueError, Link


def an_order(port, content, **others):
    usual = {"sessions": 20, "is_kept": True, "messages": 200, "rate": 200.0}
    ends = {"sender": "alice@example.edu", "recipient": "bob@example.org", "content": content}
    return Order(port=port, **{**usual, **ends, **others})


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_second_of_mail_keeps_to_its_timetable(next_hop, letter, is_kept):
    order = an_order(next_hop, letter, is_kept=is_kept)
    sent = errand.done(order)
    assert len(sent.latencies) == len(sent.delays) == 200
    # Nothing goes before it is due, and no reply comes before its message went.
    assert all(0 <= delay < took for delay, took in zip(sent.delays, sent.latencies, strict=True))
    assert sent.seconds >= timetable(200, 200.0, order.seed)[-1]
    assert 1 <= sent.most_in_content <= order.sessions


def test_without_a_rate_every_message_goes_as_soon_as_a_session_is_free(next_hop, letter):
    sent = errand.done(an_order(next_hop, letter, rate=None, sessions=5, messages=50))
    assert len(sent.latencies) == 50
    assert sent.delays == sorted(sent.delays)


def test_large_messages_go_in_pieces_all_at_once(next_hop, tmp_path):
    file = tmp_path / "large"
    file.write_bytes(b"x" * 78 + b"\r\n" + (b"y" * 78 + b"\r\n") * 100_000)
    sent = errand.done(an_order(next_hop, str(file), rate=None, sessions=3, messages=3))
    assert len(sent.latencies) == sent.most_in_content == 3


def test_latency_counts_from_when_a_message_was_due(letter):
    """A next hop that stalls once delays all that fall due meanwhile, and each of them shows it."""
    stall = 0.5
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=stalling, args=(server, stall))
        thread.start()
        port = server.getsockname()[1]
        sent = errand.done(an_order(port, letter, sessions=1, messages=50, rate=100.0))
        thread.join()
    due = timetable(50, 100.0, 0)
    during = [
        took for at, took in zip(due, sent.latencies, strict=True) if due[0] < at < due[0] + stall
    ]
    # About fifty a second and session: most of the fifty fell due in the stall.
    assert len(during) > 20
    assert statistics.median(during) > stall / 4


def stalling(server, seconds):
    """One client; the reply to its first message comes late."""
    client, _ = server.accept()
    stop = threading.Event()
    with client, client.makefile("rb") as lines:
        client.sendall(b"220 hello\r\n")
        is_content, is_first = False, True
        for line in lines:
            if is_content and line != b".\r\n":
                continue
            if is_content:
                if is_first:
                    stop.wait(seconds)
                    is_first = False
                is_content = False
                client.sendall(b"250 taken\r\n")
            elif line.startswith(b"DATA"):
                is_content = True
                client.sendall(b"354 go on\r\n")
            elif line.startswith(b"QUIT"):
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250-several\r\n250 lines\r\n")


def test_an_unexpected_reply_is_told(letter):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse():
            client, _ = server.accept()
            with client:
                client.sendall(b"421 too many of you\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        order = an_order(server.getsockname()[1], letter, sessions=1, messages=1)
        with pytest.raises(BenchmarkError, match="said '421 too many of you' where 220 was due"):
            errand.done(order)
        thread.join()


def test_where_nobody_listens_it_says_so(letter):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(BenchmarkError, match=f"port {port}: .*refused"):
            errand.done(an_order(port, letter))


def test_silence_has_an_end(letter):
    with socket.create_server(("127.0.0.1", 0)) as server:
        order = an_order(server.getsockname()[1], letter, sessions=1, patience=0.1)
        with pytest.raises(BenchmarkError, match=r"said nothing for 0\.1 seconds"):
            errand.done(order)


def test_who_leaves_early_breaks_it_off(next_hop, letter):
    with errand.begun(an_order(next_hop, letter, rate=1.0)) as process:
        pass
    assert process.returncode is not None


REPLY = b"250-one\r\n250-two\r\n250 three\r\n"


@given(st.lists(st.integers(1, len(REPLY) - 1), unique=True).map(sorted))
def test_a_reply_is_whole_at_its_last_line_however_it_is_split(cuts):
    with_ends = [0, *cuts, len(REPLY)]
    pieces = [REPLY[a:b] for a, b in itertools.pairwise(with_ends)]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        link = Link(ours)
        link.step = HELLO
        assert not link.replied()
        answers = []
        for piece in pieces:
            theirs.sendall(piece)
            answers.append(link.replied())
    assert answers == [False] * (len(pieces) - 1) + [True]


def test_a_hang_up_is_told():
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(0)
        theirs.close()
        with pytest.raises(DialogueError, match="hung up where 220 was due"):
            Link(ours).replied()
