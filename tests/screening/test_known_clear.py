from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Claim, Entity, Listing, Standing
from gateway.screening.classify import classify_line
from gateway.screening.known_clear import KnownClear
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot import build

DAY = date(2026, 11, 22)
NOBODY = MailboxKinds({"gmail.com": "Google"}, {}, frozenset(), frozenset(), frozenset())


def claim(value, *, clears=False):
    return Claim(value, "s", "r", DAY, clears)


ENTITY = Entity(
    "m",
    "M",
    listings=(Listing("L", None, None),),
    domains=(claim("mipt.ru"), claim("school.mipt.ru", clears=True)),
    addresses=(claim("era_1@mil.ru"),),
)
SNAPSHOT = build([ENTITY], NOBODY)


def line(path, parameters=b""):
    return b"RCPT TO:<" + path + b">" + parameters + b"\r\n"


paths = st.one_of(
    st.binary(max_size=100),
    st.lists(
        st.sampled_from([b"a", b"@", b"=", b"%", b"!", b'"', b"\\", b" ", b".", b"@x.org:", b"<"])
        | st.sampled_from([b"mipt.ru", b"MIPT.RU.", b"era_1", b"mil.ru", b"gmail.com", b"school."])
        | st.sampled_from(["mipt\uff0eru".encode(), b"\xff", b"sk.ru", b"x.org", b"[1.2.3.4]"]),
        max_size=8,
    ).map(b"".join),
)


@given(st.lists(paths, max_size=6))
def test_whatever_is_called_clear_is_clear_on_every_day(tries):
    known_clear = KnownClear(SNAPSHOT, capacity=3)
    # Twice over: what the first round put by answers in the second.
    for path in tries * 2:
        if known_clear.is_clear(line(path)):
            finding = classify_line(line(path), SNAPSHOT, DAY)
            assert finding.standing is Standing.CLEAR
            assert finding.entity is None


@pytest.mark.parametrize(
    "path",
    [
        *(b"a@mipt.ru", b"a@x.MIPT.ru.", b"a@school.mipt.ru", b"era_2@mil.ru"),
        *("a@mipt\uff0eru".encode(), b'"x@l.org"@mipt.ru', b"mipt.ru!ivan", b"ivan%mipt.ru@l.org"),
        b"b+a=mipt.ru@l.org",
    ],
)
def test_what_an_entry_bears_on_is_looked_at(path):
    known_clear = KnownClear(SNAPSHOT)
    known_clear.is_clear(line(b"a@l.org"))
    assert not known_clear.is_clear(line(path))


@pytest.mark.parametrize(
    "path",
    [b"a@mipt.ru@x.org", b'"a@mipt.ru"@x.org', b"a@mipt.ru@", b"a@mipt.ru(c)", b"a%mipt.ru@"],
)
def test_s02_an_odd_spelling_is_not_cut_short_by_a_domain_known_as_clear(path):
    known_clear = KnownClear(SNAPSHOT)
    assert known_clear.is_clear(line(b"a@x.org"))
    assert not known_clear.is_clear(line(path))


@pytest.mark.parametrize(
    "path",
    [
        b"a@x.org",
        b"a@gmail.com",
        b"ivan=mipt.ru@gmail.com",
        b'"a@mipt.ru"@gmail.com',
    ],
)
def test_what_no_entry_bears_on_is_not(path):
    known_clear = KnownClear(SNAPSHOT)
    assert known_clear.is_clear(line(path))
    assert known_clear.is_clear(line(path))


def test_only_domains_are_kept_and_no_more_than_there_is_room_for():
    known_clear = KnownClear(SNAPSHOT, capacity=10)
    for number in range(1000):
        assert known_clear.is_clear(line(b"somebody%d@d%d.example" % (number, number)))
        assert len(known_clear._clear) <= 10
    assert all(b"somebody" not in kept and b"@" not in kept for kept in known_clear._clear)
    assert known_clear._clear


@pytest.mark.parametrize("path", [b"postmaster", b"secret%name@x.org", b'"secret x"@x.org'])
def test_nothing_is_kept_of_a_path_that_may_hold_more_than_a_domain(path):
    known_clear = KnownClear(SNAPSHOT)
    assert known_clear.is_clear(line(path))
    assert not known_clear._clear


def test_s15_what_cannot_be_read_is_looked_at():
    assert not KnownClear(SNAPSHOT).is_clear(line(b"a@\xff"))
    assert not KnownClear(SNAPSHOT).is_clear(b"RCPT TO:<>\r\n")


@pytest.mark.parametrize(
    "parameters", [b" ORCPT=rfc822;u@mipt.ru", b" NOTIFY=NEVER orcpt=rfc822;u%mipt.ru@x.org"]
)
def test_s17_a_listed_original_recipient_is_looked_at_beside_a_clear_one(parameters):
    known_clear = KnownClear(SNAPSHOT)
    for _ in range(2):
        assert known_clear.is_clear(line(b"a@x.org"))
        assert known_clear.is_clear(line(b"a@x.org", b" ORCPT=rfc822;a@x.org"))
        assert not known_clear.is_clear(line(b"a@x.org", parameters))


@pytest.mark.parametrize(
    "behind",
    [
        b" u@mipt.ru",
        b"u@mipt.ru",
        b",u@mipt.ru",
        b" XFOO=u@mipt.ru",
        b" SIZE=1@mipt.ru",
        b" ORCPT=rfc822; u@mipt.ru",
        b" ORCPT=rfc822;u+40mipt+2eru",
        b" ORCPT=rfc822;<u@mipt.ru>",
        b" ORCPT=rfc822;@@mipt.ru",
    ],
)
def test_s15_what_stands_behind_a_known_domain_is_looked_at(behind):
    known_clear = KnownClear(SNAPSHOT)
    assert known_clear.is_clear(line(b"a@x.org"))
    assert not known_clear.is_clear(b"RCPT TO:<a@x.org>" + behind + b"\r\n")
