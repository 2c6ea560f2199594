import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.mailbox import (
    MAX_PATH,
    UnreadablePath,
    from_text,
    mailbox_key,
    parse,
    without_batv,
    without_tag,
)
from gateway.model import Address

hostile = st.one_of(
    st.binary(max_size=MAX_PATH + 8),
    st.text(alphabet='a@"\\.:,<> \t[]%!=\u043c', max_size=60).map(str.encode),
    st.lists(st.sampled_from([b'"', b"\\", b"@", b"a", b"mipt.ru", b":", b"\xff"])).map(b"".join),
)


@pytest.mark.parametrize(
    ("path", "local", "domain"),
    [
        (b"a@mipt.ru", "a", "mipt.ru"),
        (b"A.B+c@MIPT.RU.", "A.B+c", "mipt.ru"),
        (b'"ivan petrov"@mipt.ru', "ivan petrov", "mipt.ru"),
        (b'"a@b"@mipt.ru', "a@b", "mipt.ru"),
        (b'"a\\"@b"@mipt.ru', 'a"@b', "mipt.ru"),
        (b'"a@mipt.ru"@example.org', "a@mipt.ru", "example.org"),
        (rb'"a\\\"\\\\b\c"@mipt.ru', 'a\\"\\\\bc', "mipt.ru"),
        (b"a@b@mipt.ru", "a@b", "mipt.ru"),
        (b"@relay.org:a@mipt.ru", "a", "mipt.ru"),
        (b"@r.org,@s.org:a@mipt.ru", "a", "mipt.ru"),
        (b"postmaster", "postmaster", ""),
        (b"mipt.ru!ivan", "mipt.ru!ivan", ""),
        (b"@mipt.ru", "", "mipt.ru"),
        (b" a@mipt.ru ", "a", "mipt.ru"),
        (b"a @ mipt.ru", "a", "mipt.ru"),
        ("иван@мипт.рф".encode(), "иван", "xn--h1ahkm.xn--p1ai"),
        (b"\xe9ric@mipt.ru", "\\xe9ric", "mipt.ru"),
        (b"a@[192.0.2.1]", "a", "[192.0.2.1]"),
        (b"a@[IPv6:2001:DB8::1]", "a", "[ipv6:2001:db8::1]"),
    ],
)
def test_s02_the_domain_follows_the_last_unquoted_at(path, local, domain):
    assert parse(path) == Address(path, local, domain)


@pytest.mark.parametrize(
    ("path", "local", "domain"),
    [
        (b"a@mipt.ru@", "a", "mipt.ru"),
        (b"a@mipt.ru@@ ", "a", "mipt.ru"),
        (b'"a@mipt.ru"@', "a", "mipt.ru"),
        (b'"a@mipt.ru"', "a", "mipt.ru"),
        (b"a@mipt.ru(comment)", "a", "mipt.ru"),
        (b"a@(comment)mipt.ru", "a", "mipt.ru"),
        (b"a@mipt.ru;", "a", "mipt.ru"),
        (b"a@mipt. ru", "a", "mipt.ru"),
        (b"a @ mipt . ru", "a", "mipt.ru"),
        (b"a@mipt.ru(@gmail.com", "a", "mipt.ru"),
        (b'a@"mipt.ru"', "a", "mipt.ru"),
        (b"a@mi\\pt.ru", "a", "mipt.ru"),
        (b"a@", "a", ""),
        (b"a@ ", "a", ""),
    ],
)
def test_s02_an_odd_spelling_is_read_as_a_lenient_server_delivers_it(path, local, domain):
    assert parse(path) == Address(path, local, domain)


@pytest.mark.parametrize("path", [b'"a@mipt.ru', b'a"b@mipt.ru', b'"\\"@mipt.ru', b'"a\\@mipt.ru'])
def test_s02_a_quote_that_nothing_closes_hides_no_domain(path):
    assert parse(path).domain == "mipt.ru"


@pytest.mark.parametrize(
    "path",
    [b"", b"@@", b"a@b..c", b"a@[", b"a@[]", b"a@[x", b"a@\xff", b"x" * 4097, b'a@"b@c"'],
)
def test_what_cannot_be_read_is_a_value_that_says_why(path):
    address = parse(path)
    assert isinstance(address, UnreadablePath)
    assert address.raw == path
    assert address.reason


def test_many_quotes_are_read_in_linear_time():
    # Backtracking over this would take minutes, and the run of tests would show it.
    path = b'"' + b'\\"' * 2000 + b"@mipt.ru"
    for _ in range(200):
        assert parse(path).domain == "mipt.ru"


@given(hostile)
def test_hostile_paths_never_raise(path):
    address = parse(path)
    assert address.raw == path
    if isinstance(address, Address):
        address.local.encode("utf-8")
        assert address.domain.isascii()
        assert address.domain == address.domain.lower()


@given(st.text(max_size=200))
def test_hostile_texts_never_raise(text):
    from_text(text)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("a@mipt.ru", "a@mipt.ru"),
        ("<a@mipt.ru>", "a@mipt.ru"),
        ("Ivan Petrov (Skoltech) <ivan@gmail.com>", "ivan@gmail.com"),
        ("  a@mipt.ru\n", "a@mipt.ru"),
        ('"x<y>" <a@mipt.ru>', "a@mipt.ru"),
    ],
)
def test_a_name_before_the_mailbox_does_not_count(text, mailbox):
    assert str(from_text(text)) == mailbox


def test_a_lone_surrogate_is_a_byte_of_the_command_line():
    assert from_text("\udce9ric@mipt.ru").raw == b"\xe9ric@mipt.ru"
    assert from_text("\ud800@mipt.ru").domain == "mipt.ru"


def test_mailboxes_are_compared_without_case_tag_and_signature():
    assert mailbox_key("ERA_1") == "era_1"
    assert without_tag("era_1+x+y") == "era_1"
    assert without_tag("+x") == "+x"
    assert without_batv("prvs=2987A7B7C7=info") == "info"
    assert without_batv("prvs=short=info") == "prvs=short=info"
