"""The content scanner against its own theory, whole and at every split."""

import itertools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.smtp.content import HEADER_LIMIT, TERMINATOR, ContentScanner, HeaderCapture, Scan

LOOKALIKES = [
    b"\n.\n",
    b"\n.\r",
    b"\n.\r\n",
    b"\r.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\rX",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n\0\0.\0\0\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\0\n.\r\n",
    b"\0\r.\r\n",
]

HONEST = [
    b"\r\n. x\r\n",
    b"\r\n..\r\n",
    b"\n..\n",
    b"\n. \n",
    b"x.\r\n",
    b"x\0.\r\n",
    b"\r\n.\0x\r\n",
    b"\r\n\r\n\n\n",
    b"a\nb\nc",
    b"\0\0\0",
    b"\r\r\r",
    b"\r\n\0x.\r\n",
]


def reference(data: bytes, *, refuse: bool = True) -> tuple[Scan, bytes, bytes]:
    """The definition in the words of R10, a whole message at once; independent of the automaton.

    Gives the verdict, the content before the terminator and what follows it.
    """
    stream = b"\r\n" + data
    dot = 1
    while (dot := stream.find(b".", dot + 1)) != -1:
        left = dot
        while stream[left - 1 : left] == b"\0":
            left -= 1
        if stream[left - 1 : left] not in (b"\r", b"\n"):
            continue
        right = dot + 1
        while stream[right : right + 1] == b"\0":
            right += 1
        end = stream[right : right + 1]
        if end not in (b"\r", b"\n"):
            continue
        exact = stream[dot - 2 : dot] == b"\r\n" and stream[dot + 1 : dot + 2] == b"\r"
        if exact and len(stream) == dot + 2:
            return Scan.MORE, data, b""  # the LF may still come
        if exact and stream[dot + 2 : dot + 3] == b"\n":
            return Scan.END, stream[2:dot], stream[dot + 3 :]
        if refuse:
            return Scan.LOOKALIKE, b"", b""
    return Scan.MORE, data, b""


def run(chunks, *, refuse=True):
    scanner = ContentScanner(refuse_lookalikes=refuse)
    passed, chunks = b"", iter(chunks)
    for chunk in chunks:
        if not chunk:
            continue
        scan = scanner.feed(chunk)
        passed += scanner.passed
        if scan is not Scan.MORE:
            return scan, passed, scanner.rest + b"".join(chunks)
    return Scan.MORE, passed, b""


def splits(data, cuts):
    places = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places)]


hostile = st.lists(
    st.sampled_from([b"\r", b"\n", b".", b"\0", b"x", b"\r\n", b"\r\n.", b"\0\0\0", b"xyz"]),
    max_size=24,
).map(b"".join)


@given(hostile, st.lists(st.integers(0, 99), max_size=6), st.booleans())
@example(b"\r\n.\r\n", [], True)
@example(b".\r\n", [1, 2], True)
@example(b"\0.\r\n", [1], True)
@example(b"x\n.\r\r\n.\r\n", [3], False)
def test_r09_r10_the_fast_scan_equals_the_definition_at_any_split(data, cuts, refuse):
    expected, content, rest = reference(data, refuse=refuse)
    scan, passed, after = run(splits(data, cuts), refuse=refuse)
    assert scan is expected
    if scan is Scan.END:
        assert (passed, after) == (content, rest)
    elif scan is Scan.MORE:
        # Only a terminator's beginning may be kept back.
        assert content.startswith(passed)
        assert content[len(passed) :] in (b"", b".", b".\r")


@given(hostile)
def test_r09_byte_by_byte_equals_whole(data):
    whole = run([data])
    single = run(data[i : i + 1] for i in range(len(data)))
    assert whole[0] is single[0]
    if whole[0] is not Scan.LOOKALIKE:
        assert whole == single


@pytest.mark.parametrize("before", [b"", b"Subject: x\r\n\r\ntext", b"x" * 70000])
@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_r10_every_lookalike_is_found_at_every_split(lookalike, before):
    data = before + lookalike + b" after\r\n.\r\n"
    for cut in range(len(before), len(data)):
        scanner = ContentScanner()
        chunks = [chunk for chunk in (data[:cut], data[cut:]) if chunk]
        sent = b""
        while (scan := scanner.feed(chunks[0])) is Scan.MORE:
            sent += scanner.passed
            chunks.pop(0)
        assert scan is Scan.LOOKALIKE
        assert scanner.passed == b""
        # What went on is a true beginning that ends before the look-alike's closing line end.
        assert data.startswith(sent)
        assert len(sent) < len(before) + len(lookalike.rstrip(b"X"))
        # The real end is found by feeding the same chunk again.
        scanner.ignore_lookalikes()
        assert [scanner.feed(chunk) for chunk in chunks][-1] is Scan.END


@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_r09_no_lookalike_ends_the_content_at_any_split(lookalike):
    """Also where they pass: what follows one is still of the same message."""
    data = b"a" + lookalike + b"b\r\n" + TERMINATOR + b"QUIT\r\n"
    for cut in range(len(data)):
        chunks = data[:cut], data[cut:]
        assert run(chunks)[0] is Scan.LOOKALIKE
        whole = b"a" + lookalike + b"b\r\n"
        assert run(chunks, refuse=False) == (Scan.END, whole, b"QUIT\r\n")


@pytest.mark.parametrize("honest", HONEST)
def test_r02_honest_content_passes_unaltered_at_every_split(honest):
    data = b"a" + honest + b"z\r\n" + TERMINATOR + b"QUIT\r\n"
    for cut in range(len(data)):
        assert run([data[:cut], data[cut:]]) == (Scan.END, b"a" + honest + b"z\r\n", b"QUIT\r\n")


def test_r09_a_cr_before_an_exact_crlf_is_content():
    assert run([b"x\r\r\n.\r\n"]) == (Scan.END, b"x\r\r\n", b"")


def test_r02_an_empty_message_is_a_message():
    assert run([b".\r\nQUIT\r\n"]) == (Scan.END, b"", b"QUIT\r\n")


def test_r10_a_lookalike_passes_where_the_configuration_says_so():
    data = b"a\n.\nb\r\n.\rc\r\n.\r\n"
    for cut in range(len(data)):
        assert run([data[:cut], data[cut:]], refuse=False) == (Scan.END, data[:-3], b"")


@given(st.binary(max_size=60), st.integers(0, 70))
def test_the_header_is_captured_at_any_split_and_nothing_of_the_body(body, cut):
    header = b"From: a@b\r\nSubject: c\r\n d\r\n"
    data = header + b"\r\n" + body
    capture = HeaderCapture()
    for chunk in (data[:cut], data[cut:]):
        capture.feed(chunk)
    assert capture.is_complete
    assert capture.block == header
    assert not capture.is_cut


def test_a_header_block_without_an_end_is_cut_at_the_limit():
    capture = HeaderCapture()
    for _ in range(20):
        capture.feed(b"X: y\r\n" * 1000)
    assert capture.is_cut
    assert len(capture.block) == HEADER_LIMIT


def test_content_without_a_header_has_an_empty_block():
    capture = HeaderCapture()
    capture.feed(b"\r")
    capture.feed(b"\nbody\r\n\r\n")
    assert capture.is_complete
    assert capture.block == b""


BUSY = {
    **{name: name.encode() for name in (".", "..x", "a.", "x.x")},
    "no line before": b"a\0.\r",
    "no line before, LF": b"a\0\0.\n",
    "dots and NULs": b".\0",
    "NULs and dots": b"\0.",
    "line ends": b"\r\n",
    "stuffed": b"\r\n..\r\n",
    "bare": b"\n.x\r",
    "look-alikes": b".\r",
}


@pytest.mark.parametrize("refuse", [True, False])
@pytest.mark.parametrize("before", [b"", b"x", b"x\r\n"])
@pytest.mark.parametrize("pattern", BUSY.values(), ids=BUSY)
def test_r26_no_content_keeps_the_scanner_busy(pattern, before, refuse):
    data = before + pattern * (262144 // len(pattern))
    spent = []
    for _ in range(3):
        began = time.process_time()
        ContentScanner(refuse_lookalikes=refuse).feed(data)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05


@pytest.mark.parametrize("refuse", [True, False])
@pytest.mark.parametrize("end", [*LOOKALIKES, *HONEST, b"\r\n.\r\nrest", b"\r\n.\r", b"\r\n."])
@pytest.mark.parametrize("pattern", BUSY.values(), ids=BUSY)
def test_r09_r10_what_is_leapt_over_hides_nothing(pattern, end, refuse):
    data = b"x" + pattern * 40 + end
    for size in (len(data), 97, 7):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        scan, passed, rest = run(chunks, refuse=refuse)
        expected = reference(data, refuse=refuse)
        if scan is not Scan.LOOKALIKE:
            held = data if scan is Scan.MORE else passed
            assert held.startswith(passed)
            passed = held
            assert (scan, passed, rest) == expected
        assert scan is expected[0]
