"""What a package's list of imports lets through, and what it does not."""

import pytest

from tests.house import allowed_imports
from tests.house.allowed_imports import Allowed
from tests.house.source_files import ROOT

TABLE = {
    "gateway.cli": Allowed(
        anything=("gateway.compliance", "gateway.errors"), values=("gateway.policy",)
    )
}
POLICY = """\
import enum
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from gateway.smtp.session import Session
LARGEST = 3
KINDS: dict[str, int] = {}
@dataclass(frozen=True, slots=True)
class Rule: ...
@dataclass(frozen=False)
class Changing: ...
class Working:
    def decide(self): ...
class Action(enum.StrEnum): ...
class Pair(NamedTuple):
    one: int
class Shape(Protocol): ...
class RuleError(Exception): ...
def decide(): ...
decided = decide
deciding = lambda: 1
"""
TREE = {
    "gateway/__init__.py": "__version__ = '1'\nfrom gateway.smtp.session import Session\n",
    "gateway/errors.py": "class MonitionError(Exception): ...\n",
    "gateway/compliance/inbox.py": "def read(): ...\n",
    "gateway/policy/rules.py": POLICY,
    "gateway/smtp/session.py": "class Session: ...\n",
    "gateway/cli/shared.py": "from gateway.policy.rules import Rule\n"
    "from gateway.compliance.inbox import read\nfrom gateway.errors import MonitionError\n",
}


def told(made_up, text, table=TABLE):
    tree = made_up(TREE | {"gateway/cli/audit/show.py": text + "\n"})
    found = allowed_imports.breaches(tree.files, tree.names, tree.imports, table)
    return [str(breach) for breach in found]


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.compliance import inbox",
        "import gateway.compliance.inbox",
        "from ...compliance.inbox import read",
        "from gateway.cli import shared",
        "from .. import shared",
        "from gateway import __version__",
        "import click, json",
        "from gateway.policy.rules import LARGEST, KINDS, Rule, Action, Pair, Shape, RuleError",
        "from gateway.policy.rules import Rule as R",
    ],
)
def test_what_the_list_has_passes(made_up, text):
    assert told(made_up, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.smtp.session import Session",
        "import gateway.smtp.session",
        "from gateway.smtp import session",
        "from gateway import smtp",
        "from gateway import Session",
        "from gateway import *",
        "from ...smtp.session import Session",
        "from ... import smtp",
        "def later():\n    from gateway.smtp.session import Session",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ...smtp import session",
        "from importlib import import_module\nimport_module('gateway.smtp.session')",
    ],
)
def test_whatever_else_is_a_breach(made_up, text):
    (breach,) = told(made_up, text)
    assert breach.startswith("gateway/cli/audit/show.py:")
    assert "which is not in the list of gateway.cli" in breach


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.policy.rules import decide",
        "from gateway.policy.rules import decided",
        "from gateway.policy.rules import deciding",
        "from gateway.policy.rules import Working",
        "from gateway.policy.rules import Changing",
        "from gateway.policy.rules import Session",
        "from gateway.policy.rules import *",
        "from gateway.policy import rules",
        "import gateway.policy.rules",
        "from ...policy.rules import decide",
    ],
)
def test_where_values_may_be_taken_work_may_not(made_up, text):
    (breach,) = told(made_up, text)
    assert "and of gateway.policy it may take values only" in breach


def test_a_name_that_begins_alike_is_another_package(made_up):
    tree = made_up(
        TREE | {"gateway/policy_two.py": "", "gateway/climate.py": "import gateway.smtp\n"}
    )
    assert list(allowed_imports.breaches(tree.files, tree.names, tree.imports, TABLE)) == []
    tree = made_up({"gateway/cli/other.py": "from gateway import policy_two\n"})
    (breach,) = allowed_imports.breaches(tree.files, tree.names, tree.imports, TABLE)
    assert "takes gateway.policy_two, which is not in the list" in str(breach)


def test_an_entry_that_nothing_needs_is_a_breach(made_up):
    table = {
        "gateway.cli": Allowed(
            ("gateway.compliance", "gateway.errors", "gateway.smtp"), ("gateway.policy",)
        )
    }
    (breach,) = told(made_up, "", table)
    assert breach.startswith("tests/house/allowed_imports.py:")
    assert "gateway.cli takes nothing of gateway.smtp: take the entry out" in breach


def test_a_list_for_a_package_that_is_not_there_is_a_breach(made_up):
    (breach,) = told(made_up, "", TABLE | {"gateway.console": Allowed(("gateway.compliance",))})
    assert "there is no gateway.console: take its list out" in breach


def test_the_line_of_an_entry_is_found_in_the_table(made_up):
    tree = made_up({"gateway/cli/show.py": ""})
    found = list(allowed_imports.breaches(tree.files, tree.names, tree.imports))
    assert found
    for breach in found:
        line = (ROOT / breach.file).read_text(encoding="utf-8").splitlines()[breach.line - 1]
        assert breach.what.removeprefix("there is no ").rpartition(" ")[2] in line
