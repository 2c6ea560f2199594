import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.addresses.path_reading import read as read_path
from gateway.errors import ListError
from gateway.model import Claim, Listing
from gateway.screening.classify import classify
from gateway.screening.snapshot import build, load

REPO = Path(__file__).parents[2]
DAY = date(2026, 11, 22)

ROLES = """
[[role]]
group = "g"
source = "s"
takes_suffix = true
names = ["Info"]
[alumni]
source = "s"
labels = ["alumni"]
"""
ENTITY = """
[[entity]]
id = "{id}"
name = "Name of {id}"
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
def policies(tmp_path, small_policies):
    """Write a policies directory: entities files by name, over whatever else is given.

    ``personal`` is what to replace in the file of providers, and by what.
    """

    def write(personal=("", ""), roles=ROLES, **entities):
        files = {f"entities/{name}": text for name, text in entities.items()}
        small_policies(tmp_path, **{"entities/a": None, "roles": roles, **files})
        path = tmp_path / "personal.toml"
        path.write_text(path.read_text().replace(*personal) if personal[0] else path.read_text())
        return tmp_path

    return write


def faults_of(directory):
    with pytest.raises(ListError) as caught:
        load(directory)
    return [str(fault).replace(f"{directory}/", "") for fault in caught.value.faults]


def test_s09_the_packaged_policies_serve_without_a_network():
    snapshot = load(REPO / "policies")
    assert snapshot.domains.covers("stud.mipt.ru")
    assert "era_1" in snapshot.addresses["mil.ru"]
    assert snapshot.mailbox_kinds.personal["gmail.com"] == "Google"
    assert "info" in snapshot.mailbox_kinds.families


def test_a_directory_becomes_a_snapshot(policies):
    snapshot = load(policies(a=ENTITY.format(id="a", domain="ФИЗТЕХ.рф")))
    assert list(snapshot.entities) == ["a"]
    assert list(snapshot.domains) == ["xn--e1adc5bhk.xn--p1ai"]
    assert snapshot.mailbox_kinds.roles == {"info"}
    assert snapshot.digest.startswith("sha256:")
    assert len(snapshot.digest) == 7 + 64


def test_the_digest_is_of_the_content_not_of_the_files(policies, tmp_path):
    a, b = ENTITY.format(id="a", domain="a.ru"), ENTITY.format(id="b", domain="b.ru")
    digest = load(policies(one=a, two=b)).digest
    shutil.rmtree(tmp_path / "entities")
    assert load(policies(only=b + "# a remark\n" + a)).digest == digest
    assert load(policies(only=b + a.replace('"a.ru"', '"c.ru"'))).digest != digest
    assert load(policies(personal=("gmail", "mail"), only=b + a)).digest != digest


@pytest.mark.parametrize("change", ["name", "source", "reviewer", "2026-11-22", '"L"'])
def test_the_digest_covers_every_part_of_an_entity(change, policies):
    before = load(policies(a=ENTITY.format(id="a", domain="a.ru"))).digest
    text = ENTITY.format(id="a", domain="a.ru")
    altered = {
        "name": text.replace("Name of", "Name for"),
        "source": text.replace('source = "s"', 'source = "t"'),
        "reviewer": text.replace('"r"', '"q"'),
        "2026-11-22": text.replace("2026-11-22", "2026-11-23"),
        '"L"': text.replace('"L"', '"M"'),
    }[change]
    assert load(policies(a=altered)).digest != before


def test_the_digest_does_not_depend_on_the_order_of_what_is_built(entity, people):
    one, two = entity("a", ["a.ru", "b.ru"]), entity("b", ["c.ru"])
    turned = entity("a", ["b.ru", "a.ru"])
    assert build([one, two], people).digest == build([two, turned], people).digest


def test_s20_the_same_digest_gives_the_same_verdict_in_any_order(entity, people):
    one = Listing("L", "A", "1"), Listing("L", "B", "2")
    two = Claim("x.ru", "a source", "r", DAY), Claim("x.ru", "b source", "r", DAY)
    first = replace(entity("e", []), listings=one, domains=two)
    other = replace(entity("e", []), listings=one[::-1], domains=two[::-1])
    held = [build([each], people) for each in (first, other)]
    assert held[0].digest == held[1].digest
    verdicts = [classify(read_path(b"a@x.ru"), each, DAY) for each in held]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].entity.listings == verdicts[1].entity.listings


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("ac.ru", "is a public suffix"),
        ("edu.cn", "is a public suffix"),
        ("gmail.com", "belongs to a provider of personal mail (Google)"),
        ("x.gmail.com", "belongs to a provider of personal mail (Google)"),
        ("mipt.wordpress.com", "is a shared host (Sites)"),
    ],
)
def test_s03_a_domain_of_everybodys_is_a_fault_with_file_and_line(domain, reason, policies):
    (fault,) = faults_of(policies(a=ENTITY.format(id="a", domain=domain)))
    assert fault.startswith(f"entities/a.toml:9: entity[1].domain[1].name: {domain} {reason}")


def test_s03_an_exact_address_there_is_fine(policies):
    text = ENTITY.format(id="a", domain="a.ru").replace("entity.domain", "entity.address")
    text = text.replace('name = "a.ru"', 'address = "Office@gmail.com"')
    snapshot = load(policies(a=text))
    assert list(snapshot.addresses["gmail.com"]) == ["office"]


def test_a_claim_made_twice_names_both_places(policies):
    (fault,) = faults_of(
        policies(a=ENTITY.format(id="a", domain="a.ru"), b=ENTITY.format(id="b", domain="A.RU."))
    )
    assert fault.startswith("entities/b.toml:9: entity[1].domain[1].name: a.ru is claimed by a (")
    assert fault.endswith("entities/a.toml:9) already")


def test_an_id_used_twice_is_a_fault(policies):
    text = ENTITY.format(id="a", domain="a.ru") + ENTITY.format(id="a", domain="b.ru")
    (fault,) = faults_of(policies(a=text))
    assert "id a is claimed by a (" in fault


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('id = "a"', 'id = "A b"', "entity[1].id", "small letters"),
        ('id = "a"', 'id = "a"\ncountry = "Russia"', "entity[1].country", "ISO 3166-1"),
        ('name = "a.ru"', 'name = "a..ru"', "entity[1].domain[1].name", "empty or overlong"),
        ('reviewer = "r"', "", "entity[1].domain[1].reviewer", "missing"),
        ("2026-11-22", '"2026-11-22"', "entity[1].domain[1].reviewed_on", "without quotes"),
        ("reviewer", "reviwer", "entity[1].domain[1].reviwer", "did you mean reviewer"),
        (
            'list = "L"',
            'list = "L"\neffective_from = 2022-08-02\nwind_down_until = 2022-08-01',
            "entity[1].listing[1].wind_down_until",
            "before the listing takes effect",
        ),
        (
            'list = "L"',
            'list = "L"\nlisted_on = 2022-08-02\ndelisted_on = 2021-01-01',
            "entity[1].listing[1].delisted_on",
            "before the listing takes effect",
        ),
    ],
)
def test_p05_a_wrong_entity_is_told_with_file_line_and_key(old, new, key, reason, policies):
    text = ENTITY.format(id="a", domain="a.ru").replace(old, new, 1)
    faults = faults_of(policies(a=text))
    assert any(f": {key}: " in fault and reason in fault for fault in faults), faults


@pytest.mark.parametrize("address", ["nobody", "@a.ru", "a@", "a@b..c"])
def test_p05_a_wrong_exact_address_is_told(address, policies):
    text = ENTITY.format(id="a", domain="a.ru").replace("entity.domain", "entity.address")
    (fault,) = faults_of(policies(a=text.replace('name = "a.ru"', f'address = "{address}"')))
    assert "entities/a.toml:9: entity[1].address[1].address: " in fault


def test_p05_an_entity_without_a_listing_is_told(policies):
    (fault,) = faults_of(policies(a='[[entity]]\nid = "a"\nname = "A"\n'))
    assert fault.startswith("entities/a.toml:1: entity[1]: names no list")


def test_p05_all_faults_of_all_files_come_at_once(policies):
    directory = policies(
        personal=("wordpress", "gmail"),
        roles="[[role]\n",
        a=ENTITY.format(id="a", domain="ac.ru"),
        b="[[entity]]\n",
    )
    files = {fault.split(":")[0] for fault in faults_of(directory)}
    assert files == {"personal.toml", "roles.toml", "entities/a.toml", "entities/b.toml"}


def test_p05_a_missing_file_or_folder_is_told(tmp_path):
    told = "\n".join(faults_of(tmp_path))
    for name in ("personal.toml", "roles.toml", "entities"):
        assert name in told


@pytest.mark.parametrize(
    ("personal", "reason"),
    [
        (('"gmail.com"', '"ac.ru"'), "ac.ru is a public suffix"),
        (("wordpress.com", "gmail.com"), "stands in the group 'Google' already"),
    ],
)
def test_p05_a_wrong_provider_is_told(personal, reason, policies):
    (fault,) = faults_of(policies(personal=personal))
    assert fault.startswith("personal.toml:")
    assert reason in fault


def test_o07_a_directory_that_cannot_be_listed_is_a_fault_and_not_an_empty_one(
    policies, monkeypatch
):
    directory = policies(a=ENTITY.format(id="a", domain="a.ru"))

    def refused(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    (told,) = faults_of(directory)
    assert told.startswith("entities: cannot be listed (Permission denied)")


def test_examples_beside_an_entity_are_the_policys(policies):
    example = '[[example]]\naddress = "a@a.ru"\nstanding = "listed"\n'
    assert load(policies(a=ENTITY.format(id="a", domain="a.ru") + example)).entities


def test_p05_an_exact_address_left_out_is_told(policies):
    text = ENTITY.format(id="a", domain="a.ru").replace("entity.domain", "entity.address")
    (fault,) = faults_of(policies(a=text.replace('  name = "a.ru"\n', "")))
    assert "entity[1].address[1].address: is missing" in fault
