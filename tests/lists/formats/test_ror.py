import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.ror import read_organisations
from gateway.lists.parsing.entry import RejectedRow, RejectedRowReason
from gateway.lists.parsing.organisation import Organisation
from gateway.lists.parsing.untrusted_file import UntrustedFile


@pytest.fixture(scope="session")
def read(part):
    return lambda raw: list(read_organisations(part("ror.json", raw)))


@pytest.fixture(scope="session")
def good(content):
    return content("ror/records.jsonl")


@pytest.fixture(scope="session")
def found(read, good):
    return read(good)


def test_an_organisation_with_all_that_is_told_of_it(found):
    assert found[0] == Organisation(
        ror="0te5te501",
        name="Institute of Applied Nephology",
        place="ror.json:1",
        names=("Institute of Applied Nephology", "IAN", "Институт прикладной нефологии"),
        country="RU",
        domains=("nephology.example",),
        websites=("https://www.nephology.example/",),
        is_active=True,
    )


def test_one_that_is_active_no_more_and_one_of_odd_shapes(found):
    assert found[1] == Organisation(
        "0te5te502", "Office of Moons", "ror.json:2", ("Office of Moons",), is_active=False
    )
    assert found[5] == Organisation(
        "0te5te505", "Shown by no Name", "ror.json:7", ("Shown by no Name",), "FR"
    )


def test_s12_what_is_not_taken_is_told_with_its_reason_and_place(found):
    assert [each for each in found if isinstance(each, RejectedRow)] == [
        RejectedRow(RejectedRowReason.INACTIVE, "ror.json:4", "0te5te503"),
        RejectedRow(RejectedRowReason.NAMELESS, "ror.json:5", "0te5te504"),
        RejectedRow(RejectedRowReason.MALFORMED, "ror.json:6", "has no ROR id"),
    ]
    assert len(found) == 6


def test_the_published_array_is_the_same_as_lines(read, good, found):
    array = json.dumps([json.loads(line) for line in good.splitlines() if line], indent=2)
    assert [_without_place(each) for each in read(array)] == list(map(_without_place, found))


def _without_place(each):
    if isinstance(each, RejectedRow):
        return each.reason, each.detail
    return each.ror, each.name, each.names, each.country, each.domains, each.websites


def test_s12_the_older_schema_is_refused(read):
    record = {"id": "https://ror.org/0te5te501", "name": "Institute", "country": {}}
    with pytest.raises(ListError, match=r"^ror\.json:1: is in ROR's schema 1; take the release's"):
        read(json.dumps([record]))


@given(st.data())
def test_s12_an_array_cut_short_never_passes(outcome, read, good, data):
    array = json.dumps([json.loads(line) for line in good.splitlines() if line]).encode()
    end = data.draw(st.integers(0, len(array) - 1))
    assert isinstance(outcome(lambda: read(array[:end])), ListError)


@given(st.data())
def test_s12_damage_gives_organisations_rejections_or_an_error(outcome, damaged, read, good, data):
    outcome(lambda: read(damaged(data, good)))


@pytest.mark.data
def test_the_real_registry_is_accounted_for(data_path):
    path = data_path("ror/organizations.jsonl.gz")
    with gzip.open(path) as stream:
        found = list(read_organisations(UntrustedFile("ror.jsonl", stream)))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    statuses = Counter(record["status"] for record in records)
    assert len(found) == len(records) == 35_990
    organisations = [each for each in found if isinstance(each, Organisation)]
    assert sum(each.is_active for each in organisations) == statuses["active"] == 35_075
    assert sum(not each.is_active for each in organisations) == statuses["inactive"] == 725
    rest = [each.reason for each in found if isinstance(each, RejectedRow)]
    assert (
        rest
        == [RejectedRowReason.INACTIVE] * statuses["withdrawn"]
        == [RejectedRowReason.INACTIVE] * 190
    )
    by_id = {record["id"].removeprefix("https://ror.org/"): record for record in records}
    for each in organisations:
        record = by_id[each.ror]
        assert set(each.domains) == set(record["domains"])
        shown = {
            " ".join(name["value"].split())
            for name in record["names"]
            if "ror_display" in name["types"]
        }
        assert shown == {each.name}
        assert each.country == record["locations"][0]["geonames_details"]["country_code"]
