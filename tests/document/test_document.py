import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.document import Document
from gateway.errors import ConfigError, Fault, FaultyFile, ListError


def faults_of(raw: bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Document.parse(raw, "f.toml")
    return [str(fault) for fault in caught.value.faults]


def test_the_caller_chooses_the_error(tmp_path: Path):
    missing = tmp_path / "none.toml"
    with pytest.raises(ListError) as caught:
        Document.read(missing, error=ListError)
    fault = Fault(str(missing), None, None, "cannot be read: No such file or directory")
    assert caught.value.faults == (fault,)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        Document.read(tmp_path)


def test_a_device_does_not_fill_memory():
    with pytest.raises(ConfigError, match="is larger than 16 MiB"):
        Document.read(Path("/dev/zero"))


def test_a_pipe_can_be_read():
    out, into = os.pipe()
    os.write(into, b"a = 1\n")
    os.close(into)
    document = Document.read(Path(f"/dev/fd/{out}"))
    os.close(out)
    assert document.root.integer("a") == 1


def test_what_is_not_utf_8_is_told_with_its_line():
    assert faults_of(b"a = 1\nb = '\xfc'\n") == [
        "f.toml:2: is not UTF-8: byte 0xFC; save the file as UTF-8"
    ]


def test_a_byte_order_mark_is_no_fault():
    assert Document.parse(b"\xef\xbb\xbfa = 1", "f.toml").root.integer("a") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = 'x", 'f.toml:2: is not TOML: Expected "\'"'),
        ("a = [\n1,\n2\n\nb = 1", "f.toml:5: is not TOML: a list does not end"),
        ("a = 1\na = 2", "f.toml:2: is not TOML: a key is written a second time"),
        ("[a]\n[a]", "f.toml:2: is not TOML: a table is opened a second time"),
        ("a = yes", "f.toml:1: is not TOML: not a value; texts need quotes"),
        ("a b = 1", "f.toml:1: is not TOML: a key without = and a value"),
        ("a = 1 2", "f.toml:1: is not TOML: more than one value after ="),
        ("a = 2026-99-99", "f.toml:1: is not TOML: "),
        ("a = " + "9" * 5000, "f.toml: is not TOML: "),
        ("a = " + "[" * 5000, "f.toml: is nested too deeply to be read"),
        ("a = 1\n\x00", "f.toml:2: is not TOML: "),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(text: str, told: str):
    [fault] = faults_of(text.encode())
    assert fault.startswith(told)


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused_with_faults(raw: bytes):
    try:
        Document.parse(raw, "f.toml").check()
    except FaultyFile as error:
        assert error.faults  # noqa: PT017 - either end is right


def test_faults_come_by_line_and_once():
    document = Document.parse(b"b = 1\na = 1\n", "f.toml")
    document.root.text("a")
    document.root.text("b")
    document.root.text("b")
    document.root.text("c")
    assert [fault.key for fault in document.faults] == ["b", "a", "c"]
    assert [fault.line for fault in document.faults] == [1, 2, None]


def test_a_sound_document_has_no_fault():
    document = Document.parse(b"a = 1\n", "f.toml")
    document.root.integer("a")
    document.check()
    assert document.faults == []


def test_each_written_key_has_its_line_by_name():
    document = Document.parse(b"[a]\nb = 1\nc = [1,\n2]\n", "f.toml")
    assert document.key_lines == {"a": 1, "a.b": 2, "a.c": 3, "a.c[1]": 3, "a.c[2]": 4}


def test_a_key_without_a_line_takes_the_nearest_enclosing_one():
    document = Document.parse(b"\n[a]\nb = {c = 1}\n", "f.toml")
    assert document.line_of(("a", "b", "no", 3)) == 3
    assert document.line_of(("a", "no")) == 2
    assert document.line_of(("no",)) is None
