import pytest

from tests.house import __main__ as tool
from tests.house import file_sizes

GOOD = {
    "gateway/cli/show.py": "".join(
        f"from {module} import x\n"
        for module in (
            *("gateway.compliance", "gateway.serve", "gateway.config", "gateway.log"),
            *("gateway.errors", "gateway.model", "gateway.packaged"),
            *("gateway.ledger.questions", "gateway.policy", "gateway.lists"),
        )
    ),
    **{f"gateway/{room}/__init__.py": "" for room in ("compliance", "serve", "config", "log")},
    **{f"gateway/{room}/__init__.py": "" for room in ("errors", "model", "packaged")},
    **{
        f"gateway/{room}/__init__.py": "x = 1\n" for room in ("ledger/questions", "policy", "lists")
    },
    "benchmarks/a.py": "",
}


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch):
    """A made-up tree has none of the files that are longer for a reason."""
    monkeypatch.setattr(file_sizes, "EXCEPTIONS", {})


def test_a_tree_that_holds_the_bar_is_passed_in_silence(made_up, capsys):
    assert tool.main([str(made_up(GOOD).top)]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_long_file_is_named_and_passed(made_up, capsys):
    assert tool.main([str(made_up(GOOD | {"gateway/log/__init__.py": "\n" * 500}).top)]) == 0
    out, _ = capsys.readouterr()
    assert (
        out
        == "told, not failed: gateway/log/__init__.py: 500 lines; 400 are the rule, 600 the most\n"
    )


def test_every_check_is_asked(made_up, capsys):
    breaches = {
        **{f"gateway/many/file{number}.py": "" for number in range(17)},
        "gateway/log/same.py": "",
        "gateway/config/same.py": "",
        "gateway/long.py": "\n" * 601,
        "gateway/base.py": "class Base: ...\n",
        "gateway/child.py": "from .base import Base\nclass Child(Base): ...\n",
        "gateway/one.py": "import gateway.two\n",
        "gateway/two.py": "import gateway.one\n",
        "benchmarks/one.py": "import benchmarks.two\n",
        "benchmarks/two.py": "import benchmarks.one\n",
        "gateway/cli/other.py": "import gateway.one\n",
        "gateway/raising.py": "class OwnError(Exception): ...\ndef f():\n    raise OwnError\n",
    }
    assert tool.main([str(made_up(GOOD | breaches).top)]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(": ")[0] for line in out.splitlines()] == [
        "benchmarks/one.py:1",
        "gateway/child.py:2",
        "gateway/cli/other.py:1",
        "gateway/log/same.py:1",
        "gateway/long.py:601",
        "gateway/many/__init__.py:1",
        "gateway/one.py:1",
        "gateway/raising.py:2",
    ]
    assert err == "8 breaches of the bar\n"
