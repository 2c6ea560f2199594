"""Our own domain in a snapshot: whichever way round, it is told with whose it is said to be."""

import pytest

from gateway.list_store.imports.own_domain_guard import listed_own_domains
from gateway.model import Claim, Entity
from gateway.screening import snapshot
from gateway.screening.recipient_kind import MailboxKinds

NOBODY = MailboxKinds({}, {}, frozenset(), frozenset(), frozenset())


@pytest.fixture
def told():
    """Tell of our domains, with one institution that has these domains and addresses."""

    def run(ours, *values, clears=()):
        domains = [
            Claim(each, "LIST 1", clears=each in clears) for each in values if "@" not in each
        ]
        addresses = [Claim(each, "LIST 1") for each in values if "@" in each]
        entity = Entity("e-1", "Slip", domains=tuple(domains), addresses=tuple(addresses))
        return listed_own_domains(ours, snapshot.build([entity], NOBODY))

    return run


@pytest.mark.parametrize(
    ("ours", "listed", "begins"),
    [
        ("u.edu", "u.edu", "u.edu, your own, is listed as a domain of Slip (e-1): u.edu: LIST 1"),
        ("med.u.edu", "u.edu", "u.edu, above your own med.u.edu, is listed as a domain of Slip"),
        ("u.edu", "lab.u.edu", "lab.u.edu, below your own u.edu, is listed as a domain of Slip"),
        ("u.edu", "x@lab.u.edu", "x@lab.u.edu, at your own domain, is listed as an address of"),
    ],
)
def test_it_is_told_with_the_institution_and_what_says_so(told, ours, listed, begins):
    (line,) = told([ours], listed)
    assert line.startswith(begins)
    assert "clears = true" in line


def test_what_is_somebody_elses_is_no_concern(told):
    assert told(["u.edu"], "u.edu.cn", "notu.edu", "x@gmail.com") == []
    assert told([], "u.edu") == []


def test_what_was_taken_out_is_nobodys(told):
    assert told(["u.edu"], "u.edu", clears=["u.edu"]) == []
    assert told(["med.u.edu"], "u.edu", "med.u.edu", clears=["med.u.edu"]) == []


def test_each_is_told_once(told):
    assert len(told(["u.edu", "med.u.edu"], "u.edu", "a.med.u.edu")) == 3
