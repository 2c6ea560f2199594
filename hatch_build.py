"""The optional compiled build: the relay's path as C, by mypyc (decision 11 in docs/decisions).

With ``MONITION_COMPILED=1`` in the environment a wheel is built with it; without, nothing here
does anything. ``python hatch_build.py FOLDER`` makes a compiled tree to test against.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
SWITCH = "MONITION_COMPILED"
NEEDS = ["mypy>=1.13", "setuptools>=65"]

ROOM = "gateway/smtp"
FILES = [
    "gateway/addresses/mailbox_path.py",
    *(
        f"gateway/relay/{name}.py"
        for name in (
            *("client_address", "client_side", "connection", "failover", "next_hop", "patience"),
            *("rejections", "server", "session_count"),
        )
    ),
]
AS_IT_IS = {"__init__.py", "compiled_build.py"}


class CompiledHook(BuildHookInterface[Any]):
    """Puts the compiled modules into a wheel, beside the Python they were made from."""

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling."""
        return NEEDS if os.environ.get(SWITCH) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; an editable installation stays what the tree is."""
        if not os.environ.get(SWITCH) or version == "editable":
            return
        folder = Path(self.directory) / "compiled-modules"
        # Type checking wants the tree as its working directory, and a process of its own.
        subprocess.run([sys.executable, __file__, "--modules", folder], cwd=ROOT, check=True)  # noqa: S603
        for library in folder.rglob("*.so"):
            build_data["force_include"][str(library)] = str(library.relative_to(folder))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def compile_modules(folder: Path) -> None:
    """Compile the relay's path into a folder, as modules of ``gateway`` and one shared library."""
    from mypyc.build import mypycify  # noqa: PLC0415 - a wheel is built without it, too
    from setuptools import Distribution  # noqa: PLC0415
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415

    os.chdir(ROOT)  # the names of modules are made from paths
    shutil.rmtree(folder, ignore_errors=True)
    room = [str(file) for file in sorted(Path(ROOM).glob("*.py")) if file.name not in AS_IT_IS]
    with tempfile.TemporaryDirectory() as work:
        # Types of libraries that are not installed here are unknown, and compiled as such;
        # `make check` is where types are checked.
        options = ["--config-file=", "--ignore-missing-imports", f"--cache-dir={work}/cache"]
        extensions = mypycify(
            [*options, *room, *FILES], opt_level="3", debug_level="0", target_dir=f"{work}/c"
        )
        command = build_ext(Distribution({"name": "monition", "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(folder), f"{work}/objects"
        command.ensure_finalized()
        command.run()


def compile_tree(folder: Path) -> None:
    """Make a folder that, first on Python's path, is this tree compiled."""
    compile_modules(folder)
    shutil.copytree(
        ROOT / "gateway",
        folder / "gateway",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("policies", "config"):
        (folder / name).symlink_to(ROOT / name)


if __name__ == "__main__":
    *modules_only, target = sys.argv[1:]
    (compile_modules if modules_only else compile_tree)(Path(target).resolve())
