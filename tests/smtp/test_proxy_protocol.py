"""The PROXY protocol's headers, against the specification's own examples and against nonsense."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.smtp.proxy_protocol import V1_LIMIT, V2_LIMIT, V2_SIGNATURE, Header, Unread, read

INCOMPLETE, INVALID = Unread.INCOMPLETE, Unread.INVALID


def v1(text: str) -> bytes:
    return b"PROXY " + text.encode("latin-1") + b"\r\n"


def v2(command: int, family: int, block: bytes, length: int | None = None) -> bytes:
    announced = len(block) if length is None else length
    return V2_SIGNATURE + struct.pack("!BBH", command, family, announced) + block


def tcp4(address: str, tlvs: bytes = b"") -> bytes:
    addresses = IPv4Address(address).packed + IPv4Address("192.0.2.1").packed
    return v2(0x21, 0x11, addresses + struct.pack("!HH", 40000, 25) + tlvs)


def tcp6(address: str, tlvs: bytes = b"") -> bytes:
    addresses = IPv6Address(address).packed + IPv6Address("2001:db8::1").packed
    return v2(0x21, 0x21, addresses + struct.pack("!HH", 40000, 25) + tlvs)


LONGEST = v1(" ".join(["TCP6", "ffff:" * 7 + "ffff", "ffff:" * 7 + "ffff", "65535", "65535"]))
LONGEST_UNKNOWN = v1(" ".join(["UNKNOWN", *["ffff:" * 7 + "ffff"] * 2, "65535", "65535"]))

SOUND = [
    (v1("TCP4 198.51.100.7 192.0.2.1 40000 25"), "198.51.100.7"),
    (v1("TCP4 255.255.255.255 255.255.255.255 65535 0"), "255.255.255.255"),
    (v1("TCP6 2001:DB8::7 ::1 1 65535"), "2001:db8::7"),
    (v1("TCP6 ::ffff:198.51.100.7 ::1 1 1"), "198.51.100.7"),
    (LONGEST, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    (v1("UNKNOWN"), None),
    (v1("UNKNOWN anything \0 that is said \xff"), None),
    (LONGEST_UNKNOWN, None),
    (tcp4("198.51.100.7"), "198.51.100.7"),
    (tcp4("198.51.100.7", tlvs=b"\x04\x00\x03abc"), "198.51.100.7"),
    (tcp6("2001:db8::7", tlvs=b"no TLV at all: skipped"), "2001:db8::7"),
    (v2(0x20, 0x00, b""), None),
    (v2(0x20, 0x11, tcp4("198.51.100.7")[16:]), None),
    (v2(0x20, 0xFF, b"a local one's block is ignored"), None),
    (v2(0x21, 0x00, b"and so is one without a family"), None),
    (v2(0x21, 0x31, b"/run/client".ljust(216, b"\0")), None),
    (tcp4("198.51.100.7", tlvs=b"x" * (V2_LIMIT - 28)), "198.51.100.7"),
]


def test_the_longest_line_is_the_specifications():
    assert len(LONGEST_UNKNOWN) == V1_LIMIT


@pytest.mark.parametrize(("raw", "address"), SOUND)
def test_a_header_is_read_and_ends_where_it_ends(raw: bytes, address: str | None):
    assert read(raw) == Header(address, len(raw))
    assert read(raw + b"EHLO client.example\r\n") == Header(address, len(raw))


@pytest.mark.parametrize(("raw", "address"), SOUND)
def test_byte_by_byte_is_the_same_as_whole(raw: bytes, address: str | None):
    said = raw + b"\r\nQUIT\r\n"
    answers = [read(said[:end]) for end in range(len(said) + 1)]
    assert answers[: len(raw)] == [INCOMPLETE] * len(raw)
    assert set(answers[len(raw) :]) == {Header(address, len(raw))}


@pytest.mark.parametrize(
    "raw",
    [
        b"EHLO client.example\r\n",
        b"proxy TCP4 198.51.100.7 192.0.2.1 1 25\r\n",
        b" PROXY UNKNOWN\r\n",
        b"PROXY\r\n",
        b"PROXY  UNKNOWN\r\n",
        b"PROXY UNKNOWN\n",
        b"PROXY UNKNOWN\n\r\n",
        b"PROXY UNKNOWN\r\r\n",
        b"PROXY UNKNOWN \r x\r\n",
        b"PROXY UNKNOWNS\r\n",
        v1(""),
        v1("TCP4"),
        v1("TCP4 198.51.100.7 192.0.2.1 1"),
        v1("TCP4 198.51.100.7 192.0.2.1 1 25 "),
        v1("TCP4 198.51.100.7 192.0.2.1  1 25"),
        v1("TCP4 198.51.100.7\t192.0.2.1 1 25"),
        v1("TCP4 198.51.100.7 192.0.2.1 1 65536"),
        v1("TCP4 198.51.100.7 192.0.2.1 01 25"),
        v1("TCP4 198.51.100.7 192.0.2.1 +1 25"),
        v1("TCP4 198.51.100.07 192.0.2.1 1 25"),
        v1("TCP4 198.51.100 192.0.2.1 1 25"),
        v1("TCP4 198.51.100.7 mail.example.edu 1 25"),
        v1("TCP4 2001:db8::7 2001:db8::1 1 25"),
        v1("TCP6 198.51.100.7 192.0.2.1 1 25"),
        v1("TCP6 fe80::1%eth0 ::1 1 25"),
        v1("TCP4 198.51.100.7\0 192.0.2.1 1 25"),
        v1("UDP4 198.51.100.7 192.0.2.1 1 25"),
        b"PROXY UNKNOWN ".ljust(V1_LIMIT - 1, b"x") + b"\r\n",
        b"PROXY TCP4 ".ljust(V1_LIMIT, b"1"),
        v2(0x11, 0x11, tcp4("198.51.100.7")[16:]),
        v2(0x31, 0x11, tcp4("198.51.100.7")[16:]),
        v2(0x22, 0x11, tcp4("198.51.100.7")[16:]),
        v2(0x21, 0x12, tcp4("198.51.100.7")[16:]),
        v2(0x21, 0x41, b"\0" * 300),
        v2(0x21, 0x11, b"\0" * 11),
        v2(0x21, 0x21, b"\0" * 35),
        v2(0x21, 0x31, b"\0" * 215),
        v2(0x21, 0x11, b"", length=65535),
        v2(0x20, 0x00, b"", length=V2_LIMIT - 15),
    ],
)
def test_what_is_no_header_is_told_so(raw: bytes):
    assert read(raw) is INVALID


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(0, 65535), st.binary(max_size=600))
@example(IPv6Address("::ffff:c633:6407"), 1, b"")
def test_every_address_comes_through_both_versions(address, port: int, rest: bytes):
    family = f"TCP{address.version}"
    # R27: IPv4 in IPv6 is IPv4.
    mapped = address.ipv4_mapped if address.version == 6 else None
    text = str(mapped or address)
    line = v1(f"{family} {address} {address} {port} 25")
    assert read(line + rest) == Header(text, len(line))
    header = (tcp4 if address.version == 4 else tcp6)(str(address), tlvs=rest)
    assert read(header + b"more") == Header(text, len(header))


# Near enough to a header to reach every branch.
NEARLY = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(
        [b"", b"PROXY ", b"PROXY TCP4 ", b"PROXY UNKNOWN", V2_SIGNATURE, V2_SIGNATURE + b"\x21\x11"]
    ),
    st.binary(max_size=300)
    | st.text("0129.: \r\nTCPUNKOW", max_size=130).map(lambda text: text.encode()),
)


@given(NEARLY)
def test_hostile_bytes_give_an_answer_and_more_of_them_never_another(data: bytes):
    answers = [read(data[:end]) for end in range(len(data) + 1)]
    settled = [answer for answer in answers if answer is not INCOMPLETE]
    # Once it is decided, no further byte changes it; and nobody is asked for bytes without end.
    assert answers == [INCOMPLETE] * (len(answers) - len(settled)) + settled
    assert len(set(settled)) <= 1
    if isinstance(answers[-1], Header):
        assert answers[-1].size <= min(len(data), V2_LIMIT)


@given(st.binary(max_size=64), st.sampled_from([(b"PROXY ", V1_LIMIT), (V2_SIGNATURE, V2_LIMIT)]))
def test_an_answer_comes_within_the_limit(said: bytes, begun: tuple[bytes, int]):
    start, limit = begun
    assert read((start + said).ljust(limit, b"x")[:limit]) is not INCOMPLETE
