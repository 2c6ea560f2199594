"""What a package's list of imports lets through, and what it does not."""

import pytest

from tests.house import allowed_imports
from tests.house.allowed_imports import Allowed
from tests.house.source_files import ROOT

TABLE = {
    "gateway.cli": Allowed(
        anything=("gateway.compliance", "gateway.errors"),
        values=("gateway.policy",),
        handed_on=("gateway.ledger.reading.Access", "gateway.ledger.reading.MOST"),
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
# What compliance takes of the ledger and of a rule, and hands on in each of the ways there are.
READING = """\
from dataclasses import dataclass
from typing import Protocol
MOST = 3
@dataclass(frozen=True)
class Access: ...
class Reading:
    def rows(self): ...
@dataclass(frozen=True)
class Unlisted: ...
class Half(Protocol):
    def told(self): return 1
def open_ledger(): ...
"""
ACTOR = """\
from gateway.ledger.reading import Access, MOST as MOST, Reading, Unlisted, open_ledger
from gateway.ledger import reading as past
from gateway.policy.rules import Rule, decide
import gateway.smtp.session
__all__ = ["Access", "Reading"]
Other = Reading
Third = past.Reading
Of = Reading[int]
opened = open_ledger
def read(): ...
"""
TREE = {
    "gateway/__init__.py": "__version__ = '1'\nfrom gateway.smtp.session import Session\n",
    "gateway/errors.py": "class MonitionError(Exception): ...\n",
    "gateway/compliance/inbox.py": "def read(): ...\n",
    "gateway/compliance/actor.py": ACTOR,
    "gateway/compliance/again.py": "from gateway.compliance.actor import *\n"
    "from gateway.compliance.actor import Reading as Fourth\n",
    "gateway/ledger/reading.py": READING,
    "gateway/policy/rules.py": POLICY,
    "gateway/smtp/session.py": "class Session: ...\n",
    "gateway/cli/shared.py": "from gateway.policy.rules import Rule\n"
    "from gateway.compliance.inbox import read\nfrom gateway.errors import MonitionError\n"
    "from gateway.compliance.actor import Access, MOST\n",
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
        "from gateway.compliance.actor import Access, MOST, Rule, read",
        "from gateway.compliance import actor\nactor.read(actor.Access, actor.Rule)",
        "import gateway.compliance.actor as a\na.Access",
        "import gateway.compliance.actor\ngateway.compliance.actor.Access",
        "from gateway.compliance.again import Access",
        "from gateway.cli import shared\nshared.Access, shared.read",
        "from importlib import import_module\nimport_module('gateway.compliance.actor').read()",
        "from importlib import import_module\nimport_module(f'gateway.cli.{input()}')",
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
        "from importlib import import_module as load\nload(name='gateway.smtp.session')",
        "from importlib import import_module\nimport_module('...smtp.session', __package__)",
        "from importlib import import_module\nimport_module(f'gateway.smtp.{input()}')",
        "import gateway.errors\ngateway.smtp.session.Session",
        "from gateway.policy.rules import Session",
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
        "from gateway.policy.rules import *",
        "from gateway.policy import rules",
        "import gateway.policy.rules",
        "from ...policy.rules import decide",
    ],
)
def test_where_values_may_be_taken_work_may_not(made_up, text):
    (breach,) = told(made_up, text)
    assert "and of gateway.policy it may take values only" in breach


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from gateway.compliance.actor import Reading", "Reading"),
        ("from gateway.compliance.actor import Reading as R", "Reading"),
        ("from gateway.compliance.actor import Other", "Reading"),
        ("from gateway.compliance.actor import Third", "Reading"),
        ("from gateway.compliance.actor import Of", "Reading"),
        ("from gateway.compliance.again import Reading", "Reading"),
        ("from gateway.compliance.again import Fourth", "Reading"),
        ("from gateway.compliance.actor import open_ledger", "open_ledger"),
        ("from gateway.compliance.actor import opened", "open_ledger"),
        ("from gateway.compliance.actor import Unlisted", "Unlisted"),
        (
            (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                "    from ...compliance.actor import Reading"
            ),
            "Reading",
        ),
        ("from gateway.compliance import actor\nactor.Reading", "Reading"),
        ("from gateway.compliance import actor\ndef f(x: actor.Reading): ...", "Reading"),
        ("import gateway.compliance.actor as a\ndef f():\n    a.Reading()", "Reading"),
        ("import gateway.compliance.actor\ngateway.compliance.actor.opened()", "open_ledger"),
        ("from gateway import compliance\ncompliance.actor.Other", "Reading"),
        ("from gateway.compliance import actor\nactor.past.MOST.x", ""),
        ("from gateway.compliance.actor import past", ""),
        ("from gateway.compliance import actor\ngetattr(actor, 'Reading')", "Reading"),
        (
            (
                "from importlib import import_module\n"
                "import_module('gateway.compliance.actor').Reading"
            ),
            "Reading",
        ),
        ("from gateway.cli import shared\nfrom gateway.compliance.again import Third", "Reading"),
    ],
)
def test_what_a_package_in_the_list_hands_on_is_judged_by_where_it_is_defined(made_up, text, name):
    (breach,) = told(made_up, text)
    assert breach.startswith("gateway/cli/audit/show.py:")
    assert f"takes gateway.ledger.reading{name and '.'}{name}, handed on by gateway." in breach
    assert "which is not in the list of gateway.cli" in breach


@pytest.mark.parametrize(
    "text",
    [
        "from gateway.compliance.actor import decide",
        "from gateway.compliance import actor\nactor.decide()",
    ],
)
def test_a_rule_of_a_room_of_values_is_none_when_it_is_handed_on(made_up, text):
    (breach,) = told(made_up, text)
    assert "takes gateway.policy.rules.decide, handed on by gateway.compliance.actor," in breach
    assert "and of gateway.policy it may take values only" in breach


@pytest.mark.parametrize("name", ["Reading", "open_ledger", "Half"])
def test_only_a_value_can_be_listed_as_handed_on(made_up, name):
    full = f"gateway.ledger.reading.{name}"
    table = {
        "gateway.cli": Allowed(
            ("gateway.compliance", "gateway.errors"), ("gateway.policy",), (full,)
        )
    }
    tree = made_up(
        TREE
        | {
            "gateway/compliance/actor.py": f"from gateway.ledger.reading import {name}\n",
            "gateway/cli/shared.py": "from gateway.policy.rules import Rule\n"
            f"from gateway.compliance.actor import {name}\n"
            "from gateway.errors import MonitionError\n",
        }
    )
    (breach,) = allowed_imports.breaches(tree.files, tree.names, tree.imports, table)
    assert f"takes {full}, handed on by gateway.compliance.actor, and of" in str(breach)


def test_a_star_takes_all_that_is_handed_on(made_up):
    found = told(made_up, "from gateway.compliance.actor import *")
    assert {"Reading", "Unlisted", "open_ledger"} <= {
        breach.partition(", handed on")[0].rpartition(".")[2] for breach in found
    }


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
            ("gateway.compliance", "gateway.errors", "gateway.smtp"),
            ("gateway.policy",),
            ("gateway.ledger.reading.Access", "gateway.ledger.reading.MOST", "gateway.x.Unused"),
        )
    }
    first, second = told(made_up, "", table)
    assert first.startswith("tests/house/allowed_imports.py:")
    assert "gateway.cli takes nothing of gateway.smtp: take the entry out" in first
    assert "gateway.cli takes nothing of gateway.x.Unused: take the entry out" in second


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
