"""import-linter's contracts in ``pyproject.toml``: each line of them notices a made-up breach.

The breaches are made from the contracts themselves, whatever rooms they name, and stand in a copy.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.house.source_files import ROOT

FORMS = (
    "import {module}\n",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {module}\n",
    "def later():\n    from {module} import anything\n",
)
RELATIVE = "from {package} import {name}\n"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]


def of_type(kind):
    return [contract for contract in CONTRACTS if contract["type"] == kind]


def layers(contract, container, copy):
    """Give the rooms of each layer that are there, by their full names, the highest first."""
    for layer in contract["layers"]:
        rooms = [f"{container}.{room.strip(' ()')}" for room in re.split("[|:]", layer)]
        yield [room for room in rooms if files_of(copy, room)], "|" in layer


def files_of(copy, module):
    """Give the module's own file, or a package's: its ``__init__`` last, so that it's seldom it."""
    path = copy.joinpath(*module.split("."))
    if path.with_suffix(".py").is_file():
        return [path.with_suffix(".py")]
    return sorted(path.rglob("*.py"), key=lambda file: (file.name == "__init__.py", file))


def append(copy, breaches, aside=()):
    """Write each (importer, imported) into a file of the importer, the forms by turns."""
    forms = itertools.cycle((*FORMS, RELATIVE))
    for (importer, imported), form in zip(breaches, forms, strict=False):
        file = next(file for file in files_of(copy, importer) if file not in aside)
        package, _, name = imported.rpartition(".")
        if form == RELATIVE and not package.startswith("gateway"):
            form = FORMS[0]  # noqa: PLW2901 - what is a library's has no relative name
        dots = "." * (len(file.relative_to(copy).parts) - 1)
        package = dots + package.removeprefix("gateway").removeprefix(".")
        with file.open("a", encoding="utf-8") as text:
            text.write("\n" + form.format(module=imported, package=package, name=name))


def told(copy):
    """Run the contracts on the copy; what is told of each that is broken, by its name."""
    run = "from importlinter.cli import lint_imports_command as run; run()"
    ran = subprocess.run(
        [sys.executable, "-c", run, "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "COLUMNS": "500", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    parts = re.split(r"^(.+)\n-+$", ran.stdout, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def not_told(told, contract, breaches):
    text = told.get(contract["name"], "")
    return [
        f"{importer} -> {imported}"
        for importer, imported in breaches
        if f"{importer} is not allowed to import {imported}:" not in text
    ]


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(
        ROOT / "gateway", tmp_path / "gateway", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_of_a_type_that_is_tried_here():
    assert {contract["type"] for contract in CONTRACTS} <= {"forbidden", "layers"}


def test_whatever_is_forbidden_is_noticed(copy):
    made = {}
    for contract in of_type("forbidden"):
        made[contract["name"]] = breaches = list(
            itertools.product(contract["source_modules"], contract["forbidden_modules"])
        )
        exempt = [edge.partition(" -> ")[0] for edge in contract.get("ignore_imports", ())]
        append(copy, breaches, [file for module in exempt for file in files_of(copy, module)])
    found = told(copy)
    for contract in of_type("forbidden"):
        assert not_told(found, contract, made[contract["name"]]) == []


def test_an_import_upwards_is_noticed_from_every_layer_to_every_other(copy):
    made = {}
    for contract in of_type("layers"):
        made[contract["name"]] = breaches = []
        for container in contract["containers"]:
            above = []
            for rooms, are_strangers in layers(contract, container, copy):
                breaches += [(rooms[-1], room) for room in above if rooms]
                breaches += itertools.pairwise(rooms) if are_strangers else ()
                above += rooms
        append(copy, breaches)
    found = told(copy)
    for contract in of_type("layers"):
        assert not_told(found, contract, made[contract["name"]]) == []


def test_a_room_without_a_place_is_noticed(copy):
    for contract in of_type("layers"):
        for container in contract["containers"]:
            new = copy.joinpath(*container.split("."), "not_thought_of.py")
            new.write_text("", encoding="utf-8")
    found = told(copy)
    for contract in of_type("layers"):
        for container in contract["containers"]:
            assert f"- {container}.not_thought_of\n" in found[contract["name"]]
