from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.addresses.address_text import from_text
from gateway.addresses.path_reading import read
from gateway.model import Kind, Listing, Rule, Standing
from gateway.screening.classify import classify, classify_line
from gateway.screening.known_clear import KnownClear

TODAY = date(2026, 11, 22)
DATED = Listing(
    "US-OFAC-SDN",
    "RUSSIA-EO14024",
    "38316",
    listed_on=date(2022, 8, 2),
    effective_from=date(2022, 8, 2),
    wind_down_until=date(2022, 8, 31),
    delisted_on=date(2030, 1, 1),
)


@pytest.fixture
def verdict(snapshot, entity):
    """Classify an address against entities, by default one with the domain mipt.ru."""

    def give(text, *entities, on=TODAY):
        return classify(from_text(text), snapshot(*entities or [entity("m", ["mipt.ru"])]), on)

    return give


def test_s01_exact_subdomain_and_neighbour(verdict, entity):
    sk = entity("sk", ["sk.ru"])
    assert verdict("a@sk.ru", sk).rule is Rule.EXACT_DOMAIN
    assert verdict("a@x.sk.ru", sk).rule is Rule.SUBDOMAIN
    assert verdict("a@kursk.ru", sk).standing is Standing.CLEAR
    assert verdict("a@sk.ru.example.org", sk).standing is Standing.CLEAR


def test_s01_the_longest_entry_wins(verdict, entity):
    finding = verdict("a@x.lab.mipt.ru", entity("a", ["mipt.ru"]), entity("b", ["lab.mipt.ru"]))
    assert finding.entity.id == "b"
    assert finding.matched == "lab.mipt.ru"


def test_s01_a_longer_entry_clears_what_a_shorter_one_lists(verdict, entity):
    mipt = entity("m", ["mipt.ru", "-school.mipt.ru", "x.school.mipt.ru"])
    cleared = verdict("a@school.mipt.ru", mipt)
    assert cleared.standing is Standing.CLEAR
    assert cleared.matched == "school.mipt.ru"
    assert "taken out" in cleared.evidence[1]
    assert verdict("a@b.school.mipt.ru", mipt).standing is Standing.CLEAR
    assert verdict("a@x.school.mipt.ru", mipt).standing is Standing.LISTED
    assert verdict("a@mipt.ru", mipt).standing is Standing.LISTED


def test_s01_an_entry_clears_also_where_its_own_entity_is_not_in_force(verdict, entity):
    school = entity("school", ["-school.mipt.ru"], listings=[DATED])
    finding = verdict("a@school.mipt.ru", school, entity("m", ["mipt.ru"]), on=date(2031, 1, 1))
    assert (finding.standing, finding.matched) == (Standing.CLEAR, "school.mipt.ru")


@pytest.mark.parametrize(
    "spelling",
    ["a@MIPT.ru", "a@mipt.ru.", "a@mipt\uff0eru", "a@\uff4dipt\u3002ru", '"@x.org"@mipt.ru'],
)
def test_s02_every_spelling_has_one_verdict(spelling, verdict):
    finding = verdict(spelling)
    assert (finding.standing, finding.matched) == (Standing.LISTED, "mipt.ru")


def test_s04_a_verdict_names_what_it_rests_on(snapshot, entity):
    mipt = entity("m", ["mipt.ru"], listings=[DATED])
    live = snapshot(mipt)
    finding = classify(read(b"a@stud.mipt.ru"), live, TODAY)
    assert finding.entity is mipt
    assert finding.entity.listings == (DATED,)
    assert finding.matched == "mipt.ru"
    assert finding.rule is Rule.SUBDOMAIN
    assert finding.evidence == ("mipt.ru: source of mipt.ru, reviewed 2026-11-22",)
    assert finding.snapshot == live.digest
    assert finding.recipient.raw == b"a@stud.mipt.ru"


@pytest.mark.parametrize(
    ("on", "standing", "note"),
    [
        (date(2022, 8, 1), Standing.CLEAR, "not in force before 2022-08-02"),
        (date(2022, 8, 2), Standing.LISTED, "winding down until 2022-08-31"),
        (date(2022, 8, 31), Standing.LISTED, "winding down until 2022-08-31"),
        (date(2022, 9, 1), Standing.LISTED, None),
        (date(2029, 12, 31), Standing.LISTED, None),
        (date(2030, 1, 1), Standing.CLEAR, "delisted on 2030-01-01"),
    ],
)
def test_s05_days_decide_and_are_told(on, standing, note, verdict, entity):
    finding = verdict("a@mipt.ru", entity("m", ["mipt.ru"], listings=[DATED]), on=on)
    assert finding.standing is standing
    assert finding.entity.id == "m"
    notes = finding.evidence[1:]
    assert notes == (() if note is None else (f"US-OFAC-SDN RUSSIA-EO14024: {note}",))


def test_s05_an_unknown_date_is_in_force(verdict, entity):
    undated = entity("m", ["mipt.ru"], listings=[Listing("L", None, None)])
    assert verdict("a@mipt.ru", undated, on=date.min).standing is Standing.LISTED


def test_s05_what_was_delisted_does_not_shield_from_what_lies_above(verdict, entity):
    institute = entity("institute", ["nstri.aeoi.org.ir"], listings=[DATED])
    agency = entity("agency", ["aeoi.org.ir"])
    finding = verdict("a@nstri.aeoi.org.ir", institute, agency, on=date(2031, 1, 1))
    assert (finding.standing, finding.entity.id) == (Standing.LISTED, "agency")


def test_s05_of_two_holders_the_one_in_force_counts(verdict, entity):
    old = entity("a-old", ["mipt.ru"], listings=[DATED])
    new = entity("b-new", ["mipt.ru"])
    finding = verdict("a@mipt.ru", old, new, on=date(2031, 1, 1))
    assert (finding.standing, finding.entity.id) == (Standing.LISTED, "b-new")


def test_s03_an_exact_address_is_listed_alone_at_a_host_of_many(verdict, entity):
    era = entity("era", [], ["era_1@mil.ru"])
    finding = verdict("ERA_1+x@mil.ru", era)
    assert finding.standing is Standing.LISTED
    assert (finding.rule, finding.matched) == (Rule.EXACT_ADDRESS, "era_1@mil.ru")
    assert verdict("era_2@mil.ru", era).standing is Standing.CLEAR
    assert verdict("era_1@x.mil.ru", era).standing is Standing.CLEAR


def test_an_exact_address_is_an_offices_whatever_its_provider(verdict, entity):
    finding = verdict("almaz@mail.ru", entity("almaz", [], ["almaz@mail.ru"]))
    assert (finding.standing, finding.kind) == (Standing.LISTED, Kind.ROLE)


def test_an_exact_address_goes_before_its_domain_and_may_clear(verdict, entity):
    mipt = entity("m", ["mipt.ru"], ["-guest@mipt.ru"])
    finding = verdict("guest@mipt.ru", mipt)
    assert (finding.standing, finding.kind) == (Standing.CLEAR, Kind.INDIVIDUAL)
    assert verdict("host@mipt.ru", mipt).standing is Standing.LISTED


def test_a_personal_address_with_a_name_is_personal(verdict):
    finding = verdict("Ivan Petrov (mipt.ru) <ivan@gmail.com>")
    assert (finding.standing, finding.kind) == (Standing.CLEAR, Kind.PERSONAL)
    assert finding.entity is None


def test_alumni_is_said_below_listed_domains_only(verdict):
    assert verdict("a@alumni.mipt.ru").kind is Kind.ALUMNI
    assert verdict("a@alumni.example.edu").kind is Kind.INDIVIDUAL


@pytest.mark.parametrize(
    "wrapping", ["SRS0=H=T=mipt.ru=ivan@f.org", "b+ivan=stud.mipt.ru@l.org", "mipt.ru!ivan"]
)
def test_s06_a_wrapped_address_is_for_review_never_listed(wrapping, verdict):
    finding = verdict(wrapping)
    assert (finding.standing, finding.rule) == (Standing.REVIEW, Rule.EMBEDDED)
    assert (finding.entity.id, finding.matched) == ("m", "mipt.ru")
    assert finding.kind is Kind.UNKNOWN


def test_s06_a_wrapped_exact_address_is_for_review(verdict, entity):
    era = entity("era", [], ["era_1@mil.ru"])
    assert verdict("SRS0=H=T=mil.ru=era_1@f.org", era).matched == "era_1@mil.ru"
    assert verdict("SRS0=H=T=mil.ru=era_2@f.org", era).standing is Standing.CLEAR


def test_s06_nothing_is_read_into_a_name_at_a_personal_provider(verdict):
    assert verdict("ivan=mipt.ru@gmail.com").standing is Standing.CLEAR


def test_s06_what_is_cleared_or_not_in_force_is_not_for_review(verdict, entity):
    cleared = entity("m", ["mipt.ru", "-school.mipt.ru"])
    assert verdict("b+a=school.mipt.ru@l.org", cleared).standing is Standing.CLEAR
    dated = entity("m", ["mipt.ru"], listings=[DATED])
    assert verdict("b+a=mipt.ru@l.org", dated, on=date(2020, 1, 1)).standing is Standing.CLEAR


def test_s06_a_listed_domain_is_listed_whatever_its_local_part_wraps(verdict):
    assert verdict("SRS0=H=T=example.org=a@mipt.ru").standing is Standing.LISTED


@pytest.mark.parametrize("path", [b"<a@b..example>", b"<>", b"<a@\xff>", b"x" * 1001])
def test_s15_what_cannot_be_read_is_for_review_with_no_guess(path, snapshot, entity):
    finding = classify(read(path), snapshot(entity("m", ["mipt.ru"])), TODAY)
    assert (finding.standing, finding.rule) == (Standing.REVIEW, Rule.UNREADABLE)
    assert (finding.entity, finding.tier, finding.matched) == (None, None, None)
    assert finding.kind is Kind.UNKNOWN
    assert finding.evidence[0].startswith("it could not be read: ")


UNSEEN = [
    b"<u@mipt.ru(a(b)>",
    b"<u%mipt.ru" + b"%[127.0.0.1]" * 16 + b"@[127.0.0.1]>",
    b'<"u% mipt.ru"@ours.edu>',
    b"<u@mi\\pt.ru@ours.edu>",
    b"<\\mipt.ru!u>",
    b'<,"u@mipt.ru">',
    b"<u@=?utf-8?q?mipt=2Eru?=>",
    b"<u@mipt.ru\xc2\xa0>",
    b"<u@mipt.ru>\xc2\xa0",
    b"<u@mipt.ru..>",
    b"<u@mipt.ru. .>",
    b"<u@[mipt.ru]>",
    b'<u@"mipt.ru">',
    b"<IMCEASMTP-ivan+40mipt+2Eru@ours.edu>",
    b"<ivan_mipt.ru#EXT#@tenant.onmicrosoft.com>",
    b"<ivan_at_mipt.ru_x@duck.com>",
    b"<x+ivan=mipt.ru@anonaddy.com>",
    b"<=?utf-8?q?u=40mipt.ru?=@ours.edu>",
    b"<a@gmail.com(<b@mipt.ru>)>",
    b"<@mipt.ru:a@ours.edu>",
    b"<a@gmail.com>u@mipt.ru",
    b"<a@gmail.com> u@mipt.ru",
    b"<Ivan <u@mipt.ru>>",
    b"friends:u@mipt.ru;",
    b"<a@ours.edu> ORCPT=rfc822;u@mipt.ru",
    b"<a@ours.edu> NOTIFY=NEVER ORCPT=rfc822;u+40x%mipt.ru@ours.edu",
]


@pytest.mark.parametrize("argument", UNSEEN)
def test_s15_a_listed_domain_that_stands_anywhere_in_it_is_for_review(argument, snapshot, entity):
    finding = classify_line(
        b"RCPT TO:" + argument + b"\r\n", snapshot(entity("m", ["mipt.ru"])), TODAY
    )
    assert (finding.standing, finding.rule) == (Standing.REVIEW, Rule.EMBEDDED)
    assert (finding.entity.id, finding.matched) == ("m", "mipt.ru")


CLEAR = [
    b"<root>",
    b"<postmaster>",
    b"<u@localhost>",
    b"<a..b@docomo.ne.jp>",
    b"<a.@ezweb.ne.jp>",
    b"<den...4ik@mail.ru>",
    b"<" + b"S" * 90 + b"@forwarder.org>",
    b"<IMCEAEX-_O=ORG_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP_CN=RECIPIENTS_CN=X@ours.edu>",
    b"a@gmail.com",
    b" <a@gmail.com>",
    b"<a@gmail.com >",
    b"<Ivan <a@gmail.com>>",
    "<иван@example.org>".encode(),
    b"<\xe9ric@example.org>",
    b"<u@foo_bar.com>",
    b"<u@-foo.com>",
    b"<u@foo.com.>",
    b"<u@[192.0.2.1]>",
    b"<u@[IPv6:2001:db8::1]>",
    b"</C=US/A=x/@gw>",
    b"<@a.org,@b.org:u@c.org>",
    b"<u%a.org@b.org>",
    b"<a.org!u>",
    b"<b-u=a.org@c.org>",
    b"<a@b.org> ORCPT=x400;u@mipt.ru",
    b"<a@b.org> ORCPT=rfc822;+ZZ@@",
    b"<a@b.org> ORCPT=rfc822;a@b.org",
    b'<"x@mipt.ru x"@gmail.com>',
    b'<"a@mipt.ru"@gmail.com>',
    b"<ivan%mipt.ru@gmail.com>",
    b"<ivan_at_mipt.ru_x@gmail.com>",
]


@pytest.mark.parametrize("argument", CLEAR)
def test_s15_with_one_readable_domain_a_faulty_spelling_is_no_finding(argument, snapshot, entity):
    line = b"RCPT TO:" + argument + b"\r\n"
    live = snapshot(entity("m", ["mipt.ru"]))
    finding = classify_line(line, live, TODAY)
    assert (finding.standing, finding.rule, finding.entity) == (Standing.CLEAR, None, None)
    assert KnownClear(live).is_clear(line)


@pytest.mark.parametrize(
    "argument", [b"<almaz(x)@mail.ru>", b'<"almaz"@mail.ru>', b"almaz@mail.ru"]
)
def test_s16_a_listed_mailbox_is_listed_by_the_rfcs_own_reading(argument, snapshot, entity):
    live = snapshot(entity("almaz", [], ["almaz@mail.ru"]))
    finding = classify_line(b"RCPT TO:" + argument + b"\r\n", live, TODAY)
    assert (finding.standing, finding.matched) == (Standing.LISTED, "almaz@mail.ru")


def test_s15_a_listed_mailbox_is_seen_in_a_local_part_that_no_grammar_reads(snapshot, entity):
    live = snapshot(entity("almaz", [], ["almaz@mail.ru"]))
    finding = classify_line(b"RCPT TO:<almaz+:x@mail.ru>\r\n", live, TODAY)
    assert (finding.standing, finding.matched) == (Standing.REVIEW, "almaz@mail.ru")


@pytest.mark.parametrize(
    "argument",
    [
        b"<almaz+x=y%mail.ru@ours.edu>",
        b'<"almaz+a,b@mail.ru"@ours.edu>',
        b"<IMCEASMTP-almaz+2Bx+40mail+2Eru@ours.edu>",
        b"<almaz+x=mail.ru@ours.edu>",
        b"<almaz+x=40mail.ru@ours.edu>",
        b"<bounces-almaz=mail.ru@ours.edu>",
    ],
)
def test_s15_a_listed_mailbox_is_seen_with_a_tag_and_wrapped_up(argument, snapshot, entity):
    live = snapshot(entity("almaz", [], ["almaz@mail.ru"]))
    line = b"RCPT TO:" + argument + b"\r\n"
    assert not KnownClear(live).is_clear(line)
    finding = classify_line(line, live, TODAY)
    assert (finding.standing, finding.matched) == (Standing.REVIEW, "almaz@mail.ru")


def test_s16_what_only_a_server_reads_is_never_listed(snapshot, entity):
    live = snapshot(entity("m", ["mipt.ru"]))
    for argument in UNSEEN:
        assert classify(read(argument), live, TODAY).standing is not Standing.LISTED


def test_r26_a_path_of_too_many_names_is_for_review(snapshot, entity):
    names = b"%".join(b"h%d.example" % number for number in range(70))
    finding = classify(read(names + b"@ours.edu"), snapshot(entity("m", ["mipt.ru"])), TODAY)
    assert (finding.standing, finding.rule) == (Standing.REVIEW, Rule.UNREADABLE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet='a@"\\.=%!-+ru[]:\uff0e', max_size=60).map(str.encode),
    )
)
def test_hostile_paths_have_a_verdict(snapshot, entity, path):
    # The fixtures hand over functions without state, so that one serves every example.
    live = snapshot(entity("m", ["mipt.ru", "r.u"], ["a@a.ru"]))
    finding = classify(read(path), live, TODAY)
    assert finding.recipient.raw in path
    assert finding.snapshot == live.digest
    assert (
        finding.standing is Standing.CLEAR
        or finding.rule is Rule.UNREADABLE
        or finding.entity is not None
    )
