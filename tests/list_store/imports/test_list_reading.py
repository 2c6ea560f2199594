"""Files of a list, read to their end within bounds."""

import gzip
import hashlib

import pytest

from gateway.errors import ListError
from gateway.list_store.imports import list_reading
from gateway.list_store.imports.list_reading import EXAMPLES, ServerFacts
from gateway.lists.catalogue import ListFormat
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.untrusted_file import lines
from gateway.model import Listing

LISTED = (Listing("OWN", None, None),)


def reader(parts):
    """Gives an entry for each line that begins with ``+``, and stops where one says so."""
    for number, line in lines(parts["a.txt"]):
        if line == "stop":
            return
        if line.startswith("+"):
            yield Entry(line, line, f"a.txt:{number}", LISTED)
        else:
            yield RejectedRow(RejectedRowReason.MALFORMED, f"a.txt:{number}", line)


FORM = ListFormat(reader, ("a.txt",))


@pytest.fixture
def read(tmp_path):
    def read(content, largest=1000, name="a.txt", **fetched):
        path = tmp_path / name
        path.write_bytes(content)
        of = {"a.txt": ServerFacts(**fetched)} if fetched else {}
        return list_reading.read(FORM, {"a.txt": path}, largest, of)

    return read


def test_a_few_examples_are_kept_and_all_are_counted(read):
    found = read(b"+one\n" + b"no\n" * 20 + b"+two\n")
    assert [entry.name for entry in found.entries] == ["+one", "+two"]
    assert found.rejected == {RejectedRowReason.MALFORMED: 20}
    assert len(found.examples[RejectedRowReason.MALFORMED]) == EXAMPLES


@pytest.mark.parametrize("content", [b"+one\n", b"+one\nstop\n" + b"x" * 900, b"stop\n"])
def test_a_file_is_hashed_whole_however_little_its_reader_takes(read, content):
    (original,) = read(content, etag='"v1"', address="https://list.example/a.txt").originals
    assert original.size == len(content)
    assert original.sha256 == hashlib.sha256(content).hexdigest()
    assert (original.name, original.etag) == ("a.txt", '"v1"')
    assert original.address == "https://list.example/a.txt"


def test_what_comes_out_of_a_compressed_file_is_hashed(read):
    content = b"+one\n"
    (original,) = read(gzip.compress(content), name="a.txt.GZ").originals
    assert (original.name, original.size) == ("a.txt.GZ", 5)
    assert original.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
@pytest.mark.parametrize("content", [b"+one\n" * 201, b"stop\n" + b"x" * 1000, b"x" * (9 << 20)])
def test_s12_a_file_past_its_bound_is_refused_however_small_it_was_packed(read, content, name):
    packed = gzip.compress(content) if name.endswith("gz") else content
    with pytest.raises(ListError, match=r"a\.txt.*: is larger than 1000 bytes"):
        read(packed, name=name)


def test_one_as_large_as_its_bound_is_not(read):
    assert len(read(b"+one\n" * 200).entries) == 200


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(ListError, match=r"no\.txt: cannot be read: No such file"):
        list_reading.read(FORM, {"a.txt": tmp_path / "no.txt"}, 9, {})
