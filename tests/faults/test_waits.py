"""Peers that keep silent, and a next hop that speaks unasked after a long time.

A gateway in a hurry (``hasty.py``): its own waits are minutes. All silences are kept at the same
time, by one session each, and each is looked at in a test of its own.
"""

import itertools
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

KINDS = {"unmatched": False, "matched": True}
matched_or_not = pytest.mark.parametrize("is_matched", KINDS.values(), ids=KINDS)

# Where the next hop hangs, and how much of `Letter.script` it has heard when it does.
HANGS = {
    "before its banner": ({"at": "banner"}, 0),
    "at EHLO": ({"at": "EHLO"}, 1),
    "at MAIL": ({"at": "MAIL"}, 2),
    "at RCPT": ({"at": "RCPT"}, 3),
    "in its reply to RCPT": ({"at": "RCPT", "say": "250 2."}, 3),
    "at DATA": ({"at": "DATA"}, 4),
    "in its 354": ({"at": "DATA", "say": "354 g"}, 4),
    "in the content": ({"at": "content", "bytes": 100, "do": "deaf"}, 6),
    "at the dot": ({"at": "dot", "keeps": False}, 7),
    "at the dot, having kept the message": ({"at": "dot"}, 7),
    "in its reply to the dot": ({"at": "dot", "say": "250 2.0.0 O"}, 7),
    "at QUIT": ({"at": "QUIT"}, 8),
}
DOUBLED = ("at the dot, having kept the message", "in its reply to the dot")

# Where the client falls silent for good: how much of the script it has said, and the beginning
# of what comes next.
SILENCES = {
    "after the banner": (0, b""),
    "in a command": (1, b"MAIL FRO"),
    "after EHLO": (1, b""),
    "after MAIL": (2, b""),
    "after RCPT": (3, b""),
    "after the 354": (4, b""),
    "in the content": (5, b""),
    "in the dot": (6, b".\r"),
    "after the message": (7, b""),
}

# The same in `Letter.chunks`: how much of them it has said, and how much of the next one.
CHUNK_SILENCES = {
    "in the first chunk": (3, -10),
    "after the first chunk": (4, 0),
    "in the last chunk": (4, -10),
}

# What the next hop says unasked after the idle time, and when.
SURPRISES = {
    "421 and closes": {"say": "421 4.4.2 next.example timeout\r\n", "do": "close"},
    "421 and stays": {"say": "421 4.4.2 next.example timeout\r\n", "do": "hang"},
    "a stray 250": {"say": "250 2.0.0 Ok: queued as 4STRAY\r\n", "do": "hang"},
    "half a reply": {"say": "250 2.0", "do": "close"},
    "no SMTP": {"say": "HTTP/1.1 400 Bad Request\r\n", "do": "hang"},
    "nothing, and closes": {"do": "close"},
}
IDLE_AT = {"after banner": 0, "after EHLO": 1, "after RCPT": 3, "after dot": 7}
IDLE_SECONDS = 2  # longer than a next hop may be silent when it is asked


@dataclass
class Play:
    """One session: who is in it, and what the client was told."""

    books: object
    letter: object
    session: object
    raw: bytes = b""

    @property
    def words(self) -> bytes:
        """What the gateway said by itself."""
        return self.raw.removeprefix(self.session.replies)

    # What may happen in it.

    def hang(self, place: str) -> None:
        if place == "in the content":
            self.letter.size = 500_000
        self.letter.doubles = int(place in DOUBLED)
        self.raw = self.books.deliver(self.letter).raw

    def be_silent(self, step: int, more: bytes) -> None:
        with self.books.connect() as client:
            client.reply()
            final = client.walk(self.letter.script[:step])
            client.say(more)
            self.raw = client.end()
            self.books.note(self.letter, client, final if step == 7 else b"")

    def be_silent_in_chunks(self, step: int, cut: int) -> None:
        with self.books.connect() as client:
            client.reply()
            client.walk(self.letter.chunks[:step])
            client.say(self.letter.chunks[step][:cut])
            self.raw = client.end()
            self.books.note(self.letter, client)

    def be_idle(self, step: int, noops: int = 0) -> None:
        with self.books.connect() as client:
            client.reply()
            final = client.walk(self.letter.script[:step])
            for _ in range(noops):
                time.sleep(0.9)
                assert client.ask(b"NOOP\r\n") == self.books.usual["NOOP"]
            time.sleep(IDLE_SECONDS)
            self.session.go()
            self.raw = client.end()
            self.books.note(self.letter, client, final if step == 7 else b"")

    def be_slow(self) -> None:
        with ThreadPoolExecutor(1) as client:
            told = client.submit(self.books.deliver, self.letter)
            self.session.hears(b"".join(self.letter.script[:7]))
            time.sleep(IDLE_SECONDS)
            self.session.go()
            self.raw = told.result().raw


def programme():
    """All plays: name, whether it is matched, the next hop's plan, what happens."""
    for is_matched in KINDS.values():
        for place, (plan, _) in HANGS.items():
            yield place, is_matched, {"do": "hang"} | plan, (Play.hang, place)
        for place, part in SILENCES.items():
            yield f"{place}, silent", is_matched, {}, (Play.be_silent, *part)
        for place, part in CHUNK_SILENCES.items():
            yield f"{place}, silent", is_matched, {}, (Play.be_silent_in_chunks, *part)
        alive = {"at": "after NOOP", "nth": 3, "waits": True} | SURPRISES["421 and closes"]
        yield "alive", is_matched, alive, (Play.be_idle, 1, 3)
        yield "slow", is_matched, {"at": "dot", "waits": True}, (Play.be_slow,)
    for (at, step), (what, plan) in itertools.product(IDLE_AT.items(), SURPRISES.items()):
        yield f"{at}, {what}", step > 1, plan | {"at": at, "waits": True}, (Play.be_idle, step)


@pytest.fixture(scope="module")
def books(start_hasty, keep_books):
    with keep_books(start_hasty()) as books:
        yield books


@pytest.fixture(scope="module")
def plays(books, until):
    """All plays, when they are over."""
    begun = {}
    with ThreadPoolExecutor(256) as pool:
        for name, is_matched, plan, (work, *arguments) in programme():
            play = Play(books, books.letter(is_matched=is_matched), books.hop.plan(**plan))
            playing = pool.submit(work, play, *arguments)
            # The next session's plan is the next play's.
            until(lambda play=play, playing=playing: play.session.has_begun or playing.done())
            begun[name, is_matched] = play, playing
        yield {key: playing.result() or play for key, (play, playing) in begun.items()}


@matched_or_not
@pytest.mark.parametrize("place", HANGS)
def test_r20_the_next_hop_hangs(plays, books, place, is_matched):
    play = plays[place, is_matched]
    plan, count = HANGS[place]
    if count == 0:
        assert play.words == books.ours.NO_HOP
    elif plan["at"] in ("content", "dot"):
        assert play.words == books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE
    else:
        assert play.words == books.ours.HOP_GONE
    if place == "in the content":
        # What the kernel had taken is still to be read; it is half a message, and ends so.
        play.session.go()
    assert play.session.end() in ("eof", "reset")
    script, heard = b"".join(play.letter.script[:count]), play.session.heard
    assert script.startswith(heard) if place == "in the content" else heard == script
    expected = {"dot": ["unknown"], "QUIT": ["delivered"]}.get(plan["at"], [])
    assert books.outcomes(play.letter)[:1] == expected * is_matched


@matched_or_not
@pytest.mark.parametrize("place", SILENCES)
def test_r08_r20_the_client_falls_silent(plays, books, place, is_matched):
    play = plays[f"{place}, silent", is_matched]
    count, _ = SILENCES[place]
    assert play.words == books.ours.TIMED_OUT
    assert play.session.heard == b"".join(play.letter.script[:count])
    assert play.session.end() in ("eof", "reset")
    assert books.outcomes(play.letter) == ["delivered"] * (is_matched and count == 7)


@matched_or_not
@pytest.mark.parametrize("place", CHUNK_SILENCES)
def test_r08_r20_the_client_falls_silent_in_a_message_of_chunks(plays, books, place, is_matched):
    """It is the client's turn, though the next hop owes a reply: nobody blames the hop for it."""
    play = plays[f"{place}, silent", is_matched]
    count, cut = CHUNK_SILENCES[place]
    assert play.words == books.ours.TIMED_OUT
    chunks = play.letter.chunks
    assert play.session.heard == b"".join(chunks[:count]) + chunks[count][:cut]
    assert play.session.end() in ("eof", "reset")
    assert books.outcomes(play.letter) == []


@pytest.mark.parametrize("what", SURPRISES)
@pytest.mark.parametrize("at", IDLE_AT)
def test_r20_the_next_hop_speaks_first_after_an_idle_time(plays, books, at, what):
    """Its own 421 is passed on; of all else the client gets not a byte, but a 421 of ours."""
    play = plays[f"{at}, {what}", IDLE_AT[at] > 1]
    said = play.session.said
    if "421" in what:
        assert play.raw == said
    else:
        said = said.removesuffix(SURPRISES[what].get("say", "").encode())
        assert play.raw == said + books.ours.HOP_GONE
    assert play.session.heard == b"".join(play.letter.script[: IDLE_AT[at]])
    assert play.session.end() in ("close", "eof")


@matched_or_not
def test_r20_it_speaks_first_to_a_client_that_kept_its_connection_alive(plays, is_matched):
    """For longer than any wait: what is counted is silence, not time."""
    play = plays["alive", is_matched]
    assert play.raw == play.session.said
    assert play.raw.count(b"421 ") == 1


@matched_or_not
def test_r20_the_reply_to_the_dot_may_take_longer(plays, books, is_matched):
    play = plays["slow", is_matched]
    assert play.raw == play.session.said
    assert books.usual["dot"] in play.raw


@pytest.fixture(scope="module")
def nobody_answers():
    """A port whose queue is full: a connection is neither taken nor refused there."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(address)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, 0.2)
        yield address[1]


def test_r06_r20_the_next_hop_hangs_at_the_connection(nobody_answers, start_hasty, keep_books):
    """The next in order is asked; where it is not there either, the client is told."""
    with keep_books(start_hasty(nobody_answers)) as books:
        letter = books.letter(is_matched=True)
        assert books.deliver(letter).final == books.usual["dot"]
        books.hop.kill()
        assert books.deliver(letter).raw == books.ours.NO_HOP
        books.hop.start()
