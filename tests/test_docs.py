"""The documents and the code say the same."""

import ast
import functools
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from gateway.metrics import Metrics

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BEHAVIOUR = re.compile(r"^- \*\*([RSPNAO]\d+)\*\* (.*(?:\n  .*)*)", re.MULTILINE)
NUMBERED = re.compile(r"(?<=_)([rspnao])(\d\d)(?=_)")


@functools.cache
def numbered_tests():
    numbers = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and node.name.startswith("test_"):
                numbers |= {
                    letter.upper() + str(int(number))
                    for letter, number in NUMBERED.findall(node.name)
                }
    return numbers


def promises():
    return dict(BEHAVIOUR.findall((DOCS / "behaviours.md").read_text()))


def test_every_promise_has_its_test():
    kept = {number for number, text in promises().items() if not text.startswith("*Planned.*")}
    assert sorted(kept - numbered_tests()) == []


def test_every_numbered_test_holds_a_promise():
    assert sorted(numbered_tests() - set(promises())) == []


@pytest.mark.parametrize(("letter", "last"), [("R", 27), ("S", 14), ("P", 5), ("N", 12), ("A", 10)])
def test_no_number_is_left_out(letter, last):
    assert {f"{letter}{n}" for n in range(1, last + 1)} <= set(promises())


def modules():
    for path in (ROOT / "gateway").rglob("*.py"):
        if path.name != "__main__.py":
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield importlib.import_module(dotted.removesuffix(".__init__"))


def defined_names():
    names = set()
    for module in modules():
        for name, thing in vars(module).items():
            if isinstance(thing, type):
                names |= {name, *(f"{name}.{each}" for each in dir(thing))}
            elif callable(thing):
                names.add(name)
    return names


def test_the_page_of_one_messages_way_names_what_is_there():
    text = (DOCS / "flow.md").read_text()
    named = {name for name in re.findall(r"`([A-Za-z_.]+)`", text) if "/" not in name}
    named -= {"synchronous"}
    assert len(named) > 30
    assert sorted(named - defined_names()) == []


def rooms_of_the_page():
    """The rooms of each row of the page, from the top."""
    table = (DOCS / "flow.md").read_text().partition("| room |")[2]
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        yield {re.sub(r"^gateway/|\.py$|/$", "", name) for name in re.findall(r"`([^`]+)`", row)}


def rooms_of_the_contract():
    """The rooms that are there, of each layer in which some are, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in contracts["contracts"] if c.get("containers") == ["gateway"])
    for layer in layers:
        rooms = {name.strip() for name in layer.split("|")}
        if there := {name for name in rooms if not name.startswith(("(", "__"))}:
            yield there


def test_the_page_lists_the_rooms_in_the_order_of_their_imports():
    rows = list(rooms_of_the_page())
    for layer in rooms_of_the_contract():
        shown: set[str] = set()
        while shown != layer:
            assert rows, f"{sorted(layer - shown)} are missing"
            shown |= rows.pop(0)
            assert shown <= layer
    assert rows == []


def test_the_files_that_documents_name_are_there():
    pattern = re.compile(r"(?:\]\(|`)((?:\.\./)*[\w./-]+/[\w.-]*\w)(?:\)|`)")
    folders = ("gateway/", "policies/", "docs/", "config/", "systemd/", "tests/")
    pages = (*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "benchmarks" / "README.md")
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages
        for name in pattern.findall(page.read_text())
        if name.startswith(folders) and not (ROOT / name).exists()
    ]
    assert missing == []


def test_every_metric_is_documented_and_every_documented_one_is_there():
    documented = set(
        re.findall(r"^\| `(monition_\w+)`", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    )
    exposed = set()
    for family in Metrics().registry.collect():
        exposed.add(family.name + ("_total" if family.type == "counter" else ""))
    assert documented == exposed


def test_every_module_can_be_imported():
    assert len(list(modules())) > 100


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_a_page_has_one_title(page):
    fenced = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# ", fenced, re.MULTILINE)) == 1
