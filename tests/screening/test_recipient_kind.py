import pytest

from gateway.model import Address, Kind
from gateway.screening.recipient_kind import (
    is_alumni,
    is_role,
    kind_of,
    may_be_a_persons,
    provider_of,
    shared_host_of,
)


def address(text):
    local, _, domain = text.rpartition("@")
    return Address(text.encode(), local, domain)


@pytest.mark.parametrize(
    ("text", "listed", "kind"),
    [
        ("ivan@gmail.com", False, Kind.PERSONAL),
        ("info@gmail.com", False, Kind.PERSONAL),
        ("ivan@vip.mail.ru", False, Kind.PERSONAL),
        ("ivan@mipt.ru", True, Kind.INDIVIDUAL),
        ("info@mipt.ru", True, Kind.ROLE),
        ("ivan@alumni.mipt.ru", True, Kind.ALUMNI),
        ("ivan@x.alum.mipt.ru", True, Kind.ALUMNI),
        ("info@alumni.mipt.ru", True, Kind.ROLE),
        ("ivan@alumni.harvard.edu", False, Kind.INDIVIDUAL),
        ("@mipt.ru", True, Kind.UNKNOWN),
    ],
)
def test_whose_mailbox_an_address_is(text, listed, kind, people):
    assert kind_of(address(text), people, listed=listed) is kind


@pytest.mark.parametrize(
    "local",
    [
        *("info", "INFO", "info+x", "info7", "info.ru", "dean", "postmaster"),
        *("dekanat", "dekanat-fopf", "dekanat_2", "ДЕКАНАТ", "prvs=2987a7b7c7=info"),
    ],
)
def test_names_of_offices(local, people):
    assert is_role(local, people)


@pytest.mark.parametrize("local", ["dean.smith", "dean-smith", "informatik", "ivan", "", "+info"])
def test_a_title_that_is_a_surname_takes_no_suffix(local, people):
    assert not is_role(local, people)


@pytest.mark.parametrize(
    ("local", "may_be"), [("dean", True), ("Dean+x", True), ("info", False), ("ivan", False)]
)
def test_a_roles_name_may_be_a_persons_too(local, may_be, people):
    assert may_be_a_persons(local, people) is may_be


def test_alumni_is_a_whole_label_below_what_was_registered(people):
    assert is_alumni("alumni.mipt.ru", people)
    assert is_alumni("alu.hit.edu.cn", people)
    assert not is_alumni("alu.um.es", people)
    assert not is_alumni("alu.ufc.br", people)
    assert not is_alumni("alumni.ru", people)
    assert not is_alumni("alumnimipt.ru", people)
    assert not is_alumni("ru", people)


def test_providers_and_shared_hosts_reach_below_their_domain(people):
    assert provider_of("gmail.com", people) == "Google"
    assert provider_of("a.gmail.com", people) == "Google"
    assert provider_of("notgmail.com", people) is None
    assert shared_host_of("mipt.wordpress.com", people) == "Sites"
    assert shared_host_of("mipt.ru", people) is None
