"""Every form around a dot, at every split: the scanner and the session against the oracle.

It is exhaustive up to a length; ``--hypothesis-profile=long`` goes further.
"""

import runpy
from pathlib import Path

import pytest
from hypothesis import settings

from gateway.smtp import own_replies
from gateway.smtp.content import TERMINATOR, ContentScanner, Scan
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.session import Session

HERE = Path(__file__).parent
oracle = runpy.run_path(str(HERE / "oracle.py"))
streams = runpy.run_path(str(HERE / "streams.py"))
lone_dots, verdict, believed = oracle["lone_dots"], oracle["verdict"], oracle["believed"]
splits, single_bytes, in_any_pieces = (
    streams[name] for name in ("splits", "single_bytes", "in_any_pieces")
)
hop_of = runpy.run_path(str(HERE / "hop.py"))
Hop, BANNER, OK, QUEUED = (hop_of[name] for name in ("Hop", "BANNER", "OK", "QUEUED"))
NAMED, HONEST, FORGED = streams["NAMED"], streams["HONEST"], streams["FORGED"]
FAMILIES = {
    "around a dot": (streams["around_a_dot"], {"scanner": 3, "session": 2, "long": 4}),
    "of all bytes": (streams["strings"], {"scanner": 5, "session": 3, "long": 6}),
}
families = pytest.mark.parametrize("family", FAMILIES)
places = pytest.mark.parametrize(
    ("before", "after"), streams["PLACES"].values(), ids=streams["PLACES"]
)
MAIL = b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"


def members(family, level):
    """The strings of a family, as many as there is time for."""
    make, longest = FAMILIES[family]
    is_long = settings().max_examples > 1000
    return make(longest["long"] if is_long and level == "scanner" else longest[level] + is_long)


def scanned(pieces, *, refuse=True):
    """Whether it is honest; the whole content; what may have gone on; what is behind the end."""
    scanner, passed, safe, pieces = (
        ContentScanner(refuse_lookalikes=refuse),
        b"",
        None,
        iter(pieces),
    )
    for piece in pieces:
        scan = scanner.feed(piece)
        if scan is Scan.LOOKALIKE:
            assert safe is None
            assert scanner.passed == b""
            safe = passed
            scanner.ignore_lookalikes()
            scan = scanner.feed(piece)
        passed += scanner.passed
        if scan is Scan.END:
            rest = scanner.rest + b"".join(pieces)
            return safe is None, passed, passed if safe is None else safe, rest
    raise AssertionError("the end was not found")


def assert_scanned(pieces, expected, *, refuse=True):
    is_honest, content, safe, rest = scanned(pieces, refuse=refuse)
    assert (is_honest, content, rest) == (expected.is_honest, expected.content, expected.rest)
    assert expected.safe.startswith(safe)
    assert len(safe) == len(expected.safe) or not is_honest


# The oracle itself, by example: it is no better than its reader.


@pytest.mark.parametrize("form", NAMED.values(), ids=NAMED)
def test_r10_to_the_oracle_each_known_form_is_a_lookalike(form):
    stream = b"text" + form + FORGED
    expected = verdict(stream)
    assert not expected.is_honest
    assert expected.content == stream.removesuffix(TERMINATOR)
    assert lone_dots(expected.safe) == []
    assert len(lone_dots(expected.safe + b"\n")) == 1
    # What it is about: somebody takes two messages from one.
    first, second = believed(MAIL + stream)
    assert first.content in (b"text\r\n", b"text\r\r\n", b"text\n", b"text\r", b"text\r\0\n")
    assert second.envelope == [b"MAIL FROM:<rector@example.edu>", b"RCPT TO:<victim@example.org>"]


@pytest.mark.parametrize("form", HONEST.values(), ids=HONEST)
def test_r10_to_the_oracle_what_is_only_sloppy_is_honest(form):
    content = b"text" + form
    expected = verdict(content + b"\r\n.\r\nRSET\r\n")
    assert expected == (True, content + b"\r\n", content + b"\r\n", b"RSET\r\n")
    assert len(believed(MAIL + content + b"\r\n.\r\n")) == 1


# The scanner.


@places
@families
def test_r09_r10_the_scanner_agrees_with_the_oracle_at_every_split(family, before, after):
    for core in members(family, "scanner"):
        stream = before + core + after
        expected = verdict(stream)
        assert_scanned([stream], expected)
        assert_scanned(single_bytes(stream), expected)
        for pieces in splits(before, core, after):
            assert_scanned(pieces, expected)


@places
@families
def test_r09_where_lookalikes_pass_the_end_is_found_all_the_same(family, before, after):
    for core in members(family, "session"):
        stream = before + core + after
        expected = verdict(stream, refuse=False)
        assert expected.is_honest
        assert_scanned(single_bytes(stream), expected, refuse=False)
        for pieces in splits(before, core, after):
            assert_scanned(pieces, expected, refuse=False)


@places
@pytest.mark.parametrize("form", [*NAMED.values(), *HONEST.values()], ids=[*NAMED, *HONEST])
def test_r09_r10_known_forms_are_judged_alike_in_any_pieces(form, before, after):
    form = form[:9]  # 1,024 ways to cut that and its neighbours are enough
    expected = verdict(before + form + after)
    for pieces in in_any_pieces(before, form, after):
        assert_scanned(pieces, expected)


# The session: what the next hop hears, and what the client.


def played(pieces, *, watch, refuse=True):
    """A message through a session: its hop, what the client was told, if the hop was let go."""
    session, hop, told, was_dropped = Session(refuse_lookalikes=refuse), Hop(), [], False
    session.receive_from_next_hop(BANNER)
    for piece in (MAIL, *pieces):
        session.receive_from_client(piece)
        while True:
            if session.to_next_hop:
                # Once it is let go, nothing more goes to it.
                assert not was_dropped
                said = hop.hear(b"".join(session.to_next_hop))
                session.to_next_hop.clear()
                was_dropped = session.drop_next_hop
                if said and not was_dropped:
                    session.receive_from_next_hop(said)
            elif session.moment is Moment.ENVELOPE:
                session.start_content(is_matched=watch)
            elif session.moment is Moment.CONTENT_ENDED:
                session.release_dot()
            elif session.moment is Moment.REPLIED:
                session.send_final_reply()
            else:
                break
        was_dropped = session.drop_next_hop
        told += session.to_client
        session.to_client.clear()
    return hop, b"".join(told), was_dropped


TO_DATA = BANNER + OK * 2 + hop_of["GO_AHEAD"]


def is_of_commands(rest):
    """Whether all that stands behind the end goes on: the rest is a matter of other tests."""
    return rest in (b"", FORGED, b"RSET\r\n")


def assert_played(pieces, expected, *, watch):
    hop, told, was_dropped = played(pieces, watch=watch)
    heard, stream = hop.heard.removeprefix(MAIL), b"".join(pieces)
    if expected.is_honest:
        assert heard.startswith(expected.content + TERMINATOR)
        assert told.startswith(TO_DATA + QUEUED)
        if is_of_commands(expected.rest):
            assert heard == stream
            assert not was_dropped
    else:
        assert expected.safe.startswith(heard)
        assert lone_dots(heard) == []
        assert believed(hop.heard) == []
        assert told == TO_DATA + own_replies.LOOKALIKE + (
            own_replies.FOLLOWS_FAILURE if expected.rest else b""
        )
        assert was_dropped


@pytest.mark.parametrize("watch", [False, True], ids=["unmatched", "matched"])
@places
@families
def test_r02_r10_the_next_hop_hears_all_of_an_honest_message_and_no_lone_dot_of_another(
    family, before, after, watch
):
    for core in members(family, "session"):
        stream = before + core + after
        expected = verdict(stream)
        assert_played(single_bytes(stream), expected, watch=watch)
        for pieces in splits(before, core, after):
            assert_played(pieces, expected, watch=watch)
