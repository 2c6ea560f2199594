import pytest

from gateway.errors import ListError
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles

ROWS = [(f"I{n}", f"own-{n}", f"i{n}.example.ru", f"Alias {n}") for n in range(30)]


@pytest.fixture
def take_rows(policies, folder, at, tmp_path):
    def run(rows, days=0, **more):
        path = tmp_path / "own.csv"
        lines = ["name,id,domains,aliases", *(",".join(row) for row in rows), ""]
        path.write_text("\n".join(lines))
        return import_run.import_list(
            policies, folder, ImportFiles("own", [path], **more), at(days)
        )

    return run


def without(column, count):
    return [
        tuple("" if at == column and number < count else text for at, text in enumerate(row))
        for number, row in enumerate(ROWS)
    ]


@pytest.mark.parametrize(("column", "what"), [(2, "websites and addresses"), (3, "names")])
def test_s08_a_list_that_lost_its_addresses_or_names_is_refused(column, what, take_rows):
    take_rows(ROWS)
    with pytest.raises(ListError, match=f"lacks 10 of the [0-9]+ {what} that own had"):
        take_rows(without(column, 10), days=1)
    take_rows(without(column, 2), days=2)
    taken = take_rows(without(column, 30), days=3, accepts_loss=True)
    assert taken.header.entries == 30


def test_a_few_names_or_addresses_may_go(take_rows):
    take_rows(ROWS[:10])
    assert take_rows(without(2, 9)[:10], days=1).is_changed
