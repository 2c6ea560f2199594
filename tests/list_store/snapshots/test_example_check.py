import pytest

from gateway.errors import ListError

EXAMPLE = """
[[example]]
address = "a@a.example.ru"
standing = "clear"
"""


def test_p04_a_list_by_which_an_example_fails_is_refused(take, policies, folder, files):
    (policies / "examples.toml").write_text(EXAMPLE)
    take("B")
    before = files()
    with pytest.raises(ListError, match=r"an example of the policy fails: .*nothing was changed"):
        take("A", "B", days=1)
    after = files()
    assert "an example of the policy" in after.pop("sources/own.refused").decode()
    assert after == before
