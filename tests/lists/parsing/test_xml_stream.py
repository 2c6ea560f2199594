import contextlib
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing import xml_stream
from gateway.lists.parsing.untrusted_file import UntrustedFile
from gateway.lists.parsing.xml_stream import elements, text

GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<list xmlns="urn:example" xmlns:o="urn:other">
  <head xmlns:o="urn:other">old</head>
  <entry o:kind="a" kind="b">
    <name>Institute &amp; Co</name><!-- a remark --> behind
  </entry>
  <group><entry/></group>
  <entry><entry>inner</entry></entry>
  <end>x</end>
</list>
"""


class Endless:
    """A stream that goes on and on, without ever being held anywhere."""

    def __init__(self, start, piece, end=b"", size=256 * 1024 * 1024):
        self._waiting = start
        self._piece = piece * max(1, 65536 // len(piece))
        self._end = end
        self._left = size
        self.given = 0

    def read(self, size):
        if not self._waiting and self._left > 0:
            self._waiting = self._piece
            self._left -= len(self._piece)
            if self._left <= 0:
                self._waiting += self._end
        found, self._waiting = self._waiting[:size], self._waiting[size:]
        self.given += len(found)
        return found


@pytest.fixture
def message(part):
    def read(content, *tags, root=None):
        with pytest.raises(ListError) as caught:
            list(elements(part("list.xml", content), *(tags or ("entry",)), root=root))
        (fault,) = caught.value.faults
        assert fault.file == "list.xml"
        return f"{fault.line}: {fault.message}"

    return read


def test_gives_the_wanted_elements_with_their_lines(part):
    found = list(elements(part("list.xml", GOOD), "entry", "end", root="list"))
    assert [(line, element.tag) for line, element in found] == [
        (4, "entry"),
        (7, "entry"),
        (8, "entry"),
        (9, "end"),
    ]
    first = found[0][1]
    assert first.get("kind") == "b"
    assert first.get("{urn:other}kind") == "a"
    assert text(first, "name") == "Institute & Co"
    assert first[0].tail == " behind\n  "
    assert text(first, "absent") == ""


def test_a_wanted_element_within_a_wanted_one_is_part_of_it(part):
    outer = list(elements(part("list.xml", GOOD), "entry"))[2][1]
    assert text(outer, "entry") == "inner"


def test_gives_elements_before_the_file_ends(part):
    stream = Endless(b"<list>", b"<entry>x</entry>\n")
    found = elements(UntrustedFile("list.xml", stream), "entry")
    assert next(found)[0] == 1
    assert stream.given < 1024 * 1024
    found.close()


def test_holds_one_element_at_a_time():
    def peak(size):
        stream = Endless(b"<list>", b"<entry><name>Institute</name></entry>\n", b"</list>", size)
        tracemalloc.start()
        try:
            assert sum(1 for _ in elements(UntrustedFile("list.xml", stream), "entry")) * 39 >= size
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(512 * 1024) < 1.2 * peak(128 * 1024)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "None: is empty"),
        ("<list><entry/>", "1: ends in the middle"),
        ("<list>\n<entry", "2: ends in the middle"),
        ("<list>\n<entry/><![CDATA[ ", "2: ends in the middle"),
        ("   \n", "2: ends in the middle"),
        (b"<list><entry/></list>\xc3", "1: ends in the middle"),
        ("<list>\n<entry></list>", "2: is no XML here: mismatched tag; fetch it again"),
        ("<list>\n<entry>&nbsp;</entry></list>", "2: is no XML here: undefined entity"),
        ("<list><entry/></list>\n<list/>", "2: is no XML here: junk after document element"),
        ("id,name\n1,Institute\n", "1: is no XML here: syntax error"),
        ("\n<!DOCTYPE HTML>\n<title>Moved</title>", "1: is a web page, not the list"),
        ("<html><body>Sorry", "1: is a web page, not the list"),
        ("<?xml version='1.0'?><!DOCTYPE html><html/>", "1: has a document type declaration"),
        ("<list><other/></list>", "None: is XML without any <entry>; is it the right file?"),
        ("<list/>".encode("utf-16"), "1: is UTF-16, not UTF-8"),
        ("<list><entry/></list>".encode("utf-16-le"), "1: is UTF-16, not UTF-8"),
        (b"<list>\n<entry>\xe9</entry></list>", "2: is no XML here: not well-formed"),
        (
            b"<?xml version='1.0' encoding='windows-1251'?>\n<list><entry>\xe9\xe8</entry></list>",
            "2: is no XML here: not well-formed",
        ),
        ("<list><entry a='1' a='2'/></list>", "1: is no XML here: duplicate attribute"),
        ("<list>\n<o:entry/></list>", "2: is no XML here: unbound prefix"),
    ],
)
def test_s12_a_file_that_is_broken_is_refused_with_its_line(message, content, said):
    assert message(content).startswith(said)


def test_s12_every_cut_is_noticed(part):
    raw = GOOD.encode().rstrip()
    for end in range(len(raw)):
        with pytest.raises(ListError):
            list(elements(part("list.xml", raw[:end]), "entry"))


BOMBS = {
    "billion laughs": """<!DOCTYPE list [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<list><entry>&b;</entry></list>""",
    "external file": """<!DOCTYPE list [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<list><entry>&a;</entry></list>""",
    "external subset": """<!DOCTYPE list SYSTEM "http://127.0.0.1:9/x.dtd"><list><entry/></list>""",
    "parameter entity": """<!DOCTYPE list [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>
<list><entry/></list>""",
    "default attributes": """<!DOCTYPE list [<!ATTLIST entry kind CDATA "x">]>
<list><entry/></list>""",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_s12_entities_and_declarations_are_refused(message, bomb):
    assert message(bomb).startswith("1: has a document type declaration")


def test_s12_another_root_is_another_file(message):
    said = message("<feed>\n<entry/></feed>", root="list")
    assert said == "1: is not the list: its outermost element is <feed>, not <list>"


@pytest.mark.parametrize(
    ("start", "piece", "said"),
    [
        (b"<list><entry>", b"x", "characters"),
        (b"<list><entry>", b"<a/>", "parts"),
        (b"<list><entry>", b"<a b='%s'/>" % (b"c" * 1000), "characters"),
        (b"<list><entry>", b"<a>", "deep"),
        (b"<list>", b"<a>", "deep"),
        (b"<list><entry a='", b"x", "a tag of more than"),
        (b"<list><!-- ", b"x", "a tag of more than"),
        (b"<list><", b"x", "a tag of more than"),
    ],
)
def test_s12_what_never_ends_is_given_up_in_bounded_memory(start, piece, said):
    stream = Endless(start, piece)
    tracemalloc.start()
    try:
        with pytest.raises(ListError, match=said):
            list(elements(UntrustedFile("list.xml", stream), "entry"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stream.given < 64 * 1024 * 1024
    assert peak < 128 * 1024 * 1024


@pytest.mark.parametrize("shape", ["<n{0}/>", "<n a{0}=''/>", "<n xmlns:p{0}='urn:x'/>"])
def test_s12_names_without_number_are_given_up(message, shape):
    content = (
        "<list>" + "".join(shape.format(n) for n in range(xml_stream.MAX_NAMES + 1)) + "</list>"
    )
    assert re.match(r"1: has more than \d+ different names", message(content))


@given(st.binary(max_size=400))
def test_any_bytes_give_elements_or_an_error_of_the_list(outcome_of, raw):
    outcome_of(raw)


@given(st.data())
def test_any_damage_gives_elements_or_an_error_of_the_list(outcome_of, damaged, data):
    outcome_of(damaged(data, GOOD.encode()))


@pytest.fixture(scope="session")
def outcome_of(part):
    def read(raw):
        with contextlib.suppress(ListError):
            assert list(elements(part("list.xml", raw), "entry"))

    return read
