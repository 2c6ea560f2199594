"""The next hop fails: what becomes of the message, what the client and the ledger are told.

After each test the books are closed (``conftest.py``): the message is sent again where nobody
took it, and must then be at the next hop, whole, once, and in the ledger as it should be.
"""

import itertools

import pytest

matched_or_not = pytest.mark.parametrize("is_matched", [False, True], ids=["unmatched", "matched"])
WAYS = ("in turns", "pipelined", "at once")

# Where it ends: the plan of its session, and how much of `Letter.script` it has heard by then
# from a client that waits for each reply.
ENDS = {
    "before its banner": ({"at": "banner"}, 0),
    "in its banner": ({"at": "banner", "say": "220 nex"}, 0),
    "at EHLO": ({"at": "EHLO"}, 1),
    "in its reply to EHLO": ({"at": "EHLO", "say": "250-next.example\r\n250-PIPE"}, 1),
    "at MAIL": ({"at": "MAIL"}, 2),
    "at RCPT": ({"at": "RCPT"}, 3),
    "in its reply to RCPT": ({"at": "RCPT", "say": "250 2."}, 3),
    "at DATA": ({"at": "DATA"}, 4),
    "in its 354": ({"at": "DATA", "say": "354 g"}, 4),
    "after its 354": ({"at": "after DATA"}, 4),
    "in the content": ({"at": "content"}, 5),
    "before the dot": ({"at": "content"}, 6),
    "at the dot": ({"at": "dot", "keeps": False}, 7),
    "at the dot, having kept the message": ({"at": "dot"}, 7),
    "in its reply to the dot": ({"at": "dot", "say": "250 2.0.0 O"}, 7),
    "at QUIT": ({"at": "QUIT"}, 8),
    "after the message": ({"at": "after dot"}, 7),
}
DOUBLED = ("at the dot, having kept the message", "in its reply to the dot")

# The same for a message in chunks.
CHUNK_ENDS = {
    "at the first chunk": ({"at": "BDAT"}, 4),
    "in the first chunk": ({"at": "content", "bytes": 40}, 4),
    "in its reply to the first chunk": ({"at": "BDAT", "say": "250 2."}, 4),
    "after the first chunk": ({"at": "after BDAT"}, 4),
    "at the last chunk": ({"at": "dot", "keeps": False}, 5),
    "at the last chunk, having kept the message": ({"at": "dot"}, 5),
}

# Where it says 421 in place of a reply, or unasked.
GOODBYES = {
    "as its banner": ({"at": "banner"}, 0),
    "to EHLO": ({"at": "EHLO"}, 1),
    "to MAIL": ({"at": "MAIL"}, 2),
    "to RCPT": ({"at": "RCPT"}, 3),
    "to DATA": ({"at": "DATA"}, 4),
    "after its 354": ({"at": "after DATA"}, 4),
    "in the content": ({"at": "content"}, 5),
    "before the dot": ({"at": "content"}, 6),
    "to the dot": ({"at": "dot", "keeps": False}, 7),
    "to QUIT": ({"at": "QUIT"}, 8),
}

PLACES = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "dot", "QUIT")


def planned(plan, heard, letter):
    """The plan with its place in this letter's content."""
    if plan["at"] == "content" and "bytes" not in plan:
        return plan | {"bytes": len(b"".join(letter.script[4:heard]))}
    return plan


@matched_or_not
@pytest.mark.parametrize(("end", "way"), [*(("die", way) for way in WAYS), ("reset", "in turns")])
@pytest.mark.parametrize("place", ENDS)
def test_r07_r08_the_next_hop_ends(books, place, end, way, is_matched):
    letter = books.letter(is_matched=is_matched)
    letter.doubles = int(place in DOUBLED)
    plan, heard = ENDS[place]
    plan = planned(plan, heard, letter) | {"do": end}
    session = books.hop.plan(**plan)
    told = books.deliver(letter, way, books.pause(session, plan))
    assert session.end() == ("killed" if end == "die" else "reset")
    in_content = plan["at"] in ("content", "after DATA")

    # The client: every whole reply of the next hop's, then books.ours.
    words = told.raw.removeprefix(session.replies)
    if plan["at"] == "banner":
        assert words == books.ours.NO_HOP
    elif in_content or plan["at"] == "dot":
        assert words in (
            books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE,
            books.ours.HOP_LOST + books.ours.HOP_GONE,
        )
    else:
        assert words == books.ours.HOP_GONE

    # The next hop: what the client said, no byte else, and no dot before its time.
    assert b"".join(letter.script).startswith(session.heard)
    if way == "in turns":
        assert session.heard.removesuffix(b"QUIT\r\n") == b"".join(letter.script[:heard][:7])

    # The ledger: an event for what was released, and how that ended.
    outcomes = books.outcomes(letter)
    if not is_matched or heard < 4:
        assert outcomes == []
    elif plan["at"] == "dot":
        assert outcomes == ["unknown"]
    elif plan["at"] in ("QUIT", "after dot"):
        assert outcomes == ["delivered"]
    elif in_content and way != "in turns":
        # It may end while the event is written, and even while the dot is on its way.
        assert outcomes in ([], ["failed"], ["unknown"])
    else:
        assert outcomes == []


@matched_or_not
@pytest.mark.parametrize("place", CHUNK_ENDS)
def test_r07_the_next_hop_dies_in_a_message_of_chunks(books, place, is_matched):
    letter = books.letter(is_matched=is_matched)
    letter.doubles = int("kept" in place)
    plan, heard = CHUNK_ENDS[place]
    session = books.hop.plan(**plan, do="die")
    told = books.deliver(letter, "in chunks", books.pause(session, plan))
    assert session.end() == "killed"
    assert b"".join(letter.chunks[:heard]).startswith(session.heard)
    words = told.raw.removeprefix(session.replies)
    outcomes = books.outcomes(letter)
    if plan["at"] == "dot":
        assert words == books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE
        assert outcomes == ["unknown"] * is_matched
    elif plan["at"] == "content":
        assert words == books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE
        assert outcomes == []
    else:
        # Behind a chunk it may be gone before the next one is begun, or after.
        assert words in (books.ours.HOP_GONE, books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE)
        assert outcomes in ([], ["failed"], ["unknown"])


@matched_or_not
@pytest.mark.parametrize(
    ("then", "way"), [("close", "in turns"), ("close", "pipelined"), ("hang", "in turns")]
)
@pytest.mark.parametrize("place", GOODBYES)
def test_r07_the_next_hop_says_421(books, place, then, way, is_matched):
    if place == "as its banner":
        # QUIT would find nobody: the wait for its reply is tested with the others.
        then = "close"
    letter = books.letter(is_matched=is_matched)
    plan, heard = GOODBYES[place]
    plan = planned(plan, heard, letter) | {"do": then}
    session = books.hop.plan(**plan, say="421 4.3.2 next.example is going down\r\n")
    told = books.deliver(letter, way, books.pause(session, plan))
    # Where it stays, we leave.
    assert session.end() == ("close" if then == "close" else "eof")
    assert session.replies.endswith(b"421 4.3.2 next.example is going down\r\n")
    words = told.raw.removeprefix(session.replies)
    if plan["at"] == "banner":
        assert words in (b"", books.ours.HOP_GONE)
    elif plan["at"] in ("content", "after DATA"):
        assert words in (b"", books.ours.FOLLOWS_FAILURE)
    else:
        assert words == b""
    assert b"".join(letter.script).startswith(session.heard)
    if way == "in turns":
        late = (b"", letter.script[4]) if plan["at"] == "after DATA" else (b"",)
        assert session.heard.removeprefix(b"".join(letter.script[:heard])) in late
    outcomes = set(books.outcomes(letter))
    if plan["at"] == "dot" and is_matched:
        assert outcomes == {"failed"}
    assert outcomes <= ({"delivered"} if plan["at"] == "QUIT" else {"failed"})


@matched_or_not
@pytest.mark.parametrize("way", [*WAYS, "in chunks"])
def test_r01_replies_in_packets_of_one_byte(books, way, is_matched):
    letter = books.letter(is_matched=is_matched)
    session = books.hop.plan(is_dripping=True)
    told = books.deliver(letter, way)
    assert told.final == books.usual["dot"]
    assert told.raw == session.said
    assert session.end() == "quit"


@matched_or_not
@pytest.mark.parametrize("way", [*WAYS, "in chunks"])
def test_r01_replies_of_sixty_lines(books, way, is_matched):
    letter = books.letter(is_matched=is_matched)
    long = {
        place: b"".join(b"%s-line %d of a long reply\r\n" % (reply[:3], n) for n in range(59))
        + reply.splitlines(keepends=True)[-1]
        for place, reply in books.usual.items()
    }
    session = books.hop.plan(replies={place: text.decode() for place, text in long.items()})
    told = books.deliver(letter, way)
    # Of EHLO's reply the lines stay that are keywords which we offer: CHUNKING, and its first.
    ehlo = long["EHLO"].splitlines(keepends=True)
    assert told.raw == session.said.replace(long["EHLO"], ehlo[0] + ehlo[-1])
    assert told.final == long["dot"]
    assert told.final.count(b"\r\n") == 60


@matched_or_not
@pytest.mark.parametrize("place", PLACES)
def test_r01_a_refusal_is_the_next_hops_own(books, place, is_matched):
    """A 5xx is passed on where it was said, and nobody makes another of it."""
    letter = books.letter(is_matched=is_matched)
    refusal = "554 5.7.1 not today\r\n"
    session = books.hop.plan(at=place, say=refusal, do="listen", keeps=False)
    told = books.deliver(letter)
    # A QUIT that was refused ends nothing: then the next hop does, in its own time.
    farewell = books.ours.HOP_GONE if place == "QUIT" else b""
    assert told.raw == session.said + farewell
    assert told.raw.count(refusal.encode()) == 1


@matched_or_not
@pytest.mark.parametrize("end", ["die", "reset", "close"])
def test_r07_it_ends_while_a_big_message_is_on_its_way(books, end, is_matched):
    """The client is writing, and nobody reads any more: it is read to its end, and told."""
    letter = books.letter(is_matched=is_matched, size=300_000)
    session = books.hop.plan(at="content", bytes=100_000, do=end)
    told = books.deliver(letter)
    assert told.raw == session.replies + books.ours.HOP_LOST + books.ours.FOLLOWS_FAILURE
    assert b"".join(letter.script[:6]).startswith(session.heard)
    # What the kernel holds may have been all of it, to the dot: then it has its event, and where
    # the dot went into a connection that was dead already, nobody can know more.
    assert books.outcomes(letter) in ([], ["failed"], ["unknown"])


def test_r06_r07_all_of_it_dies_with_sessions_at_every_step(books, clients):
    """A power cut at the next hop: nobody is left waiting, and its return is noticed at once."""
    waiting = []
    for step, is_matched in itertools.product(range(8), (False, True)):
        letter = books.letter(is_matched=is_matched)
        session = books.hop.next_session()
        client = clients()
        assert client.reply() == books.usual["banner"]
        final = client.walk(letter.script[:step])
        session.hears(b"".join(letter.script[:step]))
        waiting.append((step, letter, client, session))
        books.note(letter, client, final if step == 7 else b"")
    books.hop.kill()
    for step, letter, client, session in waiting:
        is_in_content = 4 <= step < 7
        if is_in_content:
            client.say(b"".join(letter.script[step:]))
        words = client.end().removeprefix(session.replies)
        ours = books.ours
        # Where the content's end came before the death was noticed, QUIT was on its way already.
        in_content = (ours.HOP_LOST + ours.FOLLOWS_FAILURE, ours.HOP_LOST + ours.HOP_GONE)
        assert words in (in_content if is_in_content else (ours.HOP_GONE,))
    assert books.deliver(waiting[0][1]).raw == books.ours.NO_HOP
    books.hop.start()
