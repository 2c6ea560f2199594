"""Compressed streams: opened in bounded pieces, at any split, and to their very end."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lookup.gunzip import PIECE, Gunzip, GunzipError


def opened(stream, size):
    """What a stream holds that comes in chunks of a size."""
    gunzip = Gunzip()
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = b"".join(piece for chunk in chunks for piece in gunzip.decompress(chunk))
    gunzip.close()
    return found


@given(st.lists(st.binary(max_size=500), max_size=4), st.integers(1, 300))
def test_whatever_was_packed_comes_out_at_every_split(members, size):
    assert opened(b"".join(map(gzip.compress, members)), size) == b"".join(members)


@given(st.binary(min_size=1, max_size=500), st.data())
def test_s12_a_stream_that_ends_early_is_told(content, data):
    packed = gzip.compress(content)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(GunzipError, match="broke off within its gzip"):
        opened(packed[:cut], 64)


@given(st.binary(min_size=1), st.integers(1, 64))
def test_any_bytes_are_opened_or_refused_in_words(junk, size):
    try:
        opened(junk, size)
    except GunzipError as error:
        assert str(error).startswith("the answer ")  # noqa: PT017 - either end is right


def test_s12_no_piece_is_larger_than_another_however_much_a_byte_holds():
    gunzip = Gunzip()
    assert [len(piece) for piece in gunzip.decompress(gzip.compress(bytes(20 * PIECE)))] == [
        PIECE
    ] * 20
    gunzip.close()


def test_nothing_at_all_is_an_empty_answer():
    assert opened(b"", 1) == b""
