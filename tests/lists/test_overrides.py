from datetime import date
from pathlib import Path

import pytest

from gateway.errors import ListError
from gateway.lists.overrides import (
    OverrideKey,
    comparable_website,
    read_overrides,
    unused_overrides,
)
from gateway.model import Claim

POLICIES = Path(__file__).parents[2] / "policies"

ONE = """
[[override]]
list = "US-OFAC-SDN"
uid = "7"
website = "http://en.Example.ac/ir/"
domain = "Example.ac.ir"
source = "a register"
reviewer = "A. Reviewer"
reviewed_on = 2026-11-22
"""


def guard(domain):
    return "belongs to everybody" if domain == "ac.ir" else None


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "overrides.toml"
        path.write_text(text)
        return read_overrides(path, guard)

    return read


def faults(read, text):
    with pytest.raises(ListError) as caught:
        read(text)
    return [str(fault).rpartition("/")[2] for fault in caught.value.faults]


def test_a_slip_is_put_right_with_a_source_and_a_persons_name(read):
    assert read(ONE) == {
        OverrideKey("US-OFAC-SDN", "7", "en.example.ac/ir"): Claim(
            "example.ac.ir", "a register", "A. Reviewer", date(2026, 11, 22)
        )
    }


def test_without_a_domain_nothing_is_taken(read):
    assert read(ONE.replace('domain = "Example.ac.ir"\n', "")) == {
        OverrideKey("US-OFAC-SDN", "7", "en.example.ac/ir"): None
    }


@pytest.mark.parametrize("key", ["source", "reviewer", "reviewed_on", "list", "uid", "website"])
def test_provenance_is_asked_for(read, key):
    lines = [line for line in ONE.splitlines() if not line.startswith(f"{key} =")]
    assert any(f"override[1].{key}" in fault for fault in faults(read, "\n".join(lines)))


def test_an_override_passes_the_guard_too(read):
    (fault,) = faults(read, ONE.replace("Example.ac.ir", "ac.ir"))
    assert fault.startswith("overrides.toml:6: ")
    assert fault.endswith("belongs to everybody")


def test_what_is_no_domain_is_told_with_its_line(read):
    (fault,) = faults(read, ONE.replace("Example.ac.ir", "no domain"))
    assert fault.startswith("overrides.toml:6: ")


def test_a_text_is_overridden_once(read):
    twice = ONE + ONE.replace("http://en.Example.ac/ir/", "HTTPS://EN.example.ac/ir")
    (fault,) = faults(read, twice)
    assert "is overridden above already" in fault


def test_an_unknown_key_is_told(read):
    assert "did you mean" in faults(read, ONE + 'webiste = "x"\n')[0]


def test_no_file_is_as_good_as_an_empty_one(tmp_path, read):
    assert read_overrides(tmp_path / "none.toml", guard) == {}
    assert read("") == {}


@pytest.mark.parametrize(
    "text", ["http://en.miu.ac/ir/", "https://EN.miu.ac/ir", " en.miu.ac/ir ", "en.miu.ac/ir//"]
)
def test_scheme_case_space_and_last_slash_make_no_difference(text):
    assert comparable_website(text) == "en.miu.ac/ir"


def test_what_met_no_text_is_told_where_its_list_is_here(read):
    overrides = read(ONE)
    (key,) = overrides
    assert unused_overrides(overrides, set(), {"US-OFAC-SDN"}) == [key]
    assert unused_overrides(overrides, {key}, {"US-OFAC-SDN"}) == []
    assert unused_overrides(overrides, set(), {"EU-FSF"}) == []


def test_the_packaged_ones_can_be_read_and_hold_the_slip_of_30625():
    overrides = read_overrides(POLICIES / "overrides.toml", lambda domain: None)
    claim = overrides[OverrideKey("US-OFAC-SDN", "30625", "en.miu.ac/ir")]
    assert claim.value == "miu.ac.ir"
    assert claim.reviewer
