"""Start ``monition serve`` as another user: ``as_user.py UID serve --config FILE``, run by root.

That user may not be able to enter the folders that Python and the tests lie in. So all that will
be needed is loaded before, and what a start reads is read once, with a folder of its own; packaged
files lie in ``packaged`` beside FILE.
"""

import importlib
import os
import pkgutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import gateway
from gateway import config, packaged
from gateway.cli.main import command
from gateway.serve import load_in_force


def main() -> None:
    user, *arguments = sys.argv[1:]
    for found in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    file = Path(arguments[-1])
    packaged._root = lambda: file.parent / "packaged"
    with tempfile.TemporaryDirectory() as own:
        read = config.load(file, {})
        ledger = replace(read.ledger, path=Path(own) / "ledger.db")
        lists = replace(read.lists, directory=Path(own) / "lists")
        load_in_force.load(replace(read, ledger=ledger, lists=lists), datetime.now(UTC).date())
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    os.chdir(file.parent)
    command(arguments, prog_name="monition")


if __name__ == "__main__":
    main()
