import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.list_store.files import accepted_domains
from gateway.list_store.files.accepted_domains import Acceptance, Rejection

ON = date(2026, 11, 22)
YES = Acceptance("us-1", "bmstu.ru", 'ROR 1 says "so" \\ or not', "A. Reviewer", ON)
NO = Rejection("0123456789", "us-1", "bmstu.ru", "B. Reviewer", ON, "a namesake")


def test_s13_an_accepted_domain_is_an_addition_with_its_provenance(folder):
    with folder.locked():
        accepted_domains.add(folder, YES)
    assert tomllib.loads(accepted_domains.path_of(folder).read_text()) == {
        "addition": [
            {
                "entity": "us-1",
                "domain": [
                    {
                        "name": "bmstu.ru",
                        "source": 'ROR 1 says "so" \\ or not',
                        "reviewer": "A. Reviewer",
                        "reviewed_on": ON,
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_s13_what_people_wrote_there_stays_as_it_is(folder, end):
    folder.make()
    mine = f"# ours\n[[addition]]\nentity = 'x'   # by hand{end}"
    accepted_domains.path_of(folder).write_text(mine)
    accepted_domains.add(folder, YES)
    text = accepted_domains.path_of(folder).read_text()
    assert text.startswith(mine)
    assert [each["entity"] for each in tomllib.loads(text)["addition"]] == ["x", "us-1"]
    accepted_domains.restore(folder, mine)
    assert accepted_domains.read_text(folder) == mine


def test_a_file_that_was_not_there_is_taken_away_again(folder):
    folder.make()
    assert accepted_domains.read_text(folder) == ""
    accepted_domains.add(folder, YES)
    accepted_domains.restore(folder, "")
    assert not accepted_domains.path_of(folder).exists()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_quoted(text):
    assert tomllib.loads(f"a = {accepted_domains._quoted(text)}") == {"a": text}


def test_a_file_that_is_no_utf8_is_told(folder):
    folder.make()
    accepted_domains.path_of(folder).write_bytes(b"\xff")
    with pytest.raises(ListError, match=r"entities\.toml: is not UTF-8"):
        accepted_domains.read_text(folder)


def test_s13_what_was_rejected_is_remembered_with_name_and_date(folder):
    assert accepted_domains.rejected(folder) == {}
    folder.make()
    accepted_domains.reject(folder, NO)
    assert accepted_domains.rejected(folder) == {NO.id: NO}


def test_a_torn_last_line_is_passed_over_and_a_damaged_one_told(folder):
    folder.make()
    accepted_domains.reject(folder, NO)
    with accepted_domains.rejections_of(folder).open("a") as stream:
        stream.write('{"id": "x"')
    assert accepted_domains.rejected(folder) == {NO.id: NO}
    with accepted_domains.rejections_of(folder).open("a") as stream:
        stream.write("\n{}\n")
    with pytest.raises(ListError, match=r"rejected\.jsonl:2: is damaged"):
        accepted_domains.rejected(folder)
