import os
import resource
import sys

import pytest

from gateway.relay.limits.descriptor_limit import RESERVED_DESCRIPTORS, DescriptorLimit


@pytest.fixture
def allowed(monkeypatch):
    """Says what the system allows: its real limit is every test's."""

    def allow(limit):
        monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))

    return allow


@pytest.mark.parametrize(
    ("limit", "first"), [(1024, 1024 - RESERVED_DESCRIPTORS), (64, 48), (4, 3)]
)
def test_the_last_descriptors_show_it(allowed, limit, first):
    allowed(limit)
    assert [DescriptorLimit().is_reached_by(at) for at in (-1, 0, first - 1, first)] == [
        False
    ] * 3 + [True]


def test_where_there_is_no_limit_there_is_no_shortage(allowed):
    allowed(resource.RLIM_INFINITY)
    assert not DescriptorLimit().is_reached_by(sys.maxsize // 2)


def test_the_limit_may_change_while_we_run(allowed):
    allowed(1024)
    measured = DescriptorLimit()
    assert not measured.is_reached_by(500)
    allowed(520)
    measured.measure()
    assert measured.is_reached_by(500)


def test_a_new_descriptor_has_the_lowest_number_that_is_free():
    """What all of it rests on (POSIX)."""
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    os.close(opened[2])
    again = os.open("/dev/null", os.O_RDONLY)
    assert again == opened[2]
    for each in (*opened[:2], again, *opened[3:]):
        os.close(each)


def test_it_measures_this_process():
    assert DescriptorLimit().limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
