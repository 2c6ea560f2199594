from datetime import date

import pytest

from gateway.model import Claim, Entity
from gateway.screening.entity_files import read_entities

ADDITION = """
[[addition]]
entity = "us-ofac-7"
  [[addition.domain]]
  name = "Example.RU"
  source = "ROR 7"
  reviewer = "A. Reviewer"
  reviewed_on = 2026-11-22
  [[addition.address]]
  address = "Office@mail.ru"
  source = "its website"
  reviewer = "A. Reviewer"
  reviewed_on = 2026-11-22
"""
ENTITY = """
[[entity]]
id = "{id}"
name = "Institute"
same_as = ["un:qde.004", "lei:253400"]
weak_aliases = ["IP"]
  [[entity.listing]]
  list = "L"
  source = "s"
  [[entity.domain]]
  name = "{domain}"
  source = "s"
  reviewer = "r"
  reviewed_on = 2026-11-22
"""


@pytest.fixture
def read(tmp_path, people):
    """Read files by name; gives entities, additions and faults, each as ``file:line: …``."""

    def read(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text)
        faults = []
        entities, additions = read_entities([tmp_path], people, faults)
        return entities, additions, [str(each).replace(f"{tmp_path}/", "") for each in faults]

    return read


def test_an_addition_has_an_id_and_claims_alone(read):
    entities, additions, faults = read(a=ADDITION)
    day = date(2026, 11, 22)
    assert faults == []
    assert entities == []
    assert additions == [
        Entity(
            "us-ofac-7",
            "",
            domains=(Claim("example.ru", "ROR 7", "A. Reviewer", day),),
            addresses=(Claim("office@mail.ru", "its website", "A. Reviewer", day),),
        )
    ]


def test_s03_an_addition_passes_the_guards_like_an_entity(read):
    text = ADDITION.replace("Example.RU", "ac.ir")
    assert "a.toml:5: addition[1].domain[1].name: ac.ir is a public suffix" in read(a=text)[2][0]
    text = ADDITION.replace("Example.RU", "mail.ru")
    assert "belongs to a provider of personal mail" in read(a=text)[2][0]
    text = ADDITION.replace("Example.RU", "x.wordpress.com")
    assert "is a shared host" in read(a=text)[2][0]


@pytest.mark.parametrize("key", ["entity", "name", "source", "reviewer", "reviewed_on"])
def test_s13_an_addition_needs_its_provenance(read, key):
    lines = ADDITION.splitlines()
    at = next(index for index, line in enumerate(lines) if line.strip().startswith(f"{key} ="))
    del lines[at]
    _, additions, faults = read(a="\n".join(lines))
    assert additions == []
    assert any(f".{key}: is missing" in fault for fault in faults)


def test_a_domain_has_one_place_in_all_the_files_whoever_adds_it(read):
    text = ENTITY.format(id="a", domain="example.ru")
    _, _, (fault,) = read(a=text, b=ADDITION)
    assert fault.startswith("b.toml:5: ")
    assert "example.ru is claimed by a (" in fault


def test_several_additions_may_name_one_entity(read):
    more = ADDITION.replace("Example.RU", "example.org").replace("Office@", "dean@")
    _, additions, faults = read(a=ADDITION, b=more)
    assert faults == []
    assert [each.id for each in additions] == ["us-ofac-7", "us-ofac-7"]


def test_a_key_that_an_addition_has_not_is_told(read):
    text = ADDITION.replace('entity = "us-ofac-7"', 'entity = "us-ofac-7"\nname = "Institute"')
    assert "a.toml:4: addition[1].name: unknown key" in read(a=text)[2][0]


def test_links_to_other_lists_and_weak_aliases_are_read(read):
    (entity,), _, faults = read(a=ENTITY.format(id="a", domain="a.ru"))
    assert faults == []
    assert entity.same_as == ("un:qde.004", "lei:253400")
    assert entity.weak_aliases == ("IP",)


@pytest.mark.parametrize("text", ["qde.004", "UN:QDe.004", "un:", "un:a b", ":x"])
def test_a_link_that_no_list_could_have_is_told(read, text):
    faults = read(a=ENTITY.format(id="a", domain="a.ru").replace("un:qde.004", text))[2]
    assert "scheme:value in small letters" in faults[0]


def test_one_faulty_file_hides_no_fault_of_another(read):
    faults = read(a="[[entity]\n", b=ADDITION.replace("2026-11-22", "soon"))[2]
    assert {fault.partition(":")[0] for fault in faults} == {"a.toml", "b.toml"}
