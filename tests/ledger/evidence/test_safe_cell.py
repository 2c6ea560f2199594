import pytest

from gateway.ledger.evidence.safe_cell import cell_text, harmless


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a08_what_a_spreadsheet_would_run_is_behind_an_apostrophe(sign):
    assert harmless(f"{sign}1+1") == f"'{sign}1+1"
    assert cell_text(f"{sign}1+1") == f"'{sign}1+1"


def test_values_are_told_as_people_read_them():
    assert [cell_text(value) for value in (None, True, False, -3, "a=b")] == [
        "",
        "yes",
        "no",
        "-3",
        "a=b",
    ]
