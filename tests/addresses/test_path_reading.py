"""One grammar for every path: RFC 5321 section 4.1.2, RFC 5322 sections 3.2, 3.4 and 4.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.mailbox_path import PATH_LIMIT
from gateway.addresses.path_reading import UnreadablePath, parse, read
from gateway.model import Address

hostile = st.one_of(
    st.binary(max_size=PATH_LIMIT + 8),
    st.text(alphabet='a@"\\.:,<>() \t[]%!=\u043c', max_size=60).map(str.encode),
    st.lists(
        st.sampled_from(
            [b'"', b"\\", b"@", b"a", b"mipt.ru", b":", b"\xff", b"(", b")", b"<", b">"]
        )
    ).map(b"".join),
)

PLAIN = [
    (b"a@mipt.ru", "a", "mipt.ru"),
    (b"<a@mipt.ru>", "a", "mipt.ru"),
    (b"A.B+c@MIPT.RU.", "A.B+c", "mipt.ru"),
    (b"postmaster", "postmaster", ""),
    (b"<root>", "root", ""),
    (b"a@localhost", "a", "localhost"),
    ("иван@мипт.рф".encode(), "иван", "xn--h1ahkm.xn--p1ai"),
    (b"\xe9ric@mipt.ru", "\\xe9ric", "mipt.ru"),
    (b"a@[192.0.2.1]", "a", "[192.0.2.1]"),
    (b"a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]"),
    (b"a@[X-tag:meaning]", "a", "[x-tag:meaning]"),
    (b'"ivan"@mipt.ru', "ivan", "mipt.ru"),
    (b"a..b@docomo.ne.jp", "a..b", "docomo.ne.jp"),
    (b"a.@ezweb.ne.jp", "a.", "ezweb.ne.jp"),
    (b"den...4ik@mail.ru", "den...4ik", "mail.ru"),
    (b"s" * 90 + b"@mipt.ru", "s" * 90, "mipt.ru"),
    (b"a@foo_bar.com", "a", "foo_bar.com"),
    (b"a@-foo.com", "a", "-foo.com"),
    (b"/C=US/A=x/@gw", "/C=US/A=x/", "gw"),
]

READ = [
    (b'"ivan petrov"@mipt.ru', "ivan petrov", "mipt.ru"),
    (b'"a@b"@mipt.ru', "a@b", "mipt.ru"),
    (b'"a\\"@b"@mipt.ru', 'a"@b', "mipt.ru"),
    (b'"a@mipt.ru"@example.org', "a@mipt.ru", "example.org"),
    (rb'"a\\\"\\\\b\c"@mipt.ru', 'a\\"\\\\bc', "mipt.ru"),
    (b"@relay.org:a@mipt.ru", "a", "mipt.ru"),
    (b"<@r.org,@s.org:a@mipt.ru>", "a", "mipt.ru"),
    (b"mipt.ru!ivan", "mipt.ru!ivan", ""),
    (b"a%b.org@mipt.ru", "a%b.org", "mipt.ru"),
    (b" a@mipt.ru ", "a", "mipt.ru"),
    (b"< a@mipt.ru >", "a", "mipt.ru"),
    (b"a @ mipt . ru", "a", "mipt.ru"),
    (b"a . b @mipt.ru", "a.b", "mipt.ru"),
    (b"a@mipt.ru(comment)", "a", "mipt.ru"),
    (b"a@mipt.ru(a(b)\\)c)", "a", "mipt.ru"),
    (b"a@(comment)mipt.ru", "a", "mipt.ru"),
    (b"(x)a(y)@mipt.ru", "a", "mipt.ru"),
    (b"a@gmail.com(<b@mipt.ru>)", "a", "gmail.com"),
    (b"Ivan Petrov <a@mipt.ru>", "a", "mipt.ru"),
    (b'"b@c.org" <a@mipt.ru>', "a", "mipt.ru"),
]


@pytest.mark.parametrize(("path", "local", "domain"), PLAIN)
def test_s17_a_plain_path_has_one_reading(path, local, domain):
    reading = read(path)
    assert isinstance(reading.address, Address)
    assert (reading.address.local, reading.address.domain) == (local, domain)
    assert reading.is_by_grammar
    assert reading.is_plain


@pytest.mark.parametrize(("path", "local", "domain"), READ)
def test_s17_what_is_not_plain_is_read_by_the_rfc_where_it_can_be(path, local, domain):
    reading = read(path)
    assert isinstance(reading.address, Address)
    assert (reading.address.local, reading.address.domain) == (local, domain)
    assert reading.is_by_grammar
    assert reading.is_plain == (path.strip(b"< >") == b"a@mipt.ru")


@pytest.mark.parametrize(
    ("path", "local", "domain"),
    [
        (b"a@b@mipt.ru", "a@b", "mipt.ru"),
        (b"<@<gmail.com>:a@mipt.ru>", "gmail.com", ""),
        (b"a@mipt.ru@", "a", "mipt.ru"),
        (b"a@mipt.ru@@ ", "a", "mipt.ru"),
        (b'"a@mipt.ru', "a", "mipt.ru"),
        (b"a@mipt.ru;", "a", "mipt.ru"),
        (b"a@mipt. ru x", "a", "mipt.rux"),
        (b'a@"mipt.ru"', "a", "mipt.ru"),
        (b"a@mi\\pt.ru", "a", "mipt.ru"),
        (b"a@mipt.ru..", "a", "mipt.ru"),
        (b"a@[mipt.ru]", "a", "mipt.ru"),
        (b"<Ivan <a@gmail.com>>", "a", "gmail.com"),
        (b"<a@example.edu,>", "a", "example.edu"),
        (b"<<a@mipt.ru>", "a", "mipt.ru"),
        (b"a b@mipt.ru", "a b", "mipt.ru"),
        (b"@mipt.ru", "mipt.ru", ""),
        (b"a@", "a", ""),
    ],
)
def test_s16_what_no_grammar_reads_is_a_guess_and_says_so(path, local, domain):
    reading = read(path)
    assert isinstance(reading.address, Address)
    assert (reading.address.local, reading.address.domain) == (local, domain)
    assert not reading.is_by_grammar
    assert not reading.is_plain
    assert reading.mailbox.domain == ""


@pytest.mark.parametrize(
    "path",
    [
        *(b"", b"<>", b"@@", b"a@b..c", b"a@[", b"a@[]", b"a@\xff", b'"', b"()"),
        *(b"x" * (PATH_LIMIT + 1), b"a@=?utf-8?q?b=2Eorg?="),
    ],
)
def test_what_cannot_be_read_is_a_value_that_says_why(path):
    address = parse(path)
    assert isinstance(address, UnreadablePath)
    assert address.raw == path
    assert address.reason


@pytest.mark.parametrize(
    "text", ["a", "a@b.org", '"a b"@b.org', r'"a\"\\b@c"@b.org', "a@[192.0.2.1]"]
)
def test_a_mailbox_as_text_reads_as_the_same_mailbox_again(text):
    address = parse(text.encode())
    assert str(address) == text
    assert parse(str(address).encode()) == address


def test_many_quotes_and_comments_are_read_in_linear_time():
    # Backtracking over these would take minutes, and the run of tests would show it.
    for piece in (b'\\"', b"(", b"(a)", b"((a)", b'"', b"<", b"a%", b"@"):
        path = (b'"' + piece * PATH_LIMIT)[: PATH_LIMIT - 8] + b"@mipt.ru"
        for _ in range(20):
            assert read(path).raw == path


@given(hostile)
def test_hostile_paths_never_raise(path):
    reading = read(path)
    assert reading.raw == path
    assert str(reading.mailbox).encode("utf-8") is not None
    if isinstance(reading.address, Address):
        assert reading.address.domain.isascii()
        assert reading.address.domain == reading.address.domain.lower()
    if reading.is_plain:
        assert reading.is_by_grammar


@given(hostile)
def test_what_the_grammar_reads_it_reads_again_of_its_text(path):
    reading = read(path)
    if reading.is_by_grammar and isinstance(reading.address, Address):
        again = parse(str(reading.address).encode())
        assert isinstance(again, Address)
        assert (again.local, again.domain) == (reading.address.local, reading.address.domain)
