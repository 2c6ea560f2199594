import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing import json_stream as module
from gateway.lists.parsing.json_records import records
from gateway.lists.parsing.untrusted_file import UntrustedFile

_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.lists(st.dictionaries(st.text(), _VALUE, max_size=4), min_size=1, max_size=6)


@pytest.fixture(scope="session")
def read(part):
    return lambda raw: list(records(part("ror.json", raw)))


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 256 * 1024])
def test_gives_each_object_with_its_line_at_every_split(read, monkeypatch, chunk):
    monkeypatch.setattr(module, "_CHUNK", chunk)
    expected = [{"a": "é ] } ,"}, {"b": [1, {"c": "\n"}]}, {}]
    array = '\ufeff[\n  {"a": "é ] } ,"},\n{"b":\n [1, {"c": "\\n"}]} , {}\n]\n'
    assert read(array) == list(zip([2, 3, 4], expected, strict=True))
    lines = '\n{"a": "é ] } ,"}\n\n{"b": [1, {"c": "\\n"}]} {}'
    assert read(lines) == list(zip([2, 4, 4], expected, strict=True))


@given(_OBJECTS, st.sampled_from([None, 1]))
def test_reads_what_json_writes(read, found, indent):
    array = json.dumps(found, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    lines = "\n".join(map(json.dumps, found))
    assert [each for _, each in read(lines)] == found
    try:
        array.decode("utf-8")
    except UnicodeDecodeError:
        with pytest.raises(ListError, match="is not UTF-8"):
            read(array)
    else:
        assert [each for _, each in read(array)] == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "ror.json: is empty"),
        (" \n ", "ror.json:2: holds no record"),
        ("[\n]", "ror.json:2: holds no record"),
        ("<html>", "ror.json:1: is a web page"),
        ("[1]", "ror.json:1: is no JSON: '1' stands where an object should"),
        ('{"a": 1}\n7', "ror.json:2: is no JSON: '7' stands where an object should"),
        ('[{"a": 1}\n', "ror.json:2: ends where ',' or ']' should be: it was cut short"),
        ('[{"a": 1},\n', "ror.json:2: ends where an object should be: it was cut short"),
        ('[{"a": 1},\n{"b": tru', "ror.json:2: ends within a value: it was cut short"),
        ('[{"a": 1},\n{"b": "long text', "ror.json:2: ends within a value"),
        ('[{"a": 1}\n{"b": 1}]', "ror.json:2: is no JSON: '{' stands where ',' or ']' should"),
        ('[{"a": 1}]\n]', "ror.json:2: goes on behind the array's end"),
        ('[{"a":\n1;}, {"b": 1}]', "ror.json:2: is no JSON: Expecting ',' delimiter"),
        ('[{"a": ' + "9" * 5000 + "}]", "ror.json:1: is no JSON: Exceeds the limit"),
        ('{"a": ' + "[" * 100_000, "ror.json:1: is nested too deeply"),
        (b'[{"a": 1},\n{"b": "\xe9"}]', "ror.json:2: is not UTF-8"),
        ('[{"a": 1}]'.encode("utf-16"), "ror.json:1: is UTF-16"),
    ],
)
def test_s12_a_file_that_is_broken_is_refused_with_its_line(read, content, said):
    with pytest.raises(ListError) as error:
        read(content)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("raw", [b'[{"a": "\xc3\xa9"},\n {"b": [null, "c"]}]', b"[ {} ]"])
def test_s12_an_array_cut_short_never_passes(read, raw):
    assert read(raw)
    for end in range(len(raw)):
        with pytest.raises(ListError):
            read(raw[:end])


class Endless:
    """A stream of any length that is nowhere held whole."""

    def __init__(self, start, piece, times):
        self._waiting = start
        self._piece = piece
        self._times = times
        self.given = 0

    def read(self, size):
        while len(self._waiting) < size and self._times:
            self._times -= 1
            self._waiting += self._piece
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        self.given += len(found)
        return found


def test_s12_a_record_that_never_ends_is_given_up():
    stream = Endless(b'[{"a": "', b"x" * 65536, 4096)
    with pytest.raises(ListError, match=r"ror\.json:1: has a value of more than"):
        list(records(UntrustedFile("ror.json", stream)))
    assert stream.given < 4 * module.MAX_VALUE


def test_s12_a_whole_record_that_is_too_long_is_refused(read, monkeypatch):
    monkeypatch.setattr(module, "MAX_VALUE", 20)
    with pytest.raises(ListError, match="a value of more than 20 characters"):
        read(json.dumps({"a": "x" * 40}))


def test_holds_one_chunk_at_a_time():
    stream = Endless(b"[{}\n", b',{"name": "Institute", "domains": []}\n' * 1000, 400)
    found = records(UntrustedFile("ror.json", stream))
    next(found)
    tracemalloc.start()
    try:
        for _, _ in zip(range(100_000), found, strict=False):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    found.close()
    assert stream.given > 3_000_000
    assert peak < 4 * 1024 * 1024


@given(st.binary(max_size=200) | st.text(alphabet='[]{},:"a1\\u0\n ').map(str.encode))
def test_s12_any_bytes_give_objects_or_an_error(read, raw):
    try:
        found = read(raw)
    except ListError:
        return
    assert all(isinstance(each, dict) for _, each in found)
