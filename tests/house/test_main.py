from dataclasses import replace

import pytest

from tests.house import __main__ as tool
from tests.house import allowed_imports, file_sizes, purity

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

CONTRACT = """
[[tool.importlinter.contracts]]
name = "hidden"
type = "forbidden"
source_modules = ["gateway.past"]
forbidden_modules = ["gateway.hidden"]
"""


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch):
    """A made-up tree has none of the files that the checks' own tables name."""
    monkeypatch.setattr(file_sizes, "EXCEPTIONS", {})
    monkeypatch.setattr(purity, "PURE", ("gateway/lists",))
    own = allowed_imports.ALLOWED["gateway.cli"]
    monkeypatch.setitem(allowed_imports.ALLOWED, "gateway.cli", replace(own, handed_on=()))


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
        **{f"benchmarks/many/file{number}.py": "" for number in range(17)},
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
        "gateway/across.py": "from benchmarks import across\n",
        "benchmarks/across.py": "from gateway import across\n",
        "gateway/lists/pure.py": "import socket\n",
        "gateway/computed.py": "from importlib import import_module\nimport_module(input())\n",
        "gateway/hidden.py": "HIDDEN = 1\n",
        "gateway/door.py": "from gateway.hidden import HIDDEN\n",
        "gateway/past.py": "from gateway.door import HIDDEN\n",
        "pyproject.toml": CONTRACT,
        "gateway/raising.py": "class OwnError(Exception): ...\ndef f():\n    raise OwnError\n",
    }
    assert tool.main([str(made_up(GOOD | breaches).top)]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(": ")[0] for line in out.splitlines()] == [
        "benchmarks/across.py:1",
        "benchmarks/many/__init__.py:1",
        "benchmarks/one.py:1",
        "gateway/child.py:2",
        "gateway/cli/other.py:1",
        "gateway/computed.py:2",
        "gateway/lists/pure.py:1",
        "gateway/log/same.py:1",
        "gateway/long.py:601",
        "gateway/many/__init__.py:1",
        "gateway/one.py:1",
        "gateway/past.py:1",
        "gateway/raising.py:2",
    ]
    assert err == "13 breaches of the bar\n"
