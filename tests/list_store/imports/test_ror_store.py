"""The registry of research organisations as it is kept."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from gateway.errors import ListError
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import ror_store
from gateway.list_store.imports.import_run import ImportRefusedError
from gateway.lists.parsing.organisation import Organisation

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(number, status="active"):
    return {
        "id": f"https://ror.org/0{number:06}00",
        "status": status,
        "names": [{"value": f"Institute {number}", "types": ["ror_display"]}],
        "locations": [{"geonames_details": {"country_code": "RU"}}],
        "domains": [f"i{number}.example"],
        "links": [{"type": "website", "value": f"https://www.i{number}.example/"}],
    }


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def take(folder, tmp_path):
    def take(*records, **options):
        path = tmp_path / "ror.json.gz"
        path.write_bytes(gzip.compress(json.dumps(records).encode()))
        return ror_store.import_registry(folder, path, AT, **options)

    return take


def test_it_is_kept_as_it_was_read(take, folder):
    header = take(record(1), record(2, "withdrawn"), record(3, "inactive"))
    assert (header.entries, header.rejected) == (2, {"inactive": 1})
    assert ror_store.read_header(folder) == header
    first, last = ror_store.read(folder)
    assert first == Organisation(
        "000000100",
        "Institute 1",
        first.place,
        ("Institute 1",),
        "RU",
        ("i1.example",),
        ("https://www.i1.example/",),
    )
    assert not last.is_active


def test_none_was_imported(folder):
    assert ror_store.read_header(folder) is None
    assert list(ror_store.read(folder)) == []


def test_s08_one_that_has_lost_more_than_a_tenth_is_refused(take, folder):
    take(*map(record, range(20)))
    with pytest.raises(ImportRefusedError, match="lacks 3 of the 20 organisations that ror had"):
        take(*map(record, range(17)))
    assert len(list(ror_store.read(folder))) == 20
    assert take(*map(record, range(18))).entries == 18
    assert take(*map(record, range(9)), accepts_loss=True).entries == 9


def test_s12_one_that_holds_nobody_is_refused(take, folder):
    with pytest.raises(ImportRefusedError, match="holds no record"):
        take(accepts_loss=True)
    with pytest.raises(ImportRefusedError, match="holds no organisation; nothing was changed"):
        take({"id": "?"})
    assert ror_store.read_header(folder) is None


def test_damage_is_told_with_its_place(take, folder):
    take(record(1), record(2))
    path = ror_store.path_of(folder)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ListError, match=r"ror\.jsonl:3: is damaged"):
        list(ror_store.read(folder))
    header = path.read_bytes().partition(b"\n")[0]
    for line in (
        b"[" * 100_000,
        b'{"ror":1}',
        b'{"ror":"r","name":"n","place":"p","names":[1]}',
        b"{}",
    ):
        path.write_bytes(header + b"\n" + line + b"\n")
        with pytest.raises(
            ListError, match=r"ror\.jsonl:2: is damaged .*; import the registry again"
        ):
            list(ror_store.read(folder))
    path.write_bytes(b"{}\n")
    for read in (ror_store.read_header, lambda folder: list(ror_store.read(folder))):
        with pytest.raises(ListError, match=r"ror\.jsonl:[12]: is damaged"):
            read(folder)


@pytest.mark.parametrize(
    "content", [b"[{", b"", b"<html>", b"[" * 100_000, b'[{"name":"schema 1"}]']
)
def test_s12_a_broken_file_is_refused_as_a_list_is_and_nothing_has_changed(
    folder, tmp_path, content
):
    (tmp_path / "ror.json").write_bytes(content)
    with pytest.raises(ImportRefusedError, match=r"ror\.json"):
        ror_store.import_registry(folder, tmp_path / "ror.json", AT)
    assert ImportRefusedError.exit_code == 1
    assert ror_store.read_header(folder) is None
